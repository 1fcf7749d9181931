// SPDX-License-Identifier: MPL-2.0

//! Models: contract, bundled ones, the runtime, providers, sessions.
//!
//! Without the feature `onnx` only [`contract`] is there.

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
