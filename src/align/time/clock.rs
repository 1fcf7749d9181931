// SPDX-License-Identifier: MPL-2.0

//! Pairing by running time: what `pts` and `offset` do, and `auto` once it knows the offset.
//!
//! The partner of a distorted frame is the reference frame nearest to its running time plus the offset (the earlier
//! one, if two are equally near), provided that it is no farther than half the reference frame's duration; without a
//! duration, half the distance to the next reference frame; without either, both times must be equal. A duration far
//! below the distance between references is a time base: the usual distance replaces it ([`Intervals`]). A reference
//! frame that already has a partner remains the nearest: the second claimant gets none. A frame is decided once a
//! reference frame that is not before it has arrived, because the nearest one cannot change after that: decisions do
//! not depend on the order of arrival.
//!
//! Frames without running time are paired in the order of arrival, for which up to [`ARRIVALS`] reference frames are
//! kept.
//!
//! # Time that jumps back
//! A side whose time falls by more than [`JUMP`] begins a new lap, as a clip that is played again does. Laps are paired
//! with each other: for [`GRACE`] of its own time, the other side may jump as well, and is not compared with the new
//! lap. If it does not, the jump was on one side only, and frames are paired by their times unchanged. Smaller steps
//! back are disorder: references are sorted.

use std::collections::VecDeque;

use super::Timestamp;
use super::intervals::Intervals;
use super::run::{Nearest, Reference, nearest, release};

/// A step back by more than this begins a new lap, in ns.
const JUMP: u64 = 250_000_000;

/// How long after a jump on one side the other side may still jump, in ns.
const GRACE: i64 = 1_000_000_000;

/// How many reference frames without running time may wait for a partner.
const ARRIVALS: usize = 128;

/// A distorted frame that is not decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Waiting {
    pub number: u64,
    /// Without the offset.
    pub running: Option<i64>,
    /// Number of jumps back before it.
    lap: u64,
}

/// The decision about a distorted frame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Verdict {
    pub frame: Waiting,
    pub partner: Option<u64>,
    /// How well the times fit: 1 when equal, ½ at half a reference frame, 0 without a partner.
    pub fit: f64,
}

/// A jump back of the distorted side.
#[derive(Debug, Clone, Copy)]
struct Jumped {
    /// Running time of the last frame before the jump, without the offset.
    before: i64,
}

/// The frames of both sides that are still in use.
#[derive(Debug, Default)]
pub(super) struct Clock {
    offset: i64,
    /// The references of lap `lap`, in order of time.
    open: VecDeque<Reference>,
    /// Those of the lap before, until the distorted side leaves it too.
    closed: VecDeque<Reference>,
    /// The references' lap.
    lap: u64,
    /// References without running time.
    arrivals: VecDeque<u64>,
    references: u64,
    newest: Option<i64>,
    intervals: Intervals,
    references_ended: bool,
    waiting: VecDeque<Waiting>,
    distorted_lap: u64,
    distorted_newest: Option<i64>,
    jumped: Option<Jumped>,
    distorted_ended: bool,
    /// Running time plus offset of the last frame decided in the references' lap.
    passed: Option<i64>,
    /// All frames up to this one must be decided.
    forced: Option<u64>,
}

impl Clock {
    pub fn new(offset: i64) -> Self {
        Self { offset, ..Self::default() }
    }

    pub fn offset(&self) -> i64 {
        self.offset
    }

    /// Applies to all frames that are not decided.
    pub fn set_offset(&mut self, offset: i64) {
        self.offset = offset;
        self.passed = None;
    }

    /// True if time has jumped back.
    pub fn push_reference(&mut self, number: u64, stamp: Timestamp) -> bool {
        self.references = number + 1;
        let Some(running) = stamp.running else {
            self.arrivals.push_back(number);
            if self.arrivals.len() > ARRIVALS || self.done() {
                self.arrivals.pop_front();
            }
            return false;
        };
        let jump = self.newest.is_some_and(|newest| newest.saturating_sub(running) > JUMP as i64);
        if jump {
            self.closed = std::mem::take(&mut self.open);
            self.lap += 1;
            self.passed = None;
        }
        if let Some(newest) = self.newest.replace(running) {
            self.intervals.push(u64::try_from(running.saturating_sub(newest)).unwrap_or(0));
        }
        if !self.done() {
            let duration = stamp.duration.filter(|&d| d > 0);
            let place = self.open.partition_point(|r| r.running <= running);
            self.open.insert(place, Reference { number, running, duration, taken: false });
            self.release();
        }
        jump
    }

    /// True if time has jumped back.
    pub fn push_distorted(&mut self, number: u64, stamp: Timestamp) -> bool {
        let mut jump = false;
        if let Some(running) = stamp.running {
            if let Some(before) = self.distorted_newest.filter(|n| n.saturating_sub(running) > JUMP as i64) {
                self.distorted_lap += 1;
                self.jumped = Some(Jumped { before });
                jump = true;
            }
            self.distorted_newest = Some(running);
        }
        self.waiting.push_back(Waiting { number, running: stamp.running, lap: self.distorted_lap });
        jump
    }

    pub fn end_reference(&mut self) {
        self.references_ended = true;
    }

    pub fn end_distorted(&mut self) {
        self.distorted_ended = true;
        self.clear_if_done();
    }

    pub fn force(&mut self, through: u64) {
        self.forced = self.forced.max(Some(through));
    }

    /// The oldest undecided frame.
    pub fn head(&self) -> Option<Waiting> {
        self.waiting.front().copied()
    }

    /// Whether no further decision is possible.
    fn done(&self) -> bool {
        self.distorted_ended && self.waiting.is_empty()
    }

    fn clear_if_done(&mut self) {
        if self.done() {
            self.open.clear();
            self.closed.clear();
            self.arrivals.clear();
        }
    }

    /// Decides the oldest frame, if possible.
    pub fn decide(&mut self) -> Option<Verdict> {
        let frame = self.head()?;
        let forced = self.forced.is_some_and(|through| frame.number <= through);
        let last = self.references_ended || forced;
        let Some(running) = frame.running else {
            return match self.arrivals.pop_front() {
                Some(number) => Some(self.verdict(Some((number, 1.0)))),
                None if last => Some(self.verdict(None)),
                None => None,
            };
        };
        let time = running.saturating_add(self.offset);
        if frame.lap > self.lap {
            let limit = self.jumped.map_or(i64::MIN, |j| j.before.saturating_add(self.offset).saturating_add(GRACE));
            if !self.references_ended && self.newest.is_none_or(|newest| newest < limit) {
                return forced.then(|| self.verdict(None));
            }
            // The references do not jump.
            self.lap = frame.lap;
            self.passed = None;
        }
        if frame.lap + 1 == self.lap && self.alone(time) {
            // The distorted side does not jump.
            self.closed.clear();
            self.lap = frame.lap;
        }
        let (run, complete) = match self.lap - frame.lap {
            0 => (&mut self.open, last),
            1 => (&mut self.closed, true),
            _ => return Some(self.verdict(None)),
        };
        let intervals = &self.intervals;
        let partner = match nearest(run, time, complete, |duration| intervals.shown(duration)) {
            Nearest::Unknown => return None,
            Nearest::Found(place, fit) if !run[place].taken => {
                run[place].taken = true;
                Some((run[place].number, fit))
            }
            Nearest::Found(..) | Nearest::TooFar => None,
        };
        if frame.lap == self.lap {
            self.closed.clear();
            self.passed = Some(time);
            self.release();
        } else {
            release(&mut self.closed, time);
        }
        Some(self.verdict(partner))
    }

    fn verdict(&mut self, partner: Option<(u64, f64)>) -> Verdict {
        let frame = self.waiting.pop_front().unwrap_or(Waiting { number: 0, running: None, lap: 0 });
        self.clear_if_done();
        Verdict { frame, partner: partner.map(|p| p.0), fit: partner.map_or(0.0, |p| p.1) }
    }

    /// Whether the references jumped back alone: the distorted side, at `time`, has had its chance to jump, or is not
    /// where the references were before.
    fn alone(&self, time: i64) -> bool {
        let around = self
            .closed
            .front()
            .zip(self.closed.back())
            .map(|(first, last)| first.running.saturating_sub(GRACE)..=last.running.saturating_add(GRACE));
        around.is_none_or(|around| !around.contains(&time))
    }

    fn release(&mut self) {
        if let Some(passed) = self.passed {
            release(&mut self.open, passed);
        }
    }

    /// Drops the oldest reference that could still become a partner.
    pub fn drop_oldest(&mut self) {
        for run in [&mut self.closed, &mut self.open] {
            if let Some(place) = run.iter().position(|r| !r.taken) {
                run.drain(..=place);
                return;
            }
        }
        self.arrivals.pop_front();
    }

    /// Time from the oldest to the newest reference held, in ns.
    pub fn held(&self) -> u64 {
        let oldest = self.open.iter().find(|r| !r.taken);
        oldest.zip(self.open.back()).map_or(0, |(a, b)| b.running.abs_diff(a.running))
    }

    /// Interval between references, in ns; 0 if unknown.
    pub fn interval(&self) -> u64 {
        let mut newest = self.open.iter().rev();
        let (last, before) = (newest.next(), newest.next());
        let gap = || last.zip(before).map(|(a, b)| a.running.abs_diff(b.running));
        last.and_then(|r| self.intervals.shown(r.duration)).or_else(gap).unwrap_or(0)
    }

    /// See [`Aligner::lead`](super::Aligner::lead); for frames that are paired at once.
    pub fn lead(&self) -> i64 {
        let usual = self.offset.saturating_add_unsigned(self.interval());
        if self.distorted_lap > self.lap {
            // As far as the jump of the references is awaited.
            let by = self.jumped.zip(self.distorted_newest).map_or(0, |(j, now)| j.before.saturating_sub(now));
            return usual.saturating_add(by.max(0)).saturating_add(GRACE);
        }
        match (self.open.front(), self.closed.back()) {
            (Some(first), Some(last)) if self.lap > self.distorted_lap => {
                // No room until the distorted side has jumped too.
                let room = last.running.saturating_sub(self.offset).saturating_add(2 * GRACE);
                first.running.saturating_sub(room)
            }
            _ => usual,
        }
    }

    /// See [`Aligner::needed_from`](super::Aligner::needed_from).
    pub fn needed_from(&self) -> u64 {
        let free = self.closed.iter().chain(&self.open).filter(|r| !r.taken).map(|r| r.number);
        free.chain(self.arrivals.front().copied()).min().unwrap_or(self.references)
    }
}

#[cfg(test)]
mod tests;
