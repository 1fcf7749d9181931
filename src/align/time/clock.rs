// SPDX-License-Identifier: MPL-2.0

//! Pairing by running time: what `pts` and `offset` do, and `auto` once it knows the offset.
//!
//! A distorted frame's partner is the reference frame nearest to its running time plus the offset, the earlier one of
//! two as near, if it is no farther than half that reference frame's duration, or without one, half the distance to the
//! next reference frame, or without that, if both times are equal. A duration far below the distance of the references
//! is a time base: the usual distance stands for it ([`Intervals`]). A reference frame that has a partner already stays
//! the nearest: the second claimant has none. A frame is decided as soon as a reference frame that is not before it has
//! come: which one is nearest cannot change after that, so that decisions do not depend on who came when.
//!
//! Frames without running time are paired in the order of their arrival, and up to [`ARRIVALS`] reference frames wait
//! for that.
//!
//! # Time that jumps back
//! A side whose time falls by more than [`JUMP`] begins a new lap, as a clip that is played again does. Laps are paired:
//! the other side is given [`GRACE`] of its own time to jump too, in which it is not compared with the new lap. If it
//! does not, the jump was one side's alone, and frames are paired by their times as they are. Smaller steps back are
//! taken as disorder: references are put in order.

use std::collections::VecDeque;

use super::Timestamp;
use super::intervals::Intervals;
use super::run::{Nearest, Reference, nearest, release};

/// A step back by more than this begins a new lap, in ns.
const JUMP: u64 = 250_000_000;

/// How long after one side's jump the other side may still jump, in ns.
const GRACE: i64 = 1_000_000_000;

/// How many reference frames without running time may wait for a partner.
const ARRIVALS: usize = 128;

/// A distorted frame that is not decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Waiting {
    pub number: u64,
    /// Without offset.
    pub running: Option<i64>,
    /// Jumps back before it.
    lap: u64,
}

/// What became of a distorted frame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Verdict {
    pub frame: Waiting,
    pub partner: Option<u64>,
    /// How well the times fit: 1 when equal, ½ at half a reference frame, 0 without a partner.
    pub fit: f64,
}

/// A distorted side that has jumped back.
#[derive(Debug, Clone, Copy)]
struct Jumped {
    /// Running time of the last frame before the jump, without offset.
    before: i64,
}

/// Both sides' frames, as far as they are not done with.
#[derive(Debug, Default)]
pub(super) struct Clock {
    offset: i64,
    /// The references of the lap `lap`, in order of time.
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
    /// Running time plus offset of the last one decided in the references' lap.
    passed: Option<i64>,
    /// Up to this one all must be decided.
    forced: Option<u64>,
}

impl Clock {
    pub fn new(offset: i64) -> Self {
        Self { offset, ..Self::default() }
    }

    pub fn offset(&self) -> i64 {
        self.offset
    }

    /// Holds for all that are not decided.
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

    /// The oldest that is not decided.
    pub fn head(&self) -> Option<Waiting> {
        self.waiting.front().copied()
    }

    /// No decision is to come.
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

    /// Decides the oldest, if that can be done.
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

    /// Whether the references have jumped back and the distorted side, at `time`, has had its chance to, or is not
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

    /// Lets go of the oldest reference that could still become a partner.
    pub fn drop_oldest(&mut self) {
        for run in [&mut self.closed, &mut self.open] {
            if let Some(place) = run.iter().position(|r| !r.taken) {
                run.drain(..=place);
                return;
            }
        }
        self.arrivals.pop_front();
    }

    /// From the oldest to the newest reference held, in ns.
    pub fn held(&self) -> u64 {
        let oldest = self.open.iter().find(|r| !r.taken);
        oldest.zip(self.open.back()).map_or(0, |(a, b)| b.running.abs_diff(a.running))
    }

    /// From one reference to the next, in ns, as far as is known; 0 if nothing is.
    pub fn interval(&self) -> u64 {
        let mut newest = self.open.iter().rev();
        let (last, before) = (newest.next(), newest.next());
        let gap = || last.zip(before).map(|(a, b)| a.running.abs_diff(b.running));
        last.and_then(|r| self.intervals.shown(r.duration)).or_else(gap).unwrap_or(0)
    }

    /// See [`Aligner::lead`](super::Aligner::lead), for frames that are paired at once.
    pub fn lead(&self) -> i64 {
        let usual = self.offset.saturating_add_unsigned(self.interval());
        if self.distorted_lap > self.lap {
            // As far as the references are waited for to jump.
            let by = self.jumped.zip(self.distorted_newest).map_or(0, |(j, now)| j.before.saturating_sub(now));
            return usual.saturating_add(by.max(0)).saturating_add(GRACE);
        }
        match (self.open.front(), self.closed.back()) {
            (Some(first), Some(last)) if self.lap > self.distorted_lap => {
                // None, until the distorted side has jumped too.
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
