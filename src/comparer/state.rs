// SPDX-License-Identifier: MPL-2.0

//! The state that the caller and the two threads share.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::error::CompareError;
use super::frames::SharedFrame;
use super::outcome::{Comparison, Outcome};
use super::settings::Settings;
use super::side::Side;
use crate::align::Suspicions;
use crate::align::time::{Aligner, AlignmentEvent, Decision, Ledger, Timestamp};
use crate::metrics::Measurements;
use crate::scorer::{Score, ScoreError, Scorer, Selection};

/// Frames that may wait to be examined. Examining takes a fraction of a millisecond, so more would only hold memory.
const BACKLOG: usize = 4;

/// Decided frames that may wait for their values once the frames hold more than this fraction of the limit: one is
/// measured while the next one waits.
const FEW: usize = 2;
const LARGE: u64 = 4;

/// Events kept until they are taken. They are rare; the limit prevents a leak if a caller never asks.
const EVENTS: usize = 256;

/// Instructions for the pairing thread, in order.
pub(super) enum Input {
    Frame(Side, Timestamp, Held),
    End(Side),
    Offset(i64),
    OneSize(bool),
    Force(u64),
    /// More is held than the new limit allows.
    Bound,
}

/// A frame and its bytes.
#[derive(Clone)]
pub(super) struct Held {
    /// When it is shown, which selects the pairs to be scored.
    pub time: Option<i64>,
    pub bytes: u64,
    pub frame: Option<SharedFrame>,
}

/// A decision and its frames.
pub(super) struct Pair {
    pub decision: Decision,
    /// What probably kept the streams apart at that time.
    pub suspicions: Suspicions,
    /// When the distorted frame is shown, which selects the pairs to be scored.
    pub time: Option<i64>,
    /// `None`: nothing is to be measured.
    pub frames: Option<(SharedFrame, SharedFrame)>,
    /// Why a frame could not be examined.
    pub error: Option<CompareError>,
}

/// What the measuring thread does next.
pub(super) enum Work {
    Pair(Pair),
    /// No pair follows the last one.
    End,
}

/// An outcome in progress.
pub(super) struct Slot {
    pub(super) decision: Decision,
    suspicions: Suspicions,
    bytes: u64,
    /// Results that are still to come.
    pub(super) awaited: u8,
    /// Whether the next pairs are also awaited.
    pub(super) late: bool,
    /// Whether it waited for the next pairs, or behind an outcome that did, when that was given up.
    pub(super) piled_up: bool,
    pub(super) comparison: Option<Result<Comparison, CompareError>>,
    score: Option<Result<Score, ScoreError>>,
}

impl Slot {
    fn new(decision: Decision, suspicions: Suspicions, bytes: u64) -> Self {
        Self { decision, suspicions, bytes, awaited: 1, late: false, piled_up: false, comparison: None, score: None }
    }

    /// Whether nothing more is to come.
    pub(super) fn complete(&self) -> bool {
        self.awaited == 0 && !self.late
    }

    fn outcome(self) -> Outcome {
        let Decision { distorted, pairing, confidence, evidence } = self.decision;
        let result = match (self.comparison, self.score) {
            (Some(Ok(_)), Some(Err(error))) => Some(Err(error.into())),
            (Some(Ok(comparison)), Some(Ok(score))) => Some(Ok(Comparison { score: Some(score), ..comparison })),
            (comparison, _) => comparison,
        };
        Outcome { distorted, pairing, confidence, evidence, suspicions: self.suspicions, result }
    }
}

#[derive(Default)]
pub(super) struct State {
    inputs: VecDeque<Input>,
    /// Whether the pairing thread is processing an input.
    pairing: bool,
    pub(super) pairs: VecDeque<(Pair, u64)>,
    pub(super) outcomes: VecDeque<Slot>,
    /// Distorted frames that already have a place among the outcomes.
    placed: u64,
    /// Distorted frames below this number can wait no longer.
    pub(super) forced: u64,
    events: VecDeque<AlignmentEvent>,
    ledger: Ledger,
    suspicions: Suspicions,
    /// How far ahead a reference should be.
    lead: i64,
    /// How far ahead it must be for a pair to be decided at once.
    enough: i64,
    /// Whether a frame is waiting for the next reference, whatever arrives on the other side.
    asks: bool,
    pushed: [u64; 2],
    /// Running time of each side's last frame.
    newest: [Option<i64>; 2],
    ended: [bool; 2],
    /// Held by the frames of both sides: references until they are released, distorted frames until they are taken.
    bytes: u64,
    max_bytes: u64,
    selection: Selection,
    cancelled: bool,
    /// The panic that ended a thread.
    failure: Option<String>,
}

impl State {
    fn under_way(&self) -> bool {
        !self.cancelled && (self.pairing || !self.inputs.is_empty() || !self.stands() || self.last_is_late())
    }

    /// Whether the pairing thread has nothing to do.
    pub(super) fn paired(&self) -> bool {
        !self.pairing && self.inputs.is_empty()
    }

    /// Whether a late value is awaited, and no pair can follow that would provide it.
    fn last_is_late(&self) -> bool {
        let all = self.ended[Side::Distorted as usize] && self.placed == self.pushed[Side::Distorted as usize];
        all && self.pairs.is_empty() && self.outcomes.iter().any(|slot| slot.late)
    }

    pub(super) fn decided(&self) -> usize {
        self.pairs.len() + self.outcomes.len()
    }

    /// Whether distorted frames wait for their partners.
    fn undecided(&self) -> bool {
        self.placed + (self.pairs.len() as u64) < self.pushed[Side::Distorted as usize]
    }

    /// Whether the frames exceed the limit. What is decided will be released soon anyway.
    fn is_over(&self) -> bool {
        self.bytes > self.max_bytes && self.stands()
    }

    /// Whether the references so far are enough for a distorted frame of this running time to be paired at once.
    fn reference_is_ahead_of(&self, distorted: Option<i64>) -> bool {
        let newest = self.newest[Side::Reference as usize].zip(distorted);
        newest.is_some_and(|(newest, running)| newest >= running.saturating_add(self.enough))
    }

    fn take(&mut self) -> Option<Outcome> {
        if self.cancelled || !self.outcomes.front()?.complete() {
            return None;
        }
        let slot = self.outcomes.pop_front()?;
        self.bytes = self.bytes.saturating_sub(slot.bytes);
        Some(slot.outcome())
    }

    pub(super) fn slot(&mut self, distorted: u64) -> Option<&mut Slot> {
        let first = self.outcomes.front()?.decision.distorted;
        let index = usize::try_from(distorted.checked_sub(first)?).ok()?;
        self.outcomes.get_mut(index)
    }
}

pub(super) struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    notify: Box<dyn Fn() + Send + Sync>,
    scorer: Option<Arc<Scorer>>,
    queue_size: usize,
}

impl Shared {
    pub(super) fn new(settings: &Settings, scorer: Option<Arc<Scorer>>, notify: Box<dyn Fn() + Send + Sync>) -> Self {
        Self {
            state: Mutex::new(State {
                max_bytes: settings.max_bytes,
                selection: settings.selection,
                ..State::default()
            }),
            changed: Condvar::new(),
            notify,
            scorer,
            queue_size: settings.queue_size.max(1),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Consistent at every step: a thread that panicked has left nothing half done.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait_change<'a>(&self, state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        self.changed.wait(state).unwrap_or_else(PoisonError::into_inner)
    }

    /// Announces a change.
    fn tell(&self, state: MutexGuard<'_, State>) {
        drop(state);
        self.changed.notify_all();
        (self.notify)();
    }

    pub(super) fn push(&self, side: Side, stamp: Timestamp, held: Held) -> u64 {
        let mut state = self.lock();
        let number = state.pushed[side as usize];
        state.pushed[side as usize] += 1;
        state.newest[side as usize] = stamp.running;
        if !state.cancelled {
            state.bytes += held.bytes;
            state.inputs.push_back(Input::Frame(side, stamp, held));
            self.changed.notify_all();
        }
        number
    }

    pub(super) fn end(&self, side: Side) {
        let mut state = self.lock();
        if !std::mem::replace(&mut state.ended[side as usize], true) && !state.cancelled {
            state.inputs.push_back(Input::End(side));
            self.changed.notify_all();
        }
    }

    pub(super) fn order(&self, input: Input) {
        let mut state = self.lock();
        if !state.cancelled {
            if let Input::Force(through) = input {
                state.forced = state.forced.max(through.saturating_add(1));
            }
            state.inputs.push_back(input);
            self.changed.notify_all();
        }
    }

    pub(super) fn set_max_bytes(&self, max_bytes: u64) {
        let mut state = self.lock();
        state.max_bytes = max_bytes;
        let over = state.is_over();
        drop(state);
        if over {
            self.order(Input::Bound);
        }
    }

    pub(super) fn set_selection(&self, selection: Selection) {
        self.lock().selection = selection;
    }

    pub(super) fn selection(&self) -> Selection {
        self.lock().selection
    }

    pub(super) fn next_side(&self, reference: Option<Timestamp>, distorted: Option<Timestamp>) -> Option<Side> {
        let mut state = self.lock();
        let over = state.bytes >= state.max_bytes && state.decided() > 0;
        if over && state.give_up_pressed() {
            self.tell(state);
            return None;
        }
        // An outcome that waits for the next pairs must not keep them out.
        let large = state.bytes > state.max_bytes / LARGE;
        let most = if large { self.queue_size.min(FEW) } else { self.queue_size };
        let full = (over || state.decided() >= most) && !state.stands();
        if state.cancelled || full || state.inputs.len() >= BACKLOG {
            return None;
        }
        match (reference, distorted) {
            (Some(reference), Some(distorted)) => match (reference.running, distorted.running) {
                (Some(reference), Some(distorted)) => Some(if reference <= distorted.saturating_add(state.lead) {
                    Side::Reference
                } else {
                    Side::Distorted
                }),
                // In order of arrival.
                _ if state.pushed[0] <= state.pushed[1] => Some(Side::Reference),
                _ => Some(Side::Distorted),
            },
            (None, Some(distorted)) => {
                // The next one will be later than the last.
                let ahead = state.reference_is_ahead_of(distorted.running);
                (ahead || state.ended[Side::Reference as usize]).then_some(Side::Distorted)
            }
            // A frame that has already arrived may wait for the next reference, however far ahead that is.
            (Some(_), None) => {
                let last = state.newest[Side::Distorted as usize];
                let waits = last.is_some() && state.undecided() && !state.reference_is_ahead_of(last);
                let wanted = state.ended[Side::Distorted as usize] || state.asks || waits;
                wanted.then_some(Side::Reference)
            }
            (None, None) => None,
        }
    }

    pub(super) fn take(&self) -> Option<Outcome> {
        let mut state = self.lock();
        let outcome = state.take()?;
        self.changed.notify_all();
        Some(outcome)
    }

    pub(super) fn wait(&self) -> Option<Outcome> {
        let mut state = self.lock();
        loop {
            if let Some(outcome) = state.take() {
                self.changed.notify_all();
                return Some(outcome);
            }
            if !state.under_way() {
                return None;
            }
            state = self.wait_change(state);
        }
    }

    pub(super) fn idle(&self) -> bool {
        !self.lock().under_way()
    }

    pub(super) fn is_cancelled(&self) -> bool {
        self.lock().cancelled
    }

    pub(super) fn cancel(&self) {
        let mut state = self.lock();
        state.cancelled = true;
        // Frames are dropped outside the lock, because the owner of their memory may have locks too.
        let inputs = std::mem::take(&mut state.inputs);
        let pairs = std::mem::take(&mut state.pairs);
        state.outcomes.clear();
        self.tell(state);
        drop((inputs, pairs));
        if let Some(scorer) = &self.scorer {
            scorer.cancel();
        }
    }

    /// A thread has ended by a panic: nothing in progress will be finished.
    pub(super) fn fail(&self, panic: String) {
        log::error!("a thread of the comparer panicked: {panic}");
        self.lock().failure.get_or_insert(panic);
        // The caller's notification may be what panics.
        let _ = catch_unwind(AssertUnwindSafe(|| self.cancel()));
    }

    pub(super) fn failure(&self) -> Option<String> {
        self.lock().failure.clone()
    }

    pub(super) fn next_event(&self) -> Option<AlignmentEvent> {
        self.lock().events.pop_front()
    }

    pub(super) fn ledger(&self) -> Ledger {
        self.lock().ledger
    }

    pub(super) fn suspicions(&self) -> Suspicions {
        self.lock().suspicions
    }

    // Called by the pairing thread.

    /// The next input; `None` once everything is over.
    pub(super) fn next_input(&self) -> Option<Input> {
        let mut state = self.lock();
        loop {
            if state.cancelled {
                return None;
            }
            if let Some(input) = state.inputs.pop_front() {
                state.pairing = true;
                return Some(input);
            }
            state = self.wait_change(state);
        }
    }

    /// Memory has run out. Returns whether this is due to outcomes that waited for the next pairs; these are released
    /// first.
    pub(super) fn relieve(&self) -> bool {
        let mut state = self.lock();
        let (late, piled_up) = (state.late(), state.outcomes.iter().any(|slot| slot.piled_up));
        let piled_up = state.decided() > 1 && piled_up || late > 0 && state.decided() > late;
        if piled_up && state.stands() {
            state.give_up_late();
            self.tell(state);
        }
        piled_up
    }

    /// Whether memory has run out, and no outcome releases any when it is taken.
    pub(super) fn is_over(&self) -> bool {
        self.lock().is_over()
    }

    /// Passes pairs on to be measured; `released` bytes of references have been freed.
    ///
    /// Events about an outcome are available before the outcome itself, the ledger contains it, and no reference is
    /// requested for it any more.
    pub(super) fn decided(
        &self,
        pairs: Vec<(Pair, u64)>,
        released: u64,
        events: Vec<AlignmentEvent>,
        aligner: &Aligner,
    ) {
        let mut state = self.lock();
        state.events.extend(events);
        state.ledger = aligner.ledger();
        state.asks = aligner.asks_for_reference();
        state.bytes = state.bytes.saturating_sub(released);
        if state.cancelled {
            drop(state);
            return;
        }
        if !pairs.is_empty() {
            state.pairs.extend(pairs);
            self.changed.notify_all();
        }
    }

    /// The input has been processed.
    pub(super) fn paired(&self, ledger: Ledger, suspicions: Suspicions, aligner: &Aligner) {
        let mut state = self.lock();
        state.pairing = false;
        state.give_up_forced();
        state.ledger = ledger;
        state.suspicions = suspicions;
        state.lead = aligner.lead();
        state.enough = aligner.enough();
        state.asks = aligner.asks_for_reference();
        while state.events.len() > EVENTS {
            state.events.pop_front();
        }
        self.tell(state);
    }

    // Called by the measuring thread.

    /// The next pair; from now on its outcome has a place among the others.
    pub(super) fn next_work(&self) -> Option<Work> {
        let mut state = self.lock();
        loop {
            if state.cancelled {
                return None;
            }
            if let Some((pair, bytes)) = state.pairs.pop_front() {
                let (decision, suspicions) = (pair.decision, pair.suspicions);
                state.placed = decision.distorted + 1;
                state.outcomes.push_back(Slot::new(decision, suspicions, bytes));
                return Some(Work::Pair(pair));
            }
            if state.last_is_late() {
                return Some(Work::End);
            }
            state = self.wait_change(state);
        }
    }

    /// The frame's outcome is incomplete until its score arrives.
    pub(super) fn expect_score(&self, distorted: u64) {
        if let Some(slot) = self.lock().slot(distorted) {
            slot.awaited += 1;
        }
    }

    /// The result of measuring, if anything was measured.
    pub(super) fn measured(&self, distorted: u64, comparison: Option<Result<Comparison, CompareError>>) {
        let mut state = self.lock();
        if let Some(slot) = state.slot(distorted) {
            slot.comparison = comparison;
            slot.awaited -= 1;
        }
        state.give_up_forced();
        self.tell(state);
    }

    /// The frame's outcome is incomplete until the next pairs are measured, or none can follow.
    pub(super) fn expect_late(&self, distorted: u64) {
        if let Some(slot) = self.lock().slot(distorted) {
            slot.late = true;
        }
    }

    /// What a frame's outcome was waiting for. Ignored if that was given up.
    pub(super) fn late(&self, distorted: u64, late: Measurements) {
        let mut state = self.lock();
        if let Some(slot) = state.slot(distorted).filter(|slot| slot.late) {
            slot.late = false;
            if let Some(Ok(comparison)) = &mut slot.comparison {
                comparison.metrics.complete(late);
            }
        }
        self.tell(state);
    }

    /// The model's score or error. Runs on the model's worker.
    pub(super) fn scored(&self, distorted: u64, score: Result<Score, ScoreError>) {
        let mut state = self.lock();
        if let Some(slot) = state.slot(distorted) {
            slot.score = Some(score);
            slot.awaited -= 1;
        }
        self.tell(state);
    }
}
