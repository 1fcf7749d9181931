// SPDX-License-Identifier: MPL-2.0

//! The whole report, and how the command ends.

use super::inputs::Input;
use super::settings::Settings;
use super::thresholds::{Ladder, Thresholds};
use super::{Results, judge, ladder};
use crate::exit::Exit;
use crate::report::data::{Measure, Rendition, Report, VERSION};
use onnx_iqa::record::{Field, Named as _, Verdict};

/// The report on a comparison.
pub fn report(source: &Input, results: &Results, settings: &Settings, thresholds: &Thresholds) -> Report {
    let mut renditions: Vec<Rendition> = results.renditions.iter().map(|(rendition, _)| rendition.clone()).collect();
    let inversions = ladder::inversions(&renditions, &settings.fields());
    let about = Ladder { inversions: ladder::inverted_pairs(&inversions) };
    for rendition in &mut renditions {
        rendition.thresholds = thresholds.check(rendition, about, judge::is_trusted(&rendition.verdict));
    }
    let mut exit = renditions.iter().map(|rendition| ends(rendition, thresholds)).max().unwrap_or(Exit::Good);
    if !thresholds.missing_heights(&renditions).is_empty() {
        exit = exit.max(Exit::NotMeasurable);
    }
    if results.interrupted {
        exit = Exit::Interrupted;
    }
    Report {
        version: VERSION,
        generator: concat!("iqa ", env!("CARGO_PKG_VERSION")).to_owned(),
        created: now(),
        source: judge::source(source, &results.source),
        measures: measures(results, settings),
        renditions,
        inversions,
        versus: None,
        interrupted: results.interrupted,
        exit: exit.code(),
    }
}

/// How the command would end if there were that rendition alone.
fn ends(rendition: &Rendition, thresholds: &Thresholds) -> Exit {
    let verdict = rendition.verdict.as_str();
    if verdict == judge::FAILED {
        return Exit::Usage;
    }
    if !judge::is_trusted(verdict) || (verdict == Verdict::Partly.name() && !thresholds.is_empty()) {
        return Exit::NotMeasurable;
    }
    // A model or measure that was asked for and gave nothing.
    let failed = rendition.counts.get("failed").is_some_and(|&failed| failed > 0) && rendition.measures.is_empty();
    let unchecked = rendition.thresholds.iter().any(|threshold| threshold.met.is_none());
    if failed || unchecked || rendition.measures.is_empty() {
        return Exit::NotMeasurable;
    }
    let missed = rendition.thresholds.iter().any(|threshold| threshold.met == Some(false));
    if missed { Exit::Missed } else { Exit::Good }
}

/// What was measured, in words.
fn measures(results: &Results, settings: &Settings) -> Vec<Measure> {
    let mut summaries = results.renditions.iter().filter_map(|(_, measured)| measured.as_ref()?.summary.as_ref());
    let summary = summaries.next();
    let fields = settings.fields().into_iter().map(|name| {
        let field = Field::named(name);
        let model = match name {
            "vmaf" => summary.and_then(|summary| summary.vmaf_model.clone()),
            "score" => summary.and_then(|summary| summary.model.clone()),
            _ => None,
        };
        Measure {
            name: name.to_owned(),
            unit: field.and_then(|field| field.unit).map(str::to_owned),
            description: field.map(|field| field.description.to_owned()).unwrap_or_default(),
            model,
            model_hash: None,
        }
    });
    fields.collect()
}

/// The time, in RFC 3339.
fn now() -> String {
    let now = gst::glib::DateTime::now_utc().and_then(|now| now.format("%Y-%m-%dT%H:%M:%SZ"));
    now.map(|text| text.to_string()).unwrap_or_default()
}
