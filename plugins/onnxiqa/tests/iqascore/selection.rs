// SPDX-License-Identifier: MPL-2.0

//! Which frames are scored, and what the others carry.

use crate::common::*;
use gst::prelude::*;
use onnx_iqa_testkit as kit;

fn states(frames: &[gst::Buffer]) -> String {
    let state = |buffer: &gst::Buffer| match entry(buffer).get::<&str>("state").unwrap() {
        "scored" => 'S',
        "skipped" => '-',
        other => panic!("{other}"),
    };
    frames.iter().map(state).collect()
}

#[test]
fn interval_scores_one_in_n_and_the_others_carry_the_newest() {
    let dir = kit::TempDir::new();
    let element = iqascore(&mean_model(&dir)).property("interval", 3u32).build().unwrap();
    let harness = ElementHarness::started(element, CAPS);
    for n in 0..10 {
        harness.push(gray(n, shade(n))).unwrap();
    }
    let frames = harness.finish();
    assert_eq!(states(&frames), "S--S--S--S");
    for (n, buffer) in (0u64..).zip(&frames) {
        let (entry, scored) = (entry(buffer), n - n % 3);
        near(entry.get("score").unwrap(), score_of(shade(scored)), 1e-3);
        near(entry.get("raw").unwrap(), score_of(shade(scored)) / 100.0, 1e-5);
        assert_eq!(entry.get("scored-pts"), Ok((scored * FRAME).nseconds()));
        assert_eq!(entry.get("age"), Ok(((n - scored) * FRAME).nseconds()));
    }
    assert_eq!((harness.stat("frames"), harness.stat("scored"), harness.stat("skipped")), (10, 4, 6));
}

#[test]
fn interval_may_change_while_playing() {
    let dir = kit::TempDir::new();
    let harness = ElementHarness::started(iqascore(&mean_model(&dir)).build().unwrap(), CAPS);
    for n in 0..16 {
        match n {
            4 => harness.element.set_property("interval", 4u32),
            12 => harness.element.set_property("interval", 2u32),
            _ => {}
        }
        harness.push(gray(n, shade(n))).unwrap();
    }
    assert_eq!(states(&harness.finish()), "SSSSS---S---S-S-");
}

#[test]
fn max_rate_counts_in_stream_time() {
    let dir = kit::TempDir::new();
    let element = iqascore(&mean_model(&dir));
    let harness = ElementHarness::new(element.property("max-rate", gst::Fraction::new(5, 1)).build().unwrap());
    assert!(harness.event(gst::event::StreamStart::new("test")));
    harness.caps(CAPS);
    // Double speed: five scores per second of the film, not of the clock.
    let mut segment = gst::FormattedSegment::<gst::ClockTime>::new();
    segment.set_rate(2.0);
    assert!(harness.event(gst::event::Segment::new(&segment)));
    for n in 0..50 {
        harness.push(gray(n, shade(n))).unwrap();
    }
    let frames = harness.finish();
    assert_eq!(states(&frames), "S----".repeat(10));
    let last = entry(&frames[49]);
    assert_eq!(last.get("age"), Ok(((4 * FRAME) / 2).nseconds()), "age is in running time");
}

#[test]
fn max_rate_may_change_while_playing() {
    let dir = kit::TempDir::new();
    let harness = ElementHarness::started(iqascore(&mean_model(&dir)).build().unwrap(), CAPS);
    for n in 0..30 {
        match n {
            10 => harness.element.set_property("max-rate", gst::Fraction::new(5, 1)),
            20 => harness.element.set_property("max-rate", gst::Fraction::new(0, 1)),
            _ => {}
        }
        harness.push(gray(n, shade(n))).unwrap();
    }
    let states = states(&harness.finish());
    assert_eq!(&states[..10], "SSSSSSSSSS");
    assert_eq!(states[10..20].matches('S').count(), 2, "{states}");
    assert_eq!(&states[20..], "SSSSSSSSSS");
}

#[test]
fn frames_without_time_stamps_are_scored() {
    let dir = kit::TempDir::new();
    for caps in
        [CAPS, "video/x-raw,format=RGB,width=4,height=2", "video/x-raw,format=RGB,width=4,height=2,framerate=0/1"]
    {
        let element = iqascore(&mean_model(&dir));
        let element = element.property("interval", 2u32).property("max-rate", gst::Fraction::new(1, 1));
        let harness = ElementHarness::started(element.build().unwrap(), caps);
        for _ in 0..4 {
            harness.push(gst::Buffer::from_mut_slice(vec![51u8; 24])).unwrap();
        }
        let frames = harness.finish();
        assert_eq!(states(&frames), "S-S-");
        let (scored, skipped) = (entry(&frames[0]), entry(&frames[1]));
        near(scored.get("score").unwrap(), 20.0, 1e-3);
        assert_eq!(fields(&scored), ["age", "kind", "latency", "model", "raw", "score", "state"]);
        assert_eq!(scored.get::<u64>("age"), Ok(0), "this very frame");
        assert_eq!(fields(&skipped), ["kind", "latency", "model", "raw", "score", "state"], "the age is unknown");
        assert_eq!(harness.messages_named("iqa-summary").len(), 1);
    }
}

#[test]
fn frames_outside_the_segment_have_no_running_time() {
    let dir = kit::TempDir::new();
    let element = iqascore(&mean_model(&dir)).property("frame-messages", true).build().unwrap();
    let harness = ElementHarness::new(element);
    assert!(harness.event(gst::event::StreamStart::new("test")));
    harness.caps(CAPS);
    let mut segment = gst::FormattedSegment::<gst::ClockTime>::new();
    segment.set_start(10 * FRAME);
    segment.set_time(10 * FRAME);
    assert!(harness.event(gst::event::Segment::new(&segment)));
    harness.push(gray(1, 51)).unwrap();
    harness.push(gray(12, 51)).unwrap();
    harness.finish();
    let messages = harness.messages_named("iqa-score");
    assert_eq!(messages.len(), 2);
    assert!(!messages[0].has_field("running-time") && !messages[0].has_field("stream-time"), "{}", messages[0]);
    assert_eq!(messages[1].get("running-time"), Ok((2 * FRAME).nseconds()));
    assert_eq!(messages[1].get("stream-time"), Ok((12 * FRAME).nseconds()));
}
