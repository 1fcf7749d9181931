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
    farm.worked(&["--slots", "4"]);
    assert_eq!(farm.all_done(&plan).done, 40);
    let error = farm.iqa(&["farm", "collect", &plan]).ended(2).stderr;
    assert!(error.contains("is a drill: it has no report"), "{error}");
    let removed = farm.iqa(&["farm", "remove", &plan, "--json"]).ended(0);
    assert_eq!(removed.json(), serde_json::json!({"plan": plan, "removed": true}));
    assert_eq!(removed.stderr, "");
}

#[test]
fn status_tells_of_plans_that_no_worker_takes() {
    let Some(farm) = Farm::new("a plan without workers") else { return };
    let plan = farm.submit("class = 'cuda'\ndrill = { units = 2, time = '0s' }");
    let other = farm.worker(&[]);
    other.wait_for("worker ");
    let nobody = "no worker of class cuda is known: start one with `iqa farm work --class cuda`";
    for words in [&["farm", "status", &plan][..], &["farm", "status"]] {
        let text = farm.iqa(words).ended(0).stdout;
        assert!(text.contains("class cuda, workers 0") && text.contains(nobody), "{text}");
    }
    let worker = farm.worker(&["--class", "cuda"]);
    farm.all_done(&plan);
    let text = farm.iqa(&["farm", "status"]).ended(0).stdout;
    assert!(text.contains("class cuda, workers 1\n"), "{text}");
    // One that ends takes its leave, one that is lost counts for half a minute.
    worker.signal("TERM");
    let mut worker = worker;
    assert_eq!(worker.ended(), 0, "{}", worker.said());
    assert_eq!(farm.iqa(&["farm", "status", &plan, "--json"]).ended(0).json()["workers"], 0);
    farm.server.delete_stream("IQA_UNITS");
    let plan = farm.submit("class = 'cuda'\ndrill = { units = 3, time = '0s' }");
    farm.server.delete_stream("IQA_UNITS");
    let text = farm.iqa(&["farm", "status"]).ended(0).stdout;
    let line = text.lines().find(|line| line.starts_with(&plan)).expect("a line");
    assert!(line.contains("not in the queue 3: submit the plan again"), "{line}");
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
