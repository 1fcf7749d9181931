// SPDX-License-Identifier: MPL-2.0

//! Which frames are compared, and what they then carry.

use crate::common::*;
use gst::prelude::*;

#[test]
fn every_frame_leaves_once_in_order_with_its_own_measures() {
    let harness = Compare::started(iqacompare().build().unwrap(), FLAT);
    let differences = (0..50u64).map(|n| (n % 7) as u8);
    let reference = (0..50).map(|n| flat(n, 100));
    harness.feed(reference, (0..50).zip(differences.clone()).map(|(n, difference)| flat(n, 100 + difference)));
    let frames = harness.finish_both();
    assert_eq!(frames.len(), 50);
    for ((n, difference), buffer) in (0..).zip(differences).zip(&frames) {
        assert_eq!(buffer.pts(), Some(n * FRAME));
        let entry = entry(buffer);
        assert_eq!(entry.get::<&str>("state"), Ok("scored"), "{entry}");
        assert_eq!((entry.get::<&str>("model"), entry.get::<&str>("kind")), (Ok("none"), Ok("fr")));
        assert_eq!(entry.get::<&str>("pairing"), Ok("matched"));
        assert_eq!(entry.get("reference-pts"), Ok((n * FRAME).nseconds()));
        assert_eq!((entry.get("offset"), entry.get("age")), (Ok(0i64), Ok(0u64)));
        assert_eq!(entry.get("scored-pts"), Ok((n * FRAME).nseconds()));
        assert!((0.0..=1.0).contains(&entry.get::<f64>("confidence").unwrap()));
        near(entry.get("psnr-y").unwrap(), psnr(difference), 1e-9);
        assert!((0.9..=1.0).contains(&entry.get::<f64>("ssim").unwrap()));
        assert!(!entry.has_field("ms-ssim") && !entry.has_field("score") && !entry.has_field("raw"));
        assert!(!entry.has_field("shift-x"), "registration is off");
    }
    harness.assert_ledger(&[("distorted", 50), ("matched", 50), ("reference", 50), ("scored", 50), ("failed", 0)]);
}

#[test]
fn outcomes_leave_while_both_pads_are_empty() {
    let harness = Compare::started(iqacompare().build().unwrap(), FLAT);
    // A frame may have to wait for the reference to continue.
    harness.feed((0..6).map(|n| flat(n, 100)), (0..4).map(|n| flat(n, 105)));
    let frames = harness.frames(4);
    near(entry(&frames[0]).get("psnr-y").unwrap(), psnr(5), 1e-9);
}

#[test]
fn frames_are_untouched() {
    let harness = Compare::started(iqacompare().build().unwrap(), FLAT);
    let kept: Vec<_> = (0..5).map(|n| flat(n, shade(n))).collect();
    let memory = |buffer: &gst::BufferRef| buffer.peek_memory(0).as_ptr();
    harness.feed((0..5).map(|n| flat(n, 100)), kept.iter().cloned());
    for (n, buffer) in (0u64..).zip(harness.finish_both()) {
        let before = &kept[n as usize];
        assert_eq!(memory(&buffer), memory(before), "the same memory");
        assert_eq!(
            (buffer.pts(), buffer.duration(), buffer.flags()),
            (before.pts(), before.duration(), before.flags())
        );
        assert!(buffer.map_readable().unwrap().iter().all(|&value| value == shade(n)));
        assert!(gstonnxiqa::meta::entries(before).is_empty(), "upstream's own buffer is not written to");
    }
}

#[test]
fn running_times_are_compared_not_time_stamps() {
    let harness = Compare::new(iqacompare().build().unwrap());
    for (upstream, start, base) in [(&harness.reference, 100, 0), (&**harness, 7, 2)] {
        assert!(upstream.event(gst::event::StreamStart::new("test")));
        upstream.caps(FLAT);
        let mut segment = gst::FormattedSegment::<gst::ClockTime>::new();
        segment.set_start(start * FRAME);
        segment.set_base(base * FRAME);
        assert!(upstream.event(gst::event::Segment::new(&segment)));
    }
    harness.feed((100..110).map(|n| flat(n, (n - 100) as u8)), (7..15).map(|n| flat(n, (n - 7 + 2) as u8)));
    for (n, buffer) in (7..).zip(harness.finish_both()) {
        let entry = entry(&buffer);
        assert_eq!(entry.get("reference-pts"), Ok(((n - 7 + 2 + 100) * FRAME).nseconds()));
        near(entry.get("psnr-y").unwrap(), 100.0, 1e-9);
    }
    harness.assert_ledger(&[("matched", 8), ("outside", 2)]);
}

#[test]
fn an_offset_is_added_before_pairing_and_may_change_while_playing() {
    let element =
        iqacompare().property_from_str("alignment", "offset").property("offset", (3 * FRAME).nseconds() as i64);
    let harness = Compare::started(element.build().unwrap(), FLAT);
    harness.feed((0..20).map(|n| flat(n, shade(n))), (0..8).map(|n| flat(n, shade(n + 3))));
    let first = entry(&harness.frames(4)[0]);
    assert_eq!(first.get("offset"), Ok((3 * FRAME).nseconds() as i64));
    near(first.get("psnr-y").unwrap(), 100.0, 1e-9);
    harness.element.set_property("offset", (5 * FRAME).nseconds() as i64);
    harness.feed([], (8..14).map(|n| flat(n, shade(n + 5))));
    let frames = harness.finish_both();
    assert_eq!(frames.len(), 14);
    let last = entry(&frames[13]);
    assert_eq!(last.get("offset"), Ok((5 * FRAME).nseconds() as i64), "{last}");
    near(last.get("psnr-y").unwrap(), 100.0, 1e-9);
    harness.assert_ledger(&[("distorted", 14)]);
    let told = harness.messages_named("iqa-alignment");
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0].get::<&str>("event"), Ok("changed"));
    assert_eq!((told[0].get("from"), told[0].get("to")), (Ok(120_000_000i64), Ok(200_000_000i64)));
}

#[test]
fn buffers_without_time_stamps_pair_in_order_of_arrival() {
    let harness = Compare::started(iqacompare().build().unwrap(), FLAT);
    let timeless = |n: u64| {
        let mut buffer = flat(n, shade(n));
        buffer.get_mut().unwrap().set_pts(None);
        buffer
    };
    harness.feed((0..10).map(timeless), (0..10).map(timeless));
    let frames = harness.finish_both();
    assert_eq!(frames.len(), 10);
    for buffer in frames {
        let entry = entry(&buffer);
        near(entry.get("psnr-y").unwrap(), 100.0, 1e-9);
        assert!(["scored-pts", "reference-pts", "offset"].iter().all(|field| !entry.has_field(*field)), "{entry}");
    }
    harness.assert_ledger(&[("matched", 10)]);
}

#[test]
fn a_rate_twice_as_high_leaves_every_other_frame_unmatched() {
    let harness = Compare::started(iqacompare().build().unwrap(), FLAT);
    let half = |n: u64| {
        let mut buffer = flat(0, 100);
        let fields = buffer.get_mut().unwrap();
        fields.set_pts(n * (FRAME / 2));
        fields.set_duration(FRAME / 2);
        buffer
    };
    harness.feed((0..10).map(|n| flat(n, 100)), (0..20).map(half));
    let frames = harness.finish_both();
    let states: Vec<_> = frames.iter().map(|frame| entry(frame).get::<String>("state").unwrap()).collect();
    assert_eq!(states.iter().filter(|state| *state == "scored").count(), 10, "{states:?}");
    for frame in frames.iter().filter(|frame| entry(frame).get::<&str>("state") == Ok("unmatched")) {
        assert_eq!(fields(&entry(frame)), ["confidence", "kind", "model", "pairing", "state"]);
        assert_eq!(entry(frame).get::<&str>("pairing"), Ok("unmatched"));
    }
    harness.assert_ledger(&[("distorted", 20), ("unmatched", 10), ("scored", 10), ("skipped", 0)]);
}

#[test]
fn variable_frame_rates_are_compared_by_time() {
    let caps = "video/x-raw,format=GRAY8,width=16,height=16,framerate=0/1";
    let harness = Compare::started(iqacompare().build().unwrap(), caps);
    let times = [0u64, 3, 4, 9, 10, 11, 30, 31, 50];
    let at = |n: &u64| {
        let mut buffer = flat(*n, shade(*n));
        buffer.get_mut().unwrap().set_duration(None);
        buffer
    };
    harness.feed(times.iter().map(at), times.iter().map(at));
    let frames = harness.finish_both();
    assert_eq!(frames.len(), times.len());
    for frame in frames {
        near(entry(&frame).get("psnr-y").unwrap(), 100.0, 1e-9);
    }
    harness.assert_ledger(&[("matched", times.len() as u64)]);
}

#[test]
fn time_stamps_that_jump_back_lose_no_frame() {
    let harness = Compare::started(iqacompare().build().unwrap(), FLAT);
    let jumping = [0u64, 1, 2, 3, 50, 51, 52, 4, 5, 6, 7, 0, 1, 2];
    harness.feed(jumping.iter().map(|&n| flat(n, 100)), jumping.iter().map(|&n| flat(n, 103)));
    let frames = harness.finish_both();
    let pts: Vec<_> =
        frames.iter().map(|frame| frame.pts().unwrap() / FRAME.nseconds()).map(|n| n.nseconds()).collect();
    assert_eq!(pts, jumping);
    harness.assert_ledger(&[("distorted", 14), ("reference", 14)]);
}

#[test]
fn frames_are_paired_even_if_nothing_is_measured() {
    let harness = Compare::started(iqacompare().property_from_str("measures", "0").build().unwrap(), FLAT);
    harness.pairs(0..5, 5);
    for buffer in harness.finish_both() {
        let entry = entry(&buffer);
        assert_eq!(
            fields(&entry),
            ["confidence", "evidence", "kind", "model", "offset", "pairing", "reference-pts", "state"],
            "{entry}"
        );
        assert_eq!((entry.get::<&str>("state"), entry.get::<&str>("pairing")), (Ok("skipped"), Ok("matched")));
    }
    harness.assert_ledger(&[("matched", 5), ("scored", 0), ("skipped", 5)]);
}

/// A source whose pool has four buffers would wait forever for those that are held for the reference.
#[test]
fn frames_of_small_pools_are_copied() {
    let element = iqacompare().property("max-bytes", 32u64 * 16 * 16);
    let harness = Compare::started(element.build().unwrap(), FLAT);
    let pool = gst::BufferPool::new();
    let mut config = pool.config();
    config.set_params(None, 16 * 16, 0, 4);
    pool.set_config(config).unwrap();
    pool.set_active(true).unwrap();
    let source = pool.clone();
    let pushed = harness.later("frames of a pool", move |pad| {
        for n in 0..30 {
            let mut buffer = source.acquire_buffer(None).unwrap();
            let fields = buffer.get_mut().unwrap();
            fields.set_pts(n * FRAME);
            fields.map_writable().unwrap().fill(105);
            pad.push(buffer).unwrap();
        }
    });
    // Nothing can leave: all frames accepted by the element wait for the reference.
    assert!(pushed.blocks(GLANCE));
    let references = harness.feed((0..31).map(|n| flat(n, 100)), []);
    let deadline = std::time::Instant::now() + LIMIT;
    while pushed.blocks(std::time::Duration::from_millis(1)) {
        assert!(std::time::Instant::now() < deadline, "the source waits for a buffer");
        // Downstream releases its frames.
        harness.clear();
    }
    drop(references);
    harness.finish_both();
    harness.assert_ledger(&[("matched", 30)]);
    near(harness.stats().get("mean").unwrap(), psnr(5), 1e-9);
    pool.set_active(false).unwrap();
}
