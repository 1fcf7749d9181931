// SPDX-License-Identifier: MPL-2.0

//! The content of logs.

use crate::record::{Counts, FrameRecord, PooledField, Verdict};

/// One frame of a log.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LoggedFrame {
    /// Its time stamp, in nanoseconds.
    pub pts: Option<u64>,
    /// Its running time, in nanoseconds.
    pub running_time: Option<u64>,
    /// The record of each element, by the element's name.
    pub scores: Vec<(String, FrameRecord)>,
}

/// The statistics of one element's scores.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ElementPools {
    /// The element's name.
    pub element: String,
    /// The model's name, by its contract.
    pub model: Option<String>,
    /// The first 12 hexadecimal digits of the SHA-256 of its file.
    pub model_hash: Option<String>,
    /// The name of VMAF's model, if VMAF was measured.
    pub vmaf_model: Option<String>,
    /// The same digits for that model.
    pub vmaf_model_hash: Option<String>,
    /// What became of the frames, as far as known.
    pub counts: Counts,
    /// Only of a comparison: whether its numbers can be trusted.
    pub verdict: Option<Verdict>,
    /// Why the verdict is not better.
    pub reasons: Vec<String>,
    /// Each field's name and statistics.
    pub fields: Vec<(String, PooledField)>,
    /// The same for the model's attributes.
    pub attributes: Vec<(String, PooledField)>,
}

impl ElementPools {
    /// Frames with a score of their own, and scores that later frames carried; 0 if unknown.
    #[must_use]
    pub fn scored(&self) -> u64 {
        self.counts.scored.unwrap_or(0)
    }

    /// The pool of a field, if it has had a value.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&PooledField> {
        self.fields.iter().find_map(|(field, pool)| (field == name).then_some(pool))
    }
}
