// SPDX-License-Identifier: MPL-2.0

//! Halves a picture as libvmaf's MS-SSIM does.

use super::fused::fused;
use crate::simd::{LANES, SimdLevel};

/// The low-pass filter from its center on: that of the 9/7 biorthogonal wavelet (`g_lpf_h` in libvmaf's `ms_ssim.c`).
const FILTER: [f32; 5] = [0.602914, 0.266846, -0.078201, -0.016828, 0.026727];
/// Samples from the filter's center to its end.
pub(super) const REACH: usize = FILTER.len() - 1;

/// Maps a row or column outside the picture to the mirrored one inside; the outermost is repeated.
pub(super) fn mirrored(at: isize, size: usize) -> usize {
    let size = size as isize;
    let at = if at < 0 { -1 - at } else { at };
    (if at >= size { 2 * size - 1 - at } else { at }).clamp(0, size - 1) as usize
}

/// The source rows of row `y` of the halved picture.
pub(super) fn sources(y: usize, height: usize) -> [usize; 2 * REACH + 1] {
    std::array::from_fn(|k| mirrored((2 * y + k) as isize - REACH as isize, height))
}

/// Computes a row of the halved picture from nine rows; `scratch` is working memory.
#[inline(always)]
pub(super) fn row<L: SimdLevel>(rows: [&[f32]; 2 * REACH + 1], scratch: &mut Vec<f32>, out: &mut [f32]) {
    let width = rows[0].len();
    // Room for the mirrored borders, and for a last vector that reads beyond them.
    scratch.resize(width + 2 * REACH + 2 * LANES, 0.0);
    let (borders, filtered) = (REACH, &mut scratch[REACH..REACH + width]);
    let rows = rows.map(|row| &row[..width]);
    let filtered = &mut filtered[..width];
    for x in 0..width {
        let mut sum = rows[REACH][x] * FILTER[0];
        for r in 1..=REACH {
            sum = fused::<L>(rows[REACH - r][x] + rows[REACH + r][x], FILTER[r], sum);
        }
        filtered[x] = sum;
    }
    for r in 1..=borders as isize {
        scratch[(borders as isize - r) as usize] = scratch[borders + mirrored(-r, width)];
        scratch[borders + width + r as usize - 1] = scratch[borders + mirrored(width as isize + r - 1, width)];
    }
    for (x, out) in out.iter_mut().enumerate() {
        let taps = &scratch[2 * x..2 * x + 2 * REACH + 1];
        let mut sum = taps[REACH] * FILTER[0];
        for r in 1..=REACH {
            sum = fused::<L>(taps[REACH - r] + taps[REACH + r], FILTER[r], sum);
        }
        *out = sum;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::Scalar;

    #[test]
    fn borders_are_mirrored_with_the_outermost_repeated() {
        assert_eq!(sources(0, 6), [3, 2, 1, 0, 0, 1, 2, 3, 4]);
        assert_eq!(sources(2, 5), [0, 1, 2, 3, 4, 4, 3, 2, 1]);
    }

    #[test]
    fn flat_pictures_stay_flat() {
        let line = [7.0f32; 23];
        let mut out = [0.0; 12];
        row::<Scalar>([&line; 9], &mut Vec::new(), &mut out);
        assert!(out.iter().all(|value| (value - 7.0).abs() < 1e-4), "{out:?}");
    }

    #[test]
    fn a_single_pixel_gives_the_filter() {
        let mut line = [0.0f32; 24];
        line[11] = 1.0;
        let mut out = [0.0; 12];
        row::<Scalar>([&line; 9], &mut Vec::new(), &mut out);
        // Odd distances only: outputs lie on even columns.
        let sum: f32 = FILTER[0] + 2.0 * FILTER[1..].iter().sum::<f32>();
        for (x, tap) in [(4, 3), (5, 1), (6, 1), (7, 3)] {
            assert!((out[x] - FILTER[tap] * sum).abs() < 1e-6, "{out:?}");
        }
        assert!(out[..4].iter().chain(&out[8..]).all(|value| value.abs() < 1e-6), "{out:?}");
    }
}
