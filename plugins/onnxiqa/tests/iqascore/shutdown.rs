// SPDX-License-Identifier: MPL-2.0

//! Shutdown in the middle of processing, and restart.

use crate::common::*;
use gst::prelude::*;
use onnx_iqa_testkit as kit;

fn live(element: gst::element_factory::ElementBuilder<'static>) -> gst::element_factory::ElementBuilder<'static> {
    element.property_from_str("mode", "live")
}

/// The element goes to `target` with a full queue and a blocked push, and works again afterwards.
fn down_and_up(target: gst::State, batch: u32) {
    let dir = kit::TempDir::new();
    let model = mean_model(&dir);
    let element = iqascore(&model).property("queue-size", 4u32).property("batch-size", batch).build().unwrap();
    let harness = ElementHarness::started(element, CAPS);
    for _ in 0..3 {
        let hold = ScorerGate::new(&model);
        for n in 0..4 {
            harness.push(gray(n, 255)).unwrap();
        }
        let blocked = harness.push_later(gray(4, 255));
        assert!(blocked.blocks(GLANCE));
        // While the worker is blocked: shutdown does not wait for an inference.
        harness.state(target);
        assert_eq!(blocked.wait(), Err(gst::FlowError::Flushing));
        assert_eq!(harness.element.property::<Option<String>>("active-provider"), None);
        harness.clear();
        harness.state(gst::State::Playing);
        hold.release();
        harness.start(CAPS);
        for n in 10..16 {
            harness.push(gray(n, shade(n))).unwrap();
        }
        let frames = harness.finish();
        assert_eq!(frames.len(), 6, "{:?}", harness.order());
        for (n, buffer) in (10..).zip(frames) {
            assert_scored(&buffer, n, shade(n));
        }
        assert_eq!((harness.stat("frames"), harness.stat("scored")), (6, 6), "counted since READY→PAUSED");
        harness.state(target);
        harness.clear();
        harness.state(gst::State::Playing);
        harness.start(CAPS);
    }
}

#[test]
fn to_ready_with_a_full_queue() {
    down_and_up(gst::State::Ready, 1);
}

#[test]
fn to_null_with_a_full_queue_of_batches() {
    down_and_up(gst::State::Null, 4);
}

#[test]
fn in_the_middle_of_an_inference() {
    let dir = kit::TempDir::new();
    // About a second each: sixteen of them would exceed the limit.
    let model = kit::slow_model(dir.path(), "slow", 60);
    let harness = ElementHarness::started(iqascore(&model).property("queue-size", 16u32).build().unwrap(), CAPS);
    for n in 0..16 {
        harness.push(gray(n, 255)).unwrap();
    }
    harness.frames(1);
    harness.state(gst::State::Null);
    let out = harness.order().iter().filter(|item| item.parse::<u64>().is_ok()).count();
    assert!(out < 16, "the shutdown waited for all frames");
}

#[test]
fn with_events_and_eos_queued() {
    let dir = kit::TempDir::new();
    let model = mean_model(&dir);
    let harness = ElementHarness::started(iqascore(&model).build().unwrap(), CAPS);
    let hold = ScorerGate::new(&model);
    harness.push(gray(0, 1)).unwrap();
    assert!(harness.event(gst::event::Tag::new(gst::TagList::new())));
    assert!(harness.event(gst::event::Eos::new()));
    harness.state(gst::State::Ready);
    hold.release();
    assert_eq!(harness.order(), ["stream-start", "caps", "segment"]);
}

#[test]
fn a_waiting_query_returns() {
    let dir = kit::TempDir::new();
    let model = mean_model(&dir);
    let harness = ElementHarness::started(iqascore(&model).build().unwrap(), CAPS);
    let hold = ScorerGate::new(&model);
    harness.push(gray(0, 1)).unwrap();
    let drain = harness.later("a query", |pad| pad.peer_query(&mut gst::query::Drain::new()));
    assert!(drain.blocks(GLANCE));
    harness.state(gst::State::Ready);
    assert!(!drain.wait());
    hold.release();
}

#[test]
fn live_mode_shuts_down_with_frames_in_flight() {
    let dir = kit::TempDir::new();
    let model = mean_model(&dir);
    let harness = ElementHarness::started(live(iqascore(&model)).build().unwrap(), CAPS);
    for _ in 0..3 {
        let hold = ScorerGate::new(&model);
        for n in 0..5 {
            harness.push(gray(n, 255)).unwrap();
        }
        assert!(harness.event(gst::event::Eos::new()));
        harness.state(gst::State::Null);
        hold.release();
        harness.clear();
        harness.state(gst::State::Playing);
        harness.start(CAPS);
    }
    harness.push(gray(10, 51)).unwrap();
    harness.finish();
    assert_eq!((harness.stat("frames"), harness.stat("scored")), (1, 1));
}

#[test]
fn up_and_down_without_data() {
    let dir = kit::TempDir::new();
    let harness = ElementHarness::new(iqascore(&mean_model(&dir)).build().unwrap());
    for state in [gst::State::Null, gst::State::Paused, gst::State::Ready, gst::State::Playing] {
        harness.state(state);
    }
    assert_eq!(harness.element.property::<Option<String>>("active-provider").as_deref(), Some("cpu"));
}
