// SPDX-License-Identifier: MPL-2.0

//! ONNX models: contract, search, runtime, providers, sessions.
//!
//! [`Model::builder`] finds the file ([`Search`]), loads ONNX Runtime if necessary ([`environment`]), opens a session
//! on a [`Provider`] and checks the [`contract`] against the graph.
//!
//! ONNX Runtime is loaded at run time, so that programs start without it and one build serves every provider. There is
//! one environment per process. A provider that was asked for by name either runs the model or is an error: ONNX
//! Runtime's own silent fallback to the CPU is disabled. Models are shared within a process.
//!
//! Without the feature `onnx`, only [`contract`] exists.

#[cfg(feature = "onnx")]
mod branch;
#[cfg(feature = "onnx")]
mod builder;
#[cfg(feature = "onnx")]
mod constant;
pub mod contract;
#[cfg(feature = "onnx")]
mod description;
#[cfg(feature = "onnx")]
mod error;
#[cfg(feature = "onnx")]
mod file;
#[cfg(feature = "onnx")]
mod graph;
#[cfg(feature = "onnx")]
mod loader;
#[cfg(feature = "onnx")]
mod ort_message;
#[cfg(feature = "onnx")]
mod provider;
#[cfg(feature = "onnx")]
mod runtime;
#[cfg(feature = "onnx")]
mod search;
#[cfg(feature = "onnx")]
mod session;
#[cfg(feature = "onnx")]
mod validate;

#[cfg(feature = "onnx")]
pub(crate) use branch::Branch;
pub use contract::ContractError;
#[cfg(feature = "onnx")]
pub(crate) use ort_message::ort_message;
#[cfg(feature = "onnx")]
pub use {
    builder::ModelBuilder,
    constant::ConstantTensor,
    description::Description,
    error::ModelError,
    graph::{Dim, GraphInfo, TensorInfo},
    loader::Model,
    provider::{Options, Provider, UnknownProvider},
    runtime::{OLDEST_MINOR, RuntimeError, environment},
    search::Search,
};
