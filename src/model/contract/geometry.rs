// SPDX-License-Identifier: MPL-2.0

//! How a frame becomes the pictures of a tensor, as types.

use crate::resample::Filter;

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
    /// A grid of ⌈√n⌉ per side in whole steps from the top left, ⌊(side − crop) / ⌊√n⌋⌋ apart, the first n of it row
    /// by row.
    Steps,
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
    /// The short side becomes this, keeping the aspect ratio (the long side is rounded by [`Rounding`]).
    ShortSide(u32),
    /// The long side becomes this, keeping the aspect ratio (the short side is rounded by [`Rounding`]).
    LongSide(u32),
    /// Both sides are multiplied by this, which is above 0 and at most 16, and rounded by [`Rounding`].
    Factor(f64),
    /// As large as fits into a picture of fixed size, keeping the aspect ratio.
    Letterbox(Letterbox),
    /// Width and height become these.
    Size([u32; 2]),
}

/// How a side that follows from the frame's size becomes a whole number of pixels, at least 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Rounding {
    /// To the nearest, halves up.
    #[default]
    Nearest,
    /// Cut off, as torchvision's `Resize` does.
    Down,
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
    /// How sides are rounded where [`Resize`] refers to it.
    pub rounding: Rounding,
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
            rounding: Rounding::Nearest,
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
