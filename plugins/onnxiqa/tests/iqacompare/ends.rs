// SPDX-License-Identifier: MPL-2.0

//! Streams that end, one before the other, or never start.

use crate::common::*;
use gst::prelude::*;

fn states(frames: &[gst::Buffer]) -> Vec<String> {
    frames.iter().map(|frame| entry(frame).get("state").unwrap()).collect()
}

#[test]
fn frames_are_unmatched_after_the_end_of_the_reference() {
    let harness = Compare::started(iqacompare().build().unwrap(), FLAT);
    harness.feed((0..5).map(|n| flat(n, 100)), (0..5).map(|n| flat(n, 110)));
    let ended = harness.end_reference();
    harness.feed([], (5..12).map(|n| flat(n, 110)));
    let frames = harness.finish();
    ended.wait();
    let expected: Vec<_> = (0..12).map(|n| if n < 5 { "scored" } else { "unmatched" }).collect();
    assert_eq!(states(&frames), expected);
    harness.assert_ledger(&[("distorted", 12), ("matched", 5), ("unmatched", 7), ("reference", 5)]);
}

#[test]
fn a_reference_that_ends_at_once() {
    let harness = Compare::started(iqacompare().build().unwrap(), FLAT);
    harness.end_reference().wait();
    harness.feed([], (0..5).map(|n| flat(n, 110)));
    assert_eq!(states(&harness.finish()), ["unmatched"; 5]);
    harness.assert_ledger(&[("distorted", 5), ("unmatched", 5), ("reference", 0), ("scored", 0)]);
    let summary = harness.message("iqa-summary");
    assert_eq!((summary.get("scored"), summary.get("unmatched")), (Ok(0u64), Ok(5u64)));
    assert!(!summary.has_field("psnr-y"), "nothing enters the pool: {summary}");
}

#[test]
fn a_reference_without_even_caps() {
    let harness = Compare::new(iqacompare().build().unwrap());
    assert!(harness.reference.event(gst::event::StreamStart::new("test")));
    harness.end_reference().wait();
    harness.start(FLAT);
    harness.feed([], (0..5).map(|n| flat(n, 110)));
    assert_eq!(states(&harness.finish()), ["unmatched"; 5]);
}

/// The reference's source is stuck: nothing may wait for it after all frames have left.
#[test]
fn the_end_of_the_distorted_stream_is_the_end() {
    let harness = Compare::started(iqacompare().build().unwrap(), FLAT);
    harness.feed((0..10).map(|n| flat(n, 100)), (0..5).map(|n| flat(n, 110)));
    assert_eq!(states(&harness.finish()), ["scored"; 5]);
    let ends = harness.order().iter().filter(|item| *item == "eos").count();
    assert_eq!(ends, 1);
    // The reference may feed other elements too; for its source, nothing has ended.
    assert!((10..100).all(|n| harness.reference.push(flat(n, 100)).is_ok()));
    assert_eq!(harness.order().iter().filter(|item| *item == "eos").count(), 1, "EOS is sent once");
    harness.assert_ledger(&[("distorted", 5), ("matched", 5), ("reference", 100), ("outside", 95)]);
}

#[test]
fn the_end_of_the_distorted_stream_with_a_reference_that_pauses() {
    let harness = Compare::started(iqacompare().build().unwrap(), FLAT);
    harness.feed((0..7).map(|n| flat(n, 100)), (0..5).map(|n| flat(n, 110)));
    harness.frames(5);
    let frames = harness.finish();
    assert_eq!(frames.len(), 5);
    near(entry(&frames[4]).get("psnr-y").unwrap(), psnr(10), 1e-9);
}

/// The reference's end also counts for the next stream: nothing waits for a reference that will not come.
#[test]
fn another_stream_after_the_end_of_both() {
    let harness = Compare::started(iqacompare().build().unwrap(), FLAT);
    harness.feed((0..5).map(|n| flat(n, 100)), (0..5).map(|n| flat(n, 110)));
    assert_eq!(states(&harness.finish()), ["scored"; 5]);
    harness.end_reference().wait();
    harness.clear();
    harness.start(FLAT);
    harness.feed([], (0..3).map(|n| flat(n, 110)));
    assert_eq!(states(&harness.frames(3)), ["unmatched"; 3]);
    harness.finish();
}

/// The reference may end at any time, also while the task sends EOS.
#[test]
fn another_stream_after_a_reference_that_ends_while_eos_is_sent() {
    let harness = Compare::started(iqacompare().build().unwrap(), FLAT);
    let (sent, at_the_end) = std::sync::mpsc::channel();
    let (go_on, gone_on) = std::sync::mpsc::channel::<()>();
    let gone_on = std::sync::Mutex::new(gone_on);
    let probe = harness.sink.add_probe(gst::PadProbeType::EVENT_DOWNSTREAM, move |_, info| {
        if info.event().is_some_and(|event| event.type_() == gst::EventType::Eos) {
            let _ = sent.send(());
            let _ = gone_on.lock().unwrap().recv();
        }
        gst::PadProbeReturn::Ok
    });
    harness.feed((0..5).map(|n| flat(n, 100)), (0..5).map(|n| flat(n, 110)));
    assert!(harness.event(gst::event::Eos::new()));
    at_the_end.recv().unwrap();
    assert!(harness.end_reference().wait());
    drop(go_on);
    harness.wait_eos();
    harness.sink.remove_probe(probe.unwrap());
    harness.clear();
    harness.start(FLAT);
    harness.feed([], (0..3).map(|n| flat(n, 110)));
    assert_eq!(states(&harness.frames(3)), ["unmatched"; 3]);
    harness.finish();
}

#[test]
fn nothing_at_all() {
    let harness = Compare::started(iqacompare().build().unwrap(), FLAT);
    assert!(harness.finish_both().is_empty());
    assert_eq!(harness.order(), ["stream-start", "caps", "segment", "eos"]);
    harness.assert_ledger(&[("distorted", 0), ("reference", 0)]);
    let names: Vec<_> = harness.messages().iter().map(|message| message.name().to_string()).collect();
    assert_eq!(names, ["iqa-summary"]);
}

/// No frame, and nothing at all from the reference.
#[test]
fn nothing_at_all_with_a_reference_that_is_stuck() {
    let harness = Compare::started(iqacompare().build().unwrap(), FLAT);
    assert!(harness.finish().is_empty());
    assert_eq!(harness.order(), ["stream-start", "caps", "segment", "eos"]);
    assert!((0..100).all(|n| harness.reference.push(flat(n, 100)).is_ok()));
    assert_eq!(harness.order(), ["stream-start", "caps", "segment", "eos"]);
}

#[test]
fn the_summary_comes_before_eos_and_is_consistent() {
    let harness = Compare::started(iqacompare().build().unwrap(), FLAT);
    let bus = harness.bus.clone();
    let (sender, receiver) = std::sync::mpsc::channel();
    harness.sink.add_probe(gst::PadProbeType::EVENT_DOWNSTREAM, move |_, info| {
        if info.event().is_some_and(|event| event.type_() == gst::EventType::Eos) {
            let messages = std::iter::from_fn(|| bus.pop_filtered(&[gst::MessageType::Element]));
            let structures = messages.filter_map(|message| message.structure().map(ToOwned::to_owned));
            let _ = sender.send(structures.filter(|structure| structure.name() == "iqa-summary").last());
        }
        gst::PadProbeReturn::Ok
    });
    harness.pairs(0..20, 10);
    harness.finish_both();
    let summary = receiver.recv().unwrap().expect("a summary before EOS");
    let count = |field: &str| summary.get::<u64>(field).unwrap();
    assert_eq!((count("scored"), count("matched"), count("distorted"), count("reference")), (20, 20, 20, 20));
    for field in ["psnr-y", "psnr", "ssim", "confidence"] {
        assert!(summary.has_field(field), "{field} of {summary}");
    }
    near(summary.get::<gst::Structure>("psnr-y").unwrap().get("mean").unwrap(), psnr(10), 1e-9);
}
