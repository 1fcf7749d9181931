// SPDX-License-Identifier: MPL-2.0

//! Workers and servers that die: nothing is lost, nothing counted twice.

use crate::common::Farm;
use std::time::Duration;

const DRILL: &str = "ack-wait = '1500ms'\ndrill = { units = 30, time = '300ms' }";

#[test]
fn a_worker_that_is_killed_and_one_that_is_told_to_end() {
    let Some(farm) = Farm::new("a killed worker") else { return };
    let plan = farm.submit(DRILL);
    let mut killed = farm.worker(&["--slots", "3"]);
    let mut told = farm.worker(&["--slots", "2"]);
    farm.wait(&plan, |counts| counts.done >= 5);
    killed.kill();
    told.signal("TERM");
    assert_eq!(told.ended(), 0, "{}", told.said());
    let counts = farm.ledger(&plan);
    assert!(counts.done < counts.planned, "{counts:?}");
    let mut last = farm.worker(&["--until-idle", "--slots", "6"]);
    assert_eq!(last.ended(), 0, "{}", last.said());
    farm.all_done(&plan);
}

#[test]
fn a_server_that_is_killed_comes_back_with_everything() {
    let Some(mut farm) = Farm::new("a killed server") else { return };
    let plan = farm.submit(DRILL);
    let worker = farm.worker(&["--slots", "3"]);
    let before = farm.wait(&plan, |counts| counts.done >= 5).done;
    farm.server.kill();
    // Units end meanwhile: their results wait.
    std::thread::sleep(Duration::from_secs(1));
    farm.server.begin();
    let after = farm.ledger(&plan);
    assert!(after.done >= before, "{before} {after:?}");
    farm.all_done(&plan);
    assert!(worker.said().contains("the connection to the server is lost"), "{}", worker.said());
}

#[test]
fn a_zombie_gives_no_second_result() {
    let Some(farm) = Farm::new("a stopped worker") else { return };
    let plan = farm.submit("ack-wait = '1s'\ndrill = { units = 4, time = '400ms' }");
    let zombie = farm.worker(&["--slots", "2"]);
    farm.wait(&plan, |counts| counts.running == 2);
    zombie.signal("STOP");
    let mut other = farm.worker(&["--until-idle", "--slots", "2"]);
    assert_eq!(other.ended(), 0, "{}", other.said());
    farm.all_done(&plan);
    zombie.signal("CONT");
    std::thread::sleep(Duration::from_secs(1));
    let counts = farm.all_done(&plan);
    assert_eq!(counts.done, 4);
}

#[test]
fn a_unit_that_always_kills_its_worker_becomes_a_dead_letter() {
    let Some(farm) = Farm::new("a dead letter") else { return };
    let plan = farm.submit("ack-wait = '500ms'\ndrill = { units = 1, time = '1h' }");
    for _ in 0..5 {
        let mut worker = farm.worker(&[]);
        farm.wait(&plan, |counts| counts.running == 1);
        worker.kill();
        // A claim outlives its worker; what the next one takes is the same unit.
        std::thread::sleep(Duration::from_millis(700));
    }
    let mut last = farm.worker(&["--until-idle"]);
    assert_eq!(last.ended(), 0, "{}", last.said());
    let counts = farm.ledger(&plan);
    assert_eq!((counts.planned, counts.failed), (1, 1), "{}", last.said());
    let status = farm.iqa(&["farm", "status", &plan]).ended(1).stdout;
    assert!(status.contains("attempts 5: its workers died"), "{status}");
    // On demand it is tried again.
    farm.iqa(&["farm", "submit", "plan.toml"]).ended(0);
    assert_eq!(farm.ledger(&plan).failed, 1);
    let again = farm.iqa(&["farm", "submit", "plan.toml", "--retry-failed", "--json"]).ended(0).json();
    assert_eq!(again["published"], 1);
    assert_eq!(farm.ledger(&plan).waiting, 1);
}
