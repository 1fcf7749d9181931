// SPDX-License-Identifier: MPL-2.0

//! The kernel for AVX2: SSIM of 8-bit samples by the trapezoidal rule.
//!
//! Results have the same bits as those of `trapezoid_bytes.rs`: integers are exact, and the f32 operations and their
//! order are the same. Columns of windows are summed two rows per instruction (`vpmaddwd`).
#![allow(unsafe_code, reason = "intrinsics of a processor that Level has found")]
#![expect(clippy::needless_range_loop, reason = "several arrays side by side, lane by lane")]

use std::arch::x86_64::*;

use pulp::bytemuck::cast;

use super::ssim_window::{Constants, RADIUS, WINDOW};
use super::trapezoid::{Across, Columns, sum_of, tiles};
use super::trapezoid_bytes::{self, PAIRS, QUARTER, Rows, SQUARES, TILE, column_weights, pair_weights};
use crate::simd::Avx2;

/// Pairs of rows covered by two rows of windows.
const SLOTS: usize = PAIRS + 1;
/// 32-byte vectors in a tile.
const VECTORS: usize = TILE / 32;

/// See [`trapezoid_bytes::sum`].
pub(super) fn sum(_: Avx2, rows: Rows<'_>, constants: Constants, scratch: &mut Scratch) -> f64 {
    // SAFETY: an `Avx2` exists only if the processor has these instructions.
    unsafe { band(rows, constants, &mut scratch.0) }
}

/// Working memory.
pub(super) struct Scratch(Box<Memory>);

struct Memory {
    ring: [Slot; SLOTS],
    /// Of two rows of windows, and of the previous two.
    columns: [[trapezoid_bytes::Columns; 2]; 2],
}

/// A pair of rows, by vector and column modulo 4: the four moments; each lane is a column of two rows.
#[repr(C)]
struct Slot {
    moments: [[[__m256i; 4]; 4]; VECTORS],
    /// Keeps slots from being a multiple of 4096 bytes apart, where loads would wait for stores to other addresses.
    _apart: [__m256i; 10],
}

impl Default for Scratch {
    fn default() -> Self {
        // SAFETY: all fields are plain numbers, for which zeros are valid.
        Self(unsafe { Box::<Memory>::new_zeroed().assume_init() })
    }
}

#[inline]
#[target_feature(enable = "avx2,fma")]
fn band(rows: Rows<'_>, constants: Constants, memory: &mut Memory) -> f64 {
    let mut total = 0.0;
    for (start, weights) in tiles(rows.width()) {
        let to_ssim = Across { sides: column_weights(), weights: &weights, constants, lift: f32::from(SQUARES) };
        total += tile(rows, start, &to_ssim, memory);
    }
    total
}

#[inline]
#[target_feature(enable = "avx2,fma")]
fn tile(rows: Rows<'_>, start: usize, to_ssim: &Across<'_, QUARTER>, memory: &mut Memory) -> f64 {
    let [reference, distorted] = rows.samples;
    let (outputs, last) = (rows.outputs(), reference.len() - 1);
    let steps = pair_weights().map(|pair| _mm256_set1_epi32(pair));
    let mut total = 0.0;
    let mut loaded = 0;
    // Processes two rows of windows per step. If only one is left, the other has weight 0.
    for output in (0..outputs).step_by(2) {
        for pair in loaded..output + SLOTS {
            // Rows below the last one have no weight or are not counted.
            let [upper, lower, next, after] = [0, 1, 2, 3].map(|row| (2 * pair + row).min(last));
            for row in [next, after] {
                prefetch(&reference[row][start..start + TILE]);
                prefetch(&distorted[row][start..start + TILE]);
            }
            let a = [chunks(reference[upper], start), chunks(reference[lower], start)];
            let b = [chunks(distorted[upper], start), chunks(distorted[lower], start)];
            let slot = &mut memory.ring[pair % SLOTS];
            for v in 0..VECTORS {
                let reference = expand(cast(a[0][v]), cast(a[1][v]));
                let distorted = expand(cast(b[0][v]), cast(b[1][v]));
                for phase in 0..4 {
                    slot.moments[v][phase] = products(reference[phase], distorted[phase]);
                }
            }
        }
        loaded = output + SLOTS;
        // Freshly stored values can only be loaded at the width they were stored with, so the previous rows are summed
        // first.
        let [now, before] = &mut memory.columns;
        let (now, before) = if output % 4 == 0 { (now, before) } else { (before, now) };
        down(&memory.ring, output, &steps, now);
        if output > 0 {
            total += rows.weight(output - 2) * f64::from(across(&before[0], to_ssim));
            total += rows.weight(output - 1) * f64::from(across(&before[1], to_ssim));
        }
    }
    let first = (outputs - 1) & !1;
    for output in first..outputs {
        let columns = &memory.columns[first / 2 % 2][output - first];
        total += rows.weight(output) * f64::from(across(columns, to_ssim));
    }
    total
}

#[inline]
fn chunks(row: &[u8], start: usize) -> &[[u8; 32]] {
    row[start..start + TILE].as_chunks().0
}

/// The rows of a tile are too short for the hardware prefetcher.
#[inline]
#[target_feature(enable = "avx2,fma")]
fn prefetch(samples: &[u8]) {
    for line in samples.chunks(64) {
        // SAFETY: a prefetch reads nothing.
        #[allow(unused_unsafe, reason = "unsafe in Rust 1.92, safe in 1.95")]
        unsafe {
            _mm_prefetch::<_MM_HINT_T0>(line.as_ptr().cast());
        }
    }
}

/// 32 columns of two rows as four vectors, by column modulo 4. Each lane holds the upper and the lower row's sample,
/// less 128.
#[inline]
#[target_feature(enable = "avx2,fma")]
fn expand(upper: __m256i, lower: __m256i) -> [__m256i; 4] {
    let by_phase = _mm_setr_epi8(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    let by_phase = _mm256_broadcastsi128_si256(by_phase);
    let (upper, lower) = (_mm256_shuffle_epi8(upper, by_phase), _mm256_shuffle_epi8(lower, by_phase));
    let (first, second) = (_mm256_unpacklo_epi8(upper, lower), _mm256_unpackhi_epi8(upper, lower));
    let zero = _mm256_setzero_si256();
    let less = |samples| _mm256_sub_epi16(samples, _mm256_set1_epi16(128));
    [
        less(_mm256_unpacklo_epi8(first, zero)),
        less(_mm256_unpackhi_epi8(first, zero)),
        less(_mm256_unpacklo_epi8(second, zero)),
        less(_mm256_unpackhi_epi8(second, zero)),
    ]
}

/// a, b, ab and a² + b² - 2¹⁴.
#[inline]
#[target_feature(enable = "avx2,fma")]
fn products(a: __m256i, b: __m256i) -> [__m256i; 4] {
    let squares = _mm256_add_epi16(_mm256_mullo_epi16(a, a), _mm256_mullo_epi16(b, b));
    [a, b, _mm256_mullo_epi16(a, b), _mm256_sub_epi16(squares, _mm256_set1_epi16(SQUARES))]
}

/// Columns of the windows that start with the pair of rows `top`, and of those that start one pair below, times 2¹⁶.
#[inline]
#[target_feature(enable = "avx2,fma")]
fn down(ring: &[Slot; SLOTS], top: usize, weights: &[__m256i; PAIRS], columns: &mut [trapezoid_bytes::Columns; 2]) {
    let mut slots = [&ring[0].moments; SLOTS];
    for k in 0..SLOTS {
        slots[k] = &ring[(top + k) % SLOTS].moments;
    }
    for v in 0..VECTORS {
        for phase in 0..4 {
            for moment in 0..4 {
                let mut pair = slots[0][v][phase][moment];
                let mut sums = [_mm256_madd_epi16(pair, weights[0]), _mm256_setzero_si256()];
                for k in 1..PAIRS {
                    pair = slots[k][v][phase][moment];
                    sums[0] = _mm256_add_epi32(sums[0], _mm256_madd_epi16(pair, weights[k]));
                    sums[1] = _mm256_add_epi32(sums[1], _mm256_madd_epi16(pair, weights[k - 1]));
                }
                pair = slots[PAIRS][v][phase][moment];
                sums[1] = _mm256_add_epi32(sums[1], _mm256_madd_epi16(pair, weights[PAIRS - 1]));
                for (columns, sum) in columns.iter_mut().zip(sums) {
                    columns[moment][phase].as_chunks_mut().0[v] = cast::<__m256, [f32; 8]>(_mm256_cvtepi32_ps(sum));
                }
            }
        }
    }
}

#[inline]
#[target_feature(enable = "avx2,fma")]
fn load(numbers: &[f32], at: usize) -> __m256 {
    let mut lanes = [0.0f32; 8];
    lanes.copy_from_slice(&numbers[at..at + 8]);
    cast(lanes)
}

/// The weighted sum of SSIM over a row of windows.
#[inline]
#[target_feature(enable = "avx2,fma")]
fn across<const QUARTER: usize, const LENGTH: usize>(columns: &Columns<LENGTH>, to_ssim: &Across<'_, QUARTER>) -> f32 {
    let Across { sides, weights, constants, lift } = *to_ssim;
    let side = sides.map(|weight| _mm256_set1_ps(weight));
    // By moment and window, one moment after another: all at once do not fit the registers.
    let mut means = [[[_mm256_setzero_ps(); TILE / 32]; 2]; 4];
    for (columns, means) in columns.iter().zip(&mut means) {
        for v in 0..QUARTER / 8 {
            [means[0][v], means[1][v]] = means_of(columns, v, &side);
        }
    }
    let mut total = [_mm256_setzero_ps(); 2];
    for v in 0..QUARTER / 8 {
        let [first, second] = [0, 1].map(|window| {
            fraction(
                [means[0][window][v], means[1][window][v], means[2][window][v], means[3][window][v]],
                constants,
                lift,
            )
        });
        // One division for two windows.
        let tops =
            [_mm256_mul_ps(first[0], load(&weights[0], 8 * v)), _mm256_mul_ps(second[0], load(&weights[1], 8 * v))];
        let top = _mm256_fmadd_ps(tops[0], second[1], _mm256_mul_ps(tops[1], first[1]));
        let quotient = _mm256_div_ps(top, _mm256_mul_ps(first[1], second[1]));
        total[v % 2] = _mm256_add_ps(total[v % 2], quotient);
    }
    sum_of(cast(total))
}

/// The means of a moment over every fourth window, and over the windows two columns to the right.
#[inline]
#[target_feature(enable = "avx2,fma")]
fn means_of<const LENGTH: usize>(columns: &[[f32; LENGTH]; 4], v: usize, side: &[__m256; RADIUS + 1]) -> [__m256; 2] {
    let at = |column: usize| load(&columns[column % 4], 8 * v + column / 4);
    let columns = [at(0), at(1), at(2), at(3), at(4), at(5), at(6), at(7), at(8), at(9), at(10), at(11), at(12)];
    two_means(columns, side)
}

/// Weighted sums of the first eleven vectors, and of the eleven that start two later.
#[inline]
#[target_feature(enable = "avx2,fma")]
fn two_means(all: [__m256; WINDOW + 2], side: &[__m256; RADIUS + 1]) -> [__m256; 2] {
    let mut means = [_mm256_mul_ps(all[RADIUS], side[0]), _mm256_mul_ps(all[RADIUS + 2], side[0])];
    for r in 1..=RADIUS {
        for window in 0..2 {
            let middle = RADIUS + 2 * window;
            means[window] = _mm256_fmadd_ps(_mm256_add_ps(all[middle - r], all[middle + r]), side[r], means[window]);
        }
    }
    means
}

/// Numerator and denominator of SSIM.
#[inline]
#[target_feature(enable = "avx2,fma")]
fn fraction(moments: [__m256; 4], constants: Constants, lift: f32) -> [__m256; 2] {
    let [a, b, both, squares] = moments;
    let Constants { c1, c2, middle, .. } = constants;
    let set = |number| _mm256_set1_ps(number);
    let product = _mm256_mul_ps(a, b);
    let square = _mm256_fmadd_ps(a, a, _mm256_mul_ps(b, b));
    // Means of the uncentered samples: (a + m)(b + m) = ab + m (a + b) + m².
    let shift = _mm256_fmadd_ps(_mm256_add_ps(a, b), set(2.0 * middle), set(2.0 * middle * middle + c1));
    let luminance = [_mm256_fmadd_ps(set(2.0), product, shift), _mm256_add_ps(square, shift)];
    let covariance = _mm256_fmadd_ps(set(2.0), _mm256_sub_ps(both, product), set(c2));
    let variances = _mm256_sub_ps(_mm256_add_ps(squares, set(lift + c2)), square);
    // At least C₂ already, except in unused lanes of the last vector.
    let variances = _mm256_max_ps(variances, set(c2));
    [_mm256_mul_ps(luminance[0], covariance), _mm256_mul_ps(luminance[1], variances)]
}
