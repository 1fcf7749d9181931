// SPDX-License-Identifier: MPL-2.0

//! The inner loops of resampling, written so that the compiler vectorizes them.
#![expect(clippy::needless_range_loop, reason = "several arrays side by side, lane by lane")]

use super::filter::PackedFilter;
use crate::simd::{LANES, SimdLevel, multiply_add};

/// Samples beyond the end of a row that may be read and are discarded.
pub(super) const SLACK: usize = 3 * LANES;

/// Columns of a crop that are processed at a time, so that the intermediate rows stay in the L1 cache.
pub(crate) const TILE: usize = 256;

/// Some output columns of one component.
pub(crate) struct Columns<'a> {
    /// From the plane's samples to the outputs.
    pub axis: &'a PackedFilter,
    /// The range of the axis's outputs.
    pub outputs: std::ops::Range<usize>,
    /// The sample at which the rows begin.
    pub first: usize,
    /// Distance between source rows.
    pub stride: usize,
    /// The number of rows, up to `LANES`.
    pub rows: usize,
}

/// The storage type of a sample.
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
pub(crate) fn vertical<L: SimdLevel, S: Sample>(
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
                    $($n => weigh::<L, S, $n>(data, stride, left, shift, done == 0, out),)+
                    _ => weigh::<L, S, 6>(data, stride, left, shift, done == 0, out),
                }
            };
        }
        weigh!(1 2 3 4 5);
        done += 6;
    }
}

/// As many rows as there are weights, up to N; added to `out` or stored there.
#[inline(always)]
fn weigh<L: SimdLevel, S: Sample, const N: usize>(
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
    // Blocks of a vector's length; otherwise the compiler unrolls further, and the remainder is slow.
    let (blocks, rest) = out.as_chunks_mut::<LANES>();
    for (block, out) in blocks.iter_mut().enumerate() {
        let mut sum = if first { [0.0; LANES] } else { *out };
        for k in 0..N {
            let samples = &rows[k][block * LANES..block * LANES + LANES];
            for lane in 0..LANES {
                sum[lane] = multiply_add::<L>(samples[lane].value(shift), factors[k], sum[lane]);
            }
        }
        *out = sum;
    }
    let done = length - rest.len();
    for (x, out) in rest.iter_mut().enumerate() {
        let mut sum = if first { 0.0 } else { *out };
        for k in 0..N {
            sum = multiply_add::<L>(rows[k][done + x].value(shift), factors[k], sum);
        }
        *out = sum;
    }
}

/// Transposes a square.
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

/// Transposes `LANES` rows, `stride` apart, into columns.
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

/// Takes every `step`-th sample of a row.
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

/// Resamples columns and transposes the result into rows, `TILE` apart.
#[inline(always)]
pub(super) fn horizontal<L: SimdLevel>(want: &Columns<'_>, columns: &[[f32; LANES]], rows: &mut [f32]) {
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
                    sum[lane] = multiply_add::<L>(column[lane], weights[k], sum[lane]);
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
