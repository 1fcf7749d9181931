// SPDX-License-Identifier: MPL-2.0

//! From a picture to a tensor, touching only the pixels that the model looks at.
//!
//! A [`Plan`] is made once for a contract's [`Input`](crate::model::contract::Input) and a frame's format, size and colorimetry;
//! [`Plan::run`] then turns each such frame into f32 numbers.
//!
//! # What a number is
//! For every crop, each component plane (Y', Cb, Cr or R', G', B') is resampled straight from where it lies onto the
//! crop's pixels; the result goes through the matrix and range to full-range R'G'B' or luma, is clamped to 0..1 as an
//! 8-bit picture would be, and becomes (value − mean) / std. Nothing is quantized on the way, and what lies outside the
//! crops is not converted.
//!
//! With `round` it is Pillow's way: the whole frame becomes a picture of 8 bits first, is scaled along its rows, rounded and
//! clamped to 8 bits, then along its columns, rounded and clamped again, all with Pillow's whole weights. From an 8-bit
//! R'G'B' frame the result is the one of `Image.resize`, bit by bit, for `bilinear`, `bicubic` and `lanczos`.
//!
//! * **Y'CbCr**: ITU-R BT.601, BT.709, BT.2020 (non-constant luminance), SMPTE 240M or FCC, limited or full range as
//!   in ITU-T H.273, at the components' own depths. R'G'B' of limited range (16..235) is expanded.
//! * **Subsampled chroma** is interpolated linearly from where the siting says it is. When the picture is scaled too,
//!   both steps are one matrix, their product: the result is that of interpolating the whole frame first.
//! * **`luma`** is the frame's own Y'. For R'G'B' it is computed with the weights of the frame's matrix; for gray
//!   frames R' = G' = B' = Y'. **`gray601`** is 0.299 R' + 0.587 G' + 0.114 B', each clamped.
//!
//! # Geometry
//! * **Scaling** aligns the pictures' edges, so centers lie at (x + ½) · in / out − ½. `bilinear` and `bicubic` with
//!   `antialias` are Pillow's `Image.resize` (and PyTorch's `interpolate` with `antialias=True`); without, they are
//!   OpenCV's `INTER_LINEAR` and, as `bicubic-opencv`, `INTER_CUBIC` (and PyTorch's `interpolate` without it, both with
//!   `align_corners=False`). `lanczos` is Pillow's. `nearest` takes the sample whose area holds the output pixel's
//!   center (Pillow's; PyTorch's `nearest-exact`). `area` is OpenCV's `INTER_AREA` where it shrinks, and `bilinear`
//!   without antialiasing along an axis that it enlarges. `nearest`, `area` and `lanczos` ignore `antialias`.
//! * **`short-side`, `long-side`**: the other side is rounded to the nearest pixel.
//! * **`letterbox`** scales the picture until one side reaches that of the letterbox, the other rounded to the nearest
//!   pixel, and surrounds it with one color: half of the room (rounded down) left or above, or all of it right and below.
//! * **`small = "upscale"`** enlarges the scaled size until it covers the crop, and the frame is still scaled only
//!   once, to that size. **`"mirror"`** reflects the picture at its borders, without repeating the outermost samples
//!   and as often as it takes, half of the addition (rounded down) left or above.
//! * **`crops`** lie: `grid` of 5, center, top left, top right, bottom left, bottom right; of n, on ⌈√n⌉ places a
//!   side from border to border, rounded to the nearest pixel, the first n row by row; `center` at half of the room,
//!   rounded down; `"all"`, row by row, `stride` apart, the last of a row and column moved in to end at the border.
//!   `random` draws with PCG32 (XSH-RR 64/32, `pcg32_srandom_r(seed, 54)` of the reference library): for each crop
//!   first x, then y, by `pcg32_boundedrand_r` of the number of places.
//! * **`multiple-of`** mirrors every crop (or the frame, without `crop`) to the right and below.
//!
//! A scaled picture may have 65536 pixels a side, and one frame may become 2²⁸ numbers; beyond, [`PreprocessError`].
//!
//! # Why not with a crate for each step
//! `yuv` (0.8) and `dcv-color-primitives` (1.0) turn Y'CbCr into R'G'B' of 8 bits: they round and clamp before
//! anything is scaled, cannot resample, and do not know the siting (`yuv` interpolates chroma as if it lay a pixel
//! left of where JPEG has it, `dcv-color-primitives` repeats it). `fast_image_resize` (6.1) does resample a cut-out
//! as Pillow does, but in the samples' own type: 8 bits in, 8 bits out, rounded after each pass; for f32 the planes
//! have to be converted first, and it has no product of scaling and siting, no borders repeated as OpenCV's and no
//! area of fractional pixels. One behind the other they visit the whole frame three times. Here they are the rivals
//! in `benches/preprocess.rs`; `pulp` picks the instruction set.

mod color_transform;
mod eight_bit;
mod error;
mod geometry;
mod kernels;
mod layout;
mod pcg;
mod plan;

pub use error::{Described, PreprocessError};
pub use layout::TensorLayout;
pub use plan::Plan;

#[cfg(test)]
mod tests;
