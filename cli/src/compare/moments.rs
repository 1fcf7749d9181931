// SPDX-License-Identifier: MPL-2.0

//! Selects the worst moments.

use super::judge::is_trusted;
use super::outcome::Finished;
use crate::report::data::Moment;
use onnx_iqa::record::{Named as _, Verdict};
use onnx_iqa::stats::worst;
use std::collections::BTreeMap;

/// Maximum number of moments per rendition.
pub const COUNT: usize = 3;
/// Minimum distance between moments, in seconds.
const APART: f64 = 1.0;
/// Measure that determines the worst moments: the first available one.
const MEASURES: [&str; 7] = ["vmaf", "score", "ms-ssim", "ssim", "psnr-y", "psnr", "float-ssim"];

/// Returns the worst moments of a rendition, worst first; for a rendition that is not aligned, its middle and the
/// source at the same time. `source_end`: end of the source in seconds.
pub fn find(finished: &Finished, source_end: Option<f64>) -> Vec<Moment> {
    let (rendition, frames) = (&finished.rendition, &finished.frames);
    if is_trusted(&rendition.verdict) {
        let Some(measure) = MEASURES.iter().find(|name| rendition.measures.contains_key(**name)) else {
            return Vec::new();
        };
        let values = frames.field(measure).unwrap_or_default();
        let timed = || {
            (0..)
                .zip(&frames.times)
                .zip(values)
                .filter_map(|((index, time), value)| Some((index, (*time)? as f64 / 1e9, (*value)?)))
        };
        let (times, values): (Vec<_>, Vec<_>) = timed().map(|(_, time, value)| (time, value)).unzip();
        let indices: Vec<usize> = timed().map(|(index, ..)| index).collect();
        let places = worst(&times, &values, COUNT, APART).into_iter().filter_map(|place| indices.get(place));
        return places.filter_map(|&index| moment(finished, index, measure)).collect();
    }
    if rendition.verdict != Verdict::NotAligned.name() {
        return Vec::new();
    }
    let Some(Some(time)) = frames.times.get(frames.times.len() / 2) else { return Vec::new() };
    let time = *time as f64 / 1e9;
    // No frame is shown at the very end of a video.
    let source_time = Some(source_end.map_or(time, |end| time.min(end * 0.9)));
    let (measure, value, values) = (None, None, BTreeMap::new());
    let (source_picture, picture, labelled, difference, map) = (None, None, None, None, None);
    vec![Moment { time, source_time, measure, value, values, source_picture, picture, labelled, difference, map }]
}

fn moment(finished: &Finished, index: usize, measure: &str) -> Option<Moment> {
    let frames = &finished.frames;
    let time = (*frames.times.get(index)?)?;
    let offset = frames.offsets.get(index).copied().flatten();
    let values = frames
        .fields
        .iter()
        .filter_map(|(name, values)| Some((name.clone(), f64::from(values.get(index).copied().flatten()?))));
    let values: BTreeMap<_, _> = values.collect();
    Some(Moment {
        time: time as f64 / 1e9,
        source_time: offset.map(|offset| (time as f64 + offset as f64) / 1e9),
        measure: Some(measure.to_owned()),
        value: values.get(measure).copied(),
        values,
        source_picture: None,
        labelled: None,
        picture: None,
        difference: None,
        map: None,
    })
}
