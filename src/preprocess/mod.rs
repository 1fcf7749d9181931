// SPDX-License-Identifier: MPL-2.0

//! From a picture to a tensor, reading only the pixels that the model uses.
//!
//! A [`Plan`] is created once for a contract's [`Input`](crate::model::contract::Input) and a frame's format, size and
//! colorimetry; [`Plan::run`] then turns each such frame into f32 numbers.
//!
//! # What a number is
//! For every crop, each component plane (Y', Cb, Cr or R', G', B') is resampled directly from the frame's memory onto
//! the crop's pixels. The result is converted by matrix and range to full-range R'G'B' or luma, clamped to 0..1 as an
//! 8-bit picture would be, and normalized to (value − mean) / std. Nothing is quantized in between, and nothing outside
//! the crops is converted.
//!
//! With `round`, the steps are Pillow's: the whole frame becomes an 8-bit picture first, is scaled along its rows,
//! rounded and clamped to 8 bits, then along its columns, rounded and clamped again, with Pillow's integer weights. For
//! an 8-bit R'G'B' frame the result equals that of `Image.resize`, bit by bit, for `bilinear`, `bicubic` and `lanczos`.
//!
//! * **Y'CbCr**: ITU-R BT.601, BT.709, BT.2020 (non-constant luminance), SMPTE 240M or FCC, limited or full range as
//!   in ITU-T H.273, at the components' own depths. R'G'B' of limited range (16..235) is expanded.
//! * **Subsampled chroma** is interpolated linearly from the positions given by its siting. If the picture is scaled
//!   too, both steps are combined into one matrix, their product: the result is that of interpolating the whole frame
//!   first.
//! * **`luma`** is the frame's own Y'. For R'G'B' it is computed with the weights of the frame's matrix; for gray
//!   frames R' = G' = B' = Y'. **`gray601`** is 0.299 R' + 0.587 G' + 0.114 B', each clamped.
//!
//! # Geometry
//! * **Scaling** aligns the edges of the pictures, so centers lie at (x + ½) · in / out − ½. `bilinear` and `bicubic`
//!   with `antialias` are Pillow's `Image.resize` (and PyTorch's `interpolate` with `antialias=True`); without, they
//!   are OpenCV's `INTER_LINEAR` and, as `bicubic-opencv`, `INTER_CUBIC` (and PyTorch's `interpolate` without it, both
//!   with `align_corners=False`). `lanczos` is Pillow's. `nearest` takes the sample whose area contains the output
//!   pixel's center (as Pillow, and PyTorch's `nearest-exact`). `area` is OpenCV's `INTER_AREA` when it shrinks, and
//!   `bilinear` without antialiasing along an axis that it enlarges. `nearest`, `area` and `lanczos` ignore
//!   `antialias`.
//! * **`short-side`, `long-side`**: the other side is rounded to the nearest pixel, or cut off with `rounding =
//!   "down"`. **`scale`** multiplies both sides and rounds them likewise.
//! * **`letterbox`** scales the picture until one side reaches that of the letterbox (the other is rounded to the
//!   nearest pixel), and surrounds it with one color: half of the free space (rounded down) left or above, or all of it
//!   right and below.
//! * **`small = "upscale"`** enlarges the scaled size until it covers the crop; the frame is still scaled only once, to
//!   that size. **`"mirror"`** reflects the picture at its borders, without repeating the outermost samples and as
//!   often as necessary, half of the addition (rounded down) left or above.
//! * **`crops`** are placed as follows. `grid` of 5: center, top left, top right, bottom left, bottom right; of n: ⌈√n⌉
//!   positions per side from border to border, rounded to the nearest pixel, the first n row by row. `steps` of n: ⌈√n⌉
//!   positions per side from the top left, ⌊(side − crop) / ⌊√n⌋⌋ pixels apart, the first n row by row. `center`: at
//!   half of the free space, rounded down. `"all"`: row by row, `stride` apart, the last of a row and column moved
//!   inwards to end at the border. `random` draws with PCG32 (XSH-RR 64/32, `pcg32_srandom_r(seed, 54)` of the
//!   reference library): for each crop first x, then y, by `pcg32_boundedrand_r` of the number of positions.
//! * **`multiple-of`** mirrors every crop (or the frame, without `crop`) to the right and below.
//!
//! A scaled picture may have 65536 pixels per side, and one frame may become 2²⁸ numbers; beyond that,
//! [`PreprocessError`].
//!
//! # Why not with a crate per step
//! `yuv` (0.8) and `dcv-color-primitives` (1.0) convert Y'CbCr to 8-bit R'G'B': they round and clamp before anything is
//! scaled, cannot resample, and ignore the siting (`yuv` interpolates chroma as if it were a pixel left of where JPEG
//! has it, `dcv-color-primitives` repeats it). `fast_image_resize` (6.1) resamples an area as Pillow does, but in the
//! samples' own type: 8 bits in, 8 bits out, rounded after each pass; for f32 the planes must be converted first, and
//! it cannot combine scaling with siting, repeat borders as OpenCV does, or use areas of fractional pixels. One after
//! the other, these crates read the whole frame three times. They are the competitors in `benches/preprocess.rs`;
//! `pulp` selects the instruction set.

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
