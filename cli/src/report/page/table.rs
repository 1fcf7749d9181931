// SPDX-License-Identifier: MPL-2.0

//! Tables of renditions and of all statistics.

use super::standing::Standing;
use super::thresholds::{self, Expression};
use super::words::{self, MeasureWords};
use super::{Page, Rung};
use crate::report::data::{Rendition, Report, Threshold};
use onnx_iqa::stats::Statistics;
use serde::Serialize;

/// Row of a rendition.
#[derive(Debug, Serialize)]
pub struct Row {
    name: String,
    uri: String,
    style: usize,
    facts: String,
    word: &'static str,
    icon: &'static str,
    class: &'static str,
    trusted: bool,
    by_time: bool,
    rate: String,
    declared: Option<String>,
    offset: String,
    sure: Option<String>,
    evidence: Option<String>,
    matched: String,
    frames: [String; 3],
    cells: Vec<Cell>,
    /// Reason for missing cells.
    no_measures: &'static str,
    thresholds: Vec<ThresholdView>,
    reasons: Vec<String>,
}

/// Mean and 5th percentile of a measure.
#[derive(Debug, Serialize)]
struct Cell {
    mean: String,
    p5: String,
    mean_low: bool,
    p5_low: bool,
}

/// A formatted threshold.
#[derive(Debug, Serialize)]
struct ThresholdView {
    icon: &'static str,
    class: &'static str,
    word: &'static str,
    expression: String,
    value: Option<String>,
}

/// Rows of the rendition table, in command line order.
pub fn rows(page: &Page<'_>) -> Vec<Row> {
    page.rungs.iter().map(|rung| row(page, rung)).collect()
}

fn row(page: &Page<'_>, rung: &Rung<'_>) -> Row {
    let (rendition, standing) = (rung.rendition, rung.standing);
    let trusted = standing.trusted();
    let number = |name: &str| words::count(rendition.counts.get(name).copied().unwrap_or(0));
    let compared = !matches!(standing, Standing::Unreadable | Standing::Unfinished);
    let confidence = rendition.confidence.filter(|_| trusted);
    Row {
        name: rung.name().to_owned(),
        uri: rendition.media.uri.clone(),
        style: rung.style,
        facts: words::media_facts(&rendition.media, false),
        word: standing.word(),
        icon: standing.icon(),
        class: standing.class(),
        trusted,
        by_time: rendition.verdict == "aligned-by-time",
        rate: rendition.media.bit_rate.map_or("–".to_owned(), words::rate),
        declared: rendition.media.declared_bandwidth.map(words::rate),
        offset: match rendition.offset_ms.filter(|_| trusted) {
            Some(offset) => words::offset(offset),
            None if compared => "not found".to_owned(),
            None => "–".to_owned(),
        },
        sure: confidence.map(|confidence| format!("{confidence:.2}, {}", words::sure(confidence))),
        evidence: rendition.evidence.clone().filter(|_| trusted),
        matched: if compared { format!("{} matched", number("matched")) } else { "–".to_owned() },
        frames: if compared {
            [
                format!("{} dropped · {} duplicate", number("dropped"), number("duplicate")),
                format!("{} unmatched", number("unmatched")),
                part_of(page, rendition).filter(|_| trusted).unwrap_or_default(),
            ]
        } else {
            Default::default()
        },
        cells: page.measures.iter().filter(|measure| measure.main).map(|measure| cell(rung, measure)).collect(),
        no_measures: match standing {
            Standing::Unreadable => "No measures: the rendition could not be read.",
            Standing::Unfinished => "No measures: the run was interrupted before.",
            _ => "No measures: there is no trustworthy alignment, so any number would compare the wrong pictures.",
        },
        thresholds: rendition.thresholds.iter().map(|given| threshold(page, given, trusted)).collect(),
        reasons: rendition.reasons.iter().map(|reason| words::sentence(reason)).collect(),
    }
}

/// Covered part of the source, unless it is covered completely.
fn part_of(page: &Page<'_>, rendition: &Rendition) -> Option<String> {
    Some(format!("{} of the source", rendition.part_of(&page.report.source)?))
}

fn cell(rung: &Rung<'_>, measure: &MeasureWords) -> Cell {
    let write =
        |statistic: &str| rung.pooled(&measure.name, statistic).map_or("–".to_owned(), |value| measure.number(value));
    let low = |statistic: &str| {
        rung.rendition.thresholds.iter().filter(|given| given.met == Some(false)).any(|given| {
            Expression::of(&given.expression).and_then(|parts| parts.measure())
                == Some((measure.name.as_str(), statistic))
        })
    };
    Cell { mean: write("mean"), p5: write("p5"), mean_low: low("mean"), p5_low: low("p5") }
}

/// Counts of untrusted renditions are not shown either, because they count wrong pairs.
fn threshold(page: &Page<'_>, given: &Threshold, trusted: bool) -> ThresholdView {
    let (icon, class, word) = match given.met.filter(|_| trusted) {
        Some(true) => ("pass", "pass", "met"),
        Some(false) => ("fail", "fail", "missed"),
        None => ("unknown", "unknown", "not checked"),
    };
    let value = given.value.filter(|value| trusted && value.is_finite());
    let value = value.map(|value| thresholds::value(&given.expression, value, &page.measures));
    ThresholdView { icon, class, word, expression: thresholds::pretty(&given.expression), value }
}

/// All statistics of all measures.
#[derive(Debug, Serialize)]
pub struct AllStatistics {
    names: Vec<&'static str>,
    rows: Vec<StatisticsRow>,
}

#[derive(Debug, Serialize)]
struct StatisticsRow {
    name: String,
    measure: String,
    values: Vec<String>,
}

/// Pooled values of the trusted renditions.
pub fn statistics(page: &Page<'_>) -> AllStatistics {
    let there = |name: &&str| {
        page.trusted().any(|rung| rung.rendition.measures.values().any(|pooled| pooled.contains_key(*name)))
    };
    let mut names: Vec<_> = Statistics::NAMES.into_iter().filter(there).collect();
    // Not part of a pool.
    names.extend(["worst-second"].into_iter().filter(|name| there(name)));
    let mut rows = Vec::new();
    for rung in page.trusted() {
        for measure in &page.measures {
            if !rung.rendition.measures.contains_key(&measure.name) {
                continue;
            }
            let value =
                |name: &&str| rung.pooled(&measure.name, name).map_or("–".to_owned(), |value| measure.number(value));
            rows.push(StatisticsRow {
                name: rung.name().to_owned(),
                measure: measure.heading(),
                values: names.iter().map(value).collect(),
            });
        }
    }
    AllStatistics { names, rows }
}

/// Comparison of two ladders.
#[derive(Debug, Serialize)]
pub struct VersusView {
    others: String,
    rows: Vec<VersusRow>,
}

#[derive(Debug, Serialize)]
struct VersusRow {
    measure: String,
    percent: Option<String>,
    sentence: String,
}

/// Additional rate needed by the other ladder, per measure.
pub fn versus(report: &Report) -> Option<VersusView> {
    let versus = report.versus.as_ref()?;
    let measures = words::measures(report);
    let names: Vec<_> = versus.renditions.iter().map(|rendition| rendition.media.name.as_str()).collect();
    let row = |(name, found): (&String, &crate::report::data::BdRate)| {
        let label = measures.iter().find(|measure| measure.name == *name).map_or(name, |measure| &measure.label);
        let sentence = match found.percent {
            Some(percent) if percent >= 0.0 => {
                format!("The other ladder needs {} % more rate for the same {label}.", words::signed(percent, 1))
            }
            Some(percent) => {
                format!("The other ladder needs {} % less rate for the same {label}.", words::signed(-percent, 1))
            }
            None => found.reason.clone().unwrap_or_else(|| "There is no BD-rate.".to_owned()),
        };
        let percent = found
            .percent
            .map(|percent| format!("{}{} %", if percent > 0.0 { "+" } else { "" }, words::signed(percent, 1)));
        VersusRow { measure: label.clone(), percent, sentence }
    };
    Some(VersusView { others: super::rich::list(&names), rows: versus.bd_rate.iter().map(row).collect() })
}
