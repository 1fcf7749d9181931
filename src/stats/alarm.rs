// SPDX-License-Identifier: MPL-2.0

//! Alarms on low or high quality.

use super::FieldRange;

/// The limit that an alarm has crossed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Passed {
    Below,
    Above,
}

/// An alarm on the means of windows, with hysteresis.
///
/// It is raised when a mean falls below the lower limit or rises above the upper one. It clears when a mean has
/// returned beyond that limit by the hysteresis, or reached the end of the field's range, if that is nearer, because
/// otherwise it could never clear. A window without values leaves it unchanged.
#[derive(Debug, Clone, Copy)]
pub struct AlarmMonitor {
    range: FieldRange,
    below: Option<f64>,
    above: Option<f64>,
    hysteresis: f64,
    passed: Option<Passed>,
}

/// That an alarm was raised or has cleared.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AlarmChange {
    /// Whether it is raised now.
    pub active: bool,
    /// The mean that caused it, in the field's unit.
    pub mean: f64,
}

impl AlarmMonitor {
    /// An alarm on a field with that range, not raised.
    #[must_use]
    pub fn new(range: FieldRange) -> Self {
        Self { range, below: None, above: None, hysteresis: 0.0, passed: None }
    }

    /// Sets the lower limit, in the field's unit (`None` is off), and how far beyond a limit the alarm clears (at least
    /// 0). A raised alarm remains so until the next mean.
    pub fn set(&mut self, below: Option<f64>, hysteresis: f64) {
        self.below = below;
        self.hysteresis = hysteresis.max(0.0);
    }

    /// Sets the upper limit, for fields for which higher is worse; `None` is off.
    pub fn set_above(&mut self, above: Option<f64>) {
        self.above = above;
    }

    /// Whether it is raised.
    #[must_use]
    pub fn active(&self) -> bool {
        self.passed.is_some()
    }

    /// Clears it silently, as for a new stream.
    pub fn reset(&mut self) {
        self.passed = None;
    }

    /// Takes a window's mean, if it has one; returns a change, if any.
    pub fn update(&mut self, mean: Option<f64>) -> Option<AlarmChange> {
        let mean = mean?;
        let was_active = self.active();
        let held = match self.passed {
            Some(Passed::Below) => self.below.is_some_and(|limit| mean < self.clears_below(limit)),
            Some(Passed::Above) => self.above.is_some_and(|limit| mean > self.clears_above(limit)),
            None => false,
        };
        if !held {
            self.passed = if self.below.is_some_and(|limit| mean < limit) {
                Some(Passed::Below)
            } else {
                self.above.filter(|&limit| mean > limit).map(|_| Passed::Above)
            };
        }
        let active = self.active();
        (active != was_active).then_some(AlarmChange { active, mean })
    }

    /// Where an alarm below the limit clears.
    fn clears_below(&self, limit: f64) -> f64 {
        (limit + self.hysteresis).min(self.range.high.max(limit))
    }

    /// Where an alarm above the limit clears.
    fn clears_above(&self, limit: f64) -> f64 {
        (limit - self.hysteresis).max(self.range.low.min(limit))
    }
}

#[cfg(test)]
mod tests {
    use super::{AlarmChange, AlarmMonitor, FieldRange};

    fn raised(mean: f64) -> Option<AlarmChange> {
        Some(AlarmChange { active: true, mean })
    }

    fn cleared(mean: f64) -> Option<AlarmChange> {
        Some(AlarmChange { active: false, mean })
    }

    #[test]
    fn hysteresis() {
        let mut alarm = AlarmMonitor::new(FieldRange::SCORE);
        alarm.set(Some(40.0), 5.0);
        let means = [50.0, 40.0, 39.9, 42.0, 30.0, 44.9, 45.0, 41.0, 40.0, 39.0];
        let changes: Vec<_> = means.iter().filter_map(|&mean| alarm.update(Some(mean))).collect();
        assert_eq!(changes, [raised(39.9), cleared(45.0), raised(39.0)].map(Option::unwrap));
    }

    #[test]
    fn a_window_without_scores_changes_nothing() {
        let mut alarm = AlarmMonitor::new(FieldRange::SCORE);
        alarm.set(Some(40.0), 5.0);
        assert_eq!(alarm.update(None), None);
        assert_eq!(alarm.update(Some(10.0)), raised(10.0));
        assert_eq!(alarm.update(None), None);
        assert!(alarm.active());
    }

    #[test]
    fn it_can_always_clear() {
        let mut alarm = AlarmMonitor::new(FieldRange::SCORE);
        alarm.set(Some(97.0), 5.0);
        assert_eq!(alarm.update(Some(96.0)), raised(96.0));
        assert_eq!(alarm.update(Some(99.9)), None);
        assert_eq!(alarm.update(Some(100.0)), cleared(100.0));
    }

    #[test]
    fn more_may_be_worse() {
        let mut alarm = AlarmMonitor::new(FieldRange::new(0.0, 20.0));
        alarm.set_above(Some(5.0));
        alarm.set(None, 2.0);
        let means = [5.0, 5.1, 3.1, 3.0, 9.0, 2.0];
        let changes: Vec<_> = means.iter().filter_map(|&mean| alarm.update(Some(mean))).collect();
        assert_eq!(changes, [raised(5.1), cleared(3.0), raised(9.0), cleared(2.0)].map(Option::unwrap));
        // The hysteresis would put the clear level at -1: it clears at the end of the range.
        alarm.set_above(Some(1.0));
        assert_eq!([1.5, 0.1, 0.0].map(|mean| alarm.update(Some(mean))), [raised(1.5), None, cleared(0.0)]);
    }

    #[test]
    fn one_alarm_may_have_both_limits() {
        let mut alarm = AlarmMonitor::new(FieldRange::SCORE);
        alarm.set(Some(40.0), 5.0);
        alarm.set_above(Some(60.0));
        // From below the one to above the other it stays raised.
        let means = [50.0, 30.0, 44.0, 61.0, 56.0, 55.0, 39.0, 45.0];
        let changes: Vec<_> = means.iter().filter_map(|&mean| alarm.update(Some(mean))).collect();
        assert_eq!(changes, [raised(30.0), cleared(55.0), raised(39.0), cleared(45.0)].map(Option::unwrap));
    }

    #[test]
    fn switching_off_clears_at_the_next_mean() {
        let mut alarm = AlarmMonitor::new(FieldRange::SCORE);
        assert_eq!(alarm.update(Some(0.0)), None, "off at first");
        alarm.set(Some(40.0), 5.0);
        assert_eq!(alarm.update(Some(0.0)), raised(0.0));
        alarm.set(None, 5.0);
        assert_eq!(alarm.update(Some(0.0)), cleared(0.0));
        alarm.set(Some(40.0), f64::NAN);
        assert_eq!(alarm.update(Some(0.0)), raised(0.0));
        assert_eq!(alarm.update(Some(40.0)), cleared(40.0));
        alarm.update(Some(0.0));
        alarm.reset();
        assert!(!alarm.active());
    }
}
