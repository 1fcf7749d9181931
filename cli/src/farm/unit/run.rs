// SPDX-License-Identifier: MPL-2.0

//! Runs a unit.

use super::outcome::{Head, Outcome};
use crate::args::Common;
use crate::causes;
use crate::compare::{Hashes, Job, Measured, OpenModels, Settings, SourceKnown, frame_interval, pass};
use crate::farm::plan::identity::Identities;
use crate::farm::plan::{Ladder, Location, Plan, Unit, Work};
use crate::media::inputs::{Input, about, of_source};
use crate::progress::Progress;
use crate::report::frames::Pairing;
use crate::report::records::{Recorded, Records};
use anyhow::Result;
use onnx_iqa::record::{PairingState, Verdict};
use std::fmt::Display;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, TryLockError};
use std::time::{Duration, Instant};

/// Shortest time that is measured on either side of a segment: the neighbors of its frames that measures look at.
const LEAST_LEAD: Duration = Duration::from_millis(500);

/// How often a unit that waits looks whether it should end.
const STEP: Duration = Duration::from_millis(20);

/// Why a unit has no result.
#[derive(Debug)]
pub enum Failure {
    /// It cannot succeed anywhere.
    Lasting(String),
    /// It may succeed elsewhere or later.
    Passing(String),
    /// An input cannot be read here: the source, which is 0, or a rendition, counted from 1.
    Unread(usize, String),
    /// This program was told to end.
    Interrupted,
}

impl Failure {
    fn passing(error: impl Display) -> Self {
        Self::Passing(error.to_string())
    }
}

/// What units of a plan share.
pub struct Bench {
    plan: Arc<Plan>,
    comparison: Option<Comparison>,
    identities: Arc<Mutex<Identities>>,
    /// Memory for frames of one unit, in bytes.
    memory: u64,
}

struct Comparison {
    settings: Settings,
    source: Input,
    renditions: Vec<Input>,
    _models: OpenModels,
}

/// Signals between a unit and who waits for it.
#[derive(Debug, Clone, Default)]
pub struct Signals {
    /// Grows whenever the unit makes progress.
    pub ticks: Arc<AtomicU64>,
    /// Set to end the unit.
    pub interrupted: Arc<AtomicBool>,
}

impl Signals {
    fn tick(&self) {
        self.ticks.fetch_add(1, Ordering::Relaxed);
    }

    fn ended(&self) -> bool {
        self.interrupted.load(Ordering::Relaxed)
    }
}

/// Validated settings of a ladder, on this machine.
///
/// # Errors
/// If an option is invalid.
pub fn settings(ladder: &Ladder, common: &Common) -> Result<Settings> {
    let place = |location: &Location| match location {
        Location::Uri(uri) => uri.clone(),
        Location::Pictures(_) => "pictures".to_owned(),
    };
    let renditions: Vec<_> = ladder.renditions.iter().map(|one| place(&one.media.location)).collect();
    let (common, args) = ladder.options.arguments(&place(&ladder.source.location), &renditions, common)?;
    Settings::new(&common, &args)
}

impl Bench {
    /// Opens what the units of a plan need.
    ///
    /// # Errors
    /// If this machine cannot run them, for example because a model file is missing or differs from the plan's.
    pub fn new(plan: &Arc<Plan>, common: &Common, identities: &Arc<Mutex<Identities>>, memory: u64) -> Result<Self> {
        let comparison = match &plan.work {
            Work::Compare(ladder) => Some(Comparison::new(ladder, common)?),
            Work::Drill { .. } => None,
        };
        Ok(Self { plan: plan.clone(), comparison, identities: identities.clone(), memory })
    }

    /// Runs a unit.
    ///
    /// # Errors
    /// Why there is no result.
    pub fn run(&self, unit: Unit, signals: &Signals) -> Result<Option<Outcome>, Failure> {
        match (&self.plan.work, &self.comparison, unit) {
            (Work::Drill { time, .. }, _, Unit::Drill { .. }) => {
                wait(Duration::from_nanos(*time), signals)?;
                Ok(None)
            }
            (Work::Compare(ladder), Some(comparison), Unit::Segment { rendition, .. } | Unit::Whole { rendition }) => {
                self.check(ladder, rendition, signals)?;
                let outcome = comparison.measure(ladder, unit, rendition, self.memory, signals);
                let outcome = outcome.map_err(|failure| match failure {
                    Failure::Passing(_) if signals.ended() => Failure::Interrupted,
                    other => other,
                })?;
                // A result of a file that was replaced meanwhile would be mixed of both.
                self.check(ladder, rendition, signals).map_err(|failure| match failure {
                    Failure::Unread(_, error) => Failure::Passing(error),
                    other => other,
                })?;
                Ok(Some(outcome))
            }
            _ => Err(Failure::Lasting(format!("the plan has no unit {unit:?}"))),
        }
    }

    /// Waits for another unit that hashes a file, which is progress for this one too.
    fn identities(&self, signals: &Signals) -> MutexGuard<'_, Identities> {
        loop {
            match self.identities.try_lock() {
                Ok(identities) => return identities,
                Err(TryLockError::Poisoned(poisoned)) => return poisoned.into_inner(),
                Err(TryLockError::WouldBlock) => {
                    signals.tick();
                    std::thread::sleep(STEP);
                }
            }
        }
    }

    /// Checks that the inputs are those of the plan.
    fn check(&self, ladder: &Ladder, rendition: usize, signals: &Signals) -> Result<(), Failure> {
        let one = ladder.renditions.get(rendition).ok_or_else(|| Failure::passing("no such rendition"))?;
        for (number, media) in [(0, &ladder.source), (rendition + 1, &one.media)] {
            let shown = || media.input().shown;
            let found = self.identities(signals).of(&media.location, || signals.tick());
            let found = found.map_err(|error| Failure::Unread(number, about(&shown(), &causes::of(&error))))?;
            if found != media.hash {
                return Err(Failure::Lasting(format!(
                    "{} has changed since the plan was made: submit the plan again",
                    shown()
                )));
            }
        }
        Ok(())
    }
}

impl Comparison {
    fn new(ladder: &Ladder, common: &Common) -> Result<Self> {
        let settings = settings(ladder, common)?;
        let models = Hashes::of(&settings)?;
        anyhow::ensure!(
            models == ladder.models,
            "a model file here differs from that of the plan ({} here, {} there): install the same models everywhere",
            shown(&models),
            shown(&ladder.models)
        );
        let opened = settings.open()?;
        let source = ladder.source.input();
        let renditions = ladder.renditions.iter().map(|one| one.media.input()).collect();
        Ok(Self { settings, source, renditions, _models: opened })
    }

    fn measure(
        &self,
        ladder: &Ladder,
        unit: Unit,
        rendition: usize,
        memory: u64,
        signals: &Signals,
    ) -> Result<Outcome, Failure> {
        let input = self.renditions.get(rendition).ok_or_else(|| Failure::passing("no such rendition"))?;
        let one = ladder.renditions.get(rendition).ok_or_else(|| Failure::passing("no such rendition"))?;
        let (settings, range) = match unit {
            Unit::Segment { segment, .. } => {
                let range = one.segment(segment);
                (of_segment(&self.settings, range, one.offset), Some(range))
            }
            _ => (self.settings.clone(), None),
        };
        let mut progress = Progress::counted(signals.ticks.clone());
        let jobs = [Job { input, vmaf_json: None, keeps_records: true }];
        let passed = pass::run(&self.source, &jobs, &settings, memory, &mut progress, &signals.interrupted);
        let mut passed = passed.map_err(|error| Failure::Passing(causes::of(&error)))?;
        if signals.ended() {
            return Err(Failure::Interrupted);
        }
        let shown = |text: &str| crate::secret::redact(text);
        if let Some(failure) = &passed.source.failure {
            return Err(Failure::Passing(of_source(&self.source.shown, &shown(failure))));
        }
        let measured = passed.renditions.pop().flatten();
        let mut measured = measured.ok_or_else(|| Failure::passing("its comparison did not end"))?;
        if let Some(failure) = measured.failure.as_ref().filter(|_| !measured.not_comparable) {
            return Err(Failure::Passing(about(&input.shown, &shown(failure))));
        }
        if measured.failure.is_none() && measured.summary.is_none() {
            return Err(Failure::Passing(format!("{}: its comparison ended without a result", input.shown)));
        }
        let records = measured.records.take().unwrap_or_default();
        Ok(match range {
            Some(range) => segment(&measured, &records, &passed.source, range, &settings),
            None => Outcome { head: Head::of(&measured, &passed.source), records: steady(records.iter()) },
        })
    }
}

/// Hashes of models, for messages.
fn shown(hashes: &Hashes) -> String {
    let digits = |hash: &Option<String>| hash.as_ref().and_then(|hash| hash.split(' ').next().map(str::to_owned));
    let known: Vec<_> = [digits(&hashes.score), digits(&hashes.vmaf)].into_iter().flatten().collect();
    known.join(", ")
}

/// Settings that measure a segment and what is around it.
fn of_segment(settings: &Settings, (start, end): (Option<u64>, Option<u64>), offset: i64) -> Settings {
    let lead = settings.search_range.max(LEAST_LEAD);
    let begin = Duration::from_nanos(start.unwrap_or(0)).saturating_sub(lead);
    let duration = end.map(|end| Duration::from_nanos(end).saturating_add(lead).saturating_sub(begin));
    Settings { start: begin, duration, segment_offset: Some(offset), ..settings.clone() }
}

/// Result of a segment. Times become those of the whole stream.
fn segment(
    measured: &Measured,
    records: &Records,
    source: &SourceKnown,
    (start, end): (Option<u64>, Option<u64>),
    settings: &Settings,
) -> Outcome {
    let parts = pass::parts(settings);
    let nanoseconds = |time: gst::ClockTime| i64::try_from(time.nseconds()).unwrap_or(i64::MAX);
    let mut head = Head::of(measured, source);
    // What stream and running time would differ by without a seek, and without the rendition's pad offset.
    let whole_rendition = measured.stream_offset - nanoseconds(parts.rendition.start) + parts.lead;
    let whole_source = source.stream_offset - nanoseconds(parts.source.start);
    let moved = (source.stream_offset - whole_source) - (measured.stream_offset - whole_rendition);
    head.rendition.stream_offset = whole_rendition;
    head.source.stream_offset = whole_source;
    let later = |time: u64| time.saturating_add(parts.source.start.nseconds());
    (head.source.begin, head.source.end) = (head.source.begin.map(later), head.source.end.map(later));

    let (mut before, mut after, mut own) = (None, None, Vec::new());
    let mut untimed = false;
    for mut frame in records.iter() {
        let Some(time) = frame.stream_time else {
            untimed = true;
            continue;
        };
        let neighbor = Some((time, frame.record.reference_pts));
        if start.is_some_and(|start| time < start) {
            before = neighbor;
        } else if end.is_some_and(|end| time >= end) {
            after = after.or(neighbor);
        } else {
            let running = i64::try_from(time).unwrap_or(i64::MAX).saturating_sub(whole_rendition);
            frame.running_time = u64::try_from(running).ok();
            frame.record.offset = frame.record.offset.map(|offset| offset.saturating_add(moved));
            own.push(frame);
        }
    }
    (head.before, head.after) = (before, after);
    head.misfit = if untimed {
        Some("a frame has no timestamp".to_owned())
    } else if (start.is_some() && before.is_none()) || (end.is_some() && after.is_none()) {
        Some("the frames around it are missing".to_owned())
    } else {
        misfit(measured, &own)
    };
    Outcome { head, records: steady(own) }
}

/// Why a segment cannot be joined with its neighbors: only frames that match one to one can.
fn misfit(measured: &Measured, own: &[Recorded]) -> Option<String> {
    if let Some(failure) = &measured.failure {
        return Some(failure.clone());
    }
    let summary = measured.summary.as_ref()?;
    let ledger = summary.ledger.unwrap_or_default();
    if summary.verdict.is_none_or(|verdict| verdict == Verdict::NotAligned) {
        return Some("its pictures do not match those of the source".to_owned());
    }
    let is_matched = |frame: &Recorded| frame.record.pairing == Some(PairingState::Matched);
    let repeated = measured.frames.pairings.contains(&Pairing::Duplicate);
    if own.is_empty() || !own.iter().all(is_matched) || ledger.dropped > 0 || repeated {
        return Some("its frames do not match those of the source one to one".to_owned());
    }
    if !measured.known.changes.is_empty() {
        return Some(format!("it was {}", measured.known.changes.join(", ")));
    }
    let tolerance = frame_interval(measured).map_or(5_000_000, |interval| interval / 2);
    let mut offsets = own.iter().filter_map(|frame| frame.record.offset);
    let first = offsets.next();
    let changed = first.is_none_or(|first| offsets.any(|offset| offset.abs_diff(first) > tolerance));
    changed.then(|| "its offset is not constant".to_owned())
}

/// Records without how long their measurement took, so that two runs give the same.
fn steady(frames: impl IntoIterator<Item = Recorded>) -> Records {
    let without = |mut frame: Recorded| {
        frame.record.latency = None;
        frame
    };
    frames.into_iter().map(without).collect()
}

/// Waits, with progress.
fn wait(time: Duration, signals: &Signals) -> Result<(), Failure> {
    let begun = Instant::now();
    loop {
        if signals.ended() {
            return Err(Failure::Interrupted);
        }
        let left = time.saturating_sub(begun.elapsed());
        if left.is_zero() {
            return Ok(());
        }
        std::thread::sleep(left.min(STEP));
        signals.tick();
    }
}
