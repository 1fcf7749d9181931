// SPDX-License-Identifier: MPL-2.0

//! A model's contract: what its tensors are, how a picture becomes one, and what its output means.
//!
//! A TOML text in the ONNX file's metadata under `iqa.contract`, or in a sidecar `<model>.toml`, which wins. A contract can
//! be read without ONNX Runtime; with it (feature `onnx`), it is also checked against the graph.

mod error;
mod parse;
mod schema;
mod types;

pub use error::ContractError;
#[cfg(feature = "onnx")]
pub(super) use parse::parse;
pub use types::{
    Attributes, Channels, Constant, Contract, Crops, Curve, Geometry, Input, Kind, Layout, Letterbox, LetterboxAt,
    MapOutput, Output, Resize, Role, Sampling, Small,
};

pub use crate::resample::Filter;
