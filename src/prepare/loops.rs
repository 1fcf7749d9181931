//! The inner loops. All are inlined into one function that `pulp` compiles once for each instruction set; they are
//! written so that the compiler turns them into vector code.

use super::mix::{Channel, Mix};
use super::taps::Axis;

/// Rows (and columns) that are turned over together: the lanes of the widest vector.
pub(super) const LANES: usize = 16;

/// `a * b + c`, fused where the processor can do that.
#[inline(always)]
fn multiply_add<const FMA: bool>(a: f32, b: f32, c: f32) -> f32 {
    // Without the instruction, `mul_add` would be a call.
    if FMA { a.mul_add(b, c) } else { a * b + c }
}

/// How a sample is stored.
pub(super) trait Sample: Copy {
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

/// The weighted sum of rows of samples: `row(i)` for the i-th weight.
#[inline(always)]
pub(super) fn vertical<'a, S: Sample + 'a, const FMA: bool>(
    row: impl Fn(usize) -> &'a [S],
    weights: &[f32],
    shift: u32,
    out: &mut [f32],
) {
    let mut done = 0;
    while done < weights.len() || done == 0 {
        let left = &weights[done..];
        let first = done == 0;
        macro_rules! rows {
            ($n:literal) => {{
                let rows: [&[S]; $n] = std::array::from_fn(|k| row(done + k));
                let weights: [f32; $n] = std::array::from_fn(|k| left[k]);
                weigh::<S, $n, FMA>(rows, weights, shift, first, out);
                done += $n;
            }};
        }
        match left.len() {
            0 => return out.fill(0.0),
            1 => rows!(1),
            2 => rows!(2),
            3 => rows!(3),
            4 => rows!(4),
            5 => rows!(5),
            _ => rows!(6),
        }
    }
}

#[inline(always)]
fn weigh<S: Sample, const N: usize, const FMA: bool>(
    rows: [&[S]; N],
    weights: [f32; N],
    shift: u32,
    first: bool,
    out: &mut [f32],
) {
    let length = out.len();
    let rows = rows.map(|row| &row[..length]);
    if first {
        for x in 0..length {
            let mut sum = 0.0;
            for k in 0..N {
                sum = multiply_add::<FMA>(rows[k][x].value(shift), weights[k], sum);
            }
            out[x] = sum;
        }
    } else {
        for x in 0..length {
            let mut sum = out[x];
            for k in 0..N {
                sum = multiply_add::<FMA>(rows[k][x].value(shift), weights[k], sum);
            }
            out[x] = sum;
        }
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

/// Resamples columns, `step` apart from one sample to the next, and turns the result into rows, `stride` apart.
#[inline(always)]
pub(super) fn horizontal<const FMA: bool>(
    columns: &[[f32; LANES]],
    step: usize,
    axis: &Axis,
    outputs: std::ops::Range<usize>,
    first: usize,
    rows: &mut [f32],
    stride: usize,
) {
    let mut from = outputs.start;
    while from < outputs.end {
        let block = from - outputs.start;
        let mut square = [[0.0; LANES]; LANES];
        for i in 0..LANES.min(outputs.end - from) {
            let (start, weights) = axis.row(from + i);
            let columns = &columns[(start - first) * step..];
            let mut sum = [0.0; LANES];
            for k in 0..weights.len() {
                let column = &columns[k * step];
                for lane in 0..LANES {
                    sum[lane] = multiply_add::<FMA>(column[lane], weights[k], sum[lane]);
                }
            }
            square[i] = sum;
        }
        let turned = transpose(&square);
        for r in 0..LANES {
            let at = r * stride + block;
            rows[at..at + LANES].copy_from_slice(&turned[r]);
        }
        from += LANES;
    }
}

/// One row of a tensor's channel.
#[inline(always)]
fn channel<const FMA: bool, const N: usize, const ROUND: bool>(channel: Channel, rows: [&[f32]; N], out: &mut [f32]) {
    let length = out.len();
    let rows = rows.map(|row| &row[..length]);
    for x in 0..length {
        let mut sum = channel.offset;
        for k in 0..N {
            sum = multiply_add::<FMA>(rows[k][x], channel.weights[k], sum);
        }
        out[x] = multiply_add::<FMA>(rounded::<ROUND>(sum.clamp(0.0, 1.0)), channel.scale, channel.shift);
    }
}

/// One row of grey from R'G'B'.
#[inline(always)]
fn grey<const FMA: bool, const ROUND: bool>(mix: &Mix, weights: [f32; 3], rows: [&[f32]; 3], out: &mut [f32]) {
    let length = out.len();
    let rows = rows.map(|row| &row[..length]);
    let channels = [mix.channels[0], mix.channels[1], mix.channels[2]];
    for x in 0..length {
        let mut value = 0.0;
        for c in 0..3 {
            let mut sum = channels[c].offset;
            for k in 0..3 {
                sum = multiply_add::<FMA>(rows[k][x], channels[c].weights[k], sum);
            }
            value = multiply_add::<FMA>(sum.clamp(0.0, 1.0), weights[c], value);
        }
        out[x] = multiply_add::<FMA>(rounded::<ROUND>(value), channels[0].scale, channels[0].shift);
    }
}

/// To the nearest step of 1 / 255.
#[inline(always)]
fn rounded<const ROUND: bool>(value: f32) -> f32 {
    // Beyond 2^23 a float has no fraction left: adding that rounds, in any instruction set.
    const WHOLE: f32 = 8_388_608.0;
    if ROUND { ((value * 255.0 + WHOLE) - WHOLE) * (1.0 / 255.0) } else { value }
}

/// All channels of one row; `rows` are the components', `out(c)` gives channel `c`'s row.
#[inline(always)]
pub(super) fn mix_row<const FMA: bool>(mix: &Mix, rows: [&[f32]; 3], index: usize, out: &mut [f32]) {
    let chosen = mix.channels[index];
    match (mix.grey, mix.components, mix.round) {
        (Some(weights), _, false) => grey::<FMA, false>(mix, weights, rows, out),
        (Some(weights), _, true) => grey::<FMA, true>(mix, weights, rows, out),
        (None, 1, false) => channel::<FMA, 1, false>(chosen, [rows[0]], out),
        (None, 1, true) => channel::<FMA, 1, true>(chosen, [rows[0]], out),
        (None, _, false) => channel::<FMA, 3, false>(chosen, rows, out),
        (None, _, true) => channel::<FMA, 3, true>(chosen, rows, out),
    }
}
