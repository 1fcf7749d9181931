// SPDX-License-Identifier: MPL-2.0

//! Decodes an input to frames, without any conversion.
//!
//! The elements between the decoder and its consumer depend on the stream: orientation tag, interlacing. The decoder's
//! source pad is therefore blocked until its first frame arrives, with all preceding events, and then linked.

use super::errors::{self, no_video};
use super::inputs::{Input, Source};
use super::part::Part;
use super::stall::Activity;
use super::tracks::{Encoded, Track, Tracks};
use super::{lock, pictures, watch};
use crate::args::Deinterlace;
use anyhow::{Context as _, Result};
use gst::prelude::*;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Name of the message that requests a seek.
const SEEK: &str = "iqa-seek";

/// Prefers decoders that preserve every sample: `jpegdec` drops every other chroma sample of a 4:4:4 JPEG;
/// `avdec_mjpeg` does not but needs a parser.
pub fn prefer_exact_decoders() {
    let [parser, exact, other] = ["jpegparse", "avdec_mjpeg", "jpegdec"].map(gst::ElementFactory::find);
    if let (Some(parser), Some(exact), Some(other)) = (parser, exact, other) {
        let above = other.rank() + 1;
        for better in [parser, exact] {
            better.set_rank(better.rank().max(above));
        }
    }
}

/// What to decode, and how.
#[derive(Debug, Clone)]
pub struct Options {
    /// Part of the stream.
    pub part: Part,
    /// Whether to deinterlace.
    pub deinterlace: Deinterlace,
    /// Frame rate of picture files.
    pub rate: (u32, u32),
}

/// Information about a stream.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Known {
    /// Codec name.
    pub codec: Option<String>,
    /// Stream ID of the selected track.
    pub stream: Option<String>,
    /// Format of the decoded frames.
    pub info: Option<gst_video::VideoInfo>,
    /// Changes made to the frames before the comparison.
    pub changes: Vec<String>,
    /// Encoded data; empty for picture files.
    pub encoded: Encoded,
    /// Caps that cannot be decoded, for error messages.
    pub undecoded: Vec<String>,
}

/// A stream that is being decoded.
#[derive(Debug, Clone)]
pub struct Decoding {
    state: Arc<State>,
}

#[derive(Debug, Default)]
struct State {
    known: Mutex<Known>,
    tracks: Arc<Tracks>,
    activity: Arc<Activity>,
    part: Part,
    /// Whether every picture is in a separate file.
    in_files: bool,
    /// The decoder's source pad, and whether a seek has been done.
    pad: Mutex<(Option<gst::Pad>, bool)>,
    /// Probe that blocks the pad until it is linked.
    block: Mutex<Option<gst::PadProbeId>>,
    /// Pad that receives the frames.
    target: gst::glib::WeakRef<gst::Pad>,
}

impl Decoding {
    /// Adds a decoder to the pipeline that will be linked to `target`, the sink pad of an element.
    ///
    /// # Errors
    /// If an element is missing.
    pub fn new(pipeline: &gst::Pipeline, input: &Input, options: &Options, target: &gst::Pad) -> Result<Self> {
        let is_uri = matches!(input.source, Source::Uri(_));
        let part = if is_uri { options.part } else { Part::default() };
        let state = Arc::new(State { part, in_files: !is_uri, target: target.downgrade(), ..State::default() });
        state.activity.watch(pipeline.upcast_ref(), target);
        let decoder = match &input.source {
            Source::Uri(uri) => {
                let decoder = gst::ElementFactory::make("uridecodebin").property("uri", uri).build()?;
                pipeline.add(&decoder)?;
                decoder
            }
            Source::Pictures(files) => {
                let source = pictures::source(files, options.rate, options.part)?;
                let decoder = gst::ElementFactory::make("decodebin").build()?;
                pipeline.add_many([source.upcast_ref(), &decoder])?;
                source.link(&decoder)?;
                decoder
            }
        };
        // Other streams of the file are not decoded. Without `ANY`, decodebin 1.22 selects no decoder at all.
        decoder.set_property("caps", gst::Caps::builder("video/x-raw").any_features().build());
        decoder.set_property("expose-all-streams", false);
        state.tracks.watch(&decoder)?;
        let linking = Linking {
            state: state.clone(),
            pipeline: pipeline.downgrade(),
            decoder: decoder.downgrade(),
            target: target.downgrade(),
            deinterlace: options.deinterlace,
        };
        let linking = Arc::new(linking);
        let added = linking.clone();
        decoder.connect_pad_added(move |_, pad| added.pad_added(pad));
        decoder.connect_no_more_pads(move |_| linking.no_more_pads());
        let unknown = state.clone();
        decoder.connect("unknown-type", false, move |values| {
            let caps = values.get(2).and_then(|value| value.get::<gst::Caps>().ok())?;
            lock(&unknown.known).undecoded.push(caps.to_string());
            None
        });
        Ok(Self { state })
    }

    /// Handles a bus message of the pipeline; returns an error if the stream cannot be decoded.
    pub fn message(&self, message: &gst::MessageRef) -> Result<(), String> {
        match message.view() {
            gst::MessageView::Application(message) if message.structure().is_some_and(|s| s.name() == SEEK) => {
                let pad = lock(&self.state.pad).0.clone();
                let Part { start, stop } = self.state.part;
                let length = pad.as_ref().and_then(|pad| pad.query_duration::<gst::ClockTime>());
                if let Some(length) = length.filter(|length| start >= *length) {
                    return Err(beyond(length));
                }
                let flags = gst::SeekFlags::FLUSH | gst::SeekFlags::ACCURATE;
                let stop_type = if stop.is_some() { gst::SeekType::Set } else { gst::SeekType::None };
                let seek = gst::event::Seek::new(1.0, flags, gst::SeekType::Set, start, stop_type, stop);
                if pad.is_some_and(|pad| pad.send_event(seek)) {
                    return Ok(());
                }
                Err("it is not seekable: compare it without --start and --duration".to_owned())
            }
            gst::MessageView::Error(error) if error.error().matches(gst::CoreError::MissingPlugin) => {
                Err(no_video(&lock(&self.state.known).undecoded))
            }
            gst::MessageView::Error(error) => Err(errors::text(error)),
            _ => Ok(()),
        }
    }

    /// Stops the pipeline.
    pub fn stop(&self, pipeline: &gst::Pipeline) {
        // A blocked pad blocks a thread inside the decoder, which the decoder joins.
        if let (Some(pad), Some(block)) = (lock(&self.state.pad).0.clone(), lock(&self.state.block).take()) {
            pad.remove_probe(block);
        }
        watch::stop(pipeline);
    }

    /// Why decoding is considered stalled, if it made no progress for `patience`.
    pub fn stalled(&self, patience: Duration) -> Option<String> {
        let queue = self.state.target.upgrade().and_then(|target| target.parent_element());
        let queue = queue.filter(|queue| queue.has_property("current-level-buffers"));
        let waits = queue.is_some_and(|queue| queue.property::<u32>("current-level-buffers") > 0);
        self.state.activity.stalled(waits, patience)
    }

    /// Information collected so far.
    pub fn known(&self) -> Known {
        let Track { codec, encoded } = self.state.tracks.chosen();
        let encoded = if self.state.in_files { Encoded::default() } else { encoded };
        let stream = lock(&self.state.pad).0.as_ref().and_then(PadExt::stream_id).map(|id| id.to_string());
        Known { codec, encoded, stream, ..lock(&self.state.known).clone() }
    }
}

/// Error for a part that starts beyond the end.
pub(super) fn beyond(length: gst::ClockTime) -> String {
    let seconds = length.nseconds() as f64 / 1e9;
    format!("--start is beyond its end: it is {seconds:.2} s long; use a smaller value")
}

/// Links the decoder's source pad.
struct Linking {
    state: Arc<State>,
    pipeline: gst::glib::WeakRef<gst::Pipeline>,
    decoder: gst::glib::WeakRef<gst::Element>,
    target: gst::glib::WeakRef<gst::Pad>,
    deinterlace: Deinterlace,
}

impl Linking {
    /// Selects the first pad with video.
    fn pad_added(self: &Arc<Self>, pad: &gst::Pad) {
        let mut chosen = lock(&self.state.pad);
        if chosen.0.is_some() {
            return;
        }
        chosen.0 = Some(pad.clone());
        drop(chosen);
        self.state.tracks.choose(pad);
        let linking = self.clone();
        let mask = gst::PadProbeType::BLOCK | gst::PadProbeType::BUFFER | gst::PadProbeType::EVENT_DOWNSTREAM;
        // Locked until the probe is stored: it may be removed immediately.
        let mut block = lock(&self.state.block);
        *block = pad.add_probe(mask, move |pad, probe| match &probe.data {
            Some(gst::PadProbeData::Event(event)) if event.type_() != gst::EventType::Eos => gst::PadProbeReturn::Pass,
            _ => linking.first_frame(pad),
        });
    }

    /// The pad now has all stream information.
    fn first_frame(&self, pad: &gst::Pad) -> gst::PadProbeReturn {
        let sought = &mut lock(&self.state.pad).1;
        if !self.state.part.is_all() && !std::mem::replace(sought, true) {
            if let Some(decoder) = self.decoder.upgrade() {
                let structure = gst::Structure::new_empty(SEEK);
                let message = gst::message::Application::builder(structure).src(&decoder).build();
                // Without a bus no thread waits for it.
                let _ = decoder.post_message(message);
            }
            // The flushing seek drops this frame, and the next one triggers the probe again.
            return gst::PadProbeReturn::Ok;
        }
        lock(&self.state.block).take();
        if let Err(error) = self.link(pad)
            && let Some(decoder) = self.decoder.upgrade()
        {
            gst::element_error!(decoder, gst::CoreError::Negotiation, ("{error:#}"));
        }
        gst::PadProbeReturn::Remove
    }

    fn link(&self, pad: &gst::Pad) -> Result<()> {
        let (Some(pipeline), Some(target)) = (self.pipeline.upgrade(), self.target.upgrade()) else { return Ok(()) };
        let caps = pad.current_caps().context("the decoder has no caps")?;
        let info =
            gst_video::VideoInfo::from_caps(&caps).with_context(|| format!("unsupported decoder output: {caps}"))?;
        let mut elements = Vec::new();
        let mut known = lock(&self.state.known);
        let is_interlaced = info.interlace_mode() != gst_video::VideoInterlaceMode::Progressive;
        if self.deinterlace == Deinterlace::On || (self.deinterlace == Deinterlace::Auto && is_interlaced) {
            let mode = if self.deinterlace == Deinterlace::On { "interlaced" } else { "auto" };
            let builder = gst::ElementFactory::make("deinterlace").property_from_str("mode", mode);
            elements.push(builder.property_from_str("fields", "top").property_from_str("method", "yadif").build()?);
            known.changes.push("deinterlaced (yadif, one frame per pair of fields)".to_owned());
        }
        if let Some((method, word)) = orientation(pad) {
            // Not `auto`: the tag arrives after the caps, which would then describe the unrotated picture.
            elements.push(gst::ElementFactory::make("videoflip").property("video-direction", method).build()?);
            known.changes.push(format!("rotated upright according to its orientation tag ({word})"));
        }
        known.info = Some(info);
        drop(known);
        pipeline.add_many(&elements)?;
        let mut from = pad.clone();
        for element in &elements {
            let sink = element.static_pad("sink").context("no sink pad")?;
            from.link(&sink).with_context(|| format!("{} does not accept {caps}", element.name()))?;
            from = element.static_pad("src").context("no source pad")?;
        }
        from.link(&target).with_context(|| format!("cannot compare frames with the caps {caps}"))?;
        elements.iter().try_for_each(gst::Element::sync_state_with_parent)?;
        Ok(())
    }

    /// Without video there is nothing to wait for.
    fn no_more_pads(&self) {
        if lock(&self.state.pad).0.is_some() {
            return;
        }
        let Some(decoder) = self.decoder.upgrade() else { return };
        let undecoded = lock(&self.state.known).undecoded.clone();
        gst::element_error!(decoder, gst::StreamError::TypeNotFound, ("{}", no_video(&undecoded)));
    }
}

/// Orientation from the tag if the picture is not upright: as an enum and as the tag's text.
fn orientation(pad: &gst::Pad) -> Option<(gst_video::VideoOrientationMethod, String)> {
    let mut found = None;
    pad.sticky_events_foreach(|event| {
        if let gst::EventView::Tag(event) = event.view()
            && let Some(word) = event.tag().get::<gst::tags::ImageOrientation>()
            && let Some(method) = gst_video::VideoOrientationMethod::from_tag(event.tag())
        {
            found = Some((method, word.get().to_owned()));
        }
        std::ops::ControlFlow::Continue(gst::EventForeachAction::Keep)
    });
    found.filter(|(method, _)| *method != gst_video::VideoOrientationMethod::Identity)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    #[test]
    fn a_pad_that_waits_for_a_seek_does_not_keep_its_pipeline_from_stopping() {
        gst::init().expect("GStreamer");
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("picture.png");
        image::RgbImage::new(64, 64).save(&path).expect("a picture");
        let uri = gst::glib::filename_to_uri(&path, None).expect("a URI").into();
        let input = Input {
            name: String::new(),
            shown: String::new(),
            source: Source::Uri(uri),
            declared_bandwidth: None,
            problem: None,
            files: None,
        };
        let part = Part { start: gst::ClockTime::from_seconds(1), stop: None };
        let options = Options { part, deinterlace: Deinterlace::Off, rate: (25, 1) };
        let pipeline = gst::Pipeline::new();
        let sink = watch::sink().expect("a sink");
        pipeline.add(&sink).expect("added");
        let target = sink.static_pad("sink").expect("a pad");
        let decoding = Decoding::new(&pipeline, &input, &options, &target).expect("a decoder");
        pipeline.set_state(gst::State::Playing).expect("it plays");
        let bus = pipeline.bus().expect("a bus");
        let limit = gst::ClockTime::from_seconds(60);
        bus.timed_pop_filtered(limit, &[gst::MessageType::Application]).expect("it asks for a seek");
        let pad = lock(&decoding.state.pad).0.clone().expect("the decoder's pad");
        let begin = Instant::now();
        while !pad.is_blocking() && begin.elapsed() < Duration::from_secs(60) {
            std::thread::yield_now();
        }
        assert!(pad.is_blocking());
        decoding.stop(&pipeline);
        assert_eq!(pipeline.current_state(), gst::State::Null);
        assert!(!pad.is_blocking());
    }
}
