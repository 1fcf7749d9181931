// SPDX-License-Identifier: MPL-2.0

//! Curves: data for the script, and the same as tables.

use super::hull::{Plot, Point};
use super::strips;
use super::thresholds::{self, Expression};
use super::words::MeasureWords;
use super::{Page, PageError, Rung};
use onnx_iqa::stats;
use serde::Serialize;

/// Maximum number of points per curve.
const POINTS: usize = 4000;
/// Number of lines per table.
const LINES: usize = 24;

/// Data for the script, as JSON that is safe to embed in HTML.
#[derive(Debug, Serialize)]
struct Data<'a> {
    span: [f64; 2],
    rungs: Vec<RungData<'a>>,
    measures: Vec<MeasureData<'a>>,
    strips: Vec<strips::Cells>,
    hull: Vec<HullData<'a>>,
}

#[derive(Debug, Serialize)]
struct RungData<'a> {
    name: &'a str,
    style: usize,
    trusted: bool,
}

#[derive(Debug, Serialize)]
struct MeasureData<'a> {
    name: &'a str,
    label: &'a str,
    unit: &'a str,
    digits: usize,
    more: bool,
    limits: Vec<Limit>,
    curves: Vec<Curve>,
}

/// Line of a threshold in the chart.
#[derive(Debug, Serialize, PartialEq)]
struct Limit {
    value: f64,
    label: String,
}

/// A decimated curve.
#[derive(Debug, Serialize)]
struct Curve {
    /// Index of the rendition.
    rung: usize,
    /// Milliseconds since the previous point, or since the beginning of the span.
    t: Vec<i64>,
    /// Null where the curve is interrupted.
    v: Vec<Option<f64>>,
}

#[derive(Debug, Serialize)]
struct HullData<'a> {
    measure: &'a str,
    points: &'a [Point],
}

/// Creates the script's data.
pub fn data(page: &Page<'_>, hull: &[Plot]) -> Result<String, PageError> {
    let rung = |rung: &'_ Rung<'_>| (rung.style, rung.standing.trusted());
    let rungs = page.rungs.iter().map(|each| {
        let (style, trusted) = rung(each);
        RungData { name: each.name(), style, trusted }
    });
    let data = Data {
        span: page.span,
        rungs: rungs.collect(),
        measures: page.measures.iter().map(|measure| measure_data(page, measure)).collect(),
        strips: strips::cells(page),
        hull: hull.iter().map(|plot| HullData { measure: plot.measure(), points: plot.points() }).collect(),
    };
    // A name must not terminate the element that contains the data.
    Ok(serde_json::to_string(&data)?.replace('<', "\\u003c"))
}

fn measure_data<'a>(page: &Page<'a>, measure: &'a MeasureWords) -> MeasureData<'a> {
    let curve = |(index, rung): (usize, &Rung<'_>)| {
        let (times, values) = rung.curve(&measure.name)?;
        let step = stats::longest_step(times, page.source_interval());
        Some(encode(index, &stats::reduce(times, values, step, POINTS), page.span[0], measure.digits() + 2))
    };
    MeasureData {
        name: &measure.name,
        label: &measure.label,
        unit: &measure.unit,
        digits: measure.digits(),
        more: measure.more_is_better,
        limits: limits(page, measure),
        curves: page.rungs.iter().enumerate().filter_map(curve).collect(),
    }
}

fn encode(rung: usize, points: &[stats::CurvePoint], start: f64, digits: usize) -> Curve {
    let scale = 10f64.powi(i32::try_from(digits).unwrap_or(6));
    let mut before = 0;
    let mut step = |time: f64| {
        let now = ((time - start) * 1000.0).round() as i64;
        now - std::mem::replace(&mut before, now)
    };
    Curve {
        rung,
        t: points.iter().map(|point| step(point.time)).collect(),
        v: points.iter().map(|point| Some((f64::from(point.value?) * scale).round() / scale)).collect(),
    }
}

/// Limits of trusted renditions for a measure, without duplicates. Limits of a mean or percentile are drawn in the
/// chart of frame values, with a label.
fn limits(page: &Page<'_>, measure: &MeasureWords) -> Vec<Limit> {
    let mut limits = Vec::new();
    for given in page.trusted().flat_map(|rung| &rung.rendition.thresholds) {
        let Some(parts) = Expression::of(&given.expression) else { continue };
        if parts.measure().is_some_and(|(name, _)| name == measure.name) {
            let limit = Limit { value: parts.limit, label: thresholds::pretty(&given.expression) };
            if !limits.contains(&limit) {
                limits.push(limit);
            }
        }
    }
    limits
}

/// Curves of a measure as a table.
#[derive(Debug, Serialize)]
pub struct Table {
    measure: String,
    heading: String,
    rungs: Vec<String>,
    length: String,
    lines: Vec<TableLine>,
}

#[derive(Debug, Serialize)]
struct TableLine {
    from: String,
    to: String,
    /// Lowest value and mean per rendition; a dash if unknown.
    cells: Vec<[String; 2]>,
}

/// The measure shown first: that of a missed threshold, else of any threshold, else the most important one.
pub fn chosen<'a>(page: &'a Page<'_>) -> Option<&'a str> {
    let drawn = |name: &str| page.trusted().any(|rung| rung.curve(name).is_some());
    let asked = |missed: bool| {
        let thresholds = page.trusted().flat_map(|rung| &rung.rendition.thresholds);
        let thresholds = thresholds.filter(|given| !missed || given.met == Some(false));
        let names: Vec<_> =
            thresholds.filter_map(|given| Some(Expression::of(&given.expression)?.measure()?.0)).collect();
        page.measures.iter().map(|measure| measure.name.as_str()).find(|name| names.contains(name) && drawn(name))
    };
    let first = || page.measures.iter().map(|measure| measure.name.as_str()).find(|name| drawn(name));
    asked(true).or_else(|| asked(false)).or_else(first)
}

/// Creates a table per measure.
pub fn tables(page: &Page<'_>) -> Vec<Table> {
    page.measures.iter().filter_map(|measure| table(page, measure)).collect()
}

fn table(page: &Page<'_>, measure: &MeasureWords) -> Option<Table> {
    let curves: Vec<_> = page.trusted().filter_map(|rung| Some((rung.name(), rung.curve(&measure.name)?))).collect();
    if curves.is_empty() {
        return None;
    }
    let [start, end] = page.span;
    let rungs = curves.iter().map(|(_, (times, values))| stats::stretches(times, values, start, end, LINES));
    let rungs: Vec<_> = rungs.collect();
    let length = (end - start) / LINES as f64;
    let write = |value: Option<f64>| value.map_or("–".to_owned(), |value| measure.number(value));
    let line = |index: usize| {
        let from = start + length * index as f64;
        let cell = |stretches: &Vec<stats::Stretch>| {
            let stretch = stretches.get(index);
            [write(stretch.and_then(|s| s.min)), write(stretch.and_then(|s| s.mean))]
        };
        TableLine { from: page.clock(from), to: page.clock(from + length), cells: rungs.iter().map(cell).collect() }
    };
    Some(Table {
        measure: measure.name.clone(),
        heading: measure.heading(),
        rungs: curves.iter().map(|(name, _)| (*name).to_owned()).collect(),
        length: super::words::duration(length),
        lines: (0..LINES).map(line).collect(),
    })
}
