//! Flushes, in the middle of everything.

use crate::common::*;
use gst::prelude::*;
use onnx_iqa_testkit as kit;

#[test]
fn a_flush_frees_a_full_queue_and_stale_results_never_appear() {
    let dir = kit::TempDir::new();
    let model = mean_model(&dir);
    for batch in [1u32, 4] {
        let element = iqascore(&model).property("queue-size", 4u32).property("batch-size", batch);
        let rig = Rig::started(element.property("frame-messages", true).build().unwrap(), CAPS);
        for round in 0..5 {
            let hold = Hold::new(&model);
            let first = round * 100;
            for n in first..first + 4 {
                rig.push(grey(n, 255)).unwrap();
            }
            let blocked = rig.push_later(grey(first + 4, 255));
            assert!(blocked.blocks(GLANCE));
            // In half of the rounds the worker goes on after the flush, in half before.
            if round % 2 == 0 {
                rig.flush();
                hold.release();
            } else {
                rig.flush_start();
                hold.release();
                rig.flush_stop();
            }
            assert_eq!(blocked.wait(), Err(gst::FlowError::Flushing));
            rig.clear();
            rig.messages();
            for n in first + 50..first + 60 {
                rig.push(grey(n, shade(n))).unwrap();
            }
            let frames = rig.frames(10);
            assert_eq!(frames.len(), 10);
            for (n, buffer) in (first + 50..).zip(&frames) {
                assert_scored(buffer, n, shade(n));
            }
            let told = rig.messages_named("iqa-score");
            assert_eq!(told.len(), 10, "scores of flushed frames are not reported: {told:?}");
        }
    }
}

#[test]
fn a_flush_frees_downstream_that_blocks() {
    let dir = kit::TempDir::new();
    let element = iqascore(&mean_model(&dir)).property("queue-size", 2u32).build().unwrap();
    let rig = Rig::started(element, CAPS);
    for _ in 0..5 {
        rig.clear();
        rig.block();
        rig.push(grey(0, 9)).unwrap();
        rig.frames(1);
        rig.push(grey(1, 9)).unwrap();
        rig.push(grey(2, 9)).unwrap();
        let blocked = rig.push_later(grey(3, 9));
        assert!(blocked.blocks(GLANCE));
        let pad = rig.src.clone();
        let (sender, started) = std::sync::mpsc::channel();
        std::thread::spawn(move || sender.send(pad.push_event(gst::event::FlushStart::new())));
        rig.wait_until("FLUSH_START, past all frames", |items| {
            items.iter().any(|item| matches!(item, Item::Event(event) if event.type_() == gst::EventType::FlushStart))
        });
        // As a sink does at FLUSH_START.
        rig.unblock();
        assert_eq!(started.recv_timeout(LIMIT), Ok(true));
        assert_eq!(blocked.wait(), Err(gst::FlowError::Flushing));
        rig.flush_stop();
        rig.clear();
        rig.push(grey(7, 70)).unwrap();
        assert_scored(&rig.frames(1)[0], 7, 70);
    }
}

#[test]
fn the_newest_score_does_not_outlive_a_flush() {
    let dir = kit::TempDir::new();
    let element = iqascore(&mean_model(&dir)).property("interval", 5u32).build().unwrap();
    let rig = Rig::started(element, CAPS);
    rig.push(grey(0, 200)).unwrap();
    rig.push(grey(1, 200)).unwrap();
    rig.frames(2);
    rig.flush();
    rig.clear();
    // The first frame after a flush is scored, so that nobody waits for an interval with nothing.
    rig.push(grey(100, 50)).unwrap();
    rig.push(grey(101, 60)).unwrap();
    let frames = rig.frames(2);
    assert_scored(&frames[0], 100, 50);
    near(entry(&frames[1]).get("score").unwrap(), score_of(50), 1e-3);
}

#[test]
fn flushes_race_with_frames() {
    let dir = kit::TempDir::new();
    let model = kit::slow_model(dir.path(), "slow", 1);
    let rig = Rig::started(iqascore(&model).property("batch-size", 2u32).build().unwrap(), CAPS);
    for round in 0..30u64 {
        let feeding: Vec<_> = (0..6).map(|n| rig.push_later(grey(round * 10 + n, shade(n)))).collect();
        // At another moment in every round: after as many pushes as have come back.
        for push in feeding.iter().take((round % 6) as usize) {
            push.wait().unwrap();
        }
        rig.flush();
        for push in &feeding[(round % 6) as usize..] {
            assert!(matches!(push.wait(), Ok(_) | Err(gst::FlowError::Flushing)));
        }
    }
    rig.flush();
    rig.clear();
    for n in 1000..1006 {
        rig.push(grey(n, shade(n))).unwrap();
    }
    let frames = rig.finish();
    assert_eq!(frames.len(), 6);
    for (n, buffer) in (1000..).zip(frames) {
        assert_scored(&buffer, n, shade(n));
    }
}

#[test]
fn a_flush_after_eos_starts_anew() {
    let dir = kit::TempDir::new();
    let rig = Rig::started(iqascore(&mean_model(&dir)).build().unwrap(), CAPS);
    rig.push(grey(0, 1)).unwrap();
    rig.finish();
    rig.flush();
    rig.clear();
    rig.push(grey(1, 2)).unwrap();
    assert_eq!(rig.finish().len(), 1);
    assert_eq!(rig.stat("scored"), 2, "stats are since READY→PAUSED");
}

#[test]
fn a_flush_in_live_mode_forgets_what_is_in_flight() {
    let dir = kit::TempDir::new();
    let model = mean_model(&dir);
    let element = iqascore(&model).property_from_str("mode", "live").property("frame-messages", true);
    let rig = Rig::started(element.build().unwrap(), CAPS);
    let hold = Hold::new(&model);
    for n in 0..5 {
        rig.push(grey(n, 255)).unwrap();
    }
    rig.flush();
    hold.release();
    rig.clear();
    rig.push(grey(10, 51)).unwrap();
    rig.finish();
    let told = rig.messages_named("iqa-score");
    assert_eq!(told.len(), 1, "{told:?}");
    near(told[0].get("score").unwrap(), 20.0, 1e-3);
}
