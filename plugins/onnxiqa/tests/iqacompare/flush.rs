// SPDX-License-Identifier: MPL-2.0

//! Flushes: of both streams at once, as for a seek, and of one alone.

use crate::common::*;
use gst::prelude::*;

fn segment() -> gst::Event {
    gst::event::Segment::new(&gst::FormattedSegment::<gst::ClockTime>::new())
}

/// FLUSH_START and FLUSH_STOP on both pads, as parts of one flush, from a thread other than upstream's.
#[track_caller]
pub fn flush_both(harness: &Compare) {
    flush_both_start(harness);
    flush_both_stop(harness);
}

#[track_caller]
fn flush_both_start(harness: &Compare) -> gst::Seqnum {
    let start = gst::event::FlushStart::new();
    let seqnum = start.seqnum();
    for pad in [harness.reference.src.clone(), harness.src.clone()] {
        let start = start.clone();
        assert!(bounded("FLUSH_START", move || pad.push_event(start)));
    }
    SEQNUM.with(|cell| cell.set(Some(seqnum)));
    seqnum
}

thread_local!(static SEQNUM: std::cell::Cell<Option<gst::Seqnum>> = const { std::cell::Cell::new(None) });

#[track_caller]
fn flush_both_stop(harness: &Compare) {
    let seqnum = SEQNUM.with(std::cell::Cell::get).unwrap();
    for upstream in [&harness.reference, &**harness] {
        assert!(upstream.event(gst::event::FlushStop::builder(true).seqnum(seqnum).build()));
    }
    for upstream in [&harness.reference, &**harness] {
        assert!(upstream.event(segment()));
    }
}

#[test]
fn both_streams_flushed_at_once() {
    let harness = Compare::started(iqacompare().build().unwrap(), FLAT);
    let mut decided = 0;
    for round in 0..5u64 {
        // Frames of both sides are held, and the pads are full.
        let pushed = harness.feed((0..4).map(|n| flat(n, 10)), (0..9).map(|n| flat(n, 200)));
        harness.frames(3);
        flush_both(&harness);
        for push in pushed {
            assert!(matches!(push.wait(), Ok(_) | Err(gst::FlowError::Flushing)));
        }
        harness.clear();
        harness.pairs(round * 10..round * 10 + 6, 3);
        let frames = harness.frames(4);
        for (n, frame) in (round * 10..).zip(&frames) {
            assert_eq!(frame.pts(), Some(n * FRAME), "nothing of before: {:?}", harness.order());
            near(entry(frame).get("psnr-y").unwrap(), psnr(3), 1e-9);
        }
        flush_both(&harness);
        harness.clear();
        decided = harness.stat("distorted");
    }
    harness.assert_ledger(&[]);
    assert!(decided >= 5 * 7, "{}", harness.stats());
    harness.pairs(0..3, 0);
    assert_eq!(harness.finish_both().len(), 3);
    harness.assert_ledger(&[]);
}

#[test]
fn a_flush_unblocks_downstream() {
    let harness = Compare::started(iqacompare().build().unwrap(), FLAT);
    for _ in 0..3 {
        harness.clear();
        harness.block();
        let pushed = harness.pairs(0..20, 5);
        harness.frames(1);
        let (start, both) = (gst::event::FlushStart::new(), [harness.reference.src.clone(), harness.src.clone()]);
        SEQNUM.with(|cell| cell.set(Some(start.seqnum())));
        let (sender, started) = std::sync::mpsc::channel();
        std::thread::spawn(move || sender.send(both.iter().all(|pad| pad.push_event(start.clone()))));
        harness.wait_until("FLUSH_START", |items| {
            items.iter().any(|item| matches!(item, Item::Event(event) if event.type_() == gst::EventType::FlushStart))
        });
        // Like a sink at FLUSH_START.
        harness.unblock();
        assert_eq!(started.recv_timeout(LIMIT), Ok(true));
        for push in pushed {
            let _ = push.wait();
        }
        flush_both_stop(&harness);
        harness.clear();
        harness.pairs(7..11, 1);
        assert_eq!(harness.frames(1)[0].pts(), Some(7 * FRAME));
        flush_both(&harness);
    }
}

#[test]
fn a_flush_after_the_end_restarts() {
    let harness = Compare::started(iqacompare().build().unwrap(), FLAT);
    for _ in 0..3 {
        harness.pairs(0..4, 2);
        assert_eq!(harness.finish_both().len(), 4);
        harness.messages();
        flush_both(&harness);
        harness.clear();
    }
    harness.pairs(0..4, 2);
    assert_eq!(harness.finish_both().len(), 4);
    harness.assert_ledger(&[("distorted", 16), ("matched", 16), ("scored", 16)]);
}

#[test]
fn the_reference_alone_restarts() {
    let harness = Compare::started(iqacompare().build().unwrap(), FLAT);
    harness.feed((0..6).map(|n| flat(n, 100)), (0..10).map(|n| flat(n, 105)));
    harness.frames(3);
    harness.reference.flush();
    // Its new running time is that of the distorted stream.
    harness.feed((8..14).map(|n| flat(n, 100)), (10..14).map(|n| flat(n, 107)));
    let frames = harness.finish_both();
    let pts: Vec<_> = frames.iter().map(|frame| frame.pts().unwrap().nseconds() / FRAME.nseconds()).collect();
    assert_eq!(pts, (0..14).collect::<Vec<_>>(), "every frame leaves once");
    let last = entry(&frames[13]);
    near(last.get("psnr-y").unwrap(), psnr(7), 1e-9);
    harness.assert_ledger(&[("distorted", 14)]);
    assert!(!harness.order().iter().any(|item| item.starts_with("flush")), "downstream is not flushed");
}

/// Frames that wait for a reference leave without one where the restarted reference is ahead of them all.
#[test]
fn a_reference_that_restarts_ahead_of_many_frames() {
    for max_bytes in [None, Some(24u64 * 16 * 16)] {
        let element = iqacompare().property_if_some("max-bytes", max_bytes);
        let harness = Compare::started(element.build().unwrap(), FLAT);
        harness.feed((0..2).map(|n| flat(n, 100)), (0..8).map(|n| flat(n, 105)));
        harness.feed((8..11).map(|n| flat(n, 100)), (8..17).map(|n| flat(n, 105)));
        harness.feed((11..13).map(|n| flat(n, 100)), (17..27).map(|n| flat(n, 105)));
        harness.reference.flush();
        assert!(harness.reference.event(segment()));
        harness.feed((27..34).map(|n| flat(n, 100)), []);
        assert_eq!(harness.frames(27).len(), 27);
    }
}

#[test]
fn the_distorted_stream_alone_restarts() {
    let harness = Compare::started(iqacompare().build().unwrap(), FLAT);
    harness.feed((0..6).map(|n| flat(n, 100)), (0..4).map(|n| flat(n, 105)));
    harness.frames(3);
    harness.flush();
    harness.feed((6..14).map(|n| flat(n, 100)), (8..14).map(|n| flat(n, 107)));
    let frames = harness.finish_both();
    let last = entry(frames.last().unwrap());
    assert_eq!(last.get("reference-pts"), Ok((13 * FRAME).nseconds()), "{last}");
    near(last.get("psnr-y").unwrap(), psnr(7), 1e-9);
    harness.assert_ledger(&[]);
}

#[test]
fn flushes_race_with_frames() {
    let harness = Compare::started(iqacompare().build().unwrap(), FLAT);
    for round in 0..30u64 {
        let feeding = harness.pairs(round * 10..round * 10 + 6, 4);
        for push in feeding.iter().take((round % 4) as usize) {
            push.wait().unwrap();
        }
        flush_both(&harness);
        for push in &feeding[(round % 4) as usize..] {
            assert!(matches!(push.wait(), Ok(_) | Err(gst::FlowError::Flushing)));
        }
    }
    flush_both(&harness);
    harness.clear();
    harness.pairs(1000..1006, 6);
    let frames = harness.finish_both();
    assert_eq!(frames.len(), 6);
    for (n, frame) in (1000..).zip(frames) {
        assert_eq!(frame.pts(), Some(n * FRAME));
        near(entry(&frame).get("psnr-y").unwrap(), psnr(6), 1e-9);
    }
    harness.assert_ledger(&[]);
}
