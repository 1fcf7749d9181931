// SPDX-License-Identifier: MPL-2.0

//! Alarms of a camera.

use super::moment::Moment;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Kind of alarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AlarmKind {
    /// No picture arrives.
    Offline,
    /// The mean score is low.
    Low,
    /// The picture is black.
    Black,
    /// The picture is uniform, for example because the lens is covered.
    Covered,
    /// Frames arrive but do not change.
    Frozen,
}

impl AlarmKind {
    /// All kinds, in display order.
    pub const ALL: [Self; 5] = [Self::Offline, Self::Low, Self::Black, Self::Covered, Self::Frozen];

    /// Name in configuration and output.
    pub fn name(self) -> &'static str {
        match self {
            Self::Offline => "offline",
            Self::Low => "low",
            Self::Black => "black",
            Self::Covered => "covered",
            Self::Frozen => "frozen",
        }
    }
}

impl fmt::Display for AlarmKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Identifies an alarm uniquely within a data folder, across restarts: microseconds since 1970 of its start,
/// incremented by one if two alarms start at the same time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct AlarmId(pub i64);

impl fmt::Display for AlarmId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// An alarm.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Alarm {
    /// ID in URLs and in the history.
    pub id: AlarmId,
    /// Name of the camera.
    pub camera: String,
    /// Kind of alarm.
    pub kind: AlarmKind,
    /// Start time.
    pub began: Moment,
    /// End time; `None` while it is active.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended: Option<Moment>,
    /// When it was acknowledged; it remains listed until it clears.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acknowledged: Option<Moment>,
    /// Measured value at the start: for `low` a score from 0 to 100, for `black` the share of dark luma from 0 to 1,
    /// for `covered` the luma deviation and for `frozen` the largest motion, both as shares of full scale. Absent for
    /// `offline`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// The exceeded limit, in the same unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<f64>,
    /// Description in one sentence, without secrets.
    pub text: String,
    /// The picture at the start as JPEG; serialized only as whether there is one.
    #[serde(rename = "has-picture", serialize_with = "is_some")]
    #[schemars(with = "bool")]
    pub picture: Option<Jpeg>,
}

/// Serializes whether a value is present.
fn is_some<S: serde::Serializer>(picture: &Option<Jpeg>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_bool(picture.is_some())
}

/// A picture for display.
#[derive(Clone, PartialEq)]
pub struct Jpeg {
    /// JPEG data.
    pub bytes: std::sync::Arc<[u8]>,
    /// Arrival time of the frame.
    pub taken: Moment,
}

impl fmt::Debug for Jpeg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Jpeg({} bytes, {})", self.bytes.len(), self.taken.wall)
    }
}
