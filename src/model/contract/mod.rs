// SPDX-License-Identifier: MPL-2.0

//! A model's contract: what its tensors are, how a picture becomes one, and what its output means.
//!
//! A contract is a TOML text in the ONNX file's metadata under `iqa.contract`, or in a file `<model>.toml` beside it,
//! which takes precedence. It can be read without ONNX Runtime; with it (feature `onnx`), it is also checked against
//! the graph.
//!
//! Networks differ in channel order, normalization, resizing, cropping and the scale of their output, and an ONNX file
//! records none of this. The contract does, so that a network runs without code and produces the numbers of its own
//! training code. All keys are described in
//! [docs/model-contract.md](https://github.com/onnx-iqa/onnx-iqa/blob/main/docs/model-contract.md).

mod error;
mod geometry;
mod output;
mod parse;
mod schema;
mod types;

pub use error::ContractError;
pub use geometry::{Crops, Geometry, Letterbox, LetterboxAt, Resize, Rounding, Sampling, Small};
pub use output::{Attributes, Curve, MapOutput, Output, Pooling, Spread};
#[cfg(feature = "onnx")]
pub(super) use parse::parse;
pub use types::{Channels, Constant, Contract, FrameSide, Input, Kind, Layout, Role, Sizes};

pub use crate::resample::Filter;
