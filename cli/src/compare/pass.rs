// SPDX-License-Identifier: MPL-2.0

//! One pass over the source, with as many renditions beside it as fit into memory.

use super::branch::{Branch, Measured};
use super::fan_out::FanOut;
use super::settings::Settings;
use crate::media::decode::{Decoding, Known, Options};
use crate::media::inputs::{Input, Source};
use crate::media::part::Part;
use crate::media::rate;
use crate::media::stall::{PATIENCE, STILL};
use crate::media::tracks::Encoded;
use crate::media::watch::{self, Watched};
use crate::progress::Progress;
use anyhow::{Context as _, Result};
use gst::prelude::*;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

/// How often progress is shown and an interruption heeded.
const STEP: Duration = Duration::from_millis(100);

/// The largest source that is read to its end for its rate alone, in bytes.
const READ: u64 = 4 << 30;

/// What a pass came to.
#[derive(Debug)]
pub struct Passed {
    /// Of the renditions, in their order; none: the pass was interrupted before it was finished.
    pub renditions: Vec<Option<Measured>>,
    /// What is known of the source.
    pub source: SourceKnown,
}

/// What is known of the source after a pass.
#[derive(Debug, Clone, Default)]
pub struct SourceKnown {
    /// Of the stream.
    pub known: Known,
    /// Running time of its first frame, in nanoseconds.
    pub begin: Option<u64>,
    /// Its stream time minus its running time, in nanoseconds.
    pub stream_offset: i64,
    /// How long it is, as it says itself or as it was decoded, in nanoseconds of its running time.
    pub duration: Option<u64>,
    /// Why it could not be read.
    pub failure: Option<String>,
}

/// A rendition of a pass.
pub struct Job<'a> {
    /// What is decoded.
    pub input: &'a Input,
    /// Where its log in libvmaf's format goes.
    pub vmaf_json: Option<&'a Path>,
}

/// Who sent a message.
#[derive(Debug, Clone, Copy)]
enum Who {
    Source,
    Branch(usize),
}

/// The source's pipeline.
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

/// Compares the renditions with the source. Each may hold `max_bytes` of frames.
///
/// # Errors
/// When elements are missing, or do not take the settings.
pub fn run(
    source: &Input,
    jobs: &[Job<'_>],
    settings: &Settings,
    max_bytes: u64,
    progress: &mut Progress,
    interrupted: &AtomicBool,
) -> Result<Passed> {
    let (source_part, part, lead) = parts(settings);
    let options = |part| Options { part, deinterlace: settings.deinterlace, rate: settings.rate };
    let fan_out = FanOut::default();
    let pipeline = SourcePipeline::new(source, &options(source_part), &fan_out)?;
    let (sender, messages) = mpsc::channel();
    pipeline.watch(Who::Source, &sender)?;
    let mut branches = Vec::new();
    for (index, job) in jobs.iter().enumerate() {
        let options = options(part);
        let branch = Branch::new(job.input, settings, &options, (max_bytes, lead), &fan_out, job.vmaf_json)?;
        branch.watch(Who::Branch(index), &sender)?;
        branches.push(branch);
    }
    // Pads take frames from PAUSED on, so the renditions come first.
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
                    // It may have stood still for want of the source.
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
    // First the renditions: the source may be waiting in one of them.
    let measured: Vec<_> = branches.into_iter().map(Branch::finish).collect();
    pipeline.decoding.stop(&pipeline.pipeline);
    known.known.encoded = whole(&known.known, source, source_part, interrupted);
    let renditions = finished.into_iter().zip(measured).zip(jobs).map(|((finished, mut measured), job)| {
        if !part.is_all() {
            measured.known.encoded = whole(&measured.known, job.input, part, interrupted);
        }
        finished.then_some(measured)
    });
    Ok(Passed { renditions: renditions.collect(), source: known })
}

/// What a decoder of all of an input is given: a rendition that ends before the source stops it, and the rate of a part is
/// not the file's. Nothing where that is not known.
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

/// What is decoded of the source and of a rendition, and by how much the source begins earlier: a rendition's partners
/// may lie a search range to either side.
pub fn parts(settings: &Settings) -> (Part, Part, gst::ClockTime) {
    let time = |time: Duration| gst::ClockTime::try_from(time).unwrap_or(gst::ClockTime::MAX);
    let start = time(settings.start);
    let stop = settings.duration.map(|duration| start.saturating_add(time(duration)));
    let range = if settings.searches() { time(settings.search_range) } else { gst::ClockTime::ZERO };
    let begin = start.saturating_sub(range);
    let source = Part { start: begin, stop: stop.map(|stop| stop.saturating_add(range)) };
    (source, Part { start, stop }, start.saturating_sub(begin))
}

/// Why the source gave no frame, if it is not the renditions that failed or ended before it could.
fn no_frame(branches: &[Branch]) -> Option<String> {
    let is_wanted = branches.iter().any(|branch| !branch.has_failed() && branch.has_frames());
    is_wanted.then(|| format!("no frame could be decoded of it: {}", watch::NO_FRAME))
}

/// How long the source is, as far as it is compared, in nanoseconds of its running time.
fn duration(pipeline: &gst::Pipeline, part: Part) -> Option<u64> {
    let whole = pipeline.query_duration::<gst::ClockTime>()?;
    let end = part.stop.map_or(whole, |stop| stop.min(whole));
    Some(end.saturating_sub(part.start).nseconds())
}
