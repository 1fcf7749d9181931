// SPDX-License-Identifier: MPL-2.0

//! The inner loops. All are inlined into one function that `pulp` compiles once for each instruction set; they are
//! written so that the compiler turns them into vector code.
#![expect(clippy::needless_range_loop, reason = "several arrays side by side, lane by lane")]

use super::color_transform::{Channel, ColorTransform};
use super::filter::Axis;

/// Rows (and columns) that are turned over together: the lanes of the widest vector.
pub(crate) const LANES: usize = 16;

/// Samples behind the last one of a row that may be read, and are thrown away.
pub(super) const SLACK: usize = 3 * LANES;

/// Columns of a crop that are worked on at a time, so that the intermediate rows stay in the nearest cache.
pub(crate) const TILE: usize = 256;

/// An instruction set, as far as the loops differ by it.
pub(crate) trait SimdLevel: Copy {
    /// Has fused multiply-add.
    const FMA: bool;

    /// Resamples `LANES` rows of one component; see [`Columns`]. False when it has no way of its own for such an axis.
    #[inline(always)]
    fn horizontal(self, _: &Columns<'_>, _: &[f32], _: &mut [f32]) -> bool {
        false
    }
}

/// Any processor.
#[derive(Clone, Copy)]
pub(crate) struct Scalar;

impl SimdLevel for Scalar {
    const FMA: bool = false;
}

/// A processor with fused multiply-add.
#[derive(Clone, Copy)]
pub(crate) struct Fma;

impl SimdLevel for Fma {
    const FMA: bool = true;
}

/// Some output columns of one component.
pub(crate) struct Columns<'a> {
    /// From the plane's samples to the outputs.
    pub axis: &'a Axis,
    /// Which of the axis's outputs.
    pub outputs: std::ops::Range<usize>,
    /// The sample that the rows begin with.
    pub first: usize,
    /// From the beginning of one source row to the next.
    pub stride: usize,
    /// Rows that are wanted, up to `LANES`.
    pub rows: usize,
}

/// `a * b + c`, fused where the processor can do that.
#[inline(always)]
fn multiply_add<I: SimdLevel>(a: f32, b: f32, c: f32) -> f32 {
    // Without the instruction, `mul_add` would be a call.
    if I::FMA { a.mul_add(b, c) } else { a * b + c }
}

/// How a sample is stored.
pub(crate) trait Sample: Copy {
    /// A row of samples.
    fn row(bytes: &[u8]) -> &[Self];
    /// Its value after shifting right.
    fn value(self, shift: u32) -> f32;
}

impl Sample for u8 {
    #[inline(always)]
    fn row(bytes: &[u8]) -> &[Self] {
        bytes
    }

    #[inline(always)]
    fn value(self, _: u32) -> f32 {
        f32::from(self)
    }
}

impl Sample for [u8; 2] {
    #[inline(always)]
    fn row(bytes: &[u8]) -> &[Self] {
        bytes.as_chunks().0
    }

    #[inline(always)]
    fn value(self, shift: u32) -> f32 {
        f32::from(u16::from_le_bytes(self) >> shift)
    }
}

/// The weighted sum of as many rows of samples, `stride` bytes apart, as there are weights.
#[inline(always)]
pub(crate) fn vertical<I: SimdLevel, S: Sample>(
    data: &[u8],
    stride: usize,
    weights: &[f32],
    shift: u32,
    out: &mut [f32],
) {
    if weights.is_empty() {
        return out.fill(0.0);
    }
    let mut done = 0;
    while done < weights.len() {
        let (data, left) = (&data[done * stride..], &weights[done..]);
        macro_rules! weigh {
            ($($n:literal)+) => {
                match left.len() {
                    $($n => weigh::<I, S, $n>(data, stride, left, shift, done == 0, out),)+
                    _ => weigh::<I, S, 6>(data, stride, left, shift, done == 0, out),
                }
            };
        }
        weigh!(1 2 3 4 5);
        done += 6;
    }
}

/// As many rows as there are weights, up to N; added to `out` or written there.
#[inline(always)]
fn weigh<I: SimdLevel, S: Sample, const N: usize>(
    data: &[u8],
    stride: usize,
    weights: &[f32],
    shift: u32,
    first: bool,
    out: &mut [f32],
) {
    let length = out.len();
    let mut rows: [&[S]; N] = [&[]; N];
    let mut factors = [0.0; N];
    for k in 0..N {
        rows[k] = &S::row(&data[k * stride..][..length * size_of::<S>()])[..length];
        factors[k] = weights[k];
    }
    // Blocks of a vector's length; left to itself the compiler unrolls further, and the rest is slow.
    let (blocks, rest) = out.as_chunks_mut::<LANES>();
    for (block, out) in blocks.iter_mut().enumerate() {
        let mut sum = if first { [0.0; LANES] } else { *out };
        for k in 0..N {
            let samples = &rows[k][block * LANES..block * LANES + LANES];
            for lane in 0..LANES {
                sum[lane] = multiply_add::<I>(samples[lane].value(shift), factors[k], sum[lane]);
            }
        }
        *out = sum;
    }
    let done = length - rest.len();
    for (x, out) in rest.iter_mut().enumerate() {
        let mut sum = if first { 0.0 } else { *out };
        for k in 0..N {
            sum = multiply_add::<I>(rows[k][done + x].value(shift), factors[k], sum);
        }
        *out = sum;
    }
}

/// Turns a square over.
#[inline(always)]
fn transpose(square: &[[f32; LANES]; LANES]) -> [[f32; LANES]; LANES] {
    let mut turned = [[0.0; LANES]; LANES];
    for i in 0..LANES {
        for j in 0..LANES {
            turned[j][i] = square[i][j];
        }
    }
    turned
}

/// Turns `LANES` rows, `stride` apart, into columns.
#[inline(always)]
pub(super) fn columns(rows: &[f32], stride: usize, columns: &mut [[f32; LANES]]) {
    for (block, columns) in columns.as_chunks_mut::<LANES>().0.iter_mut().enumerate() {
        let mut square = [[0.0; LANES]; LANES];
        for r in 0..LANES {
            let at = r * stride + block * LANES;
            square[r].copy_from_slice(&rows[at..at + LANES]);
        }
        *columns = transpose(&square);
    }
}

/// Takes every `step`-th of a row's samples.
#[inline(always)]
pub(super) fn pick(row: &[f32], step: usize, out: &mut [f32]) {
    macro_rules! every {
        ($n:literal) => {
            for (out, samples) in out.iter_mut().zip(row.chunks($n)) {
                *out = samples[0];
            }
        };
    }
    match step {
        2 => every!(2),
        3 => every!(3),
        4 => every!(4),
        step => out.iter_mut().zip(row.chunks(step)).for_each(|(out, samples)| *out = samples[0]),
    }
}

/// Resamples columns and turns the result into rows, `TILE` apart.
#[inline(always)]
pub(super) fn horizontal<I: SimdLevel>(want: &Columns<'_>, columns: &[[f32; LANES]], rows: &mut [f32]) {
    let Columns { axis, ref outputs, first, .. } = *want;
    let mut from = outputs.start;
    while from < outputs.end {
        let block = from - outputs.start;
        let mut square = [[0.0; LANES]; LANES];
        for i in 0..LANES.min(outputs.end - from) {
            let (start, weights) = axis.row(from + i);
            let columns = &columns[start - first..];
            let mut sum = [0.0; LANES];
            for k in 0..weights.len() {
                let column = &columns[k];
                for lane in 0..LANES {
                    sum[lane] = multiply_add::<I>(column[lane], weights[k], sum[lane]);
                }
            }
            square[i] = sum;
        }
        let turned = transpose(&square);
        for r in 0..LANES {
            let at = r * TILE + block;
            rows[at..at + LANES].copy_from_slice(&turned[r]);
        }
        from += LANES;
    }
}

/// A function of `LANES` pixels' components.
trait Pixels {
    fn of(&self, rows: [&[f32; LANES]; 3]) -> [f32; LANES];
}

/// A function of each pixel of a row; `rows` reach to a multiple of `LANES`.
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
struct FromComponents<I, const N: usize, const ROUND: bool>(Channel, I);

impl<I: SimdLevel, const N: usize, const ROUND: bool> Pixels for FromComponents<I, N, ROUND> {
    #[inline(always)]
    fn of(&self, rows: [&[f32; LANES]; 3]) -> [f32; LANES] {
        let Self(channel, _) = self;
        let mut out = [0.0; LANES];
        for lane in 0..LANES {
            let mut sum = channel.offset;
            for k in 0..N {
                sum = multiply_add::<I>(rows[k][lane], channel.weights[k], sum);
            }
            out[lane] = multiply_add::<I>(rounded::<ROUND>(sum.clamp(0.0, 1.0)), channel.scale, channel.shift);
        }
        out
    }
}

/// Gray from R'G'B'.
struct Gray<I, const ROUND: bool>([Channel; 3], [f32; 3], I);

impl<I: SimdLevel, const ROUND: bool> Pixels for Gray<I, ROUND> {
    #[inline(always)]
    fn of(&self, rows: [&[f32; LANES]; 3]) -> [f32; LANES] {
        let Self(channels, weights, _) = self;
        let mut out = [0.0; LANES];
        for lane in 0..LANES {
            let mut value = 0.0;
            for c in 0..3 {
                let mut sum = channels[c].offset;
                for k in 0..3 {
                    sum = multiply_add::<I>(rows[k][lane], channels[c].weights[k], sum);
                }
                value = multiply_add::<I>(sum.clamp(0.0, 1.0), weights[c], value);
            }
            out[lane] = multiply_add::<I>(rounded::<ROUND>(value), channels[0].scale, channels[0].shift);
        }
        out
    }
}

/// To the nearest step of 1 / 255.
#[inline(always)]
fn rounded<const ROUND: bool>(value: f32) -> f32 {
    // Beyond 2^23 a float has no fraction left: adding that rounds, in any instruction set.
    const WHOLE: f32 = 8_388_608.0;
    if ROUND { ((value * 255.0 + WHOLE) - WHOLE) * (1.0 / 255.0) } else { value }
}

/// A row of the tensor's channel `index`; `rows` are the components'.
#[inline(always)]
pub(super) fn transform_row<I: SimdLevel>(
    set: I,
    color_transform: &ColorTransform,
    rows: [&[f32]; 3],
    index: usize,
    out: &mut [f32],
) {
    let chosen = color_transform.channels[index];
    if let Some(weights) = color_transform.gray {
        let channels = [color_transform.channels[0], color_transform.channels[1], color_transform.channels[2]];
        return match color_transform.round {
            false => each(Gray::<I, false>(channels, weights, set), rows, out),
            true => each(Gray::<I, true>(channels, weights, set), rows, out),
        };
    }
    match (color_transform.components, color_transform.round) {
        (1, false) => each(FromComponents::<I, 1, false>(chosen, set), rows, out),
        (1, true) => each(FromComponents::<I, 1, true>(chosen, set), rows, out),
        (_, false) => each(FromComponents::<I, 3, false>(chosen, set), rows, out),
        (_, true) => each(FromComponents::<I, 3, true>(chosen, set), rows, out),
    }
}
