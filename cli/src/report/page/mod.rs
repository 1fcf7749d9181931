// SPDX-License-Identifier: MPL-2.0

//! `report.html`: a self-contained page that needs no network.
//!
//! Verdict, tables and pictures are static HTML from the template; the script draws the curves and operates the slider.
//! For a rendition whose alignment is not trusted, the page contains nothing that could be taken for a result:
//! [`Standing::trusted`] is always checked first.

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

/// Per-frame values of a rendition, as columns of equal length.
#[derive(Debug, Clone, Default)]
pub struct RenditionCurves {
    /// Name in the report.
    pub name: String,
    /// Time at which the source shows each frame, in seconds from its beginning, ascending; for an unmatched frame, the
    /// expected time.
    pub times: Vec<f64>,
    /// Pairings.
    pub pairing: Vec<PairingState>,
    /// Measures and their values; NaN if a frame has none.
    pub fields: Vec<(String, Vec<f32>)>,
}

/// Error while writing the page.
#[derive(Debug, thiserror::Error)]
pub enum PageError {
    /// File system error.
    #[error("cannot write {path}: free disk space, or choose another folder with -o")]
    Write {
        /// Path of the file.
        path: PathBuf,
        /// Cause.
        source: std::io::Error,
    },
    /// Template and data do not match.
    #[error("cannot render the report page; this is a bug in iqa, please report it")]
    Render(#[from] minijinja::Error),
    /// The curves cannot be encoded as JSON.
    #[error("cannot encode the report's curves; this is a bug in iqa, please report it")]
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

/// Writes `report.html` to `folder` and returns its path. Pictures are read from the folder; missing ones are omitted
/// and mentioned on the page.
///
/// # Errors
/// If the file cannot be written.
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

/// Temporary files are private; a report gets the permissions of its folder.
fn readable(part: &tempfile::NamedTempFile) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(part.path(), fs::Permissions::from_mode(0o644))
}

/// Renders the page.
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

/// Data used by all parts of the page.
struct Page<'a> {
    report: &'a Report,
    rungs: Vec<Rung<'a>>,
    /// Measures shown on the page, most important first.
    measures: Vec<words::MeasureWords>,
    /// Time span of the source in seconds, from the first to the last frame of any rendition.
    span: [f64; 2],
}

/// A rendition and its frames.
struct Rung<'a> {
    rendition: &'a super::data::Rendition,
    standing: Standing,
    /// Style of the curve, 1 to 4; 0 for a rendition without curves, and from the fifth on.
    style: usize,
    /// Only for trusted renditions.
    curves: Option<&'a RenditionCurves>,
    /// For all compared renditions: pairings are not results.
    frames: Option<&'a RenditionCurves>,
}

impl Rung<'_> {
    fn name(&self) -> &str {
        &self.rendition.media.name
    }

    /// Values of a measure with their times.
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

    /// Frame interval of the source in seconds, if its frame rate is constant.
    fn source_interval(&self) -> Option<f64> {
        self.report.source.frame_rate.filter(|rate| *rate > 0.0).map(f64::recip)
    }

    /// Formats a time of the source with the precision used on the page.
    fn clock(&self, time: f64) -> String {
        words::clock(time, self.span[1])
    }

    fn trusted(&self) -> impl Iterator<Item = &Rung<'a>> {
        self.rungs.iter().filter(|rung| rung.standing.trusted())
    }
}

#[cfg(test)]
mod tests;
