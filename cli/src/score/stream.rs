// SPDX-License-Identifier: MPL-2.0

//! The pipeline of a video or picture: decodes and scores it, and collects the scores and attributes.

use crate::args::Deinterlace;
use crate::media::decode::{Decoding, Options};
use crate::media::errors;
use crate::media::inputs::Input;
use crate::media::lock;
use crate::media::part::Part;
use crate::media::remarks::Remarks;
use crate::media::stall::PATIENCE;
use crate::media::watch::{self, Watched};
use crate::progress::Progress;
use crate::report::frames::Frames;
use anyhow::{Context as _, Result};
use gst::prelude::*;
use gstonnxiqa::messages::Structured as _;
use gstonnxiqa::meta;
use onnx_iqa::record::Summary;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Interval for progress updates and interruption checks.
const STEP: Duration = Duration::from_millis(100);

/// Scoring settings.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Name or path of the model.
    pub model: String,
    /// Columns of the frames: `score`, `raw` and the model's attributes.
    pub columns: Vec<String>,
    /// Execution provider.
    pub provider: String,
    /// GPU index.
    pub device_id: u32,
    /// Number of ONNX Runtime threads.
    pub threads: u32,
    /// Score every Nth frame.
    pub every: u32,
    /// Maximum number of scored frames per second.
    pub max_rate: Option<(u32, u32)>,
}

/// How a stream ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Ended {
    /// End of stream.
    #[default]
    Whole,
    /// Interrupted by the user.
    Interrupted,
}

/// Result of a stream.
#[derive(Debug, Default)]
pub struct Scored {
    /// All frames, with the columns of the settings; none if there was no pipeline.
    pub frames: Frames,
    /// Number of frames that could not be scored.
    pub failed: u64,
    /// Warnings, one per kind.
    pub remarks: Remarks,
    /// Why it could not be read.
    pub failure: Option<String>,
    /// How it ended.
    pub ended: Ended,
}

struct Pipeline {
    pipeline: gst::Pipeline,
    decoding: Decoding,
    frames: Arc<Mutex<Frames>>,
}

impl Watched for Pipeline {
    fn pipeline(&self) -> &gst::Pipeline {
        &self.pipeline
    }
}

impl Settings {
    fn element(&self) -> Result<gst::Element> {
        let element = gst::ElementFactory::make("iqascore")
            .property("model", &self.model)
            .property_from_str("provider", &self.provider)
            .property("device-id", self.device_id)
            .property("threads", self.threads)
            .property("interval", self.every)
            .property_from_str("on-error", "continue")
            .build()?;
        if let Some((over, under)) = self.max_rate {
            element.set_property("max-rate", gst::Fraction::new(i32::try_from(over)?, i32::try_from(under)?));
        }
        Ok(element)
    }
}

impl Pipeline {
    fn new(input: &Input, settings: &Settings) -> Result<Self> {
        let pipeline = gst::Pipeline::new();
        let (queue, score, sink) = (watch::queue()?, settings.element()?, watch::sink()?);
        pipeline.add_many([&queue, &score, &sink])?;
        gst::Element::link_many([&queue, &score, &sink])?;
        let columns: Vec<_> = settings.columns.iter().map(String::as_str).collect();
        let frames = Arc::new(Mutex::new(Frames::new(&columns)));
        gather(&sink.static_pad("sink").context("a sink has a pad")?, &frames);
        let target = queue.static_pad("sink").context("a queue has a sink pad")?;
        let options = Options { part: Part::default(), deinterlace: Deinterlace::Auto, rate: (25, 1) };
        let decoding = Decoding::new(&pipeline, input, &options, &target)?;
        Ok(Self { pipeline, decoding, frames })
    }
}

/// Collects every frame that arrives at `pad`.
fn gather(pad: &gst::Pad, frames: &Arc<Mutex<Frames>>) {
    let frames = frames.clone();
    let segment = Mutex::new(gst::FormattedSegment::<gst::ClockTime>::new());
    let mask = gst::PadProbeType::BUFFER | gst::PadProbeType::EVENT_DOWNSTREAM;
    pad.add_probe(mask, move |_, probe| {
        match &probe.data {
            Some(gst::PadProbeData::Event(event)) => {
                if let gst::EventView::Segment(event) = event.view()
                    && let Some(new) = event.segment().downcast_ref()
                {
                    lock(&segment).clone_from(new);
                }
            }
            Some(gst::PadProbeData::Buffer(buffer)) => {
                let running = lock(&segment).to_running_time(buffer.pts()).map(gst::ClockTime::nseconds);
                if let Some((_, record)) = meta::records(buffer).into_iter().next() {
                    lock(&frames).push(running, &record);
                }
            }
            _ => {}
        }
        gst::PadProbeReturn::Ok
    });
}

/// Decodes and scores an input.
///
/// # Errors
/// If an element is missing or rejects a setting. Problems of the input are part of the result.
pub fn run(input: &Input, settings: &Settings, progress: &mut Progress, interrupted: &AtomicBool) -> Result<Scored> {
    let mut scored = Scored::default();
    if let Some(problem) = &input.problem {
        scored.failure = Some(problem.clone());
        return Ok(scored);
    }
    let pipeline = match Pipeline::new(input, settings) {
        Ok(pipeline) => pipeline,
        Err(error) => {
            scored.failure = Some(format!("{error:#}"));
            return Ok(scored);
        }
    };
    let (sender, messages) = mpsc::channel();
    pipeline.watch((), &sender)?;
    pipeline.start();
    loop {
        if interrupted.load(Ordering::Relaxed) {
            scored.ended = Ended::Interrupted;
            break;
        }
        scored.failure = pipeline.decoding.stalled(PATIENCE);
        if scored.failure.is_some() {
            break;
        }
        let message = match messages.recv_timeout(STEP) {
            Ok(((), message)) => message,
            Err(RecvTimeoutError::Timeout) => {
                let [position, duration] =
                    [pipeline.pipeline.query_position(), pipeline.pipeline.query_duration::<gst::ClockTime>()];
                let [position, duration] = [position, duration].map(|time| time.map(gst::ClockTime::nseconds));
                progress.position(position, duration, lock(&pipeline.frames).times.len() as u64);
                continue;
            }
            Err(RecvTimeoutError::Disconnected) => break,
        };
        if let Err(failure) = pipeline.decoding.message(&message) {
            scored.failure = Some(failure);
            break;
        }
        match message.view() {
            gst::MessageView::Eos(_) => break,
            gst::MessageView::Error(error) => {
                scored.failure = Some(errors::text(error));
                break;
            }
            gst::MessageView::Warning(warning) => scored.remarks.warning(warning),
            gst::MessageView::Element(element) => {
                let summary = element.structure().and_then(|structure| Summary::from_structure(structure).ok());
                if let Some(summary) = summary {
                    scored.failed = summary.failed;
                }
            }
            _ => {}
        }
    }
    pipeline.decoding.stop(&pipeline.pipeline);
    scored.frames = std::mem::take(&mut *lock(&pipeline.frames));
    if scored.frames.times.is_empty() && scored.failure.is_none() && scored.ended == Ended::Whole {
        scored.failure = Some(format!("no frame could be decoded: {}", watch::NO_FRAME));
    }
    Ok(scored)
}
