// SPDX-License-Identifier: MPL-2.0

//! One document in the layout of libvmaf's JSON log, for tools that read it.
//!
//! Metrics have libvmaf's names if they are the same number: `psnr_y`, `psnr_cb` and `psnr_cr`, limited to 6n + 12 dB
//! as there, `float_ms_ssim`, `float_ssim`, `vmaf`, `cambi`. PSNR over all planes is `psnr_avg`, as in ffmpeg's filter;
//! a model's score has the model's name, and everything else has the name used in other logs, with `_` for `-`. If
//! several elements scored, `<element>_` precedes each name. Values that are not measurements (confidence, gain,
//! attributes and the like) are in `details` beside a frame's metrics, and their pools in `pooled_details`. As with
//! libvmaf, frames without a measurement are omitted, and the others keep their number; so are frames that only carry
//! the score of an earlier one: each score appears once. `aggregate_metrics` has the counts of frames, `elements` each
//! element's model, VMAF's model as `vmaf_model`, their hashes, verdict and reasons.

mod file;
mod metrics;

pub(super) use file::VmafJsonLog;
pub(super) use metrics::most;

use super::error::ReadError;
use super::json;
use super::logged::{ElementPools, LoggedFrame};
use super::sightings::{Sight, Sightings};
use crate::record::{FrameRecord, Named as _, PooledField};
use metrics::{Numbers, attribute, detail, metric};
use serde_json::{Map, Value as Json, json};
use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::time::Instant;

/// Writes the parts of a document in order: the beginning, frames, the end.
///
/// Whether names are preceded by their element's depends on the elements known when a part is written.
#[derive(Debug, Clone, Default)]
pub struct Writer {
    next_frame: u64,
    /// Whether a frame was written, so that the next one needs a comma.
    separated: bool,
    /// The first element seen.
    first: Option<String>,
    /// Whether there was another one.
    several: bool,
    /// When the first frame arrived.
    started: Option<Instant>,
    /// Frames were measured earlier, so that their arrival says nothing of speed.
    replayed: bool,
    /// The scores that were written, by the element's name.
    sightings: BTreeMap<String, Sightings>,
}

impl Writer {
    /// Nothing written yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Notes elements; returns the first one if it is no longer the only one, and frames were written without its name.
    pub(super) fn learn<'a>(&mut self, elements: impl Iterator<Item = &'a str>) -> Option<String> {
        let before = self.several;
        for element in elements {
            self.several |= self.first.get_or_insert_with(|| element.to_owned()) != element;
        }
        (self.several && !before && self.separated).then(|| self.first.clone()).flatten()
    }

    /// The prefix of an element's metrics.
    fn prefix(&self, element: &str) -> String {
        if self.several { format!("{element}_") } else { String::new() }
    }

    /// Writes what precedes the frames.
    ///
    /// # Errors
    /// When `out` cannot be written.
    pub fn write_beginning(&self, out: &mut impl Write) -> io::Result<()> {
        let version = Json::from(concat!("onnxiqa ", env!("CARGO_PKG_VERSION")));
        write!(out, "{{\n  \"version\": {version},\n  \"frames\": [")
    }

    /// Counts a frame, and writes it if it has a measurement.
    ///
    /// # Errors
    /// When `out` cannot be written.
    pub fn write_frame(&mut self, out: &mut impl Write, frame: &LoggedFrame) -> io::Result<()> {
        self.started.get_or_insert_with(Instant::now);
        self.learn(frame.scores.iter().map(|(element, _)| element.as_str()));
        let mut numbers = Numbers::default();
        for (element, record) in &frame.scores {
            if !self.repeats(frame, element, record) {
                numbers.add(&self.prefix(element), record);
            }
        }
        let number = self.next_frame;
        self.next_frame += 1;
        let Numbers { metrics, details } = numbers;
        if metrics.is_empty() {
            return Ok(());
        }
        let mut object =
            Map::from_iter([("frameNum".to_owned(), number.into()), ("metrics".to_owned(), metrics.into())]);
        if !details.is_empty() {
            object.insert("details".to_owned(), details.into());
        }
        let separator = if std::mem::replace(&mut self.separated, true) { ",\n    " } else { "\n    " };
        write!(out, "{separator}{}", Json::Object(object))
    }

    /// Whether an element's values for the frame were written with an earlier one.
    fn repeats(&mut self, frame: &LoggedFrame, element: &str, record: &FrameRecord) -> bool {
        let sightings = self.sightings.entry(element.to_owned()).or_default();
        let sight = sightings.see(frame.pts, frame.running_time, record);
        matches!(sight, Sight::Carried | Sight::Copy { .. })
    }

    /// Writes what follows the frames.
    ///
    /// # Errors
    /// When `out` cannot be written.
    pub fn write_end(&mut self, out: &mut impl Write, pools: &[ElementPools]) -> io::Result<()> {
        self.learn(pools.iter().map(|pools| pools.element.as_str()));
        let (mut pooled, mut details, mut counts, mut elements) = (Map::new(), Map::new(), Map::new(), Map::new());
        for element in pools {
            let prefix = self.prefix(&element.element);
            for (name, pool) in &element.fields {
                match metric(name, element.model.as_deref()) {
                    Some(metric) => pooled.insert(format!("{prefix}{metric}"), statistics(pool)),
                    None => details.insert(format!("{prefix}{}", detail(name)), statistics(pool)),
                };
            }
            let attributes = element.attributes.iter();
            details.extend(attributes.map(|(name, pool)| (format!("{prefix}{}", attribute(name)), statistics(pool))));
            counts.extend(element.counts.named().map(|(name, count)| (format!("{prefix}{name}"), count.into())));
            elements.insert(element.element.clone(), about(element));
        }
        let fps = json!(self.frames_a_second());
        let [pooled, details, counts, elements] = [pooled, details, counts, elements].map(Json::Object);
        write!(out, "\n  ],\n  \"fps\": {fps},\n  \"pooled_metrics\": {pooled},\n  \"pooled_details\": {details},")?;
        write!(out, "\n  \"aggregate_metrics\": {counts},\n  \"elements\": {elements}\n}}\n")
    }

    /// Frames per second of real time, which is what libvmaf's `fps` means; 0 if unknown.
    fn frames_a_second(&self) -> f64 {
        let started = self.started.filter(|_| !self.replayed);
        let seconds = started.map_or(0.0, |started| started.elapsed().as_secs_f64());
        if seconds > 0.0 { (self.next_frame as f64 / seconds * 100.0).round() / 100.0 } else { 0.0 }
    }
}

/// The texts about an element.
fn about(element: &ElementPools) -> Json {
    let mut about = Map::new();
    for (name, text) in [
        ("model", &element.model),
        ("model_hash", &element.model_hash),
        ("vmaf_model", &element.vmaf_model),
        ("vmaf_model_hash", &element.vmaf_model_hash),
    ] {
        about.extend(text.iter().map(|text| (name.to_owned(), text.as_str().into())));
    }
    if let Some(verdict) = element.verdict {
        about.insert("verdict".to_owned(), verdict.name().into());
        about.insert("reasons".to_owned(), element.reasons.clone().into());
    }
    Json::Object(about)
}

/// libvmaf's names and order, then the others.
fn statistics(pool: &PooledField) -> Json {
    let named: Map<_, _> =
        pool.statistics.iter().map(|(name, value)| (name.replace('-', "_"), Json::from(*value))).collect();
    let first = ["min", "max", "mean", "harmonic_mean"];
    let mut ordered: Map<_, _> =
        first.iter().filter_map(|&name| Some((name.to_owned(), named.get(name)?.clone()))).collect();
    ordered.extend(named.into_iter().filter(|(name, _)| !first.contains(&name.as_str())));
    Json::Object(ordered)
}

/// The part of a document that can be read back: numbers under the names of their metrics.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct Document {
    /// The program that wrote it.
    pub version: String,
    /// Each frame's number and its metrics. Frames without any are omitted.
    pub frames: Vec<(u64, Vec<(String, f64)>)>,
    /// Frames per second of real time while it was written.
    pub fps: Option<f64>,
    /// Each metric's name and statistics; the statistics have their usual names, such as `harmonic-mean`.
    pub pooled: Vec<(String, PooledField)>,
    /// Counts of frames, by their names.
    pub aggregate: Vec<(String, f64)>,
}

/// Reads a document, including those that libvmaf wrote.
///
/// # Errors
/// When `input` cannot be read or is not such a document.
pub fn read(input: impl Read) -> Result<Document, ReadError> {
    let value: Json = serde_json::from_reader(input).map_err(json_error)?;
    let Some(frames) = value.get("frames").and_then(Json::as_array) else {
        return Err(ReadError::layout(1, "begins a document without \"frames\""));
    };
    let frames = frames.iter().filter_map(|frame| {
        let metrics = frame.get("metrics")?.as_object()?.iter();
        let metrics = metrics.filter_map(|(name, value)| Some((name.clone(), value.as_f64()?))).collect();
        Some((frame.get("frameNum")?.as_u64()?, metrics))
    });
    let pooled = value.get("pooled_metrics").and_then(Json::as_object).into_iter().flatten();
    let pooled = pooled.filter_map(|(name, pool)| {
        let mut pooled = json::pooled(pool.as_object()?);
        pooled.statistics.iter_mut().for_each(|(name, _)| *name = name.replace('_', "-"));
        Some((name.clone(), pooled))
    });
    let aggregate = value.get("aggregate_metrics").and_then(Json::as_object).into_iter().flatten();
    Ok(Document {
        fps: value.get("fps").and_then(Json::as_f64),
        aggregate: aggregate.filter_map(|(name, value)| Some((name.clone(), value.as_f64()?))).collect(),
        version: value.get("version").and_then(Json::as_str).unwrap_or_default().to_owned(),
        frames: frames.collect(),
        pooled: pooled.collect(),
    })
}

fn json_error(error: serde_json::Error) -> ReadError {
    if error.is_io() { ReadError::Io(error.into()) } else { ReadError::Json { line: error.line(), source: error } }
}
