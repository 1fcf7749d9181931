// SPDX-License-Identifier: MPL-2.0

//! Flushes in the middle of processing.

use crate::common::*;
use gst::prelude::*;
use onnx_iqa_testkit as kit;

#[test]
fn a_flush_frees_a_full_queue_and_stale_results_never_appear() {
    let dir = kit::TempDir::new();
    let model = mean_model(&dir);
    for batch in [1u32, 4] {
        let element = iqascore(&model).property("queue-size", 4u32).property("batch-size", batch);
        let harness = ElementHarness::started(element.property("frame-messages", true).build().unwrap(), CAPS);
        for round in 0..5 {
            let hold = ScorerGate::new(&model);
            let first = round * 100;
            for n in first..first + 4 {
                harness.push(gray(n, 255)).unwrap();
            }
            let blocked = harness.push_later(gray(first + 4, 255));
            assert!(blocked.blocks(GLANCE));
            // In half of the rounds, the worker continues after the flush, in the other half before.
            if round % 2 == 0 {
                harness.flush();
                hold.release();
            } else {
                harness.flush_start();
                hold.release();
                harness.flush_stop();
            }
            assert_eq!(blocked.wait(), Err(gst::FlowError::Flushing));
            harness.clear();
            harness.messages();
            for n in first + 50..first + 60 {
                harness.push(gray(n, shade(n))).unwrap();
            }
            let frames = harness.frames(10);
            assert_eq!(frames.len(), 10);
            for (n, buffer) in (first + 50..).zip(&frames) {
                assert_scored(buffer, n, shade(n));
            }
            let told = harness.messages_named("iqa-score");
            assert_eq!(told.len(), 10, "scores of flushed frames are not reported: {told:?}");
        }
    }
}

#[test]
fn a_flush_unblocks_downstream() {
    let dir = kit::TempDir::new();
    let element = iqascore(&mean_model(&dir)).property("queue-size", 2u32).build().unwrap();
    let harness = ElementHarness::started(element, CAPS);
    for _ in 0..5 {
        harness.clear();
        harness.block();
        harness.push(gray(0, 9)).unwrap();
        harness.frames(1);
        harness.push(gray(1, 9)).unwrap();
        harness.push(gray(2, 9)).unwrap();
        let blocked = harness.push_later(gray(3, 9));
        assert!(blocked.blocks(GLANCE));
        let pad = harness.src.clone();
        let (sender, started) = std::sync::mpsc::channel();
        std::thread::spawn(move || sender.send(pad.push_event(gst::event::FlushStart::new())));
        harness.wait_until("FLUSH_START, past all frames", |items| {
            items.iter().any(|item| matches!(item, Item::Event(event) if event.type_() == gst::EventType::FlushStart))
        });
        // Like a sink at FLUSH_START.
        harness.unblock();
        assert_eq!(started.recv_timeout(LIMIT), Ok(true));
        assert_eq!(blocked.wait(), Err(gst::FlowError::Flushing));
        harness.flush_stop();
        harness.clear();
        harness.push(gray(7, 70)).unwrap();
        assert_scored(&harness.frames(1)[0], 7, 70);
    }
}

#[test]
fn the_newest_score_does_not_survive_a_flush() {
    let dir = kit::TempDir::new();
    let element = iqascore(&mean_model(&dir)).property("interval", 5u32).build().unwrap();
    let harness = ElementHarness::started(element, CAPS);
    harness.push(gray(0, 200)).unwrap();
    harness.push(gray(1, 200)).unwrap();
    harness.frames(2);
    harness.flush();
    harness.clear();
    // The first frame after a flush is scored, so that there is no interval without a score.
    harness.push(gray(100, 50)).unwrap();
    harness.push(gray(101, 60)).unwrap();
    let frames = harness.frames(2);
    assert_scored(&frames[0], 100, 50);
    near(entry(&frames[1]).get("score").unwrap(), score_of(50), 1e-3);
}

#[test]
fn flushes_race_with_frames() {
    let dir = kit::TempDir::new();
    let model = kit::slow_model(dir.path(), "slow", 1);
    let harness = ElementHarness::started(iqascore(&model).property("batch-size", 2u32).build().unwrap(), CAPS);
    for round in 0..30u64 {
        let feeding: Vec<_> = (0..6).map(|n| harness.push_later(gray(round * 10 + n, shade(n)))).collect();
        // At another point in each round: after as many pushes as have returned.
        for push in feeding.iter().take((round % 6) as usize) {
            push.wait().unwrap();
        }
        harness.flush();
        for push in &feeding[(round % 6) as usize..] {
            assert!(matches!(push.wait(), Ok(_) | Err(gst::FlowError::Flushing)));
        }
    }
    harness.flush();
    harness.clear();
    for n in 1000..1006 {
        harness.push(gray(n, shade(n))).unwrap();
    }
    let frames = harness.finish();
    assert_eq!(frames.len(), 6);
    for (n, buffer) in (1000..).zip(frames) {
        assert_scored(&buffer, n, shade(n));
    }
}

#[test]
fn a_flush_after_eos_restarts() {
    let dir = kit::TempDir::new();
    let harness = ElementHarness::started(iqascore(&mean_model(&dir)).build().unwrap(), CAPS);
    harness.push(gray(0, 1)).unwrap();
    harness.finish();
    harness.flush();
    harness.clear();
    harness.push(gray(1, 2)).unwrap();
    assert_eq!(harness.finish().len(), 1);
    assert_eq!(harness.stat("scored"), 2, "stats are since READY→PAUSED");
}

#[test]
fn a_flush_in_live_mode_drops_frames_in_flight() {
    let dir = kit::TempDir::new();
    let model = mean_model(&dir);
    let element = iqascore(&model).property_from_str("mode", "live").property("frame-messages", true);
    let harness = ElementHarness::started(element.build().unwrap(), CAPS);
    let hold = ScorerGate::new(&model);
    for n in 0..5 {
        harness.push(gray(n, 255)).unwrap();
    }
    harness.flush();
    hold.release();
    harness.clear();
    harness.push(gray(10, 51)).unwrap();
    harness.finish();
    let told = harness.messages_named("iqa-score");
    assert_eq!(told.len(), 1, "{told:?}");
    near(told[0].get("score").unwrap(), 20.0, 1e-3);
}

/// Upstream does not repeat what its pad has already sent.
#[test]
fn sticky_events_survive_a_flush() {
    let dir = kit::TempDir::new();
    let model = mean_model(&dir);
    let harness = ElementHarness::started(iqascore(&model).build().unwrap(), CAPS);
    let hold = ScorerGate::new(&model);
    harness.push(gray(0, 255)).unwrap();
    harness.caps("video/x-raw,format=RGB,width=4,height=2,framerate=50/1");
    assert!(harness.event(gst::event::Tag::new(gst::TagList::new())));
    assert!(harness.event(gst::event::Gap::builder(FRAME).duration(FRAME).build()));
    harness.flush();
    hold.release();
    harness.push(gray(2, 51)).unwrap();
    harness.finish();
    assert_eq!(
        harness.order(),
        ["stream-start", "caps", "segment", "flush-start", "flush-stop", "caps", "tag", "segment", "2", "eos"]
    );
}
