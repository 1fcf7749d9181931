// SPDX-License-Identifier: MPL-2.0

//! Timing of an alarm: it begins after its condition has held for some time, and ends after it has not held for some
//! time.

use std::time::{Duration, Instant};

/// Result of a condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finding {
    /// The condition holds.
    Wrong,
    /// The condition does not hold.
    Right,
    /// Unknown.
    Unknown,
}

/// Change of an alarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// It begins.
    Began,
    /// It ends.
    Ended,
}

/// State of an alarm over time.
#[derive(Debug)]
pub struct Course {
    hold: Duration,
    clear_after: Duration,
    /// Since when the condition has contradicted the current state without interruption.
    since: Option<Instant>,
    active: bool,
}

impl Course {
    /// Begins after the condition has held for `hold`, and ends after it has not held for `clear_after`, both without
    /// interruption.
    pub fn new(hold: Duration, clear_after: Duration) -> Self {
        Self { hold, clear_after, since: None, active: false }
    }

    /// Whether the alarm is active.
    pub fn is_active(&self) -> bool {
        self.active
    }

    /// Updates the state at `now`. An unknown condition leaves the alarm unchanged and interrupts a pending change. If
    /// not `allowed`, no alarm begins; it may begin later for a condition that holds since now.
    pub fn step(&mut self, now: Instant, finding: Finding, allowed: bool) -> Option<Change> {
        let (changing, wait) = match self.active {
            false => (Finding::Wrong, self.hold),
            true => (Finding::Right, self.clear_after),
        };
        if finding != changing {
            self.since = None;
            return None;
        }
        let since = *self.since.get_or_insert(now);
        if now.saturating_duration_since(since) < wait || !(self.active || allowed) {
            return None;
        }
        (self.active, self.since) = (!self.active, None);
        Some(if self.active { Change::Began } else { Change::Ended })
    }
}

#[cfg(test)]
mod tests {
    use super::Finding::{Right, Unknown, Wrong};
    use super::*;

    /// Changes with `hold` 2 s, `clear_after` 3 s and one result per second.
    fn changes(findings: &[Finding]) -> Vec<(usize, Change)> {
        let mut course = Course::new(Duration::from_secs(2), Duration::from_secs(3));
        let start = Instant::now();
        let step = |(second, finding): (usize, &Finding)| {
            let now = start + Duration::from_secs(second as u64);
            Some((second, course.step(now, *finding, true)?))
        };
        findings.iter().enumerate().filter_map(step).collect()
    }

    #[test]
    fn it_begins_and_ends_after_its_times() {
        let findings = [Right, Wrong, Wrong, Wrong, Wrong, Right, Right, Right, Right, Right];
        assert_eq!(changes(&findings), [(3, Change::Began), (8, Change::Ended)]);
    }

    #[test]
    fn a_break_begins_the_time_anew() {
        assert_eq!(changes(&[Wrong, Wrong, Right, Wrong, Wrong, Wrong]), [(5, Change::Began)]);
        assert_eq!(changes(&[Wrong, Wrong, Unknown, Wrong, Wrong, Wrong]), [(5, Change::Began)]);
        let findings = [Wrong, Wrong, Wrong, Right, Right, Unknown, Right, Right, Right, Right];
        assert_eq!(changes(&findings), [(2, Change::Began), (9, Change::Ended)]);
    }

    #[test]
    fn what_cannot_be_said_leaves_it_as_it_is() {
        assert_eq!(changes(&[Wrong, Wrong, Wrong, Unknown, Unknown, Unknown, Unknown]), [(2, Change::Began)]);
        assert_eq!(changes(&[Unknown; 9]), []);
    }

    #[test]
    fn outside_its_hours_none_begins_but_one_ends() {
        let (start, second) = (Instant::now(), Duration::from_secs(1));
        let mut course = Course::new(second, second);
        assert_eq!(course.step(start, Wrong, false), None);
        assert_eq!(course.step(start + 5 * second, Wrong, false), None);
        assert_eq!(course.step(start + 6 * second, Wrong, true), Some(Change::Began));
        assert_eq!(course.step(start + 7 * second, Right, false), None);
        assert_eq!(course.step(start + 8 * second, Right, false), Some(Change::Ended));
    }

    #[test]
    fn without_times_it_changes_at_once() {
        let mut course = Course::new(Duration::ZERO, Duration::ZERO);
        let now = Instant::now();
        assert_eq!(course.step(now, Wrong, true), Some(Change::Began));
        assert_eq!(course.step(now, Right, true), Some(Change::Ended));
    }
}
