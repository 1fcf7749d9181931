// SPDX-License-Identifier: MPL-2.0

//! What passes through, unchanged.

use super::harness::{Folder, element, frame, harness, lines, numbered, scored};
use gst::prelude::*;

#[test]
fn nothing_is_touched() {
    let folder = Folder::new();
    let log = element(&folder.file("log"), "json-lines");
    let mut harness = harness(&log);
    for buffer in [numbered(1), frame(None, &[]), gst::Buffer::new()] {
        let pointer = buffer.as_ptr();
        harness.push(buffer).expect("flow");
        let out = harness.pull().expect("the buffer");
        assert_eq!(out.as_ptr(), pointer);
        assert!(out.is_writable(), "no reference is kept");
    }
    let caps = harness.element().expect("iqalog").static_pad("src").expect("src").current_caps();
    assert_eq!(caps, Some(gst::Caps::new_empty_simple("application/x-anything")));
}

#[test]
fn lists_stay_lists_and_all_their_frames_are_logged() {
    let folder = Folder::new();
    let path = folder.file("log");
    let log = element(&path, "json-lines");
    let harness = harness(&log);
    let (sender, lists) = std::sync::mpsc::channel();
    let src = log.static_pad("src").expect("src");
    src.add_probe(gst::PadProbeType::BUFFER | gst::PadProbeType::BUFFER_LIST, move |_, info| {
        sender.send(info.buffer_list().map(|list| list.len())).expect("a receiver");
        gst::PadProbeReturn::Ok
    });
    let mut list = gst::BufferList::new();
    (0..3).for_each(|i| list.get_mut().expect("new").add(numbered(i)));
    let upstream = log.static_pad("sink").and_then(|sink| sink.peer()).expect("the harness's pad");
    upstream.push_list(list).expect("flow");
    assert_eq!(lists.try_iter().collect::<Vec<_>>(), [Some(3)]);
    assert_eq!(lines(&path).len(), 3);
    drop(harness);
}

#[test]
fn queries_and_events_pass() {
    let folder = Folder::new();
    let log = element(&folder.file("log"), "json-lines");
    let mut harness = harness(&log);
    harness.set_upstream_latency(gst::ClockTime::from_mseconds(30));
    assert_eq!(harness.query_latency(), Some(gst::ClockTime::from_mseconds(30)));
    harness.add_propose_allocation_meta(gst::meta::ProtectionMeta::meta_api(), None);
    let mut allocation = gst::query::Allocation::new(None, false);
    assert!(log.static_pad("sink").expect("sink").query(&mut allocation));
    assert!(allocation.find_allocation_meta::<gst::meta::ProtectionMeta>().is_some());
    let sink_caps = log.static_pad("sink").expect("sink").query_caps(None);
    assert!(sink_caps.is_any(), "what downstream takes: {sink_caps}");
    assert!(harness.push_upstream_event(gst::event::Reconfigure::new()));
    assert!(harness.pull_upstream_event().is_ok());
    harness.push_event(gst::event::Tag::new(gst::TagList::new()));
    let mut types = Vec::new();
    while let Ok(event) = harness.try_pull_event().ok_or(()) {
        types.push(event.type_());
    }
    assert!(types.contains(&gst::EventType::Tag), "{types:?}");
}

#[test]
fn it_works_after_an_encoder() {
    let folder = Folder::new();
    let path = folder.file("log");
    let log = element(&path, "json-lines");
    let pipeline = gst::parse::launch(
        "videotestsrc num-buffers=30 ! video/x-raw,width=64,height=64,framerate=25/1 ! identity name=scorer !
         x264enc tune=zerolatency ! identity name=before ! fakesink name=after",
    )
    .expect("x264enc and its like are installed for the tests");
    let bin = pipeline.downcast_ref::<gst::Bin>().expect("a pipeline");
    bin.add(&log).expect("a new element");
    let (before, after) = (bin.by_name("before").expect("before"), bin.by_name("after").expect("after"));
    before.unlink(&after);
    gst::Element::link_many([&before, &log, &after]).expect("ANY links with anything");
    let scorer = bin.by_name("scorer").and_then(|identity| identity.static_pad("src")).expect("identity");
    scorer.add_probe(gst::PadProbeType::BUFFER, |_, info| {
        let buffer = info.buffer_mut().expect("a buffer").make_mut();
        let score = buffer.pts().map_or(0.0, |pts| pts.mseconds() as f64 / 40.0);
        gstonnxiqa::meta::attach(buffer, "iqascore0", scored(score)).expect("the meta is registered");
        gst::PadProbeReturn::Ok
    });
    pipeline.set_state(gst::State::Playing).expect("PLAYING");
    let bus = pipeline.bus().expect("a bus");
    let kinds = [gst::MessageType::Eos, gst::MessageType::Error];
    let message = bus.timed_pop_filtered(gst::ClockTime::from_seconds(60), &kinds).expect("an end");
    assert_eq!(message.type_(), gst::MessageType::Eos, "{message:?}");
    let lines = lines(&path);
    pipeline.set_state(gst::State::Null).expect("NULL");
    assert_eq!(lines.len(), 31);
    // The encoder shifts time stamps and segment; the running time of the frame does not change.
    for (i, line) in lines[..30].iter().enumerate() {
        assert_eq!(line["running-time"], i as u64 * 40_000_000);
        assert_eq!(line["scores"]["iqascore0"]["score"], i as f64);
    }
    assert_eq!(lines[30]["pool"]["iqascore0"]["scored"], 30);
}
