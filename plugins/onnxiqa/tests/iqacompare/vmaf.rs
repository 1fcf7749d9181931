// SPDX-License-Identifier: MPL-2.0

//! The measure `vmaf`: frames wait for the next pair, and whatever ends the wait ends it rightly.

use crate::common::*;
use gst::prelude::*;

const CAPS: &str = "video/x-raw,format=GRAY8,width=64,height=48,framerate=25/1";

/// The frame number `n`: a pattern that moves, with `percent` of its contrast.
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
    // The reference is further than all of them, so that pairing waits for nothing.
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
fn models_that_cannot_be_used_say_why() {
    let text = refused(&element().property("vmaf-model", "vmaf_v9").build().unwrap());
    assert!(text.contains("vmaf_v9") && text.contains("vmaf_v0.6.1neg"), "{text}");
    let text = refused(&element().property("vmaf-model", "vmaf_v1.0.16_3d0h").build().unwrap());
    assert!(text.contains("Cambi_feature_cambi_score") && text.contains("adm3"), "{text}");
    let text = refused(&element().property("vmaf-model", "/nowhere/x.json").build().unwrap());
    assert!(text.contains("/nowhere/x.json"), "{text}");
    // Where VMAF is not measured, its model is of no interest.
    let harness = Compare::started(iqacompare().property("vmaf-model", "vmaf_v9").build().unwrap(), CAPS);
    feed(&harness, 0..2);
    harness.finish_both();
    assert!(!harness.messages_named("iqa-summary")[0].has_field("vmaf-model"));
}

#[test]
fn the_latency_has_a_frame_more() {
    let latency = |measures: &'static str| {
        let harness = Compare::new(iqacompare().property_from_str("measures", measures).build().unwrap());
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
        // The element knows the caps when it has passed them on.
        harness.wait_until("caps", |items| {
            items.iter().any(|item| matches!(item, Item::Event(event) if event.type_() == gst::EventType::Caps))
        });
        let mut query = gst::query::Latency::new();
        assert!(harness.sink.peer_query(&mut query));
        query.result().1
    };
    assert_eq!((latency("psnr"), latency("psnr+vmaf")), (gst::ClockTime::ZERO, FRAME));
}

#[test]
fn a_flush_drops_what_waits_and_begins_another_sequence() {
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
fn what_has_no_vmaf_has_its_other_measures_and_a_warning() {
    for (caps, size, expected) in [
        ("video/x-raw,format=RGB,width=64,height=48,framerate=25/1", 64 * 48 * 3, "R'G'B'"),
        (FLAT, 16 * 16, "at least 33x33"),
    ] {
        let harness = Compare::started(element().build().unwrap(), caps);
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
