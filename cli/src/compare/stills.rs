// SPDX-License-Identifier: MPL-2.0

//! Extracts the pictures of the worst moments.
//!
//! Every stream is decoded once more, from moment to moment in the order of its own time: first the source, of which
//! only the required frames are kept, then one rendition after the other. No more than two decoders and a few frames
//! are held, however many renditions there are.

use super::judge::is_trusted;
use super::outcome::Finished;
use super::settings::Settings;
use super::{moments, pass};
use crate::media::decode::{Decoding, Options};
use crate::media::inputs::{Input, Source};
use crate::media::part::Part;
use crate::report::data::{Media, Moment, Rendition};
use crate::report::evidence::{self, FrameReader, Still};
use crate::report::files::{Folder, plain};
use anyhow::{Context as _, Result};
use onnx_iqa::record::{Field, FrameRecord, State};
use std::collections::{BTreeMap, BTreeSet};

/// Assumed bytes per pixel: 4:4:4 with more than 8 bits.
const PIXEL: u64 = 6;

/// Source frames by stream time, or why they could not be decoded.
type SourceStills = BTreeMap<gst::ClockTime, Result<Still, String>>;

/// A rendition whose moments are shown.
struct Shown<'a> {
    input: &'a Input,
    finished: &'a Finished,
    rendition: &'a mut Rendition,
}

/// Writes the pictures of all moments to the report folder and returns the failures. `budget`: memory for frames in
/// bytes.
pub fn write(
    folder: &Folder,
    source: &Input,
    inputs: &[Input],
    finished: &[Finished],
    renditions: &mut [Rendition],
    (settings, budget): (&Settings, u64),
) -> Vec<String> {
    let mut failures = Vec::new();
    let shown = inputs.iter().zip(finished).zip(renditions);
    let shown = shown.map(|((input, finished), rendition)| Shown { input, finished, rendition });
    let mut shown: Vec<_> = shown.filter(|shown| !shown.rendition.worst.is_empty()).collect();
    // If everything fits, this is a single walk over the source.
    for some in shown.chunks_mut(renditions_at_once(finished, budget)) {
        let times =
            some.iter().flat_map(|one| one.rendition.worst.iter().map(|moment| source_time(one.finished, moment)));
        let stills = source_stills(source, times.collect(), settings);
        for one in some {
            if let Err(error) = show(folder, one, &stills, settings) {
                failures.push(format!(
                    "{}: cannot show its worst moments, which is all that the files are needed for now: {error:#}",
                    one.input.name
                ));
            }
        }
    }
    failures
}

/// Number of renditions whose source frames fit into memory.
fn renditions_at_once(finished: &[Finished], budget: u64) -> usize {
    let pixels = |media: &Media| Some(u64::from(media.width?) * u64::from(media.height?));
    let largest = finished.iter().filter_map(|finished| pixels(&finished.source)).max().unwrap_or(0);
    let bytes = largest.saturating_mul(PIXEL * moments::COUNT as u64).max(1);
    usize::try_from(budget / bytes).unwrap_or(usize::MAX).max(1)
}

/// Decodes the source frames at these stream times.
fn source_stills(source: &Input, times: BTreeSet<gst::ClockTime>, settings: &Settings) -> SourceStills {
    let mut reader = reader(source, pass::parts(settings).source, settings).map_err(|error| format!("{error:#}"));
    let mut still = |time| match &mut reader {
        Ok(reader) => reader.frame(time).and_then(|still| still.copied()).map_err(|error| format!("{error:#}")),
        Err(error) => Err(error.clone()),
    };
    times.into_iter().map(|time| (time, still(time))).collect()
}

fn show(folder: &Folder, shown: &mut Shown<'_>, stills: &SourceStills, settings: &Settings) -> Result<()> {
    let Shown { input, finished, rendition } = shown;
    let mut reader = reader(input, pass::parts(settings).rendition, settings)
        .with_context(|| format!("the rendition {}", input.shown))?;
    let partners = is_trusted(&rendition.verdict);
    let mut moments: Vec<_> = rendition.worst.iter_mut().enumerate().collect();
    moments.sort_by(|(_, one), (_, other)| one.time.total_cmp(&other.time));
    for (index, moment) in moments {
        let source = match stills.get(&source_time(finished, moment)) {
            Some(Ok(still)) => still,
            Some(Err(error)) => anyhow::bail!("the source: {error}"),
            None => anyhow::bail!("the source: its frame was not decoded"),
        };
        let own = reader.frame(stream_time(moment.time, finished.stream_offset)).context("the rendition")?;
        let stem = format!("{}-{}", plain(&input.name), index + 1);
        let record = partners.then(|| record(moment));
        let partners = record.as_ref().map(|record| (input.name.as_str(), record));
        let pictures = evidence::write(source, &own, partners, folder.made(), &stem)?;
        (moment.source_picture, moment.picture) = (Some(pictures.source), Some(pictures.rendition));
        moment.labelled = pictures.labelled;
        (moment.difference, moment.map) = (pictures.difference, pictures.map);
    }
    Ok(())
}

/// Measured values of a moment.
fn record(moment: &Moment) -> FrameRecord {
    let mut record = FrameRecord::default();
    record.state = Some(State::Scored);
    for (name, value) in &moment.values {
        // Values that are not fields are not drawn.
        if let Some(field) = Field::named(name) {
            let _ = field.set(&mut record, (*value).into());
        }
    }
    record
}

/// Stream time of the source at a moment.
fn source_time(finished: &Finished, moment: &Moment) -> gst::ClockTime {
    stream_time(moment.source_time.unwrap_or(moment.time), finished.source_stream_offset)
}

/// Converts a running time in seconds to stream time.
fn stream_time(seconds: f64, offset: i64) -> gst::ClockTime {
    let nanoseconds = (seconds * 1e9).round() + offset as f64;
    gst::ClockTime::from_nseconds(nanoseconds.max(0.0) as u64)
}

/// Creates a reader for single frames of an input of which `part` was compared.
fn reader(input: &Input, part: Part, settings: &Settings) -> Result<FrameReader> {
    let (input, deinterlace, rate) = (input.clone(), settings.deinterlace, settings.rate);
    // Files have the timestamps of the whole stream; picture sequences start with the part.
    let part = if matches!(input.source, Source::Pictures(_)) { part } else { Part::default() };
    FrameReader::new(move |pipeline, target| {
        let options = Options { part, deinterlace, rate };
        Decoding::new(pipeline, &input, &options, target).map(drop)
    })
}
