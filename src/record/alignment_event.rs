// SPDX-License-Identifier: MPL-2.0

//! Events of the alignment in time, for users.

use crate::align::time;

/// An event of the alignment, and where it happened.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct AlignmentEvent {
    /// The event.
    pub change: AlignmentChange,
    /// Time stamp of the first distorted frame that it applies to, in nanoseconds.
    pub pts: Option<u64>,
    /// That frame's running time, in nanoseconds.
    pub running_time: Option<u64>,
}

/// A change of the alignment. Offsets are the reference's running time minus the distorted one's, in nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum AlignmentChange {
    /// The first offset was found.
    Found {
        /// The offset.
        to: i64,
        /// How far it can be trusted, 0 to 1.
        confidence: f64,
    },
    /// The offset has changed.
    Changed {
        /// The previous offset.
        from: i64,
        /// The new offset.
        to: i64,
        /// How far it can be trusted, 0 to 1.
        confidence: f64,
    },
    /// The pictures no longer agree: frames are unmatched until they do.
    Lost,
    /// No two frames correspond so far.
    NotFound,
    /// `max-bytes` is reached.
    Shrunk {
        /// What is left of the search window, in nanoseconds.
        window: u64,
    },
}

impl AlignmentEvent {
    /// A change whose place in the stream is not yet known.
    #[must_use]
    pub fn new(change: AlignmentChange) -> Self {
        Self { change, pts: None, running_time: None }
    }
}

impl AlignmentChange {
    /// Its name in messages.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Found { .. } => "found",
            Self::Changed { .. } => "changed",
            Self::Lost => "lost",
            Self::NotFound => "not-found",
            Self::Shrunk { .. } => "shrunk",
        }
    }
}

impl From<&time::AlignmentEvent> for AlignmentChange {
    fn from(event: &time::AlignmentEvent) -> Self {
        match *event {
            time::AlignmentEvent::Offset { from: None, to, confidence, .. } => Self::Found { to, confidence },
            time::AlignmentEvent::Offset { from: Some(from), to, confidence, .. } => {
                Self::Changed { from, to, confidence }
            }
            time::AlignmentEvent::Lost { .. } => Self::Lost,
            time::AlignmentEvent::Shrunk { window } => Self::Shrunk { window },
        }
    }
}
