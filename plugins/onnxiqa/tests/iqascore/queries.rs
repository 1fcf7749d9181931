// SPDX-License-Identifier: MPL-2.0

//! Queries: those that keep their place, caps, allocation, latency.

use crate::common::*;
use gst::prelude::*;
use onnx_iqa_testkit as kit;

fn allocation(query: &mut gst::QueryRef) -> Option<bool> {
    let gst::QueryViewMut::Allocation(allocation) = query.view_mut() else { return None };
    allocation.add_allocation_pool(None::<&gst::BufferPool>, 24, 2, 0);
    allocation.add_allocation_pool(None::<&gst::BufferPool>, 48, 3, 10);
    allocation.add_allocation_meta::<gst_video::VideoMeta>(None);
    Some(true)
}

#[test]
fn serialized_queries_keep_their_place() {
    let dir = kit::TempDir::new();
    let model = mean_model(&dir);
    let harness = ElementHarness::started(iqascore(&model).build().unwrap(), CAPS);
    harness.answer_below(|query| (query.type_() == gst::QueryType::Drain).then_some(true));
    let hold = ScorerGate::new(&model);
    harness.push(gray(0, 1)).unwrap();
    harness.push(gray(1, 1)).unwrap();
    let drain = harness.later("DRAIN", |pad| pad.peer_query(&mut gst::query::Drain::new()));
    assert!(drain.blocks(GLANCE));
    hold.release();
    assert!(drain.wait());
    harness.push(gray(2, 1)).unwrap();
    harness.finish();
    assert_eq!(harness.order()[3..], ["0", "1", "drain", "2", "eos"]);
}

#[test]
fn held_buffers_are_requested_from_downstream() {
    let dir = kit::TempDir::new();
    let element = iqascore(&mean_model(&dir)).property("queue-size", 5u32).build().unwrap();
    let harness = ElementHarness::started(element, CAPS);
    harness.answer_below(allocation);
    let (answered, pools, metas) = harness
        .later("ALLOCATION", |pad| {
            let mut query = gst::query::Allocation::new(Some(&CAPS.parse().unwrap()), true);
            let answered = pad.peer_query(&mut query);
            let pools: Vec<_> = query.allocation_pools().map(|(_, size, min, max)| (size, min, max)).collect();
            (answered, pools, query.find_allocation_meta::<gst_video::VideoMeta>().is_some())
        })
        .wait();
    assert!(answered);
    assert_eq!(pools, [(24, 2 + 5, 0), (48, 3 + 5, 10 + 5)]);
    assert!(metas, "downstream's metas are passed on");
}

#[test]
fn cropping_is_not_offered_because_scores_are_of_whole_frames() {
    let dir = kit::TempDir::new();
    let harness = ElementHarness::started(iqascore(&mean_model(&dir)).build().unwrap(), CAPS);
    harness.answer_below(|query| {
        let gst::QueryViewMut::Allocation(allocation) = query.view_mut() else { return None };
        allocation.add_allocation_meta::<gst_video::VideoCropMeta>(None);
        Some(true)
    });
    let offered = harness.later("ALLOCATION", |pad| {
        let mut query = gst::query::Allocation::new(Some(&CAPS.parse().unwrap()), true);
        assert!(pad.peer_query(&mut query));
        query.find_allocation_meta::<gst_video::VideoCropMeta>().is_some()
    });
    assert!(!offered.wait());
}

#[test]
fn caps_are_downstreams_restricted_to_the_template() {
    let dir = kit::TempDir::new();
    let harness = ElementHarness::new(iqascore(&mean_model(&dir)).build().unwrap());
    harness.answer_below(|query| {
        let gst::QueryViewMut::Caps(caps) = query.view_mut() else { return None };
        let wanted = "video/x-raw,format={I420,BGR,v308},width=64,height=[1,48]; audio/x-raw".parse::<gst::Caps>();
        caps.set_result(&wanted.unwrap());
        Some(true)
    });
    let caps = harness.src.peer_query_caps(None);
    assert_eq!(caps.size(), 1, "{caps}");
    assert!(caps.can_intersect(&"video/x-raw,format=BGR,width=64,height=48".parse::<gst::Caps>().unwrap()), "{caps}");
    assert!(!caps.can_intersect(&"video/x-raw,width=65".parse::<gst::Caps>().unwrap()), "{caps}");
    assert!(!caps.can_intersect(&"video/x-raw,format=v308".parse::<gst::Caps>().unwrap()), "{caps}");
}

fn latency(harness: &ElementHarness, live: bool) -> (bool, gst::ClockTime, Option<gst::ClockTime>) {
    let ms = gst::ClockTime::from_mseconds;
    harness.answer_above(move |query| {
        let gst::QueryViewMut::Latency(latency) = query.view_mut() else { return None };
        latency.set(live, ms(10), Some(ms(90)));
        Some(true)
    });
    let mut query = gst::query::Latency::new();
    assert!(harness.sink.peer_query(&mut query));
    query.result()
}

#[test]
fn latency_is_the_possible_wait_of_frames_in_live_pipelines() {
    let dir = kit::TempDir::new();
    let model = mean_model(&dir);
    let ms = gst::ClockTime::from_mseconds;
    let build = |mode| iqascore(&model).property_from_str("mode", mode).property("queue-size", 3u32).build().unwrap();
    let harness = ElementHarness::started(build("every-frame"), CAPS);
    assert_eq!(latency(&harness, true), (true, ms(10 + 3 * 40), Some(ms(90 + 3 * 40))));
    assert_eq!(latency(&harness, false), (false, ms(10), Some(ms(90))));
    harness.caps("video/x-raw,format=RGB,width=4,height=2,framerate=0/1");
    assert_eq!(latency(&harness, true), (true, ms(10), Some(ms(90))), "nothing is known without a frame rate");
    assert!(harness.count(gst::MessageType::Latency) >= 2, "a change is announced");
    let harness = ElementHarness::started(build("live"), CAPS);
    assert_eq!(latency(&harness, true), (true, ms(10), Some(ms(90))));
    assert_eq!(harness.count(gst::MessageType::Latency), 0);
}

#[test]
fn upstream_events_go_up() {
    let dir = kit::TempDir::new();
    let harness = ElementHarness::started(iqascore(&mean_model(&dir)).build().unwrap(), CAPS);
    let (sender, seen) = std::sync::mpsc::channel();
    harness.src.add_probe(gst::PadProbeType::EVENT_UPSTREAM, move |_, info| {
        let _ = sender.send(info.event().map(|event| event.type_()));
        gst::PadProbeReturn::Ok
    });
    let quality = gst::event::Qos::new(gst::QOSType::Underflow, 0.5, 0, gst::ClockTime::ZERO);
    harness.sink.push_event(quality);
    assert_eq!(seen.recv_timeout(LIMIT), Ok(Some(gst::EventType::Qos)));
}
