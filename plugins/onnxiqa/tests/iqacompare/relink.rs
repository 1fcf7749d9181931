// SPDX-License-Identifier: MPL-2.0

//! A missing link downstream, and its replacement.

use crate::common::*;
use gst::prelude::*;
use gst::{FlowError, FlowSuccess};

/// The first time stamp of the distorted stream.
const HOUR: gst::ClockTime = gst::ClockTime::from_seconds(3600);

/// The distorted frame with that number, brighter by 3 than the reference's.
fn late(n: u64) -> gst::Buffer {
    let mut buffer = flat(n, 103);
    buffer.get_mut().unwrap().set_pts(HOUR + n * FRAME);
    buffer
}

fn started() -> Compare {
    let harness = Compare::new(iqacompare().build().unwrap());
    harness.reference.start(FLAT);
    assert!(harness.event(gst::event::StreamStart::new("test")));
    harness.caps(FLAT);
    let mut segment = gst::FormattedSegment::<gst::ClockTime>::new();
    segment.set_start(HOUR);
    assert!(harness.event(gst::event::Segment::new(&segment)));
    harness
}

/// A harness whose link was removed after the first frames, the source pad, and the number of the distorted frame for
/// which upstream got NOT_LINKED.
fn unlinked() -> (Compare, gst::Pad, u64) {
    let harness = started();
    harness.feed((0..6).map(|n| flat(n, 100)), (0..4).map(late));
    harness.frames(2);
    let src = harness.element.static_pad("src").unwrap();
    src.unlink(&harness.sink).unwrap();
    let met = (4..100).find(|&n| {
        let pushed = harness.feed([flat(n + 2, 100)], [late(n)]);
        pushed[1].wait() == Err(FlowError::NotLinked)
    });
    let met = met.expect("upstream gets NOT_LINKED");
    (harness, src, met)
}

#[test]
fn a_relinked_pad_continues_in_the_same_segment() {
    let (harness, src, met) = unlinked();
    src.link(&harness.sink).unwrap();
    harness.clear();
    let next = met + 10;
    harness.feed((next..next + 6).map(|n| flat(n, 100)), (next..next + 6).map(late));
    let frames = harness.finish_both();
    assert_eq!(frames.len(), 6, "{:?}", harness.order());
    for (n, frame) in (next..).zip(&frames) {
        let entry = entry(frame);
        assert_eq!(entry.get("reference-pts"), Ok((n * FRAME).nseconds()), "{entry}");
        near(entry.get("psnr-y").unwrap(), psnr(3), 1e-9);
    }
    harness.assert_ledger(&[]);
}

/// The end of the reference is not repeated, so it is remembered.
#[test]
fn a_reference_that_ends_while_the_link_is_missing() {
    let (harness, src, met) = unlinked();
    assert!(harness.end_reference().wait());
    src.link(&harness.sink).unwrap();
    harness.clear();
    harness.feed([], (met + 1..met + 4).map(late));
    for frame in harness.frames(3) {
        assert_eq!(entry(&frame).get("state"), Ok("unmatched"));
    }
    assert_eq!(harness.finish().len(), 3);
}

/// Frames that are held when the link is found missing are lost, whatever happens to the reference before the next
/// link.
#[test]
fn a_reference_that_restarts_while_the_link_is_missing() {
    let harness = started();
    harness.feed((0..2).map(|n| flat(n, 100)), (0..2).map(late));
    harness.frames(2);
    let src = harness.element.static_pad("src").unwrap();
    src.unlink(&harness.sink).unwrap();
    // Both wait for the reference, until the next frame lets it in.
    harness.feed([flat(5, 100)], (2..4).map(late));
    while harness.stat("distorted") < 4 {
        std::thread::yield_now();
    }
    let met = (4..100).find(|&n| harness.feed([], [late(n)])[0].wait() == Err(FlowError::NotLinked));
    let met = met.expect("upstream gets NOT_LINKED");
    harness.reference.flush();
    assert!(harness.reference.event(gst::event::Segment::new(&gst::FormattedSegment::<gst::ClockTime>::new())));
    src.link(&harness.sink).unwrap();
    harness.clear();
    harness.feed((met + 1..met + 4).map(|n| flat(n, 100)), (met + 1..met + 4).map(late));
    let frames = harness.finish_both();
    assert_eq!(frames.len(), 3, "{:?}", harness.order());
    for frame in frames {
        near(entry(&frame).get("psnr-y").unwrap(), psnr(3), 1e-9);
    }
    assert_eq!(harness.count(gst::MessageType::Error), 0);
    harness.assert_ledger(&[]);
}

#[test]
fn a_pad_linked_during_a_failing_push_gets_all_further_frames() {
    let harness = started();
    let sink = harness.sink.clone();
    harness.answer_flow(move |n| {
        if n != 2 {
            return Ok(FlowSuccess::Ok);
        }
        // The event of a new link, before the element learns that there was none.
        sink.push_event(gst::event::Reconfigure::new());
        Err(FlowError::NotLinked)
    });
    let pushed = harness.feed((0..20).map(|n| flat(n, 100)), (0..20).map(late));
    assert_eq!(harness.finish_both().len(), 20);
    assert!(pushed.iter().all(|push| push.wait() == Ok(FlowSuccess::Ok)));
    harness.assert_ledger(&[("matched", 20)]);
}
