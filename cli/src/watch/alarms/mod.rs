// SPDX-License-Identifier: MPL-2.0

//! When something is wrong with a camera for long enough to tell somebody.
//!
//! [`conditions`] says of each alarm whether it is so now, [`course`] what that comes to in time. Neither reads a
//! clock.

mod conditions;
mod course;

use super::alarm::AlarmKind;
use super::config::Rule;
use super::status::State;
use conditions::Conditions;
use course::{Change, Course};
use jiff::Timestamp;
use onnx_iqa::metrics::LumaLook;
use std::time::Instant;

/// What is known of a camera at some time.
#[derive(Debug, Clone, Copy)]
pub struct Facts {
    /// By the steady clock.
    pub now: Instant,
    /// By the clock on the wall, for schedules.
    pub wall: Timestamp,
    /// Whether pictures come.
    pub state: State,
    /// What the picture that was looked at last says, if that one is not too old.
    pub look: Option<LumaLook>,
}

/// What has become of an alarm.
#[derive(Debug, Clone, PartialEq)]
pub struct Changed {
    /// Which alarm.
    pub kind: AlarmKind,
    /// What was measured and the limit, where it has them, if it begins; none: it ends.
    pub began: Option<(Option<f64>, Option<f64>)>,
}

/// The alarms of one camera.
#[derive(Debug)]
pub struct Alarms {
    rules: Vec<(Rule, Course)>,
    conditions: Conditions,
}

impl Alarms {
    /// By the configuration's rules; none goes on yet.
    pub fn new(rules: &[Rule]) -> Self {
        let low = rules.iter().find_map(|rule| rule.low);
        let rules = rules.iter().map(|rule| (rule.clone(), Course::new(rule.hold, rule.clear_after))).collect();
        Self { rules, conditions: Conditions::new(low) }
    }

    /// A frame has been scored.
    pub fn scored(&mut self, at: Instant, score: f64) {
        self.conditions.scored(at, score);
    }

    /// Time has gone on. Says what begins and what ends.
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

    /// Whether it goes on.
    pub fn is_active(&self, kind: AlarmKind) -> bool {
        self.rules.iter().any(|(rule, course)| rule.kind == kind && course.is_active())
    }
}

#[cfg(test)]
mod tests;
