//! SSIM of large 8-bit pictures with AVX-512.
//!
//! Gaussian windows of σ = 1.5 leave next to nothing of frequencies above a quarter of the sampling rate, so the map of
//! SSIM is smooth, and its mean is found as an integral is: by the trapezoidal rule over every second window in both
//! directions. On pictures as large as [`worth_it`] demands, that mean is within 2e-5 of the one over all windows (1e-6 to
//! 9e-6 with 1280×720 and 1920×1080 frames blurred, coarsely quantised, made blocky or noisy).
//!
//! Columns of windows are summed in whole numbers with weights of 16 bits, two rows in one step (`vpdpwssd`), of a, b,
//! ab and a² + b², with samples taken relative to 128 so that their products fit 16 bits; then across in f32.
#![expect(clippy::needless_range_loop, reason = "several arrays side by side, lane by lane")]

use std::arch::x86_64::*;

use pulp::bytemuck::cast;

use super::samples::Samples;
use super::windows::{Constants, RADIUS, WINDOW, gaussian};

/// Columns that are worked on at a time.
const TILE: usize = 256;
/// 64-byte vectors in them.
const VECTORS: usize = TILE / 64;
/// Pairs of rows that a window reaches over; the last row of the last pair has no weight.
const PAIRS: usize = 6;
/// Windows of a tile, side by side, every second column.
const OUTPUTS: usize = (TILE - WINDOW) / 2 + 1;

/// Whether this processor has what is needed.
pub(super) fn available() -> bool {
    is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512vnni")
}

/// Whether pictures of this size are large enough for the trapezoidal rule.
pub(super) fn worth_it(width: usize, height: usize) -> bool {
    width >= 512 && height >= 512 && width * height >= 1 << 19
}

/// Working memory.
pub(super) struct Scratch(Box<Memory>);

struct Memory {
    /// By slot, vector and column modulo 4: the four moments, each lane a column with two rows.
    ring: [[[[__m512i; 4]; 4]; VECTORS]; PAIRS],
    /// By moment and column modulo 4: columns of windows; behind the last, what a vector may read too much.
    columns: [[[f32; TILE / 4 + 16]; 4]; 4],
}

impl Default for Scratch {
    fn default() -> Self {
        // SAFETY: all fields are plain numbers, for which zeros are valid.
        Self(unsafe { Box::<Memory>::new_zeroed().assume_init() })
    }
}

/// What windows count at 0, 2, 4… in a row of `count` windows: as much as the windows that they stand for.
pub(super) fn weight(at: usize, count: usize) -> f64 {
    debug_assert!(at.is_multiple_of(2) && at < count);
    let before = if at == 0 { 0.0 } else { 0.5 };
    let after = match count - 1 - at {
        0 => 0.0,
        1 => 1.0,
        _ => 0.5,
    };
    before + 1.0 + after
}

/// The weighted sum of SSIM over the windows that begin in the rows `rows`, the first of which is even; the weights of
/// all rows sum to the number of windows.
///
/// `available` and `worth_it` must have been true, and the samples be bytes side by side.
pub(super) fn sum(
    pair: [&Samples<'_>; 2],
    rows: std::ops::Range<usize>,
    constants: Constants,
    scratch: &mut Scratch,
) -> f64 {
    assert!(available());
    // SAFETY: the processor has these instructions.
    unsafe { band(pair, rows, constants, &mut scratch.0) }
}

#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
fn band(pair: [&Samples<'_>; 2], rows: std::ops::Range<usize>, constants: Constants, memory: &mut Memory) -> f64 {
    let (width, height) = (pair[0].width(), pair[0].height());
    let windows = [width, height].map(|side| side - (WINDOW - 1));
    let mut total = 0.0;
    // The last tile ends at the border, and leaves out what others have done. With an odd width the last window is not
    // on the lattice of its tile: its neighbour counts for it.
    let last = (width - TILE) & !1;
    let reached = (last + 2 * (OUTPUTS - 1) + 1).min(windows[0]);
    let mut done = 0;
    while done < reached {
        let start = done.min(last);
        let mut weights = [[0.0f32; TILE / 4]; 2];
        for output in 0..OUTPUTS {
            let at = start + 2 * output;
            if at >= done && at < windows[0] {
                let missing = if at + 2 > reached - 1 { (windows[0] - reached) as f64 } else { 0.0 };
                weights[output % 2][output / 2] = (weight(at, reached) + missing) as f32;
            }
        }
        total += tile(pair, start, rows.clone(), windows[1], &weights, constants, memory);
        done = start + 2 * OUTPUTS;
    }
    total
}

#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
fn tile(
    pair: [&Samples<'_>; 2],
    start: usize,
    rows: std::ops::Range<usize>,
    windows: usize,
    weights: &[[f32; TILE / 4]; 2],
    constants: Constants,
    memory: &mut Memory,
) -> f64 {
    let last = pair[0].height() - 1;
    let outputs = rows.len().div_ceil(2);
    let steps = row_weights();
    let mut total = 0.0;
    for step in 0..outputs + PAIRS - 1 {
        let y = rows.start + 2 * step;
        // Below the picture lies only the row that has no weight.
        let (upper, lower) = (y.min(last), (y + 1).min(last));
        let [Some(a), Some(b)] = [pair[0].bytes(upper), pair[0].bytes(lower)] else { return f64::NAN };
        let [Some(c), Some(d)] = [pair[1].bytes(upper), pair[1].bytes(lower)] else { return f64::NAN };
        let columns = start..start + TILE;
        let (a, b) = (a[columns.clone()].as_chunks::<64>().0, b[columns.clone()].as_chunks::<64>().0);
        let (c, d) = (c[columns.clone()].as_chunks::<64>().0, d[columns].as_chunks::<64>().0);
        let slot = &mut memory.ring[step % PAIRS];
        for v in 0..VECTORS {
            let reference = expand(cast(a[v]), cast(b[v]));
            let distorted = expand(cast(c[v]), cast(d[v]));
            for phase in 0..4 {
                slot[v][phase] = products(reference[phase], distorted[phase]);
            }
        }
        if step + 1 >= PAIRS {
            down(&memory.ring, step, &steps, &mut memory.columns);
            let sum = across(&memory.columns, weights, constants);
            total += weight(y - 2 * (PAIRS - 1), windows) * f64::from(sum);
        }
    }
    total
}

/// The Gaussian's weights in units of 2⁻¹⁶, two in a lane, in the order of the rows.
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
fn row_weights() -> [__m512i; PAIRS] {
    let side = gaussian().map(|weight| (weight * 65536.0).round() as i32);
    let mut all = [0; 2 * PAIRS];
    for r in 0..=RADIUS {
        all[RADIUS - r] = side[r];
        all[RADIUS + r] = side[r];
    }
    // Of something flat nothing must be lost.
    all[RADIUS] += 65536 - all.iter().sum::<i32>();
    let mut lanes = [_mm512_setzero_si512(); PAIRS];
    for k in 0..PAIRS {
        lanes[k] = _mm512_set1_epi32(all[2 * k] | all[2 * k + 1] << 16);
    }
    lanes
}

/// 64 columns of two rows as four vectors, by column modulo 4: in each lane the upper row's sample and the lower's, less
/// 128.
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
fn expand(upper: __m512i, lower: __m512i) -> [__m512i; 4] {
    let low = _mm512_set1_epi16(0xff);
    let middle = _mm512_set1_epi16(128);
    let even = |row| _mm512_sub_epi16(_mm512_and_si512(row, low), middle);
    let odd = |row| _mm512_sub_epi16(_mm512_srli_epi16::<8>(row), middle);
    let first = |upper, lower| _mm512_mask_blend_epi16(0xaaaa_aaaa, upper, _mm512_slli_epi32::<16>(lower));
    let second = |upper, lower| _mm512_mask_blend_epi16(0xaaaa_aaaa, _mm512_srli_epi32::<16>(upper), lower);
    let (upper_even, upper_odd, lower_even, lower_odd) = (even(upper), odd(upper), even(lower), odd(lower));
    [
        first(upper_even, lower_even),
        first(upper_odd, lower_odd),
        second(upper_even, lower_even),
        second(upper_odd, lower_odd),
    ]
}

/// Added to a² + b² less this, which fits 16 bits.
const SQUARES: f32 = 16384.0;

/// a, b, ab and a² + b² - 2¹⁴.
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
fn products(a: __m512i, b: __m512i) -> [__m512i; 4] {
    let squares = _mm512_add_epi16(_mm512_mullo_epi16(a, a), _mm512_mullo_epi16(b, b));
    [a, b, _mm512_mullo_epi16(a, b), _mm512_sub_epi16(squares, _mm512_set1_epi16(SQUARES as i16))]
}

/// Columns of windows that end with the pair of rows `step`, times 2¹⁶.
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
fn down(
    ring: &[[[[__m512i; 4]; 4]; VECTORS]; PAIRS],
    step: usize,
    weights: &[__m512i; PAIRS],
    columns: &mut [[[f32; TILE / 4 + 16]; 4]; 4],
) {
    let mut slots = [&ring[0]; PAIRS];
    for k in 0..PAIRS {
        slots[k] = &ring[(step + 1 + k) % PAIRS];
    }
    for v in 0..VECTORS {
        for phase in 0..4 {
            for moment in 0..4 {
                let mut sum = _mm512_setzero_si512();
                for k in 0..PAIRS {
                    sum = _mm512_dpwssd_epi32(sum, slots[k][v][phase][moment], weights[k]);
                }
                columns[moment][phase][16 * v..16 * v + 16]
                    .copy_from_slice(&cast::<__m512, [f32; 16]>(_mm512_cvtepi32_ps(sum)));
            }
        }
    }
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
fn load(numbers: &[f32], at: usize) -> __m512 {
    let mut lanes = [0.0f32; 16];
    lanes.copy_from_slice(&numbers[at..at + 16]);
    cast(lanes)
}

/// The weighted sum of SSIM over a row of windows.
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
fn across(columns: &[[[f32; TILE / 4 + 16]; 4]; 4], weights: &[[f32; TILE / 4]; 2], constants: Constants) -> f32 {
    let side = gaussian().map(|weight| _mm512_set1_ps((weight / 65536.0) as f32));
    let mut total = _mm512_setzero_ps();
    for v in 0..VECTORS {
        let mut moments = [[_mm512_setzero_ps(); 4]; 2];
        for moment in 0..4 {
            let at = |column: usize| load(&columns[moment][column % 4], 16 * v + column / 4);
            // The columns that two windows, two columns apart, reach over.
            let c = [at(0), at(1), at(2), at(3), at(4), at(5), at(6), at(7), at(8), at(9), at(10), at(11), at(12)];
            for window in 0..2 {
                let middle = RADIUS + 2 * window;
                let mut sum = _mm512_mul_ps(c[middle], side[0]);
                for r in 1..=RADIUS {
                    sum = _mm512_fmadd_ps(_mm512_add_ps(c[middle - r], c[middle + r]), side[r], sum);
                }
                moments[window][moment] = sum;
            }
        }
        let [first, second] = [fraction(moments[0], constants), fraction(moments[1], constants)];
        // One division for two windows.
        let tops =
            [_mm512_mul_ps(first[0], load(&weights[0], 16 * v)), _mm512_mul_ps(second[0], load(&weights[1], 16 * v))];
        let top = _mm512_fmadd_ps(tops[0], second[1], _mm512_mul_ps(tops[1], first[1]));
        total = _mm512_add_ps(total, _mm512_div_ps(top, _mm512_mul_ps(first[1], second[1])));
    }
    _mm512_reduce_add_ps(total)
}

/// Numerator and denominator of SSIM.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
fn fraction(moments: [__m512; 4], constants: Constants) -> [__m512; 2] {
    let [a, b, both, squares] = moments;
    let Constants { c1, c2, middle } = constants;
    let set = |number| _mm512_set1_ps(number);
    let product = _mm512_mul_ps(a, b);
    let square = _mm512_fmadd_ps(a, a, _mm512_mul_ps(b, b));
    // Means of samples as they are stored: (a + m)(b + m) = ab + m (a + b) + m².
    let shift = _mm512_fmadd_ps(_mm512_add_ps(a, b), set(2.0 * middle), set(2.0 * middle * middle + c1));
    let luminance = [_mm512_fmadd_ps(set(2.0), product, shift), _mm512_add_ps(square, shift)];
    let covariance = _mm512_fmadd_ps(set(2.0), _mm512_sub_ps(both, product), set(c2));
    let variances = _mm512_sub_ps(_mm512_add_ps(squares, set(SQUARES + c2)), square);
    // Never below C₂, but for what a last vector has in the lanes that do not count.
    let variances = _mm512_max_ps(variances, set(c2));
    [_mm512_mul_ps(luminance[0], covariance), _mm512_mul_ps(luminance[1], variances)]
}
