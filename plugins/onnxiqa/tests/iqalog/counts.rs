// SPDX-License-Identifier: MPL-2.0

//! Counts in logs: those of frames, and those reported by their element at the end.

use super::harness::{Folder, column, compared, element, frame, harness, lines, table};
use gst::prelude::*;
use gstonnxiqa::messages::Structured as _;
use serde_json::{Value, json};
use std::fs;

/// A comparison whose distorted stream starts 4 frames late: of 30 reference frames, 4 are outside. Runs it with a
/// pipeline fragment after it, in gst-launch syntax; returns the summary from the bus.
pub fn compare(behind: &str) -> gst::Structure {
    compare_with("", behind)
}

/// The same with these properties of `iqacompare`, in gst-launch syntax.
fn compare_with(properties: &str, behind: &str) -> gst::Structure {
    super::harness::init();
    let caps = "video/x-raw,format=I420,width=64,height=64,framerate=25/1";
    let description = format!(
        "videotestsrc num-buffers=30 pattern=ball ! {caps} ! tee name=t iqacompare name=c alignment=pts {properties}
         t. ! queue ! c.reference  t. ! queue ! identity name=late ! c.distorted  c. ! {behind}"
    );
    let pipeline = gst::parse::launch(&description).expect("elements of the tests");
    let bin = pipeline.downcast_ref::<gst::Bin>().expect("a pipeline");
    let late = bin.by_name("late").and_then(|late| late.static_pad("sink")).expect("identity");
    late.add_probe(gst::PadProbeType::BUFFER, |_, info| {
        let early = info.buffer().and_then(|buffer| buffer.pts()).is_some_and(|pts| pts.mseconds() < 160);
        if early { gst::PadProbeReturn::Drop } else { gst::PadProbeReturn::Ok }
    });
    pipeline.set_state(gst::State::Playing).expect("PLAYING");
    let bus = pipeline.bus().expect("a bus");
    let kinds = [gst::MessageType::Eos, gst::MessageType::Error, gst::MessageType::Element];
    let mut summary = None;
    loop {
        let message = bus.timed_pop_filtered(gst::ClockTime::from_seconds(60), &kinds).expect("an end");
        match message.view() {
            gst::MessageView::Element(element) => {
                let found = element.structure().filter(|structure| structure.name() == "iqa-summary");
                summary = found.map(ToOwned::to_owned).or(summary);
            }
            gst::MessageView::Eos(_) => break,
            _ => panic!("{message:?}"),
        }
    }
    pipeline.set_state(gst::State::Null).expect("NULL");
    summary.expect("a summary")
}

const LEDGER: [(&str, u64); 10] = [
    ("scored", 26),
    ("skipped", 0),
    ("failed", 0),
    ("distorted", 26),
    ("matched", 26),
    ("duplicate", 0),
    ("unmatched", 0),
    ("reference", 30),
    ("dropped", 0),
    ("outside", 4),
];

#[test]
fn every_format_has_the_ledger_of_the_element_also_behind_queues_and_an_encoder() {
    let folder = Folder::new();
    let log = |name: &str, format: &str| format!("iqalog location={} format={format}", folder.file(name));
    let summary = compare(&format!(
        "queue ! {} ! {} ! x264enc bframes=2 ! queue ! {} ! fakesink",
        log("lines", "json-lines"),
        log("table", "csv"),
        log("vmaf", "vmaf-json")
    ));
    let verdict = summary.get::<&str>("verdict").expect("a verdict");
    assert!(["aligned", "aligned-by-time"].contains(&verdict), "{summary}");
    let reasons = summary.get::<gst::Array>("reasons").expect("reasons");
    let reasons: Vec<&str> = reasons.iter().map(|reason| reason.get().expect("a text")).collect();
    assert_eq!(reasons.is_empty(), verdict == "aligned", "{summary}");
    let pools = lines(folder.file("lines")).pop().expect("a pool")["pool"]["c"].take();
    let pool_table = table(&folder.file("table.pool.csv"));
    let document: Value = serde_json::from_str(&fs::read_to_string(folder.file("vmaf")).expect("a log")).expect("JSON");
    for (name, count) in LEDGER {
        assert_eq!(summary.get::<u64>(name), Ok(count), "{name}");
        assert_eq!(pools[name], count, "{name}");
        assert_eq!(column(&pool_table, name)[0], count.to_string(), "{name}");
        assert_eq!(document["aggregate_metrics"][name], count, "{name}");
    }
    assert_eq!((&pools["verdict"], &pools["reasons"]), (&json!(verdict), &json!(reasons)));
    assert_eq!(column(&pool_table, "verdict")[0], verdict);
    assert_eq!(document["elements"]["c"]["verdict"], verdict);
    // Equal pictures: 100 dB, or 60 with libvmaf's limit for 8 bits.
    assert_eq!((&pools["psnr-y"]["of-mean-error"], &pools["psnr-cb"]["mean"]), (&json!(100.0), &json!(100.0)));
    assert_eq!(document["pooled_metrics"]["psnr_y"]["mean"], 60.0);
    assert_eq!(document["frames"].as_array().map(Vec::len), Some(26));
}

#[test]
fn frames_that_are_shown_twice_count_once() {
    let folder = Folder::new();
    let path = folder.file("log");
    let behind = format!("videorate ! video/x-raw,framerate=50/1 ! iqalog location={path} ! fakesink");
    compare(&behind);
    let mut lines = lines(&path);
    let pool = lines.pop().expect("a pool")["pool"]["c"].take();
    assert!(lines.len() >= 50, "{} frames", lines.len());
    assert_eq!((&pool["scored"], &pool["ssim"]["count"]), (&json!(26), &json!(26)));
}

#[test]
fn pairs_that_are_measured_and_not_scored_count_once_too() {
    let folder = Folder::new();
    let models = onnx_iqa_testkit::TempDir::new();
    let model = onnx_iqa_testkit::difference_model(models.path(), "difference");
    let properties = format!("model={} provider=cpu interval=4", model.display());
    let (path, doubled) = (folder.file("log"), folder.file("doubled"));
    let vmaf = folder.file("vmaf");
    let summary = compare_with(
        &properties,
        &format!(
            "iqalog location={path} ! iqalog location={vmaf} format=vmaf-json ! videorate \
             ! video/x-raw,framerate=50/1 ! iqalog location={doubled} ! fakesink"
        ),
    );
    assert_eq!((summary.get("scored"), summary.get("skipped")), (Ok(7u64), Ok(19u64)));
    for path in [path, doubled] {
        let pool = lines(&path).pop().expect("a pool")["pool"]["c"].take();
        assert_eq!((&pool["scored"], &pool["skipped"], &pool["matched"]), (&json!(7), &json!(19), &json!(26)));
        assert_eq!((&pool["score"]["count"], &pool["ssim"]["count"]), (&json!(7), &json!(26)), "{path}");
    }
    let document: Value = serde_json::from_str(&fs::read_to_string(vmaf).expect("a log")).expect("JSON");
    let frames = document["frames"].as_array().expect("frames");
    let with = |metric: &str| frames.iter().filter(|frame| !frame["metrics"][metric].is_null()).count();
    assert_eq!((frames.len(), with("ssim"), with("difference")), (26, 26, 7));
}

#[test]
fn without_a_summary_frames_are_counted_and_other_counts_absent() {
    let folder = Folder::new();
    let path = folder.file("log");
    let log = element(&path, "json-lines");
    let mut harness = harness(&log);
    for i in 0..4u64 {
        let mut entry = compared(i);
        match i {
            1 => entry.set("pairing", "duplicate"),
            2 => {
                entry.set("pairing", "unmatched");
                entry.set("state", "unmatched");
            }
            3 => entry.set("state", "failed"),
            _ => {}
        }
        // Each frame twice.
        for pts in [2 * i, 2 * i + 1] {
            harness.push(frame(Some(pts), &[("c", entry.clone())])).expect("flow");
            if i > 1 {
                break;
            }
        }
    }
    harness.push_event(gst::event::Eos::new());
    let pool = lines(&path).pop().expect("a pool")["pool"]["c"].take();
    let expected = json!({
        "model": "none", "scored": 2, "skipped": 0, "failed": 1, "distorted": 4, "matched": 2, "duplicate": 1,
        "unmatched": 1, "confidence": pool["confidence"],
    });
    assert_eq!(pool, expected);
}

#[test]
fn a_summary_is_valid_until_more_frames_come() {
    let folder = Folder::new();
    let path = folder.file("log");
    let log = element(&path, "json-lines");
    let mut harness = harness(&log);
    let structure = gst::Structure::builder("iqa-summary").field("scored", 7u64).field("skipped", 0u64);
    let structure = structure.field("failed", 0u64).field("dropped", 9u64).build();
    let summary = onnx_iqa::record::Summary::from_structure(&structure).expect("a summary");
    let mut eos = gst::event::Eos::new();
    gstonnxiqa::messages::add_summary(&mut eos, "c", &summary);
    harness.push(frame(Some(0), &[("c", compared(0))])).expect("flow");
    harness.push_event(eos);
    harness.push_event(gst::event::FlushStart::new());
    harness.push_event(gst::event::FlushStop::new(true));
    harness.push_event(gst::event::Segment::new(&gst::FormattedSegment::<gst::ClockTime>::new()));
    harness.push(frame(Some(40), &[("c", compared(40))])).expect("flow");
    drop(harness);
    log.set_state(gst::State::Null).expect("NULL");
    let lines = lines(&path);
    let pools: Vec<_> = lines.iter().filter_map(|line| line.get("pool")).map(|pool| &pool["c"]).collect();
    assert_eq!((&pools[0]["scored"], &pools[0]["dropped"]), (&json!(7), &json!(9)));
    assert_eq!((&pools[1]["scored"], pools[1].get("dropped")), (&json!(2), None));
}
