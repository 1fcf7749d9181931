// SPDX-License-Identifier: MPL-2.0

//! Stream contents other than frames: caps, segments, tags, gaps, queries.

use crate::common::*;
use gst::prelude::*;

fn tag(text: &str) -> gst::Event {
    let mut tags = gst::TagList::new();
    tags.get_mut().unwrap().add::<gst::tags::Title>(&text, gst::TagMergeMode::Append);
    gst::event::Tag::new(tags)
}

fn custom(name: &str) -> gst::Event {
    gst::event::CustomDownstream::new(gst::Structure::new_empty(name))
}

#[test]
fn events_of_the_distorted_stream_keep_their_place() {
    let harness = Compare::started(iqacompare().build().unwrap(), FLAT);
    let later = |event: gst::Event| harness.later("an event", move |pad| pad.push_event(event));
    harness.feed((0..6).map(|n| flat(n, 100)), (0..2).map(|n| flat(n, 100)));
    later(tag("a"));
    harness.feed([], [flat(2, 100)]);
    later(custom("mine"));
    later(gst::event::Gap::builder(3 * FRAME).duration(FRAME).build());
    harness.feed([], (4..6).map(|n| flat(n, 100)));
    harness.finish_both();
    let expected = ["stream-start", "caps", "segment", "0", "1", "tag", "2", "mine", "gap", "4", "5", "eos"];
    assert_eq!(harness.order(), expected);
    harness.assert_ledger(&[("distorted", 5), ("matched", 5), ("reference", 6), ("dropped", 1)]);
}

#[test]
fn events_of_the_reference_end_here() {
    let harness = Compare::new(iqacompare().build().unwrap());
    assert!(harness.reference.event(gst::event::StreamStart::new("reference")));
    harness.reference.event(tag("early"));
    harness.begin(FLAT);
    harness.reference.event(tag("b"));
    harness.reference.event(custom("theirs"));
    let gap = gst::event::Gap::builder(2 * FRAME).duration(2 * FRAME).build();
    harness.feed((0..2).map(|n| flat(n, 100)), (0..6).map(|n| flat(n, 105)));
    harness.reference.later("a gap", move |pad| pad.push_event(gap));
    harness.feed((4..6).map(|n| flat(n, 100)), []);
    let frames = harness.finish_both();
    assert_eq!(harness.order(), ["stream-start", "caps", "segment", "0", "1", "2", "3", "4", "5", "eos"]);
    let states: Vec<_> = frames.iter().map(|frame| entry(frame).get::<String>("state").unwrap()).collect();
    assert_eq!(states, ["scored", "scored", "unmatched", "unmatched", "scored", "scored"]);
    harness.assert_ledger(&[("reference", 4), ("distorted", 6), ("unmatched", 2)]);
}

#[test]
fn tags_before_caps_wait_for_them() {
    let harness = Compare::new(iqacompare().build().unwrap());
    assert!(harness.event(gst::event::StreamStart::new("test")));
    assert!(harness.event(tag("early")));
    harness.begin(FLAT);
    harness.pairs(0..2, 0);
    harness.finish_both();
    assert_eq!(harness.order(), ["stream-start", "caps", "tag", "segment", "0", "1", "eos"]);
}

#[test]
fn a_gap_may_come_first() {
    let harness = Compare::started(iqacompare().build().unwrap(), FLAT);
    assert!(harness.event(gst::event::Gap::builder(gst::ClockTime::ZERO).duration(2 * FRAME).build()));
    harness.pairs(2..4, 0);
    harness.finish_both();
    let mut order = harness.order();
    // The base class repeats the segment.
    order.dedup();
    let order: Vec<_> = order.iter().map(String::as_str).filter(|item| *item != "segment").collect();
    assert_eq!(order, ["stream-start", "caps", "gap", "2", "3", "eos"]);
    assert_eq!(harness.order()[2], "segment", "before the gap");
}

#[test]
fn the_segment_is_the_distorted_streams() {
    let harness = Compare::new(iqacompare().build().unwrap());
    harness.reference.start(FLAT);
    assert!(harness.event(gst::event::StreamStart::new("test")));
    harness.caps(FLAT);
    let mut segment = gst::FormattedSegment::<gst::ClockTime>::new();
    segment.set_start(10 * FRAME);
    segment.set_stop(20 * FRAME);
    segment.set_time(3 * FRAME);
    segment.set_base(gst::ClockTime::ZERO);
    segment.set_rate(2.0);
    assert!(harness.event(gst::event::Segment::new(&segment)));
    harness.feed((0..5).map(|n| flat(n, 100)), (10..15).map(|n| flat(n, 100)));
    harness.finish_both();
    let items = harness.items();
    let sent: Vec<_> = items
        .iter()
        .filter_map(|item| match item {
            Item::Event(event) => match event.view() {
                gst::EventView::Segment(segment) => Some(segment.segment().clone()),
                _ => None,
            },
            _ => None,
        })
        .collect();
    assert_eq!(sent.len(), 1, "{sent:?}");
    assert_eq!(sent[0], *segment.upcast_ref());
}

#[test]
fn a_new_segment_in_the_middle_keeps_its_place() {
    let harness = Compare::started(iqacompare().build().unwrap(), FLAT);
    harness.pairs(0..3, 0);
    for upstream in [&harness.reference, &**harness] {
        let mut segment = gst::FormattedSegment::<gst::ClockTime>::new();
        segment.set_start(100 * FRAME);
        segment.set_base(3 * FRAME);
        upstream.later("a segment", move |pad| pad.push_event(gst::event::Segment::new(&segment)));
    }
    harness.pairs(100..103, 4);
    let frames = harness.finish_both();
    assert_eq!(
        harness.order(),
        ["stream-start", "caps", "segment", "0", "1", "2", "segment", "100", "101", "102", "eos"]
    );
    near(entry(&frames[5]).get("psnr-y").unwrap(), psnr(4), 1e-9);
    harness.assert_ledger(&[("matched", 6)]);
}

#[test]
fn caps_that_change_in_the_middle() {
    let large = "video/x-raw,format=GRAY8,width=32,height=32,framerate=25/1";
    let large_frame = |n: u64, value: u8| {
        let mut buffer = gst::Buffer::from_mut_slice(vec![value; 32 * 32]);
        buffer.get_mut().unwrap().set_pts(n * FRAME);
        buffer
    };
    // Only the distorted stream changes (and is scaled), then the reference follows.
    let harness = Compare::started(iqacompare().build().unwrap(), FLAT);
    let change = |upstream: &Upstream| {
        let caps = large.parse::<gst::Caps>().unwrap();
        upstream.later("caps", move |pad| pad.push_event(gst::event::Caps::new(&caps)))
    };
    harness.pairs(0..4, 5);
    change(&harness);
    harness.feed((4..8).map(|n| flat(n, 100)), (4..12).map(|n| large_frame(n, 105)));
    change(&harness.reference);
    harness.feed((8..12).map(|n| large_frame(n, 100)), []);
    let frames = harness.finish_both();
    assert_eq!(frames.len(), 12);
    for frame in &frames {
        near(entry(frame).get("psnr-y").unwrap(), psnr(5), 1e-6);
    }
    let mut expected = vec!["stream-start".to_owned(), "caps".into(), "segment".into()];
    expected.extend((0..4).map(|n| n.to_string()));
    expected.push("caps".into());
    expected.extend((4..12).map(|n| n.to_string()));
    expected.push("eos".into());
    assert_eq!(harness.order(), expected);
}

#[test]
fn downstream_sees_the_distorted_streams_caps() {
    let harness = Compare::new(iqacompare().build().unwrap());
    let offered =
        "video/x-raw,format={GRAY8,I420,v308},width=16,height=16,framerate=25/1".parse::<gst::Caps>().unwrap();
    let answer = offered.clone();
    harness.answer_above(move |query| match query.view_mut() {
        gst::QueryViewMut::Caps(caps) => {
            caps.set_result(&answer);
            Some(true)
        }
        _ => None,
    });
    let seen = harness.sink.peer_query_caps(None);
    assert!(seen.can_intersect(&FLAT.parse::<gst::Caps>().unwrap()), "{seen}");
    assert!(seen.is_subset(&offered) && !seen.to_string().contains("v308"), "{seen}");

    let wanted = "video/x-raw,format=I420,width=64".parse::<gst::Caps>().unwrap();
    let answer = wanted.clone();
    harness.answer_below(move |query| match query.view_mut() {
        gst::QueryViewMut::Caps(caps) => {
            caps.set_result(&answer);
            Some(true)
        }
        _ => None,
    });
    let seen = harness.src.peer_query_caps(None);
    assert!(seen.is_subset(&wanted) && !seen.is_empty(), "{seen}");
    let reference = harness.reference.src.peer_query_caps(None);
    assert!(!reference.is_subset(&wanted), "downstream does not restrict the reference: {reference}");
    assert!(!reference.can_intersect(&"video/x-raw,format=v308".parse::<gst::Caps>().unwrap()));
}

#[test]
fn caps_without_a_frame_rate_are_accepted() {
    let harness = Compare::started(iqacompare().build().unwrap(), "video/x-raw,format=GRAY8,width=16,height=16");
    harness.pairs(0..3, 1);
    assert_eq!(harness.finish_both().len(), 3);
}

#[test]
fn allocation_queries_downstream_and_adds_held_buffers() {
    let harness = Compare::new(iqacompare().build().unwrap());
    harness.answer_below(|query| match query.view_mut() {
        gst::QueryViewMut::Allocation(allocation) => {
            allocation.add_allocation_meta::<gst_video::VideoMeta>(None);
            allocation.add_allocation_meta::<gst_video::VideoCropMeta>(None);
            allocation.add_allocation_pool(None::<&gst::BufferPool>, 256, 2, 5);
            Some(true)
        }
        _ => None,
    });
    let ask = |upstream: &Upstream| {
        upstream
            .later("ALLOCATION", |pad| {
                let caps = FLAT.parse::<gst::Caps>().unwrap();
                let mut query = gst::query::Allocation::new(Some(&caps), true);
                let answered = pad.peer_query(&mut query);
                let pools: Vec<_> = query.allocation_pools().map(|(_, size, min, max)| (size, min, max)).collect();
                let meta = query.find_allocation_meta::<gst_video::VideoMeta>().is_some();
                (answered, pools, meta, query.find_allocation_meta::<gst_video::VideoCropMeta>().is_some())
            })
            .wait()
    };
    for upstream in [&harness.reference, &**harness] {
        assert!(upstream.event(gst::event::StreamStart::new("test")));
        upstream.caps(FLAT);
    }
    let (answered, pools, meta, crop) = ask(&harness);
    assert!(answered && meta && !crop);
    let (size, min, max) = pools[0];
    assert!(size == 256 && min > 2 && max == min + 3, "{pools:?}");
    assert_eq!(harness.order(), ["stream-start", "caps", "allocation"], "no segment before distorted's own");
    let (answered, pools, meta, _) = ask(&harness.reference);
    assert!(answered && meta && pools[0].1 >= 2 && pools[0].2 == 0, "{pools:?}");
    for upstream in [&harness.reference, &**harness] {
        assert!(upstream.event(gst::event::Segment::new(&gst::FormattedSegment::<gst::ClockTime>::new())));
    }
    harness.pairs(0..2, 1);
    harness.finish_both();
    let order: Vec<_> = harness.order().into_iter().filter(|item| item != "allocation").collect();
    assert_eq!(order, ["stream-start", "caps", "segment", "0", "1", "eos"]);
}

#[test]
fn frames_before_caps_and_foreign_segments_are_errors() {
    let harness = Compare::new(iqacompare().build().unwrap());
    for upstream in [&harness.reference, &**harness] {
        assert!(upstream.event(gst::event::StreamStart::new("test")));
        assert!(upstream.event(gst::event::Segment::new(&gst::FormattedSegment::<gst::ClockTime>::new())));
    }
    harness.feed([flat(0, 1), flat(1, 1), flat(2, 1)], [flat(0, 1), flat(1, 1), flat(2, 1)]);
    assert!(error_text(&harness.bus).contains("before caps"));

    let harness = Compare::new(iqacompare().build().unwrap());
    assert!(harness.event(gst::event::StreamStart::new("test")));
    harness.caps(FLAT);
    let _ = harness.event(gst::event::Segment::new(&gst::FormattedSegment::<gst::format::Bytes>::new()));
    assert!(error_text(&harness.bus).contains("segment"));
}

#[test]
fn upstream_events_go_to_the_distorted_stream_only() {
    let harness = Compare::started(iqacompare().build().unwrap(), FLAT);
    let seen = |upstream: &Upstream| {
        let (sender, receiver) = std::sync::mpsc::channel();
        upstream.src.add_probe(gst::PadProbeType::EVENT_UPSTREAM, move |_, info| {
            let _ = sender.send(info.event().map(|event| event.type_()));
            gst::PadProbeReturn::Ok
        });
        receiver
    };
    let (reference, distorted) = (seen(&harness.reference), seen(&harness));
    harness.sink.push_event(gst::event::Reconfigure::new());
    harness.sink.push_event(gst::event::Qos::new(gst::QOSType::Underflow, 1.0, 0, gst::ClockTime::ZERO));
    let to_distorted: Vec<_> = distorted.try_iter().flatten().collect();
    assert_eq!(to_distorted, [gst::EventType::Reconfigure, gst::EventType::Qos]);
    assert_eq!(reference.try_iter().count(), 0);
    harness.sink.push_event(gst::event::Latency::new(gst::ClockTime::SECOND));
    assert_eq!((distorted.try_iter().count(), reference.try_iter().count()), (1, 1), "both sides get the latency");
}
