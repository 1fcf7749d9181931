// SPDX-License-Identifier: MPL-2.0

//! What may stand in the file, key by key. Unknown keys are errors.

use super::schedule::Schedule;
use super::text::Time;
use crate::watch::secret::Secret;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_spanned::Spanned;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;

/// The configuration of `iqa watch`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct File {
    /// Address and port of the pages and metrics; `127.0.0.1:9464` unless given. Other addresses than loopback take a
    /// `token-file`.
    #[schemars(with = "Option<SocketAddr>")]
    pub listen: Option<Spanned<SocketAddr>>,
    /// Where the history and pictures of alarms are kept; made where it is missing. `$STATE_DIRECTORY` unless given,
    /// and without that `onnx-iqa-data`.
    pub data_dir: Option<PathBuf>,
    /// A file with the token that visitors have to give.
    #[schemars(with = "Option<PathBuf>")]
    pub token_file: Option<Spanned<PathBuf>>,
    /// Where alarms are posted.
    pub webhook: Option<WebhookText>,
    /// Where states and alarms are published.
    pub mqtt: Option<MqttText>,
    /// The cameras, in the order in which they are shown.
    #[serde(default)]
    pub camera: Vec<CameraText>,
}

/// A server that takes alarms in Alertmanager's format.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct WebhookText {
    /// `http://` or `https://`.
    #[schemars(with = "String")]
    pub url: Spanned<Secret>,
    /// A file with a bearer token for it.
    #[schemars(with = "Option<PathBuf>")]
    pub token_file: Option<Spanned<PathBuf>>,
}

/// An MQTT broker.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct MqttText {
    /// `mqtt://host:1883` or `mqtts://host:8883`.
    #[schemars(with = "String")]
    pub url: Spanned<Secret>,
    /// What all topics begin with; `onnx-iqa` unless given.
    #[schemars(with = "Option<String>")]
    pub topic: Option<Spanned<String>>,
    /// Who asks.
    pub user: Option<String>,
    /// A file with the password.
    #[schemars(with = "Option<PathBuf>")]
    pub password_file: Option<Spanned<PathBuf>>,
}

/// A camera.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct CameraText {
    /// Its name, of letters, digits, `-`, `_` and `.`, at most 64: in addresses, metrics and topics.
    #[schemars(with = "String")]
    pub name: Spanned<String>,
    /// Where its pictures come from: `rtsp://`, `http://` (HLS), `srt://`, `rtmp://`, `file://`, `v4l2://` or
    /// `videotestsrc://`.
    #[schemars(with = "String")]
    pub uri: Spanned<Secret>,
    /// Who asks.
    pub user: Option<String>,
    /// A file with the password.
    #[schemars(with = "Option<PathBuf>")]
    pub password_file: Option<Spanned<PathBuf>>,
    /// The environment variable with the password.
    #[schemars(with = "Option<String>")]
    pub password_env: Option<Spanned<String>>,
    /// Whether it is watched; true unless given.
    pub enabled: Option<bool>,
    /// A bundled model's name, the path of an ONNX file, or `none`; `metaiqa` unless given.
    pub model: Option<String>,
    /// One score in so long, at least `100ms`; `2s` unless given.
    #[schemars(with = "Option<String>")]
    pub interval: Option<Spanned<Time>>,
    /// Which frames are decoded; all unless given.
    #[serde(default)]
    pub decode: Decode,
    /// Without a frame for so long it is stale, at least `1s`; `5s` unless given.
    #[schemars(with = "Option<String>")]
    pub timeout: Option<Spanned<Time>>,
    /// How long packets that are late are waited for; `200ms` unless given.
    #[schemars(with = "Option<String>")]
    pub latency: Option<Spanned<Time>>,
    /// How RTSP carries pictures; automatic unless given.
    #[serde(default)]
    pub transport: Transport,
    /// Labels, such as `{ site = "north" }`.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    /// What raises an alarm; `offline` alone unless given.
    #[serde(default)]
    pub alarms: AlarmsText,
}

/// Which frames are decoded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Decode {
    /// All of them.
    #[default]
    All,
    /// Only those that need no other: a fraction of the work. `frozen` then compares key frames.
    Keyframes,
}

/// How RTSP carries pictures.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Transport {
    /// UDP, and TCP where nothing comes.
    #[default]
    Auto,
    /// Within the connection that commands go through.
    Tcp,
    /// In packets of their own.
    Udp,
}

/// What raises an alarm.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct AlarmsText {
    /// No picture comes: states `offline`, `error`, and `stale` where no frame comes; for 5 s unless given. On unless
    /// `enabled = false`.
    pub offline: Option<RuleText>,
    /// The mean score is low.
    pub low: Option<LowText>,
    /// 98 % of luma is below 10 % of full scale; for 2 s unless given.
    pub black: Option<RuleText>,
    /// Luma's standard deviation is below 3/255, and the picture is not black; for 10 s unless given.
    pub covered: Option<RuleText>,
    /// No frame differs from the one before by more than 0.001 of full scale, while frames come; for 60 s unless given.
    pub frozen: Option<RuleText>,
}

/// When an alarm begins and ends.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct RuleText {
    /// Whether it is on; true unless given.
    pub enabled: Option<bool>,
    /// It begins when that was so for so long without a break.
    #[schemars(with = "Option<String>")]
    pub r#for: Option<Time>,
    /// It ends when that was not so for so long without a break; at once unless given.
    #[schemars(with = "Option<String>")]
    pub clear_after: Option<Time>,
    /// When it may begin; always unless given. One that goes on ends as ever.
    pub schedule: Option<Schedule>,
}

/// When the alarm `low` begins and ends.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct LowText {
    /// Pictures are poor while the mean score of the window is below this, 0 to 100.
    #[schemars(with = "f64")]
    pub below: Spanned<f64>,
    /// They are good again when it is that far above; 2 unless given.
    #[schemars(with = "Option<f64>")]
    pub hysteresis: Option<Spanned<f64>>,
    /// What the mean is taken over; `10s` unless given, or three intervals where that is more.
    #[schemars(with = "Option<String>")]
    pub window: Option<Time>,
    /// Whether it is on; true unless given.
    pub enabled: Option<bool>,
    /// It begins when pictures were poor for so long without a break; `10s` unless given.
    #[schemars(with = "Option<String>")]
    pub r#for: Option<Time>,
    /// It ends when they were good for so long without a break; `30s` unless given.
    #[schemars(with = "Option<String>")]
    pub clear_after: Option<Time>,
    /// When it may begin; always unless given. One that goes on ends as ever.
    pub schedule: Option<Schedule>,
}
