// SPDX-License-Identifier: MPL-2.0

//! Logging to standard output.

use super::harness::{element, harness, numbered};
use gst::prelude::*;
use serde_json::Value;

const CHILD: &str = "IQALOG_TEST_CHILD";

#[test]
fn standard_output() {
    if let Ok(format) = std::env::var(CHILD) {
        let log = element("-", &format);
        let mut harness = harness(&log);
        harness.push(numbered(4)).expect("flow");
        log.emit_by_name::<()>("reopen", &[]);
        harness.push(numbered(5)).expect("flow");
        harness.push_event(gst::event::Eos::new());
        return;
    }
    let run = |format: &str| {
        let program = std::env::current_exe().expect("this test");
        let mut child = std::process::Command::new(program);
        child.args(["--exact", "standard_output::standard_output", "--nocapture"]).env(CHILD, format);
        let output = child.output().expect("this test again");
        assert!(output.status.success());
        String::from_utf8(output.stdout).expect("UTF-8")
    };
    let text = run("json-lines");
    // The test harness also prints to standard output.
    let lines: Vec<Value> = text
        .lines()
        .filter_map(|line| line.find('{').and_then(|start| serde_json::from_str(&line[start..]).ok()))
        .collect();
    assert_eq!(lines.len(), 3, "{text}");
    assert_eq!(lines[1]["scores"]["iqascore0"]["score"], 5.0);
    assert_eq!(lines[2]["pool"]["iqascore0"]["scored"], 2);
    let text = run("csv");
    assert_eq!(text.matches("pts,running-time,iqascore0_model").count(), 1, "{text}");
    assert_eq!(text.matches("scored,5.0,").count(), 1, "{text}");
}
