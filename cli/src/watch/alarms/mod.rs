// SPDX-License-Identifier: MPL-2.0

//! Determines when alarms of a camera begin and end.
//!
//! [`conditions`] evaluates the condition of each alarm, [`course`] its timing. Neither reads a clock.

mod conditions;
mod course;

use super::alarm::AlarmKind;
use super::config::Rule;
use super::status::State;
use conditions::Conditions;
use course::{Change, Course};
use jiff::Timestamp;
use onnx_iqa::metrics::LumaMeasurements;
use std::time::Instant;

/// State of a camera at some time.
#[derive(Debug, Clone, Copy)]
pub struct Facts {
    /// Monotonic time.
    pub now: Instant,
    /// Wall clock time, for schedules.
    pub wall: Timestamp,
    /// State of the camera.
    pub state: State,
    /// Measurements of the last picture, unless it is too old.
    pub luma: Option<LumaMeasurements>,
}

/// Change of an alarm.
#[derive(Debug, Clone, PartialEq)]
pub struct Changed {
    /// Kind of alarm.
    pub kind: AlarmKind,
    /// If the alarm begins, its measured value and limit, if any; `None` if it ends.
    pub began: Option<(Option<f64>, Option<f64>)>,
}

/// The alarms of a camera.
#[derive(Debug)]
pub struct Alarms {
    rules: Vec<(Rule, Course)>,
    conditions: Conditions,
}

impl Alarms {
    /// Creates the alarms from the configuration; none is active.
    pub fn new(rules: &[Rule]) -> Self {
        let low = rules.iter().find_map(|rule| rule.low);
        let rules = rules.iter().map(|rule| (rule.clone(), Course::new(rule.hold, rule.clear_after))).collect();
        Self { rules, conditions: Conditions::new(low) }
    }

    /// Adds a score.
    pub fn scored(&mut self, at: Instant, score: f64) {
        self.conditions.scored(at, score);
    }

    /// Advances time and returns the alarms that begin or end.
    pub fn step(&mut self, facts: &Facts) -> Vec<Changed> {
        let conditions = &mut self.conditions;
        conditions.take(facts);
        let changes = self.rules.iter_mut().filter_map(|(rule, course)| {
            let finding = conditions.finding(rule.kind, facts);
            let allowed = rule.schedule.as_ref().is_none_or(|schedule| schedule.holds(facts.wall));
            let change = course.step(facts.now, finding, allowed)?;
            let began = (change == Change::Began).then(|| conditions.value(rule.kind));
            Some(Changed { kind: rule.kind, began })
        });
        changes.collect()
    }

    /// Whether an alarm is active.
    pub fn is_active(&self, kind: AlarmKind) -> bool {
        self.rules.iter().any(|(rule, course)| rule.kind == kind && course.is_active())
    }
}

#[cfg(test)]
mod tests;
