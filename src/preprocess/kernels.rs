// SPDX-License-Identifier: MPL-2.0

//! The inner loops from components to a tensor's channels, written so that the compiler vectorizes them.
#![expect(clippy::needless_range_loop, reason = "several arrays side by side, lane by lane")]

use super::color_transform::{Channel, ColorTransform};
use crate::simd::{LANES, SimdLevel, multiply_add};

/// A function of the components of `LANES` pixels.
trait Pixels {
    fn of(&self, rows: [&[f32; LANES]; 3]) -> [f32; LANES];
}

/// A function of each pixel of a row; `rows` extend to a multiple of `LANES`.
#[inline(always)]
fn each(pixels: impl Pixels, rows: [&[f32]; 3], out: &mut [f32]) {
    let rows = [rows[0].as_chunks().0, rows[1].as_chunks().0, rows[2].as_chunks().0];
    let (blocks, rest) = out.as_chunks_mut::<LANES>();
    let count = blocks.len();
    for (i, out) in blocks.iter_mut().enumerate() {
        *out = pixels.of([&rows[0][i], &rows[1][i], &rows[2][i]]);
    }
    if !rest.is_empty() {
        let length = rest.len();
        rest.copy_from_slice(&pixels.of([&rows[0][count], &rows[1][count], &rows[2][count]])[..length]);
    }
}

/// A tensor's channel from N components.
struct FromComponents<L, const N: usize>(Channel, L);

impl<L: SimdLevel, const N: usize> Pixels for FromComponents<L, N> {
    #[inline(always)]
    fn of(&self, rows: [&[f32; LANES]; 3]) -> [f32; LANES] {
        let Self(channel, _) = self;
        let mut out = [0.0; LANES];
        for lane in 0..LANES {
            let mut sum = channel.offset;
            for k in 0..N {
                sum = multiply_add::<L>(rows[k][lane], channel.weights[k], sum);
            }
            out[lane] = multiply_add::<L>(sum.clamp(0.0, 1.0), channel.scale, channel.shift);
        }
        out
    }
}

/// Gray from R'G'B'.
struct Gray<L>([Channel; 3], [f32; 3], L);

impl<L: SimdLevel> Pixels for Gray<L> {
    #[inline(always)]
    fn of(&self, rows: [&[f32; LANES]; 3]) -> [f32; LANES] {
        let Self(channels, weights, _) = self;
        let mut out = [0.0; LANES];
        for lane in 0..LANES {
            let mut value = 0.0;
            for c in 0..3 {
                let mut sum = channels[c].offset;
                for k in 0..3 {
                    sum = multiply_add::<L>(rows[k][lane], channels[c].weights[k], sum);
                }
                value = multiply_add::<L>(sum.clamp(0.0, 1.0), weights[c], value);
            }
            out[lane] = multiply_add::<L>(value, channels[0].scale, channels[0].shift);
        }
        out
    }
}

/// A row of the tensor's channel `index`; `rows` are those of the components.
#[inline(always)]
pub(super) fn transform_row<L: SimdLevel>(
    level: L,
    color_transform: &ColorTransform,
    rows: [&[f32]; 3],
    index: usize,
    out: &mut [f32],
) {
    let chosen = color_transform.channels[index];
    if let Some(weights) = color_transform.gray {
        let channels = [color_transform.channels[0], color_transform.channels[1], color_transform.channels[2]];
        return each(Gray::<L>(channels, weights, level), rows, out);
    }
    match color_transform.components {
        1 => each(FromComponents::<L, 1>(chosen, level), rows, out),
        _ => each(FromComponents::<L, 3>(chosen, level), rows, out),
    }
}
