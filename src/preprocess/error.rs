// SPDX-License-Identifier: MPL-2.0

use crate::picture::{Colorimetry, PixelFormat};

/// A picture cannot be prepared for a model.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PreprocessError {
    /// The plan was made for different pictures: create a new one.
    #[error("the plan is for {expected}, the picture is {actual}: a plan fits one format, size and colorimetry")]
    Picture {
        /// What the plan was made for.
        expected: Described,
        /// What was given.
        actual: Described,
    },
    /// The tensor's memory does not have the length of the layout.
    #[error("the tensor has {expected} elements, the memory given for it {actual}")]
    Output {
        /// The length of the layout.
        expected: usize,
        /// The length given.
        actual: usize,
    },
    /// A number in the geometry that must be at least 1 is 0.
    #[error("geometry: `{key}` is 0, it must be at least 1")]
    Zero {
        /// As the contract names it.
        key: &'static str,
    },
    /// `scale` is not a positive number.
    #[error("geometry: `scale` is {factor}, it must be above 0")]
    Factor {
        /// In the contract.
        factor: f64,
    },
    /// A frame has no pixels, or more than a picture may have.
    #[error("a frame of {width}x{height} pixels; both sides must be from 1 to 65536")]
    Frame {
        /// Pixels.
        width: u32,
        /// Pixels.
        height: u32,
    },
    /// The frame's shape would make the scaled picture too large.
    #[error(
        "geometry: a frame of {width}x{height} would be scaled to {scaled_width}x{scaled_height}; \
         65536 pixels a side is the limit (a frame of this shape needs `small = \"mirror\"` or `resize`)"
    )]
    Scaled {
        /// Of the frame, in pixels.
        width: u32,
        /// Of the frame, in pixels.
        height: u32,
        /// In pixels.
        scaled_width: u64,
        /// In pixels.
        scaled_height: u64,
    },
    /// More than 2²⁸ numbers for one frame.
    #[error(
        "geometry: {crops} pictures of {width}x{height} pixels for one frame are more than 2^28 numbers; \
         use fewer or smaller crops"
    )]
    Elements {
        /// Pictures for one frame.
        crops: u64,
        /// Of each, in pixels.
        width: u64,
        /// Of each, in pixels.
        height: u64,
    },
    /// A letterbox that is cropped: contracts cannot say so.
    #[error("geometry: `letterbox` and `crop` exclude each other: a letterbox is what the model gets")]
    CroppedLetterbox,
    /// `mean` or `std` does not have one value per channel.
    #[error("`{key}` has {actual} values, the input has {expected} channels")]
    Channels {
        /// As the contract names it.
        key: &'static str,
        /// Channels of the input.
        expected: usize,
        /// Values in the contract.
        actual: usize,
    },
    /// `mean` is not finite, or `std` is not finite or 0.
    #[error("`{key}` of channel {channel} is {value}: it must be finite, and `std` not 0")]
    Normalization {
        /// As the contract names it.
        key: &'static str,
        /// From 0.
        channel: usize,
        /// In the contract.
        value: f64,
    },
}

/// A picture's description, without its pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Described {
    /// The memory layout.
    pub format: PixelFormat,
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
    /// Matrix, range and siting.
    pub colorimetry: Colorimetry,
}

impl std::fmt::Display for Described {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Colorimetry { matrix, range, chroma_site } = self.colorimetry;
        let side = |cosited| if cosited { "cosited" } else { "midway" };
        write!(f, "{} {}x{} ({matrix:?}, {range:?}, ", self.format, self.width, self.height)?;
        write!(f, "chroma {} across and {} down)", side(chroma_site.cosited_x), side(chroma_site.cosited_y))
    }
}
