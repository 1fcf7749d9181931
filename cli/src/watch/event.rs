// SPDX-License-Identifier: MPL-2.0

//! What happens on the wall.

use super::alarm::Alarm;
use super::moment::Moment;
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
        camera: Arc<str>,
        /// What was measured, and when.
        measured: Measured,
    },
    /// An alarm has begun.
    AlarmBegan(Arc<Alarm>),
    /// Somebody has seen it.
    AlarmAcknowledged(Arc<Alarm>),
    /// It has ended.
    AlarmEnded(Arc<Alarm>),
    /// Another configuration is in force: cameras may be others, their order too.
    Reloaded,
}
