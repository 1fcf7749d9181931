// SPDX-License-Identifier: MPL-2.0

//! References that apply to whatever arrives: what `still` does, for reduced-reference models.
//!
//! The partner of a distorted frame is the last reference whose running time is not later than the frame's plus the
//! offset; before the first reference, it is the first. A frame is decided once a later reference has arrived, or the
//! references have ended. Of several references with the same time, the last counts.
//!
//! A reference without running time applies from its arrival on; a frame without one is decided with the last reference
//! that has arrived.

use std::collections::VecDeque;

/// A reference that applies to frames, or will.
#[derive(Debug, Clone, Copy)]
struct Reference {
    number: u64,
    /// The running time from which it applies.
    from: i64,
}

/// A distorted frame that is not decided.
#[derive(Debug, Clone, Copy)]
struct Waiting {
    number: u64,
    /// Without the offset.
    running: Option<i64>,
}

/// The frames of both sides that are still in use.
#[derive(Debug, Default)]
pub(super) struct Still {
    offset: i64,
    /// In order of time, beginning with the one that applies now.
    references: VecDeque<Reference>,
    pushed: u64,
    /// Whether the last reference has no running time: it applies until another one arrives.
    is_untimed: bool,
    references_ended: bool,
    waiting: VecDeque<Waiting>,
    distorted_ended: bool,
    /// All frames up to this one must be decided.
    forced: Option<u64>,
}

impl Still {
    pub fn new(offset: i64) -> Self {
        Self { offset, ..Self::default() }
    }

    pub fn offset(&self) -> i64 {
        self.offset
    }

    /// Applies to all frames that are not decided.
    pub fn set_offset(&mut self, offset: i64) {
        self.offset = offset;
    }

    pub fn push_reference(&mut self, number: u64, running: Option<i64>) {
        self.pushed = number + 1;
        if self.is_done() {
            return;
        }
        self.is_untimed = running.is_none();
        let from = running.or_else(|| self.newest()).unwrap_or(i64::MIN);
        let place = self.references.partition_point(|reference| reference.from <= from);
        self.references.insert(place, Reference { number, from });
    }

    pub fn push_distorted(&mut self, number: u64, running: Option<i64>) {
        self.waiting.push_back(Waiting { number, running });
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

    fn newest(&self) -> Option<i64> {
        self.references.back().map(|reference| reference.from)
    }

    /// Whether no further decision is possible.
    fn is_done(&self) -> bool {
        self.distorted_ended && self.waiting.is_empty()
    }

    fn clear_if_done(&mut self) {
        if self.is_done() {
            self.references.clear();
        }
    }

    /// The index of the reference that applies to a frame, among those that have arrived.
    fn place(&self, running: Option<i64>) -> Option<usize> {
        let last = self.references.len().checked_sub(1)?;
        let Some(running) = running else { return Some(last) };
        let time = running.saturating_add(self.offset);
        let later = self.references.partition_point(|reference| reference.from <= time);
        Some(later.saturating_sub(1))
    }

    /// Whether no reference that is still to arrive can apply to the frame.
    fn is_known(&self, frame: Waiting) -> bool {
        if self.references_ended || self.forced.is_some_and(|through| frame.number <= through) {
            return true;
        }
        let Some(newest) = self.newest() else { return false };
        self.is_untimed || frame.running.is_none_or(|running| newest >= running.saturating_add(self.offset))
    }

    /// Decides the oldest frame, if possible: its number and that of its partner, if any reference has arrived.
    pub fn decide(&mut self) -> Option<(u64, Option<u64>)> {
        let frame = self.waiting.front().copied().filter(|&frame| self.is_known(frame))?;
        self.waiting.pop_front();
        // Later frames have later times.
        self.references.drain(..self.place(frame.running).unwrap_or(0));
        let partner = self.references.front().map(|reference| reference.number);
        self.clear_if_done();
        Some((frame.number, partner))
    }

    /// Memory has run out: drops references that no longer apply to the oldest frame or, if no frame waits, the oldest
    /// reference; otherwise has the oldest frame decided with what is available, and returns true.
    pub fn shrink(&mut self) -> bool {
        let head = self.waiting.front().copied();
        let over = match head {
            Some(frame) => self.place(frame.running).unwrap_or(0),
            None => self.references.len().saturating_sub(1).min(1),
        };
        self.references.drain(..over);
        match head.filter(|_| over == 0) {
            Some(frame) => {
                self.force(frame.number);
                true
            }
            None => false,
        }
    }

    /// Whether a frame is undecided.
    pub fn waits(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// See [`Aligner::lead`](super::Aligner::lead): a waiting frame needs the next reference, however far ahead.
    pub fn lead(&self) -> i64 {
        if self.waits() { i64::MAX } else { self.offset }
    }

    /// See [`Aligner::needed_from`](super::Aligner::needed_from).
    pub fn needed_from(&self) -> u64 {
        self.references.iter().map(|reference| reference.number).min().unwrap_or(self.pushed)
    }
}

#[cfg(test)]
mod tests;
