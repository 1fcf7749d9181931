// SPDX-License-Identifier: MPL-2.0

//! The element `iqalog`: what it writes, and that it changes nothing.

use gst::prelude::*;
use gst_check::Harness;
use onnx_iqa::stats::{FieldRange, Pool};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Once;
use std::sync::atomic::{AtomicU32, Ordering};

fn init() {
    static INIT: Once = Once::new();
    INIT.call_once(|| {
        gst::init().expect("GStreamer");
        gstonnxiqa::plugin_register_static().expect("the plugin");
    });
}

/// A directory of the test's own, removed with it.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("iqalog-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).expect("a temporary directory");
        Self(path)
    }

    fn file(&self, name: &str) -> String {
        self.0.join(name).to_str().expect("UTF-8").to_owned()
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.0).expect("the directory");
        let mut names: Vec<_> =
            entries.map(|entry| entry.expect("an entry").file_name().to_str().expect("UTF-8").to_owned()).collect();
        names.sort();
        names
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn element(location: &str, format: &str) -> gst::Element {
    init();
    gst::ElementFactory::make("iqalog")
        .property("location", location)
        .property_from_str("format", format)
        .build()
        .expect("iqalog")
}

fn harness(log: &gst::Element) -> Harness {
    let mut harness = Harness::with_element(log, Some("sink"), Some("src"));
    harness.set_src_caps_str("application/x-anything");
    harness
}

fn scored(score: f64) -> gst::Structure {
    gst::Structure::builder("iqa-score")
        .field("model", "metaiqa")
        .field("kind", "nr")
        .field("state", "scored")
        .field("score", score)
        .field("raw", score / 20.0 - 1.0)
        .field("latency", 1_000_000u64)
        .build()
}

fn skipped() -> gst::Structure {
    gst::Structure::builder("iqa-score").field("model", "metaiqa").field("kind", "nr").field("state", "skipped").build()
}

fn frame(pts: Option<u64>, entries: &[(&str, gst::Structure)]) -> gst::Buffer {
    let mut buffer = gst::Buffer::from_slice([1, 2, 3]);
    let writable = buffer.get_mut().expect("new");
    writable.set_pts(pts.map(gst::ClockTime::from_nseconds));
    for (element, entry) in entries {
        gstonnxiqa::meta::attach(writable, element, entry.clone()).expect("the meta is registered");
    }
    buffer
}

fn numbered(i: u64) -> gst::Buffer {
    frame(Some(i * 40_000_000), &[("iqascore0", scored(i as f64))])
}

fn lines(path: impl AsRef<Path>) -> Vec<Value> {
    let text = fs::read_to_string(path).expect("the log");
    assert!(text.is_empty() || text.ends_with('\n'), "an unfinished line: {text}");
    text.lines().map(|line| serde_json::from_str(line).expect(line)).collect()
}

/// RFC 4180, for what a test needs.
fn table(path: &str) -> Vec<Vec<String>> {
    let text = fs::read_to_string(path).expect("the log");
    let (mut rows, mut cell, mut quoted) = (vec![vec![]], String::new(), false);
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '"' if quoted && characters.peek() == Some(&'"') => cell.push(characters.next().expect("peeked")),
            '"' => quoted = !quoted,
            ',' | '\n' if !quoted => {
                rows.last_mut().expect("a row").push(std::mem::take(&mut cell));
                if character == '\n' {
                    rows.push(vec![]);
                }
            }
            other => cell.push(other),
        }
    }
    assert_eq!(rows.pop(), Some(vec![]), "the last row has no end");
    rows
}

fn column<'a>(table: &'a [Vec<String>], title: &str) -> Vec<&'a str> {
    let index = table[0].iter().position(|cell| cell == title).unwrap_or_else(|| panic!("{title} in {:?}", table[0]));
    table[1..].iter().map(|row| row[index].as_str()).collect()
}

#[test]
fn a_line_is_in_the_file_when_its_frame_is_out_and_the_pool_comes_last() {
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
            "model": "metaiqa", "kind": "nr", "state": "scored", "score": 3.0, "raw": 3.0 / 20.0 - 1.0, "latency": 1_000_000,
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
fn a_pipeline_that_is_just_stopped_has_its_pool_too() {
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
    assert_eq!(document["pooled_metrics"]["iqascore0_score"]["mean"], 7.0);
}

#[test]
fn nothing_is_touched() {
    let folder = Folder::new();
    let log = element(&folder.file("log"), "json-lines");
    let mut harness = harness(&log);
    for buffer in [numbered(1), frame(None, &[]), gst::Buffer::new()] {
        let pointer = buffer.as_ptr();
        harness.push(buffer).expect("flow");
        let out = harness.pull().expect("the buffer");
        assert_eq!(out.as_ptr(), pointer);
        assert!(out.is_writable(), "nobody keeps a reference");
    }
    let caps = harness.element().expect("iqalog").static_pad("src").expect("src").current_caps();
    assert_eq!(caps, Some(gst::Caps::new_empty_simple("application/x-anything")));
}

#[test]
fn lists_stay_lists_and_each_of_their_frames_is_logged() {
    let folder = Folder::new();
    let path = folder.file("log");
    let log = element(&path, "json-lines");
    let harness = harness(&log);
    let (sender, lists) = std::sync::mpsc::channel();
    let src = log.static_pad("src").expect("src");
    src.add_probe(gst::PadProbeType::BUFFER | gst::PadProbeType::BUFFER_LIST, move |_, info| {
        sender.send(info.buffer_list().map(|list| list.len())).expect("a receiver");
        gst::PadProbeReturn::Ok
    });
    let mut list = gst::BufferList::new();
    (0..3).for_each(|i| list.get_mut().expect("new").add(numbered(i)));
    let upstream = log.static_pad("sink").and_then(|sink| sink.peer()).expect("the harness's pad");
    upstream.push_list(list).expect("flow");
    assert_eq!(lists.try_iter().collect::<Vec<_>>(), [Some(3)]);
    assert_eq!(lines(&path).len(), 3);
    drop(harness);
}

#[test]
fn queries_and_events_pass() {
    let folder = Folder::new();
    let log = element(&folder.file("log"), "json-lines");
    let mut harness = harness(&log);
    harness.set_upstream_latency(gst::ClockTime::from_mseconds(30));
    assert_eq!(harness.query_latency(), Some(gst::ClockTime::from_mseconds(30)));
    harness.add_propose_allocation_meta(gst::meta::ProtectionMeta::meta_api(), None);
    let mut allocation = gst::query::Allocation::new(None, false);
    assert!(log.static_pad("sink").expect("sink").query(&mut allocation));
    assert!(allocation.find_allocation_meta::<gst::meta::ProtectionMeta>().is_some());
    let sink_caps = log.static_pad("sink").expect("sink").query_caps(None);
    assert!(sink_caps.is_any(), "what downstream takes: {sink_caps}");
    assert!(harness.push_upstream_event(gst::event::Reconfigure::new()));
    assert!(harness.pull_upstream_event().is_ok());
    harness.push_event(gst::event::Tag::new(gst::TagList::new()));
    let mut types = Vec::new();
    while let Ok(event) = harness.try_pull_event().ok_or(()) {
        types.push(event.type_());
    }
    assert!(types.contains(&gst::EventType::Tag), "{types:?}");
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
    // Two seconds of the segment at double speed, after one of base; 5 lies before the segment.
    assert_eq!(times[0], (json!(12_000_000_000u64), json!(2_000_000_000u64)));
    assert_eq!(times[1..], [(json!(5), Value::Null), (Value::Null, Value::Null), (json!(7), Value::Null)]);
}

#[test]
fn what_has_no_value_is_absent_and_maps_are_left_out() {
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

/// As `mode=live` gives them: nothing at first, then each score on several frames.
fn live() -> Vec<gst::Structure> {
    let carried = |pts: u64, score: f64, latency: u64, age: u64| {
        let mut entry = scored(score);
        entry.set("state", "skipped");
        entry.set("scored-pts", pts);
        entry.set("latency", latency);
        entry.set("age", age);
        entry.set("attributes", gst::Structure::builder("attributes").field("noise", score / 2.0).build());
        entry
    };
    vec![
        skipped(),
        skipped(),
        carried(0, 10.0, 70, 80),
        carried(0, 10.0, 70, 120),
        carried(80, 10.0, 70, 80),
        carried(160, 40.0, 71, 40),
        carried(160, 40.0, 71, 80),
    ]
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
    // Its own score, which the next frame carries on.
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
    assert_eq!((&pool["attributes"]["noise"]["count"], &pool["attributes"]["noise"]["max"]), (&json!(3), &json!(20.0)));
}

#[test]
fn flushes_and_loops_go_on_counting() {
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
    assert_eq!(document["pooled_metrics"]["iqascore0_score"]["mean"], 4.0);
}

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
    let title = "element field scored count mean harmonic-mean median min max p1 p5 p10";
    assert_eq!(pool[0].join(" "), title);
    assert_eq!(column(&pool, "field"), ["score", "raw", "attributes_noise", "score", "raw"]);
    assert_eq!(column(&pool, "element"), ["s", "s", "s", "late", "late"]);
    assert_eq!(column(&pool, "scored"), ["4", "4", "4", "1", "1"]);
    assert_eq!(column(&pool, "mean")[0], (115.5 / 4.0).to_string());
    assert_eq!(column(&pool, "p5"), ["10.0", "", "5.0", "1.0", ""]);
}

#[test]
fn csv_takes_its_columns_from_the_first_row() {
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

#[test]
fn an_empty_stream_leaves_whole_files() {
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

#[test]
fn rotation_keeps_whole_lines_in_so_many_files() {
    let folder = Folder::new();
    let path = folder.file("log");
    let size = {
        let log = element(&folder.file("one"), "json-lines");
        let mut harness = harness(&log);
        harness.push(numbered(10)).expect("flow");
        fs::metadata(folder.file("one")).expect("a log").len()
    };
    fs::remove_file(folder.file("one")).expect("a log");
    let log = element(&path, "json-lines");
    log.set_property("max-file-size", 5 * size);
    log.set_property("max-files", 3u32);
    let mut first = harness(&log);
    (10..30).for_each(|i| {
        first.push(numbered(i)).expect("flow");
    });
    first.push_event(gst::event::Eos::new());
    assert_eq!(folder.names(), ["log", "log.1", "log.2"]);
    let scores = |name: &str| -> Vec<_> {
        lines(folder.file(name)).iter().filter_map(|line| line["scores"]["iqascore0"]["score"].as_f64()).collect()
    };
    let (oldest, newest) = (scores("log.2"), scores("log"));
    assert_eq!([oldest, scores("log.1"), newest].concat().last(), Some(&29.0));
    for name in ["log", "log.1", "log.2"] {
        let pool = u64::from(name == "log");
        assert_eq!(lines(folder.file(name)).iter().filter(|line| line.get("pool").is_some()).count() as u64, pool);
    }
    for name in ["log.1", "log.2"] {
        assert!((4..=5).contains(&scores(name).len()), "{:?}", scores(name));
        assert!(fs::metadata(folder.file(name)).expect("a log").len() <= 5 * size);
    }
    let before = fs::read_to_string(&path).expect("the log");
    drop(first);
    // The next run does not overwrite what this one has written.
    log.set_state(gst::State::Null).expect("NULL");
    let mut second = harness(&log);
    second.push(numbered(99)).expect("flow");
    assert_eq!(fs::read_to_string(folder.file("log.1")).expect("the log"), before);
    assert_eq!(folder.names(), ["log", "log.1", "log.2"]);
}

#[test]
fn rotation_without_a_limit_and_with_one_file_and_csv_headers() {
    let folder = Folder::new();
    for (name, files, expected) in [("all", 0u32, 6), ("one", 1, 1)] {
        let log = element(&folder.file(name), "csv");
        log.set_property("max-file-size", 1u64);
        log.set_property("max-files", files);
        let mut harness = harness(&log);
        (0..6).for_each(|i| {
            harness.push(numbered(i)).expect("flow");
        });
        let found: Vec<_> = folder.names().into_iter().filter(|file| file.starts_with(name)).collect();
        assert_eq!(found.len(), expected, "{found:?}");
        for file in found {
            let rows = table(&folder.file(&file));
            assert_eq!((rows.len(), rows[0][0].as_str()), (2, "pts"), "{file}");
        }
        assert_eq!(column(&table(&folder.file(name)), "iqascore0_score"), ["5.0"]);
    }
    assert_eq!(column(&table(&folder.file("all.5")), "iqascore0_score"), ["0.0"]);
}

#[test]
fn what_is_no_file_is_not_rotated() {
    let folder = Folder::new();
    let path = folder.file("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&path).status().expect("mkfifo").success());
    let reader = std::thread::spawn({
        let path = path.clone();
        move || fs::read_to_string(path).expect("the pipe")
    });
    let log = element(&path, "json-lines");
    log.set_property("max-file-size", 1u64);
    let mut harness = harness(&log);
    (0..4).for_each(|i| {
        harness.push(numbered(i)).expect("flow");
    });
    drop(harness);
    log.set_state(gst::State::Null).expect("NULL");
    assert_eq!(reader.join().expect("the reader").lines().count(), 5);
    assert_eq!(folder.names(), ["pipe"]);
}

#[test]
fn a_rotated_csv_has_columns_for_what_came_up_before() {
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

#[test]
fn reopen_follows_a_rotation_from_outside_and_appends_without_one() {
    let folder = Folder::new();
    let path = folder.file("log");
    let log = element(&path, "json-lines");
    log.emit_by_name::<()>("reopen", &[]);
    assert!(!Path::new(&path).exists(), "nothing is open yet");
    let mut harness = harness(&log);
    harness.push(numbered(0)).expect("flow");
    log.emit_by_name::<()>("reopen", &[]);
    harness.push(numbered(1)).expect("flow");
    assert_eq!(lines(&path).len(), 2);
    fs::rename(&path, folder.file("moved")).expect("a log");
    harness.push(numbered(2)).expect("flow");
    assert_eq!(lines(folder.file("moved")).len(), 3, "until reopened, the same file is written");
    log.emit_by_name::<()>("reopen", &[]);
    harness.push(numbered(3)).expect("flow");
    harness.push_event(gst::event::Eos::new());
    assert_eq!(lines(folder.file("moved")).len(), 3);
    let lines = lines(&path);
    assert_eq!((lines.len(), &lines[1]["pool"]["iqascore0"]["scored"]), (2, &json!(4)));
}

/// The error that a pipeline with this element ends in when it is started.
fn start_error(log: &gst::Element) -> (gst::glib::Error, String) {
    let pipeline = gst::Pipeline::new();
    pipeline.add(log).expect("a new pipeline");
    assert!(pipeline.set_state(gst::State::Paused).is_err(), "it cannot start");
    let bus = pipeline.bus().expect("a bus");
    let message = bus.pop_filtered(&[gst::MessageType::Error]).expect("an error");
    pipeline.set_state(gst::State::Null).expect("NULL");
    match message.view() {
        gst::MessageView::Error(error) => (error.error(), error.error().to_string()),
        _ => unreachable!("filtered"),
    }
}

#[test]
fn what_cannot_work_is_an_error_at_the_start_that_says_why() {
    let folder = Folder::new();
    let missing = folder.file("nowhere/log");
    init();
    let unset = gst::ElementFactory::make("iqalog").build().expect("iqalog");
    let rotated = |location: &str, format| {
        let log = element(location, format);
        log.set_property("max-file-size", 5u64);
        log
    };
    let cases = [
        (unset, gst::ResourceError::NotFound, vec!["set location"]),
        (element(&missing, "json-lines"), gst::ResourceError::OpenWrite, vec![missing.as_str(), "No such file"]),
        (element(&missing, "vmaf-json"), gst::ResourceError::OpenWrite, vec![missing.as_str(), "No such file"]),
        (element(&folder.file(""), "csv"), gst::ResourceError::OpenWrite, vec!["directory"]),
        (element(&folder.file("."), "vmaf-json"), gst::ResourceError::OpenWrite, vec!["directory"]),
        (element("-", "vmaf-json"), gst::ResourceError::Settings, vec!["set location"]),
        (rotated(&folder.file("a"), "vmaf-json"), gst::ResourceError::Settings, vec!["max-file-size=0"]),
        (rotated("-", "csv"), gst::ResourceError::Settings, vec!["max-file-size=0"]),
    ];
    for (log, kind, words) in cases {
        let (error, text) = start_error(&log);
        assert!(error.matches(kind), "{kind:?}: {text}");
        words.iter().for_each(|word| assert!(text.contains(word), "{word} in {text}"));
        // A later try may succeed.
        log.set_property("location", folder.file("good"));
        log.set_property("max-file-size", 0u64);
        log.set_state(gst::State::Paused).expect("a good location");
        log.set_state(gst::State::Null).expect("NULL");
    }
}

#[test]
fn a_full_disk_stops_the_stream_with_an_error() {
    let log = element("/dev/full", "json-lines");
    let bus = gst::Bus::new();
    log.set_bus(Some(&bus));
    let mut harness = harness(&log);
    assert_eq!(harness.push(numbered(0)), Err(gst::FlowError::Error));
    assert_eq!(harness.push(numbered(1)), Err(gst::FlowError::Error));
    harness.push_event(gst::event::Eos::new());
    let errors: Vec<_> = bus.iter().filter(|message| message.type_() == gst::MessageType::Error).collect();
    assert_eq!(errors.len(), 1, "one for the whole misery");
    match errors[0].view() {
        gst::MessageView::Error(error) => {
            assert!(error.error().matches(gst::ResourceError::NoSpaceLeft), "{error:?}");
            assert!(error.error().to_string().contains("/dev/full"), "{error:?}");
        }
        _ => unreachable!("filtered"),
    }
}

#[test]
fn a_stream_without_scores_is_warned_of_once_and_not_logged() {
    let folder = Folder::new();
    for (frames, at_once) in [(3, 0), (150, 1)] {
        let path = folder.file("log");
        let log = element(&path, "json-lines");
        let bus = gst::Bus::new();
        log.set_bus(Some(&bus));
        let mut harness = harness(&log);
        let warnings = || bus.iter().filter(|message| message.type_() == gst::MessageType::Warning).count();
        (0..frames).for_each(|_| {
            harness.push(frame(None, &[])).expect("flow");
        });
        assert_eq!(warnings(), at_once);
        harness.push_event(gst::event::Eos::new());
        assert_eq!(warnings(), 1 - at_once);
        assert_eq!(lines(&path), [json!({"pool": {}})]);
    }
}

#[test]
fn it_stands_behind_an_encoder() {
    let folder = Folder::new();
    let path = folder.file("log");
    let log = element(&path, "json-lines");
    let pipeline = gst::parse::launch(
        "videotestsrc num-buffers=30 ! video/x-raw,width=64,height=64,framerate=25/1 ! identity name=scorer !
         x264enc tune=zerolatency ! identity name=before ! fakesink name=after",
    )
    .expect("x264enc and its like are installed for the tests");
    let bin = pipeline.downcast_ref::<gst::Bin>().expect("a pipeline");
    bin.add(&log).expect("a new element");
    let (before, after) = (bin.by_name("before").expect("before"), bin.by_name("after").expect("after"));
    before.unlink(&after);
    gst::Element::link_many([&before, &log, &after]).expect("ANY links with anything");
    let scorer = bin.by_name("scorer").and_then(|identity| identity.static_pad("src")).expect("identity");
    scorer.add_probe(gst::PadProbeType::BUFFER, |_, info| {
        let buffer = info.buffer_mut().expect("a buffer").make_mut();
        let score = buffer.pts().map_or(0.0, |pts| pts.mseconds() as f64 / 40.0);
        gstonnxiqa::meta::attach(buffer, "iqascore0", scored(score)).expect("the meta is registered");
        gst::PadProbeReturn::Ok
    });
    pipeline.set_state(gst::State::Playing).expect("PLAYING");
    let bus = pipeline.bus().expect("a bus");
    let kinds = [gst::MessageType::Eos, gst::MessageType::Error];
    let message = bus.timed_pop_filtered(gst::ClockTime::from_seconds(60), &kinds).expect("an end");
    assert_eq!(message.type_(), gst::MessageType::Eos, "{message:?}");
    let lines = lines(&path);
    pipeline.set_state(gst::State::Null).expect("NULL");
    assert_eq!(lines.len(), 31);
    // The encoder moves time stamps and segment; running time stays the frame's own.
    for (i, line) in lines[..30].iter().enumerate() {
        assert_eq!(line["running-time"], i as u64 * 40_000_000);
        assert_eq!(line["scores"]["iqascore0"]["score"], i as f64);
    }
    assert_eq!(lines[30]["pool"]["iqascore0"]["scored"], 30);
}

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
        child.args(["--exact", "standard_output", "--nocapture"]).env(CHILD, format);
        let output = child.output().expect("this test again");
        assert!(output.status.success());
        String::from_utf8(output.stdout).expect("UTF-8")
    };
    let text = run("json-lines");
    // The test harness talks too.
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
