// SPDX-License-Identifier: MPL-2.0

//! The format `json-lines`, and what all formats read from a frame.

use super::harness::{Folder, element, frame, harness, lines, numbered, scored, skipped};
use gst::prelude::*;
use onnx_iqa::stats::{FieldRange, Pool};
use serde_json::{Value, json};

#[test]
fn a_line_is_written_before_its_frame_leaves_and_the_pool_comes_last() {
    let folder = Folder::new();
    let path = folder.file("log.jsonl");
    let log = element(&path, "json-lines");
    let mut harness = harness(&log);
    let mut reference = Pool::new(FieldRange::SCORE);
    for i in 0..50 {
        harness.push(numbered(i)).expect("flow");
        harness.pull().expect("the frame");
        reference.push(i as f64);
        assert_eq!(lines(&path).len() as u64, i + 1);
    }
    harness.push_event(gst::event::Eos::new());
    let lines_at_eos = lines(&path);
    assert_eq!(
        lines_at_eos[3],
        json!({"pts": 120_000_000, "running-time": 120_000_000, "scores": {"iqascore0": {
            "model": "metaiqa", "kind": "nr", "state": "scored", "score": 3.0, "raw": 3.0 / 20.0 - 1.0,
            "latency": 1_000_000,
        }}})
    );
    let pool = &lines_at_eos[50]["pool"]["iqascore0"];
    assert_eq!(pool["scored"], 50);
    let expected = reference.statistics().expect("values");
    assert_eq!(pool["score"]["count"], 50);
    for (name, value) in expected.named() {
        assert_eq!(pool["score"][name].as_f64(), Some(value), "{name}");
    }
    assert_eq!(pool["score"].as_object().expect("object").len(), 9);
    // ⌈0.05 · 50⌉ = 3, ⌈0.5 · 50⌉ = 25
    assert_eq!((&pool["score"]["p5"], &pool["score"]["median"]), (&json!(2.0), &json!(24.0)));
    assert_eq!(pool["raw"]["max"], 49.0 / 20.0 - 1.0);
    assert!(pool["raw"].get("p5").is_none() && pool.get("latency").is_none());
    drop(harness);
    log.set_state(gst::State::Null).expect("NULL");
    assert_eq!(lines(&path), lines_at_eos, "stopping after the end writes nothing");
}

#[test]
fn times_come_from_the_segment_and_missing_ones_are_null() {
    let folder = Folder::new();
    let path = folder.file("log");
    let log = element(&path, "json-lines");
    let mut harness = harness(&log);
    let mut segment = gst::FormattedSegment::<gst::ClockTime>::new();
    segment.set_start(gst::ClockTime::from_seconds(10));
    segment.set_base(gst::ClockTime::from_seconds(1));
    segment.set_rate(2.0);
    harness.push_event(gst::event::Segment::new(&segment));
    for pts in [Some(12_000_000_000), Some(5), None] {
        harness.push(frame(pts, &[("s", scored(1.0))])).expect("flow");
    }
    harness.push_event(gst::event::Segment::new(&gst::FormattedSegment::<gst::format::Bytes>::new()));
    harness.push(frame(Some(7), &[("s", scored(1.0))])).expect("flow");
    let times: Vec<_> = lines(&path).iter().map(|line| (line["pts"].clone(), line["running-time"].clone())).collect();
    // Two seconds of the segment at double speed, after a base of one second; 5 is before the segment.
    assert_eq!(times[0], (json!(12_000_000_000u64), json!(2_000_000_000u64)));
    assert_eq!(times[1..], [(json!(5), Value::Null), (Value::Null, Value::Null), (json!(7), Value::Null)]);
}

#[test]
fn fields_without_value_and_maps_are_absent() {
    let folder = Folder::new();
    let path = folder.file("log");
    let log = element(&path, "json-lines");
    let mut harness = harness(&log);
    let mut entry = skipped();
    entry.set("raw", f64::NAN);
    entry.set("map", gst::Sample::builder().build());
    entry.set(
        "attributes",
        gst::Structure::builder("attributes").field("noise", 4.5).field("blur", f64::INFINITY).build(),
    );
    harness.push(frame(Some(0), &[("s", entry)])).expect("flow");
    let expected = json!({"model": "metaiqa", "kind": "nr", "state": "skipped", "attributes": {"noise": 4.5}});
    assert_eq!(lines(&path)[0]["scores"]["s"], expected);
}
