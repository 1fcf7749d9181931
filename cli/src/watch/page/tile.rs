// SPDX-License-Identifier: MPL-2.0

//! Data of a camera on a page. An old picture or score never looks like a new one.

use super::spark::{Spark, spark};
use super::times::{Clock, Shown};
use crate::watch::alarm::{Alarm, AlarmKind};
use crate::watch::history::Slice;
use crate::watch::moment::Moment;
use crate::watch::status::{State, Status};
use serde::Serialize;

/// A camera on a page.
#[derive(Debug, Clone, Serialize)]
pub struct Tile {
    pub name: String,
    /// `site=north`.
    pub tags: Vec<String>,
    pub state: &'static str,
    pub word: &'static str,
    pub icon: &'static str,
    pub tone: &'static str,
    /// CSS classes of the tile.
    pub class: String,
    /// Since when it is in its state.
    pub since: Shown,
    /// Arrival time of the newest frame; `None` if there is no picture.
    pub taken: Option<Shown>,
    /// Text over the picture if it is not live.
    pub over: Option<Over>,
    pub score: Option<Score>,
    pub spark: Option<Spark>,
    pub alarms: Vec<AlarmLine>,
}

/// Text over a picture.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Over {
    pub title: String,
    /// Start of the displayed age.
    pub since: Option<Shown>,
    /// Wording of the age: `ago` or `for`.
    pub how: &'static str,
    pub small: String,
}

/// A score, always displayed with its age.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Score {
    pub text: String,
    pub low: bool,
    /// Whether it does not belong to a live picture.
    pub old: bool,
    pub at: Shown,
}

/// An active alarm.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AlarmLine {
    pub id: String,
    pub camera: String,
    pub kind: &'static str,
    pub word: &'static str,
    pub icon: &'static str,
    pub text: String,
    /// Description without the camera's name.
    pub rest: String,
    pub since: Shown,
    pub acknowledged: Option<Shown>,
}

/// Label, icon and color of a state.
pub fn state_words(state: State) -> (&'static str, &'static str, &'static str) {
    match state {
        State::Live => ("Live", "live", "pass"),
        State::Connecting => ("Connecting", "connecting", ""),
        State::Stale => ("Stale", "stale", "warn"),
        State::Offline => ("Offline", "offline", "fail"),
        State::Error => ("Error", "warn", "fail"),
        State::Disabled => ("Disabled", "disabled", ""),
    }
}

fn alarm_words(kind: AlarmKind) -> (&'static str, &'static str) {
    match kind {
        AlarmKind::Offline => ("Offline", "offline"),
        AlarmKind::Low => ("Low", "low"),
        AlarmKind::Black => ("Black", "black"),
        AlarmKind::Covered => ("Covered", "covered"),
        AlarmKind::Frozen => ("Frozen", "frozen"),
    }
}

impl Tile {
    /// Creates a tile; `day`: slices of the last 24 hours.
    pub fn new(camera: &Status, day: &[Slice], clock: &Clock) -> Self {
        let (word, icon, tone) = state_words(camera.state);
        let live = camera.state == State::Live;
        let shows = !matches!(camera.state, State::Connecting | State::Disabled);
        let taken = camera.last_frame.filter(|_| shows).map(|at| clock.moment(at));
        let limit = low_limit(camera);
        let loud = camera.alarms.iter().any(|alarm| alarm.acknowledged.is_none());
        let class =
            [(!live && taken.is_some()).then_some("old"), taken.is_none().then_some("none"), loud.then_some("alarm")];
        let score = camera.score.and_then(|measured| {
            let score = measured.score?;
            let low = limit.is_some_and(|limit| score < limit);
            Some(Score { text: format!("{score:.0}"), low, old: !live, at: clock.moment(measured.at) })
        });
        Self {
            name: camera.about.name.clone(),
            tags: camera.about.tags.iter().map(|(name, value)| format!("{name}={value}")).collect(),
            state: camera.state.name(),
            word,
            icon,
            tone,
            class: class.into_iter().flatten().collect::<Vec<_>>().join(" "),
            since: clock.moment(camera.since),
            over: over(camera, taken.clone(), clock),
            taken,
            score: score.filter(|_| shows),
            spark: spark(day, Moment::now().wall.as_second(), limit).filter(|_| shows),
            alarms: AlarmLine::all(camera, clock),
        }
    }
}

impl AlarmLine {
    /// Alarms of a camera, oldest first.
    pub fn all(camera: &Status, clock: &Clock) -> Vec<Self> {
        camera.alarms.iter().map(|alarm| Self::new(alarm, clock)).collect()
    }

    fn new(alarm: &Alarm, clock: &Clock) -> Self {
        let (word, icon) = alarm_words(alarm.kind);
        Self {
            id: alarm.id.to_string(),
            camera: alarm.camera.clone(),
            kind: alarm.kind.name(),
            word,
            icon,
            text: alarm.text.clone(),
            rest: alarm.text.strip_prefix(&format!("{} ", alarm.camera)).unwrap_or(&alarm.text).to_owned(),
            since: clock.moment(alarm.began),
            acknowledged: alarm.acknowledged.map(|at| clock.moment(at)),
        }
    }
}

/// Score below which a camera's picture is poor.
pub fn low_limit(camera: &Status) -> Option<f64> {
    camera.about.alarms.get(&AlarmKind::Low).copied().flatten()
}

fn over(camera: &Status, taken: Option<Shown>, clock: &Clock) -> Option<Over> {
    let reason = camera.reason.clone().unwrap_or_default();
    let says = |title: &str, small: String| Over { title: title.to_owned(), since: None, how: "", small };
    let frozen = camera.alarms.iter().find(|alarm| alarm.kind == AlarmKind::Frozen);
    Some(match (camera.state, frozen, taken) {
        (State::Live, None, _) => return None,
        (State::Live | State::Stale, Some(frozen), Some(_)) => Over {
            title: "Same picture".to_owned(),
            since: Some(clock.moment(frozen.began)),
            how: "for",
            small: "frames arrive, but do not change".to_owned(),
        },
        (State::Disabled, ..) => says("Disabled", "in the configuration".to_owned()),
        (State::Live | State::Connecting, _, None) | (State::Connecting, ..) => {
            says("Waiting for the first picture", reason)
        }
        (.., Some(taken)) => {
            Over { title: "Last picture".to_owned(), since: Some(taken), how: "ago", small: "not live".to_owned() }
        }
        (State::Error, _, None) => says("No picture", reason),
        (_, _, None) => says("No picture yet", reason),
    })
}
