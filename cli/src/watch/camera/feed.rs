// SPDX-License-Identifier: MPL-2.0

//! Output of a camera's pipelines across connections: the newest frame and its luma measurements.

use crate::media::lock;
use crate::watch::moment::Moment;
use gst::prelude::*;
use gstonnxiqa::video_frame::Stream;
use onnx_iqa::metrics::{LumaMeasurements, LumaMeter};
use onnx_iqa::picture::Frame as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Interval of luma measurements: the shortest alarm that depends on them takes two seconds.
const LOOK: Duration = Duration::from_millis(900);

/// A decoded frame.
#[derive(Debug, Clone)]
pub struct Newest {
    /// Stream description needed to read its memory.
    pub stream: Arc<Stream>,
    /// The buffer.
    pub buffer: gst::Buffer,
    /// Arrival time.
    pub at: Moment,
}

/// Current state.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// The newest frame.
    pub newest: Option<Newest>,
    /// When data last entered or left the decoder.
    pub moved: Option<Moment>,
    /// Luma measurements of the last measured frame.
    pub luma: Option<(Moment, LumaMeasurements)>,
    /// Codec name.
    pub codec: Option<String>,
    /// Why frames cannot be read.
    pub problem: Option<String>,
}

/// Receives frames.
#[derive(Debug, Default)]
pub struct Feed {
    frames: AtomicU64,
    known: Mutex<Known>,
    meter: Mutex<LumaMeter>,
}

impl Feed {
    /// Number of frames.
    pub fn frames(&self) -> u64 {
        self.frames.load(Ordering::Relaxed)
    }

    /// Current state.
    pub fn known(&self) -> Known {
        lock(&self.known).clone()
    }

    /// A new connection begins. The last picture is kept for display.
    pub fn begin(&self) {
        let mut known = lock(&self.known);
        (known.moved, known.luma, known.problem) = (None, None, None);
        drop(known);
        lock(&self.meter).reset();
    }

    /// Receives every frame that arrives at this pad.
    pub fn watch(self: &Arc<Self>, pad: &gst::Pad) {
        let feed = self.clone();
        let stream = Mutex::new(None::<Arc<Stream>>);
        let mask = gst::PadProbeType::BUFFER | gst::PadProbeType::EVENT_DOWNSTREAM;
        pad.add_probe(mask, move |_, probe| {
            match &probe.data {
                Some(gst::PadProbeData::Buffer(buffer)) => {
                    if let Some(stream) = lock(&stream).clone() {
                        feed.frame(Newest { stream, buffer: buffer.clone(), at: Moment::now() });
                    }
                }
                Some(gst::PadProbeData::Event(event)) => {
                    if let gst::EventView::Caps(caps) = event.view() {
                        let read = Stream::from_caps(caps.caps());
                        lock(&feed.known).problem = read.as_ref().err().cloned();
                        *lock(&stream) = read.ok().map(Arc::new);
                    }
                }
                _ => {}
            }
            gst::PadProbeReturn::Ok
        });
    }

    /// Encoded data has arrived.
    pub fn moved(&self) {
        lock(&self.known).moved = Some(Moment::now());
    }

    /// The codec is known.
    pub fn set_codec(&self, codec: String) {
        lock(&self.known).codec = Some(codec);
    }

    fn frame(&self, newest: Newest) {
        self.frames.fetch_add(1, Ordering::Relaxed);
        let mut known = lock(&self.known);
        let before = known.luma.map(|(at, _)| at.steady);
        let due = before.is_none_or(|before| newest.at.steady.saturating_duration_since(before) >= LOOK);
        known.moved = Some(newest.at);
        known.newest = Some(newest.clone());
        drop(known);
        if !due {
            return;
        }
        // Measured without holding the lock, because it takes milliseconds.
        let luma = luma(&newest, &mut lock(&self.meter));
        let mut known = lock(&self.known);
        match luma {
            Ok(luma) => known.luma = Some((newest.at, luma)),
            Err(problem) => known.problem = Some(problem),
        }
    }
}

fn luma(newest: &Newest, meter: &mut LumaMeter) -> Result<LumaMeasurements, String> {
    let frame = newest.stream.map(newest.buffer.clone()).map_err(|error| error.to_string())?;
    let picture = frame.picture().map_err(|error| error.to_string())?;
    Ok(meter.measure(&picture))
}
