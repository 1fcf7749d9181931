// SPDX-License-Identifier: MPL-2.0

//! Counts the encoded data of a stream per track: for a file with several tracks only the selected one counts.

use super::errors::is_of_class;
use super::lock;
use anyhow::{Context as _, Result};
use gst::prelude::*;
use std::sync::{Arc, Mutex};

/// Data that entered a video decoder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Encoded {
    /// Number of bytes.
    pub bytes: u64,
    /// Earliest timestamp and latest end, in nanoseconds.
    pub span: Option<(u64, u64)>,
    /// Whether this is all data of the track.
    pub ended: bool,
}

impl Encoded {
    /// Counts a buffer.
    pub fn add(&mut self, buffer: &gst::BufferRef) {
        self.bytes += buffer.size() as u64;
        let Some(begin) = buffer.pts().map(gst::ClockTime::nseconds) else { return };
        let end = begin.saturating_add(buffer.duration().map_or(0, gst::ClockTime::nseconds));
        let (first, last) = self.span.unwrap_or((begin, end));
        self.span = Some((first.min(begin), last.max(end)));
    }

    /// Bit rate, if it can be determined.
    pub fn bit_rate(self) -> Option<f64> {
        let (first, last) = self.span?;
        (last > first && self.bytes > 0).then(|| self.bytes as f64 * 8e9 / (last - first) as f64)
    }
}

/// Input of a decoder.
#[derive(Debug, Clone, Default)]
pub struct Track {
    /// Codec name.
    pub codec: Option<String>,
    /// Amount of data.
    pub encoded: Encoded,
}

/// Input of a decoder; outlives the decoder, which is removed when its pipeline stops.
type Shared = Arc<Mutex<Track>>;

/// Video decoders of a stream, and the selected one.
#[derive(Debug, Default)]
pub struct Tracks {
    all: Mutex<Vec<(gst::glib::WeakRef<gst::Element>, Shared)>>,
    chosen: Mutex<Option<Shared>>,
}

impl Tracks {
    /// Observes the video decoders that are added to `bin`.
    ///
    /// # Errors
    /// If it is not a bin.
    pub fn watch(self: &Arc<Self>, bin: &gst::Element) -> Result<()> {
        let bin = bin.downcast_ref::<gst::Bin>().context("the decoder is not a bin")?;
        let tracks = Arc::downgrade(self);
        bin.connect_deep_element_added(move |_, _, element| {
            if let Some(tracks) = tracks.upgrade().filter(|_| is_video_decoder(element)) {
                tracks.add(element);
            }
        });
        Ok(())
    }

    fn add(&self, decoder: &gst::Element) {
        let Some(pad) = decoder.static_pad("sink") else { return };
        let track = Arc::new(Mutex::new(Track::default()));
        lock(&self.all).push((decoder.downgrade(), track.clone()));
        let events = gst::PadProbeType::EVENT_DOWNSTREAM | gst::PadProbeType::EVENT_FLUSH;
        pad.add_probe(gst::PadProbeType::BUFFER | events, move |_, probe| {
            let mut track = lock(&track);
            match &probe.data {
                Some(gst::PadProbeData::Buffer(buffer)) => track.encoded.add(buffer),
                Some(gst::PadProbeData::Event(event)) => match event.view() {
                    gst::EventView::Caps(caps) => track.codec = Some(codec(caps.caps())),
                    gst::EventView::Eos(_) => track.encoded.ended = true,
                    // Data from before a seek is not compared.
                    gst::EventView::FlushStop(_) => track.encoded = Encoded::default(),
                    _ => {}
                },
                _ => {}
            }
            gst::PadProbeReturn::Ok
        });
    }

    /// Selects the track whose frames leave through `pad`.
    pub fn choose(&self, pad: &gst::Pad) {
        let mut pad = pad.clone();
        while let Some(target) = pad.downcast_ref::<gst::GhostPad>().and_then(|ghost| ghost.target()) {
            pad = target;
        }
        let decoder = pad.parent_element();
        let all = lock(&self.all);
        let found = all.iter().find(|(one, _)| decoder.is_some() && one.upgrade() == decoder);
        *lock(&self.chosen) = found.map(|(_, track)| track.clone());
    }

    /// Returns the selected track; empty if it cannot be distinguished from others.
    pub fn chosen(&self) -> Track {
        let chosen = lock(&self.chosen).clone();
        let only = || if let [(_, only)] = lock(&self.all).as_slice() { Some(only.clone()) } else { None };
        chosen.or_else(only).map(|track| lock(&track).clone()).unwrap_or_default()
    }
}

/// Whether an element decodes video or images.
pub fn is_video_decoder(element: &gst::Element) -> bool {
    is_of_class(element, "Decoder") && ["Video", "Image"].iter().any(|word| is_of_class(element, word))
}

/// Codec name.
pub fn codec(caps: &gst::CapsRef) -> String {
    gst_pbutils::functions::pb_utils_get_codec_description(caps).to_string()
}
