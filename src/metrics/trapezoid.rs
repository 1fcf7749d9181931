// SPDX-License-Identifier: MPL-2.0

//! SSIM of large 8-bit pictures by the trapezoidal rule.
//!
//! Gaussian windows of σ = 1.5 leave next to nothing of frequencies above a quarter of the sampling rate, so the map of
//! SSIM is smooth, and its mean is found as an integral is: by the trapezoidal rule over every second window in both
//! directions. From the mean over all windows that differed by 1e-6 to 9e-6 with 1280×720 and 1920×1080 frames of film,
//! blurred, coarsely quantized, made blocky or noisy, and by 4e-5 with white noise upon white noise (SSIM 0.37). Smaller
//! pictures than [`applies`] demands would lose more, and are quickly done by all windows.
//!
//! Columns of windows are summed in whole numbers with weights of 16 bits, of a, b, ab and a² + b², with samples taken
//! relative to 128 so that their products fit 16 bits; then across in f32. `avx512.rs` does the same with intrinsics:
//! whole numbers are exact, and everything in f32 has the same operations in the same order there.
#![expect(clippy::needless_range_loop, reason = "several arrays side by side, lane by lane")]

use super::fused::fused;
use super::ssim_window::{Constants, RADIUS, WINDOW, gaussian, windows};
use crate::simd::{LANES, SimdLevel};

/// Columns that are worked on at a time.
pub(super) const TILE: usize = 256;
/// Columns of a tile with the same remainder modulo 4.
pub(super) const QUARTER: usize = TILE / 4;
/// Windows of a tile, side by side, every second column.
const OUTPUTS: usize = (TILE - WINDOW) / 2 + 1;
/// Added to a² + b² less this, which fits 16 bits.
pub(super) const SQUARES: i16 = 16384;

/// Whether pictures of this size are large enough for the trapezoidal rule.
pub(super) fn applies(width: usize, height: usize) -> bool {
    width >= 512 && height >= 512 && width * height >= 900_000
}

/// By moment and column modulo 4: columns of windows; behind the last, what a vector may read too much.
pub(super) type Columns = [[[f32; QUARTER + 16]; 4]; 4];

/// Weights of a tile's windows: of those that begin at columns 0, 4, 8… and of those at 2, 6, 10…
pub(super) type Weights = [[f32; QUARTER]; 2];

/// A band's rows, with those that windows reach below it.
#[derive(Clone, Copy)]
pub(super) struct Rows<'a> {
    /// Of both pictures, at least [`WINDOW`], all equally long.
    pub bytes: [&'a [&'a [u8]]; 2],
    /// Which row of the picture the first one is: an even one.
    pub first: usize,
    /// Rows of the picture.
    pub height: usize,
}

impl Rows<'_> {
    /// How many rows of windows there are, every second one.
    pub fn outputs(&self) -> usize {
        windows(self.bytes[0].len()).div_ceil(2)
    }

    /// What a row of windows counts; all rows' weights sum to the number of rows of windows.
    pub fn weight(&self, output: usize) -> f64 {
        weight(self.first + 2 * output, windows(self.height))
    }
}

/// What windows count at 0, 2, 4… in a row of `count` windows: as much as the windows that they stand for.
fn weight(at: usize, count: usize) -> f64 {
    debug_assert!(at.is_multiple_of(2) && at < count);
    let before = if at == 0 { 0.0 } else { 0.5 };
    let after = match count - 1 - at {
        0 => 0.0,
        1 => 1.0,
        _ => 0.5,
    };
    before + 1.0 + after
}

/// The tiles of a picture of this width: the column that each begins with, and its weights.
pub(super) fn tiles(width: usize) -> impl Iterator<Item = (usize, Weights)> {
    let windows = windows(width);
    // The last tile ends at the border, and leaves out what others have done. With an odd width the last window is not
    // on the lattice of its tile: its neighbor counts for it.
    let last = (width - TILE) & !1;
    let reached = (last + 2 * (OUTPUTS - 1) + 1).min(windows);
    (0..reached).step_by(2 * OUTPUTS).map(move |done| {
        let start = done.min(last);
        let mut weights = [[0.0f32; QUARTER]; 2];
        for output in 0..OUTPUTS {
            let at = start + 2 * output;
            if at >= done && at < windows {
                let missing = if at + 2 > reached - 1 { (windows - reached) as f64 } else { 0.0 };
                weights[output % 2][output / 2] = (weight(at, reached) + missing) as f32;
            }
        }
        (start, weights)
    })
}

/// The Gaussian's weights in units of 2⁻¹⁶, in the order of the rows.
pub(super) fn row_weights() -> [i16; WINDOW] {
    let side = gaussian().map(|weight| (weight * 65536.0).round() as i32);
    let mut all = [0; WINDOW];
    for r in 0..=RADIUS {
        all[RADIUS - r] = side[r];
        all[RADIUS + r] = side[r];
    }
    // Of something flat nothing must be lost.
    all[RADIUS] += 65536 - all.iter().sum::<i32>();
    all.map(|weight| weight as i16)
}

/// The Gaussian's weights from the middle on, for columns that are 2¹⁶ times too large.
pub(super) fn column_weights() -> [f32; RADIUS + 1] {
    gaussian().map(|weight| (weight / 65536.0) as f32)
}

/// The sum of a vector's lanes, halves upon halves.
#[inline(always)]
pub(super) fn sum_of(mut lanes: [f32; LANES]) -> f32 {
    let mut half = LANES / 2;
    while half > 0 {
        for lane in 0..half {
            lanes[lane] += lanes[lane + half];
        }
        half /= 2;
    }
    lanes[0]
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
        Self { ring: [[[[0; QUARTER]; 4]; 4]; WINDOW], columns: [[[0.0; QUARTER + 16]; 4]; 4] }
    }
}

/// The weighted sum of SSIM over the windows that begin in a band; the weights of all bands sum to the number of
/// windows.
#[inline(always)]
pub(super) fn sum<L: SimdLevel>(rows: Rows<'_>, constants: Constants, scratch: &mut Scratch) -> f64 {
    let width = rows.bytes[0].first().map_or(0, |row| row.len());
    let mut total = 0.0;
    for (start, weights) in tiles(width) {
        total += tile::<L>(rows, start, &weights, constants, &mut scratch.0);
    }
    total
}

#[inline(always)]
fn tile<L: SimdLevel>(
    rows: Rows<'_>,
    start: usize,
    weights: &Weights,
    constants: Constants,
    memory: &mut Memory,
) -> f64 {
    let (sides, steps) = (column_weights(), row_weights());
    let mut total = 0.0;
    let mut loaded = 0;
    for output in 0..rows.outputs() {
        while loaded < 2 * output + WINDOW {
            let [a, b] = rows.bytes;
            let a = quarters(&a[loaded][start..start + TILE]);
            let b = quarters(&b[loaded][start..start + TILE]);
            products(&a, &b, &mut memory.ring[loaded % WINDOW]);
            loaded += 1;
        }
        down(&memory.ring, 2 * output, &steps, &mut memory.columns);
        total += rows.weight(output) * f64::from(across::<L>(&memory.columns, &sides, weights, constants));
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

/// The weighted sum of SSIM over a row of windows.
#[inline(always)]
fn across<L: SimdLevel>(columns: &Columns, sides: &[f32; RADIUS + 1], weights: &Weights, constants: Constants) -> f32 {
    let mut total = [0.0f32; LANES];
    for block in (0..QUARTER).step_by(LANES) {
        let mut moments = [[[0.0f32; LANES]; 4]; 2];
        for window in 0..2 {
            for moment in 0..4 {
                moments[window][moment] = window_means::<L>(&columns[moment], block, RADIUS + 2 * window, sides);
            }
        }
        for lane in 0..LANES {
            let [[a, b, both, squares], [a2, b2, both2, squares2]] = &moments;
            let first = fraction::<L>([a[lane], b[lane], both[lane], squares[lane]], constants);
            let second = fraction::<L>([a2[lane], b2[lane], both2[lane], squares2[lane]], constants);
            // One division for two windows.
            let tops = [first[0] * weights[0][block + lane], second[0] * weights[1][block + lane]];
            let top = fused::<L>(tops[0], second[1], tops[1] * first[1]);
            total[lane] += top / (first[1] * second[1]);
        }
    }
    sum_of(total)
}

/// A moment's means over the windows with that middle column, every fourth.
#[inline(always)]
fn window_means<L: SimdLevel>(
    columns: &[[f32; QUARTER + 16]; 4],
    block: usize,
    middle: usize,
    sides: &[f32; RADIUS + 1],
) -> [f32; LANES] {
    let at = |column: usize| &columns[column % 4][block + column / 4..block + column / 4 + LANES];
    let mut sum = [0.0; LANES];
    let center = at(middle);
    for lane in 0..LANES {
        sum[lane] = center[lane] * sides[0];
    }
    for r in 1..=RADIUS {
        let (left, right) = (at(middle - r), at(middle + r));
        for lane in 0..LANES {
            sum[lane] = fused::<L>(left[lane] + right[lane], sides[r], sum[lane]);
        }
    }
    sum
}

/// Numerator and denominator of SSIM.
#[inline(always)]
fn fraction<L: SimdLevel>(moments: [f32; 4], constants: Constants) -> [f32; 2] {
    let [a, b, both, squares] = moments;
    let Constants { c1, c2, middle, .. } = constants;
    let product = a * b;
    let square = fused::<L>(a, a, b * b);
    // Means of samples as they are stored: (a + m)(b + m) = ab + m (a + b) + m².
    let shift = fused::<L>(a + b, 2.0 * middle, 2.0 * middle * middle + c1);
    let luminance = [fused::<L>(2.0, product, shift), square + shift];
    let covariance = fused::<L>(2.0, both - product, c2);
    // Never below C₂, but for what a last vector has in the lanes that do not count.
    let variances = ((squares + (f32::from(SQUARES) + c2)) - square).max(c2);
    [luminance[0] * covariance, luminance[1] * variances]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_sum_to_the_number_of_windows() {
        for width in [512, 513, 767, 1280, 1281, 1920, 1923, 4096] {
            let sum: f32 = tiles(width).flat_map(|(_, weights)| weights).flatten().sum();
            assert_eq!(sum as usize, windows(width), "{width}");
        }
        for height in [512, 513, 721, 1080] {
            let all = windows(height);
            let sum: f64 = (0..all).step_by(2).map(|at| weight(at, all)).sum();
            assert_eq!(sum as usize, all, "{height}");
        }
        assert_eq!(row_weights().iter().map(|&weight| i32::from(weight)).sum::<i32>(), 65536);
    }

    #[test]
    fn what_is_flat_gives_the_luminance_alone() {
        let (a, b) = ([100u8; 512], [116u8; 512]);
        let rows = [&[&a[..]; WINDOW][..], &[&b[..]; WINDOW][..]];
        let constants = Constants::new(255.0, 128.0);
        let rows = Rows { bytes: rows, first: 0, height: WINDOW };
        let sum = sum::<crate::simd::Scalar>(rows, constants, &mut Scratch::default());
        let expected = (2.0 * 100.0 * 116.0 + 6.5025) / (100.0 * 100.0 + 116.0 * 116.0 + 6.5025);
        assert!((sum / windows(512) as f64 - expected).abs() < 1e-4, "{sum}");
    }
}
