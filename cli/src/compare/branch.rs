// SPDX-License-Identifier: MPL-2.0

//! The pipeline of a rendition: decodes and compares it, and collects the results.

use super::fan_out::FanOut;
use super::settings::Settings;
use crate::media::decode::{Decoding, Known, Options};
use crate::media::inputs::Input;
use crate::media::remarks::Remarks;
use crate::media::stall::{PATIENCE, STILL};
use crate::media::watch::Watched;
use crate::media::{lock, watch};
use crate::report::frames::Frames;
use crate::report::records::{Recorded, Records};
use anyhow::{Context as _, Result};
use gst::prelude::*;
use gstonnxiqa::messages::Structured as _;
use gstonnxiqa::meta;
use onnx_iqa::align::time::Evidence;
use onnx_iqa::record::log::{Log, LogFormat, LogOptions, LoggedFrame};
use onnx_iqa::record::{AlignmentChange, AlignmentEvent, FrameRecord, Summary};
use std::path::Path;
use std::sync::{Arc, Mutex};

/// A rendition of a pass.
pub struct Job<'a> {
    /// Input to decode.
    pub input: &'a Input,
    /// Path of its log in libvmaf's format.
    pub vmaf_json: Option<&'a Path>,
    /// Whether the complete record of every frame is kept.
    pub keeps_records: bool,
}

/// Result of a rendition.
#[derive(Debug, Clone, Default)]
pub struct Measured {
    /// Summary of the comparison; `None` if it did not reach the end.
    pub summary: Option<Summary>,
    /// All frames.
    pub frames: Frames,
    /// The complete records of all frames, if they are kept.
    pub records: Option<Records>,
    /// Sum of the confidence of all pairs.
    pub confidence: f64,
    /// Number of pairs, and of those based on pictures.
    pub pairs: u64,
    /// Number of pairs based on pictures.
    pub by_picture: u64,
    /// Sums of gain and bias of the luma fit.
    pub fit: [f64; 2],
    /// Number of frames with a luma fit.
    pub fitted: u64,
    /// Warnings and alignment events, one per kind.
    pub remarks: Remarks,
    /// Why the rendition could not be read or compared.
    pub failure: Option<String>,
    /// Whether frames were decoded but could not be compared, so that the file is not at fault.
    pub not_comparable: bool,
    /// Number of frames of the source; `None` if unknown. The summary's `reference` and `outside` are exact if known,
    /// and otherwise depend on timing.
    pub source_frames: Option<u64>,
    /// Stream information.
    pub known: Known,
    /// Stream time minus running time, in nanoseconds.
    pub stream_offset: i64,
    /// Running times of the start of the first and the end of the last frame, in nanoseconds.
    pub span: Option<(u64, u64)>,
}

impl Measured {
    /// Without any frame. `fields`: those that [`Frames`] have.
    pub fn new(fields: &[&str]) -> Self {
        Self { frames: Frames::new(fields), ..Self::default() }
    }

    /// A frame is shown from this running time on, for so long, in nanoseconds.
    pub fn shown(&mut self, running_time: Option<u64>, duration: Option<u64>) {
        let Some(begin) = running_time else { return };
        let end = begin.saturating_add(duration.unwrap_or(0));
        let (first, last) = self.span.unwrap_or((begin, end));
        self.span = Some((first.min(begin), last.max(end)));
    }

    /// Counts the record of a frame that is shown from this running time on.
    pub fn add(&mut self, running_time: Option<u64>, record: &FrameRecord) {
        self.frames.push(running_time, record);
        if record.evidence.is_some() {
            self.pairs += 1;
            self.confidence += record.confidence.unwrap_or(0.0);
            self.by_picture += u64::from(record.evidence == Some(Evidence::Picture));
        }
        if let (Some(gain), Some(bias)) = (record.value("gain"), record.value("bias")) {
            self.fit = [self.fit[0] + gain, self.fit[1] + bias];
            self.fitted += 1;
        }
    }
}

/// State written by the streaming thread.
struct Gathered {
    measured: Measured,
    log: Option<Log>,
    segment: Option<gst::FormattedSegment<gst::ClockTime>>,
}

/// A rendition that is being compared.
pub struct Branch {
    pipeline: gst::Pipeline,
    compare: gst::Element,
    decoding: Decoding,
    gathered: Arc<Mutex<Gathered>>,
    done: bool,
}

impl Branch {
    /// Builds the pipeline and links it behind the source. `lead`: how much earlier the source starts, in nanoseconds.
    ///
    /// # Errors
    /// If an element is missing or rejects a setting.
    pub fn new(
        job: &Job<'_>,
        settings: &Settings,
        options: &Options,
        (max_bytes, lead): (u64, i64),
        source: &FanOut,
    ) -> Result<Self> {
        let pipeline = gst::Pipeline::new();
        let compare = settings.element(max_bytes)?;
        let queue = watch::queue()?;
        let sink = watch::sink()?;
        pipeline.add_many([&queue, &compare, &sink])?;
        let distorted = compare.static_pad("distorted").context("iqacompare has no pad `distorted`")?;
        let pad = queue.static_pad("src").context("a queue has a source pad")?;
        pad.set_offset(lead);
        pad.link(&distorted)?;
        compare.link(&sink)?;
        let log = job.vmaf_json.map(|path| {
            let location = path.to_str().with_context(|| format!("{} is not valid UTF-8", path.display()))?;
            Ok::<_, anyhow::Error>(Log::open_with(location, LogFormat::VmafJson, &LogOptions::default())?)
        });
        let records = job.keeps_records.then(Records::default);
        let measured = Measured { records, ..Measured::new(&settings.fields()) };
        let gathered = Gathered { measured, log: log.transpose()?, segment: None };
        let gathered = Arc::new(Mutex::new(gathered));
        gather(&compare, &gathered)?;
        let target = queue.static_pad("sink").context("a queue has a sink pad")?;
        let decoding = Decoding::new(&pipeline, job.input, options, &target)?;
        source.add(&compare.static_pad("reference").context("iqacompare has no pad `reference`")?)?;
        Ok(Self { pipeline, compare, decoding, gathered, done: false })
    }

    /// Whether it has ended or failed.
    pub fn is_done(&self) -> bool {
        self.done
    }

    /// Whether it has failed.
    pub fn has_failed(&self) -> bool {
        lock(&self.gathered).measured.failure.is_some()
    }

    /// Whether a frame has arrived.
    pub fn has_frames(&self) -> bool {
        lock(&self.gathered).measured.span.is_some()
    }

    /// Whether the comparison failed although frames arrived.
    pub fn is_not_comparable(&self) -> bool {
        lock(&self.gathered).measured.not_comparable
    }

    /// Handles a bus message of the pipeline.
    pub fn message(&mut self, message: &gst::MessageRef) {
        if self.done {
            return;
        }
        if let Err(failure) = self.decoding.message(message) {
            let by_compare = message.src().is_some_and(|source| source == self.compare.upcast_ref::<gst::Object>());
            // If the comparison's memory is full it does not wait for long: the server is at fault.
            let silent = self.decoding.stalled(STILL).filter(|_| by_compare);
            lock(&self.gathered).measured.not_comparable |= by_compare && silent.is_none();
            return self.fail(silent.unwrap_or(failure));
        }
        match message.view() {
            gst::MessageView::Eos(_) => self.end(),
            gst::MessageView::Warning(warning) => lock(&self.gathered).measured.remarks.warning(warning),
            gst::MessageView::Element(element) => {
                let Some(structure) = element.structure() else { return };
                if let Ok(summary) = Summary::from_structure(structure) {
                    lock(&self.gathered).measured.summary = Some(summary);
                } else if let Ok(event) = AlignmentEvent::from_structure(structure)
                    && let Some(text) = remark(&event)
                {
                    let remarks = &mut lock(&self.gathered).measured.remarks;
                    match event.change {
                        // Again with every step.
                        AlignmentChange::Shrunk { .. } => remarks.add("shrunk".to_owned(), text),
                        _ => remarks.text(text),
                    }
                }
            }
            _ => {}
        }
    }

    /// Fails if the server is silent.
    pub fn look(&mut self) {
        if !self.done
            && let Some(failure) = self.decoding.stalled(PATIENCE)
        {
            self.fail(failure);
        }
    }

    /// Marks the rendition as failed.
    pub fn fail(&mut self, failure: String) {
        lock(&self.gathered).measured.failure.get_or_insert(failure);
        self.stop();
    }

    fn end(&mut self) {
        let mut gathered = lock(&self.gathered);
        let Gathered { measured, log, .. } = &mut *gathered;
        if let (Some(log), Some(summary)) = (log.as_mut(), &measured.summary) {
            log.summary(ELEMENT, summary);
            if let Err(error) = log.finish() {
                measured.failure = Some(format!("{:#}", anyhow::Error::from(error)));
            }
        }
        *log = None;
        drop(gathered);
        self.stop();
    }

    /// Stops the pipeline, which joins its threads.
    pub fn stop(&mut self) {
        self.done = true;
        self.decoding.stop(&self.pipeline);
        lock(&self.gathered).log = None;
    }

    /// Returns the result.
    pub fn finish(mut self) -> Measured {
        self.stop();
        let mut measured = std::mem::take(&mut lock(&self.gathered).measured);
        measured.known = self.decoding.known();
        measured
    }
}

impl Watched for Branch {
    fn pipeline(&self) -> &gst::Pipeline {
        &self.pipeline
    }
}

/// Element name in logs.
const ELEMENT: &str = "iqa";

/// Collects every frame that leaves `compare`.
fn gather(compare: &gst::Element, gathered: &Arc<Mutex<Gathered>>) -> Result<()> {
    let pad = compare.static_pad("src").context("iqacompare has no source pad")?;
    let gathered = gathered.clone();
    let element = compare.downgrade();
    let mask = gst::PadProbeType::BUFFER | gst::PadProbeType::EVENT_DOWNSTREAM;
    pad.add_probe(mask, move |_, probe| {
        let mut gathered = lock(&gathered);
        match &probe.data {
            Some(gst::PadProbeData::Event(event)) => {
                if let gst::EventView::Segment(segment) = event.view() {
                    gathered.segment = segment.segment().downcast_ref().cloned();
                }
            }
            Some(gst::PadProbeData::Buffer(buffer)) => {
                let written = gathered.frame(buffer);
                drop(gathered);
                if let (Err(error), Some(element)) = (written, element.upgrade()) {
                    gst::element_error!(element, gst::ResourceError::Write, ("{error:#}"));
                    probe.flow_res = Err(gst::FlowError::Error);
                    return gst::PadProbeReturn::Handled;
                }
            }
            _ => {}
        }
        gst::PadProbeReturn::Ok
    });
    Ok(())
}

impl Gathered {
    fn frame(&mut self, buffer: &gst::BufferRef) -> Result<()> {
        let running = self.segment.as_ref().and_then(|segment| segment.to_running_time(buffer.pts()));
        let running_time = running.map(gst::ClockTime::nseconds);
        let measured = &mut self.measured;
        if measured.span.is_none()
            && let Some(offset) = self.segment.as_ref().and_then(|segment| watch::stream_offset(segment, buffer))
        {
            measured.stream_offset = offset;
        }
        let duration = buffer.duration().map(gst::ClockTime::nseconds);
        measured.shown(running_time, duration);
        let pts = buffer.pts().map(gst::ClockTime::nseconds);
        let Some((_, record)) = meta::records(buffer).into_iter().next() else { return Ok(()) };
        measured.add(running_time, &record);
        if let Some(records) = &mut measured.records {
            let stream = self.segment.as_ref().and_then(|segment| segment.to_stream_time(buffer.pts()));
            let stream_time = stream.map(gst::ClockTime::nseconds);
            records.push(&Recorded { pts, duration, running_time, stream_time, record: record.clone() });
        }
        if let Some(log) = &mut self.log {
            log.frame(&LoggedFrame { pts, running_time, scores: vec![(ELEMENT.to_owned(), record)] })?;
        }
        Ok(())
    }
}

/// Remark on an alignment event; `None` if it is expected.
fn remark(event: &AlignmentEvent) -> Option<String> {
    let at = event.running_time.map_or_else(String::new, |time| format!(" at {:.2} s", time as f64 / 1e9));
    let milliseconds = |time: i64| time as f64 / 1e6;
    match event.change {
        AlignmentChange::Changed { from, to, .. } => {
            let (from, to) = (milliseconds(from), milliseconds(to));
            Some(format!("the offset changes from {from:.0} ms to {to:.0} ms{at}"))
        }
        AlignmentChange::Lost => Some(format!("the pictures no longer match{at}")),
        AlignmentChange::Shrunk { window } => Some(format!(
            "the memory limit was reached: the search is limited to {:.2} s; increase --memory",
            window as f64 / 1e9
        )),
        _ => None,
    }
}
