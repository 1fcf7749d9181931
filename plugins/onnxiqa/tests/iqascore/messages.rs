// SPDX-License-Identifier: MPL-2.0

//! Messages on the bus, and `stats`.

use crate::common::*;
use crate::meta::ATTRIBUTES;
use gst::prelude::*;
use onnx_iqa_testkit as kit;

fn pool(summary: &gst::StructureRef, field: &str) -> gst::Structure {
    summary.get(field).unwrap_or_else(|error| panic!("{summary}: {error}"))
}

fn harness(properties: &[(&str, &str)]) -> (kit::TempDir, ElementHarness) {
    let dir = kit::TempDir::new();
    let element = iqascore(&mean_model(&dir)).build().unwrap();
    for (name, value) in properties {
        element.set_property_from_str(name, value);
    }
    let harness = ElementHarness::started(element, CAPS);
    (dir, harness)
}

#[test]
fn a_message_for_every_score_on_request() {
    let (_dir, harness) = harness(&[("interval", "2")]);
    assert!(harness.event(gst::event::Segment::new(&{
        let mut segment = gst::FormattedSegment::<gst::ClockTime>::new();
        segment.set_start(10 * FRAME);
        segment.set_time(1000 * FRAME);
        segment.set_base(5 * FRAME);
        segment
    })));
    harness.push(gray(10, 51)).unwrap();
    harness.frames(1);
    harness.element.set_property("frame-messages", true);
    for n in 11..14 {
        harness.push(gray(n, shade(n))).unwrap();
    }
    harness.frames(4);
    let messages = harness.messages_named("iqa-score");
    assert_eq!(messages.len(), 1, "{messages:?}");
    let message = &messages[0];
    let all = ["age", "kind", "latency", "model", "raw", "running-time", "score", "scored-pts", "state", "stream-time"];
    assert_eq!(fields(message), all);
    assert_eq!(message.get("scored-pts"), Ok((12 * FRAME).nseconds()));
    assert_eq!(message.get("running-time"), Ok((7 * FRAME).nseconds()));
    assert_eq!(message.get("stream-time"), Ok((1002 * FRAME).nseconds()));
    near(message.get("score").unwrap(), score_of(shade(12)), 1e-3);
    harness.element.set_property("frame-messages", false);
    harness.push(gray(14, 1)).unwrap();
    harness.finish();
    assert!(harness.messages_named("iqa-score").is_empty());
}

#[test]
fn the_sender_is_the_element() {
    let (_dir, harness) = harness(&[("frame-messages", "true")]);
    harness.push(gray(0, 1)).unwrap();
    harness.frames(1);
    let message = harness.bus.pop_filtered(&[gst::MessageType::Element]).unwrap();
    assert_eq!(message.src().map(|source| source.name()), Some(harness.element.name()));
}

#[test]
fn the_summary_is_posted_before_eos_leaves_and_its_numbers_are_right() {
    let (_dir, harness) = harness(&[("interval", "2")]);
    let bus = harness.bus.clone();
    let posted = std::sync::Arc::new(std::sync::Mutex::new(None));
    let seen = posted.clone();
    harness.sink.add_probe(gst::PadProbeType::EVENT_DOWNSTREAM, move |_, info| {
        if info.event().is_some_and(|event| event.type_() == gst::EventType::Eos) {
            let mut messages = std::iter::from_fn(|| bus.pop_filtered(&[gst::MessageType::Element]));
            *seen.lock().unwrap() = messages.find_map(|message| {
                message.structure().filter(|structure| structure.name() == "iqa-summary").map(ToOwned::to_owned)
            });
        }
        gst::PadProbeReturn::Ok
    });
    // Scored: 0, 20, 40, … 180 of 255.
    for n in 0..20 {
        harness.push(gray(n, (n * 10) as u8)).unwrap();
    }
    harness.finish();
    let summary = posted.lock().unwrap().take().expect("no summary before EOS");
    assert_eq!((summary.get::<&str>("model"), summary.get::<&str>("kind")), (Ok("mean"), Ok("nr")));
    assert_eq!(
        (summary.get("scored"), summary.get("skipped"), summary.get("failed")),
        (Ok(10u64), Ok(10u64), Ok(0u64))
    );
    let values: Vec<_> = (0..10).map(|n| score_of(n * 20)).collect();
    let score = pool(&summary, "score");
    let all = ["count", "harmonic-mean", "max", "mean", "median", "min", "p1", "p10", "p5"];
    let known: Vec<_> = fields(&score).into_iter().filter(|field| field != "count").collect();
    assert_eq!(known, all[1..]);
    let harmonic = 10.0 / values.iter().map(|value| 1.0 / (value + 1.0)).sum::<f64>() - 1.0;
    let expected = [
        ("mean", values.iter().sum::<f64>() / 10.0),
        ("harmonic-mean", harmonic),
        ("min", values[0]),
        ("max", values[9]),
        ("median", values[4]),
        ("p1", values[0]),
        ("p5", values[0]),
        ("p10", values[0]),
    ];
    for (field, value) in expected {
        near(score.get(field).unwrap(), value, 0.011);
    }
    near(pool(&summary, "raw").get("mean").unwrap(), values.iter().sum::<f64>() / 1000.0, 1e-4);
}

#[test]
fn an_empty_stream_has_a_summary_without_numbers() {
    let (_dir, harness) = harness(&[]);
    harness.finish();
    let messages = harness.messages();
    assert_eq!(messages.len(), 1, "{messages:?}");
    assert_eq!(fields(&messages[0]), ["failed", "kind", "model", "model-hash", "scored", "skipped"]);
    assert_eq!(fields(&harness.stats()), ["failed", "frames", "scored", "skipped"]);
}

#[test]
fn stats_are_consistent() {
    let (_dir, harness) = harness(&[("interval", "2")]);
    for n in 0..10 {
        harness.push(gray(n, (n * 10) as u8)).unwrap();
    }
    harness.finish();
    let stats = harness.stats();
    let all = ["failed", "frames", "last", "latency-mean", "latency-p99", "mean", "min", "p5", "scored", "skipped"];
    assert_eq!(fields(&stats), all);
    assert_eq!(["frames", "scored", "skipped", "failed"].map(|field| harness.stat(field)), [10, 5, 5, 0]);
    near(stats.get("mean").unwrap(), score_of(40), 1e-3);
    near(stats.get("min").unwrap(), 0.0, 1e-3);
    near(stats.get("p5").unwrap(), 0.0, 0.011);
    near(stats.get("last").unwrap(), score_of(80), 1e-3);
    assert!(harness.stat("latency-mean") > 0 && harness.stat("latency-p99") >= harness.stat("latency-mean") / 2);
}

#[test]
fn each_window_once_and_empty_ones_without_statistics() {
    // Windows of 10 frames; from the 20th on, nothing is scored.
    let (_dir, harness) = harness(&[("window", "400000000")]);
    for n in 0..45 {
        if n == 20 {
            harness.element.set_property("interval", 1000u32);
        }
        harness.push(gray(n, (n * 5) as u8)).unwrap();
    }
    harness.finish();
    let windows = harness.messages_named("iqa-window");
    let counts: Vec<(u64, u64)> =
        windows.iter().map(|window| (window.get("scored").unwrap(), window.get("skipped").unwrap())).collect();
    assert_eq!(counts, [(10, 0), (10, 0), (0, 10), (0, 10), (0, 5)]);
    near(windows[0].get("mean").unwrap(), score_of(5) * 4.5, 1e-3);
    near(windows[1].get("min").unwrap(), score_of(50), 1e-3);
    near(windows[1].get("p5").unwrap(), score_of(50), 0.011);
    for window in &windows[2..] {
        assert!(!["mean", "min", "p5"].iter().any(|field| window.has_field(*field)), "{window}");
    }
}

#[test]
fn the_window_may_change_while_playing() {
    let (_dir, harness) = harness(&[("window", "400000000")]);
    for n in 0..40 {
        if n == 20 {
            // The window of frame 20 is not open yet.
            harness.frames(20);
            harness.element.set_property("window", 200_000_000u64);
        }
        harness.push(gray(n, 9)).unwrap();
    }
    harness.finish();
    let counts: Vec<u64> =
        harness.messages_named("iqa-window").iter().map(|window| window.get("scored").unwrap()).collect();
    assert_eq!(counts, [10, 10, 5, 5, 5, 5]);
}

/// Windows of five frames; all frames of the kth window have the kth gray.
fn alarms(harness: &ElementHarness, first: u64, grays: &[u8]) {
    for (k, gray_value) in grays.iter().enumerate() {
        for n in 0..5 {
            harness.push(gray(first + k as u64 * 5 + n, *gray_value)).unwrap();
        }
    }
}

fn changes(harness: &ElementHarness) -> Vec<(bool, f64)> {
    let messages = harness.messages_named("iqa-alarm");
    messages.iter().map(|m| (m.get("active").unwrap(), m.get::<f64>("mean").unwrap().round())).collect()
}

#[test]
fn an_alarm_is_raised_and_clears_with_hysteresis() {
    let (_dir, harness) = harness(&[("window", "200000000"), ("alarm-below", "40"), ("alarm-hysteresis", "20")]);
    // 80, 20, 40, 59, 61, 45, 39 of 100.
    alarms(&harness, 0, &[204, 51, 102, 150, 156, 115, 99]);
    harness.finish();
    assert_eq!(changes(&harness), [(true, 20.0), (false, 61.0), (true, 39.0)]);
}

#[test]
fn a_window_without_scores_does_not_change_the_alarm() {
    let (_dir, harness) = harness(&[("window", "200000000"), ("alarm-below", "40")]);
    alarms(&harness, 0, &[51]);
    harness.element.set_property("interval", 1_000_000u32);
    alarms(&harness, 5, &[255, 255, 255]);
    harness.element.set_property("interval", 1u32);
    alarms(&harness, 20, &[51, 255]);
    harness.finish();
    assert_eq!(changes(&harness), [(true, 20.0), (false, 100.0)]);
}

#[test]
fn alarm_settings_may_change_while_playing() {
    let (_dir, harness) = harness(&[("window", "200000000")]);
    alarms(&harness, 0, &[51, 51]);
    harness.frames(10);
    assert!(changes(&harness).is_empty(), "off");
    harness.element.set_property("alarm-below", 30.0);
    alarms(&harness, 10, &[51, 82]);
    harness.frames(20);
    assert_eq!(changes(&harness), [(true, 20.0)]);
    // 32 is not 5 above 30, but 1 above.
    harness.element.set_property("alarm-hysteresis", 1.0);
    alarms(&harness, 20, &[82, 82]);
    harness.frames(30);
    assert_eq!(changes(&harness), [(false, 32.0)]);
    harness.element.set_property("alarm-field", "raw");
    harness.element.set_property("alarm-below", 0.5);
    alarms(&harness, 30, &[102, 255]);
    harness.finish();
    let messages: Vec<f64> = harness
        .messages()
        .iter()
        .filter(|message| message.name() == "iqa-alarm" && message.get("active") == Ok(true))
        .map(|message| message.get("mean").unwrap())
        .collect();
    assert_eq!(messages.len(), 1);
    near(messages[0], 0.4, 1e-3);
}

#[test]
fn windows_and_alarms_can_use_attributes() {
    let dir = kit::TempDir::new();
    let model = kit::outputs_graph().contract(ATTRIBUTES).write(dir.path(), "outputs");
    let element = iqascore(&model).property("alarm-field", "green").property("alarm-below", 50.0).build().unwrap();
    let harness = ElementHarness::started(element, CAPS);
    let mut buffer = gray(0, 0);
    let mut map = buffer.get_mut().unwrap().map_writable().unwrap();
    map.chunks_mut(3).for_each(|pixel| pixel.copy_from_slice(&[255, 51, 255]));
    drop(map);
    harness.push(buffer).unwrap();
    harness.finish();
    let messages = harness.messages();
    let window = messages.iter().find(|message| message.name() == "iqa-window").unwrap();
    near(window.get("mean").unwrap(), 20.0, 1e-3);
    assert!(messages.iter().any(|message| message.name() == "iqa-alarm"), "{messages:?}");
    let summary = messages.iter().find(|message| message.name() == "iqa-summary").unwrap();
    near(pool(&pool(summary, "attributes"), "green").get("mean").unwrap(), 20.0, 1e-3);
}

#[test]
fn a_field_that_the_model_does_not_have_leaves_windows_without_numbers() {
    let (_dir, harness) = harness(&[("alarm-field", "sharpness"), ("alarm-below", "50")]);
    harness.push(gray(0, 0)).unwrap();
    harness.finish();
    let messages = harness.messages();
    let window = messages.iter().find(|message| message.name() == "iqa-window").unwrap();
    assert_eq!((window.get("scored"), window.has_field("mean")), (Ok(0u64), false), "{window}");
    assert!(!messages.iter().any(|message| message.name() == "iqa-alarm"));
}
