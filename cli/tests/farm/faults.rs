// SPDX-License-Identifier: MPL-2.0

//! Workers and servers that die: nothing is lost, nothing counted twice.

use crate::common::{Farm, Worker, ladder};
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
    farm.worked(&["--slots", "6"]);
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
    let (said, url) = (worker.said(), farm.server.url());
    assert!(said.contains(&format!("the connection to the NATS server {url} is lost")), "{said}");
    // The connection is lost once, whatever fails meanwhile.
    assert_eq!(said.matches("is away: Connection refused").count(), 1, "{said}");
    assert_eq!(said.matches("connected again").count(), 1, "{said}");
}

#[test]
fn a_zombie_gives_no_second_result() {
    let Some(farm) = Farm::new("a stopped worker") else { return };
    let plan = farm.submit("ack-wait = '1s'\ndrill = { units = 4, time = '2s' }");
    let zombie = farm.worker(&["--slots", "2"]);
    farm.wait(&plan, |counts| counts.running == 2);
    zombie.signal("STOP");
    farm.worked(&["--slots", "2"]);
    farm.all_done(&plan);
    zombie.signal("CONT");
    std::thread::sleep(Duration::from_secs(3));
    let counts = farm.all_done(&plan);
    assert_eq!(counts.done, 4);
}

#[test]
fn a_unit_that_always_kills_its_worker_becomes_a_dead_letter() {
    let Some(farm) = Farm::new("a dead letter") else { return };
    let plan = farm.submit("ack-wait = '500ms'\ndrill = { units = 1, time = '1h' }");
    for attempt in 1..=5 {
        let mut worker = farm.worker(&[]);
        match attempt {
            1 => assert_eq!(farm.wait(&plan, |counts| counts.running == 1).done, 0),
            _ => worker.wait_for(&format!("drill 1: attempt {attempt}")),
        }
        worker.kill();
    }
    let last = farm.worked(&[]);
    let counts = farm.ledger(&plan);
    assert_eq!((counts.planned, counts.failed), (1, 1), "{}", last.said());
    let status = farm.iqa(&["farm", "status", &plan]).ended(1).stdout;
    assert!(status.contains("attempts 5: its workers died"), "{status}");
    // On demand it is tried again.
    farm.iqa(&["farm", "submit", "plan.toml"]).ended(0);
    assert_eq!(farm.ledger(&plan).failed, 1);
    let again = farm.iqa(&["farm", "submit", "plan.toml", "--retry-failed", "--json"]).ended(0).json();
    assert_eq!(again["published"], 1);
    let counts = farm.ledger(&plan);
    // What its last worker said counts for half a minute.
    assert_eq!((counts.failed, counts.running + counts.waiting), (0, 1), "{counts:?}");
}

#[test]
fn a_lost_queue_is_published_again() {
    let Some(farm) = Farm::new("a lost queue") else { return };
    let plan = farm.submit(DRILL);
    let worker = farm.worker(&["--slots", "3"]);
    let before = farm.wait(&plan, |counts| counts.done >= 5);
    farm.server.delete_stream("IQA_UNITS");
    // What runs ends, also what had no claim yet, and the rest is known to be lost.
    std::thread::sleep(Duration::from_secs(2));
    let after = farm.wait(&plan, |counts| counts.running == 0 && counts.lost > 0);
    assert!(after.done >= before.done && after.lost == after.waiting, "{after:?}");
    let status = farm.iqa(&["farm", "status", &plan]).ended(0).stdout;
    assert!(status.contains(&format!("not in the queue {}: submit the plan again", after.lost)), "{status}");
    let again = farm.iqa(&["farm", "submit", "plan.toml", "--json"]).ended(0).json();
    assert_eq!(again["published"].as_u64(), Some(after.lost));
    farm.all_done(&plan);
    drop(worker);
}

#[test]
fn a_worker_with_another_model_leaves_the_plan_to_others() {
    let test = "another model";
    let Some(farm) = Farm::new(test) else { return };
    let Some(()) = ladder(&farm, test) else { return };
    let plan = farm.submit("source = 'source.mp4'\nrenditions = ['low.mp4']\nsegment = 'none'");
    let models = farm.path("models");
    std::fs::create_dir_all(models.join("vmaf")).unwrap();
    let known = std::env::var_os("ONNX_IQA_MODEL_PATH").map(std::path::PathBuf::from).expect("models");
    let text = std::fs::read_to_string(known.join("vmaf/vmaf_v0.6.1.json")).unwrap();
    std::fs::write(models.join("vmaf/vmaf_v0.6.1.json"), text + "\n").unwrap();
    let other = Worker::start(farm.command(&["farm", "work"]).env("ONNX_IQA_MODEL_PATH", &models));
    other.wait_for("is left to other workers: a model file here differs");
    let counts = farm.ledger(&plan);
    assert_eq!((counts.waiting, counts.done), (1, 0));
    farm.worked_all(&plan);
}

#[test]
fn collect_of_a_plan_that_is_removed_ends() {
    let test = "a removed plan that is collected";
    let Some(farm) = Farm::new(test) else { return };
    let Some(()) = ladder(&farm, test) else { return };
    let plan = farm.submit("source = 'source.mp4'\nrenditions = ['low.mp4']\nsegment = 'none'");
    let mut collect = Worker::start(&mut farm.command(&["farm", "collect", &plan]));
    collect.wait_for("waiting for results");
    farm.iqa(&["farm", "remove", &plan]).ended(0);
    assert_eq!(collect.ended(), 2, "{}", collect.said());
    assert!(collect.said().contains(&format!("no longer has plan {plan}: it was removed")), "{}", collect.said());
    let text = farm.iqa(&["farm", "collect", &plan]).ended(2).stderr;
    assert!(text.contains(&format!("there is no plan {plan}")), "{text}");
}

#[test]
fn a_plan_that_is_removed_while_it_runs_holds_no_worker_up() {
    let Some(farm) = Farm::new("a removed plan") else { return };
    let removed = farm.submit("drill = { units = 1, time = '3s' }");
    let worker = farm.worker(&[]);
    farm.wait(&removed, |counts| counts.running == 1);
    farm.iqa(&["farm", "remove", &removed]).ended(0);
    let next = farm.submit("drill = { units = 3, time = '0s' }");
    farm.all_done(&next);
    worker.wait_for(&format!("a result is dropped: the server no longer has plan {removed}: it was removed"));
}

#[test]
fn a_server_that_has_lost_everything_is_not_said_to_have_had_plans_removed() {
    let test = "a lost store";
    let Some(mut farm) = Farm::new(test) else { return };
    let Some(()) = ladder(&farm, test) else { return };
    let plan = farm.submit("class = 'other'\nsource = 'source.mp4'\nrenditions = ['low.mp4']\nsegment = 'none'");
    let drill = farm.submit("drill = { units = 2, time = '3s' }");
    let worker = farm.worker(&[]);
    let mut collect = Worker::start(&mut farm.command(&["farm", "collect", &plan]));
    collect.wait_for("waiting for results");
    farm.wait(&drill, |counts| counts.running == 1);
    farm.server.kill();
    std::fs::remove_dir_all(farm.server.folder.join("store")).unwrap();
    farm.server.begin();
    let lost =
        |plan: &str| format!("no longer has plan {plan}: it was removed (`iqa farm remove`), or the server has lost");
    worker.wait_for(&format!("a result is dropped: the server {}", lost(&drill)));
    assert_eq!(collect.ended(), 2, "{}", collect.said());
    assert!(collect.said().contains(&lost(&plan)), "{}", collect.said());
    for line in format!("{}{}", worker.said(), collect.said()).lines() {
        let parts: Vec<_> = line.split(": ").collect();
        assert!(parts.windows(2).all(|pair| pair[0] != pair[1]), "{line}");
    }
    assert!(!farm.iqa(&["farm", "status"]).ended(0).stderr.is_empty());
}
