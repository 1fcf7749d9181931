// SPDX-License-Identifier: MPL-2.0

//! SSIM of large pictures by the trapezoidal rule.
//!
//! Gaussian windows with σ = 1.5 remove nearly all frequencies above a quarter of the sampling rate, so the map of SSIM
//! is smooth. Its mean can therefore be computed like an integral, with the trapezoidal rule over every second window
//! in both directions. The difference from the mean over all windows was 1e-6 to 9e-6 for film frames of 1280×720 and
//! 1920×1080 that were blurred, coarsely quantized, made blocky or noisy, and 4e-5 for white noise on white noise (SSIM
//! 0.37). For frames of 10 and 12 bits, 1280×720, of three clips that were blurred, noisy, quantized or made blocky, it
//! was 4e-7 to 3.2e-5. Drawn pictures can be worse: a checkerboard under strong noise, 1285×703 to 1286×704, 1.3e-4 to
//! 2.4e-4. Pictures smaller than [`applies`] requires would be less accurate, and take little time with all windows.
//!
//! Pictures are processed in tiles a few hundred columns wide. Columns of windows are summed first, in integers by
//! `trapezoid_bytes.rs` or in f32 by `trapezoid_words.rs`, then windows along the rows in f32.
#![expect(clippy::needless_range_loop, reason = "several arrays side by side, lane by lane")]

use super::fused::fused;
use super::ssim_window::{Constants, RADIUS, WINDOW, windows};
use crate::simd::{LANES, SimdLevel};

/// Whether pictures of this size are large enough for the trapezoidal rule.
pub(super) fn applies(width: usize, height: usize) -> bool {
    width >= 512 && height >= 512 && width * height >= 900_000
}

/// By moment (a, b, ab, a² + b²) and column modulo 4: the columns of windows, padded for a last vector.
pub(super) type Columns<const LENGTH: usize> = [[[f32; LENGTH]; 4]; 4];

/// Weights of a tile's windows: of those that start at columns 0, 4, 8…, and of those at 2, 6, 10…
pub(super) type Weights<const QUARTER: usize> = [[f32; QUARTER]; 2];

/// A band's rows, including those below it that its windows reach.
#[derive(Clone, Copy)]
pub(super) struct Rows<'a, S> {
    /// Of both pictures: at least [`WINDOW`] rows, all of the same length.
    pub samples: [&'a [&'a [S]]; 2],
    /// The number of the first row in the picture; even.
    pub first: usize,
    /// Rows of the picture.
    pub height: usize,
}

impl<S> Rows<'_, S> {
    /// The length of the rows.
    pub fn width(&self) -> usize {
        self.samples[0].first().map_or(0, |row| row.len())
    }

    /// The number of rows of windows, counting every second one.
    pub fn outputs(&self) -> usize {
        windows(self.samples[0].len()).div_ceil(2)
    }

    /// The weight of a row of windows; the weights of all rows sum to the number of rows of windows.
    pub fn weight(&self, output: usize) -> f64 {
        weight(self.first + 2 * output, windows(self.height))
    }
}

/// The weights of windows 0, 2, 4… in a row of `count` windows: the number of windows that each stands for.
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

/// The tiles, of four times `QUARTER` columns, of a picture of this width: the first column of each, and its weights.
pub(super) fn tiles<const QUARTER: usize>(width: usize) -> impl Iterator<Item = (usize, Weights<QUARTER>)> {
    let tile = 4 * QUARTER;
    // Windows of a tile: every second column.
    let outputs = (tile - WINDOW) / 2 + 1;
    let windows = windows(width);
    // The last tile ends at the border and skips windows that others cover. With an odd width, the last window is not
    // on the tile's grid; its neighbor counts for it.
    let last = (width - tile) & !1;
    let reached = (last + 2 * (outputs - 1) + 1).min(windows);
    (0..reached).step_by(2 * outputs).map(move |done| {
        let start = done.min(last);
        let mut weights = [[0.0f32; QUARTER]; 2];
        for output in 0..outputs {
            let at = start + 2 * output;
            if at >= done && at < windows {
                let missing = if at + 2 > reached - 1 { (windows - reached) as f64 } else { 0.0 };
                weights[output % 2][output / 2] = (weight(at, reached) + missing) as f32;
            }
        }
        (start, weights)
    })
}

/// The sum of a vector's lanes, adding halves pairwise.
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

/// What is needed to compute SSIM from columns.
#[derive(Clone, Copy)]
pub(super) struct Across<'a, const QUARTER: usize> {
    /// A window's weights from the center on, for columns as they are scaled.
    pub sides: [f32; RADIUS + 1],
    pub weights: &'a Weights<QUARTER>,
    pub constants: Constants,
    /// The constant that was subtracted from the means of a² + b².
    pub lift: f32,
}

/// The weighted sum of SSIM over a row of windows.
#[inline(always)]
pub(super) fn across<L: SimdLevel, const QUARTER: usize, const LENGTH: usize>(
    columns: &Columns<LENGTH>,
    across: Across<'_, QUARTER>,
) -> f32 {
    let Across { sides, weights, constants, lift } = across;
    let mut total = [0.0f32; LANES];
    for block in (0..QUARTER).step_by(LANES) {
        let mut moments = [[[0.0f32; LANES]; 4]; 2];
        for window in 0..2 {
            for moment in 0..4 {
                moments[window][moment] =
                    window_means::<L, LENGTH>(&columns[moment], block, RADIUS + 2 * window, &sides);
            }
        }
        for lane in 0..LANES {
            let [[a, b, both, squares], [a2, b2, both2, squares2]] = &moments;
            let first = fraction::<L>([a[lane], b[lane], both[lane], squares[lane]], constants, lift);
            let second = fraction::<L>([a2[lane], b2[lane], both2[lane], squares2[lane]], constants, lift);
            // One division for two windows.
            let tops = [first[0] * weights[0][block + lane], second[0] * weights[1][block + lane]];
            let top = fused::<L>(tops[0], second[1], tops[1] * first[1]);
            total[lane] += top / (first[1] * second[1]);
        }
    }
    sum_of(total)
}

/// The means of a moment over every fourth window, by their middle column.
#[inline(always)]
fn window_means<L: SimdLevel, const LENGTH: usize>(
    columns: &[[f32; LENGTH]; 4],
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
fn fraction<L: SimdLevel>(moments: [f32; 4], constants: Constants, lift: f32) -> [f32; 2] {
    let [a, b, both, squares] = moments;
    let Constants { c1, c2, middle, .. } = constants;
    let product = a * b;
    let square = fused::<L>(a, a, b * b);
    // Means of the uncentered samples: (a + m)(b + m) = ab + m (a + b) + m².
    let shift = fused::<L>(a + b, 2.0 * middle, 2.0 * middle * middle + c1);
    let luminance = [fused::<L>(2.0, product, shift), square + shift];
    let covariance = fused::<L>(2.0, both - product, c2);
    // At least C₂ already, except in unused lanes of the last vector.
    let variances = ((squares + (lift + c2)) - square).max(c2);
    [luminance[0] * covariance, luminance[1] * variances]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check<const QUARTER: usize>() {
        for width in [512, 513, 767, 1280, 1281, 1920, 1923, 4096] {
            let sum: f32 = tiles::<QUARTER>(width).flat_map(|(_, weights)| weights).flatten().sum();
            assert_eq!(sum as usize, windows(width), "{width}");
        }
    }

    #[test]
    fn weights_sum_to_the_number_of_windows() {
        check::<64>();
        check::<32>();
        for height in [512, 513, 721, 1080] {
            let all = windows(height);
            let sum: f64 = (0..all).step_by(2).map(|at| weight(at, all)).sum();
            assert_eq!(sum as usize, all, "{height}");
        }
    }
}
