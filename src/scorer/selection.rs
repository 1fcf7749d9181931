// SPDX-License-Identifier: MPL-2.0

//! Which frames, or pairs, a model scores.

/// Time stamps are rounded: a frame this early is still on time, in nanoseconds.
const TOLERANCE: i64 = 2_000;

/// Which frames are scored: one out of every few, and at most one per period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Selection {
    /// Score every Nth frame; 0 counts as 1.
    pub interval: u32,
    /// The least time between two scores, in nanoseconds; `None`: no limit.
    pub period: Option<u64>,
}

/// Every frame.
impl Default for Selection {
    fn default() -> Self {
        Self { interval: 1, period: None }
    }
}

impl Selection {
    /// One in `interval`, and at most one per `period` nanoseconds.
    #[must_use]
    pub fn new(interval: u32, period: Option<u64>) -> Self {
        Self { interval, period }
    }
}

/// Selects frames, in the order in which they are shown.
#[derive(Debug, Default)]
pub struct Selector {
    seen: u64,
    /// When the next frame may be scored, and the time of the last one.
    due: Option<(i64, i64)>,
}

impl Selector {
    /// Whether the next frame is scored; the selection may change from frame to frame. `time` is when it is shown, in
    /// nanoseconds; a frame without a time is not subject to the period.
    pub fn pick(&mut self, time: Option<i64>, selection: Selection) -> bool {
        let turn = self.seen.is_multiple_of(u64::from(selection.interval.max(1)));
        self.seen = self.seen.wrapping_add(1);
        turn && self.within_rate(time, selection.period)
    }

    fn within_rate(&mut self, time: Option<i64>, period: Option<u64>) -> bool {
        let (Some(time), Some(period)) = (time, period) else { return true };
        let mut due = time.saturating_add_unsigned(period);
        if let Some((before, last)) = self.due {
            // Time that jumps back (a seek, a new segment) restarts the schedule.
            if time >= last && time.saturating_add(TOLERANCE) < before {
                return false;
            }
            // If on schedule, the next time counts from when this one was due, so that rates that do not divide the
            // frame rate are met on average; after a gap it counts from now.
            let next = before.saturating_add_unsigned(period);
            if time >= last && time < next {
                due = next;
            }
        }
        self.due = Some((due, time));
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The numbers of the frames that are picked, at `rate` a second at most; 0: no limit.
    fn picked(interval: u32, rate: u64, times: impl IntoIterator<Item = i64>) -> Vec<usize> {
        let selection = Selection::new(interval, (rate > 0).then(|| (1_000_000_000 + rate / 2) / rate));
        let mut selector = Selector::default();
        let frames = times.into_iter().enumerate();
        frames.filter(|&(_, time)| selector.pick(Some(time), selection)).map(|(number, _)| number).collect()
    }

    #[test]
    fn one_in_n_from_the_first() {
        assert_eq!(picked(4, 0, 0..10), [0, 4, 8]);
        assert_eq!(picked(1, 0, 0..3), [0, 1, 2]);
        assert_eq!(picked(0, 0, 0..3), [0, 1, 2]);
        assert_eq!(picked(u32::MAX, 0, 0..10), [0]);
    }

    #[test]
    fn a_rate_that_divides_the_frame_rate_is_met_in_spite_of_rounded_time_stamps() {
        let thirty = (0..31).map(|n| n * 1_000_000_000 / 30);
        assert_eq!(picked(1, 10, thirty), [0, 3, 6, 9, 12, 15, 18, 21, 24, 27, 30]);
    }

    #[test]
    fn a_rate_that_does_not_is_met_on_average_and_never_exceeded() {
        let picked = picked(1, 7, (0..251).map(|n| n * 40_000_000));
        assert!((70..=71).contains(&picked.len()), "{} scores in 10 s at 7 a second", picked.len());
    }

    #[test]
    fn time_that_jumps_back_starts_anew() {
        assert_eq!(picked(1, 1, [5_000_000_000, 5_100_000_000, 0, 100, 1_000_000_000]), [0, 2, 4]);
        assert_eq!(picked(1, 1, [-1_000_000_000, -500_000_000, 0]), [0, 2]);
    }

    #[test]
    fn a_gap_is_not_made_up_for() {
        let times = [0, 100, 10_000_000_000, 10_000_000_100, 10_500_000_000, 11_000_000_000];
        assert_eq!(picked(1, 1, times), [0, 2, 5]);
    }

    #[test]
    fn frames_without_time_are_held_to_the_interval_only() {
        let mut selector = Selector::default();
        let selection = Selection::new(2, Some(1_000_000_000));
        assert_eq!((0..4).filter(|_| selector.pick(None, selection)).count(), 2);
    }

    #[test]
    fn a_selection_that_changes_holds_from_the_next_frame() {
        let mut selector = Selector::default();
        let picked: Vec<_> =
            (0..8).filter(|&n| selector.pick(Some(n), Selection::new(if n < 4 { 4 } else { 2 }, None))).collect();
        assert_eq!(picked, [0, 4, 6]);
    }
}
