//! What downstream answers reaches upstream.

use crate::common::*;
use gst::prelude::*;
use gst::{FlowError, FlowSuccess};
use onnx_iqa_testkit as kit;

fn rig(dir: &kit::TempDir) -> Rig {
    Rig::started(iqascore(&mean_model(dir)).build().unwrap(), CAPS)
}

/// Downstream answers the third frame and those after it with `error`.
fn refuse(rig: &Rig, error: FlowError) {
    rig.answer_flow(move |n| if n < 2 { Ok(FlowSuccess::Ok) } else { Err(error) });
}

/// Pushes until upstream hears of it.
#[track_caller]
fn push_until_error(rig: &Rig) -> FlowError {
    let error = (0..100).find_map(|n| {
        let flow = rig.push(grey(n, shade(n)));
        // Without a limit to what upstream may push there is nothing to wait for but downstream's answer.
        if n == 2 {
            rig.frames(3);
        }
        flow.err()
    });
    error.expect("upstream never hears of the error")
}

#[test]
fn errors_reach_upstream() {
    let dir = kit::TempDir::new();
    for error in
        [FlowError::Error, FlowError::NotLinked, FlowError::NotNegotiated, FlowError::Eos, FlowError::CustomError]
    {
        for (mode, interval) in [("every-frame", 1u32), ("every-frame", u32::MAX), ("live", 1)] {
            let rig = rig(&dir);
            rig.element.set_property_from_str("mode", mode);
            rig.state(gst::State::Ready);
            rig.element.set_property("interval", interval);
            rig.state(gst::State::Playing);
            rig.start(CAPS);
            refuse(&rig, error);
            assert_eq!(push_until_error(&rig), error, "{mode}, interval {interval}");
            assert_eq!(rig.push(grey(200, 1)), Err(error), "it stays so");
            assert_eq!(rig.frames(3).len(), 3, "nothing more is sent");
        }
    }
}

#[test]
fn a_failure_after_eos_was_taken_is_an_error_of_the_element() {
    let dir = kit::TempDir::new();
    let rig = rig(&dir);
    rig.answer_flow(|_| Err(FlowError::NotLinked));
    rig.block();
    rig.push(grey(0, 1)).unwrap();
    rig.push(grey(1, 1)).unwrap();
    assert!(rig.event(gst::event::Eos::new()));
    rig.unblock();
    let text = error_text(&rig.bus);
    assert!(text.contains("NotLinked"), "{text}");
}

#[test]
fn eos_after_a_failure_is_an_error_of_the_element() {
    let dir = kit::TempDir::new();
    let rig = rig(&dir);
    refuse(&rig, FlowError::NotNegotiated);
    assert_eq!(push_until_error(&rig), FlowError::NotNegotiated);
    rig.event(gst::event::Eos::new());
    let text = error_text(&rig.bus);
    assert!(text.contains("NotNegotiated"), "{text}");
}

#[test]
fn events_still_get_past_downstreams_eos_in_order_and_the_summary_comes_once() {
    let dir = kit::TempDir::new();
    let rig = rig(&dir);
    refuse(&rig, FlowError::Eos);
    assert_eq!(push_until_error(&rig), FlowError::Eos);
    assert!(rig.event(gst::event::CustomDownstream::new(gst::Structure::new_empty("one"))));
    assert!(rig.event(gst::event::CustomDownstream::new(gst::Structure::new_empty("two"))));
    assert!(rig.event(gst::event::Eos::new()));
    rig.wait_eos();
    assert_eq!(rig.order()[3..], ["0", "1", "2", "one", "two", "eos"]);
    let messages = rig.messages_named("iqa-summary");
    assert_eq!(messages.len(), 1);
}

#[test]
fn events_queued_before_downstreams_eos_leave_in_order() {
    let dir = kit::TempDir::new();
    let rig = rig(&dir);
    rig.answer_flow(|_| Err(FlowError::Eos));
    rig.block();
    rig.push(grey(0, 1)).unwrap();
    rig.frames(1);
    rig.push(grey(1, 1)).unwrap();
    for name in ["one", "two"] {
        assert!(rig.event(gst::event::CustomDownstream::new(gst::Structure::new_empty(name))));
    }
    assert!(rig.event(gst::event::Eos::new()));
    rig.unblock();
    rig.wait_eos();
    assert_eq!(rig.order()[3..], ["0", "one", "two", "eos"]);
}

#[test]
fn a_new_segment_or_stream_takes_downstreams_eos_back() {
    let dir = kit::TempDir::new();
    for whole in [false, true] {
        let rig = rig(&dir);
        rig.answer_flow(|n| if n == 2 { Err(FlowError::Eos) } else { Ok(FlowSuccess::Ok) });
        assert_eq!(push_until_error(&rig), FlowError::Eos);
        if whole {
            rig.start(CAPS);
        } else {
            let segment = gst::FormattedSegment::<gst::ClockTime>::new();
            assert!(rig.event(gst::event::Segment::new(&segment)));
        }
        rig.push(grey(50, 50)).unwrap();
        let frames = rig.frames(4);
        assert_scored(&frames[3], 50, 50);
    }
}

#[test]
fn a_pad_that_is_linked_later_gets_frames() {
    let dir = kit::TempDir::new();
    for round in 0..20 {
        let rig = rig(&dir);
        let src = rig.element.static_pad("src").unwrap();
        src.unlink(&rig.sink).unwrap();
        let error = (0..100).find_map(|n| rig.push(grey(n, 1)).err().or_else(|| rig.src.last_flow_result().err()));
        // The first push may be the only one: it is the task that meets the missing link.
        assert!(matches!(error, None | Some(FlowError::NotLinked)), "round {round}: {error:?}");
        src.link(&rig.sink).unwrap();
        // Frames that had been on their way may be lost, those after it may not.
        while rig.push(grey(200, 20)).is_err() {}
        rig.wait_until("a frame", |items| items.iter().any(|item| matches!(item, Item::Buffer(_))));
        rig.push(grey(201, 30)).unwrap();
        let last = rig.finish().pop().unwrap();
        assert_scored(&last, 201, 30);
    }
}
