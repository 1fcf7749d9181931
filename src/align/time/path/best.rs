// SPDX-License-Identifier: MPL-2.0

//! The best path, computed once for all its users.

use super::Tracker;
use super::row::State;
use std::cell::OnceCell;
use std::ops::RangeInclusive;

/// A pair on a path: row and reference.
pub(super) type RowPair = (usize, u64);

/// The best path through all rows.
#[derive(Debug)]
pub(super) struct BestPath {
    /// The state in each row.
    states: Vec<State>,
    /// Its pairs, the newest first.
    pairs: Vec<RowPair>,
    /// See [`Tracker::clear`].
    pub clear: OnceCell<bool>,
}

impl BestPath {
    /// The state at a row.
    pub fn state(&self, at: usize) -> State {
        self.states.get(at).copied().unwrap_or(State::Free)
    }

    /// Its pairs from the row `from` on, the newest first.
    pub fn pairs_from(&self, from: usize) -> &[RowPair] {
        self.pairs_within(from..=usize::MAX)
    }

    /// Its pairs in these rows, the newest first.
    pub fn pairs_within(&self, rows: RangeInclusive<usize>) -> &[RowPair] {
        let newest = self.pairs.partition_point(|(index, _)| index > rows.end());
        let end = self.pairs.partition_point(|(index, _)| index >= rows.start());
        self.pairs.get(newest..end).unwrap_or_default()
    }
}

impl Tracker {
    /// The best path and its cost.
    pub(super) fn best_path(&self) -> (BestPath, f64) {
        let (mut state, least) = self.rows.back().map_or((State::Free, f64::INFINITY), |row| row.best());
        let (mut states, mut pairs) = (vec![State::Free; self.rows.len()], Vec::new());
        for (index, row) in self.rows.iter().enumerate().rev() {
            states[index] = state;
            if let State::Partner(r) = state {
                pairs.push((index, r));
            }
            state = row.path(state).from;
        }
        (BestPath { states, pairs, clear: OnceCell::new() }, least)
    }
}
