// SPDX-License-Identifier: MPL-2.0

//! The recent history of a score.

use std::collections::VecDeque;

/// How far back it goes, in nanoseconds.
pub const SPAN: u64 = 30_000_000_000;
/// If two scores are farther apart than this, the time between them is unknown. In nanoseconds.
pub const GAP: u64 = 5_000_000_000;
/// Most scores kept: 60 per second, twice over.
const MOST: usize = 3600;

/// Scores over running time.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct History(VecDeque<(u64, f64)>);

impl History {
    /// Adds the score of the frame shown at running time `at`, in nanoseconds. If that is before the last one, time has
    /// jumped back, and the history starts again; the same time again replaces the score.
    pub fn push(&mut self, at: u64, score: f64) {
        match self.0.back() {
            Some(&(last, _)) if at < last => self.0.clear(),
            Some(&(last, _)) if at == last => drop(self.0.pop_back()),
            _ => {}
        }
        while self.0.len() >= MOST || self.0.front().is_some_and(|&(first, _)| at.saturating_sub(first) > SPAN) {
            self.0.pop_front();
        }
        self.0.push_back((at, score));
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// Running times in nanoseconds with their scores, the oldest first.
    pub fn points(&self) -> impl ExactSizeIterator<Item = (u64, f64)> {
        self.0.iter().copied()
    }

    /// The newest score, with its running time in nanoseconds.
    pub fn last(&self) -> Option<(u64, f64)> {
        self.0.back().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_older_than_the_span_goes() {
        let mut history = History::default();
        (0..100).for_each(|second| history.push(second * 1_000_000_000, second as f64));
        let times: Vec<_> = history.points().map(|(_, score)| score).collect();
        assert_eq!((times.len(), times[0], times[30]), (31, 69.0, 99.0));
        (0..10_000).for_each(|frame| history.push(100_000_000_000 + frame, 1.0));
        assert_eq!(history.points().len(), MOST, "memory is bounded at any rate");
    }

    #[test]
    fn a_jump_back_begins_anew_and_the_same_frame_counts_once() {
        let mut history = History::default();
        for (at, score) in [(5, 1.0), (6, 2.0), (6, 3.0), (4, 4.0), (4, 5.0)] {
            history.push(at, score);
        }
        assert_eq!(history.points().collect::<Vec<_>>(), [(4, 5.0)]);
        assert_eq!(history.last(), Some((4, 5.0)));
    }
}
