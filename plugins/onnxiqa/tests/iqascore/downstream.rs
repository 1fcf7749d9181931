// SPDX-License-Identifier: MPL-2.0

//! Downstream's answers reach upstream.

use crate::common::*;
use gst::prelude::*;
use gst::{FlowError, FlowSuccess};
use onnx_iqa_testkit as kit;

fn harness(dir: &kit::TempDir) -> ElementHarness {
    ElementHarness::started(iqascore(&mean_model(dir)).build().unwrap(), CAPS)
}

/// Downstream answers the third frame and those after it with `error`.
fn refuse(harness: &ElementHarness, error: FlowError) {
    harness.answer_flow(move |n| if n < 2 { Ok(FlowSuccess::Ok) } else { Err(error) });
}

/// Pushes until upstream gets the error.
#[track_caller]
fn push_until_error(harness: &ElementHarness) -> FlowError {
    let error = (0..100).find_map(|n| {
        let flow = harness.push(gray(n, shade(n)));
        // Without a limit on pushed frames, there is nothing to wait for but downstream's answer.
        if n == 2 {
            harness.frames(3);
        }
        flow.err()
    });
    error.expect("upstream never gets the error")
}

#[test]
fn errors_reach_upstream() {
    let dir = kit::TempDir::new();
    for error in
        [FlowError::Error, FlowError::NotLinked, FlowError::NotNegotiated, FlowError::Eos, FlowError::CustomError]
    {
        for (mode, interval) in [("every-frame", 1u32), ("every-frame", u32::MAX), ("live", 1)] {
            let harness = harness(&dir);
            harness.element.set_property_from_str("mode", mode);
            harness.state(gst::State::Ready);
            harness.element.set_property("interval", interval);
            harness.state(gst::State::Playing);
            harness.start(CAPS);
            refuse(&harness, error);
            assert_eq!(push_until_error(&harness), error, "{mode}, interval {interval}");
            assert_eq!(harness.push(gray(200, 1)), Err(error), "it stays so");
            assert_eq!(harness.frames(3).len(), 3, "nothing more is sent");
        }
    }
}

#[test]
fn a_failure_after_eos_was_accepted_is_an_error_of_the_element() {
    let dir = kit::TempDir::new();
    let harness = harness(&dir);
    harness.answer_flow(|_| Err(FlowError::NotLinked));
    harness.block();
    harness.push(gray(0, 1)).unwrap();
    harness.push(gray(1, 1)).unwrap();
    assert!(harness.event(gst::event::Eos::new()));
    harness.unblock();
    let text = error_text(&harness.bus);
    assert!(text.contains("NotLinked"), "{text}");
}

#[test]
fn eos_after_a_failure_is_an_error_of_the_element() {
    let dir = kit::TempDir::new();
    let harness = harness(&dir);
    refuse(&harness, FlowError::NotNegotiated);
    assert_eq!(push_until_error(&harness), FlowError::NotNegotiated);
    harness.event(gst::event::Eos::new());
    let text = error_text(&harness.bus);
    assert!(text.contains("NotNegotiated"), "{text}");
}

#[test]
fn events_pass_after_downstreams_eos_in_order_and_the_summary_comes_once() {
    let dir = kit::TempDir::new();
    let harness = harness(&dir);
    refuse(&harness, FlowError::Eos);
    assert_eq!(push_until_error(&harness), FlowError::Eos);
    assert!(harness.event(gst::event::CustomDownstream::new(gst::Structure::new_empty("one"))));
    assert!(harness.event(gst::event::CustomDownstream::new(gst::Structure::new_empty("two"))));
    assert!(harness.event(gst::event::Eos::new()));
    harness.wait_eos();
    assert_eq!(harness.order()[3..], ["0", "1", "2", "one", "two", "eos"]);
    let messages = harness.messages_named("iqa-summary");
    assert_eq!(messages.len(), 1);
}

#[test]
fn events_queued_before_downstreams_eos_leave_in_order() {
    let dir = kit::TempDir::new();
    let harness = harness(&dir);
    harness.answer_flow(|_| Err(FlowError::Eos));
    harness.block();
    harness.push(gray(0, 1)).unwrap();
    harness.frames(1);
    harness.push(gray(1, 1)).unwrap();
    for name in ["one", "two"] {
        assert!(harness.event(gst::event::CustomDownstream::new(gst::Structure::new_empty(name))));
    }
    assert!(harness.event(gst::event::Eos::new()));
    harness.unblock();
    harness.wait_eos();
    assert_eq!(harness.order()[3..], ["0", "one", "two", "eos"]);
}

#[test]
fn a_new_segment_or_stream_cancels_downstreams_eos() {
    let dir = kit::TempDir::new();
    for whole in [false, true] {
        let harness = harness(&dir);
        harness.answer_flow(|n| if n == 2 { Err(FlowError::Eos) } else { Ok(FlowSuccess::Ok) });
        assert_eq!(push_until_error(&harness), FlowError::Eos);
        if whole {
            harness.start(CAPS);
        } else {
            let segment = gst::FormattedSegment::<gst::ClockTime>::new();
            assert!(harness.event(gst::event::Segment::new(&segment)));
        }
        harness.push(gray(50, 50)).unwrap();
        let frames = harness.frames(4);
        assert_scored(&frames[3], 50, 50);
    }
}

#[test]
fn a_pad_that_is_linked_later_gets_frames() {
    let dir = kit::TempDir::new();
    for round in 0..20 {
        let harness = harness(&dir);
        let src = harness.element.static_pad("src").unwrap();
        src.unlink(&harness.sink).unwrap();
        let error =
            (0..100).find_map(|n| harness.push(gray(n, 1)).err().or_else(|| harness.src.last_flow_result().err()));
        // The first push may be the only one, because the missing link is detected by the task.
        assert!(matches!(error, None | Some(FlowError::NotLinked)), "round {round}: {error:?}");
        src.link(&harness.sink).unwrap();
        // Frames in transit may be lost, later ones may not.
        while harness.push(gray(200, 20)).is_err() {}
        harness.wait_until("a frame", |items| items.iter().any(|item| matches!(item, Item::Buffer(_))));
        harness.push(gray(201, 30)).unwrap();
        let last = harness.finish().pop().unwrap();
        assert_scored(&last, 201, 30);
    }
}

#[test]
fn a_pad_linked_during_a_failing_push_gets_all_further_frames() {
    let dir = kit::TempDir::new();
    // Frames are pushed by the task, and by upstream's thread.
    for interval in [1u32, 100] {
        let element = iqascore(&mean_model(&dir)).property("interval", interval).build().unwrap();
        let harness = ElementHarness::started(element, CAPS);
        let sink = harness.sink.clone();
        harness.answer_flow(move |n| {
            if n != 2 {
                return Ok(FlowSuccess::Ok);
            }
            // The event of a new link, before the element learns that there was none.
            sink.push_event(gst::event::Reconfigure::new());
            Err(FlowError::NotLinked)
        });
        for n in 0..10 {
            assert_eq!(harness.push(gray(n, 20)), Ok(FlowSuccess::Ok), "frame {n}, interval {interval}");
        }
        assert_eq!(harness.finish().len(), 10);
    }
}
