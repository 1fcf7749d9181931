// SPDX-License-Identifier: MPL-2.0

//! When a translation between the streams is estimated, and from which frames.

use super::Tracker;
use super::best::BestPath;
use super::row::{LAG, Row};
use super::shift::{self, Pyramid, Shift};
use super::side::Distorted;
use crate::align::time::unit::BLOCKS;

/// Frames from which a translation is estimated.
const REGISTER: usize = 12;

/// Mean block distance below which pictures are equal, so that there is no translation.
const EQUAL: f32 = 1e-4;

/// Offsets that are tried first, in reference frames to either side; then the largest translation that is accepted
/// while the camera moves, in cells.
const HERE: i64 = 8;
const SMALL: f64 = 0.6;

/// References in which camera motion is searched for.
const PANNING: u64 = 16;

/// Where a translation has been searched for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Registered {
    Never,
    /// Near the expected offset.
    Here,
    /// At all offsets.
    All,
}

impl Tracker {
    /// Estimates a translation between the streams; true if it has changed.
    ///
    /// In a panning shot a translation resembles an offset in time. While the camera moves, and until all offsets are
    /// in reach, only a small translation at the expected offset is accepted.
    pub(super) fn register(&mut self, must: bool, best: &BestPath) -> bool {
        let count = self.undecided();
        let all = must || self.waited() >= self.range.min(self.window) + REGISTER as i64 * self.distorted.interval();
        let due = match self.registered {
            Registered::Never => count >= REGISTER || (all && count >= LAG),
            Registered::Here => all,
            Registered::All => false,
        };
        if !due {
            return false;
        }
        self.registered = if all { Registered::All } else { Registered::Here };
        let pairs = best.pairs_from(self.decided);
        let likenesses = pairs.iter().filter_map(|&(index, r)| self.rows[index].likeness(r));
        let distance: f32 = likenesses.flat_map(|likeness| likeness.distances).sum();
        if pairs.len() == count && distance < EQUAL * (count * BLOCKS) as f32 {
            return false;
        }
        let (range, interval) = (self.range.min(self.window), self.references.time.interval());
        let shift = match all {
            true => self.translation(range),
            // At the expected offset, if there is one; a match elsewhere must not be camera motion.
            false => {
                let steady = || !self.is_panning(self.references.end());
                let here = self.translation(range.min(interval));
                let here = here.filter(|shift| shift.length() <= SMALL || steady());
                here.or_else(|| self.translation(range.min(HERE * interval)).filter(|_| steady()))
            }
        };
        let shift = shift.unwrap_or_default();
        let other = shift != self.references.shift();
        if other {
            self.remake(shift, None);
        }
        other
    }

    /// The translation that fits the undecided rows best, up to `range` away from the expected offset.
    fn translation(&self, range: i64) -> Option<Shift> {
        let pyramid = |row: &Row| Some((row.frame.time, Pyramid::of(row.frame.signature.as_ref()?)));
        // Earlier references may belong to all of the last rows, later ones to all of the first.
        let last = self.rows.range(self.rows.len() - self.undecided().min(REGISTER)..).filter_map(pyramid);
        let last: Vec<(i64, Pyramid)> = last.collect();
        let first: Vec<(i64, Pyramid)> = self.rows.range(self.decided..).take(REGISTER).filter_map(pyramid).collect();
        let (begin, end) = (self.references.from(self.reach(first.first()?.0)), self.rows.back().map_or(0, Row::end));
        let pyramid = |r| Some(Pyramid::of(self.references.get(r)?.signature.as_ref()?));
        let reference: Vec<Option<Pyramid>> = (begin..end).map(pyramid).collect();
        let (center, interval) = (self.course.center(), self.references.time.interval());
        let candidate = |offset: i64| -> Vec<(&Pyramid, &Pyramid)> {
            let pair = |(time, _): &'_ (i64, Pyramid)| {
                let nearest = self.references.from(time.saturating_add(offset - interval / 2));
                let near = self.references.get(nearest).is_some_and(|r| r.time - time - offset <= interval);
                let at = usize::try_from(nearest.checked_sub(begin)?).ok()?;
                near.then_some(at).filter(|&at| reference.get(at).is_some_and(Option::is_some))
            };
            let rows = if offset < center { &last } else { &first };
            let places = rows.iter().filter_map(|row| Some((&row.1, pair(row)?)));
            places.filter_map(|(pyramid, at)| Some((pyramid, reference[at].as_ref()?))).collect()
        };
        let steps = range / interval;
        let offsets = (-steps..=steps).map(|n| center + n * interval);
        let enough = |pairs: &Vec<_>| 3 * pairs.len() >= 2 * first.len().min(last.len());
        let candidates: Vec<_> = offsets.map(candidate).filter(enough).collect();
        let steps = (begin..end.saturating_sub(1)).filter_map(|r| self.references.distance(r, r + 1));
        let (sum, number) = steps.fold((0.0, 0u32), |(sum, number), step| (sum + step, number + 1));
        shift::search(&candidates, sum / f64::from(number.max(1)))
    }

    /// Whether the camera moves in the last references before this one.
    fn is_panning(&self, end: u64) -> bool {
        let pyramid = |r: u64| Some(Pyramid::of(self.references.get(r)?.signature.as_ref()?));
        let begin = end.saturating_sub(PANNING);
        let pyramids: Vec<Pyramid> = (begin..end).filter_map(pyramid).collect();
        let pairs: Vec<_> = pyramids.iter().zip(pyramids.iter().skip(LAG)).collect();
        pairs.is_empty() || shift::is_pan(&pairs)
    }

    /// Refines the translation on decided pairs.
    pub(super) fn follow(&mut self) {
        // While the camera moves, a wrong partner would be taken for a translation.
        if self.references.shift().is_none() && self.last.is_none_or(|(last, _)| self.is_panning(last)) {
            return;
        }
        let pyramids = self.rows.range(..self.decided).filter_map(|row| {
            let partner = self.references.get(row.settled?)?.signature.as_ref()?;
            Some((Pyramid::of(row.frame.signature.as_ref()?), Pyramid::of(partner)))
        });
        let pyramids: Vec<_> = pyramids.collect();
        let pairs: Vec<_> = pyramids.iter().map(|(d, r)| (d, r)).collect();
        if let Some(shift) = shift::follow(&pairs, self.references.shift()) {
            self.remake(shift, None);
        }
    }

    /// Compares pictures again with this translation between them and recomputes the undecided rows, with the
    /// references before `end` in reach, or those that already are.
    pub(super) fn remake(&mut self, shift: Shift, end: Option<u64>) {
        let undecided = self.rows.split_off(self.decided);
        if shift != self.references.shift() {
            self.references.set_shift(shift);
            for mut row in std::mem::take(&mut self.rows) {
                let empty = Distorted::new(row.frame.number, row.frame.time, None, shift);
                let frame = std::mem::replace(&mut row.frame, empty);
                let before = self.rows.back().and_then(|row| row.frame.unit.as_ref());
                row.compare(frame.moved(shift), before, &self.references);
                self.rows.push_back(row);
            }
            self.waiting = std::mem::take(&mut self.waiting).into_iter().map(|frame| frame.moved(shift)).collect();
        }
        if let Some(row) = self.rows.back_mut() {
            let state = self.state;
            row.prune(|other, _| other == state);
        }
        for row in undecided {
            let end = end.unwrap_or(row.end());
            self.extend(row.frame.moved(shift), end);
        }
    }
}
