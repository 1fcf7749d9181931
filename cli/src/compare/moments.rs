// SPDX-License-Identifier: MPL-2.0

//! The moments worth a look, and their pictures.

use super::judge::is_trusted;
use super::outcome::Finished;
use super::pass;
use super::settings::Settings;
use crate::media::decode::{Decoding, Options};
use crate::media::inputs::{Input, Source};
use crate::media::part::Part;
use crate::report::data::{Moment, Rendition};
use crate::report::evidence::{self, FrameReader, Moments};
use crate::report::files::Folder;
use anyhow::{Context as _, Result};
use onnx_iqa::record::{Named as _, Verdict};
use onnx_iqa::stats::worst;
use std::collections::BTreeMap;

/// Moments of a rendition.
const COUNT: usize = 3;
/// How far they are apart at least, in seconds.
const APART: f64 = 1.0;
/// By which measure they are the worst: the first of these that there is.
const MEASURES: [&str; 7] = ["vmaf", "score", "ms-ssim", "ssim", "psnr-y", "psnr", "float-ssim"];

/// The worst moments of a rendition, the worst first; of one that is not aligned its middle, with what the source shows
/// at the same time. `source_end`: where the source ends, in seconds.
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
    // Nothing is shown at a film's very end.
    let source_time = Some(source_end.map_or(time, |end| time.min(end * 0.9)));
    let (measure, value, values) = (None, None, BTreeMap::new());
    let (source_picture, picture, difference, map) = (None, None, None, None);
    vec![Moment { time, source_time, measure, value, values, source_picture, picture, difference, map }]
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
        picture: None,
        difference: None,
        map: None,
    })
}

/// Writes the pictures of all moments into the report's folder; gives what could not be shown, and why.
pub fn pictures(
    folder: &Folder,
    source: &Input,
    inputs: &[Input],
    finished: &[Finished],
    renditions: &mut [Rendition],
    settings: &Settings,
) -> Vec<String> {
    let mut failures = Vec::new();
    let mut of_source = None;
    for ((input, finished), rendition) in inputs.iter().zip(finished).zip(renditions) {
        if rendition.worst.is_empty() {
            continue;
        }
        let shown = show(folder, (source, input), &mut of_source, finished, rendition, settings);
        if let Err(error) = shown {
            failures.push(format!("{}: its moments cannot be shown: {error:#}", input.name));
        }
    }
    failures
}

fn show(
    folder: &Folder,
    (source, input): (&Input, &Input),
    of_source: &mut Option<FrameReader>,
    finished: &Finished,
    rendition: &mut Rendition,
    settings: &Settings,
) -> Result<()> {
    let (_, part, _) = pass::parts(settings);
    let of_source = source_reader(of_source, source, settings)?;
    let mut of_rendition = reader(input, part, settings)?;
    let partners = is_trusted(&rendition.verdict);
    let mut order: Vec<usize> = (0..rendition.worst.len()).collect();
    let time = |rendition: &Rendition, index: usize| rendition.worst.get(index).map_or(0.0, |moment| moment.time);
    order.sort_by(|&one, &other| time(rendition, one).total_cmp(&time(rendition, other)));
    for index in order {
        let Some(moment) = rendition.worst.get_mut(index) else { continue };
        let moments = Moments {
            source: stream_time(moment.source_time.unwrap_or(moment.time), finished.source_stream_offset),
            rendition: stream_time(moment.time, finished.stream_offset),
            partners,
        };
        let stem = format!("{}-{}", crate::report::files::plain(&input.name), index + 1);
        let shown = evidence::write(of_source, &mut of_rendition, moments, folder.made(), &stem)?;
        (moment.source_picture, moment.picture) = (Some(shown.source), Some(shown.rendition));
        (moment.difference, moment.map) = (shown.difference, shown.map);
    }
    Ok(())
}

/// A running time in seconds as the stream's own time.
pub fn stream_time(seconds: f64, offset: i64) -> gst::ClockTime {
    let nanoseconds = (seconds * 1e9).round() + offset as f64;
    gst::ClockTime::from_nseconds(nanoseconds.max(0.0) as u64)
}

/// Decodes single frames of the source, by the reader that there is, if there is one.
///
/// # Errors
/// When it cannot be decoded.
pub fn source_reader<'a>(
    of_source: &'a mut Option<FrameReader>,
    source: &Input,
    settings: &Settings,
) -> Result<&'a mut FrameReader> {
    Ok(match of_source {
        Some(reader) => reader,
        None => of_source.insert(reader(source, pass::parts(settings).0, settings).context("the source")?),
    })
}

/// Decodes single frames of an input, of which `part` was compared.
///
/// # Errors
/// When it cannot be decoded.
pub fn reader(input: &Input, part: Part, settings: &Settings) -> Result<FrameReader> {
    let (input, deinterlace, rate) = (input.clone(), settings.deinterlace, settings.rate);
    // The times of files are those of the whole stream; those of pictures begin with the part.
    let part = if matches!(input.source, Source::Pictures(_)) { part } else { Part::default() };
    FrameReader::new(move |pipeline, target| {
        let options = Options { part, deinterlace, rate };
        Decoding::new(pipeline, &input, &options, target).map(drop)
    })
}
