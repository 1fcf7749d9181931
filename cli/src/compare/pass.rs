// SPDX-License-Identifier: MPL-2.0

//! One pass over the source, with as many renditions as fit into memory.

use super::branch::{Branch, Job, Measured};
use super::fan_out::{FanOut, TAIL};
use super::settings::Settings;
use crate::media::decode::{Decoding, Known, Options};
use crate::media::inputs::{Input, Source};
use crate::media::part::Part;
use crate::media::rate;
use crate::media::stall::{PATIENCE, STILL};
use crate::media::tracks::Encoded;
use crate::media::watch::{self, NO_FRAME, Watched};
use crate::progress::Progress;
use anyhow::{Context as _, Result};
use gst::prelude::*;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

/// Interval for progress updates and interruption checks.
const STEP: Duration = Duration::from_millis(100);

/// Maximum size of a source that is read completely just to determine its bit rate, in bytes.
const READ: u64 = 4 << 30;

/// Result of a pass.
#[derive(Debug)]
pub struct Passed {
    /// Results of the renditions in order; `None` if the pass was interrupted.
    pub renditions: Vec<Option<Measured>>,
    /// Information about the source.
    pub source: SourceKnown,
}

/// Information about the source after a pass.
#[derive(Debug, Clone, Default)]
pub struct SourceKnown {
    /// Stream information.
    pub known: Known,
    /// Running time of its first frame, in nanoseconds.
    pub begin: Option<u64>,
    /// Stream time minus running time, in nanoseconds.
    pub stream_offset: i64,
    /// Duration, as reported or as decoded, in nanoseconds of running time.
    pub duration: Option<u64>,
    /// Why it could not be read.
    pub failure: Option<String>,
}

/// Sender of a message.
#[derive(Debug, Clone, Copy)]
enum Who {
    Source,
    Branch(usize),
}

/// The pipeline of the source.
struct SourcePipeline {
    pipeline: gst::Pipeline,
    decoding: Decoding,
}

impl Watched for SourcePipeline {
    fn pipeline(&self) -> &gst::Pipeline {
        &self.pipeline
    }
}

impl SourcePipeline {
    fn new(input: &Input, options: &Options, fan_out: &FanOut) -> Result<Self> {
        let pipeline = gst::Pipeline::new();
        let (queue, sink) = (watch::queue()?, watch::sink()?);
        pipeline.add_many([&queue, &sink])?;
        queue.link(&sink)?;
        fan_out.attach(&sink.static_pad("sink").context("a sink has a pad")?);
        let target = queue.static_pad("sink").context("a queue has a sink pad")?;
        let decoding = Decoding::new(&pipeline, input, options, &target)?;
        Ok(Self { pipeline, decoding })
    }
}

/// Compares renditions with the source. Each may hold `max_bytes` of frames.
///
/// # Errors
/// If elements are missing or reject the settings.
pub fn run(
    source: &Input,
    jobs: &[Job<'_>],
    settings: &Settings,
    max_bytes: u64,
    progress: &mut Progress,
    interrupted: &AtomicBool,
) -> Result<Passed> {
    let Parts { source: source_part, rendition: part, lead } = parts(settings);
    let options = |part| Options { part, deinterlace: settings.deinterlace, rate: settings.rate };
    let is_segment = settings.segment_offset.is_some();
    let fan_out = FanOut::new(!is_segment);
    let pipeline = SourcePipeline::new(source, &options(source_part), &fan_out)?;
    let (sender, messages) = mpsc::channel();
    pipeline.watch(Who::Source, &sender)?;
    let mut branches = Vec::new();
    for (index, job) in jobs.iter().enumerate() {
        let options = options(part);
        let branch = Branch::new(job, settings, &options, (max_bytes, lead), &fan_out)?;
        branch.watch(Who::Branch(index), &sender)?;
        branches.push(branch);
    }
    // Pads accept frames from PAUSED on, so the renditions are started first.
    branches.iter().for_each(Watched::start);
    pipeline.start();

    let mut failure = None;
    while branches.iter().any(|branch| !branch.is_done()) && failure.is_none() {
        if interrupted.load(Ordering::Relaxed) {
            break;
        }
        branches.iter_mut().for_each(Branch::look);
        failure = pipeline.decoding.stalled(PATIENCE);
        let message = messages.recv_timeout(STEP);
        match message {
            Ok((Who::Branch(index), message)) => {
                if let Some(branch) = branches.get_mut(index) {
                    branch.message(&message);
                    // It may have been waiting for the source.
                    failure = failure.or(pipeline.decoding.stalled(STILL).filter(|_| branch.is_not_comparable()));
                }
            }
            Ok((Who::Source, message)) => failure = failure.or(pipeline.decoding.message(&message).err()),
            Err(RecvTimeoutError::Timeout) => {
                let duration = duration(&pipeline.pipeline, source_part);
                progress.position(fan_out.position(), duration, fan_out.frames());
            }
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    if !is_segment && failure.is_none() && branches.iter().any(|branch| !branch.has_failed()) {
        tail(&pipeline, &fan_out, &messages, interrupted);
    }
    if fan_out.frames() == 0 && failure.is_none() && !interrupted.load(Ordering::Relaxed) {
        failure = no_frame(&branches);
    }
    let mut known = SourceKnown {
        known: pipeline.decoding.known(),
        begin: fan_out.begin(),
        stream_offset: fan_out.stream_offset(),
        duration: duration(&pipeline.pipeline, source_part).max(fan_out.end()),
        failure,
    };
    let finished: Vec<_> = branches.iter().map(Branch::is_done).collect();
    // The renditions first: the source may be blocked in one of them.
    let mut measured: Vec<_> = branches.into_iter().map(Branch::finish).collect();
    measured.iter_mut().for_each(|one| count(one, fan_out.total()));
    pipeline.decoding.stop(&pipeline.pipeline);
    if !is_segment {
        known.known.encoded = whole(&known.known, source, source_part, interrupted);
    }
    let renditions = finished.into_iter().zip(measured).zip(jobs).map(|((finished, mut measured), job)| {
        if !part.is_all() && !is_segment {
            measured.known.encoded = whole(&measured.known, job.input, part, interrupted);
        }
        finished.then_some(measured)
    });
    Ok(Passed { renditions: renditions.collect(), source: known })
}

/// Why no frame of an input can be decoded, if none can.
///
/// # Errors
/// If elements are missing.
#[cfg(feature = "farm")]
pub fn undecodable(input: &Input, settings: &Settings, interrupted: &AtomicBool) -> Result<Option<String>> {
    let options = Options { part: Part::default(), deinterlace: settings.deinterlace, rate: settings.rate };
    // Without a comparison it stops after a frame.
    let fan_out = FanOut::new(false);
    let pipeline = SourcePipeline::new(input, &options, &fan_out)?;
    let (sender, messages) = mpsc::channel();
    pipeline.watch(Who::Source, &sender)?;
    pipeline.start();
    let mut failure = None;
    while fan_out.frames() == 0 && failure.is_none() && !interrupted.load(Ordering::Relaxed) {
        failure = pipeline.decoding.stalled(PATIENCE);
        match messages.recv_timeout(STEP) {
            Ok((_, message)) => failure = failure.or(pipeline.decoding.message(&message).err()),
            Err(RecvTimeoutError::Timeout) if fan_out.is_over() => break,
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    let has_frames = fan_out.frames() > 0;
    pipeline.decoding.stop(&pipeline.pipeline);
    Ok((!has_frames).then(|| failure.unwrap_or_else(|| format!("no frame could be decoded: {NO_FRAME}"))))
}

/// Waits until the source has ended or its tail is over. What fails here only leaves its frames uncounted.
fn tail(
    pipeline: &SourcePipeline,
    fan_out: &FanOut,
    messages: &mpsc::Receiver<(Who, gst::Message)>,
    interrupted: &AtomicBool,
) {
    while !fan_out.is_over() && !interrupted.load(Ordering::Relaxed) && pipeline.decoding.stalled(STILL).is_none() {
        match messages.recv_timeout(STEP) {
            Ok((Who::Source, message)) if pipeline.decoding.message(&message).is_err() => return,
            Ok(_) | Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

/// Counts the frames of the source for a rendition. Its comparison has counted those that it had received by its end,
/// which depends on timing. `total`: number and end of all frames, if known. Whether they count depends only on the
/// two streams: a source that goes on for longer than [`TAIL`] may or may not have been read to its end.
fn count(measured: &mut Measured, total: Option<(u64, u64)>) {
    let frames = total.filter(|(_, end)| is_near(measured, *end)).map(|(frames, _)| frames);
    let Some(ledger) = measured.summary.as_mut().and_then(|summary| summary.ledger.as_mut()) else { return };
    let paired = ledger.matched.saturating_add(ledger.dropped);
    measured.source_frames = frames.filter(|frames| *frames >= paired);
    if let Some(frames) = measured.source_frames {
        (ledger.reference, ledger.outside) = (frames, frames - paired);
    }
}

/// Whether the last pair is at most [`TAIL`] before the `end` of the source, in nanoseconds of running time.
pub fn is_near(measured: &Measured, end: u64) -> bool {
    let last = measured.frames.covered().and_then(|(_, last)| u64::try_from(last).ok());
    let limit = last.map(|last| last.saturating_add(TAIL));
    // Without a pair only the rendition's own end is known, which the source may not have reached.
    let limit = limit.or_else(|| measured.span.map(|(_, end)| end.saturating_add(TAIL / 2)));
    limit.is_some_and(|limit| end <= limit)
}

/// Bit rate information for the whole input: a rendition that ends early stops the source, and the rate of a part
/// differs from that of the file. Empty if unknown.
fn whole(known: &Known, input: &Input, part: Part, interrupted: &AtomicBool) -> Encoded {
    if known.encoded.ended && part.is_all() {
        return known.encoded;
    }
    let size = match input.files.as_deref() {
        Some([file]) => std::fs::metadata(file).ok().map(|about| about.len()),
        _ => None,
    };
    let is_soon_read = size.is_some_and(|size| size <= READ);
    let read = match &input.source {
        Source::Uri(uri) if is_soon_read => rate::whole(uri, known.stream.as_deref(), interrupted),
        _ => None,
    };
    read.unwrap_or_default()
}

/// Parts of the inputs to decode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parts {
    /// Part of the source.
    pub source: Part,
    /// Part of the rendition.
    pub rendition: Part,
    /// How much earlier the source starts, in nanoseconds.
    pub lead: i64,
}

/// Parts of the source and of a rendition to decode: matching frames may be up to the search range away.
pub fn parts(settings: &Settings) -> Parts {
    let time = |time: Duration| gst::ClockTime::try_from(time).unwrap_or(gst::ClockTime::MAX);
    let start = time(settings.start);
    let stop = settings.duration.map(|duration| start.saturating_add(time(duration)));
    let range = if settings.searches() { time(settings.search_range) } else { gst::ClockTime::ZERO };
    let offset = settings.segment_offset.unwrap_or(0);
    let signed = |time: gst::ClockTime| i64::try_from(time.nseconds()).unwrap_or(i64::MAX);
    let moved = |time: gst::ClockTime| signed(time).saturating_add(offset);
    let at = |time: i64| gst::ClockTime::from_nseconds(time.max(0).unsigned_abs());
    let begin = at(moved(start).saturating_sub(signed(range)));
    let end = stop.map(|stop| at(moved(stop).saturating_add(signed(range))));
    let lead = moved(start).saturating_sub(signed(begin));
    Parts { source: Part { start: begin, stop: end }, rendition: Part { start, stop }, lead }
}

/// Error if the source output no frame, unless the renditions failed or ended first.
fn no_frame(branches: &[Branch]) -> Option<String> {
    let is_wanted = branches.iter().any(|branch| !branch.has_failed() && branch.has_frames());
    is_wanted.then(|| format!("no frame could be decoded: {NO_FRAME}"))
}

/// Duration of the compared part of the source, in nanoseconds of running time.
fn duration(pipeline: &gst::Pipeline, part: Part) -> Option<u64> {
    let whole = pipeline.query_duration::<gst::ClockTime>()?;
    let end = part.stop.map_or(whole, |stop| stop.min(whole));
    Some(end.saturating_sub(part.start).nseconds())
}
