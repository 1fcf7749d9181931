// SPDX-License-Identifier: MPL-2.0

//! Frames that come again with everything they carry: encoded and decoded, and copied by `videorate`.

use super::counts::compare;
use super::harness::{Folder, column, lines, table};
use crate::common::*;
use onnx_iqa_testkit::TempDir;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;

/// Scored frames: 20, at 25 per second, each with another score.
const SCORED: u64 = 20;

/// Scores frames, and sends them through a pipeline fragment in gst-launch syntax.
fn score(behind: &str) {
    let models = TempDir::new();
    let pipeline = launch(&format!(
        "videotestsrc num-buffers={SCORED} pattern=snow ! video/x-raw,format=I420,width=64,height=48,framerate=25/1 \
         ! iqascore name=q provider=cpu threads=1 model={} ! {behind} ! fakesink",
        mean_model(&models).display()
    ));
    let (errors, _) = run(&pipeline);
    assert!(errors.is_empty(), "{errors:?}");
}

/// The frames of a json-lines log, and the pool of the element in it.
fn read(path: &str, element: &str) -> (Vec<Value>, Value) {
    let mut frames = lines(path);
    let pool = frames.pop().expect("a pool")["pool"][element].take();
    (frames, pool)
}

/// The entries of an element, by the frames' running times.
fn by_time(frames: &[Value], element: &str) -> BTreeMap<u64, Value> {
    let entry = |frame: &Value| (frame["running-time"].as_u64().expect("a time"), frame["scores"][element].clone());
    frames.iter().map(entry).collect()
}

/// Asserts that the first frame with a score is the scored one and that the others carry the score's age; returns the
/// number of scores.
#[track_caller]
fn scores(frames: &[Value], element: &str) -> usize {
    let mut first = BTreeMap::new();
    for (time, entry) in by_time(frames, element) {
        let scored = entry["scored-pts"].as_u64().expect("a frame that was scored");
        let shown = *first.entry(scored).or_insert(time);
        let state = if shown == time { "scored" } else { "skipped" };
        assert_eq!((&entry["state"], &entry["age"]), (&json!(state), &json!(time - shown)), "at {time}: {entry}");
    }
    first.len()
}

#[test]
fn a_decoded_frame_carries_its_entries_from_before_encoding() {
    let folder = Folder::new();
    let [before, between, after] = ["before", "between", "after"].map(|name| folder.file(name));
    score(&format!(
        "iqalog location={before} ! x264enc bframes=2 b-adapt=false ! h264parse ! iqalog location={between} ! \
         avdec_h264 \
         ! iqalog location={after}"
    ));
    let [before, between, after] = [before, between, after].map(|path| read(&path, "q"));
    let order: Vec<_> = between.0.iter().map(|frame| frame["running-time"].as_u64()).collect();
    assert!(!order.is_sorted(), "frames in another order: {order:?}");
    assert!(after.0[0]["pts"] != before.0[0]["pts"], "x264enc shifts time stamps together with the segment");
    assert_eq!(scores(&before.0, "q"), 20);
    for log in [&between, &after] {
        assert_eq!(by_time(&log.0, "q"), by_time(&before.0, "q"));
        assert_eq!(log.1, before.1, "the pool");
    }
}

#[test]
fn copies_count_once_and_are_marked_in_every_format() {
    for (rate, frames) in [("50/1", 39..=40), ("30/1", 23..=24), ("25/2", 10..=11)] {
        let folder = Folder::new();
        let [before, log, csv, vmaf] = ["before", "log", "csv", "vmaf"].map(|name| folder.file(name));
        score(&format!(
            "iqalog location={before} ! videorate ! video/x-raw,framerate={rate} ! iqalog location={log} \
             ! iqalog format=csv location={csv} ! iqalog format=vmaf-json location={vmaf}"
        ));
        let ((_, before), (lines, pool)) = (read(&before, "q"), read(&log, "q"));
        assert!(frames.contains(&lines.len()), "{rate}: {}", lines.len());
        let scored = lines.len().min(20);
        assert_eq!(scores(&lines, "q"), scored, "{rate}");
        assert_eq!(pool["score"]["count"], scored, "{rate}");
        // The counts of all frames come from the element itself.
        assert_eq!((&pool["scored"], &pool["skipped"]), (&json!(SCORED), &json!(0)), "{rate}");
        if scored == 20 {
            assert_eq!(pool, before, "{rate}: the pool");
        }

        let rows = table(&csv);
        let field = |name: &str| lines.iter().map(|line| cell(&line["scores"]["q"][name])).collect::<Vec<_>>();
        assert_eq!(column(&rows, "q_state"), field("state"), "{rate}");
        assert_eq!(column(&rows, "q_age"), field("age"), "{rate}");
        let pools = table(&format!("{csv}.pool.csv"));
        let means: Vec<f64> = column(&pools, "mean").iter().filter_map(|cell| cell.parse().ok()).collect();
        assert!(means.contains(&pool["score"]["mean"].as_f64().expect("a mean")), "{rate}: {pools:?}");

        let document: Value = serde_json::from_str(&fs::read_to_string(&vmaf).expect("a log")).expect("JSON");
        let listed = document["frames"].as_array().expect("frames");
        let own = lines.iter().enumerate().filter(|(_, line)| line["scores"]["q"]["state"] == "scored");
        let own: Vec<_> = own.map(|(number, line)| (json!(number), &line["scores"]["q"]["score"])).collect();
        let found: Vec<_> = listed.iter().map(|frame| (frame["frameNum"].clone(), &frame["metrics"]["mean"])).collect();
        assert_eq!(found, own, "{rate}");
        assert_eq!(document["pooled_metrics"]["mean"]["mean"], pool["score"]["mean"], "{rate}");
    }
}

fn cell(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[test]
fn copies_are_recognized_in_the_order_of_an_encoder() {
    let folder = Folder::new();
    let [before, log] = ["before", "log"].map(|name| folder.file(name));
    score(&format!(
        "iqalog location={before} ! videorate ! video/x-raw,framerate=50/1 ! x264enc bframes=3 b-adapt=false \
         ! iqalog location={log}"
    ));
    let ((_, before), (frames, pool)) = (read(&before, "q"), read(&log, "q"));
    let own = frames.iter().filter(|frame| frame["scores"]["q"]["state"] == "scored").count();
    assert_eq!((own, pool), (20, before));
    // A copy that comes before its frame has no age, because it is not older.
    let ages = frames.iter().map(|frame| &frame["scores"]["q"]);
    assert!(ages.into_iter().all(|entry| entry["state"] == "skipped" || entry["age"] == 0));
}

#[test]
fn pairs_of_a_comparison_are_encoded_and_copied_likewise() {
    let folder = Folder::new();
    let [before, after, log, vmaf] = ["before", "after", "log", "vmaf"].map(|name| folder.file(name));
    compare(&format!(
        "iqalog location={before} ! x264enc bframes=2 b-adapt=false ! h264parse ! avdec_h264 ! iqalog location={after} \
         ! videorate skip-to-first=true ! video/x-raw,framerate=50/1 ! iqalog location={log} \
         ! iqalog format=vmaf-json location={vmaf} ! fakesink"
    ));
    let [before, after, log] = [before, after, log].map(|path| read(&path, "c"));
    assert_eq!(by_time(&after.0, "c"), by_time(&before.0, "c"));
    assert!(log.0.len() > 50, "{} frames", log.0.len());
    assert_eq!([&before, &after, &log].map(|(frames, _)| scores(frames, "c")), [26; 3]);
    assert_eq!((&after.1, &log.1), (&before.1, &before.1));
    let document: Value = serde_json::from_str(&fs::read_to_string(&vmaf).expect("a log")).expect("JSON");
    assert_eq!(document["frames"].as_array().map(Vec::len), Some(26));
}
