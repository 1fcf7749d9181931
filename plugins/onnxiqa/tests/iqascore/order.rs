// SPDX-License-Identifier: MPL-2.0

//! Frames leave in order, unchanged, each with its own score.

use crate::common::*;
use gst::prelude::*;
use gst_check::Harness;
use onnx_iqa_testkit as kit;

#[test]
fn every_frame_carries_its_own_score() {
    let dir = kit::TempDir::new();
    let element = iqascore(&mean_model(&dir)).build().unwrap();
    let mut harness = Harness::with_element(&element, Some("sink"), Some("src"));
    harness.set_src_caps_str(CAPS);
    let count = 50;
    let (sender, pushed) = std::sync::mpsc::channel();
    for n in 0..count {
        let mut buffer = gray(n, shade(n));
        let fields = buffer.get_mut().unwrap();
        fields.set_offset(n + 7);
        fields.set_flags(gst::BufferFlags::MARKER);
        sender.send(buffer.memory(0).unwrap()).unwrap();
        assert_eq!(harness.push(buffer), Ok(gst::FlowSuccess::Ok));
    }
    for (n, memory) in (0..count).zip(pushed) {
        let buffer = harness.pull().unwrap();
        assert_scored(&buffer, n, shade(n));
        assert_eq!((buffer.duration(), buffer.offset()), (Some(FRAME), n + 7));
        assert!(buffer.flags().contains(gst::BufferFlags::MARKER));
        assert_eq!(buffer.n_memory(), 1);
        assert_eq!(buffer.peek_memory(0).as_ptr(), memory.as_ptr(), "the frame was copied");
    }
    assert!(harness.try_pull().is_none());
}

#[test]
fn the_fields_are_exactly_those_documented() {
    let dir = kit::TempDir::new();
    let harness = ElementHarness::started(iqascore(&mean_model(&dir)).build().unwrap(), CAPS);
    harness.push(gray(3, 51)).unwrap();
    let entry = entry(&harness.frames(1)[0]);
    assert_eq!(entry.name(), "iqa-score");
    assert_eq!(fields(&entry), ["age", "kind", "latency", "model", "raw", "score", "scored-pts", "state"]);
    assert_eq!(entry.get::<&str>("model"), Ok("mean"));
    assert_eq!(entry.get::<&str>("kind"), Ok("nr"));
    assert_eq!(entry.get::<&str>("state"), Ok("scored"));
    near(entry.get("raw").unwrap(), 0.2, 1e-6);
    near(entry.get("score").unwrap(), 20.0, 1e-4);
    assert_eq!(entry.get::<u64>("scored-pts"), Ok(120_000_000));
    assert_eq!(entry.get::<u64>("age"), Ok(0));
    assert!(entry.get::<u64>("latency").unwrap() > 0);
}

#[test]
fn several_elements_have_separate_entries() {
    let dir = kit::TempDir::new();
    let model = mean_model(&dir);
    let bin = gst::Bin::new();
    let first = iqascore_named("first", &model).build().unwrap();
    let second = iqascore_named("second", &model).property("interval", 2u32).build().unwrap();
    bin.add_many([&first, &second]).unwrap();
    first.link(&second).unwrap();
    for (name, element) in [("sink", &first), ("src", &second)] {
        let pad = gst::GhostPad::with_target(&element.static_pad(name).unwrap()).unwrap();
        pad.set_property("name", name);
        bin.add_pad(&pad).unwrap();
    }
    let harness = ElementHarness::started(bin.upcast(), CAPS);
    for n in 0..4 {
        harness.push(gray(n, shade(n))).unwrap();
    }
    for (n, buffer) in (0..).zip(harness.finish()) {
        near(entry_of(&buffer, "first").get("score").unwrap(), score_of(shade(n)), 1e-3);
        near(entry_of(&buffer, "second").get("score").unwrap(), score_of(shade(n - n % 2)), 1e-3);
        assert_eq!(gstonnxiqa::meta::entries(&buffer).len(), 2);
    }
}

#[test]
fn caps_changes_keep_their_place_and_each_frame_is_read_by_its_own() {
    let dir = kit::TempDir::new();
    let model = mean_model(&dir);
    let harness = ElementHarness::new(
        iqascore(&model).property("queue-size", 16u32).property("batch-size", 4u32).build().unwrap(),
    );
    let hold = ScorerGate::new(&model);
    harness.start(CAPS);
    harness.push(gray(0, 10)).unwrap();
    harness.push(gray(1, 20)).unwrap();
    harness.caps("video/x-raw,format=RGB,width=2,height=4,framerate=0/1");
    let mut buffer = gst::Buffer::from_mut_slice(vec![30u8; 4 * 8]);
    buffer.get_mut().unwrap().set_pts(2 * FRAME);
    harness.push(buffer).unwrap();
    harness.caps("video/x-raw,format=GRAY8,width=4,height=1,framerate=25/1");
    let mut buffer = gst::Buffer::from_mut_slice(vec![40u8; 4]);
    buffer.get_mut().unwrap().set_pts(3 * FRAME);
    harness.push(buffer).unwrap();
    harness.caps(CAPS);
    harness.push(gray(4, 50)).unwrap();
    hold.release();
    let frames = harness.finish();
    for (n, buffer) in frames.iter().enumerate() {
        assert_scored(buffer, n as u64, 10 * (n as u8 + 1));
    }
    assert_eq!(
        harness.order(),
        ["stream-start", "caps", "segment", "0", "1", "caps", "2", "caps", "3", "caps", "4", "eos"]
    );
}

#[test]
fn serialized_events_keep_their_place_and_others_do_not_wait() {
    let dir = kit::TempDir::new();
    let model = mean_model(&dir);
    let harness = ElementHarness::started(iqascore(&model).property("queue-size", 8u32).build().unwrap(), CAPS);
    let hold = ScorerGate::new(&model);
    let custom = |name| gst::Structure::new_empty(name);
    harness.push(gray(0, shade(0))).unwrap();
    assert!(harness.event(gst::event::CustomDownstream::new(custom("between-0-and-1"))));
    harness.push(gray(1, shade(1))).unwrap();
    assert!(harness.event(gst::event::Tag::new(gst::TagList::new())));
    assert!(harness.event(gst::event::Gap::builder(2 * FRAME).duration(FRAME).build()));
    harness.push(gray(3, shade(3))).unwrap();
    assert!(harness.event(gst::event::CustomDownstreamSticky::new(custom("sticky"))));
    assert!(harness.event(gst::event::CustomDownstreamOob::new(custom("at-once"))));
    harness.wait_until("what does not wait", |items| items.len() >= 4);
    assert_eq!(harness.order(), ["stream-start", "caps", "segment", "at-once"]);
    hold.release();
    harness.finish();
    assert_eq!(harness.order()[3..], ["at-once", "0", "between-0-and-1", "1", "tag", "gap", "3", "sticky", "eos"]);
    assert_eq!((harness.stat("frames"), harness.stat("scored")), (3, 3), "a gap is no frame");
}

#[test]
fn batches_change_neither_order_nor_scores() {
    let dir = kit::TempDir::new();
    let model = mean_model(&dir);
    // The queue holds a batch, whatever its own size.
    let harness = ElementHarness::new(
        iqascore(&model).property("queue-size", 1u32).property("batch-size", 4u32).build().unwrap(),
    );
    let hold = ScorerGate::new(&model);
    harness.start(CAPS);
    for n in 0..4 {
        harness.push(gray(n, shade(n))).unwrap();
    }
    let fifth = harness.push_later(gray(4, shade(4)));
    assert!(fifth.blocks(GLANCE), "the capacity is 4");
    hold.release();
    fifth.wait().unwrap();
    for n in 5..30 {
        harness.push(gray(n, shade(n))).unwrap();
    }
    let frames = harness.finish();
    assert_eq!(frames.len(), 30, "an incomplete batch at EOS");
    for (n, buffer) in (0..).zip(frames) {
        assert_scored(&buffer, n, shade(n));
    }
}

#[test]
fn a_graph_for_one_picture_runs_one_by_one() {
    let dir = kit::TempDir::new();
    let graph = kit::mean_graph(kit::Element::Float, "1 3 H W").contract(kit::NR_CONTRACT);
    let model = graph.write(dir.path(), "one");
    let harness = ElementHarness::new(iqascore(&model).property("batch-size", 4u32).build().unwrap());
    let hold = ScorerGate::new(&model);
    harness.start(CAPS);
    for n in 0..4 {
        harness.push(gray(n, shade(n))).unwrap();
    }
    hold.release();
    for n in 4..9 {
        harness.push(gray(n, shade(n))).unwrap();
    }
    for (n, buffer) in (0..).zip(harness.finish()) {
        assert_scored(&buffer, n, shade(n));
    }
    assert_eq!(harness.stat("scored"), 9);
}

#[test]
fn a_full_queue_blocks_upstream() {
    let dir = kit::TempDir::new();
    let model = mean_model(&dir);
    let harness = ElementHarness::started(iqascore(&model).property("queue-size", 3u32).build().unwrap(), CAPS);
    harness.block();
    // One is in transit to downstream, three wait.
    harness.push(gray(0, shade(0))).unwrap();
    harness.frames(1);
    for n in 1..4 {
        harness.push(gray(n, shade(n))).unwrap();
    }
    let fifth = harness.push_later(gray(4, shade(4)));
    assert!(fifth.blocks(GLANCE), "more than queue-size frames were taken");
    harness.unblock();
    fifth.wait().unwrap();
    assert_eq!(harness.finish().len(), 5);
}

#[test]
fn a_stream_can_end_and_another_begin() {
    let dir = kit::TempDir::new();
    let harness = ElementHarness::started(iqascore(&mean_model(&dir)).build().unwrap(), CAPS);
    harness.push(gray(0, 1)).unwrap();
    harness.finish();
    harness.clear();
    harness.start(CAPS);
    harness.push(gray(1, 2)).unwrap();
    let frames = harness.finish();
    assert_eq!(frames.len(), 1);
    assert_scored(&frames[0], 1, 2);
}
