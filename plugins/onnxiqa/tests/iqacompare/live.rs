// SPDX-License-Identifier: MPL-2.0

//! Live pipelines: deadlines, latency, a reference that sends nothing.

use crate::common::*;
use gst::prelude::*;
use std::time::Duration;

/// Both sources are live; their running time starts now with the system clock.
#[track_caller]
fn live(element: gst::Element, above: gst::ClockTime) -> Compare {
    let clock = gst::SystemClock::obtain();
    element.set_clock(Some(&clock)).unwrap();
    element.set_base_time(clock.time());
    let harness = Compare::new(element);
    for upstream in [&harness.reference, &**harness] {
        upstream.answer_above(move |query| match query.view_mut() {
            gst::QueryViewMut::Latency(latency) => {
                latency.set(true, above, gst::ClockTime::NONE);
                Some(true)
            }
            _ => None,
        });
    }
    harness.begin(FLAT);
    harness
}

/// A frame that is shown that long after now.
fn now(harness: &Compare, delay: Duration, value: u8) -> gst::Buffer {
    let mut buffer = flat(0, value);
    let now = harness.element.current_running_time().unwrap() + gst::ClockTime::try_from(delay).unwrap();
    buffer.get_mut().unwrap().set_pts(now);
    buffer
}

fn latency(harness: &Compare) -> (bool, gst::ClockTime, Option<gst::ClockTime>) {
    let mut query = gst::query::Latency::new();
    assert!(harness.sink.peer_query(&mut query));
    query.result()
}

#[test]
fn a_dead_reference_delays_nothing() {
    let element = iqacompare().property("latency", 50_000_000u64).build().unwrap();
    let harness = live(element, gst::ClockTime::ZERO);
    for n in 0..10usize {
        let frame = now(&harness, Duration::ZERO, 100);
        harness.push(frame).unwrap();
        let frames = harness.frames(n + 1);
        assert_eq!(entry(&frames[n]).get::<&str>("state"), Ok("unmatched"));
    }
    assert_eq!(harness.finish().len(), 10, "the end does not wait either");
    harness.assert_ledger(&[("distorted", 10), ("unmatched", 10), ("reference", 0)]);
}

#[test]
fn a_dead_reference_delays_nothing_during_the_search_for_offsets() {
    let element = iqacompare().property_from_str("alignment", "auto").property("search-range", 100_000_000u64);
    let harness = live(element.build().unwrap(), gst::ClockTime::ZERO);
    for n in 0..10 {
        let frame = now(&harness, Duration::ZERO, shade(n));
        harness.push(frame).unwrap();
    }
    let frames = harness.frames(10);
    assert!(frames.iter().all(|frame| entry(frame).get::<&str>("state") == Ok("unmatched")));
}

#[test]
fn frames_without_time_stamps_wait_no_longer_either() {
    let element = iqacompare().property("latency", 50_000_000u64).build().unwrap();
    let harness = live(element, gst::ClockTime::ZERO);
    for n in 0..5usize {
        let mut frame = flat(0, 1);
        frame.get_mut().unwrap().set_pts(None);
        harness.push(frame).unwrap();
        let frames = harness.frames(n + 1);
        assert_eq!(entry(&frames[n]).get::<&str>("state"), Ok("unmatched"));
    }
    harness.assert_ledger(&[("distorted", 5), ("unmatched", 5), ("reference", 0)]);
}

#[test]
fn a_frame_waits_for_its_partner_as_long_as_the_latency() {
    // Longer than the test can take: if the frame left without its partner, it would be unmatched.
    let element = iqacompare().property("latency", 600_000_000_000u64).build().unwrap();
    let harness = live(element, gst::ClockTime::ZERO);
    let distorted = now(&harness, Duration::ZERO, 105);
    let pts = distorted.pts().unwrap();
    harness.push(distorted).unwrap();
    std::thread::sleep(GLANCE);
    assert!(!harness.items().iter().any(|item| matches!(item, Item::Buffer(_))), "it has not waited");
    for n in 0..4 {
        let mut reference = flat(0, 100);
        reference.get_mut().unwrap().set_pts(pts + n * FRAME);
        harness.reference.push(reference).unwrap();
    }
    near(entry(&harness.frames(1)[0]).get("psnr-y").unwrap(), psnr(5), 1e-9);
}

#[test]
fn latency_is_upstreams_and_the_property_and_nothing_more() {
    let twenty = gst::ClockTime::from_mseconds(20);
    let harness = live(iqacompare().build().unwrap(), twenty);
    assert_eq!(latency(&harness), (true, twenty, None));
    harness.element.set_property("latency", 300_000_000u64);
    assert_eq!(latency(&harness).1, gst::ClockTime::from_mseconds(320));
    assert!(harness.count(gst::MessageType::Latency) > 0, "a LATENCY message is posted");

    let harness = live(iqacompare().property_from_str("alignment", "track").build().unwrap(), twenty);
    assert_eq!(latency(&harness), (true, twenty + gst::ClockTime::from_seconds(2), None));
}

#[test]
fn the_latency_follows_the_alignment_until_it_is_set() {
    init();
    let element = || gst::ElementFactory::make("iqacompare").build().unwrap();
    let latency = |element: &gst::Element| element.property::<u64>("latency");
    let first = element();
    assert_eq!(latency(&first), 2_000_000_000);
    first.set_property("search-range", 500_000_000u64);
    assert_eq!(latency(&first), 500_000_000);
    first.set_property_from_str("alignment", "offset");
    assert_eq!(latency(&first), 0);
    first.set_property_from_str("alignment", "track");
    assert_eq!(latency(&first), 500_000_000);
    // A value set by users is kept, even if it is the default.
    for value in [7u64, 2_000_000_000] {
        let second = element();
        second.set_property("latency", value);
        second.set_property_from_str("alignment", "pts");
        second.set_property("search-range", 1u64);
        assert_eq!(latency(&second), value);
        let third = gst::ElementFactory::make("iqacompare").property("latency", value);
        let third = third.property_from_str("alignment", "pts").build().unwrap();
        assert_eq!(latency(&third), value);
    }
}

#[test]
fn changes_of_the_latency_are_notified() {
    init();
    let element = gst::ElementFactory::make("iqacompare").build().unwrap();
    let (sender, receiver) = std::sync::mpsc::channel();
    element.connect_notify(Some("latency"), move |element, _| {
        let _ = sender.send(element.property::<u64>("latency"));
    });
    element.set_property_from_str("alignment", "pts");
    element.set_property("latency", 9u64);
    assert_eq!(receiver.try_iter().collect::<Vec<_>>(), [0, 9]);
}

/// Deadlines use the element's clock, whatever clock that is.
#[test]
fn a_frame_leaves_at_its_clock_time() {
    init();
    let clock = gst_check::TestClock::new();
    let element = iqacompare().property("latency", 50_000_000u64).build().unwrap();
    element.set_clock(Some(&clock)).unwrap();
    element.set_base_time(gst::ClockTime::ZERO);
    let harness = Compare::new(element);
    let ten = gst::ClockTime::from_mseconds(10);
    for (upstream, min) in [(&harness.reference, gst::ClockTime::ZERO), (&*harness, ten)] {
        upstream.answer_above(move |query| match query.view_mut() {
            gst::QueryViewMut::Latency(latency) => {
                latency.set(true, min, Some(gst::ClockTime::SECOND + min));
                Some(true)
            }
            _ => None,
        });
    }
    harness.begin(FLAT);
    let fifty = gst::ClockTime::from_mseconds(50);
    assert_eq!(latency(&harness), (true, ten + fifty, Some(gst::ClockTime::SECOND + fifty)));
    // Shown at 40 ms, it is due at 100 ms.
    harness.push(flat(1, 100)).unwrap();
    bounded("a wait for the clock", {
        let clock = clock.clone();
        move || clock.wait_for_pending_id_count(1)
    });
    assert_eq!(clock.next_entry_time(), Some(gst::ClockTime::from_mseconds(100)));
    clock.set_time(gst::ClockTime::from_mseconds(99));
    std::thread::sleep(GLANCE);
    assert!(!harness.items().iter().any(|item| matches!(item, Item::Buffer(_))), "it is not due");
    assert!(clock.crank());
    assert_eq!(entry(&harness.frames(1)[0]).get::<&str>("state"), Ok("unmatched"));
}

#[test]
fn only_live_sides_count() {
    let harness = Compare::new(iqacompare().property("latency", 5_000_000u64).build().unwrap());
    let answer = |upstream: &Upstream, live: bool, min: u64, max: Option<u64>| {
        upstream.answer_above(move |query| match query.view_mut() {
            gst::QueryViewMut::Latency(latency) => {
                latency.set(live, gst::ClockTime::from_mseconds(min), max.map(gst::ClockTime::from_mseconds));
                Some(true)
            }
            _ => None,
        });
    };
    let ms = gst::ClockTime::from_mseconds;
    for (reference, distorted, expected) in [
        ((true, 20, Some(100)), (true, 30, Some(90)), (true, ms(35), Some(ms(95)))),
        ((true, 20, None), (false, 70, Some(80)), (true, ms(25), None)),
        ((false, 20, None), (true, 30, Some(60)), (true, ms(35), Some(ms(65)))),
    ] {
        answer(&harness.reference, reference.0, reference.1, reference.2);
        answer(&harness, distorted.0, distorted.1, distorted.2);
        assert_eq!(latency(&harness), expected);
    }
    answer(&harness.reference, false, 0, None);
    answer(&harness, false, 0, None);
    assert!(!latency(&harness).0);
}
