// SPDX-License-Identifier: MPL-2.0

//! Whether quality is too low.

use super::FieldRange;

/// An alarm on the means of windows, with hysteresis.
///
/// It is raised when a mean falls below the limit, and clears when one has come back to the limit plus the hysteresis,
/// or to the top of the field's range, if that is nearer: an alarm that could never clear would be none. A window
/// without any value leaves it as it is.
#[derive(Debug, Clone, Copy)]
pub struct AlarmMonitor {
    top: f64,
    below: Option<f64>,
    hysteresis: f64,
    active: bool,
}

/// That an alarm was raised or has cleared.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AlarmChange {
    /// Whether it is raised from now on.
    pub active: bool,
    /// The mean that did it, in the field's unit.
    pub mean: f64,
}

impl AlarmMonitor {
    /// An alarm, off, on a field with that range.
    #[must_use]
    pub fn new(range: FieldRange) -> Self {
        Self { top: range.high, below: None, hysteresis: 0.0, active: false }
    }

    /// Sets the limit, in the field's unit (`None` is off), and how far above it the alarm clears (not below 0). What
    /// is raised stays so until the next mean.
    pub fn set(&mut self, below: Option<f64>, hysteresis: f64) {
        self.below = below;
        self.hysteresis = hysteresis.max(0.0);
    }

    /// Whether it is raised.
    #[must_use]
    pub fn active(&self) -> bool {
        self.active
    }

    /// Forgets that it was raised, as when a stream starts anew.
    pub fn reset(&mut self) {
        self.active = false;
    }

    /// Takes a window's mean, if the window has one; says when that changes anything.
    pub fn update(&mut self, mean: Option<f64>) -> Option<AlarmChange> {
        let mean = mean?;
        let active = match self.below {
            Some(below) if self.active => mean < (below + self.hysteresis).min(self.top.max(below)),
            Some(below) => mean < below,
            None => false,
        };
        let changed = active != self.active;
        self.active = active;
        changed.then_some(AlarmChange { active, mean })
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
