// SPDX-License-Identifier: MPL-2.0

//! Reports of a camera's thread: state, counters, scores and alarms.

use super::connection::Connection;
use super::feed::{Feed, Known};
use super::freshness::Verdict;
use super::picture::Snapshots;
use crate::media::remarks::Remarks;
use crate::watch::alarm::{Alarm, AlarmId, AlarmKind};
use crate::watch::alarms::{Alarms, Changed, Facts};
use crate::watch::config::Camera;
use crate::watch::moment::Moment;
use crate::watch::status::{Measured, Reason, State, Status};
use crate::watch::system;
use crate::watch::wall::Wall;
use onnx_iqa::metrics::LumaMeasurements;
use onnx_iqa::record::FrameRecord;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Interval between counter updates.
const PACE: Duration = Duration::from_secs(1);

/// Maximum number of different warnings logged per camera.
const MOST_WARNINGS: usize = 100;

/// Reports of a camera.
pub struct Reports {
    camera: Camera,
    wall: Arc<Wall>,
    feed: Arc<Feed>,
    pictures: Arc<Snapshots>,
    alarms: Alarms,
    /// Active alarms.
    active: BTreeMap<AlarmKind, AlarmId>,
    state: State,
    /// Time of the last counter update.
    told: Option<Instant>,
    /// Time of the last scored frame of this connection.
    scored: Option<Instant>,
    /// Record and time of the last scored frame.
    newest: Option<(FrameRecord, Moment)>,
    /// Number of failed frames of this connection that have been reported.
    failed: u64,
    /// Frame whose measurements have been reported.
    measured: Option<Moment>,
    /// Warnings that have been logged.
    warned: BTreeSet<String>,
    /// Number of frames counted by previous threads of this camera with other settings.
    frames: u64,
}

impl Reports {
    /// Creates the initial state.
    pub fn new(camera: &Camera, wall: Arc<Wall>, feed: Arc<Feed>) -> Self {
        let pictures = Arc::new(Snapshots::new(feed.clone()));
        wall.set_pictures(&camera.name, Some(pictures.clone()));
        Self {
            alarms: Alarms::new(&camera.alarms),
            frames: feed.frames(),
            camera: camera.clone(),
            wall,
            feed,
            pictures,
            active: BTreeMap::new(),
            state: State::Connecting,
            told: None,
            scored: None,
            newest: None,
            failed: 0,
            measured: None,
            warned: BTreeSet::new(),
        }
    }

    /// Whether the picture is known to be unchanged.
    pub fn is_frozen(&self) -> bool {
        self.alarms.is_active(AlarmKind::Frozen)
    }

    fn update(&self, change: impl FnOnce(&mut Status)) {
        // The camera may have been removed from the configuration.
        let _ = self.wall.update(&self.camera.name, change);
    }

    /// Advances time. Without a connection the state does not change.
    pub fn step(&mut self, now: Moment, known: &Known, verdict: Verdict, connection: Option<&Connection>) {
        if let Verdict::In(state) = verdict {
            let reason = match state {
                State::Stale if self.is_frozen() => Some("frames arrive, but the picture does not change".to_owned()),
                State::Stale => Some("no frame arrives".to_owned()),
                _ => None,
            };
            if state != self.state {
                self.enter(state, reason.as_deref());
                self.update(|status| (status.state, status.reason, status.next_try) = (state, reason, None));
            }
        }
        let fresh = known.luma.filter(|(at, _)| {
            let age = now.steady.saturating_duration_since(at.steady);
            connection.is_some() && age <= self.camera.timeout.max(Duration::from_secs(3))
        });
        if let Some((at, luma)) = fresh {
            self.luma_measured(at, luma);
        }
        self.count(now, known, connection);
        let luma = fresh.map(|(_, luma)| luma);
        let facts = Facts { now: now.steady, wall: now.wall, state: self.state, luma };
        for changed in self.alarms.step(&facts) {
            self.alarm(now, changed);
        }
    }

    /// Sets the state; logs changes.
    fn enter(&mut self, state: State, reason: Option<&str>) {
        if std::mem::replace(&mut self.state, state) != state {
            let reason = reason.map_or_else(String::new, |reason| format!(": {reason}"));
            system::say(&format!("{} is {state}{reason}", self.camera.name));
        }
    }

    /// Logs warnings of the elements, once each.
    pub fn warned(&mut self, remarks: &Remarks) {
        for text in remarks.texts() {
            if self.warned.len() < MOST_WARNINGS && self.warned.insert(text.to_owned()) {
                system::warn(format_args!("{}: {text}", self.camera.name));
            }
        }
    }

    /// Luma of a frame has been measured.
    fn luma_measured(&mut self, at: Moment, luma: LumaMeasurements) {
        if self.measured == Some(at) {
            return;
        }
        self.measured = Some(at);
        let measured = Measured { at, score: None, luma_mean: None, luma_deviation: None, motion: None };
        self.wall.measured(&self.camera.name, with_luma(measured, &luma));
    }

    /// A frame has been scored.
    pub fn scored(&mut self, record: &FrameRecord) {
        let Some(score) = record.score else { return };
        let took = Duration::from_nanos(record.latency.unwrap_or(0));
        let now = Moment::now();
        let at = Moment {
            wall: now.wall.checked_sub(took).unwrap_or(now.wall),
            steady: now.steady.checked_sub(took).unwrap_or(now.steady),
        };
        self.newest = Some((record.clone(), at));
        self.alarms.scored(at.steady, score);
        let missed = self.scored.replace(at.steady).map_or(0, |before| missed(at.steady, before, self.camera.interval));
        self.update(|status| {
            status.counters.scored += 1;
            status.counters.dropped += missed;
            status.inference.push(took);
        });
        let measured = Measured { at, score: Some(score), luma_mean: None, luma_deviation: None, motion: None };
        let luma = self.feed.known().luma.map(|(_, luma)| luma);
        let measured = luma.map_or(measured, |luma| with_luma(measured, &luma));
        self.wall.measured(&self.camera.name, measured);
    }

    /// Updates the counters periodically.
    fn count(&mut self, now: Moment, known: &Known, connection: Option<&Connection>) {
        let due = self.told.is_none_or(|told| now.steady.saturating_duration_since(told) >= PACE);
        if !due {
            return;
        }
        self.told = Some(now.steady);
        let frames = self.feed.frames();
        let more = frames - std::mem::replace(&mut self.frames, frames);
        let lost = connection.map_or(0, |connection| connection.network.lost());
        let failed = connection.map_or(self.failed, Connection::failed);
        let failures = failed.saturating_sub(std::mem::replace(&mut self.failed, failed));
        self.update(|status| {
            status.counters.frames += more;
            status.counters.packets_lost += lost;
            status.counters.dropped += failures;
            if let Some(newest) = &known.newest {
                status.last_frame = Some(newest.at);
                status.size = Some([newest.stream.info.width(), newest.stream.info.height()]);
            }
            status.codec.clone_from(&known.codec);
        });
    }

    /// A connection ends: reports its counters.
    pub fn end_connection(&mut self, connection: &Connection) {
        self.told = None;
        let known = self.feed.known();
        self.count(Moment::now(), &known, Some(connection));
        (self.scored, self.failed) = (None, 0);
    }

    /// The connection is replaced immediately.
    pub fn reconnects(&self, reason: Reason) {
        self.update(|status| *status.counters.reconnects.entry(reason).or_default() += 1);
    }

    /// The connection is lost and will be retried after `wait`.
    pub fn lost(&mut self, state: State, reason: Reason, text: String, wait: Duration) {
        self.enter(state, Some(&text));
        let now = Moment::now();
        let next = Moment { wall: now.wall.checked_add(wait).unwrap_or(now.wall), steady: now.steady + wait };
        self.reconnects(reason);
        self.update(|status| (status.state, status.reason, status.next_try) = (state, Some(text), Some(next)));
    }

    /// An alarm begins or ends.
    fn alarm(&mut self, now: Moment, Changed { kind, began }: Changed) {
        let Some((value, limit)) = began else {
            if let Some(id) = self.active.remove(&kind) {
                system::say(&format!("{}: alarm {kind} has ended", self.camera.name));
                let _ = self.wall.end(id);
            }
            return;
        };
        let alarm = Alarm {
            id: AlarmId(0),
            camera: self.camera.name.clone(),
            kind,
            began: now,
            ended: None,
            acknowledged: None,
            value,
            limit,
            text: self.words(kind, value, limit),
            // An alarm does not depend on a picture.
            picture: self.pictures.of_alarm(self.newest.as_ref().map(|(record, at)| (record, *at))).ok(),
        };
        system::say(&format!("alarm {kind}: {}", alarm.text));
        if let Some(id) = self.wall.begin(alarm) {
            self.active.insert(kind, id);
        }
    }

    /// Describes an alarm in one sentence.
    fn words(&self, kind: AlarmKind, value: Option<f64>, limit: Option<f64>) -> String {
        let name = &self.camera.name;
        let [value, limit] = [value, limit].map(Option::unwrap_or_default);
        match kind {
            AlarmKind::Offline => {
                let status = self.wall.status(name);
                let reason = status.and_then(|status| status.reason).unwrap_or_else(|| "no picture arrives".to_owned());
                format!("{name} is {}: {reason}", self.state)
            }
            AlarmKind::Low => format!("{name} has poor pictures: mean score {value:.1}, limit {limit}"),
            AlarmKind::Black => format!("{name} is black: {:.1} % of its picture is dark", value * 100.0),
            AlarmKind::Covered => {
                format!("{name} may be covered: its picture is flat (luma deviates by {:.2} %)", value * 100.0)
            }
            AlarmKind::Frozen => format!("{name} is frozen: frames arrive, but the picture does not change"),
        }
    }

    /// The camera is no longer monitored: its alarms end.
    pub fn end_alarms(&mut self) {
        for id in std::mem::take(&mut self.active).into_values() {
            let _ = self.wall.end(id);
        }
    }
}

/// Number of scheduled scores that were missed.
fn missed(now: Instant, before: Instant, interval: Duration) -> u64 {
    let gap = now.saturating_duration_since(before).as_secs_f64() / interval.as_secs_f64();
    // Frames do not arrive exactly when a score is due.
    (gap + 0.25).floor().max(1.0) as u64 - 1
}

fn with_luma(measured: Measured, luma: &LumaMeasurements) -> Measured {
    Measured { luma_mean: Some(luma.mean), luma_deviation: Some(luma.deviation), motion: luma.motion, ..measured }
}
