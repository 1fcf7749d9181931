// SPDX-License-Identifier: MPL-2.0

//! The content of a contract, as types.

use crate::resample::Filter;

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

/// The number of crops.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Crops {
    /// This many crops, placed by [`Sampling`].
    Count(u32),
    /// Tiles that cover the picture, `stride` (horizontal, vertical) apart; the last of a row or column is moved
    /// inwards so that it ends at the border.
    All {
        /// Pixels from one tile to the next.
        stride: [u32; 2],
    },
}

/// Where crops are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Sampling {
    /// 5: the center, then the corners; n: a grid of ⌈√n⌉ per side, row by row.
    Grid,
    /// All at the center (useful with one crop).
    Center,
    /// At positions drawn by PCG32 from this seed, the same for every frame of one size.
    Random {
        /// The seed of the generator.
        seed: u64,
    },
}

/// How a frame that is smaller than the crop is handled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Small {
    /// Scaled up until it covers the crop, keeping its aspect ratio.
    #[default]
    Upscale,
    /// Mirrored at its borders until it covers the crop.
    Mirror,
}

/// How the frame is scaled before crops are taken.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Resize {
    /// The short side becomes this, keeping the aspect ratio (the long side is rounded to the nearest pixel).
    ShortSide(u32),
    /// The long side becomes this, keeping the aspect ratio (the short side is rounded to the nearest pixel).
    LongSide(u32),
    /// As large as fits into a picture of fixed size, keeping the aspect ratio.
    Letterbox(Letterbox),
    /// Width and height become these.
    Size([u32; 2]),
}

/// A picture of fixed size that surrounds the scaled frame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Letterbox {
    /// Width and height, in pixels.
    pub size: [u32; 2],
    /// R', G', B', from 0 to 1, of the area that the scaled frame leaves free.
    pub color: [f64; 3],
    /// The position of the scaled frame.
    pub at: LetterboxAt,
}

/// The position of a scaled frame in its letterbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, serde::Deserialize)]
pub enum LetterboxAt {
    /// Centered; half of the free space, rounded down, is left or above.
    #[default]
    #[serde(rename = "centre", alias = "center")]
    Center,
    /// At the top left.
    #[serde(rename = "top-left")]
    TopLeft,
}

/// How a frame becomes the pictures of a tensor. The steps are in the order of the fields; each is optional.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Geometry {
    /// Scaling, if any.
    pub scale: Option<Resize>,
    /// The filter for scaling.
    pub filter: Filter,
    /// Whether the filter is widened when it shrinks.
    pub antialias: bool,
    /// Whether to round to 8 bits before scaling and after each of its two passes, as Pillow does.
    pub round: bool,
    /// Size of the crops (width, height), if any are cut.
    pub crop: Option<[u32; 2]>,
    /// The number of crops.
    pub crops: Crops,
    /// The positions of the crops.
    pub sampling: Sampling,
    /// How a frame that is too small for a crop is handled.
    pub small: Small,
    /// Mirror-pads right and below to a multiple of this; 1 = no padding.
    pub multiple_of: u32,
    /// 0: crops are the batch; 1: N×K×C×H×W.
    pub crops_axis: u8,
}

impl Default for Geometry {
    /// The frame as it is.
    fn default() -> Self {
        Self {
            scale: None,
            filter: Filter::default(),
            antialias: true,
            round: false,
            crop: None,
            crops: Crops::Count(1),
            sampling: Sampling::Grid,
            small: Small::default(),
            multiple_of: 1,
            crops_axis: 0,
        }
    }
}

impl Geometry {
    /// Width and height of the tensor's pictures, if they do not depend on the frame.
    pub fn fixed_size(&self) -> Option<[u32; 2]> {
        let size = match (self.crop, self.scale) {
            (Some(crop), _) => return Some(crop),
            (None, Some(Resize::Size(size) | Resize::Letterbox(Letterbox { size, .. }))) => size,
            _ => return None,
        };
        Some(size.map(|side| side.next_multiple_of(self.multiple_of.max(1))))
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

/// The mapping from raw values to 0..100.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Curve {
    /// Linear between the two, clamped outside.
    Line {
        /// The raw value shown as 0.
        worst: f64,
        /// The raw value shown as 100.
        best: f64,
    },
    /// (raw, score) points, raw ascending, scores monotone; linear between, clamped outside.
    Points(Vec<[f64; 2]>),
}

impl Curve {
    /// The score, 0 to 100, of a raw value.
    pub fn score(&self, raw: f64) -> f64 {
        match self {
            Self::Line { worst, best } => scale_100(raw, *worst, *best),
            Self::Points(points) => {
                let after = points.partition_point(|[x, _]| *x <= raw);
                let Some(&[x1, y1]) = points.get(after) else {
                    return points.last().map_or(0.0, |point| point[1]);
                };
                let Some(&[x0, y0]) = after.checked_sub(1).and_then(|before| points.get(before)) else { return y1 };
                (y0 + (y1 - y0) * (raw - x0) / (x1 - x0)).clamp(0.0, 100.0)
            }
        }
    }

    /// The smallest and the largest raw value that is not clamped.
    pub fn raw_range(&self) -> [f64; 2] {
        match self {
            Self::Line { worst, best } => [worst.min(*best), worst.max(*best)],
            Self::Points(points) => {
                let ends = points.first().zip(points.last()).map(|(first, last)| [first[0], last[0]]);
                ends.unwrap_or([f64::NEG_INFINITY, f64::INFINITY])
            }
        }
    }
}

/// `raw` between `worst` (0) and `best` (100), clamped.
fn scale_100(raw: f64, worst: f64, best: f64) -> f64 {
    ((raw - worst) / (best - worst) * 100.0).clamp(0.0, 100.0)
}

/// A map of quality among the outputs.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct MapOutput {
    /// The ONNX output's name.
    pub tensor: String,
    /// The raw value shown as 0 (black).
    pub worst: f64,
    /// The raw value shown as 100 (white).
    pub best: f64,
}

impl MapOutput {
    /// The quality, 0 to 100, for a raw value of the map.
    pub fn score(&self, raw: f64) -> f64 {
        scale_100(raw, self.worst, self.best)
    }
}

/// Named numbers among the outputs.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Attributes {
    /// The ONNX output's name.
    pub tensor: String,
    /// One name per value.
    pub names: Vec<String>,
    /// The raw value shown as 0.
    pub worst: f64,
    /// The raw value shown as 100.
    pub best: f64,
}

impl Attributes {
    /// The quality, 0 to 100, for a raw attribute.
    pub fn score(&self, raw: f64) -> f64 {
        scale_100(raw, self.worst, self.best)
    }
}

/// The model's output.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Output {
    /// The ONNX output's name.
    pub tensor: String,
    /// The index of the raw value among a picture's numbers; `None` if there is only one, or a distribution.
    pub index: Option<usize>,
    /// The mapping from raw value to score.
    pub curve: Curve,
    /// If the output is a histogram: its values. The raw value is the expectation.
    pub distribution: Option<Vec<f64>>,
    /// Whether the histogram is given as logits.
    pub softmax: bool,
    /// A map of quality.
    pub map: Option<MapOutput>,
    /// Named numbers.
    pub attributes: Option<Attributes>,
}

/// An ONNX input with a fixed value.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Constant {
    /// The ONNX input's name.
    pub tensor: String,
    /// Its values, flat.
    pub value: Vec<f64>,
}

/// A model's contract, read and checked by itself (not yet against the graph).
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Contract {
    /// The model's name.
    pub name: String,
    /// Which reference it needs.
    pub kind: Kind,
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
