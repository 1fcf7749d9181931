// SPDX-License-Identifier: MPL-2.0

//! Data that has not been written yet, in bounded memory: scores as they arrive, and the state of every camera once per
//! second.

use super::slice::Slice;
use crate::watch::alarm::Alarm;
use crate::watch::event::Event;
use crate::watch::status::{Counters, State, Status};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Maximum number of seconds kept per camera while writing fails. Older ones are dropped and counted.
const KEPT: usize = 600;

/// Maximum number of alarm changes kept while writing fails.
const ALARMS_KEPT: usize = 10_000;

/// Data to be written.
#[derive(Debug, Default)]
pub struct Pending {
    /// By second and camera.
    pub seconds: BTreeMap<(i64, Arc<str>), Slice>,
    /// Current state of changed alarms, in order of the changes.
    pub alarms: Vec<Arc<Alarm>>,
    /// Lowest score of each camera and the arrival time of its frame in microseconds since 1970.
    pub lowest: HashMap<Arc<str>, (i64, f64)>,
    /// Number of camera seconds and alarm changes dropped because of the limits.
    pub lost: u64,
}

impl Pending {
    /// Adds an event.
    pub fn take(&mut self, event: Event) {
        match event {
            Event::Score { camera, measured } => {
                let Some(score) = measured.score else { return };
                let at = measured.at.wall;
                self.seconds.entry((at.as_second(), camera.clone())).or_default().push(score);
                let lowest = self.lowest.entry(camera).or_insert((at.as_microsecond(), score));
                if score < lowest.1 {
                    *lowest = (at.as_microsecond(), score);
                }
            }
            Event::AlarmBegan(alarm) | Event::AlarmAcknowledged(alarm) | Event::AlarmEnded(alarm) => {
                self.alarms.push(alarm);
            }
            Event::Reloaded | Event::State { .. } => {}
        }
    }

    /// Restores data that could not be written; newer data takes precedence.
    pub fn put_back(&mut self, older: Self) {
        for (key, slice) in older.seconds {
            *self.seconds.entry(key).or_default() += slice;
        }
        self.alarms.splice(0..0, older.alarms);
        for (camera, (at, score)) in older.lowest {
            let lowest = self.lowest.entry(camera).or_insert((at, score));
            if score <= lowest.1 {
                *lowest = (at, score);
            }
        }
        self.lost += older.lost;
    }

    /// Drops data beyond the limits for this number of cameras.
    pub fn bound(&mut self, cameras: usize) {
        while self.seconds.len() > cameras.max(1) * KEPT {
            self.seconds.pop_first();
            self.lost += 1;
        }
        let excess = self.alarms.len().saturating_sub(ALARMS_KEPT);
        self.alarms.drain(..excess);
        self.lost += excess as u64;
    }
}

/// Samples all cameras once per second.
#[derive(Debug, Default)]
pub struct Sampler {
    before: HashMap<String, Counters>,
    second: Option<i64>,
}

impl Sampler {
    /// Adds the state of the cameras in the second that starts `at` seconds after 1970 to `pending`.
    pub fn sample(&mut self, cameras: &[Status], at: i64, pending: &mut Pending) {
        if self.second.replace(at) == Some(at) {
            return;
        }
        let mut counters = HashMap::with_capacity(cameras.len());
        for camera in cameras {
            let name = camera.about.name.as_str();
            let now = &camera.counters;
            let before = self.before.remove(name).unwrap_or_default();
            // Counters of a camera that was removed and added again restart from 0.
            let since = |count: fn(&Counters) -> u64| count(now).checked_sub(count(&before)).unwrap_or(count(now));
            *pending.seconds.entry((at, name.into())).or_default() += Slice {
                known: 1,
                live: u32::from(camera.state == State::Live),
                frames: since(|counters| counters.frames),
                lost: since(|counters| counters.packets_lost),
                reconnects: since(|counters| counters.reconnects.values().sum()),
                ..Slice::default()
            };
            counters.insert(name.to_owned(), now.clone());
        }
        self.before = counters;
    }
}
