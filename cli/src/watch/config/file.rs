// SPDX-License-Identifier: MPL-2.0

//! Keys of the configuration file. Unknown keys are errors.

use super::schedule::Schedule;
use super::text::Time;
use crate::secret::Secret;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_spanned::Spanned;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Configuration of `iqa watch`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct File {
    /// Address and port of web interface and metrics; default `127.0.0.1:9464`. Addresses other than loopback require
    /// `token-file`.
    #[schemars(with = "Option<SocketAddr>")]
    pub listen: Option<Spanned<SocketAddr>>,
    /// Folder for the history and for pictures of alarms, created if missing; default `$STATE_DIRECTORY`, or
    /// `onnx-iqa-data` if it is not set.
    pub data_dir: Option<PathBuf>,
    /// File with the access token that clients must provide.
    #[schemars(with = "Option<PathBuf>")]
    pub token_file: Option<Spanned<PathBuf>>,
    /// Webhook to which alarms are posted.
    pub webhook: Option<WebhookText>,
    /// MQTT broker to which states and alarms are published.
    pub mqtt: Option<MqttText>,
    /// The cameras, in display order.
    #[serde(default)]
    pub camera: Vec<CameraText>,
}

/// A server that accepts alarms in Alertmanager's format.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct WebhookText {
    /// `http://` or `https://` URL.
    #[schemars(with = "String")]
    pub url: Spanned<Secret>,
    /// File with a bearer token for the server.
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
    /// Prefix of all topics; default `onnx-iqa`.
    #[schemars(with = "Option<String>")]
    pub topic: Option<Spanned<String>>,
    /// User name.
    pub user: Option<String>,
    /// File with the password.
    #[schemars(with = "Option<PathBuf>")]
    pub password_file: Option<Spanned<PathBuf>>,
}

/// A camera.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct CameraText {
    /// Name for URLs, metrics and topics: at most 64 letters, digits, `-`, `_` and `.`.
    #[schemars(with = "String")]
    pub name: Spanned<String>,
    /// URI: `rtsp://`, `http://` (HLS), `srt://`, `rtmp://`, `udp://`, `rtp://`, `file://`, `v4l2://` or
    /// `videotestsrc://`.
    #[schemars(with = "String")]
    pub uri: Spanned<Secret>,
    /// User name.
    pub user: Option<String>,
    /// File with the password.
    #[schemars(with = "Option<PathBuf>")]
    pub password_file: Option<Spanned<PathBuf>>,
    /// Environment variable with the password.
    #[schemars(with = "Option<String>")]
    pub password_env: Option<Spanned<String>>,
    /// Whether the camera is monitored; default true.
    pub enabled: Option<bool>,
    /// Name of a bundled model, path of an ONNX file, or `none`; default `metaiqa`.
    pub model: Option<String>,
    /// Interval between scores, at least `100ms`; default `2s`.
    #[schemars(with = "Option<String>")]
    pub interval: Option<Spanned<Time>>,
    /// Frames to decode; default all.
    #[serde(default)]
    pub decode: Decode,
    /// Time without a frame after which the camera is stale, at least `1s`; default `5s`.
    #[schemars(with = "Option<String>")]
    pub timeout: Option<Spanned<Time>>,
    /// How long to wait for late packets; default `200ms`.
    #[schemars(with = "Option<String>")]
    pub latency: Option<Spanned<Time>>,
    /// RTSP transport; default automatic.
    #[serde(default)]
    pub transport: Transport,
    /// Labels, for example `{ site = "north" }`.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    /// Alarms; by default only `offline` is enabled.
    #[serde(default)]
    pub alarms: AlarmsText,
}

/// Frames to decode.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Decode {
    /// All frames.
    #[default]
    All,
    /// Key frames only, which takes a fraction of the work. `frozen` then compares key frames.
    Keyframes,
}

/// RTSP transport.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Transport {
    /// UDP, or TCP if nothing arrives.
    #[default]
    Auto,
    /// TCP, interleaved with the RTSP connection.
    Tcp,
    /// UDP.
    Udp,
}

/// Alarms of a camera.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct AlarmsText {
    /// No picture arrives: state `offline`, `error`, or `stale` without frames; for 5 s by default. Enabled unless
    /// `enabled = false`.
    pub offline: Option<RuleText>,
    /// The mean score is low.
    pub low: Option<LowText>,
    /// 98 % of luma is below 10 % of full scale; for 2 s by default.
    pub black: Option<RuleText>,
    /// The standard deviation of luma is below 3/255, and the picture is not black; for 10 s by default.
    pub covered: Option<RuleText>,
    /// Frames arrive, but none differs from the previous one by more than 0.001 of full scale; for 60 s by default.
    pub frozen: Option<RuleText>,
}

/// Timing of an alarm.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct RuleText {
    /// Whether it is enabled; default true.
    pub enabled: Option<bool>,
    /// How long the condition must hold without interruption before the alarm begins.
    #[schemars(with = "Option<String>")]
    pub r#for: Option<Time>,
    /// How long the condition must not hold without interruption before the alarm ends; immediately by default.
    #[schemars(with = "Option<String>")]
    pub clear_after: Option<Time>,
    /// When it may begin; always by default. An active alarm is not affected.
    pub schedule: Option<Schedule>,
}

/// Settings of the alarm `low`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct LowText {
    /// The picture is poor while the mean score of the window is below this value, 0 to 100.
    #[schemars(with = "f64")]
    pub below: Spanned<f64>,
    /// Distance above `below` at which the picture is good again; default 2.
    #[schemars(with = "Option<f64>")]
    pub hysteresis: Option<Spanned<f64>>,
    /// Duration of the window; default `10s`, or three intervals if longer.
    #[schemars(with = "Option<String>")]
    pub window: Option<Time>,
    /// Whether it is enabled; default true.
    pub enabled: Option<bool>,
    /// How long the picture must be poor without interruption before the alarm begins; default `10s`.
    #[schemars(with = "Option<String>")]
    pub r#for: Option<Time>,
    /// How long the picture must be good without interruption before the alarm ends; default `30s`.
    #[schemars(with = "Option<String>")]
    pub clear_after: Option<Time>,
    /// When it may begin; always by default. An active alarm is not affected.
    pub schedule: Option<Schedule>,
}
