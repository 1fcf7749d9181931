// SPDX-License-Identifier: MPL-2.0

//! Pooled statistics and counts.

use super::harness::{Folder, column, element, frame, harness, lines, live, numbered, scored, table};
use gst::prelude::*;
use gst_check::Harness;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

#[test]
fn a_stopped_pipeline_has_its_pool_too() {
    let folder = Folder::new();
    for (name, format) in [("a", "json-lines"), ("b", "csv"), ("c", "vmaf-json")] {
        let log = element(&folder.file(name), format);
        let mut harness = harness(&log);
        harness.push(numbered(7)).expect("flow");
        log.set_state(gst::State::Null).expect("NULL");
    }
    assert_eq!(folder.names(), ["a", "b", "b.pool.csv", "c"]);
    assert_eq!(lines(folder.file("a")).last().expect("a line")["pool"]["iqascore0"]["scored"], 1);
    assert_eq!(column(&table(&folder.file("b.pool.csv")), "scored"), ["1", "1"]);
    let document: Value = serde_json::from_str(&fs::read_to_string(folder.file("c")).expect("c")).expect("JSON");
    assert_eq!(document["pooled_metrics"]["metaiqa"]["mean"], 7.0);
}

#[test]
fn a_score_that_several_frames_carry_counts_once() {
    let folder = Folder::new();
    let path = folder.file("log");
    let log = element(&path, "json-lines");
    let mut harness = harness(&log);
    for (i, entry) in live().into_iter().enumerate() {
        harness.push(frame(Some(i as u64 * 40), &[("s", entry)])).expect("flow");
    }
    // Its own score, which the next frame carries too.
    let mut own = scored(100.0);
    own.set("scored-pts", 280u64);
    let mut again = own.clone();
    again.set("state", "skipped");
    let failed = gst::Structure::builder("iqa-score").field("state", "failed").build();
    let mut unmatched = scored(0.0);
    unmatched.set("state", "unmatched");
    for entry in [own, again, failed, unmatched] {
        harness.push(frame(Some(280), &[("s", entry)])).expect("flow");
    }
    harness.push_event(gst::event::Eos::new());
    let lines = lines(&path);
    assert_eq!(lines.len(), 12);
    let pool = &lines[11]["pool"]["s"];
    assert_eq!((&pool["scored"], &pool["score"]["mean"]), (&json!(4), &json!(40.0)));
    // 8 frames came as skipped, and 3 scores of such frames later.
    assert_eq!((&pool["skipped"], &pool["failed"]), (&json!(5), &json!(1)));
    assert_eq!((&pool["attributes"]["noise"]["count"], &pool["attributes"]["noise"]["max"]), (&json!(3), &json!(20.0)));
}

#[test]
fn counting_continues_after_flushes_and_loops() {
    let folder = Folder::new();
    for (name, format) in [("lines", "json-lines"), ("vmaf", "vmaf-json")] {
        let path = folder.file(name);
        let log = element(&path, format);
        let mut harness = harness(&log);
        let seek = |harness: &mut Harness| {
            harness.push_event(gst::event::FlushStart::new());
            harness.push_event(gst::event::FlushStop::new(true));
            harness.push_event(gst::event::Segment::new(&gst::FormattedSegment::<gst::ClockTime>::new()));
        };
        harness.push(numbered(1)).expect("flow");
        seek(&mut harness);
        harness.push(numbered(2)).expect("flow");
        harness.push_event(gst::event::Eos::new());
        seek(&mut harness);
        harness.push(numbered(9)).expect("flow");
        assert!(format != "vmaf-json" || !Path::new(&path).exists(), "no longer complete");
        harness.push_event(gst::event::Eos::new());
        log.set_state(gst::State::Null).expect("NULL");
    }
    let lines = lines(folder.file("lines"));
    let pools: Vec<_> = lines.iter().map(|line| line["pool"]["iqascore0"]["score"]["mean"].as_f64()).collect();
    assert_eq!(pools, [None, None, Some(1.5), None, Some(4.0)]);
    assert_eq!(lines[3]["running-time"], 360_000_000);
    let document: Value = serde_json::from_str(&fs::read_to_string(folder.file("vmaf")).expect("log")).expect("JSON");
    assert_eq!(document["frames"].as_array().map(Vec::len), Some(3));
    assert_eq!(document["pooled_metrics"]["metaiqa"]["mean"], 4.0);
}

#[test]
fn an_empty_stream_leaves_complete_files() {
    let folder = Folder::new();
    for (name, format) in [("a", "json-lines"), ("b", "csv"), ("c", "vmaf-json")] {
        let log = element(&folder.file(name), format);
        let mut harness = harness(&log);
        harness.push_event(gst::event::Eos::new());
    }
    assert_eq!(lines(folder.file("a")), [json!({"pool": {}})]);
    assert_eq!(table(&folder.file("b.pool.csv")).len(), 1);
    let document: Value = serde_json::from_str(&fs::read_to_string(folder.file("c")).expect("c")).expect("JSON");
    assert_eq!(document["frames"], json!([]));
}
