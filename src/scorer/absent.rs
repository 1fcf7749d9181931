// SPDX-License-Identifier: MPL-2.0

//! The scorer of a build without ONNX Runtime: a type without values.

use super::job::Job;
use crate::model::contract::Contract;

/// A model's scorer. Without the feature `onnx` there is none: this type has no value.
#[derive(Debug)]
pub enum Scorer {}

impl Scorer {
    /// What the model takes and gives.
    pub fn contract(&self) -> &Contract {
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
