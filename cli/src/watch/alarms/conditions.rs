// SPDX-License-Identifier: MPL-2.0

//! Evaluates the alarm conditions of a camera.

use super::Facts;
use super::course::Finding;
use crate::watch::alarm::AlarmKind;
use crate::watch::config::Low;
use crate::watch::status::State;
use onnx_iqa::metrics::LumaMeasurements;
use onnx_iqa::stats::{AlarmMonitor, FieldRange};
use std::collections::VecDeque;
use std::time::Instant;

/// Minimum dark share of a black picture.
pub const BLACK: f64 = 0.98;
/// A picture that is not black is covered if its luma deviation, as a share of full scale, is below this.
pub const COVERED: f64 = 3.0 / 255.0;
/// A picture is unchanged if it differs from the previous one by at most this share of full scale.
pub const FROZEN: f64 = 0.001;

/// State evaluated by the conditions.
#[derive(Debug)]
pub struct Conditions {
    low: Option<LowMean>,
    luma: Option<LumaMeasurements>,
    /// Largest motion since the picture stopped changing.
    motion: Option<f64>,
}

/// Mean score of the window.
#[derive(Debug)]
struct LowMean {
    limits: Low,
    monitor: AlarmMonitor,
    scores: VecDeque<(Instant, f64)>,
    mean: Option<f64>,
}

impl Conditions {
    /// Creates the state before the first frame.
    pub fn new(low: Option<Low>) -> Self {
        let low = low.map(|limits| {
            let mut monitor = AlarmMonitor::new(FieldRange::SCORE);
            monitor.set(Some(limits.below), limits.hysteresis);
            LowMean { limits, monitor, scores: VecDeque::new(), mean: None }
        });
        Self { low, luma: None, motion: None }
    }

    /// Adds a score.
    pub fn scored(&mut self, at: Instant, score: f64) {
        if let Some(low) = &mut self.low {
            low.scores.push_back((at, score));
        }
    }

    /// Updates the state.
    pub fn take(&mut self, facts: &Facts) {
        if let Some(low) = &mut self.low {
            low.forget(facts.now);
        }
        self.luma = facts.luma;
        self.motion = match facts.luma.and_then(|luma| luma.motion) {
            Some(motion) if motion <= FROZEN => Some(self.motion.map_or(motion, |most| most.max(motion))),
            _ => None,
        };
    }

    /// Whether a condition holds.
    pub fn finding(&self, kind: AlarmKind, facts: &Facts) -> Finding {
        let whether = |wrong: bool| if wrong { Finding::Wrong } else { Finding::Right };
        let of_luma = |wrong: &dyn Fn(&LumaMeasurements) -> bool| {
            self.luma.as_ref().map_or(Finding::Unknown, |luma| whether(wrong(luma)))
        };
        match kind {
            AlarmKind::Offline => match facts.state {
                State::Offline | State::Error => Finding::Wrong,
                State::Stale => whether(self.luma.is_none()),
                State::Live => Finding::Right,
                State::Connecting | State::Disabled => Finding::Unknown,
            },
            AlarmKind::Low => match &self.low {
                Some(low) if low.mean.is_some() => whether(low.monitor.active()),
                _ => Finding::Unknown,
            },
            AlarmKind::Black => of_luma(&|luma| luma.dark >= BLACK),
            AlarmKind::Covered => of_luma(&|luma| luma.deviation < COVERED && luma.dark < BLACK),
            AlarmKind::Frozen => match self.luma.and_then(|luma| luma.motion) {
                Some(motion) => whether(motion <= FROZEN),
                None => Finding::Unknown,
            },
        }
    }

    /// Measured value and limit.
    pub fn value(&self, kind: AlarmKind) -> (Option<f64>, Option<f64>) {
        match kind {
            AlarmKind::Offline => (None, None),
            AlarmKind::Low => self.low.as_ref().map_or((None, None), |low| (low.mean, Some(low.limits.below))),
            AlarmKind::Black => (self.luma.map(|luma| luma.dark), Some(BLACK)),
            AlarmKind::Covered => (self.luma.map(|luma| luma.deviation), Some(COVERED)),
            AlarmKind::Frozen => (self.motion, Some(FROZEN)),
        }
    }
}

impl LowMean {
    /// Removes scores older than the window and updates the mean.
    fn forget(&mut self, now: Instant) {
        let window = self.limits.window;
        while self.scores.front().is_some_and(|(at, _)| now.saturating_duration_since(*at) > window) {
            self.scores.pop_front();
        }
        let sum: f64 = self.scores.iter().map(|(_, score)| score).sum();
        self.mean = (!self.scores.is_empty()).then(|| sum / self.scores.len() as f64);
        let _ = self.monitor.update(self.mean);
    }
}
