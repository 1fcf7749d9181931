// SPDX-License-Identifier: MPL-2.0

//! Measures of single frames, with a model and without one.

use crate::common::*;
use onnx_iqa_testkit as kit;

const LARGE: &str = "video/x-raw,format=GRAY8,width=320,height=240,framerate=25/1";

fn without_model(measures: &str) -> gst::element_factory::ElementBuilder<'_> {
    init();
    let element = gst::ElementFactory::make("iqascore").name("q").property("model", "none").property("threads", 1u32);
    if measures.is_empty() { element } else { element.property_from_str("measures", measures) }
}

/// Frame number `n`: a gradient in steps of that many columns.
fn slope(n: u64, columns: usize) -> gst::Buffer {
    let mut buffer =
        gst::Buffer::from_mut_slice((0..320 * 240).map(|i| (80 + i % 320 / columns) as u8).collect::<Vec<_>>());
    let fields = buffer.get_mut().unwrap();
    fields.set_pts(n * FRAME);
    fields.set_duration(FRAME);
    buffer
}

#[test]
fn they_are_beside_the_score() {
    let dir = kit::TempDir::new();
    for mode in ["every-frame", "live"] {
        let element =
            iqascore(&mean_model(&dir)).property_from_str("measures", "luma+motion").property_from_str("mode", mode);
        let harness = ElementHarness::started(element.property("frame-messages", true).build().unwrap(), CAPS);
        let mut messages = Vec::new();
        for (n, value) in [(0, 0), (1, 51), (2, 51)] {
            harness.push(gray(n, value)).unwrap();
            // One after another: in live mode, a frame that comes too early is not measured.
            messages.push(harness.message("iqa-score"));
        }
        harness.finish();
        let values = |field: &str| messages.iter().map(|message| message.get::<f64>(field).ok()).collect::<Vec<_>>();
        let means = values("luma-mean").into_iter().map(Option::unwrap).collect::<Vec<_>>();
        for (mean, expected) in means.iter().zip([0.0, 0.2, 0.2]) {
            near(*mean, expected, 1e-6);
        }
        assert_eq!(values("luma-deviation").len(), 3);
        let motion = values("motion");
        assert_eq!((motion[0], motion[2]), (None, Some(0.0)), "{mode}");
        near(motion[1].unwrap(), 0.2, 1e-6);
        assert!(
            messages.iter().all(|message| message.get::<f64>("score").is_ok() && message.get::<f64>("cambi").is_err())
        );
        assert_eq!(messages[0].get::<u64>("depth"), Ok(8));
        assert!(harness.warnings().is_empty());
    }
}

#[test]
fn without_a_model_there_are_only_measures() {
    let harness = ElementHarness::started(without_model("cambi+luma").build().unwrap(), LARGE);
    (0..4).for_each(|n| _ = harness.push(slope(n, 40)).unwrap());
    let frames = harness.finish();
    for frame in &frames {
        let entry = entry(frame);
        assert_eq!((entry.get::<&str>("model"), entry.get::<&str>("state")), (Ok("none"), Ok("scored")));
        assert!(entry.get::<f64>("score").is_err() && entry.get::<f64>("motion").is_err());
        assert!(entry.get::<f64>("cambi").unwrap() > 1.0 && entry.get::<f64>("luma-mean").is_ok());
    }
    assert_eq!((frames.len(), harness.stat("scored")), (4, 4));
    let stats = harness.stats();
    let mean = entry(&frames[0]).get::<f64>("luma-mean").unwrap();
    near(stats.get::<f64>("mean").unwrap(), mean, 1e-9);
    assert!(harness.warnings().is_empty());
}

#[test]
fn only_scored_frames_are_measured() {
    let harness = ElementHarness::started(without_model("motion").property("interval", 2u32).build().unwrap(), CAPS);
    (0..4).for_each(|n| _ = harness.push(gray(n, 51 * n as u8)).unwrap());
    let entries: Vec<_> = harness.finish().iter().map(|frame| entry(frame)).collect();
    let states: Vec<_> = entries.iter().map(|entry| entry.get::<&str>("state").unwrap()).collect();
    assert_eq!(states, ["scored", "skipped", "scored", "skipped"]);
    assert_eq!(entries[0].get::<f64>("motion").ok(), None);
    near(entries[2].get("motion").unwrap(), 0.4, 1e-6);
    near(entries[3].get("motion").unwrap(), 0.4, 1e-6);
}

#[test]
fn a_flush_restarts_motion() {
    let harness = ElementHarness::started(without_model("motion").build().unwrap(), CAPS);
    harness.push(gray(0, 0)).unwrap();
    harness.frames(1);
    harness.flush();
    harness.push(gray(1, 51)).unwrap();
    let frames = harness.finish();
    assert!(entry(frames.last().unwrap()).get::<f64>("motion").is_err());
}

#[test]
fn banding_raises_an_alarm_and_its_end_clears_it() {
    let element = without_model("cambi").property("window", 200_000_000u64).property("alarm-hysteresis", 0.5);
    let harness = ElementHarness::started(element.property("alarm-above", 1.0).build().unwrap(), LARGE);
    (0..6).for_each(|n| _ = harness.push(slope(n, 40)).unwrap());
    // A single gray has no bands.
    (6..16).for_each(|n| _ = harness.push(slope(n, 320)).unwrap());
    harness.finish();
    let alarms: Vec<_> =
        harness.messages_named("iqa-alarm").iter().map(|alarm| alarm.get::<bool>("active").unwrap()).collect();
    assert_eq!(alarms, [true, false]);
    assert!(harness.warnings().is_empty());
}

#[test]
fn missing_measures_are_reported_once() {
    let harness = ElementHarness::started(without_model("cambi+luma").build().unwrap(), CAPS);
    (0..3).for_each(|n| _ = harness.push(gray(n, 51)).unwrap());
    harness.finish();
    assert_one(&harness.warnings(), &["cambi", "R'G'B'"]);
    let small = "video/x-raw,format=GRAY8,width=6,height=4,framerate=25/1";
    let harness = ElementHarness::started(without_model("cambi+luma").build().unwrap(), small);
    // Rows are padded to 8 bytes: 32 in all. The test's gray frames have 24.
    let mut buffer = gst::Buffer::from_mut_slice(vec![51u8; 32]);
    buffer.get_mut().unwrap().set_pts(gst::ClockTime::ZERO);
    harness.push(buffer).unwrap();
    harness.finish();
    assert_one(&harness.warnings(), &["cambi", "216", "6x4"]);
}

#[test]
fn nothing_to_do_is_refused() {
    let text = refused(&without_model("").build().unwrap());
    assert!(text.contains("model is none") && text.contains("measures"), "{text}");
}
