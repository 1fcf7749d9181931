// SPDX-License-Identifier: MPL-2.0

//! The format `vmaf-json`.

use super::harness::{Folder, element, frame, harness, scored, skipped};
use serde_json::{Value, json};
use std::fs;

#[test]
fn vmaf_json_is_laid_out_like_libvmafs_and_appears_when_complete() {
    let folder = Folder::new();
    let path = folder.file("log.json");
    fs::write(&path, "the one before").expect("a file");
    let log = element(&path, "vmaf-json");
    let mut harness = harness(&log);
    for i in 0..3 {
        let mut entry = if i == 1 { skipped() } else { scored(i as f64) };
        if i == 2 {
            entry.set("attributes", gst::Structure::builder("attributes").field("noise", 4.5).build());
        }
        harness.push(frame(Some(i), &[("s", entry)])).expect("flow");
    }
    assert_eq!(fs::read_to_string(&path).expect("a file"), "the one before");
    harness.push_event(gst::event::Eos::new());
    assert_eq!(folder.names(), ["log.json"]);
    let document: Value = serde_json::from_str(&fs::read_to_string(&path).expect("the log")).expect("JSON");
    let keys: Vec<_> = document.as_object().expect("object").keys().collect();
    assert_eq!(keys, ["version", "frames", "pooled_metrics", "aggregate_metrics"]);
    assert_eq!(
        document["frames"],
        json!([
            {"frameNum": 0, "metrics": {"s_score": 0.0, "s_raw": -1.0}},
            {"frameNum": 2, "metrics": {"s_score": 2.0, "s_raw": 2.0 / 20.0 - 1.0, "s_attributes_noise": 4.5}},
        ])
    );
    let pooled = &document["pooled_metrics"]["s_score"];
    assert_eq!(pooled["harmonic_mean"], 2.0 / (1.0 + 1.0 / 3.0) - 1.0);
    assert_eq!((&pooled["min"], &pooled["max"], &pooled["mean"]), (&json!(0.0), &json!(2.0), &json!(1.0)));
    // A raw value of −1 has no harmonic mean.
    assert!(document["pooled_metrics"]["s_raw"].get("harmonic_mean").is_none());
}
