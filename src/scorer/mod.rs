// SPDX-License-Identifier: MPL-2.0

//! Scoring: pictures in, scores out, on a worker that all users of a model share.
//!
//! The worker has two threads. One turns queued pictures into tensors, the other runs the model, so that the next
//! batch is prepared while one is running. Pictures that wait together are prepared side by side, on threads that all
//! workers share.
//!
//! Without the feature `onnx`, [`Scorer`] is a type without values: what takes an `Option` of one can still be built and
//! is given `None`.

#[cfg(not(feature = "onnx"))]
mod absent;
#[cfg(feature = "onnx")]
mod batch;
mod error;
#[cfg(feature = "onnx")]
mod features;
#[cfg(feature = "onnx")]
mod handle;
#[cfg(feature = "onnx")]
mod inference;
mod job;
mod no_reference;
#[cfg(feature = "onnx")]
mod plans;
#[cfg(feature = "onnx")]
mod postprocess;
#[cfg(feature = "onnx")]
mod prepare;
#[cfg(feature = "onnx")]
mod queue;
#[cfg(feature = "onnx")]
mod registry;
#[cfg(feature = "onnx")]
mod rows;
mod score;
mod selection;
#[cfg(feature = "onnx")]
mod worker;

#[cfg(not(feature = "onnx"))]
pub use absent::Scorer;
pub use error::ScoreError;
#[cfg(feature = "onnx")]
pub use handle::Scorer;
pub use job::{Callback, Job};
pub use no_reference::{NoReferenceCallback, NoReferenceJob, NoReferenceResult, NoReferenceScorer};
pub use score::{Map, Score};
pub use selection::{Selection, Selector};
