// SPDX-License-Identifier: MPL-2.0

//! What a camera's thread says on the wall: state, counts, scores, alarms.

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
use onnx_iqa::metrics::LumaLook;
use onnx_iqa::record::FrameRecord;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Counts go to the wall once in so long.
const PACE: Duration = Duration::from_secs(1);

/// Different warnings of one camera that stand in the log at most.
const MOST_WARNINGS: usize = 100;

/// What one camera's thread has to say.
pub struct Reports {
    camera: Camera,
    wall: Arc<Wall>,
    feed: Arc<Feed>,
    pictures: Arc<Snapshots>,
    alarms: Alarms,
    /// Alarms that go on.
    active: BTreeMap<AlarmKind, AlarmId>,
    state: State,
    /// When counts were told last.
    told: Option<Instant>,
    /// When a frame was scored last on this connection.
    scored: Option<Instant>,
    /// What was said of the frame that was scored last, and when that came.
    newest: Option<(FrameRecord, Moment)>,
    /// Frames that the model has failed at on this connection, as far as they are told.
    failed: u64,
    /// The frame whose look has been told.
    looked: Option<Moment>,
    /// Warnings that stand in the log.
    warned: BTreeSet<String>,
    /// Decoded frames that others have counted before: threads of this camera with other settings.
    frames: u64,
}

impl Reports {
    /// Nothing has been said yet.
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
            looked: None,
            warned: BTreeSet::new(),
        }
    }

    /// Whether the picture is known not to change.
    pub fn is_frozen(&self) -> bool {
        self.alarms.is_active(AlarmKind::Frozen)
    }

    fn update(&self, change: impl FnOnce(&mut Status)) {
        // A camera that is no longer on the wall has nothing to say.
        let _ = self.wall.update(&self.camera.name, change);
    }

    /// Time has gone on. Without a connection states stay as they are.
    pub fn step(&mut self, now: Moment, known: &Known, verdict: Verdict, connection: Option<&Connection>) {
        if let Verdict::In(state) = verdict {
            let reason = match state {
                State::Stale if self.is_frozen() => Some("frames come, but the picture does not change".to_owned()),
                State::Stale => Some("no frame comes".to_owned()),
                _ => None,
            };
            if state != self.state {
                self.enter(state, reason.as_deref());
                self.update(|status| (status.state, status.reason, status.next_try) = (state, reason, None));
            }
        }
        let fresh = known.look.filter(|(at, _)| {
            let age = now.steady.saturating_duration_since(at.steady);
            connection.is_some() && age <= self.camera.timeout.max(Duration::from_secs(3))
        });
        if let Some((at, look)) = fresh {
            self.looked(at, look);
        }
        self.count(now, known, connection);
        let look = fresh.map(|(_, look)| look);
        let facts = Facts { now: now.steady, wall: now.wall, state: self.state, look };
        for changed in self.alarms.step(&facts) {
            self.alarm(now, changed);
        }
    }

    /// The camera is in this state from now on; the log says so where it is another one.
    fn enter(&mut self, state: State, reason: Option<&str>) {
        if std::mem::replace(&mut self.state, state) != state {
            let reason = reason.map_or_else(String::new, |reason| format!(": {reason}"));
            system::say(&format!("{} is {state}{reason}", self.camera.name));
        }
    }

    /// Elements have something to say, which the log has once.
    pub fn warned(&mut self, remarks: &Remarks) {
        for text in remarks.texts() {
            if self.warned.len() < MOST_WARNINGS && self.warned.insert(text.to_owned()) {
                system::warn(format_args!("{}: {text}", self.camera.name));
            }
        }
    }

    /// The luma of a frame has been looked at.
    fn looked(&mut self, at: Moment, look: LumaLook) {
        if self.looked == Some(at) {
            return;
        }
        self.looked = Some(at);
        let measured = Measured { at, score: None, luma_mean: None, luma_deviation: None, motion: None };
        self.wall.measured(&self.camera.name, with_look(measured, &look));
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
        let look = self.feed.known().look.map(|(_, look)| look);
        let measured = look.map_or(measured, |look| with_look(measured, &look));
        self.wall.measured(&self.camera.name, measured);
    }

    /// Tells counts, now and then.
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

    /// A connection ends: what it has counted is told.
    pub fn end_connection(&mut self, connection: &Connection) {
        self.told = None;
        let known = self.feed.known();
        self.count(Moment::now(), &known, Some(connection));
        (self.scored, self.failed) = (None, 0);
    }

    /// The connection is made anew at once.
    pub fn reconnects(&self, reason: Reason) {
        self.update(|status| *status.counters.reconnects.entry(reason).or_default() += 1);
    }

    /// The connection is lost, and is tried again after `wait`.
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
            // Without one an alarm is an alarm all the same.
            picture: self.pictures.of_alarm(self.newest.as_ref().map(|(record, at)| (record, *at))).ok(),
        };
        system::say(&format!("alarm {kind}: {}", alarm.text));
        if let Some(id) = self.wall.begin(alarm) {
            self.active.insert(kind, id);
        }
    }

    /// What is wrong, in a sentence.
    fn words(&self, kind: AlarmKind, value: Option<f64>, limit: Option<f64>) -> String {
        let name = &self.camera.name;
        let [value, limit] = [value, limit].map(Option::unwrap_or_default);
        match kind {
            AlarmKind::Offline => {
                let status = self.wall.status(name);
                let reason = status.and_then(|status| status.reason).unwrap_or_else(|| "no picture comes".to_owned());
                format!("{name} is {}: {reason}", self.state)
            }
            AlarmKind::Low => format!("{name} has poor pictures: mean score {value:.1}, limit {limit}"),
            AlarmKind::Black => format!("{name} is black: {:.1} % of its picture is dark", value * 100.0),
            AlarmKind::Covered => {
                format!("{name} may be covered: its picture is flat (luma deviates by {:.2} %)", value * 100.0)
            }
            AlarmKind::Frozen => format!("{name} is frozen: frames come, but the picture does not change"),
        }
    }

    /// The camera is not watched any more: its alarms end.
    pub fn end_alarms(&mut self) {
        for id in std::mem::take(&mut self.active).into_values() {
            let _ = self.wall.end(id);
        }
    }
}

/// How many turns to be scored have passed without a score.
fn missed(now: Instant, before: Instant, interval: Duration) -> u64 {
    let gap = now.saturating_duration_since(before).as_secs_f64() / interval.as_secs_f64();
    // Frames do not come exactly when it is their turn.
    (gap + 0.25).floor().max(1.0) as u64 - 1
}

fn with_look(measured: Measured, look: &LumaLook) -> Measured {
    Measured { luma_mean: Some(look.mean), luma_deviation: Some(look.deviation), motion: look.motion, ..measured }
}
