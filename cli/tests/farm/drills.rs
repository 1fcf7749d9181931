// SPDX-License-Identifier: MPL-2.0

//! Units that only wait.

use crate::common::Farm;

#[test]
fn a_drill_runs_and_a_second_submission_publishes_nothing() {
    let Some(farm) = Farm::new("a drill") else { return };
    let plan = farm.submit("drill = { units = 40, time = '50ms' }");
    let counts = farm.ledger(&plan);
    assert_eq!((counts.planned, counts.waiting, counts.lost), (40, 40, 0));
    let again = farm.iqa(&["farm", "submit", "plan.toml", "--json"]).ended(0).json();
    assert_eq!(again["published"], 0);
    // Of another class: it is left alone.
    let mut other = farm.worker(&["--until-idle", "--class", "cuda"]);
    assert_eq!(other.ended(), 0);
    assert_eq!(farm.ledger(&plan).waiting, 40);
    let mut worker = farm.worker(&["--until-idle", "--slots", "4"]);
    assert_eq!(worker.ended(), 0, "{}", worker.said());
    assert_eq!(farm.all_done(&plan).done, 40);
}

#[test]
fn two_who_submit_the_same_plan_publish_each_unit_once() {
    let Some(farm) = Farm::new("two submissions") else { return };
    std::fs::write(farm.path("plan.toml"), "drill = { units = 300, time = '0s' }").unwrap();
    let submit = || {
        crate::shared::Ran::end_of(
            farm.command(&["farm", "submit", "plan.toml", "--json"])
                .stdout(std::process::Stdio::piped())
                .stderr(std::process::Stdio::piped())
                .spawn()
                .expect("iqa runs"),
        )
    };
    let ran = std::thread::scope(|scope| [scope.spawn(submit), scope.spawn(submit)].map(|one| one.join().unwrap()));
    let published = ran.iter().map(|ran| ran.json()["published"].as_u64().expect("a number")).sum::<u64>();
    assert_eq!(published, 300);
    let plan = ran[0].json()["plan"].as_str().unwrap().to_owned();
    let counts = farm.ledger(&plan);
    assert_eq!((counts.planned, counts.waiting, counts.lost), (300, 300, 0));
}
