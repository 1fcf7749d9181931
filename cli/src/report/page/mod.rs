// SPDX-License-Identifier: MPL-2.0

//! `report.html`: one page that a browser opens from disk, without a network.
//!
//! Verdict, tables and pictures are plain HTML of the template; the script draws the curves over them and makes the
//! pictures' slider move. Of a rendition whose alignment is not trusted nothing gets into the page that could be taken
//! for a measure: [`Standing::trusted`] is asked before anything else.

mod charts;
mod hull;
mod inversions;
mod moments;
mod pictures;
mod rich;
mod standing;
mod strips;
mod table;
mod thresholds;
mod unchecked;
mod verdict;
mod words;

use super::data::Report;
use minijinja::value::Serde;
use minijinja::{Environment, Value, context};
use onnx_iqa::record::PairingState;
use standing::Standing;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Each frame of a rendition, in columns of one length.
#[derive(Debug, Clone, Default)]
pub struct RenditionCurves {
    /// Its name in the report.
    pub name: String,
    /// When the source shows it, in seconds from the source's beginning, ascending: the partner's time, or where a
    /// frame without a partner would have had one.
    pub times: Vec<f64>,
    /// What became of it.
    pub pairing: Vec<PairingState>,
    /// A measure's name and its values; NaN where a frame has none.
    pub fields: Vec<(String, Vec<f32>)>,
}

/// The page could not be written.
#[derive(Debug, thiserror::Error)]
pub enum PageError {
    /// By the file system.
    #[error("{path}: cannot be written: make room, or choose another folder with -o")]
    Write {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The template and its data do not fit.
    #[error("the report's page cannot be made: this is a fault of iqa, please report it")]
    Render(#[from] minijinja::Error),
    /// The curves cannot be written as JSON.
    #[error("the report's curves cannot be made: this is a fault of iqa, please report it")]
    Curves(#[from] serde_json::Error),
}

const TEMPLATE: &str = include_str!("../../../assets/report.html");
const ICONS: &str = include_str!("../../../assets/icons.html");
const TOKENS: &str = include_str!("../../../assets/tokens.css");
const STYLE: &str = include_str!("../../../assets/page.css");
const SCRIPT: &str = concat!(
    "(() => {\n'use strict';\n",
    include_str!("../../../assets/script/base.js"),
    include_str!("../../../assets/script/curves.js"),
    include_str!("../../../assets/script/strips.js"),
    include_str!("../../../assets/script/hull.js"),
    include_str!("../../../assets/script/page.js"),
    "})();\n"
);
const UPLOT: &str = include_str!("../../../assets/uPlot.iife.min.js");
const UPLOT_STYLE: &str = include_str!("../../../assets/uPlot.min.css");

/// Writes `report.html` into `folder` and gives its path. Pictures that the report names are read from there; one that
/// is missing is left out, and the page says so.
///
/// # Errors
/// When the file cannot be written.
pub fn write(folder: &Path, report: &Report, curves: &[RenditionCurves]) -> Result<PathBuf, PageError> {
    let html = render(folder, report, curves)?;
    let path = folder.join("report.html");
    let failed = |source| PageError::Write { path: path.clone(), source };
    let mut part = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
    part.write_all(html.as_bytes()).map_err(failed)?;
    readable(&part).map_err(failed)?;
    part.persist(&path).map_err(|error| failed(error.error))?;
    Ok(path)
}

/// A temporary file is its owner's alone; a report is for those who may read what its folder holds.
fn readable(part: &tempfile::NamedTempFile) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(part.path(), fs::Permissions::from_mode(0o644))
}

/// The page's text.
fn render(folder: &Path, report: &Report, curves: &[RenditionCurves]) -> Result<String, PageError> {
    let page = Page::new(report, curves);
    let shown = moments::shown(folder, &page);
    let mut environment = Environment::new();
    environment.add_template("icons.html", ICONS)?;
    environment.add_template("report.html", TEMPLATE)?;
    let safe = |text: &str| Value::from_safe_string(text.to_owned());
    let hull = hull::plots(&page);
    let data = charts::data(&page, &hull)?;
    let has_hull = !hull.is_empty();
    let any_thresholds = report.renditions.iter().any(|rendition| !rendition.thresholds.is_empty());
    let measures: Vec<_> = page.measures.iter().map(words::MeasureWords::view).collect();
    let html = environment.get_template("report.html")?.render(context! {
        tokens => safe(TOKENS), style => safe(STYLE), uplot_style => safe(UPLOT_STYLE),
        uplot => safe(UPLOT), script => safe(SCRIPT), data => safe(&data),
        verdict => Value::from(Serde(verdict::verdict(&page))),
        report => Value::from(Serde(report)),
        renditions => Value::from(Serde(table::rows(&page))),
        statistics => Value::from(Serde(table::statistics(&page))),
        measures => Value::from(Serde(measures)),
        curves => Value::from(Serde(charts::tables(&page))),
        hull => Value::from(Serde(hull)),
        strips => Value::from(Serde(strips::strips(&page))),
        untrusted => Value::from(Serde(shown.untrusted)),
        moments => Value::from(Serde(shown.moments)),
        legend => Value::from(Serde(words::legend(&page, has_hull))),
        versus => Value::from(Serde(table::versus(report))),
        finished => words::instant(&report.created),
        source => words::media_facts(&report.source, true),
        exit => words::exit_words(report.exit),
        any_thresholds,
        chosen => charts::chosen(&page),
    })?;
    Ok(html)
}

/// What all parts of the page look at.
struct Page<'a> {
    report: &'a Report,
    rungs: Vec<Rung<'a>>,
    /// Those that the page shows, the most telling first.
    measures: Vec<words::MeasureWords>,
    /// The source's time in seconds, from the first to the last frame of any rendition.
    span: [f64; 2],
}

/// A rendition, and what is known of its frames.
struct Rung<'a> {
    rendition: &'a super::data::Rendition,
    standing: Standing,
    /// The curve's look, 1 to 4; 0 for a rendition without curves, and from the fifth on.
    style: usize,
    /// Only of one that is trusted.
    curves: Option<&'a RenditionCurves>,
    /// Of all that were compared: where frames found partners is no measure.
    frames: Option<&'a RenditionCurves>,
}

impl Rung<'_> {
    fn name(&self) -> &str {
        &self.rendition.media.name
    }

    /// The values of a measure, with their times.
    fn curve(&self, field: &str) -> Option<(&[f64], &[f32])> {
        let curves = self.curves?;
        let (_, values) = curves.fields.iter().find(|(name, _)| name == field)?;
        Some((&curves.times, values))
    }

    /// A pooled value, if the rendition is trusted.
    fn pooled(&self, field: &str, statistic: &str) -> Option<f64> {
        let measures = self.standing.trusted().then_some(&self.rendition.measures)?;
        measures.get(field)?.get(statistic).copied().filter(|value| value.is_finite())
    }
}

impl<'a> Page<'a> {
    fn new(report: &'a Report, curves: &'a [RenditionCurves]) -> Self {
        let mut style = 0;
        let rung = |rendition: &'a super::data::Rendition| {
            let standing = Standing::of(rendition);
            let frames = curves.iter().find(|curves| curves.name == rendition.media.name);
            style += usize::from(standing.trusted());
            let style = if standing.trusted() && style <= 4 { style } else { 0 };
            Rung { rendition, standing, style, curves: frames.filter(|_| standing.trusted()), frames }
        };
        let rungs: Vec<_> = report.renditions.iter().map(rung).collect();
        let times = || curves.iter().flat_map(|curves| curves.times.iter().copied());
        let start = times().fold(f64::INFINITY, f64::min).min(0.0);
        let end = times().fold(report.source.duration.unwrap_or(0.0), f64::max);
        let measures = words::measures(report);
        Self { report, rungs, measures, span: [start, end.max(start + 1e-3)] }
    }

    /// How long a source frame is, in seconds, if the source has a fixed rate.
    fn source_interval(&self) -> Option<f64> {
        self.report.source.frame_rate.filter(|rate| *rate > 0.0).map(f64::recip)
    }

    /// A time of the source, as long as the page's times are.
    fn clock(&self, time: f64) -> String {
        words::clock(time, self.span[1])
    }

    fn trusted(&self) -> impl Iterator<Item = &Rung<'a>> {
        self.rungs.iter().filter(|rung| rung.standing.trusted())
    }
}

#[cfg(test)]
mod tests;
