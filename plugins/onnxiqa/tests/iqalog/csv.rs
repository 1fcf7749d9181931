// SPDX-License-Identifier: MPL-2.0

//! The format `csv`.

use super::harness::{Folder, column, element, frame, harness, live, scored, table};
use gst::prelude::*;
use serde_json::Value;
use std::fs;

#[test]
fn csv_has_fixed_columns_and_loses_nothing() {
    let folder = Folder::new();
    let path = folder.file("log.csv");
    let log = element(&path, "csv");
    let mut harness = harness(&log);
    for (i, entry) in live().into_iter().enumerate() {
        harness.push(frame(Some(i as u64), &[("s", entry)])).expect("flow");
    }
    let mut odd = scored(55.5);
    odd.set("model", "a \"quoted\", broken\nname");
    harness.push(frame(None, &[("s", odd), ("late", scored(1.0))])).expect("flow");
    harness.push_event(gst::event::Eos::new());
    let rows = table(&path);
    let titles = "pts running-time s_model s_kind s_state s_score s_raw s_scored-pts s_age s_latency other";
    assert_eq!(rows[0].join(" "), titles);
    assert!(rows.iter().all(|row| row.len() == rows[0].len()));
    assert_eq!(column(&rows, "pts"), ["0", "1", "2", "3", "4", "5", "6", ""]);
    assert_eq!(column(&rows, "s_score"), ["", "", "10.0", "10.0", "10.0", "40.0", "40.0", "55.5"]);
    assert_eq!(column(&rows, "s_model")[7], "a \"quoted\", broken\nname");
    let other = column(&rows, "other");
    assert_eq!((other[0], other[2]), ("", r#"{"s":{"attributes":{"noise":5.0}}}"#));
    let late: Value = serde_json::from_str(other[7]).expect("JSON");
    assert_eq!(late["late"]["score"], 1.0);

    let pool = table(&format!("{path}.pool.csv"));
    let title = "element field scored count mean harmonic-mean median min max p1 p5 p10 of-mean-error \
                 skipped failed distorted matched duplicate unmatched reference dropped outside model verdict reasons \
                 vmaf-model model-hash vmaf-model-hash";
    assert_eq!(pool[0].join(" "), title);
    assert_eq!(column(&pool, "field"), ["score", "raw", "attributes_noise", "score", "raw"]);
    assert_eq!(column(&pool, "element"), ["s", "s", "s", "late", "late"]);
    assert_eq!(column(&pool, "scored"), ["4", "4", "4", "1", "1"]);
    assert_eq!(column(&pool, "mean")[0], (115.5 / 4.0).to_string());
    assert_eq!(column(&pool, "p5"), ["10.0", "", "5.0", "1.0", ""]);
}

#[test]
fn csv_columns_follow_from_the_first_row() {
    let folder = Folder::new();
    let path = folder.file("log.csv");
    let log = element(&path, "csv");
    let mut harness = harness(&log);
    let mut entry = gst::Structure::builder("iqa-score").field("kind", "fr").field("state", "scored").build();
    entry.set("psnr-y", 41.25);
    entry.set("offset", -40_000_000i64);
    entry.set("attributes", gst::Structure::builder("attributes").field("noise", 4.5).build());
    harness.push(frame(Some(0), &[("c", entry)])).expect("flow");
    let rows = table(&path);
    for (title, value) in
        [("c_psnr-y", "41.25"), ("c_offset", "-40000000"), ("c_attributes_noise", "4.5"), ("c_ssim", ""), ("other", "")]
    {
        assert_eq!(column(&rows, title), [value], "{title}");
    }
}

#[test]
fn a_rotated_csv_has_columns_for_earlier_fields() {
    let folder = Folder::new();
    let path = folder.file("log");
    let log = element(&path, "csv");
    let mut harness = harness(&log);
    for entry in &live()[1..3] {
        harness.push(frame(Some(0), &[("s", entry.clone())])).expect("flow");
    }
    fs::rename(&path, folder.file("log.old")).expect("a log");
    log.emit_by_name::<()>("reopen", &[]);
    harness.push(frame(Some(9), &[("s", live()[5].clone())])).expect("flow");
    assert_eq!(table(&folder.file("log.old")).len(), 3);
    let rows = table(&path);
    assert_eq!(column(&rows, "s_attributes_noise"), ["20.0"]);
    assert_eq!(column(&rows, "other"), [""]);
}
