// SPDX-License-Identifier: MPL-2.0

//! A picture to be scored.

use super::error::ScoreError;
use super::score::Score;
use crate::picture::Frame;

/// Receives a job's result.
pub type Callback = Box<dyn FnOnce(Result<Score, ScoreError>) + Send>;

/// A picture to be scored.
pub struct Job {
    /// The picture.
    pub distorted: Box<dyn Frame>,
    /// The original, for full-reference models.
    pub reference: Option<Box<dyn Frame>>,
    /// Called exactly once for a job that was accepted. It must be short, because the model waits for it.
    pub done: Callback,
}

impl std::fmt::Debug for Job {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Job").field("reference", &self.reference.is_some()).finish_non_exhaustive()
    }
}
