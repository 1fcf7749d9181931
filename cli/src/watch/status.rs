// SPDX-License-Identifier: MPL-2.0

//! What is known of one camera.

use super::alarm::{Alarm, AlarmKind};
use super::moment::Moment;
use super::shared;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// Whether pictures come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// The first picture is waited for, for the first time.
    Connecting,
    /// Pictures come, and change.
    Live,
    /// No picture has come for longer than the camera's timeout, or always the same one.
    Stale,
    /// The connection is lost, or cannot be made.
    Offline,
    /// Trying again will not help: a wrong password, a stream that cannot be decoded.
    Error,
    /// Switched off in the configuration.
    Disabled,
}

impl State {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 6] = [Self::Live, Self::Connecting, Self::Stale, Self::Offline, Self::Error, Self::Disabled];

    /// As it is written.
    pub fn name(self) -> &'static str {
        match self {
            Self::Connecting => "connecting",
            Self::Live => "live",
            Self::Stale => "stale",
            Self::Offline => "offline",
            Self::Error => "error",
            Self::Disabled => "disabled",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Why a connection was made anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// The source said that something was wrong.
    Error,
    /// The stream ended.
    Ended,
    /// Nothing came for too long.
    Timeout,
    /// The pipeline did not change its state in time, and was abandoned.
    Hung,
}

impl Reason {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Error, Self::Ended, Self::Timeout, Self::Hung];

    /// As it is written.
    pub fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Ended => "ended",
            Self::Timeout => "timeout",
            Self::Hung => "hung",
        }
    }
}

/// What the configuration says of a camera, as far as others need it.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct About {
    /// Its name.
    pub name: String,
    /// Its address without secrets.
    pub address: String,
    /// Free labels of the configuration.
    pub tags: BTreeMap<String, String>,
    /// The model's name; none: frames are not scored.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// The first 12 hexadecimal digits of the SHA-256 of the model's file, once it is open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model_hash: Option<String>,
    /// A frame is scored once in so many seconds.
    pub interval: f64,
    /// The alarms that are on, each with its limit where it has one.
    pub alarms: BTreeMap<AlarmKind, Option<f64>>,
}

/// What was measured of a frame. What is not there was not measured.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Measured {
    /// When its frame came.
    pub at: Moment,
    /// 0 to 100, higher is better.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub score: Option<f64>,
    /// Mean of luma as a share of full scale, 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub luma_mean: Option<f64>,
    /// Standard deviation of luma as a share of full scale.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub luma_deviation: Option<f64>,
    /// Mean difference of luma to the frame before, as a share of full scale.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub motion: Option<f64>,
}

/// Counts since the program's start; they never go down while the camera is in the configuration.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Counters {
    /// Decoded frames.
    pub frames: u64,
    /// Scored frames.
    pub scored: u64,
    /// Frames that were to be scored and were not: the model was busy, or failed.
    pub dropped: u64,
    /// New connections, by why.
    pub reconnects: BTreeMap<Reason, u64>,
    /// RTP packets that never came.
    pub packets_lost: u64,
}

/// How long scoring took, as Prometheus counts.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Histogram {
    /// Scores that took at most [`BOUNDS`](Self::BOUNDS) seconds each, not counted in the bounds below; the last:
    /// longer.
    pub counts: [u64; Self::BOUNDS.len() + 1],
    /// Seconds of all.
    pub sum: f64,
}

impl Histogram {
    /// Upper bounds in seconds.
    pub const BOUNDS: [f64; 10] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0];

    /// Counts one.
    pub fn push(&mut self, took: Duration) {
        let seconds = took.as_secs_f64();
        let place = Self::BOUNDS.iter().position(|bound| seconds <= *bound).unwrap_or(Self::BOUNDS.len());
        self.counts[place] += 1;
        self.sum += seconds;
    }

    /// How many there are.
    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }
}

/// All that is known of a camera.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Status {
    /// What the configuration says.
    #[serde(flatten, serialize_with = "shared::one")]
    pub about: Arc<About>,
    /// Whether pictures come.
    pub state: State,
    /// Since when.
    pub since: Moment,
    /// Why, in words for people, without secrets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When a new connection will be tried, where one is waited for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_try: Option<Moment>,
    /// When the newest frame came.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_frame: Option<Moment>,
    /// The newest score, with its time and what else was measured of that frame.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub score: Option<Measured>,
    /// What was measured last of any frame; without a score where that is older.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub measured: Option<Measured>,
    /// Width and height of decoded frames.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<[u32; 2]>,
    /// The codec's name, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub codec: Option<String>,
    /// What was counted.
    pub counters: Counters,
    /// How long scores took.
    #[serde(skip)]
    pub inference: Histogram,
    /// Alarms that go on, oldest first.
    #[serde(serialize_with = "shared::all")]
    pub alarms: Vec<Arc<Alarm>>,
}

impl Status {
    /// Of a camera of which nothing is known.
    pub fn new(about: Arc<About>, state: State) -> Self {
        Self {
            about,
            state,
            since: Moment::now(),
            reason: None,
            next_try: None,
            last_frame: None,
            score: None,
            measured: None,
            size: None,
            codec: None,
            counters: Counters::default(),
            inference: Histogram::default(),
            alarms: Vec::new(),
        }
    }
}
