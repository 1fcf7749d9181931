// SPDX-License-Identifier: MPL-2.0

//! The configuration of `iqa watch`.
//!
//! [`mod@file`] is what may stand in the file, key by key; here is what that comes to, with defaults and secrets in their
//! places.

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
use super::secret::Secret;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// What is to be watched, and who hears of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// Where pages and metrics are served.
    pub listen: SocketAddr,
    /// Where the history and pictures of alarms are kept.
    pub data_dir: PathBuf,
    /// What visitors have to know; none: nobody is asked, which is for loopback only.
    pub token: Option<Secret>,
    /// Where alarms are posted.
    pub webhook: Option<Webhook>,
    /// Where states and alarms are published.
    pub mqtt: Option<Mqtt>,
    /// The cameras, in the file's order.
    pub cameras: Vec<Camera>,
    /// What is doubtful, in sentences.
    pub warnings: Vec<String>,
}

/// A server that takes alarms in Alertmanager's format.
#[derive(Debug, Clone, PartialEq)]
pub struct Webhook {
    /// Its whole address, which may hold a secret.
    pub url: Secret,
    /// The same for people.
    pub shown: String,
    /// A bearer token.
    pub token: Option<Secret>,
}

/// A broker.
#[derive(Debug, Clone, PartialEq)]
pub struct Mqtt {
    /// Its address, `mqtt://host:1883` or `mqtts://host:8883`, without user and password.
    pub address: Address,
    /// What all topics begin with.
    pub topic: String,
}

/// A camera.
#[derive(Debug, Clone, PartialEq)]
pub struct Camera {
    /// Its name: in addresses, metrics and topics.
    pub name: String,
    /// Where its pictures come from.
    pub address: Address,
    /// Whether it is watched.
    pub enabled: bool,
    /// The model's name or path; none: frames are not scored.
    pub model: Option<String>,
    /// A frame is scored once in so long.
    pub interval: Duration,
    /// Which frames are decoded.
    pub decode: Decode,
    /// Without a frame for so long it is stale.
    pub timeout: Duration,
    /// How long packets from the network are waited for.
    pub latency: Duration,
    /// How RTSP carries pictures.
    pub transport: Transport,
    /// Labels.
    pub tags: BTreeMap<String, String>,
    /// The alarms that are on, in the order of [`AlarmKind::ALL`].
    pub alarms: Vec<Rule>,
}

/// When an alarm begins and ends.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// What is looked at.
    pub kind: AlarmKind,
    /// It begins when that was wrong for so long without a break.
    pub hold: Duration,
    /// It ends when that was right for so long without a break.
    pub clear_after: Duration,
    /// When it may begin; none: always.
    pub schedule: Option<Schedule>,
    /// Of `low`: its limits.
    pub low: Option<Low>,
}

/// Limits of the alarm `low`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Low {
    /// The mean score below which pictures are poor, 0 to 100.
    pub below: f64,
    /// Pictures are good again when the mean is that far above.
    pub hysteresis: f64,
    /// What the mean is taken over.
    pub window: Duration,
}
