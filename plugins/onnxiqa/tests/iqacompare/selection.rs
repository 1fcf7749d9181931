// SPDX-License-Identifier: MPL-2.0

//! Which pairs the model scores, and what is measured for the others.

use crate::common::*;
use gst::prelude::*;
use onnx_iqa::model::{Description, Search};
use onnx_iqa_testkit as kit;

/// The element with a model whose output is the difference of two flat frames.
fn scoring(dir: &kit::TempDir) -> gst::element_factory::ElementBuilder<'static> {
    let model = kit::difference_model(dir.path(), "difference");
    iqacompare().property("model", model.to_str().unwrap().to_owned()).property_from_str("provider", "cpu")
}

/// One letter per frame: scored, skipped, or unmatched.
fn states(frames: &[gst::Buffer]) -> String {
    let state = |buffer: &gst::Buffer| match entry(buffer).get::<&str>("state").unwrap() {
        "scored" => 'S',
        "skipped" => '-',
        "unmatched" => 'u',
        other => panic!("{other}"),
    };
    frames.iter().map(state).collect()
}

#[test]
fn interval_scores_one_pair_in_n_and_measures_every_pair() {
    let dir = kit::TempDir::new();
    let element = scoring(&dir);
    let file = dir.path().join("difference.onnx");
    let model = Description::read(file.to_str().unwrap(), &Search::default()).unwrap();
    let harness = Compare::started(element.property("interval", 3u32).build().unwrap(), FLAT);
    harness.feed((0..10).map(|n| flat(n, 100)), (0..10).map(|n| flat(n, 101 + n as u8)));
    let frames = harness.finish_both();
    assert_eq!(states(&frames), "S--S--S--S");
    for (n, frame) in frames.iter().enumerate() {
        let entry = entry(frame);
        near(entry.get("psnr-y").unwrap(), psnr(n as u8 + 1), 1e-9);
        assert_eq!(entry.get::<&str>("pairing"), Ok("matched"));
        assert!(entry.has_field("ssim") && entry.has_field("latency"), "{entry}");
        for field in ["score", "raw", "scored-pts", "age"] {
            assert_eq!(entry.has_field(field), n % 3 == 0, "{field} of {entry}");
        }
    }
    for (stat, count) in [("scored", 4), ("skipped", 6), ("failed", 0)] {
        assert_eq!(harness.stat(stat), count, "{stat}");
    }
    let summaries = harness.messages_named("iqa-summary");
    let [summary] = summaries.as_slice() else { panic!("{summaries:?}") };
    assert_eq!((summary.get("scored"), summary.get("skipped")), (Ok(4u64), Ok(6u64)));
    assert_eq!(summary.get::<&str>("model-hash"), Ok(model.hash.as_str()));
    // Over all ten pairs, and over the four that were scored.
    let mean = |field: &str| summary.get::<gst::Structure>(field).unwrap().get::<f64>("mean").unwrap();
    near(mean("psnr-y"), (1..=10).map(psnr).sum::<f64>() / 10.0, 1e-9);
    let scores = frames.iter().filter_map(|frame| entry(frame).get::<f64>("score").ok());
    near(mean("score"), scores.sum::<f64>() / 4.0, 1e-9);
}

#[test]
fn only_pairs_count_for_the_interval() {
    let dir = kit::TempDir::new();
    let harness = Compare::started(scoring(&dir).property("interval", 2u32).build().unwrap(), FLAT);
    // The frames 1 to 3 have no reference.
    harness.feed([0, 4, 5, 6, 7].map(|n| flat(n, 100)), (0..8).map(|n| flat(n, 104)));
    assert_eq!(states(&harness.finish_both()), "Suuu-S-S");
    harness.assert_ledger(&[("matched", 5), ("unmatched", 3)]);
}

#[test]
fn max_rate_counts_in_stream_time() {
    let dir = kit::TempDir::new();
    let harness = Compare::new(scoring(&dir).property("max-rate", gst::Fraction::new(5, 1)).build().unwrap());
    // Double speed: five scores per second of the film, not of the clock.
    let mut segment = gst::FormattedSegment::<gst::ClockTime>::new();
    segment.set_rate(2.0);
    let segment = gst::event::Segment::new(&segment);
    assert!(harness.event(gst::event::StreamStart::new("distorted")));
    harness.caps(FLAT);
    assert!(harness.event(segment.clone()));
    assert!(harness.reference.event(gst::event::StreamStart::new("reference")));
    harness.reference.caps(FLAT);
    assert!(harness.reference.event(segment));
    harness.pairs(0..50, 3);
    assert_eq!(states(&harness.finish_both()), "S----".repeat(10));
}

#[test]
fn both_may_change_while_playing() {
    let dir = kit::TempDir::new();
    let harness = Compare::started(scoring(&dir).build().unwrap(), FLAT);
    let frames = |numbers: std::ops::Range<u64>| {
        let end = numbers.end;
        harness.pairs(numbers, 3);
        // All pushed frames have left before the next change.
        harness.frames(usize::try_from(end).unwrap())
    };
    frames(0..3);
    harness.element.set_property("interval", 3u32);
    frames(3..9);
    harness.element.set_property("interval", 1u32);
    harness.element.set_property("max-rate", gst::Fraction::new(5, 1));
    frames(9..19);
    harness.element.set_property("max-rate", gst::Fraction::new(0, 1));
    harness.pairs(19..22, 3);
    let states = states(&harness.finish_both());
    assert_eq!(&states[..9], "SSSS--S--");
    assert_eq!(&states[9..19], "S----S----");
    assert_eq!(&states[19..], "SSS");
}

#[test]
fn measures_without_a_model_ignore_the_interval() {
    let element = iqacompare().property("interval", 4u32).property("max-rate", gst::Fraction::new(1, 1));
    let harness = Compare::started(element.build().unwrap(), FLAT);
    harness.pairs(0..6, 3);
    assert_eq!(states(&harness.finish_both()), "SSSSSS");
    assert_eq!((harness.stat("scored"), harness.stat("skipped")), (6, 0));
}

#[test]
fn a_model_alone_skips_the_others() {
    let dir = kit::TempDir::new();
    let element = scoring(&dir).property("interval", 2u32).property_from_str("measures", "0");
    let harness = Compare::started(element.build().unwrap(), FLAT);
    harness.pairs(0..5, 3);
    let frames = harness.finish_both();
    assert_eq!(states(&frames), "S-S-S");
    assert!(!entry(&frames[1]).has_field("psnr-y") && entry(&frames[1]).has_field("pairing"));
}
