// SPDX-License-Identifier: MPL-2.0

//! Status of a camera.

use super::alarm::{Alarm, AlarmKind};
use super::moment::Moment;
use super::shared;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// State of a camera.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Waiting for the first picture after the start.
    Connecting,
    /// Pictures arrive and change.
    Live,
    /// No picture within the timeout, or pictures do not change.
    Stale,
    /// The connection was lost or cannot be established.
    Offline,
    /// Another attempt will not help: a wrong password, or a stream that cannot be decoded.
    Error,
    /// Disabled in the configuration.
    Disabled,
}

impl State {
    /// All states, in display order.
    pub const ALL: [Self; 6] = [Self::Live, Self::Connecting, Self::Stale, Self::Offline, Self::Error, Self::Disabled];

    /// Name in output.
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

/// Reason for a reconnection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// The source reported an error.
    Error,
    /// The stream ended.
    Ended,
    /// No data within the timeout.
    Timeout,
    /// The pipeline did not change its state in time and was abandoned.
    Hung,
}

impl Reason {
    /// All reasons.
    pub const ALL: [Self; 4] = [Self::Error, Self::Ended, Self::Timeout, Self::Hung];

    /// Name in output.
    pub fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Ended => "ended",
            Self::Timeout => "timeout",
            Self::Hung => "hung",
        }
    }
}

/// Configuration of a camera as needed by other modules.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct About {
    /// Name.
    pub name: String,
    /// Address without secrets.
    pub address: String,
    /// Labels.
    pub tags: BTreeMap<String, String>,
    /// Model name; `None` if frames are not scored.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// First 12 hexadecimal digits of the SHA-256 of the model file, once it is open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model_hash: Option<String>,
    /// Interval between scores in seconds.
    pub interval: f64,
    /// Enabled alarms and their limits, if any.
    pub alarms: BTreeMap<AlarmKind, Option<f64>>,
}

/// Measurements of a frame. Missing values were not measured.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Measured {
    /// Arrival time of the frame.
    pub at: Moment,
    /// Score, 0 to 100, higher is better.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub score: Option<f64>,
    /// Mean luma, 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub luma_mean: Option<f64>,
    /// Standard deviation of luma as a share of full scale.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub luma_deviation: Option<f64>,
    /// Mean luma difference from the previous frame, as a share of full scale.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub motion: Option<f64>,
}

/// Counters since the program's start; they never decrease while the camera is configured.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Counters {
    /// Decoded frames.
    pub frames: u64,
    /// Scored frames.
    pub scored: u64,
    /// Frames due for scoring that were not scored because the model was busy or failed.
    pub dropped: u64,
    /// Reconnections by reason.
    pub reconnects: BTreeMap<Reason, u64>,
    /// Lost RTP packets.
    pub packets_lost: u64,
}

/// Histogram of scoring times.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Histogram {
    /// Number of scores that took at most [`BOUNDS`](Self::BOUNDS) seconds, not cumulative; the last element counts
    /// longer ones.
    pub counts: [u64; Self::BOUNDS.len() + 1],
    /// Sum in seconds.
    pub sum: f64,
}

impl Histogram {
    /// Upper bounds in seconds.
    pub const BOUNDS: [f64; 10] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0];

    /// Adds a score.
    pub fn push(&mut self, took: Duration) {
        let seconds = took.as_secs_f64();
        let place = Self::BOUNDS.iter().position(|bound| seconds <= *bound).unwrap_or(Self::BOUNDS.len());
        self.counts[place] += 1;
        self.sum += seconds;
    }

    /// Number of scores.
    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }
}

/// Status of a camera.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Status {
    /// Configuration.
    #[serde(flatten, serialize_with = "shared::one")]
    pub about: Arc<About>,
    /// State.
    pub state: State,
    /// Time of the last state change.
    pub since: Moment,
    /// Reason without secrets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Time of the next connection attempt, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_try: Option<Moment>,
    /// Arrival time of the newest frame.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_frame: Option<Moment>,
    /// Newest score with its time and other measurements of the frame.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub score: Option<Measured>,
    /// Newest measurements of any frame; without a score if that is older.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub measured: Option<Measured>,
    /// Width and height of decoded frames.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<[u32; 2]>,
    /// Codec name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub codec: Option<String>,
    /// Counters.
    pub counters: Counters,
    /// Scoring times.
    #[serde(skip)]
    pub inference: Histogram,
    /// Active alarms, oldest first.
    #[serde(serialize_with = "shared::all")]
    pub alarms: Vec<Arc<Alarm>>,
}

impl Status {
    /// Creates the status of a camera without data.
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
