// SPDX-License-Identifier: MPL-2.0

//! The format `vmaf-json`.

use super::harness::{Folder, compared, element, frame, harness, scored, skipped};
use gst_check::Harness;
use serde_json::{Value, json};
use std::fs;

fn document(path: &str) -> Value {
    serde_json::from_str(&fs::read_to_string(path).expect("the log")).expect("JSON")
}

fn end(mut harness: Harness) {
    harness.push_event(gst::event::Eos::new());
}

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
    assert_eq!(folder.names(), ["log.json", "log.json.1"]);
    assert_eq!(fs::read_to_string(folder.file("log.json.1")).expect("a file"), "the one before");
    let document = document(&path);
    let keys: Vec<_> = document.as_object().expect("object").keys().map(String::as_str).collect();
    assert_eq!(keys.join(" "), "version frames fps pooled_metrics pooled_details aggregate_metrics elements");
    assert_eq!(
        document["frames"],
        json!([
            {"frameNum": 0, "metrics": {"metaiqa": 0.0}, "details": {"raw": -1.0}},
            {"frameNum": 2, "metrics": {"metaiqa": 2.0}, "details": {"raw": 2.0 / 20.0 - 1.0, "attributes_noise": 4.5}},
        ])
    );
    assert!(document["fps"].as_f64().is_some_and(|fps| fps > 0.0), "{}", document["fps"]);
    let pooled = &document["pooled_metrics"]["metaiqa"];
    assert_eq!(pooled["harmonic_mean"], 2.0 / (1.0 + 1.0 / 3.0) - 1.0);
    assert_eq!((&pooled["min"], &pooled["max"], &pooled["mean"]), (&json!(0.0), &json!(2.0), &json!(1.0)));
    // A raw value of −1 has no harmonic mean.
    assert!(document["pooled_details"]["raw"].get("harmonic_mean").is_none());
    assert_eq!(document["aggregate_metrics"], json!({"scored": 2, "skipped": 1, "failed": 0}));
    assert_eq!(document["elements"], json!({"s": {"model": "metaiqa"}}));
}

/// 6n + 12 dB: 60 at 8 bits, 72 at 10. The mean error is computed from the values before clipping.
#[test]
fn one_comparison_has_libvmafs_names_and_limits() {
    for (depth, cut) in [(8u64, 60.0), (10, 72.0)] {
        let folder = Folder::new();
        let path = folder.file("log.json");
        let log = element(&path, "vmaf-json");
        let mut harness = harness(&log);
        for (i, decibels) in [(0, 100.0), (1, 40.0)] {
            let mut entry = compared(i);
            entry.set("depth", depth);
            for field in ["psnr-y", "psnr-cb", "psnr-cr", "psnr"] {
                entry.set(field, decibels);
            }
            for field in ["ssim", "ms-ssim", "float-ssim"] {
                entry.set(field, 0.5);
            }
            entry.set("gain", 1.25);
            harness.push(frame(Some(i), &[("c", entry)])).expect("flow");
        }
        end(harness);
        let document = document(&path);
        assert_eq!(
            document["frames"][0]["metrics"],
            json!({
                "psnr_y": cut, "psnr_cb": cut, "psnr_cr": cut, "psnr_avg": 100.0,
                "ssim": 0.5, "float_ms_ssim": 0.5, "float_ssim": 0.5,
            })
        );
        assert_eq!(document["frames"][0]["details"], json!({"confidence": 0.75, "gain": 1.25}));
        let pooled = &document["pooled_metrics"]["psnr_y"];
        assert_eq!((&pooled["mean"], &pooled["max"]), (&json!((cut + 40.0) / 2.0), &json!(cut)));
        // Errors of 1e-10 and 1e-4.
        let expected = -10.0 * ((1e-10f64 + 1e-4) / 2.0).log10();
        assert!((pooled["of_mean_error"].as_f64().expect("a number") - expected).abs() < 1e-9, "{pooled}");
        let counts = json!({
            "scored": 2, "skipped": 0, "failed": 0, "distorted": 2, "matched": 2, "duplicate": 0, "unmatched": 0,
        });
        assert_eq!(document["aggregate_metrics"], counts);
    }
}

#[test]
fn metrics_of_several_elements_are_prefixed_even_if_one_comes_late() {
    let folder = Folder::new();
    let path = folder.file("log.json");
    let log = element(&path, "vmaf-json");
    let mut harness = harness(&log);
    for i in 0..3 {
        let mut entry = compared(i);
        entry.set("ssim", 0.5);
        let mut entries = vec![("c", entry)];
        if i == 2 {
            entries.push(("s", scored(20.0)));
        }
        harness.push(frame(Some(i), &entries)).expect("flow");
    }
    end(harness);
    let document = document(&path);
    let metrics: Vec<_> = document["frames"].as_array().expect("frames").iter().map(|f| &f["metrics"]).collect();
    assert_eq!(metrics, [&json!({"c_ssim": 0.5}), &json!({"c_ssim": 0.5}), &json!({"c_ssim": 0.5, "s_metaiqa": 20.0})]);
    let names: Vec<_> = document["pooled_metrics"].as_object().expect("pools").keys().cloned().collect();
    assert_eq!(names, ["c_ssim", "s_metaiqa"]);
    assert_eq!(document["aggregate_metrics"]["c_matched"], 3);
    assert_eq!(document["aggregate_metrics"]["s_scored"], 1);
    assert_eq!(folder.names(), ["log.json"]);
}

/// Entries as with `mode=live`: skipped frames that carry the newest score.
#[test]
fn a_score_carried_by_later_frames_is_listed_once() {
    let folder = Folder::new();
    let path = folder.file("log.json");
    let log = element(&path, "vmaf-json");
    let mut harness = harness(&log);
    let carried = |score: f64| {
        let mut entry = scored(score);
        entry.set("state", "skipped");
        entry
    };
    let entries = [skipped(), carried(1.0), carried(1.0), carried(2.0), carried(2.0), scored(2.0), carried(2.0)];
    for (i, entry) in (0..).zip(entries) {
        harness.push(frame(Some(i), &[("s", entry)])).expect("flow");
    }
    end(harness);
    let frames = document(&path)["frames"].clone();
    let frames: Vec<_> = frames.as_array().expect("a list").iter().map(|frame| frame["frameNum"].clone()).collect();
    assert_eq!(frames, [1, 3, 5], "a frame of its own counts, whatever came before");
}
