// SPDX-License-Identifier: MPL-2.0

//! The measure `vmaf`: frames wait for the next pairs, and every end of the wait is handled correctly.

use crate::common::*;
use gst::prelude::*;

const CAPS: &str = "video/x-raw,format=GRAY8,width=64,height=48,framerate=25/1";

/// Frame number `n`: a moving pattern with `percent` of its contrast.
fn pattern(n: u64, percent: u64) -> gst::Buffer {
    let sample = |i: u64| {
        let (x, y) = (i % 64 + n * n, i / 64);
        ((x * 7 % 61 + y * 5 % 47 + (x / 9 + y / 7) % 2 * 60) * percent / 100 + 40) as u8
    };
    let mut buffer = gst::Buffer::from_mut_slice((0..64 * 48).map(sample).collect::<Vec<_>>());
    let fields = buffer.get_mut().unwrap();
    fields.set_pts(n * FRAME);
    fields.set_duration(FRAME);
    buffer
}

fn element() -> gst::element_factory::ElementBuilder<'static> {
    iqacompare().property_from_str("measures", "psnr+vmaf")
}

fn feed(harness: &Compare, numbers: std::ops::Range<u64>) {
    let reference: Vec<_> = numbers.clone().map(|n| pattern(n, 100)).collect();
    harness.feed(reference, numbers.map(|n| pattern(n, 80)));
}

fn vmaf(buffer: &gst::Buffer) -> f64 {
    entry(buffer).get("vmaf").unwrap_or_else(|error| panic!("{error}: {}", entry(buffer)))
}

#[test]
fn every_frame_carries_its_vmaf_and_the_summary_names_the_model() {
    let harness = Compare::started(element().build().unwrap(), CAPS);
    feed(&harness, 0..8);
    let frames = harness.finish_both();
    assert_eq!(frames.len(), 8);
    let scores: Vec<_> = frames.iter().map(vmaf).collect();
    assert!(scores.iter().all(|score| (0.0..=100.0).contains(score)), "{scores:?}");
    assert!(scores[1..].iter().any(|score| (1.0..99.0).contains(score)), "nothing is measured: {scores:?}");
    let summary = &harness.messages_named("iqa-summary")[0];
    assert_eq!(summary.get::<&str>("vmaf-model"), Ok("vmaf_v0.6.1"));
    assert_eq!(summary.get::<&str>("vmaf-model-hash"), Ok("5950d61fa1f8"), "sha256sum of its file");
    let pool = summary.get::<gst::Structure>("vmaf").unwrap();
    near(pool.get("mean").unwrap(), scores.iter().sum::<f64>() / 8.0, 1e-9);
    harness.assert_ledger(&[("matched", 8), ("scored", 8)]);
}

#[test]
fn a_frame_waits_for_the_next_pair() {
    let harness = Compare::started(element().build().unwrap(), CAPS);
    feed(&harness, 0..3);
    // The reference is ahead of all of them, so that pairing waits for nothing.
    harness.feed([pattern(3, 100), pattern(4, 100)], []);
    let frames = harness.frames(2);
    assert_eq!(frames.len(), 2, "the third one waits");
    harness.feed([], [pattern(3, 80)]);
    harness.frames(3);
    assert_eq!(harness.finish_both().len(), 4, "the last one does not");
}

#[test]
fn another_model_gives_another_score() {
    let score = |model: &'static str| {
        let harness = Compare::started(element().property("vmaf-model", model).build().unwrap(), CAPS);
        feed(&harness, 0..2);
        let frames = harness.finish_both();
        let summary = &harness.messages_named("iqa-summary")[0];
        (vmaf(&frames[1]), summary.get::<String>("vmaf-model").unwrap())
    };
    let (default, _) = score("vmaf_v0.6.1");
    let (other, name) = score("vmaf_4k_v0.6.1");
    assert!(default != other && name == "vmaf_4k_v0.6.1", "{default} {other} {name}");
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../models/vmaf/vmaf_4k_v0.6.1.json");
    assert_eq!(score(path), (other, name));
}

#[test]
fn the_errors_of_unusable_models_have_the_cause() {
    let text = refused(&element().property("vmaf-model", "vmaf_v9").build().unwrap());
    assert!(text.contains("vmaf_v9") && text.contains("vmaf_v0.6.1neg"), "{text}");
    let folder = onnx_iqa_testkit::TempDir::new();
    let path = folder.path().join("other.json");
    let known =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../models/vmaf/vmaf_v1.0.16_3d0h.json"));
    std::fs::write(&path, known.unwrap().replace("feature_adm3_score", "feature_adm4_score")).unwrap();
    let path = path.display().to_string();
    let text = refused(&element().property("vmaf-model", path).build().unwrap());
    assert!(text.contains("VMAF_integer_feature_adm4_score"), "{text}");
    let text = refused(&element().property("vmaf-model", "/nowhere/x.json").build().unwrap());
    assert!(text.contains("/nowhere/x.json"), "{text}");
    // If VMAF is not measured, its model does not matter.
    let harness = Compare::started(iqacompare().property("vmaf-model", "vmaf_v9").build().unwrap(), CAPS);
    feed(&harness, 0..2);
    harness.finish_both();
    assert!(!harness.messages_named("iqa-summary")[0].has_field("vmaf-model"));
}

/// Caps of pictures that VMAF 1 accepts.
const CAPS_1: &str = "video/x-raw,format=I420,width=216,height=160,framerate=25/1";

/// Frame number `n` of these: a moving pattern in luma and chroma, with `percent` of its contrast.
fn pattern_1(n: u64, percent: u64) -> gst::Buffer {
    let plane = |width: u64, height: u64| {
        let sample = move |i: u64| {
            let (x, y) = (i % width + n * n, i / width);
            ((x * 7 % 61 + y * 5 % 47 + (x / 9 + y / 7) % 2 * 60) * percent / 100 + 40) as u8
        };
        (0..width * height).map(sample)
    };
    let data: Vec<_> = plane(216, 160).chain(plane(108, 80)).chain(plane(108, 80)).collect();
    let mut buffer = gst::Buffer::from_mut_slice(data);
    let fields = buffer.get_mut().unwrap();
    fields.set_pts(n * FRAME);
    fields.set_duration(FRAME);
    buffer
}

/// With a model for high frame rates, the first pair waits for two, all others for one.
#[test]
fn every_frame_carries_its_vmaf_1() {
    for model in ["vmaf_v1.0.16_3d0h", "vmaf_v1.0.16_hfr_3d0h"] {
        let harness = Compare::started(element().property("vmaf-model", model).build().unwrap(), CAPS_1);
        let waiting = if model.contains("hfr") { 2 } else { 1 };
        harness.feed((0..5).map(|n| pattern_1(n, 100)), (0..2).map(|n| pattern_1(n, 80)));
        assert_eq!(harness.frames(2 - waiting).len(), 2 - waiting, "{model}");
        harness.feed([], [pattern_1(2, 80)]);
        assert_eq!(harness.frames(2).len(), 2, "{model}: the third one waits");
        harness.feed([], (3..5).map(|n| pattern_1(n, 80)));
        let scores: Vec<_> = harness.finish_both().iter().map(vmaf).collect();
        assert!(scores.len() == 5 && scores.iter().all(|score| (1.0..99.0).contains(score)), "{scores:?}");
        let summary = &harness.messages_named("iqa-summary")[0];
        assert_eq!(summary.get::<&str>("vmaf-model"), Ok(model));
    }
}

#[test]
fn the_latency_includes_the_frames_that_the_model_waits_for() {
    let latency = |measures: &'static str, model: &'static str| {
        let element = iqacompare().property_from_str("measures", measures).property("vmaf-model", model);
        let harness = Compare::new(element.build().unwrap());
        for upstream in [&harness.reference, &*harness] {
            upstream.answer_above(|query| match query.view_mut() {
                gst::QueryViewMut::Latency(latency) => {
                    latency.set(true, gst::ClockTime::ZERO, gst::ClockTime::NONE);
                    Some(true)
                }
                _ => None,
            });
        }
        harness.begin(CAPS);
        // The element has processed the caps when it has passed them on.
        harness.wait_until("caps", |items| {
            items.iter().any(|item| matches!(item, Item::Event(event) if event.type_() == gst::EventType::Caps))
        });
        let mut query = gst::query::Latency::new();
        assert!(harness.sink.peer_query(&mut query));
        query.result().1
    };
    assert_eq!(latency("psnr", "vmaf_v0.6.1"), gst::ClockTime::ZERO);
    for (model, frames) in [("vmaf_v0.6.1", 1), ("vmaf_v1.0.16_5d0h", 1), ("vmaf_v1.0.16_hfr_5d0h", 2)] {
        assert_eq!(latency("psnr+vmaf", model), FRAME * frames, "{model}");
    }
}

#[test]
fn a_flush_drops_waiting_frames_and_starts_a_new_sequence() {
    let harness = Compare::started(element().build().unwrap(), CAPS);
    feed(&harness, 0..3);
    harness.frames(2);
    super::flush::flush_both(&harness);
    feed(&harness, 0..2);
    let frames = harness.finish_both();
    let after: Vec<_> = frames[frames.len() - 2..].iter().map(vmaf).collect();
    let alone = Compare::started(element().build().unwrap(), CAPS);
    feed(&alone, 0..2);
    assert_eq!(after, alone.finish_both().iter().map(vmaf).collect::<Vec<_>>());
}

#[test]
fn frames_without_vmaf_have_other_measures_and_a_warning() {
    for (caps, size, expected) in [
        ("video/x-raw,format=RGB,width=64,height=48,framerate=25/1", 64 * 48 * 3, "R'G'B'"),
        (FLAT, 16 * 16, "at least 33x33"),
        ("video/x-raw,format=GRAY8,width=240,height=160,framerate=25/1", 240 * 160, "needs Cb and Cr"),
        ("video/x-raw,format=I420,width=240,height=120,framerate=25/1", 240 * 120 * 3 / 2, "at least 80x80 samples"),
    ] {
        let model =
            if expected.contains("Cb") || expected.contains("80x80") { "vmaf_v1.0.16_3d0h" } else { "vmaf_v0.6.1" };
        let harness = Compare::started(element().property("vmaf-model", model).build().unwrap(), caps);
        let frame = |n: u64| {
            let mut buffer = gst::Buffer::from_mut_slice(vec![90u8; size]);
            buffer.get_mut().unwrap().set_pts(n * FRAME);
            buffer
        };
        harness.feed((0..4).map(frame), (0..4).map(frame));
        for buffer in harness.finish_both() {
            let entry = entry(&buffer);
            assert!(!entry.has_field("vmaf") && entry.has_field("psnr"), "{entry}");
        }
        let warnings: Vec<_> = harness.warnings().into_iter().filter(|text| text.contains("without vmaf")).collect();
        assert!(warnings.len() == 1 && warnings[0].contains(expected), "{warnings:?}");
    }
}
