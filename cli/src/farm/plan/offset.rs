// SPDX-License-Identifier: MPL-2.0

//! Finds the offset of renditions, once for all of their segments, by comparing the beginning, the middle and the end.
//! A rendition is only cut if its frames match those of the source one to one with the same offset everywhere.

use super::Making;
use crate::args::{Common, Compare};
use crate::compare::{Job, Measured, Settings, SourceKnown, frame_interval, pass};
use crate::media::inputs::Input;
use crate::report::frames::Pairing;
use anyhow::Result;
use onnx_iqa::record::Verdict;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// Shortest part that is compared.
const SHORTEST: Duration = Duration::from_secs(2);

/// Offsets of renditions: stream time of the source minus that of the rendition, in nanoseconds, or why a rendition
/// must not be cut. `end`: end of the shortest of them.
///
/// # Errors
/// If the source cannot be read, or the run is interrupted.
pub fn find(
    source: &Input,
    renditions: &[&Input],
    (common, args): (&Common, &Compare),
    end: Duration,
    making: &mut Making<'_>,
) -> Result<Vec<Result<i64, String>>> {
    let length = (2 * args.search_range).max(SHORTEST);
    let starts = [Duration::ZERO, end.saturating_sub(length) / 2, end.saturating_sub(length)];
    let mut found: Vec<Result<Option<i64>, String>> = vec![Ok(None); renditions.len()];
    for (number, start) in starts.iter().enumerate() {
        let args = Compare {
            measures: Some(vec!["psnr".into()]),
            start: Some(*start),
            duration: Some(length),
            ..args.clone()
        };
        let common = Common { model: None, ..common.clone() };
        let settings = Settings { segment_offset: Some(0), ..Settings::new(&common, &args)? };
        let left: Vec<usize> = (0..renditions.len()).filter(|&one| found.get(one).is_some_and(Result::is_ok)).collect();
        if left.is_empty() {
            break;
        }
        let job = |&index: &usize| {
            let input = *renditions.get(index)?;
            Some(Job { input, vmaf_json: None, keeps_records: false })
        };
        let jobs: Vec<_> = left.iter().filter_map(job).collect();
        making.progress.begin("finding offsets", number, starts.len());
        let each = making.memory / jobs.len().max(1) as u64;
        let passed = pass::run(source, &jobs, &settings, each, making.progress, making.interrupted)?;
        if making.interrupted.load(Ordering::Relaxed) {
            anyhow::bail!("interrupted");
        }
        if let Some(failure) = &passed.source.failure {
            anyhow::bail!("the source {}: {failure}", source.shown);
        }
        for (index, measured) in left.into_iter().zip(passed.renditions) {
            let Some(place) = found.get_mut(index) else { continue };
            let one = measured.map_or_else(|| Err("it was not compared".to_owned()), |one| of(&one, &passed.source));
            *place = match (std::mem::replace(place, Ok(None)), one) {
                (Ok(Some(known)), Ok((offset, tolerance))) if known.abs_diff(offset) > tolerance => Err(format!(
                    "its offset changes from {:.0} ms to {:.0} ms",
                    known as f64 / 1e6,
                    offset as f64 / 1e6
                )),
                (Ok(known), Ok((offset, _))) => Ok(Some(known.unwrap_or(offset))),
                (Err(reason), _) | (_, Err(reason)) => Err(reason),
            };
        }
    }
    Ok(found.into_iter().map(|one| one.and_then(|offset| offset.ok_or_else(|| "it was not compared".into()))).collect())
}

/// Offset of a compared part, and by how much another part's may differ, or why the frames do not match one to one.
fn of(measured: &Measured, source: &SourceKnown) -> Result<(i64, u64), String> {
    if let Some(failure) = &measured.failure {
        return Err(failure.clone());
    }
    let summary = measured.summary.as_ref().ok_or("its comparison ended without a result")?;
    let ledger = summary.ledger.unwrap_or_default();
    let frames = &measured.frames;
    if summary.verdict.is_none_or(|verdict| verdict == Verdict::NotAligned) {
        return Err("its pictures do not match those of the source".to_owned());
    }
    if !measured.known.changes.is_empty() {
        return Err(format!("it is {}", measured.known.changes.join(", ")));
    }
    if ledger.dropped > 0 || frames.pairings.iter().any(|pairing| *pairing != Pairing::Matched) {
        return Err("its frames do not match those of the source one to one".to_owned());
    }
    let offset = frames.offset().ok_or("no frame of it has a partner")?;
    let tolerance = frame_interval(measured).map_or(5_000_000, |interval| interval / 2);
    if frames.offsets.iter().flatten().any(|one| one.abs_diff(offset) > tolerance) {
        return Err("its offset is not constant".to_owned());
    }
    Ok((offset.saturating_add(source.stream_offset).saturating_sub(measured.stream_offset), tolerance))
}
