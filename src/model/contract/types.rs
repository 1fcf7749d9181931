// SPDX-License-Identifier: MPL-2.0

//! The content of a contract, as types.

use super::geometry::Geometry;
use super::output::Output;

/// Which reference a model needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Deserialize)]
pub enum Kind {
    /// None.
    #[serde(rename = "no-reference")]
    NoReference,
    /// The picture from which the distorted one was made.
    #[serde(rename = "full-reference")]
    FullReference,
    /// A picture of good quality, whatever its content and size.
    #[serde(rename = "reduced-reference")]
    ReducedReference,
}

impl Kind {
    /// Whether a model of this kind takes a reference in addition to the distorted picture.
    pub const fn compares(self) -> bool {
        !matches!(self, Self::NoReference)
    }
}

/// As contracts write it.
impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::NoReference => "no-reference",
            Self::FullReference => "full-reference",
            Self::ReducedReference => "reduced-reference",
        })
    }
}

/// At which sizes a full-reference model gets the two pictures, before the geometry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Sizes {
    /// At one size, to which one of them is scaled if they differ, unless the geometry resizes both.
    #[default]
    Equal,
    /// Each at its own, as a super-resolved picture and its low-resolution original.
    Own,
}

/// Which of the two pictures an input takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// The original.
    Reference,
    /// The picture that is scored.
    Distorted,
}

/// Order of a tensor's dimensions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Layout {
    /// Picture, channel, row, column.
    Nchw,
    /// Picture, row, column, channel.
    Nhwc,
}

/// What a tensor's channels are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Channels {
    /// R', G', B', full range.
    Rgb,
    /// B', G', R', full range.
    Bgr,
    /// The frame's own Y', full range.
    Luma,
    /// 0.299 R' + 0.587 G' + 0.114 B'.
    Gray601,
}

impl Channels {
    /// Planes in the tensor.
    pub const fn count(self) -> usize {
        match self {
            Self::Rgb | Self::Bgr => 3,
            Self::Luma | Self::Gray601 => 1,
        }
    }
}

/// One ONNX input that takes a picture.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Input {
    /// The ONNX input's name.
    pub tensor: String,
    /// Which picture it takes.
    pub role: Role,
    /// Order of dimensions.
    pub layout: Layout,
    /// What the channels are.
    pub channels: Channels,
    /// tensor = (pixel - mean) / std, pixel in 0..1; as many as there are channels.
    pub mean: Vec<f64>,
    /// See `mean`. For uint8 tensors the default is 1/255 and the result is rounded and clamped to 0..255.
    pub std: Vec<f64>,
    /// Its own geometry, or the contract's.
    pub geometry: Geometry,
}

impl Input {
    /// The distorted picture unchanged, in N×C×H×W, from 0 to 1: `mean` is 0, `std` is 1.
    pub fn new(tensor: impl Into<String>, channels: Channels) -> Self {
        let count = channels.count();
        Self {
            tensor: tensor.into(),
            role: Role::Distorted,
            layout: Layout::Nchw,
            channels,
            mean: vec![0.0; count],
            std: vec![1.0; count],
            geometry: Geometry::default(),
        }
    }
}

/// A side of the frame that is scored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum FrameSide {
    /// Columns.
    Width,
    /// Rows.
    Height,
}

/// An ONNX input that takes no picture: fixed values, or the size of the frame.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Constant {
    /// The ONNX input's name.
    pub tensor: String,
    /// Its values, flat; empty if it has the frame's sides.
    pub value: Vec<f64>,
    /// The sides of the distorted frame, in pixels before its geometry, in this order; empty if `value` is given.
    pub frame: Vec<FrameSide>,
}

impl Constant {
    /// How many numbers it has.
    pub fn count(&self) -> usize {
        self.value.len() + self.frame.len()
    }
}

/// A model's contract, read and checked by itself (not yet against the graph).
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Contract {
    /// The model's name.
    pub name: String,
    /// Which reference it needs.
    pub kind: Kind,
    /// At which sizes a full-reference model gets the two pictures; [`Sizes::Equal`] for other kinds, without effect.
    pub sizes: Sizes,
    /// SPDX, or whatever the publisher says.
    pub license: Option<String>,
    /// The inputs that take pictures.
    pub inputs: Vec<Input>,
    /// The output.
    pub output: Output,
    /// The other inputs.
    pub constants: Vec<Constant>,
    /// The file, beside the model's, of a graph that processes the reference's pictures first.
    pub reference_model: Option<String>,
}
