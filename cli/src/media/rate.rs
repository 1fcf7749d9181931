// SPDX-License-Identifier: MPL-2.0

//! Bit rate of a whole file of which only a part was decoded: it is demuxed without decoding.

use super::lock;
use super::stall::{Activity, HUNG};
use super::tracks::Encoded;
use super::watch;
use gst::prelude::*;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

/// Interval for interruption checks.
const STEP: gst::ClockTime = gst::ClockTime::from_mseconds(100);

/// Counts the encoded data of the track with this stream ID, or of the first video track. Returns `None` if the file
/// cannot be read completely.
pub fn whole(uri: &str, stream: Option<&str>, interrupted: &AtomicBool) -> Option<Encoded> {
    let pipeline = gst::Pipeline::new();
    let source = gst::Element::make_from_uri(gst::URIType::Src, uri, None).ok()?;
    let parser = gst::ElementFactory::make("parsebin").build().ok()?;
    pipeline.add_many([&source, &parser]).ok()?;
    source.link(&parser).ok()?;
    let tracks = Arc::new(Mutex::new(Vec::new()));
    let (added, weak) = (tracks.clone(), pipeline.downgrade());
    parser.connect_pad_added(move |_, pad| {
        if let Some(pipeline) = weak.upgrade() {
            added_pad(&pipeline, pad, &added);
        }
    });
    let activity = Arc::new(Activity::default());
    activity.look_at(&source.static_pad("src")?, false);
    let ended = play(&pipeline, &activity, interrupted);
    watch::stop(&pipeline);
    let tracks = lock(&tracks);
    let wanted = tracks.iter().find(|(id, _): &&Counted| id.is_some() && id.as_deref() == stream);
    let (_, encoded) = wanted.or(tracks.first()).filter(|_| ended)?;
    let encoded = *lock(encoded);
    Some(Encoded { ended, ..encoded })
}

/// Stream ID of a track, and its data.
type Counted = (Option<String>, Arc<Mutex<Encoded>>);

/// Counts and discards the data of `pad` if it is video.
fn added_pad(pipeline: &gst::Pipeline, pad: &gst::Pad, tracks: &Mutex<Vec<Counted>>) {
    let Ok(sink) = watch::sink() else { return };
    if pipeline.add(&sink).is_err() {
        return;
    }
    let caps = pad.current_caps().unwrap_or_else(|| pad.query_caps(None));
    let is_video = caps.structure(0).is_some_and(|structure| structure.name().starts_with("video/"));
    if is_video {
        let encoded = Arc::new(Mutex::new(Encoded::default()));
        lock(tracks).push((pad.stream_id().map(|id| id.to_string()), encoded.clone()));
        pad.add_probe(gst::PadProbeType::BUFFER, move |_, probe| {
            if let Some(gst::PadProbeData::Buffer(buffer)) = &probe.data {
                lock(&encoded).add(buffer);
            }
            gst::PadProbeReturn::Ok
        });
    }
    let linked = sink.static_pad("sink").is_some_and(|target| pad.link(&target).is_ok());
    if !linked || sink.sync_state_with_parent().is_err() {
        gst::element_error!(sink, gst::CoreError::Negotiation, ("cannot read a track"));
    }
}

/// Whether the end is reached.
fn play(pipeline: &gst::Pipeline, activity: &Activity, interrupted: &AtomicBool) -> bool {
    let Some(bus) = pipeline.bus().filter(|_| pipeline.set_state(gst::State::Playing).is_ok()) else { return false };
    while !interrupted.load(Ordering::Relaxed) && activity.stalled(false, HUNG).is_none() {
        let message = bus.timed_pop_filtered(STEP, &[gst::MessageType::Eos, gst::MessageType::Error]);
        if let Some(message) = message {
            return message.type_() == gst::MessageType::Eos;
        }
    }
    false
}
