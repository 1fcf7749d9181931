//! Flushes: of both streams at once, as a seek does, and of one alone.

use crate::common::*;
use gst::prelude::*;

fn segment() -> gst::Event {
    gst::event::Segment::new(&gst::FormattedSegment::<gst::ClockTime>::new())
}

/// FLUSH_START and FLUSH_STOP on both pads, as parts of one flush, from a thread that is not upstream's.
#[track_caller]
fn flush_both(rig: &Compare) {
    flush_both_start(rig);
    flush_both_stop(rig);
}

#[track_caller]
fn flush_both_start(rig: &Compare) -> gst::Seqnum {
    let start = gst::event::FlushStart::new();
    let seqnum = start.seqnum();
    for pad in [rig.reference.src.clone(), rig.src.clone()] {
        let start = start.clone();
        assert!(bounded("FLUSH_START", move || pad.push_event(start)));
    }
    SEQNUM.with(|cell| cell.set(Some(seqnum)));
    seqnum
}

thread_local!(static SEQNUM: std::cell::Cell<Option<gst::Seqnum>> = const { std::cell::Cell::new(None) });

#[track_caller]
fn flush_both_stop(rig: &Compare) {
    let seqnum = SEQNUM.with(std::cell::Cell::get).unwrap();
    for upstream in [&rig.reference, &**rig] {
        assert!(upstream.event(gst::event::FlushStop::builder(true).seqnum(seqnum).build()));
    }
    for upstream in [&rig.reference, &**rig] {
        assert!(upstream.event(segment()));
    }
}

#[test]
fn both_streams_flushed_at_once() {
    let rig = Compare::started(iqacompare().build().unwrap(), FLAT);
    let mut decided = 0;
    for round in 0..5u64 {
        // Frames of both sides are held, and pads are full.
        let pushed = rig.feed((0..4).map(|n| flat(n, 10)), (0..9).map(|n| flat(n, 200)));
        rig.frames(3);
        flush_both(&rig);
        for push in pushed {
            assert!(matches!(push.wait(), Ok(_) | Err(gst::FlowError::Flushing)));
        }
        rig.clear();
        rig.pairs(round * 10..round * 10 + 6, 3);
        let frames = rig.frames(4);
        for (n, frame) in (round * 10..).zip(&frames) {
            assert_eq!(frame.pts(), Some(n * FRAME), "nothing of before: {:?}", rig.order());
            near(entry(frame).get("psnr-y").unwrap(), psnr(3), 1e-9);
        }
        flush_both(&rig);
        rig.clear();
        decided = rig.stat("distorted");
    }
    rig.assert_ledger(&[]);
    assert!(decided >= 5 * 7, "{}", rig.stats());
    rig.pairs(0..3, 0);
    assert_eq!(rig.finish_both().len(), 3);
    rig.assert_ledger(&[]);
}

#[test]
fn a_flush_frees_downstream_that_blocks() {
    let rig = Compare::started(iqacompare().build().unwrap(), FLAT);
    for _ in 0..3 {
        rig.clear();
        rig.block();
        let pushed = rig.pairs(0..20, 5);
        rig.frames(1);
        let (start, both) = (gst::event::FlushStart::new(), [rig.reference.src.clone(), rig.src.clone()]);
        SEQNUM.with(|cell| cell.set(Some(start.seqnum())));
        let (sender, started) = std::sync::mpsc::channel();
        std::thread::spawn(move || sender.send(both.iter().all(|pad| pad.push_event(start.clone()))));
        rig.wait_until("FLUSH_START", |items| {
            items.iter().any(|item| matches!(item, Item::Event(event) if event.type_() == gst::EventType::FlushStart))
        });
        // As a sink does at FLUSH_START.
        rig.unblock();
        assert_eq!(started.recv_timeout(LIMIT), Ok(true));
        for push in pushed {
            let _ = push.wait();
        }
        flush_both_stop(&rig);
        rig.clear();
        rig.pairs(7..11, 1);
        assert_eq!(rig.frames(1)[0].pts(), Some(7 * FRAME));
        flush_both(&rig);
    }
}

#[test]
fn a_flush_after_the_end_starts_anew() {
    let rig = Compare::started(iqacompare().build().unwrap(), FLAT);
    for _ in 0..3 {
        rig.pairs(0..4, 2);
        assert_eq!(rig.finish_both().len(), 4);
        rig.messages();
        flush_both(&rig);
        rig.clear();
    }
    rig.pairs(0..4, 2);
    assert_eq!(rig.finish_both().len(), 4);
    rig.assert_ledger(&[("distorted", 16), ("matched", 16), ("scored", 16)]);
}

#[test]
fn the_reference_alone_begins_anew() {
    let rig = Compare::started(iqacompare().build().unwrap(), FLAT);
    rig.feed((0..6).map(|n| flat(n, 100)), (0..10).map(|n| flat(n, 105)));
    rig.frames(3);
    rig.reference.flush();
    // Its new running time is the distorted stream's.
    rig.feed((8..14).map(|n| flat(n, 100)), (10..14).map(|n| flat(n, 107)));
    let frames = rig.finish_both();
    let pts: Vec<_> = frames.iter().map(|frame| frame.pts().unwrap().nseconds() / FRAME.nseconds()).collect();
    assert_eq!(pts, (0..14).collect::<Vec<_>>(), "every frame leaves once");
    let last = entry(&frames[13]);
    near(last.get("psnr-y").unwrap(), psnr(7), 1e-9);
    rig.assert_ledger(&[("distorted", 14)]);
    assert!(!rig.order().iter().any(|item| item.starts_with("flush")), "nobody has flushed downstream");
}

#[test]
fn the_distorted_stream_alone_begins_anew() {
    let rig = Compare::started(iqacompare().build().unwrap(), FLAT);
    rig.feed((0..6).map(|n| flat(n, 100)), (0..4).map(|n| flat(n, 105)));
    rig.frames(3);
    rig.flush();
    rig.feed((6..14).map(|n| flat(n, 100)), (8..14).map(|n| flat(n, 107)));
    let frames = rig.finish_both();
    let last = entry(frames.last().unwrap());
    assert_eq!(last.get("reference-pts"), Ok((13 * FRAME).nseconds()), "{last}");
    near(last.get("psnr-y").unwrap(), psnr(7), 1e-9);
    rig.assert_ledger(&[]);
}

#[test]
fn flushes_race_with_frames() {
    let rig = Compare::started(iqacompare().build().unwrap(), FLAT);
    for round in 0..30u64 {
        let feeding = rig.pairs(round * 10..round * 10 + 6, 4);
        for push in feeding.iter().take((round % 4) as usize) {
            push.wait().unwrap();
        }
        flush_both(&rig);
        for push in &feeding[(round % 4) as usize..] {
            assert!(matches!(push.wait(), Ok(_) | Err(gst::FlowError::Flushing)));
        }
    }
    flush_both(&rig);
    rig.clear();
    rig.pairs(1000..1006, 6);
    let frames = rig.finish_both();
    assert_eq!(frames.len(), 6);
    for (n, frame) in (1000..).zip(frames) {
        assert_eq!(frame.pts(), Some(n * FRAME));
        near(entry(&frame).get("psnr-y").unwrap(), psnr(6), 1e-9);
    }
    rig.assert_ledger(&[]);
}
