// SPDX-License-Identifier: MPL-2.0

//! Columns of windows of 8-bit samples, for the trapezoidal rule.
//!
//! Columns are summed in integers with 16-bit weights, of a, b, ab and a² + b², with samples taken relative to 128 so
//! that products fit 16 bits. `avx2.rs` and `avx512.rs` do the same with intrinsics: integers are exact, and the f32
//! operations and their order are the same.
#![expect(clippy::needless_range_loop, reason = "several arrays side by side, lane by lane")]

use super::ssim_window::{Constants, RADIUS, WINDOW, gaussian};
use super::trapezoid::{self, Across, across, tiles};
use crate::simd::{LANES, SimdLevel};

/// Columns per tile.
pub(super) const TILE: usize = 256;
/// Columns of a tile with the same remainder modulo 4.
pub(super) const QUARTER: usize = TILE / 4;
/// Subtracted from a² + b² so that it fits 16 bits.
pub(super) const SQUARES: i16 = 16384;
/// Pairs of rows that a window covers; the last row of the last pair has no weight.
pub(super) const PAIRS: usize = WINDOW.div_ceil(2);

pub(super) type Columns = trapezoid::Columns<{ QUARTER + LANES }>;
pub(super) type Weights = trapezoid::Weights<QUARTER>;
pub(super) type Rows<'a> = trapezoid::Rows<'a, u8>;

/// The Gaussian's weights in units of 2⁻¹⁶, in the order of the rows.
pub(super) fn row_weights() -> [i16; WINDOW] {
    let side = gaussian().map(|weight| (weight * 65536.0).round() as i32);
    let mut all = [0; WINDOW];
    for r in 0..=RADIUS {
        all[RADIUS - r] = side[r];
        all[RADIUS + r] = side[r];
    }
    // The weights must sum to exactly 1 for flat pictures.
    all[RADIUS] += 65536 - all.iter().sum::<i32>();
    all.map(|weight| weight as i16)
}

/// The weights of pairs of rows; that of the upper row is in the lower half.
pub(super) fn pair_weights() -> [i32; PAIRS] {
    let weights = row_weights();
    std::array::from_fn(|k| {
        let [upper, lower] = [2 * k, 2 * k + 1].map(|row| i32::from(weights.get(row).copied().unwrap_or(0)));
        upper | lower << 16
    })
}

/// The Gaussian's weights from the center on, for columns that are scaled by 2¹⁶.
pub(super) fn column_weights() -> [f32; RADIUS + 1] {
    gaussian().map(|weight| (weight / 65536.0) as f32)
}

/// By moment and column modulo 4: a row's moments.
type Moments = [[[i16; QUARTER]; 4]; 4];

/// Working memory.
#[derive(Default)]
pub(super) struct Scratch(Box<Memory>);

#[repr(C, align(64))]
struct Memory {
    ring: [Moments; WINDOW],
    columns: Columns,
}

impl Default for Memory {
    fn default() -> Self {
        Self { ring: [[[[0; QUARTER]; 4]; 4]; WINDOW], columns: [[[0.0; QUARTER + LANES]; 4]; 4] }
    }
}

/// The weighted sum of SSIM over the windows that start in a band. The weights of all bands sum to the number of
/// windows.
#[inline(always)]
pub(super) fn sum<L: SimdLevel>(rows: Rows<'_>, constants: Constants, scratch: &mut Scratch) -> f64 {
    let mut total = 0.0;
    for (start, weights) in tiles(rows.width()) {
        let to_ssim = Across { sides: column_weights(), weights: &weights, constants, lift: f32::from(SQUARES) };
        total += tile::<L>(rows, start, to_ssim, &mut scratch.0);
    }
    total
}

#[inline(always)]
fn tile<L: SimdLevel>(rows: Rows<'_>, start: usize, to_ssim: Across<'_, QUARTER>, memory: &mut Memory) -> f64 {
    let steps = row_weights();
    let mut total = 0.0;
    let mut loaded = 0;
    for output in 0..rows.outputs() {
        while loaded < 2 * output + WINDOW {
            let [a, b] = rows.samples;
            let a = quarters(&a[loaded][start..start + TILE]);
            let b = quarters(&b[loaded][start..start + TILE]);
            products(&a, &b, &mut memory.ring[loaded % WINDOW]);
            loaded += 1;
        }
        down(&memory.ring, 2 * output, &steps, &mut memory.columns);
        total += rows.weight(output) * f64::from(across::<L, QUARTER, _>(&memory.columns, to_ssim));
    }
    total
}

/// A tile's samples by column modulo 4.
#[inline(always)]
fn quarters(row: &[u8]) -> [[u8; QUARTER]; 4] {
    let mut out = [[0; QUARTER]; 4];
    for (lane, four) in row.as_chunks::<4>().0.iter().enumerate().take(QUARTER) {
        let four = u32::from_le_bytes(*four);
        for quarter in 0..4 {
            out[quarter][lane] = (four >> (8 * quarter)) as u8;
        }
    }
    out
}

/// a, b, ab and a² + b² - 2¹⁴ of samples less 128.
#[inline(always)]
fn products(a: &[[u8; QUARTER]; 4], b: &[[u8; QUARTER]; 4], out: &mut Moments) {
    let [means_a, means_b, both, squares] = out;
    for quarter in 0..4 {
        for lane in 0..QUARTER {
            let (a, b) = (i16::from(a[quarter][lane]) - 128, i16::from(b[quarter][lane]) - 128);
            means_a[quarter][lane] = a;
            means_b[quarter][lane] = b;
            both[quarter][lane] = a * b;
            squares[quarter][lane] = (a * a - SQUARES) + b * b;
        }
    }
}

/// Columns of the windows whose first row is `top`, times 2¹⁶.
#[inline(always)]
fn down(ring: &[Moments; WINDOW], top: usize, weights: &[i16; WINDOW], columns: &mut Columns) {
    let mut rows = [&ring[0]; WINDOW];
    for k in 0..WINDOW {
        rows[k] = &ring[(top + k) % WINDOW];
    }
    for moment in 0..4 {
        for quarter in 0..4 {
            let mut lines = [&rows[0][moment][quarter]; WINDOW];
            for k in 0..WINDOW {
                lines[k] = &rows[k][moment][quarter];
            }
            let out = &mut columns[moment][quarter];
            for block in (0..QUARTER).step_by(LANES) {
                let mut sum = [0i32; LANES];
                for k in 0..WINDOW {
                    for lane in 0..LANES {
                        sum[lane] += i32::from(lines[k][block + lane]) * i32::from(weights[k]);
                    }
                }
                for lane in 0..LANES {
                    out[block + lane] = sum[lane] as f32;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::ssim_window::windows;
    use super::*;

    #[test]
    fn weights_sum_to_one() {
        assert_eq!(row_weights().iter().map(|&weight| i32::from(weight)).sum::<i32>(), 65536);
        let halves = pair_weights().map(|pair| (pair & 0xffff) + (pair >> 16));
        assert_eq!(halves.iter().sum::<i32>(), 65536);
    }

    #[test]
    fn flat_pictures_differ_in_luminance_only() {
        let (a, b) = ([100u8; 512], [116u8; 512]);
        let samples = [&[&a[..]; WINDOW][..], &[&b[..]; WINDOW][..]];
        let constants = Constants::new(255.0, 128.0);
        let rows = Rows { samples, first: 0, height: WINDOW };
        let sum = sum::<crate::simd::Scalar>(rows, constants, &mut Scratch::default());
        let expected = (2.0 * 100.0 * 116.0 + 6.5025) / (100.0 * 100.0 + 116.0 * 116.0 + 6.5025);
        assert!((sum / windows(512) as f64 - expected).abs() < 1e-4, "{sum}");
    }
}
