// SPDX-License-Identifier: MPL-2.0

//! Configuration of `iqa watch`.
//!
//! [`mod@file`] defines the keys of the file; this module defines the resulting configuration, with defaults and
//! secrets filled in.

mod address;
mod error;
mod file;
mod read;
mod rules;
mod schedule;
mod text;

pub use address::{Address, Source};
pub use error::ConfigError;
#[cfg(test)]
pub use file::File;
pub use file::{Decode, Transport};
#[cfg(test)]
pub use read::parse;
pub use read::read;
pub use schedule::Schedule;

use super::alarm::AlarmKind;
use crate::secret::Secret;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// The configuration.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// Address of web interface and metrics.
    pub listen: SocketAddr,
    /// Folder of the history and of pictures of alarms.
    pub data_dir: PathBuf,
    /// Access token; `None` only on loopback addresses.
    pub token: Option<Secret>,
    /// Webhook for alarms.
    pub webhook: Option<Webhook>,
    /// Broker for states and alarms.
    pub mqtt: Option<Mqtt>,
    /// The cameras in file order.
    pub cameras: Vec<Camera>,
    /// Warnings.
    pub warnings: Vec<String>,
}

/// A server that accepts alarms in Alertmanager's format.
#[derive(Debug, Clone, PartialEq)]
pub struct Webhook {
    /// Complete URL, which may contain a secret.
    pub url: Secret,
    /// URL without secrets, for display.
    pub shown: String,
    /// Bearer token.
    pub token: Option<Secret>,
}

/// An MQTT broker.
#[derive(Debug, Clone, PartialEq)]
pub struct Mqtt {
    /// Address, `mqtt://host:1883` or `mqtts://host:8883`, without user and password.
    pub address: Address,
    /// Prefix of all topics.
    pub topic: String,
}

/// A camera.
#[derive(Debug, Clone, PartialEq)]
pub struct Camera {
    /// Name for URLs, metrics and topics.
    pub name: String,
    /// Source of pictures.
    pub address: Address,
    /// Whether it is monitored.
    pub enabled: bool,
    /// Name or path of the model; `None` if frames are not scored.
    pub model: Option<String>,
    /// Interval between scores.
    pub interval: Duration,
    /// Frames to decode.
    pub decode: Decode,
    /// Time without a frame after which it is stale.
    pub timeout: Duration,
    /// How long to wait for late network packets.
    pub latency: Duration,
    /// RTSP transport.
    pub transport: Transport,
    /// Labels.
    pub tags: BTreeMap<String, String>,
    /// Enabled alarms, in the order of [`AlarmKind::ALL`].
    pub alarms: Vec<Rule>,
}

/// Settings of an alarm.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// Kind of alarm.
    pub kind: AlarmKind,
    /// How long the condition must hold before the alarm begins.
    pub hold: Duration,
    /// How long the condition must not hold before the alarm ends.
    pub clear_after: Duration,
    /// When it may begin; `None` = always.
    pub schedule: Option<Schedule>,
    /// Limits of the alarm `low`.
    pub low: Option<Low>,
}

/// Limits of the alarm `low`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Low {
    /// Mean score below which the picture is poor, 0 to 100.
    pub below: f64,
    /// Distance above `below` at which the picture is good again.
    pub hysteresis: f64,
    /// Duration of the window.
    pub window: Duration,
}
