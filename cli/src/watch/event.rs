// SPDX-License-Identifier: MPL-2.0

//! What happens on the wall.

use super::alarm::Alarm;
use super::moment::Moment;
use super::shared;
use super::status::{Measured, State};
use serde::Serialize;
use std::sync::Arc;

/// Something that has happened.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// A camera has gone into another state.
    State {
        /// The camera.
        #[serde(serialize_with = "shared::one")]
        camera: Arc<str>,
        /// Its state.
        state: State,
        /// Since when.
        since: Moment,
        /// Why, in words without secrets.
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// A camera's frame has been scored, or looked at.
    Score {
        /// The camera.
        #[serde(serialize_with = "shared::one")]
        camera: Arc<str>,
        /// What was measured, and when.
        measured: Measured,
    },
    /// An alarm has begun.
    #[serde(serialize_with = "shared::one")]
    AlarmBegan(Arc<Alarm>),
    /// Somebody has seen it.
    #[serde(serialize_with = "shared::one")]
    AlarmAcknowledged(Arc<Alarm>),
    /// It has ended.
    #[serde(serialize_with = "shared::one")]
    AlarmEnded(Arc<Alarm>),
    /// Another configuration is in force: cameras may be others, their order too.
    Reloaded,
}
