// SPDX-License-Identifier: MPL-2.0

//! Scoring: pictures in, scores out, by a worker that all users of a model share.
//!
//! The worker has two threads: one converts queued pictures to tensors, the other runs the model, so that the next
//! batch is prepared while one is running. Pictures that are queued together are prepared in parallel, on threads that
//! all workers share.
//!
//! One session per model rather than one per user keeps the memory and the thread count constant, and lets a batch
//! combine pictures of several users. Each user has a bounded queue; users take turns, so a fast one cannot starve the
//! others. Every accepted job is answered exactly once, even if the frame, the model or a callback panics.
//!
//! Without the feature `onnx`, [`Scorer`] is a type without values: code that takes an `Option` of one still compiles
//! and receives `None`.

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
mod pooling;
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
