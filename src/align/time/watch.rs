// SPDX-License-Identifier: MPL-2.0

//! Watching a known offset: do the pictures still agree, and would another offset suit them better?

use super::look::{Look, SHIFTS};
use super::search::Search;

/// Offsets up to so many reference frames away are watched.
const AWAY: usize = 5;

/// What is left of the evidence after each frame: half of it after 11.
const MEMORY: f32 = 0.94;

/// Moving pairs that are needed for a judgement.
const PAIRS: f32 = 8.0;

/// By how much another offset has to be better, at most, and how good it has to be.
const BETTER: f32 = 0.2;
const GOOD: f32 = 0.4;

/// The part of the correlation at the beginning that has to be left.
const LEFT: f32 = 0.25;

/// Evidence for the offsets around the known one.
#[derive(Debug, Clone)]
pub(super) struct Watch {
    offset: i64,
    shift: usize,
    /// The distorted frame to look at next, in the search's store.
    next: u64,
    lags: [Lag; 2 * AWAY + 1],
    /// The highest correlation that there has been.
    best: f32,
}

#[derive(Debug, Clone, Copy, Default)]
struct Lag {
    product: f32,
    distorted: f32,
    reference: f32,
}

impl Lag {
    fn moving(&self) -> f32 {
        (self.distorted * self.reference).sqrt()
    }

    fn correlation(&self) -> f32 {
        self.product / (self.moving() + 1.0)
    }
}

impl Watch {
    pub fn new(offset: i64, shift: usize, next: u64) -> Self {
        Self { offset, shift: shift.min(SHIFTS - 1), next, lags: Default::default(), best: 0.0 }
    }

    /// Looks at the distorted frames for which there are references on both sides. True if the offset is wrong.
    pub fn look(&mut self, search: &Search, interval: i64) -> bool {
        let Some(newest) = search.references.back().map(|r| r.running) else { return false };
        let away = interval.saturating_mul(AWAY as i64);
        let first = search.distorted.partition_point(|frame| frame.number < self.next);
        for frame in search.distorted.range(first..) {
            if frame.running.saturating_add(self.offset).saturating_add(away) > newest {
                break;
            }
            self.next = frame.number + 1;
            self.add(search, frame, interval);
        }
        self.is_wrong()
    }

    fn add(&mut self, search: &Search, frame: &Look, interval: i64) {
        let Some(change) = &frame.change else { return };
        for (at, lag) in self.lags.iter_mut().enumerate() {
            let by = (at as i64 - AWAY as i64).saturating_mul(interval);
            let time = frame.running.saturating_add(self.offset).saturating_add(by);
            let near = search.nearest(time).filter(|r| r.running.abs_diff(time) <= interval as u64 / 2);
            lag.product *= MEMORY;
            lag.distorted *= MEMORY;
            lag.reference *= MEMORY;
            if let Some(other) = near.and_then(|r| r.change.as_ref()) {
                lag.product += change.products(other)[self.shift];
                lag.distorted += change.energy;
                lag.reference += other.energy;
            }
        }
    }

    fn is_wrong(&mut self) -> bool {
        let here = self.lags[AWAY];
        if here.moving() < PAIRS {
            return false;
        }
        let correlation = here.correlation();
        self.best = self.best.max(correlation);
        let rival = self.lags.iter().filter(|lag| lag.moving() >= PAIRS).map(Lag::correlation).fold(0.0, f32::max);
        // The nearer to 1, the less is noise.
        let better = BETTER.min(2.0 * (1.0 - rival)).max(BETTER / 4.0);
        (rival >= GOOD && rival - correlation >= better) || correlation < LEFT * self.best
    }
}
