// SPDX-License-Identifier: MPL-2.0

//! Events of the wall.

use super::alarm::Alarm;
use super::moment::Moment;
use super::shared;
use super::status::{Measured, State};
use serde::Serialize;
use std::sync::Arc;

/// An event.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// A camera has changed its state.
    State {
        /// Name of the camera.
        #[serde(serialize_with = "shared::one")]
        camera: Arc<str>,
        /// The new state.
        state: State,
        /// Time of the change.
        since: Moment,
        /// Reason without secrets.
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// A frame has been scored or measured.
    Score {
        /// Name of the camera.
        #[serde(serialize_with = "shared::one")]
        camera: Arc<str>,
        /// Measurements and their time.
        measured: Measured,
    },
    /// An alarm has begun.
    #[serde(serialize_with = "shared::one")]
    AlarmBegan(Arc<Alarm>),
    /// An alarm has been acknowledged.
    #[serde(serialize_with = "shared::one")]
    AlarmAcknowledged(Arc<Alarm>),
    /// An alarm has ended.
    #[serde(serialize_with = "shared::one")]
    AlarmEnded(Arc<Alarm>),
    /// The configuration has been reloaded: cameras and their order may have changed.
    Reloaded,
}
