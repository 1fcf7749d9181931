//! Streams that end, one before the other, or never begin.

use crate::common::*;
use gst::prelude::*;

fn states(frames: &[gst::Buffer]) -> Vec<String> {
    frames.iter().map(|frame| entry(frame).get("state").unwrap()).collect()
}

#[test]
fn after_the_references_end_frames_leave_unmatched() {
    let rig = Compare::started(iqacompare().build().unwrap(), FLAT);
    rig.feed((0..5).map(|n| flat(n, 100)), (0..5).map(|n| flat(n, 110)));
    let ended = rig.end_reference();
    rig.feed([], (5..12).map(|n| flat(n, 110)));
    let frames = rig.finish();
    ended.wait();
    let expected: Vec<_> = (0..12).map(|n| if n < 5 { "scored" } else { "unmatched" }).collect();
    assert_eq!(states(&frames), expected);
    rig.assert_ledger(&[("distorted", 12), ("matched", 5), ("unmatched", 7), ("reference", 5)]);
}

#[test]
fn a_reference_that_ends_at_once() {
    let rig = Compare::started(iqacompare().build().unwrap(), FLAT);
    rig.end_reference().wait();
    rig.feed([], (0..5).map(|n| flat(n, 110)));
    assert_eq!(states(&rig.finish()), ["unmatched"; 5]);
    rig.assert_ledger(&[("distorted", 5), ("unmatched", 5), ("reference", 0), ("scored", 0)]);
    let summary = rig.message("iqa-summary");
    assert_eq!((summary.get("scored"), summary.get("unmatched")), (Ok(0u64), Ok(5u64)));
    assert!(!summary.has_field("psnr-y"), "nothing enters the pool: {summary}");
}

#[test]
fn a_reference_without_even_caps() {
    let rig = Compare::new(iqacompare().build().unwrap());
    assert!(rig.reference.event(gst::event::StreamStart::new("test")));
    rig.end_reference().wait();
    rig.start(FLAT);
    rig.feed([], (0..5).map(|n| flat(n, 110)));
    assert_eq!(states(&rig.finish()), ["unmatched"; 5]);
}

/// The reference's source is stuck: nobody may wait for it once everything has left.
#[test]
fn the_end_of_the_distorted_stream_is_the_end() {
    let rig = Compare::started(iqacompare().build().unwrap(), FLAT);
    rig.feed((0..10).map(|n| flat(n, 100)), (0..5).map(|n| flat(n, 110)));
    assert_eq!(states(&rig.finish()), ["scored"; 5]);
    let ends = rig.order().iter().filter(|item| *item == "eos").count();
    assert_eq!(ends, 1);
    // The reference's source hears of it with the next frame.
    let refused = (10..100).find_map(|n| rig.reference.push(flat(n, 100)).err());
    assert_eq!(refused, Some(gst::FlowError::Eos));
    assert_eq!(rig.order().iter().filter(|item| *item == "eos").count(), 1, "EOS is sent once");
    rig.assert_ledger(&[("distorted", 5), ("matched", 5)]);
}

#[test]
fn the_end_of_the_distorted_stream_with_a_reference_that_pauses() {
    let rig = Compare::started(iqacompare().build().unwrap(), FLAT);
    rig.feed((0..7).map(|n| flat(n, 100)), (0..5).map(|n| flat(n, 110)));
    rig.frames(5);
    let frames = rig.finish();
    assert_eq!(frames.len(), 5);
    near(entry(&frames[4]).get("psnr-y").unwrap(), psnr(10), 1e-9);
}

#[test]
fn nothing_at_all() {
    let rig = Compare::started(iqacompare().build().unwrap(), FLAT);
    assert!(rig.finish_both().is_empty());
    assert_eq!(rig.order(), ["stream-start", "caps", "segment", "eos"]);
    rig.assert_ledger(&[("distorted", 0), ("reference", 0)]);
    let names: Vec<_> = rig.messages().iter().map(|message| message.name().to_string()).collect();
    assert_eq!(names, ["iqa-summary"]);
}

/// Neither a frame nor anything of the reference's.
#[test]
fn nothing_at_all_with_a_reference_that_is_stuck() {
    let rig = Compare::started(iqacompare().build().unwrap(), FLAT);
    assert!(rig.finish().is_empty());
    assert_eq!(rig.order(), ["stream-start", "caps", "segment", "eos"]);
    let refused = (0..100).find_map(|n| rig.reference.push(flat(n, 100)).err());
    assert_eq!(refused, Some(gst::FlowError::Eos));
    assert_eq!(rig.order(), ["stream-start", "caps", "segment", "eos"]);
}

#[test]
fn the_summary_comes_before_the_end_and_adds_up() {
    let rig = Compare::started(iqacompare().build().unwrap(), FLAT);
    let bus = rig.bus.clone();
    let (sender, receiver) = std::sync::mpsc::channel();
    rig.sink.add_probe(gst::PadProbeType::EVENT_DOWNSTREAM, move |_, info| {
        if info.event().is_some_and(|event| event.type_() == gst::EventType::Eos) {
            let messages = std::iter::from_fn(|| bus.pop_filtered(&[gst::MessageType::Element]));
            let structures = messages.filter_map(|message| message.structure().map(ToOwned::to_owned));
            let _ = sender.send(structures.filter(|structure| structure.name() == "iqa-summary").last());
        }
        gst::PadProbeReturn::Ok
    });
    rig.pairs(0..20, 10);
    rig.finish_both();
    let summary = receiver.recv().unwrap().expect("a summary before EOS");
    let count = |field: &str| summary.get::<u64>(field).unwrap();
    assert_eq!((count("scored"), count("matched"), count("distorted"), count("reference")), (20, 20, 20, 20));
    for field in ["psnr-y", "psnr", "ssim", "confidence"] {
        assert!(summary.has_field(field), "{field} of {summary}");
    }
    near(summary.get::<gst::Structure>("psnr-y").unwrap().get("mean").unwrap(), psnr(10), 1e-9);
}
