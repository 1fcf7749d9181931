// SPDX-License-Identifier: MPL-2.0

//! What users have to hear of an alignment in time.

use crate::align::time;

/// Something that happened to the alignment, and where.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct AlignmentEvent {
    /// What happened.
    pub change: AlignmentChange,
    /// Time stamp of the distorted frame from which on it holds, in nanoseconds.
    pub pts: Option<u64>,
    /// That frame's running time, in nanoseconds.
    pub running_time: Option<u64>,
}

/// What happened to the alignment. Offsets are the reference's running time minus the distorted one's, in nanoseconds.
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
    /// Another offset holds.
    Changed {
        /// The offset before.
        from: i64,
        /// The offset from now on.
        to: i64,
        /// How far it can be trusted, 0 to 1.
        confidence: f64,
    },
    /// The pictures no longer agree: frames are unmatched until they do.
    Lost,
    /// No two frames belong together so far.
    NotFound,
    /// `max-bytes` is reached.
    Shrunk {
        /// What is left of the search window, in nanoseconds.
        window: u64,
    },
}

impl AlignmentEvent {
    /// A change that is not yet placed in the stream.
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
