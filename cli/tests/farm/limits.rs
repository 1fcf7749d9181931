// SPDX-License-Identifier: MPL-2.0

//! Servers and streams with other limits than the farm needs, and servers that are full.

use crate::common::Farm;
use std::time::Duration;

#[test]
fn a_server_that_accepts_too_small_messages_is_refused() {
    let Some(farm) = Farm::with("a small max_payload", "max_payload: 65536") else { return };
    std::fs::write(farm.path("plan.toml"), "drill = { units = 1, time = '0s' }").unwrap();
    for words in [&["farm", "submit", "plan.toml"][..], &["farm", "work", "--until-idle"]] {
        let text = farm.iqa(words).ended(2).stderr;
        assert!(text.contains("65536 bytes") && text.contains("set max_payload to 1048576"), "{text}");
    }
}

#[test]
fn streams_with_other_settings_are_refused_by_name() {
    let Some(farm) = Farm::new("other streams") else { return };
    std::fs::write(farm.path("plan.toml"), "drill = { units = 1, time = '0s' }").unwrap();
    let units = r#""name":"IQA_UNITS","subjects":["iqa.unit.*.*"],"max_msgs_per_subject":1,"allow_direct":true"#;
    for (rest, differs) in [
        (r#""retention":"workqueue","storage":"memory","discard":"new""#, "storage is memory, not file"),
        (r#""retention":"limits","storage":"file","discard":"new""#, "retention is limits, not workqueue"),
        (r#""retention":"workqueue","storage":"file","discard":"old""#, "discard is old, not new"),
        (
            r#""retention":"workqueue","storage":"file","discard":"new","max_msgs":5,"max_bytes":99999"#,
            "max_msgs is 5, not 10000000; max_bytes is 99999, not unlimited",
        ),
    ] {
        farm.server.create_stream("IQA_UNITS", &format!("{{{units},{rest}}}"));
        for words in [&["farm", "submit", "plan.toml"][..], &["farm", "work", "--until-idle"]] {
            let text = farm.iqa(words).ended(2).stderr;
            assert!(text.contains("the stream IQA_UNITS is another") && text.contains(differs), "{text}");
        }
        farm.server.delete_stream("IQA_UNITS");
    }
    let objects = r#"{"name":"OBJ_iqa-results","subjects":["$O.iqa-results.C.>","$O.iqa-results.M.>"],
        "storage":"memory","discard":"new","allow_rollup_hdrs":true,"allow_direct":true}"#;
    farm.iqa(&["farm", "submit", "plan.toml"]).ended(0);
    farm.server.delete_stream("OBJ_iqa-results");
    farm.server.create_stream("OBJ_iqa-results", &objects.replace('\n', ""));
    let text = farm.iqa(&["farm", "submit", "plan.toml"]).ended(2).stderr;
    assert!(text.contains("OBJ_iqa-results is another") && text.contains("storage is memory"), "{text}");
}

#[test]
fn a_consumer_that_was_changed_is_named_and_submitting_again_restores_it() {
    let Some(farm) = Farm::new("another consumer") else { return };
    let plan = farm.submit("drill = { units = 2, time = '0s' }");
    let config = format!(
        r#"{{"stream_name":"IQA_UNITS","config":{{"durable_name":"{plan}","filter_subject":"iqa.unit.{plan}.*",
        "ack_policy":"explicit","ack_wait":30000000000,"max_deliver":3,"max_ack_pending":100000,"max_waiting":20000}}}}"#
    );
    let subject = format!("$JS.API.CONSUMER.DURABLE.CREATE.IQA_UNITS.{plan}");
    let answer = farm.server.request(&subject, &config.replace('\n', ""));
    assert!(answer.contains("\"max_deliver\":3"), "{answer}");
    let worker = farm.worker(&["--slots", "4"]);
    worker.wait_for("is left to other workers: its consumer was changed (max_deliver is 3, not unlimited)");
    // By all slots together, once.
    std::thread::sleep(Duration::from_secs(3));
    assert_eq!(worker.said().matches("is left to other workers").count(), 1, "{}", worker.said());
    farm.iqa(&["farm", "submit", "plan.toml"]).ended(0);
    farm.worked_all(&plan);
}

#[test]
fn a_full_server_is_named_and_a_worker_goes_on_once_there_is_room() {
    let Some(mut farm) = Farm::new("a full server") else { return };
    farm.server.kill();
    farm.server.room = "200K".to_owned();
    farm.server.begin();
    // Too much for the server, and said at once.
    std::fs::write(farm.path("large.toml"), "drill = { units = 20000, time = '0s' }").unwrap();
    let text = farm.iqa(&["farm", "submit", "large.toml"]).ended(2).stderr;
    assert!(text.contains("the server has no room for it") && text.contains("iqa farm remove"), "{text}");
    assert!(text.contains("is stored, but not all of its units are in the queue"), "{text}");
    assert_eq!(text.matches("insufficient resources").count(), 1, "{text}");
    let status = farm.iqa(&["farm", "status"]).ended(0).stdout;
    assert!(status.contains("submit the plan again; if the server had no room for them, first remove"), "{status}");
    let large = farm.iqa(&["farm", "status", "--json"]).json()[0]["plan"].as_str().unwrap().to_owned();
    farm.iqa(&["farm", "remove", &large]).ended(0);

    let plan = farm.submit("ack-wait = '1s'\ndrill = { units = 4, time = '2s' }");
    farm.server.create_stream("FILLER", r#"{"name":"FILLER","subjects":["filler"],"storage":"file"}"#);
    let worker = farm.worker(&[]);
    farm.wait(&plan, |counts| counts.running == 1);
    let filler = "x".repeat(10_000);
    while !farm.server.request("filler", &filler).contains("error") {}
    worker.wait_for("cannot store a result: ");
    worker.wait_for("the server has no room for it");
    std::thread::sleep(Duration::from_secs(3));
    farm.server.delete_stream("FILLER");
    farm.all_done(&plan);
    // It was held meanwhile, not measured again.
    assert!(!worker.said().contains("attempt 2"), "{}", worker.said());
    assert!(worker.said().matches("trying again in").count() < 8, "{}", worker.said());
}

#[test]
fn a_result_that_can_never_be_stored_is_a_failed_unit() {
    let Some(farm) = Farm::new("results that are too large") else { return };
    let plan = farm.submit("drill = { units = 3, time = '0s' }");
    let config = format!(
        r#"{{"name":"IQA_DONE_{plan}","subjects":["iqa.done.{plan}.*"],"max_msgs_per_subject":1,"allow_direct":true,
        "max_age":7776000000000000,"storage":"file","retention":"limits","discard":"old","max_msg_size":20}}"#
    );
    let answer = farm.server.request(&format!("$JS.API.STREAM.UPDATE.IQA_DONE_{plan}"), &config.replace('\n', ""));
    assert!(answer.contains("\"max_msg_size\":20"), "{answer}");
    farm.worked(&[]);
    let status = farm.iqa(&["farm", "status", &plan]).ended(1).stdout;
    // Once for all three, in their order.
    assert!(
        status.contains("failed 3: drills 1 to 3, attempts 1: its result cannot be stored: it is larger"),
        "{status}"
    );
    // Nor is it submitted again as it is.
    let text = farm.iqa(&["farm", "submit", "plan.toml"]).ended(2).stderr;
    assert!(text.contains(&format!("the stream IQA_DONE_{plan}")) && text.contains("max_msg_size is 20"), "{text}");
}
