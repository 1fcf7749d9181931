// SPDX-License-Identifier: MPL-2.0

//! Whether source and rendition were given the wrong way round.
//!
//! It is said from the pictures of aligned frames alone, by detail that only the rendition has: never from sizes, rates or
//! names.

use super::judge::is_trusted;
use super::moments::{reader, source_reader, stream_time};
use super::outcome::Finished;
use super::pass;
use super::settings::Settings;
use crate::media::inputs::Input;
use crate::report::data::Rendition;
use crate::report::evidence::{self, FrameReader, Moments};
use anyhow::Result;

/// Pairs of frames that are looked at.
const LOOKS: usize = 5;
/// Of these so many must say it.
const SAY: usize = 4;
/// Gain of the luma fit from which on it is possible: a rendition has lost contrast of detail, its source has not.
const POSSIBLE: f64 = 0.97;
/// Share of the source's rate below which a rendition is not looked at.
const LOWER: f64 = 0.8;
/// How far into a stream is looked that cannot be sought in, in nanoseconds.
const WITHOUT_SEEKING: u64 = 30_000_000_000;

/// What is said.
const REASON: &str = "it has detail that the source lacks: check that source and rendition were not swapped (a source \
                      that was itself coded harder, or a rendition that was restored, looks like this too)";

/// Adds a remark to the renditions that look like the source's source; gives what could not be looked at, and why.
pub fn look(
    source: &Input,
    inputs: &[Input],
    finished: &[Finished],
    renditions: &mut [Rendition],
    settings: &Settings,
) -> Vec<String> {
    let mut failures = Vec::new();
    let mut of_source = None;
    for ((input, finished), rendition) in inputs.iter().zip(finished).zip(renditions) {
        let possible = finished.gain.is_some_and(|gain| gain >= POSSIBLE);
        if !possible || !is_worth_a_look(finished) || !is_trusted(&rendition.verdict) {
            continue;
        }
        match is_swapped((source, input), &mut of_source, finished, settings) {
            Ok(true) => rendition.reasons.push(REASON.to_owned()),
            Ok(false) => {}
            Err(error) => failures.push(format!("{}: its detail cannot be looked at: {error:#}", input.name)),
        }
    }
    failures
}

/// Looking costs seconds: of a rung of a much lower rate than the source's it is not done. What is said does not rest on rates.
fn is_worth_a_look(finished: &Finished) -> bool {
    let rates = finished.rendition.media.bit_rate.zip(finished.source.bit_rate);
    rates.is_none_or(|(rendition, source)| rendition >= LOWER * source)
}

fn is_swapped(
    (source, input): (&Input, &Input),
    of_source: &mut Option<FrameReader>,
    finished: &Finished,
    settings: &Settings,
) -> Result<bool> {
    let (_, part, _) = pass::parts(settings);
    let of_source = source_reader(of_source, source, settings)?;
    let mut of_rendition = reader(input, part, settings)?;
    let seeks = of_source.seeks() && of_rendition.seeks();
    let mut said = 0;
    for (time, offset) in places(finished, if seeks { u64::MAX } else { WITHOUT_SEEKING }) {
        let seconds = |time: i64| time as f64 / 1e9;
        let moments = Moments {
            source: stream_time(seconds(time + offset), finished.source_stream_offset),
            rendition: stream_time(seconds(time), finished.stream_offset),
            partners: true,
        };
        let detail = evidence::detail(of_source, &mut of_rendition, moments)?;
        said += usize::from(detail.is_some_and(|detail| detail.is_the_renditions()));
    }
    Ok(said >= SAY)
}

/// Frames spread evenly over those that have a partner, not later than that after the first: running time and offset.
fn places(finished: &Finished, within: u64) -> Vec<(i64, i64)> {
    let frames = &finished.frames;
    let paired = frames.times.iter().zip(&frames.offsets);
    let paired = paired.filter_map(|(time, offset)| Some((i64::try_from((*time)?).ok()?, (*offset)?)));
    let all: Vec<(i64, i64)> = paired.collect();
    let Some(&(first, _)) = all.first() else { return Vec::new() };
    let last = first.saturating_add_unsigned(within);
    let all: Vec<_> = all.into_iter().take_while(|&(time, _)| time <= last).collect();
    (0..LOOKS).filter_map(|look| all.get((2 * look + 1) * all.len() / (2 * LOOKS)).copied()).collect()
}
