// SPDX-License-Identifier: MPL-2.0

//! Bit rate, pictures and keyframes of a whole file: it is demuxed without decoding.

use super::lock;
use super::stall::{Activity, HUNG};
use super::tracks::Encoded;
use super::watch;
use gst::prelude::*;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

/// Interval for interruption checks.
const STEP: gst::ClockTime = gst::ClockTime::from_mseconds(100);

/// What a video track consists of.
#[derive(Debug, Clone, Default)]
pub struct Scanned {
    /// Amount of data.
    pub encoded: Encoded,
    /// Media type of the container, such as `video/quicktime`.
    pub container: Option<String>,
    /// Stream times of the pictures in nanoseconds, in coding order, and whether each is a keyframe.
    pub pictures: Vec<(u64, bool)>,
}

/// Counts the encoded data of the track with this stream ID, or of the first video track. Returns `None` if the file
/// cannot be read completely.
pub fn whole(uri: &str, stream: Option<&str>, interrupted: &AtomicBool) -> Option<Encoded> {
    scan(uri, stream, interrupted).map(|scanned| scanned.encoded)
}

/// Reads the track with this stream ID, or the first video track. Returns `None` if the file cannot be read completely.
pub fn scan(uri: &str, stream: Option<&str>, interrupted: &AtomicBool) -> Option<Scanned> {
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
    let container = container(&parser);
    watch::stop(&pipeline);
    let tracks = lock(&tracks);
    let wanted = tracks.iter().find(|(id, _): &&Counted| id.is_some() && id.as_deref() == stream);
    let (_, scanned) = wanted.or(tracks.first()).filter(|_| ended)?;
    let mut scanned = std::mem::take(&mut *lock(scanned));
    scanned.encoded.ended = ended;
    scanned.container = container;
    Some(scanned)
}

/// Stream ID of a track, and its data.
type Counted = (Option<String>, Arc<Mutex<Scanned>>);

/// Media type of the input as `parsebin` found it, for example `video/quicktime`. Demuxers that pull have no caps.
fn container(parser: &gst::Element) -> Option<String> {
    let elements = parser.downcast_ref::<gst::Bin>()?.iterate_recurse().into_iter().flatten();
    let is_typefind = |element: &gst::Element| element.factory().is_some_and(|factory| factory.name() == "typefind");
    let caps = elements.into_iter().find(is_typefind)?.property::<Option<gst::Caps>>("caps")?;
    caps.structure(0).map(|structure| structure.name().to_string())
}

/// Counts and discards the data of `pad` if it is video.
fn added_pad(pipeline: &gst::Pipeline, pad: &gst::Pad, tracks: &Mutex<Vec<Counted>>) {
    let Ok(sink) = watch::sink() else { return };
    if pipeline.add(&sink).is_err() {
        return;
    }
    let caps = pad.current_caps().unwrap_or_else(|| pad.query_caps(None));
    let is_video = caps.structure(0).is_some_and(|structure| structure.name().starts_with("video/"));
    if is_video {
        let scanned = Arc::new(Mutex::new(Scanned::default()));
        lock(tracks).push((pad.stream_id().map(|id| id.to_string()), scanned.clone()));
        pad.add_probe(gst::PadProbeType::BUFFER, move |pad, probe| {
            if let Some(gst::PadProbeData::Buffer(buffer)) = &probe.data {
                let mut scanned = lock(&scanned);
                scanned.encoded.add(buffer);
                let is_keyframe = !buffer.flags().contains(gst::BufferFlags::DELTA_UNIT);
                let time = stream_time(pad, buffer);
                scanned.pictures.extend(time.map(|time| (time, is_keyframe)));
            }
            gst::PadProbeReturn::Ok
        });
    }
    let linked = sink.static_pad("sink").is_some_and(|target| pad.link(&target).is_ok());
    if !linked || sink.sync_state_with_parent().is_err() {
        gst::element_error!(sink, gst::CoreError::Negotiation, ("cannot read a track"));
    }
}

/// Stream time of a buffer in nanoseconds.
fn stream_time(pad: &gst::Pad, buffer: &gst::BufferRef) -> Option<u64> {
    let event = pad.sticky_event::<gst::event::Segment>(0)?;
    let segment = event.segment().downcast_ref::<gst::ClockTime>()?;
    segment.to_stream_time(buffer.pts()).map(gst::ClockTime::nseconds)
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
