// SPDX-License-Identifier: MPL-2.0

//! References that stand for whatever comes: what `still` does, for reduced-reference models.
//!
//! A distorted frame's partner is the last reference whose running time is not later than the frame's plus the offset;
//! for a frame before all of them it is the first. A frame is decided as soon as a reference that is not before it has
//! come, or the references have ended. Of several references of one time the last one counts.
//!
//! A reference without running time stands from its arrival on; a frame without one is decided with the last reference
//! that has come.

use std::collections::VecDeque;

/// A reference that stands for frames, or will.
#[derive(Debug, Clone, Copy)]
struct Reference {
    number: u64,
    /// From when on, in running time.
    from: i64,
}

/// A distorted frame that is not decided.
#[derive(Debug, Clone, Copy)]
struct Waiting {
    number: u64,
    /// Without offset.
    running: Option<i64>,
}

/// Both sides, as far as they are not done with.
#[derive(Debug, Default)]
pub(super) struct Still {
    offset: i64,
    /// In order of time, beginning with the one that stands now.
    references: VecDeque<Reference>,
    pushed: u64,
    /// The last reference came without running time: it stands until another one comes.
    is_untimed: bool,
    references_ended: bool,
    waiting: VecDeque<Waiting>,
    distorted_ended: bool,
    /// Up to this one all must be decided.
    forced: Option<u64>,
}

impl Still {
    pub fn new(offset: i64) -> Self {
        Self { offset, ..Self::default() }
    }

    pub fn offset(&self) -> i64 {
        self.offset
    }

    /// Holds for all that are not decided.
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

    /// No decision is to come.
    fn is_done(&self) -> bool {
        self.distorted_ended && self.waiting.is_empty()
    }

    fn clear_if_done(&mut self) {
        if self.is_done() {
            self.references.clear();
        }
    }

    /// Where the reference is that stands for a frame, as far as references have come.
    fn place(&self, running: Option<i64>) -> Option<usize> {
        let last = self.references.len().checked_sub(1)?;
        let Some(running) = running else { return Some(last) };
        let time = running.saturating_add(self.offset);
        let later = self.references.partition_point(|reference| reference.from <= time);
        Some(later.saturating_sub(1))
    }

    /// Whether no reference that is still to come can stand for a frame.
    fn is_known(&self, frame: Waiting) -> bool {
        if self.references_ended || self.forced.is_some_and(|through| frame.number <= through) {
            return true;
        }
        let Some(newest) = self.newest() else { return false };
        self.is_untimed || frame.running.is_none_or(|running| newest >= running.saturating_add(self.offset))
    }

    /// Decides the oldest frame, if that can be done: its number, and its partner's, if any reference has come.
    pub fn decide(&mut self) -> Option<(u64, Option<u64>)> {
        let frame = self.waiting.front().copied().filter(|&frame| self.is_known(frame))?;
        self.waiting.pop_front();
        // Frames to come are later.
        self.references.drain(..self.place(frame.running).unwrap_or(0));
        let partner = self.references.front().map(|reference| reference.number);
        self.clear_if_done();
        Some((frame.number, partner))
    }

    /// Memory has run out: lets go of references that are over for the oldest frame, or if none waits of the oldest one;
    /// else has that frame decided with what is there, which it says.
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

    /// A frame is not decided.
    pub fn waits(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// See [`Aligner::lead`](super::Aligner::lead): a frame that waits needs the next reference, however far ahead.
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
