// SPDX-License-Identifier: MPL-2.0

//! Joins the results of a rendition's units into what a comparison of the whole gives.

use super::outcome::{Head, Outcome, SOURCE_FRAMES};
use crate::compare::{Measured, SourceKnown, pass};
use crate::farm::plan::{Ladder, Rendition};
use crate::report::records::{Recorded, Records};
use anyhow::{Context as _, Result};
use onnx_iqa::align::time::{Evidence, Ledger};
use onnx_iqa::record::log::{Log, LogFormat, LogOptions, LoggedFrame};
use onnx_iqa::record::{FieldPools, State, Summary, Verdict};
use std::path::Path;

/// Name of the element in logs.
const ELEMENT: &str = "iqa";

/// A rendition and what is known of the source.
pub struct Merged {
    /// The rendition.
    pub measured: Measured,
    /// The source.
    pub source: SourceKnown,
    /// All frames.
    pub records: Records,
}

/// What a rendition gives that is one unit.
pub fn whole(outcome: Outcome, fields: &[&str]) -> Merged {
    let Outcome { head, records } = outcome;
    let mut summary = head.summary.summary();
    pool(&mut summary, &records);
    let mut measured = gathered(&records, fields);
    measured.remarks = head.remarks();
    measured.known = head.rendition.known();
    measured.stream_offset = head.rendition.stream_offset;
    measured.span = head.rendition.begin.zip(head.rendition.end);
    measured.not_comparable = head.not_comparable;
    measured.failure.clone_from(&head.failure);
    measured.source_frames = head.summary.ledger.get(SOURCE_FRAMES).copied();
    measured.summary = Some(summary).filter(|_| head.failure.is_none());
    Merged { measured, source: head.source(), records }
}

/// What a rendition gives that is cut, from its segments in order.
///
/// # Errors
/// Why the segments do not join.
pub fn segments(
    ladder: &Ladder,
    rendition: &Rendition,
    outcomes: Vec<Outcome>,
    fields: &[&str],
) -> Result<Merged, String> {
    let heads: Vec<Head> = outcomes.iter().map(|outcome| outcome.head.clone()).collect();
    if let Some(reason) = heads.iter().find_map(|head| head.misfit.clone()) {
        return Err(reason);
    }
    for pair in outcomes.windows(2) {
        if let [one, next] = pair {
            join(one, next)?;
        }
    }
    let (Some(first), Some(last)) = (heads.first(), heads.last()) else { return Err("it has no segment".to_owned()) };
    let records: Records = outcomes.iter().flat_map(|outcome| outcome.records.iter()).collect();
    drop(outcomes);
    let mut measured = gathered(&records, fields);
    for head in &heads {
        measured.remarks = head.remarks().and(&measured.remarks);
    }
    measured.known = first.rendition.known();
    measured.known.encoded = rendition.media.encoded();
    measured.stream_offset = first.rendition.stream_offset;
    let mut said = first.summary.clone();
    for head in heads.iter().skip(1) {
        for (kind, text) in &head.summary.findings {
            match said.findings.iter_mut().find(|(known, _)| known == kind) {
                Some((_, known)) => known.clone_from(text),
                None => said.findings.push((kind.clone(), text.clone())),
            }
        }
    }
    let mut summary = said.summary();
    let states = |state: State| records.iter().filter(|frame| frame.record.state == Some(state)).count() as u64;
    (summary.scored, summary.skipped, summary.failed) =
        (states(State::Scored), states(State::Skipped), states(State::Failed));
    let matched = records.len() as u64;
    let reference = ladder.source.pictures.max(matched);
    let is_near = last.source.end.is_some_and(|end| pass::is_near(&measured, end));
    measured.source_frames = Some(reference).filter(|_| is_near);
    let ledger = Ledger { distorted: matched, matched, reference, outside: reference - matched, ..Ledger::default() };
    let by_time = records.iter().filter(|frame| frame.record.evidence == Some(Evidence::Time)).count() as u64;
    summary.ledger = Some(ledger);
    summary.verdict = Some(Verdict::of(ledger, by_time, false));
    pool(&mut summary, &records);
    measured.summary = Some(summary);
    let mut source = first.source();
    source.known.encoded = ladder.source.encoded();
    source.duration = last.source.end;
    Ok(Merged { measured, source, records })
}

/// Checks that two neighbors have seen the same frames, with the same partners, on both sides of the cut.
fn join(one: &Outcome, next: &Outcome) -> Result<(), String> {
    let seen = |frame: Option<Recorded>| frame.and_then(|frame| Some((frame.stream_time?, frame.record.reference_pts)));
    let last = seen(one.records.len().checked_sub(1).and_then(|index| one.records.get(index)));
    let first = seen(next.records.get(0));
    if last.is_none() || last != next.head.before || first != one.head.after {
        return Err("two neighboring segments have seen other frames at their cut".to_owned());
    }
    if one.head.rendition.stream_offset != next.head.rendition.stream_offset
        || one.head.source.stream_offset != next.head.source.stream_offset
    {
        return Err("the time of two neighboring segments differs".to_owned());
    }
    Ok(())
}

/// Counts all frames.
fn gathered(records: &Records, fields: &[&str]) -> Measured {
    let mut measured = Measured::new(fields);
    for frame in records.iter() {
        measured.shown(frame.running_time, frame.duration);
        measured.add(frame.running_time, &frame.record);
    }
    measured
}

/// Pools the fields of all frames, as the comparison does.
fn pool(summary: &mut Summary, records: &Records) {
    let mut pools = FieldPools::new();
    for frame in records.iter() {
        match frame.record.state {
            Some(State::Scored) => pools.count(&frame.record),
            Some(State::Skipped) => pools.count_measures(&frame.record, |_| f64::INFINITY),
            _ => {}
        }
    }
    summary.fields = pools.pooled_fields();
    summary.attributes = pools.pooled_attributes();
}

/// Writes the log in libvmaf's format.
///
/// # Errors
/// If it cannot be written.
pub fn write_log(merged: &Merged, path: &Path) -> Result<()> {
    let location = path.to_str().with_context(|| format!("{} is not valid UTF-8", path.display()))?;
    let mut options = LogOptions::default();
    options.replayed = true;
    let mut log = Log::open_with(location, LogFormat::VmafJson, &options)?;
    for frame in merged.records.iter() {
        let Recorded { pts, running_time, record, .. } = frame;
        log.frame(&LoggedFrame { pts, running_time, scores: vec![(ELEMENT.to_owned(), record)] })?;
    }
    if let Some(summary) = &merged.measured.summary {
        log.summary(ELEMENT, summary);
    }
    log.finish()?;
    Ok(())
}
