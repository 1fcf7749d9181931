// SPDX-License-Identifier: MPL-2.0

//! Tests of the metrics format.

use super::*;
use crate::watch::status::Reason;
use crate::watch::testing::{alarm, score, wall};
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::Duration;

fn own() -> Own {
    let notified = Notified { to: "webhook", sent: 2, failed: 1, lost: 0 };
    Own { history_up: true, notifications: vec![notified], ..Own::default() }
}

fn of(wall: &crate::watch::wall::Wall) -> String {
    text(&wall.all(), &own()).expect("metrics")
}

/// A wall for which every metric has a value.
fn full() -> std::sync::Arc<crate::watch::wall::Wall> {
    let wall = wall(&["yard", "gate"]);
    score(&wall, "yard", 33.25);
    alarm(&wall, "yard", AlarmKind::Low, None);
    wall.update("yard", |status| {
        status.counters.reconnects.insert(Reason::Timeout, 3);
        status.inference.push(Duration::from_millis(30));
        status.inference.push(Duration::from_secs(9));
    });
    wall
}

#[test]
fn names_labels_and_values() {
    let text = of(&full());
    let labels = r#"source="yard",model="metaiqa",tag="site=north""#;
    for line in [
        format!("iqa_frames_total{{{labels}}} 50"),
        format!("iqa_scored_total{{{labels}}} 1"),
        format!("iqa_dropped_total{{{labels}}} 0"),
        format!("iqa_packets_lost_total{{{labels}}} 0"),
        format!("iqa_reconnects_total{{{labels},reason=\"timeout\"}} 3"),
        format!("iqa_score{{{labels}}} 33.25"),
        format!("iqa_source_state{{{labels},state=\"live\"}} 1"),
        format!("iqa_source_state{{{labels},state=\"stale\"}} 0"),
        format!("iqa_alarm_active{{{labels},kind=\"low\"}} 1"),
        format!("iqa_alarm_active{{{labels},kind=\"black\"}} 0"),
        format!("iqa_inference_seconds_bucket{{{labels},le=\"0.025\"}} 0"),
        format!("iqa_inference_seconds_bucket{{{labels},le=\"0.05\"}} 1"),
        format!("iqa_inference_seconds_bucket{{{labels},le=\"+Inf\"}} 2"),
        format!("iqa_inference_seconds_count{{{labels}}} 2"),
        "iqa_model_info{model=\"metaiqa\",hash=\"b27e40c1d95a\"} 1".to_owned(),
        "iqa_notifications_total{to=\"webhook\"} 2".to_owned(),
        "iqa_history_up 1".to_owned(),
    ] {
        assert!(text.lines().any(|of| of == line), "{line} is not in\n{text}");
    }
    for name in ["iqa_score_age_seconds{", "iqa_last_frame_timestamp_seconds{", "iqa_build_info{version="] {
        assert!(text.lines().any(|line| line.starts_with(name)), "{name}");
    }
    assert!(!text.contains("iqa_score{source=\"gate\""), "what was not scored has no score");
}

#[test]
fn a_removed_camera_s_series_go() {
    let wall = full();
    assert!(of(&wall).contains("yard"));
    wall.arrange([(crate::watch::testing::about("gate"), true)]);
    let text = of(&wall);
    assert!(!text.contains("yard") && text.contains("gate"), "{text}");
    wall.arrange([]);
    assert!(!of(&wall).contains("source="));
}

#[test]
fn labels_are_escaped() {
    let mut about = (*crate::watch::testing::about("yard")).clone();
    about.tags.insert("site".to_owned(), "a \"b\" \\ c\nd".to_owned());
    let wall = wall(&[]);
    wall.arrange([(std::sync::Arc::new(about), true)]);
    let text = of(&wall);
    assert!(text.contains(r#"tag="site=a \"b\" \\ c\nd""#), "{text}");
}

#[test]
fn promtool_has_nothing_to_say() {
    let Some(folder) = onnx_iqa_testkit::servers("prometheus") else {
        return onnx_iqa_testkit::skipped("promtool check metrics: prometheus could not be fetched");
    };
    let promtool = folder.join("usr/bin/promtool");
    let mut child = Command::new(promtool)
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("promtool runs");
    child.stdin.take().expect("piped").write_all(of(&full()).as_bytes()).expect("written");
    let said = child.wait_with_output().expect("it ends");
    let text = [said.stdout, said.stderr].concat();
    assert!(said.status.success() && text.is_empty(), "{}", String::from_utf8_lossy(&text));
}
