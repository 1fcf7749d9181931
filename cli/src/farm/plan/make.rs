// SPDX-License-Identifier: MPL-2.0

//! Makes a plan of what the user wrote.

use super::cut::cuts;
use super::file::{File, of_keys};
use super::identity::Identities;
use super::{Ladder, Location, Making, Media, Plan, Rendition, Work, offset};
use crate::args::{Alignment, Common, Deinterlace, Registration};
use crate::causes;
use crate::compare::{Hashes, Settings, pass};
use crate::media::decode;
use crate::media::inputs::{Input, Inputs, Source, about, of_source};
use crate::media::rate::{self, Scanned};
use crate::secret::redact;
use anyhow::{Context as _, Result, bail, ensure};
use std::sync::atomic::Ordering;
use std::time::Duration;

/// Containers in which a seek arrives at the exact frame.
const EXACT: [&str; 3] = ["video/quicktime", "video/x-matroska", "video/webm"];

/// An input that was read.
struct Read {
    input: Input,
    media: Media,
    scanned: Scanned,
    /// Why it could not be read.
    problem: Option<String>,
}

/// Makes a plan.
///
/// # Errors
/// If an option is invalid, or the source or all renditions cannot be read.
pub fn make(file: &File, making: &mut Making<'_>) -> Result<Plan> {
    let nanoseconds = |time: Duration| u64::try_from(time.as_nanos()).context("too long");
    let ack_wait = nanoseconds(file.ack_wait()?)?;
    let work = match (&file.drill, &file.source) {
        (Some(drill), _) => Work::Drill { units: drill.units, time: nanoseconds(file.drill_time()?)? },
        (None, Some(source)) => Work::Compare(Box::new(ladder(file, source, making)?)),
        (None, None) => bail!("source is missing"),
    };
    Plan::new(file.class.clone(), ack_wait, work)
}

fn ladder(file: &File, source: &str, making: &mut Making<'_>) -> Result<Ladder> {
    let (common, args) = file.compare.arguments(source, &file.renditions, making.common)?;
    crate::plugin::init(common.verbose)?;
    decode::prefer_exact_decoders();
    let (settings, models) = usable(&common, &args)
        .map_err(|error| anyhow::anyhow!("{}: [compare]: {}", file.path.display(), of_keys(&causes::of(&error))))?;
    for place in [source].into_iter().chain(file.renditions.iter().map(String::as_str)) {
        let path = place.split(['?', '#']).next().unwrap_or_default().to_ascii_lowercase();
        ensure!(
            ![".m3u8", ".m3u", ".mpd"].iter().any(|ending| path.ends_with(ending)),
            "{}: a playlist consists of other files: name the files of its variants",
            redact(place)
        );
    }
    let inputs = Inputs::new(&args)?;
    let mut identities = Identities::default();
    let source = read(&inputs.source, &settings, &mut identities, making)?;
    if let Some(problem) = &source.problem {
        bail!(of_source(&source.input.shown, problem));
    }
    let renditions = inputs.renditions.iter().map(|input| read(input, &settings, &mut identities, making));
    let renditions = renditions.collect::<Result<Vec<_>>>()?;
    for read in &renditions {
        if let Some(problem) = &read.problem {
            let text = about(&read.input.shown, problem);
            // It is an error, although the others are published.
            if making.common.quiet {
                crate::farm::say(&text);
            } else {
                making.progress.say(&format!("iqa farm: {text}"));
            }
        }
    }
    ensure!(renditions.iter().any(|read| read.problem.is_none()), "no rendition can be read");
    let cut = cut(file, &settings, &source, &renditions, (&common, &args), making)?;
    let renditions = renditions.into_iter().zip(cut).map(|(read, cut)| {
        let (offset, cuts, uncut) = match cut {
            Ok((offset, cuts)) => (offset, cuts, None),
            Err(uncut) => (0, Vec::new(), uncut),
        };
        Rendition { media: read.media, offset, cuts, uncut, problem: read.problem }
    });
    let renditions = renditions.collect();
    Ok(Ladder { options: file.compare.clone(), models, source: source.media, renditions })
}

/// Settings that can be used here, and hashes of their models: an error now instead of one at each worker.
fn usable(common: &Common, args: &crate::args::Compare) -> Result<(Settings, Hashes)> {
    let settings = Settings::new(common, args)?;
    settings.element(1)?;
    let models = Hashes::of(&settings)?;
    if settings.model.is_some() {
        settings.open()?;
    }
    Ok((settings, models))
}

/// Identifies and scans an input. Says why it cannot be read.
///
/// # Errors
/// If the run is interrupted.
fn read(input: &Input, settings: &Settings, identities: &mut Identities, making: &mut Making<'_>) -> Result<Read> {
    let read = match &input.problem {
        Some(problem) => Err(anyhow::anyhow!("{problem}")),
        None => read_all(input, settings, identities, making),
    };
    ensure!(!making.interrupted.load(Ordering::Relaxed), "interrupted");
    read.or_else(|error| {
        let problem = redact(&causes::of(&error));
        let location = Location::Uri(input.shown.clone());
        let media =
            Media { name: input.name.clone(), location, hash: String::new(), pictures: 0, bytes: 0, span: None };
        Ok(Read { input: input.clone(), media, scanned: Scanned::default(), problem: Some(problem) })
    })
}

fn read_all(input: &Input, settings: &Settings, identities: &mut Identities, making: &mut Making<'_>) -> Result<Read> {
    making.progress.begin(&format!("reading {}", input.name), 0, 1);
    let location = match &input.source {
        Source::Uri(uri) => Location::Uri(uri.clone()),
        Source::Pictures(files) => Location::Pictures(files.clone()),
    };
    let hash = identities.of(&location, || {})?;
    let scanned = match &location {
        Location::Uri(uri) => rate::scan(uri, None, making.interrupted).unwrap_or_default(),
        Location::Pictures(_) => Scanned::default(),
    };
    // What cannot be demuxed here may still be decoded.
    if scanned.pictures.is_empty()
        && let Some(problem) = pass::undecodable(input, settings, making.interrupted)?
    {
        bail!(problem);
    }
    let pictures = match &location {
        Location::Uri(_) => scanned.pictures.len() as u64,
        Location::Pictures(files) => files.len() as u64,
    };
    let encoded = scanned.encoded;
    let name = input.name.clone();
    let media = Media { name, location, hash, pictures, bytes: encoded.bytes, span: encoded.span };
    Ok(Read { input: input.clone(), media, scanned, problem: None })
}

/// Offset and cuts of each rendition, or why it is not cut; `None`: it is short.
type Cut = Result<(i64, Vec<u64>), Option<String>>;

fn cut(
    file: &File,
    settings: &Settings,
    source: &Read,
    renditions: &[Read],
    options: (&Common, &crate::args::Compare),
    making: &mut Making<'_>,
) -> Result<Vec<Cut>> {
    let Some(segment) = file.segment()? else { return Ok(vec![Err(None); renditions.len()]) };
    let cuts = cuts(&source.scanned.pictures, segment);
    if cuts.is_empty() {
        return Ok(vec![Err(None); renditions.len()]);
    }
    if let Some(reason) = of_options(settings).or_else(|| of_container(source).map(|why| format!("the source {why}"))) {
        return Ok(vec![Err(Some(reason)); renditions.len()]);
    }
    let mut found: Vec<Cut> = Vec::new();
    let mut tried = Vec::new();
    for (index, read) in renditions.iter().enumerate() {
        let reason = of_container(read).map(|why| format!("it {why}")).filter(|_| read.problem.is_none());
        if reason.is_none() && read.problem.is_none() {
            tried.push(index);
        }
        found.push(Err(reason));
    }
    let end = |read: &Read| read.scanned.pictures.iter().map(|(time, _)| *time).max().unwrap_or(0);
    let inputs: Vec<_> = tried.iter().filter_map(|&index| Some(&renditions.get(index)?.input)).collect();
    let shortest = tried.iter().filter_map(|&index| renditions.get(index)).chain([source]).map(end).min().unwrap_or(0);
    if inputs.is_empty() {
        return Ok(found);
    }
    let offsets = offset::find(&source.input, &inputs, options, Duration::from_nanos(shortest), making)?;
    for (index, offset) in tried.into_iter().zip(offsets) {
        let (Some(place), Some(read)) = (found.get_mut(index), renditions.get(index)) else { continue };
        *place = match offset {
            Err(reason) => Err(Some(reason)),
            Ok(offset) => {
                let own = cuts.iter().filter_map(|cut| i64::try_from(*cut).ok()?.checked_sub(offset));
                let own = own.filter_map(|cut| u64::try_from(cut).ok()).filter(|cut| (1..end(read)).contains(cut));
                let own: Vec<_> = own.collect();
                if own.is_empty() { Err(None) } else { Ok((offset, own)) }
            }
        };
    }
    Ok(found)
}

/// Why renditions are not cut with these options.
fn of_options(settings: &Settings) -> Option<String> {
    let reason = if !matches!(settings.alignment, Alignment::Auto | Alignment::Pts) {
        format!("alignment = {:?} follows the whole stream", settings.alignment.name())
    } else if settings.registration != Registration::None {
        "registration is found once for the whole stream".to_owned()
    } else if settings.every > 1 {
        "every counts from the beginning".to_owned()
    } else if settings.deinterlace == Deinterlace::On {
        "deinterlace needs neighboring frames".to_owned()
    } else {
        return None;
    };
    Some(reason)
}

/// Why this input cannot be cut.
fn of_container(read: &Read) -> Option<String> {
    let container = read.scanned.container.as_deref().unwrap_or("unknown");
    if EXACT.contains(&container) {
        return None;
    }
    Some(format!("is not in MP4 or Matroska ({container}): a seek may arrive at another frame"))
}
