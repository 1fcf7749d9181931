// SPDX-License-Identifier: MPL-2.0

//! Rate–quality plots and the renditions below the convex hull.

use super::rich::Rich;
use super::words::{self, MeasureWords};
use super::{Page, Rung};
use minijinja::Value;
use onnx_iqa::stats::{HullPlace, RatePoint, hull};
use serde::Serialize;

/// Plot of a measure.
#[derive(Debug, Serialize)]
pub struct Plot {
    measure: String,
    label: String,
    heading: String,
    rows: Vec<Row>,
    notes: Vec<Value>,
    missing: Option<String>,
    points: Vec<Point>,
}

/// Line of the plot's table.
#[derive(Debug, Serialize)]
struct Row {
    name: String,
    size: Option<String>,
    rate: String,
    mean: String,
    place: String,
}

/// Point drawn by the script.
#[derive(Debug, Clone, Serialize)]
pub struct Point {
    name: String,
    style: usize,
    /// Mb/s.
    rate: f64,
    quality: f64,
    on: bool,
    /// Quality of the hull at this rate, if the rendition is below it.
    reached: Option<f64>,
    /// Distance to the hull, formatted for the measure.
    lower: Option<String>,
}

impl Plot {
    pub fn measure(&self) -> &str {
        &self.measure
    }

    pub fn points(&self) -> &[Point] {
        &self.points
    }
}

/// Creates a plot for each measure with at least two renditions of known rate, unless lower is better.
pub fn plots(page: &Page<'_>) -> Vec<Plot> {
    let measures = page.measures.iter().filter(|measure| measure.more_is_better && measure.main);
    measures.filter_map(|measure| plot(page, measure)).collect()
}

fn plot(page: &Page<'_>, measure: &MeasureWords) -> Option<Plot> {
    let rungs: Vec<(&Rung<'_>, RatePoint)> = page
        .trusted()
        .filter_map(|rung| {
            let rate = rung.rendition.media.bit_rate.filter(|rate| *rate > 0.0)?;
            Some((rung, RatePoint { rate, quality: rung.pooled(&measure.name, "mean")? }))
        })
        .collect();
    if rungs.len() < 2 {
        return None;
    }
    let places = hull(&rungs.iter().map(|(_, point)| *point).collect::<Vec<_>>());
    let mut plot = Plot {
        measure: measure.name.clone(),
        label: measure.label.clone(),
        heading: measure.heading(),
        rows: Vec::new(),
        notes: Vec::new(),
        missing: None,
        points: Vec::new(),
    };
    for ((rung, point), place) in rungs.iter().zip(places) {
        let reached = match place {
            HullPlace::Off { reached } => Some(reached),
            HullPlace::On | HullPlace::Missing => None,
        };
        let lower = reached.map(|reached| measure.number(reached - point.quality));
        plot.rows.push(Row {
            name: rung.name().to_owned(),
            size: words::size(&rung.rendition.media),
            rate: words::rate(point.rate),
            mean: measure.number(point.quality),
            place: lower.as_ref().map_or("on".to_owned(), |lower| format!("off, {lower} lower")),
        });
        if let Some(reached) = reached {
            let unit = &measure.unit;
            let text = Rich::default().bold(format!("{} is off the hull.", rung.name())).text(format!(
                " At {} the others reach {}{unit}; {} reaches {}{unit}.",
                words::rate(point.rate),
                measure.number(reached),
                rung.name(),
                measure.number(point.quality),
            ));
            plot.notes.push(text.value());
        }
        plot.points.push(Point {
            name: rung.name().to_owned(),
            style: rung.style,
            rate: point.rate / 1e6,
            quality: point.quality,
            on: reached.is_none(),
            reached,
            lower,
        });
    }
    let missing: Vec<_> =
        page.rungs.iter().map(Rung::name).filter(|name| plot.points.iter().all(|point| point.name != *name)).collect();
    if !missing.is_empty() {
        let verb = if missing.len() == 1 { "is" } else { "are" };
        plot.missing =
            Some(format!("{} {verb} not plotted: no rate, or no trustworthy measure.", super::rich::list(&missing)));
    }
    Some(plot)
}
