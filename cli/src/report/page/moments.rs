// SPDX-License-Identifier: MPL-2.0

//! The worst moments, and for renditions that could not be measured two pictures that differ.

use super::pictures::Embedded;
use super::standing::Standing;
use super::{Page, Rung, words};
use crate::report::data::Moment;
use serde::Serialize;
use std::path::Path;

/// Moments and unmeasured renditions.
pub struct Shown {
    pub moments: Vec<RungMoments>,
    pub untrusted: Vec<Untrusted>,
}

/// Moments of a rendition.
#[derive(Debug, Serialize)]
pub struct RungMoments {
    name: String,
    anchor: String,
    style: usize,
    /// Whether its pictures are smaller than those of the source.
    scaled: bool,
    /// Index of the moment shown first.
    first: bool,
    moments: Vec<MomentView>,
}

/// A moment with its pictures.
#[derive(Debug, Serialize)]
struct MomentView {
    number: usize,
    time: String,
    /// Time of the source.
    seconds: f64,
    /// Time of the rendition, if different.
    rendition_time: Option<String>,
    /// The worst measure with its value.
    headline: String,
    /// All values.
    values: Vec<String>,
    source: Option<String>,
    rendition: Option<String>,
    difference: Option<String>,
    map: Option<String>,
    /// Names of the full-size pictures, and of missing ones.
    files: Vec<String>,
    missing: Vec<String>,
}

/// A rendition without results.
#[derive(Debug, Serialize)]
pub struct Untrusted {
    name: String,
    /// Reason and remedy.
    reasons: Vec<String>,
    verdict: String,
    share: String,
    time: Option<String>,
    rendition_time: Option<String>,
    source: Option<String>,
    rendition: Option<String>,
}

/// Selects the moments with pictures in `folder`.
pub fn shown(folder: &Path, page: &Page<'_>) -> Shown {
    let of = |rung: &Rung<'_>| rung.rendition.worst.clone();
    let all: Vec<Moment> = page.rungs.iter().flat_map(of).collect();
    let names = all.iter().flat_map(|m| [&m.source_picture, &m.picture, &m.difference, &m.map]).flatten();
    let embedded = Embedded::new(folder, names.map(String::as_str));
    let anchors = words::anchors(page.rungs.iter().map(Rung::name));
    let with_moments = || {
        page.rungs.iter().zip(&anchors).filter(|(rung, _)| rung.standing.trusted() && !rung.rendition.worst.is_empty())
    };
    // Readers look for the failing rendition first, otherwise for the last one, which usually has the lowest rate.
    let first = with_moments().find(|(rung, _)| rung.standing == Standing::Fail).or_else(|| with_moments().next_back());
    let first = first.map(|(_, anchor)| anchor.clone());
    let moments = with_moments()
        .map(|(rung, anchor)| RungMoments {
            name: rung.name().to_owned(),
            anchor: anchor.clone(),
            style: rung.style,
            scaled: smaller(page, rung),
            first: Some(anchor) == first.as_ref(),
            moments: rung
                .rendition
                .worst
                .iter()
                .enumerate()
                .map(|(index, moment)| view(page, index, moment, &embedded))
                .collect(),
        })
        .collect();
    let lost = page.rungs.iter().filter(|rung| rung.standing == Standing::NotMeasurable);
    let untrusted = lost.map(|rung| untrusted(page, rung, &embedded)).collect();
    Shown { moments, untrusted }
}

fn smaller(page: &Page<'_>, rung: &Rung<'_>) -> bool {
    let (source, own) = (&page.report.source, &rung.rendition.media);
    matches!((source.height, own.height), (Some(source), Some(own)) if own < source)
}

fn view(page: &Page<'_>, index: usize, moment: &Moment, embedded: &Embedded) -> MomentView {
    let seconds = moment.source_time.unwrap_or(moment.time);
    let measure = |name: &str| page.measures.iter().find(|measure| measure.name == name);
    let write = |name: &str, value: f64| match measure(name) {
        Some(measure) => format!("{} {}{}", measure.label, measure.number(value), measure.unit),
        None => format!("{name} {value:.2}"),
    };
    let headline = moment.measure.as_deref().zip(moment.value).map(|(name, value)| write(name, value));
    let shown = page.measures.iter().filter_map(|measure| {
        let value = moment.values.get(&measure.name).filter(|value| value.is_finite())?;
        Some(write(&measure.name, *value))
    });
    let files: Vec<_> = [&moment.source_picture, &moment.picture, &moment.difference, &moment.map]
        .into_iter()
        .flatten()
        .cloned()
        .collect();
    MomentView {
        number: index + 1,
        time: page.clock(seconds),
        seconds,
        rendition_time: Some(moment.time).filter(|time| (time - seconds).abs() >= 0.0005).map(|time| page.clock(time)),
        headline: headline.unwrap_or_default(),
        values: shown.collect(),
        source: embedded.uri(moment.source_picture.as_ref()),
        rendition: embedded.uri(moment.picture.as_ref()),
        difference: embedded.uri(moment.difference.as_ref()),
        map: embedded.uri(moment.map.as_ref()),
        missing: files.iter().filter(|name| embedded.uri(Some(name)).is_none()).cloned().collect(),
        files,
    }
}

fn untrusted(page: &Page<'_>, rung: &Rung<'_>, embedded: &Embedded) -> Untrusted {
    let rendition = rung.rendition;
    let moment = rendition.worst.first();
    let count = |name: &str| rendition.counts.get(name).copied().unwrap_or(0);
    let (paired, unmatched) = (count("matched") + count("duplicate"), count("unmatched"));
    Untrusted {
        name: rung.name().to_owned(),
        reasons: rendition.reasons.iter().map(|reason| words::sentence(reason)).collect(),
        verdict: rendition.verdict.clone(),
        share: format!(
            "{} of {} frames found a partner; half is the least that can be trusted, and the pictures must not \
             contradict it.",
            words::count(paired),
            words::count(paired + unmatched)
        ),
        time: moment.map(|moment| page.clock(moment.source_time.unwrap_or(moment.time))),
        rendition_time: moment.map(|moment| page.clock(moment.time)),
        source: embedded.uri(moment.and_then(|moment| moment.source_picture.as_ref())),
        rendition: embedded.uri(moment.and_then(|moment| moment.picture.as_ref())),
    }
}
