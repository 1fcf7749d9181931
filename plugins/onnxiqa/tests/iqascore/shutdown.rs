//! Going down from the middle of everything, and up again.

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
    let rig = Rig::started(element, CAPS);
    for _ in 0..3 {
        let hold = Hold::new(&model);
        for n in 0..4 {
            rig.push(grey(n, 255)).unwrap();
        }
        let blocked = rig.push_later(grey(4, 255));
        assert!(blocked.blocks(GLANCE));
        // While the worker is held: going down does not wait for an inference.
        rig.state(target);
        assert_eq!(blocked.wait(), Err(gst::FlowError::Flushing));
        assert_eq!(rig.element.property::<Option<String>>("active-provider"), None);
        rig.clear();
        rig.state(gst::State::Playing);
        hold.release();
        rig.start(CAPS);
        for n in 10..16 {
            rig.push(grey(n, shade(n))).unwrap();
        }
        let frames = rig.finish();
        assert_eq!(frames.len(), 6, "{:?}", rig.order());
        for (n, buffer) in (10..).zip(frames) {
            assert_scored(&buffer, n, shade(n));
        }
        assert_eq!((rig.stat("frames"), rig.stat("scored")), (6, 6), "counted since READY→PAUSED");
        rig.state(target);
        rig.clear();
        rig.state(gst::State::Playing);
        rig.start(CAPS);
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
    // A second or so each: sixteen of them would exceed the limit.
    let model = kit::slow_model(dir.path(), "slow", 60);
    let rig = Rig::started(iqascore(&model).property("queue-size", 16u32).build().unwrap(), CAPS);
    for n in 0..16 {
        rig.push(grey(n, 255)).unwrap();
    }
    rig.frames(1);
    rig.state(gst::State::Null);
    let out = rig.order().iter().filter(|item| item.parse::<u64>().is_ok()).count();
    assert!(out < 16, "going down has waited for all frames");
}

#[test]
fn with_events_and_eos_queued() {
    let dir = kit::TempDir::new();
    let model = mean_model(&dir);
    let rig = Rig::started(iqascore(&model).build().unwrap(), CAPS);
    let hold = Hold::new(&model);
    rig.push(grey(0, 1)).unwrap();
    assert!(rig.event(gst::event::Tag::new(gst::TagList::new())));
    assert!(rig.event(gst::event::Eos::new()));
    rig.state(gst::State::Ready);
    hold.release();
    assert_eq!(rig.order(), ["stream-start", "caps", "segment"]);
}

#[test]
fn a_query_that_waits_comes_back() {
    let dir = kit::TempDir::new();
    let model = mean_model(&dir);
    let rig = Rig::started(iqascore(&model).build().unwrap(), CAPS);
    let hold = Hold::new(&model);
    rig.push(grey(0, 1)).unwrap();
    let drain = rig.later("a query", |pad| pad.peer_query(&mut gst::query::Drain::new()));
    assert!(drain.blocks(GLANCE));
    rig.state(gst::State::Ready);
    assert!(!drain.wait());
    hold.release();
}

#[test]
fn live_mode_goes_down_with_frames_in_flight() {
    let dir = kit::TempDir::new();
    let model = mean_model(&dir);
    let rig = Rig::started(live(iqascore(&model)).build().unwrap(), CAPS);
    for _ in 0..3 {
        let hold = Hold::new(&model);
        for n in 0..5 {
            rig.push(grey(n, 255)).unwrap();
        }
        assert!(rig.event(gst::event::Eos::new()));
        rig.state(gst::State::Null);
        hold.release();
        rig.clear();
        rig.state(gst::State::Playing);
        rig.start(CAPS);
    }
    rig.push(grey(10, 51)).unwrap();
    rig.finish();
    assert_eq!((rig.stat("frames"), rig.stat("scored")), (1, 1));
}

#[test]
fn up_and_down_without_data() {
    let dir = kit::TempDir::new();
    let rig = Rig::new(iqascore(&mean_model(&dir)).build().unwrap());
    for state in [gst::State::Null, gst::State::Paused, gst::State::Ready, gst::State::Playing] {
        rig.state(state);
    }
    assert_eq!(rig.element.property::<Option<String>>("active-provider").as_deref(), Some("cpu"));
}
