// SPDX-License-Identifier: MPL-2.0

//! The scorer of a build without ONNX Runtime: a type without values.

use super::job::Job;
use crate::model::contract::Contract;

/// A model's scorer. Without the feature `onnx`, this type has no values.
#[derive(Debug)]
pub enum Scorer {}

impl Scorer {
    /// What the model takes and returns.
    pub fn contract(&self) -> &Contract {
        match *self {}
    }

    /// How many jobs can be queued.
    pub fn capacity(&self) -> usize {
        match *self {}
    }

    /// Queues a job without blocking.
    ///
    /// # Errors
    /// Returns the job if the queue is full.
    pub fn try_submit(&self, _: Job) -> Result<(), Job> {
        match *self {}
    }

    /// Queues a job, waiting for room.
    pub fn submit(&self, _: Job) {
        match *self {}
    }

    /// Ends all queued jobs.
    pub fn cancel(&self) {
        match *self {}
    }
}
