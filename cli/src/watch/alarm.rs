// SPDX-License-Identifier: MPL-2.0

//! What is wrong with a camera, from when to when.

use super::moment::Moment;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What can be wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AlarmKind {
    /// No picture comes.
    Offline,
    /// The mean score is low.
    Low,
    /// The picture is black.
    Black,
    /// The picture is one flat surface, as with a covered lens.
    Covered,
    /// Frames come, but always the same.
    Frozen,
}

impl AlarmKind {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 5] = [Self::Offline, Self::Low, Self::Black, Self::Covered, Self::Frozen];

    /// As it is written.
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

/// What tells an alarm from all others of this data folder, also after a restart: microseconds since 1970 of its
/// beginning, moved on by one where two begin together.
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
    /// Its name in addresses and in the history.
    pub id: AlarmId,
    /// The camera's name.
    pub camera: String,
    /// What is wrong.
    pub kind: AlarmKind,
    /// Since when.
    pub began: Moment,
    /// Until when; none: it goes on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended: Option<Moment>,
    /// When somebody said that it has been seen; it then stays, but quietly, until it ends by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acknowledged: Option<Moment>,
    /// What was measured as it began: `low` a score from 0 to 100, `black` the share of dark luma from 0 to 1,
    /// `covered` luma's deviation and `frozen` the greatest motion, both as shares of full scale. Offline has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// The limit that it passed, in the same unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<f64>,
    /// What is wrong, in a sentence without secrets.
    pub text: String,
    /// The picture as it began, as JPEG; not in what is serialized, which says only whether there is one.
    #[serde(rename = "has-picture", serialize_with = "is_some")]
    #[schemars(with = "bool")]
    pub picture: Option<Jpeg>,
}

/// Whether there is a picture.
fn is_some<S: serde::Serializer>(picture: &Option<Jpeg>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_bool(picture.is_some())
}

/// A picture for people.
#[derive(Clone, PartialEq)]
pub struct Jpeg {
    /// The file.
    pub bytes: std::sync::Arc<[u8]>,
    /// When its frame came.
    pub taken: Moment,
}

impl fmt::Debug for Jpeg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Jpeg({} bytes, {})", self.bytes.len(), self.taken.wall)
    }
}
