// SPDX-License-Identifier: MPL-2.0

//! What logs hold.

use crate::record::{FrameRecord, PooledField};

/// One frame of a log.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LoggedFrame {
    /// Its time stamp, in nanoseconds.
    pub pts: Option<u64>,
    /// In running time, in nanoseconds.
    pub running_time: Option<u64>,
    /// What each element says of it, by the element's name.
    pub scores: Vec<(String, FrameRecord)>,
}

/// What one element's scores come to.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ElementPools {
    /// The element's name.
    pub element: String,
    /// Frames with a score of their own, and scores that later frames carried.
    pub scored: u64,
    /// Each field's name and what its values come to.
    pub fields: Vec<(String, PooledField)>,
    /// The same for the model's attributes.
    pub attributes: Vec<(String, PooledField)>,
}

impl ElementPools {
    /// The pool of a field, if it ever had a value.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&PooledField> {
        self.fields.iter().find_map(|(field, pool)| (field == name).then_some(pool))
    }
}
