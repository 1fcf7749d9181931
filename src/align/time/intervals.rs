// SPDX-License-Identifier: MPL-2.0

//! How far apart frames are, by their time stamps.
//!
//! Caps may state a time base as a frame rate (24000/1), which makes frames seem to last 42 µs. The real interval is
//! the median of the last steps, since gaps and extra frames are rarer than regular steps.

use std::collections::VecDeque;

/// Steps that are considered.
const STEPS: usize = 7;

/// Steps that may belong to a frame rate, in ns.
const RATES: std::ops::RangeInclusive<u64> = 1_000_000..=2_000_000_000;

/// A duration below this fraction of a step is a time base, not a duration.
const FAR_BELOW: u64 = 8;

/// The last steps between frames.
#[derive(Debug, Default)]
pub(super) struct Intervals {
    steps: VecDeque<u64>,
    median: Option<u64>,
}

impl Intervals {
    /// The next frame is this much later, in ns.
    pub fn push(&mut self, step: u64) {
        if !RATES.contains(&step) {
            return;
        }
        self.steps.push_back(step);
        if self.steps.len() > STEPS {
            self.steps.pop_front();
        }
        let mut sorted: Vec<u64> = self.steps.iter().copied().collect();
        sorted.sort_unstable();
        self.median = sorted.get((sorted.len() - 1) / 2).copied();
    }

    /// The usual interval between frames, in ns, once a step is known.
    pub fn median(&self) -> Option<u64> {
        self.median
    }

    /// How long a frame with this duration is shown: its duration, unless that is a time base. `None`: only the next
    /// frame will tell.
    pub fn shown(&self, duration: Option<u64>) -> Option<u64> {
        let duration = duration?;
        match self.median {
            Some(median) if duration.saturating_mul(FAR_BELOW) < median && self.knows(duration) => Some(median),
            None if duration < *RATES.start() => None,
            _ => Some(duration),
        }
    }

    /// Whether the steps tell more than the duration: a single one may be a gap, unless no frame rate is that high.
    fn knows(&self, duration: u64) -> bool {
        self.steps.len() > 1 || duration <= *RATES.start()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;

    #[test]
    fn a_duration_far_below_the_steps_is_a_time_base() {
        let mut intervals = Intervals::default();
        // 1/24000 s is no frame rate even before a step is known; 1/25 s is.
        assert_eq!((intervals.shown(Some(41_666)), intervals.shown(Some(40 * MS))), (None, Some(40 * MS)));
        // Two of three steps are 40 ms, one is a gap.
        for step in [40, 80, 40, 40, 80, 40, 40] {
            intervals.push(step * MS);
        }
        assert_eq!(intervals.shown(Some(41_666)), Some(40 * MS));
        // A frame that is shown for a part of the time until the next one says so itself: 20 of 40 ms.
        assert_eq!(intervals.shown(Some(20 * MS)), Some(20 * MS));
        assert_eq!(intervals.shown(None), None);
    }

    #[test]
    fn a_single_step_may_be_a_gap() {
        let mut intervals = Intervals::default();
        intervals.push(400 * MS);
        assert_eq!((intervals.shown(Some(40 * MS)), intervals.shown(Some(MS))), (Some(40 * MS), Some(400 * MS)));
        intervals.push(400 * MS);
        assert_eq!(intervals.shown(Some(40 * MS)), Some(400 * MS));
    }

    #[test]
    fn a_changed_rate_is_followed_and_jumps_are_not_counted() {
        let mut intervals = Intervals::default();
        (0..9).for_each(|_| intervals.push(40 * MS));
        [0, 3_000_000 * MS].into_iter().for_each(|step| intervals.push(step));
        assert_eq!(intervals.shown(Some(1)), Some(40 * MS));
        (0..4).for_each(|_| intervals.push(20 * MS));
        assert_eq!(intervals.shown(Some(1)), Some(20 * MS));
    }
}
