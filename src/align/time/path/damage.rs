// SPDX-License-Identifier: MPL-2.0

//! Damage: frames whose pictures do not reveal their partner, at a place where both streams continue alike.
//!
//! A run of distorted frames without a trustworthy partner, at most [`LONGEST`] long, is damaged if an equally long
//! part of the reference lies between the same neighbors, or if the run is at the same place at an end of both streams.
//! Its frames are paired by time. Anything else, longer or of different length on the two sides, is other material.

use super::Tracker;
use super::best::BestPath;
use super::row::State;

/// The longest run that counts as damage, in ns.
pub(super) const LONGEST: i64 = 1_000_000_000;

/// Rows that must follow a run, unless the streams end.
const FOLLOWED: usize = 3;

impl Tracker {
    /// The partners of the damaged frames, starting with the oldest undecided row; `None` if they are not damaged, or
    /// if that is not known yet. `last`: no more rows will come.
    pub(super) fn damaged(&self, best: &BestPath, last: bool) -> Option<Vec<Option<u64>>> {
        let from = self.decided;
        // The rest of a run that is not damage is not damage either.
        let goes_on = self.last.map_or(self.rows[from].frame.number > 0, |(_, current)| !current);
        if goes_on {
            return None;
        }
        let trusted = |index: &usize| self.trusted(*index, best).is_some();
        let next = (from..self.rows.len()).find(trusted);
        let end = next.unwrap_or(self.rows.len());
        let interval = self.references.time.interval().max(self.distorted.interval());
        let first = self.rows.get(from)?.frame.time;
        let until = match next {
            Some(next) => self.rows[next].frame.time,
            None => self.rows[end - 1].frame.time.saturating_add(interval),
        };
        if until.saturating_sub(first) > LONGEST {
            return None;
        }
        // What lies between the same neighbors in the reference.
        let before = self.last.map(|(last, _)| last);
        let (start, offset) = match (next.map(|next| best.state(next)), before) {
            (Some(State::Partner(after)), before) => {
                if self.rows.len() - end < FOLLOWED && !last {
                    return None;
                }
                let after = self.references.get(after)?.time;
                let start = before.map_or(0, |before| before + 1);
                (self.gap(start, after, until.saturating_sub(first))?, after.saturating_sub(until))
            }
            (None, Some(before)) if self.complete() && self.references.ended => {
                let end = self.references.time.last()?.saturating_add(self.references.time.interval());
                let start = self.gap(before + 1, end, until.saturating_sub(first))?;
                (start, self.references.get(start)?.time.saturating_sub(first))
            }
            _ => return None,
        };
        Some(self.nearest_by_time(from..end, start, offset))
    }

    /// The first reference, if `length` passes between it and the time `end`.
    fn gap(&self, start: u64, end: i64, length: i64) -> Option<u64> {
        let begin = self.references.get(start)?.time;
        let half = self.references.time.interval().max(self.distorted.interval()) / 2;
        ((end - begin) - length).abs().le(&(half + half / 4)).then_some(start)
    }

    /// For each of the rows the reference nearest by time, from `start` on, each used once.
    fn nearest_by_time(&self, rows: std::ops::Range<usize>, start: u64, offset: i64) -> Vec<Option<u64>> {
        let mut free = start.max(self.needed);
        let partner = |row: usize| {
            let time = self.rows[row].frame.time.saturating_add(offset);
            let distance = |r: u64| Some(self.references.get(r)?.time.abs_diff(time));
            let after = self.references.from(time);
            let candidates = [after.checked_sub(1), Some(after)].into_iter().flatten().filter(|&r| r >= free);
            let near = candidates.filter_map(|r| Some((distance(r)?, r))).min()?;
            let reach = self.references.get(near.1)?.interval * 0.55;
            (near.0 as f64 <= reach).then(|| {
                free = near.1 + 1;
                near.1
            })
        };
        rows.map(partner).collect()
    }

    /// Whether the run that begins with the oldest row is over and is not damage: the streams continue elsewhere.
    pub(super) fn is_replaced(&self, best: &BestPath) -> bool {
        let from = self.decided;
        let next = (from..self.rows.len()).find(|&index| self.trusted(index, best).is_some());
        let pairs = best.pairs_from(from).len();
        next.is_some_and(|next| self.rows.len() - next >= super::PATIENCE) && pairs >= super::PATIENCE
    }
}
