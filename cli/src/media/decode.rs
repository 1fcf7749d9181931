// SPDX-License-Identifier: MPL-2.0

//! From an input to decoded frames, as they are stored: nothing is converted.
//!
//! What has to stand between the decoder and what follows depends on the stream: a rotation tag, interlaced pictures. So
//! the decoder's pad is blocked until its first frame is there, with all that was said before it, and then linked.

use super::inputs::{Input, Source};
use super::part::Part;
use super::{lock, pictures, watch};
use crate::args::Deinterlace;
use anyhow::{Context as _, Result};
use gst::prelude::*;
use std::sync::{Arc, Mutex};

/// The name of the message that asks for a seek.
const SEEK: &str = "iqa-seek";

/// Has decoders taken that keep every sample: `jpegdec` drops every second chroma sample of a 4:4:4 JPEG.
/// `avdec_mjpeg`, which does not, wants a parser before it.
pub fn prefer_exact_decoders() {
    let [parser, exact, other] = ["jpegparse", "avdec_mjpeg", "jpegdec"].map(gst::ElementFactory::find);
    if let (Some(parser), Some(exact), Some(other)) = (parser, exact, other) {
        let above = other.rank() + 1;
        for better in [parser, exact] {
            better.set_rank(better.rank().max(above));
        }
    }
}

/// What is decoded, and how.
#[derive(Debug, Clone)]
pub struct Options {
    /// What of it.
    pub part: Part,
    /// Whether it is deinterlaced.
    pub deinterlace: Deinterlace,
    /// Frames a second of pictures in files.
    pub rate: (u32, u32),
}

/// What went into a video decoder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Encoded {
    /// How many bytes.
    pub bytes: u64,
    /// The earliest time of a picture and the latest end, in nanoseconds.
    pub span: Option<(u64, u64)>,
}

impl Encoded {
    fn add(&mut self, buffer: &gst::BufferRef) {
        self.bytes += buffer.size() as u64;
        let Some(begin) = buffer.pts().map(gst::ClockTime::nseconds) else { return };
        let end = begin.saturating_add(buffer.duration().map_or(0, gst::ClockTime::nseconds));
        let (first, last) = self.span.unwrap_or((begin, end));
        self.span = Some((first.min(begin), last.max(end)));
    }

    /// Bits a second, if that can be told.
    pub fn bit_rate(self) -> Option<f64> {
        let (first, last) = self.span?;
        (last > first && self.bytes > 0).then(|| self.bytes as f64 * 8e9 / (last - first) as f64)
    }
}

/// What is known of a stream by now.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Known {
    /// The codec's name, for people.
    pub codec: Option<String>,
    /// The decoded frames.
    pub info: Option<gst_video::VideoInfo>,
    /// What was done to the frames before they were compared, in words.
    pub changes: Vec<String>,
    /// What went into the decoder; nothing where pictures lie in files of their own.
    pub encoded: Encoded,
    /// What is in the file that cannot be decoded, for errors.
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
    encoded: Mutex<Encoded>,
    part: Part,
    /// Whether every picture has a file of its own.
    in_files: bool,
    /// The decoder's pad, and whether it has been sought on.
    pad: Mutex<(Option<gst::Pad>, bool)>,
}

impl Decoding {
    /// Puts a decoder into the pipeline that will be linked to `target`, the sink pad of an element there.
    ///
    /// # Errors
    /// When an element is missing.
    pub fn new(pipeline: &gst::Pipeline, input: &Input, options: &Options, target: &gst::Pad) -> Result<Self> {
        let is_uri = matches!(input.source, Source::Uri(_));
        let part = if is_uri { options.part } else { Part::default() };
        let state = Arc::new(State { part, in_files: !is_uri, ..State::default() });
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
        // Other streams of a file are not decoded. Without `ANY` decodebin of 1.22 then takes no decoder at all.
        decoder.set_property("caps", gst::Caps::builder("video/x-raw").any_features().build());
        decoder.set_property("expose-all-streams", false);
        watch_decoders(&decoder, &state)?;
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

    /// Answers a message of the pipeline's; gives what an error says, or why the stream cannot be decoded.
    pub fn message(&self, message: &gst::MessageRef) -> Result<(), String> {
        match message.view() {
            gst::MessageView::Application(message) if message.structure().is_some_and(|s| s.name() == SEEK) => {
                let pad = lock(&self.state.pad).0.clone();
                let Part { start, stop } = self.state.part;
                let flags = gst::SeekFlags::FLUSH | gst::SeekFlags::ACCURATE;
                let stop_type = if stop.is_some() { gst::SeekType::Set } else { gst::SeekType::None };
                let seek = gst::event::Seek::new(1.0, flags, gst::SeekType::Set, start, stop_type, stop);
                if pad.is_some_and(|pad| pad.send_event(seek)) {
                    return Ok(());
                }
                Err("it cannot be sought in: compare it without --start and --duration".to_owned())
            }
            gst::MessageView::Error(error) if error.error().matches(gst::CoreError::MissingPlugin) => {
                Err(no_video(&lock(&self.state.known).undecoded))
            }
            gst::MessageView::Error(error) => Err(watch::error_text(error)),
            _ => Ok(()),
        }
    }

    /// What is known of the stream by now.
    pub fn known(&self) -> Known {
        let encoded = if self.state.in_files { Encoded::default() } else { *lock(&self.state.encoded) };
        Known { encoded, ..lock(&self.state.known).clone() }
    }
}

/// Counts what goes into the decoder of video, and learns the codec's name.
fn watch_decoders(decoder: &gst::Element, state: &Arc<State>) -> Result<()> {
    let bin = decoder.downcast_ref::<gst::Bin>().context("the decoder is no bin")?;
    let state = state.clone();
    bin.connect_deep_element_added(move |_, _, element| {
        let class = element.factory().and_then(|factory| factory.metadata("klass").map(str::to_owned));
        let is_decoder = class.is_some_and(|class| {
            let has = |word| class.split('/').any(|part| part == word);
            has("Decoder") && (has("Video") || has("Image"))
        });
        let Some(pad) = element.static_pad("sink").filter(|_| is_decoder) else { return };
        let state = state.clone();
        let events = gst::PadProbeType::EVENT_DOWNSTREAM | gst::PadProbeType::EVENT_FLUSH;
        pad.add_probe(gst::PadProbeType::BUFFER | events, move |_, probe| {
            match &probe.data {
                Some(gst::PadProbeData::Buffer(buffer)) => {
                    lock(&state.encoded).add(buffer);
                }
                Some(gst::PadProbeData::Event(event)) => match event.view() {
                    gst::EventView::Caps(caps) => lock(&state.known).codec = Some(codec(caps.caps())),
                    // What came before a seek is not compared.
                    gst::EventView::FlushStop(_) => *lock(&state.encoded) = Encoded::default(),
                    _ => {}
                },
                _ => {}
            }
            gst::PadProbeReturn::Ok
        });
    });
    Ok(())
}

/// The codec's name, for people.
fn codec(caps: &gst::CapsRef) -> String {
    gst_pbutils::functions::pb_utils_get_codec_description(caps).to_string()
}

/// What links the decoder's pad.
struct Linking {
    state: Arc<State>,
    pipeline: gst::glib::WeakRef<gst::Pipeline>,
    decoder: gst::glib::WeakRef<gst::Element>,
    target: gst::glib::WeakRef<gst::Pad>,
    deinterlace: Deinterlace,
}

impl Linking {
    /// The first pad with video is taken.
    fn pad_added(self: &Arc<Self>, pad: &gst::Pad) {
        let mut chosen = lock(&self.state.pad);
        if chosen.0.is_some() {
            return;
        }
        chosen.0 = Some(pad.clone());
        drop(chosen);
        let linking = self.clone();
        let mask = gst::PadProbeType::BLOCK | gst::PadProbeType::BUFFER | gst::PadProbeType::EVENT_DOWNSTREAM;
        pad.add_probe(mask, move |pad, probe| match &probe.data {
            Some(gst::PadProbeData::Event(event)) if event.type_() != gst::EventType::Eos => gst::PadProbeReturn::Pass,
            _ => linking.first_frame(pad),
        });
    }

    /// What is known of the stream is on the pad now.
    fn first_frame(&self, pad: &gst::Pad) -> gst::PadProbeReturn {
        let sought = &mut lock(&self.state.pad).1;
        if !self.state.part.is_all() && !std::mem::replace(sought, true) {
            if let Some(decoder) = self.decoder.upgrade() {
                let structure = gst::Structure::new_empty(SEEK);
                let message = gst::message::Application::builder(structure).src(&decoder).build();
                // Without a bus nobody waits for it.
                let _ = decoder.post_message(message);
            }
            // The seek's flush takes this frame away, and the next comes here again.
            return gst::PadProbeReturn::Ok;
        }
        if let Err(error) = self.link(pad)
            && let Some(decoder) = self.decoder.upgrade()
        {
            gst::element_error!(decoder, gst::CoreError::Negotiation, ("{error:#}"));
        }
        gst::PadProbeReturn::Remove
    }

    fn link(&self, pad: &gst::Pad) -> Result<()> {
        let (Some(pipeline), Some(target)) = (self.pipeline.upgrade(), self.target.upgrade()) else { return Ok(()) };
        let caps = pad.current_caps().context("the decoder does not say what it gives")?;
        let info = gst_video::VideoInfo::from_caps(&caps).with_context(|| format!("the decoder gives {caps}"))?;
        let mut elements = Vec::new();
        let mut known = lock(&self.state.known);
        let is_interlaced = info.interlace_mode() != gst_video::VideoInterlaceMode::Progressive;
        if self.deinterlace == Deinterlace::On || (self.deinterlace == Deinterlace::Auto && is_interlaced) {
            let mode = if self.deinterlace == Deinterlace::On { "interlaced" } else { "auto" };
            let builder = gst::ElementFactory::make("deinterlace").property_from_str("mode", mode);
            elements.push(builder.property_from_str("fields", "top").property_from_str("method", "yadif").build()?);
            known.changes.push("deinterlaced (yadif, a frame of each pair of fields)".to_owned());
        }
        if let Some(orientation) = orientation(pad) {
            elements.push(gst::ElementFactory::make("videoflip").property_from_str("video-direction", "auto").build()?);
            known.changes.push(format!("turned upright as its tag says ({orientation})"));
        }
        known.info = Some(info);
        drop(known);
        pipeline.add_many(&elements)?;
        let mut from = pad.clone();
        for element in &elements {
            let sink = element.static_pad("sink").context("no sink pad")?;
            from.link(&sink).with_context(|| format!("{} does not take {caps}", element.name()))?;
            from = element.static_pad("src").context("no source pad")?;
        }
        from.link(&target).with_context(|| format!("frames of this kind cannot be compared: {caps}"))?;
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

/// Why nothing can be decoded, by the caps of what is there.
fn no_video(undecoded: &[String]) -> String {
    let name = |caps: &String| caps.split(',').next().unwrap_or_default().to_owned();
    let names = undecoded.iter().map(name).collect::<Vec<_>>().join(", ");
    if undecoded.iter().any(|caps| caps.contains("cenc") || caps.contains("protection-system")) {
        return format!("it is encrypted ({names}): give a clear copy of it");
    }
    if undecoded.iter().all(|caps| !caps.starts_with("video/") && !caps.starts_with("image/")) {
        let there = if names.is_empty() { String::new() } else { format!(", but {names}") };
        return format!("it has no video{there}");
    }
    format!("no decoder here takes its {names}: install the GStreamer plugin that does")
}

/// The stream's orientation, if a tag says that it is not upright.
fn orientation(pad: &gst::Pad) -> Option<String> {
    let mut found = None;
    pad.sticky_events_foreach(|event| {
        if let gst::EventView::Tag(tag) = event.view()
            && let Some(orientation) = tag.tag().get::<gst::tags::ImageOrientation>()
        {
            found = Some(orientation.get().to_owned());
        }
        std::ops::ControlFlow::Continue(gst::EventForeachAction::Keep)
    });
    found.filter(|orientation| orientation != "rotate-0")
}
