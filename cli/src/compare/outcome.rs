// SPDX-License-Identifier: MPL-2.0

//! Creates the report and determines the exit status.

use super::branch::Measured;
use super::pass::SourceKnown;
use super::settings::Settings;
use super::{Results, judge, ladder};
use crate::exit::Exit;
use crate::media::inputs::Input;
use crate::report::data::{Fact, Measure, Media, Rendition, Report, VERSION};
use crate::report::frames::Frames;
use crate::thresholds::{Ladder, Thresholds};
use onnx_iqa::record::{Field, Named as _, Verdict};
use serde::{Deserialize, Serialize};

/// Result of a rendition, with what was learned about the source.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Finished {
    /// Without thresholds.
    pub rendition: Rendition,
    /// All frames.
    pub frames: Frames,
    /// The source.
    pub source: Media,
    /// Stream time minus running time of the rendition, in nanoseconds.
    pub stream_offset: i64,
    /// Stream time minus running time of the source, in nanoseconds.
    pub source_stream_offset: i64,
    /// Whether frames were decoded that could not be compared.
    pub not_comparable: bool,
    /// Whether exactly one side is HDR according to its caps, so that results do not reflect coding quality.
    pub other_transfer: bool,
    /// Model name from its contract.
    pub model: Option<String>,
    /// Hash of the model file.
    pub model_hash: Option<String>,
    /// Name of the VMAF model.
    pub vmaf_model: Option<String>,
    /// Hash of the VMAF model file.
    pub vmaf_model_hash: Option<String>,
}

impl Finished {
    /// Result of a rendition that was compared completely.
    pub fn new(input: &Input, measured: Measured, known: &SourceKnown, source: Media, settings: &Settings) -> Self {
        let rendition = judge::judge(input, &measured, known, settings);
        let other_transfer = judge::is_hdr(measured.known.info.as_ref()) != judge::is_hdr(known.known.info.as_ref());
        let Measured { summary, frames, not_comparable, stream_offset, .. } = measured;
        let source_stream_offset = known.stream_offset;
        let without = Self::without(rendition, source);
        let mut finished =
            Self { frames, not_comparable, other_transfer, stream_offset, source_stream_offset, ..without };
        if let Some(summary) = summary {
            (finished.model, finished.model_hash) = (summary.model, summary.model_hash);
            (finished.vmaf_model, finished.vmaf_model_hash) = (summary.vmaf_model, summary.vmaf_model_hash);
        }
        finished
    }

    /// Result of a rendition that was not measured.
    pub fn without(rendition: Rendition, source: Media) -> Self {
        Self {
            rendition,
            frames: Frames::default(),
            source,
            stream_offset: 0,
            source_stream_offset: 0,
            not_comparable: false,
            other_transfer: false,
            model: None,
            model_hash: None,
            vmaf_model: None,
            vmaf_model_hash: None,
        }
    }

    /// Returns the result under the input's current name.
    pub fn renamed(mut self, input: &Input) -> Self {
        let media = &mut self.rendition.media;
        (media.name, media.uri) = (input.name.clone(), input.shown.clone());
        media.declared_bandwidth = input.declared_bandwidth;
        self
    }
}

/// Creates the report. The first `own` renditions belong to the evaluated ladder, the others to the one it is compared
/// with.
pub fn report(results: &Results, own: usize, settings: &Settings, thresholds: &Thresholds) -> Report {
    let mut renditions: Vec<_> = results.renditions.iter().map(|finished| finished.rendition.clone()).collect();
    let other = renditions.split_off(own.min(renditions.len()));
    let inversions = ladder::inversions(&renditions, &settings.fields_of_quality());
    let about = Ladder { inversions: ladder::inverted_pairs(&inversions) };
    for rendition in &mut renditions {
        rendition.thresholds = thresholds.check(rendition, about, judge::is_trusted(&rendition.verdict));
    }
    let none = Thresholds::default();
    let given = renditions.iter().map(|rendition| (rendition, thresholds));
    let given = given.chain(other.iter().map(|rendition| (rendition, &none)));
    let ends = given.zip(&results.renditions).map(|((rendition, thresholds), finished)| {
        let untold = finished.not_comparable || (finished.other_transfer && !thresholds.is_empty());
        if untold { Exit::NotMeasurable } else { ends(rendition, thresholds) }
    });
    let mut exit = ends.max().unwrap_or(Exit::Good);
    let unchecked = thresholds.unchecked(&renditions);
    if !unchecked.is_empty() {
        exit = exit.max(Exit::NotMeasurable);
    }
    if results.interrupted {
        exit = Exit::Interrupted;
    }
    let versus = (!other.is_empty()).then(|| ladder::versus(&renditions, other, &settings.fields_of_quality()));
    Report {
        version: VERSION,
        generator: concat!("iqa ", env!("CARGO_PKG_VERSION")).to_owned(),
        created: now(),
        source: results.source.clone(),
        measures: measures(results, settings),
        renditions,
        unchecked,
        inversions,
        versus,
        run: run(settings),
        interrupted: results.interrupted,
        exit: exit.code(),
    }
}

/// Exit status as if this were the only rendition.
fn ends(rendition: &Rendition, thresholds: &Thresholds) -> Exit {
    let verdict = rendition.verdict.as_str();
    if verdict == judge::FAILED {
        return Exit::Usage;
    }
    if !judge::is_trusted(verdict) || (verdict == Verdict::Partly.name() && !thresholds.is_empty()) {
        return Exit::NotMeasurable;
    }
    // A requested model or measure produced no value.
    let failed = rendition.counts.get("failed").is_some_and(|&failed| failed > 0) && rendition.measures.is_empty();
    let unchecked = rendition.thresholds.iter().any(|threshold| threshold.met.is_none());
    if failed || unchecked || rendition.measures.is_empty() {
        return Exit::NotMeasurable;
    }
    let missed = rendition.thresholds.iter().any(|threshold| threshold.met == Some(false));
    if missed { Exit::Missed } else { Exit::Good }
}

/// Describes the measures.
fn measures(results: &Results, settings: &Settings) -> Vec<Measure> {
    let first = |get: fn(&Finished) -> &Option<String>| results.renditions.iter().find_map(|one| get(one).clone());
    let fields = settings.fields().into_iter().map(|name| {
        let field = Field::named(name);
        let (model, model_hash) = match name {
            "vmaf" => (first(|one| &one.vmaf_model), first(|one| &one.vmaf_model_hash)),
            "score" => (first(|one| &one.model), first(|one| &one.model_hash)),
            _ => (None, None),
        };
        Measure {
            name: name.to_owned(),
            unit: field.and_then(|field| field.unit).map(str::to_owned),
            description: field.map(|field| field.description.to_owned()).unwrap_or_default(),
            model,
            model_hash,
        }
    });
    fields.collect()
}

/// Facts needed to reproduce the run.
fn run(settings: &Settings) -> Vec<Fact> {
    let part = match settings.duration {
        Some(duration) => format!("{} s from {} s on", duration.as_secs_f64(), settings.start.as_secs_f64()),
        None if settings.start.is_zero() => "all".to_owned(),
        None => format!("from {} s on", settings.start.as_secs_f64()),
    };
    let alignment = settings.alignment.name();
    let searched = match settings.searches() {
        true => format!("{alignment}, within {} s", settings.search_range.as_secs_f64()),
        false => alignment.to_owned(),
    };
    let model = settings.model.iter().map(|model| match settings.every {
        1 => ("Model", model.clone()),
        every => ("Model", format!("{model}, one pair in {every}")),
    });
    let facts = [
        ("Program", concat!("iqa ", env!("CARGO_PKG_VERSION")).to_owned()),
        ("GStreamer", gst::version_string().to_string()),
        ("Measures", settings.measures.names().collect::<Vec<_>>().join(", ")),
        ("Alignment", searched),
        ("Registration", settings.registration.name().to_owned()),
        ("Scaling", settings.scale.name().to_owned()),
        ("Part", part),
    ];
    facts.into_iter().chain(model).map(|(name, value)| Fact { name: name.to_owned(), value }).collect()
}

/// Current time in RFC 3339 format.
fn now() -> String {
    let now = gst::glib::DateTime::now_utc().and_then(|now| now.format("%Y-%m-%dT%H:%M:%SZ"));
    now.map(|text| text.to_string()).unwrap_or_default()
}
