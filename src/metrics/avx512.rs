// SPDX-License-Identifier: MPL-2.0

//! The kernels for AVX-512 with VNNI: SSIM by the trapezoidal rule, and sums over bytes.
//!
//! Results have the same bits as those of `trapezoid_bytes.rs` and `fit_sums.rs`: integers are exact, and the f32
//! operations and their order are the same. Columns of windows are summed two rows per instruction (`vpdpwssd`).
#![allow(unsafe_code, reason = "intrinsics and assembler of a processor that Level has found")]
#![expect(clippy::needless_range_loop, reason = "several arrays side by side, lane by lane")]

use std::arch::x86_64::*;

use pulp::bytemuck::cast;

use super::fit_sums::FitSums;
use super::ssim_window::{Constants, RADIUS};
use super::trapezoid::{sum_of, tiles};
use super::trapezoid_bytes::{Columns, PAIRS, Rows, SQUARES, TILE, Weights, column_weights, pair_weights};
use crate::simd::Avx512;

/// 64-byte vectors in a tile.
const VECTORS: usize = TILE / 64;

/// Proof that the processor has the instructions used here.
#[derive(Debug, Clone, Copy)]
pub(super) struct Vnni(());

impl Vnni {
    /// `None` if the processor lacks VNNI.
    #[inline(always)]
    pub fn new(level: Avx512) -> Option<Self> {
        level.vnni.then_some(Self(()))
    }

    /// See [`trapezoid_bytes::sum`](super::trapezoid_bytes::sum).
    pub fn sum(self, rows: Rows<'_>, constants: Constants, scratch: &mut Scratch) -> f64 {
        // SAFETY: a `Vnni` exists only if the processor has these instructions.
        unsafe { band(rows, constants, &mut scratch.0) }
    }

    /// See [`FitSums::of_bytes`].
    pub fn fit(self, a: &[u8], b: &[u8]) -> FitSums {
        // SAFETY: a `Vnni` exists only if the processor has these instructions.
        unsafe { fit_sums(a, b) }
    }
}

/// Working memory.
pub(super) struct Scratch(Box<Memory>);

struct Memory {
    ring: [Slot; PAIRS],
    /// Of this row of windows and of the previous one.
    columns: [Columns; 2],
}

/// A pair of rows, by vector and column modulo 4: the four moments; each lane is a column of two rows.
#[repr(C)]
struct Slot {
    moments: [[[__m512i; 4]; 4]; VECTORS],
    /// Keeps slots from being a multiple of 4096 bytes apart, where loads would wait for stores to other addresses.
    _apart: [__m512i; 5],
}

impl Default for Scratch {
    fn default() -> Self {
        // SAFETY: all fields are plain numbers, for which zeros are valid.
        Self(unsafe { Box::<Memory>::new_zeroed().assume_init() })
    }
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
fn band(rows: Rows<'_>, constants: Constants, memory: &mut Memory) -> f64 {
    let mut total = 0.0;
    for (start, weights) in tiles(rows.width()) {
        total += tile(rows, start, &weights, constants, memory);
    }
    total
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
fn tile(rows: Rows<'_>, start: usize, weights: &Weights, constants: Constants, memory: &mut Memory) -> f64 {
    let (outputs, last) = (rows.outputs(), rows.samples[0].len() - 1);
    let steps = pair_weights().map(|pair| _mm512_set1_epi32(pair));
    let mut total = 0.0;
    for step in 0..outputs + PAIRS - 1 {
        // Below the last row is only the row without weight.
        let (upper, lower) = (2 * step, (2 * step + 1).min(last));
        let columns = start..start + TILE;
        let [reference, distorted] = rows.samples;
        let (a, b) = (chunks(reference[upper], &columns), chunks(reference[lower], &columns));
        let (c, d) = (chunks(distorted[upper], &columns), chunks(distorted[lower], &columns));
        let slot = &mut memory.ring[step % PAIRS];
        for v in 0..VECTORS {
            let reference = expand(cast(a[v]), cast(b[v]));
            let distorted = expand(cast(c[v]), cast(d[v]));
            for phase in 0..4 {
                slot.moments[v][phase] = products(reference[phase], distorted[phase]);
            }
        }
        // Freshly stored values can only be loaded at the width they were stored with, so the previous row is summed
        // first.
        let [now, before] = &mut memory.columns;
        let (now, before) = if step % 2 == 0 { (now, before) } else { (before, now) };
        if step + 1 >= PAIRS {
            down(&memory.ring, step, &steps, now);
        }
        if step >= PAIRS {
            total += rows.weight(step - PAIRS) * f64::from(across(before, weights, constants));
        }
    }
    let sum = across(&memory.columns[(outputs + PAIRS) % 2], weights, constants);
    total + rows.weight(outputs - 1) * f64::from(sum)
}

#[inline]
fn chunks<'a>(row: &'a [u8], columns: &std::ops::Range<usize>) -> &'a [[u8; 64]] {
    row[columns.clone()].as_chunks().0
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
fn fit_sums(a: &[u8], b: &[u8]) -> FitSums {
    let (blocks, rest) = a.as_chunks::<64>();
    let (others, other_rest) = b.as_chunks::<64>();
    let mut total = FitSums::of_few(rest, other_rest);
    let (low, zero) = (_mm512_set1_epi16(0xff), _mm512_setzero_si512());
    // Per lane, 2¹³ times four products of 8 bits sum to less than 2³¹.
    for (blocks, others) in blocks.chunks(1 << 13).zip(others.chunks(1 << 13)) {
        let (mut first, mut second, mut aa, mut ab, mut sse) = (zero, zero, zero, zero, zero);
        for (a, b) in blocks.iter().zip(others) {
            let (a, b) = (cast::<_, __m512i>(*a), cast::<_, __m512i>(*b));
            first = _mm512_add_epi64(first, _mm512_sad_epu8(a, zero));
            second = _mm512_add_epi64(second, _mm512_sad_epu8(b, zero));
            let even = [_mm512_and_si512(a, low), _mm512_and_si512(b, low)];
            let odd = [_mm512_srli_epi16::<8>(a), _mm512_srli_epi16::<8>(b)];
            for [a, b] in [even, odd] {
                let difference = _mm512_sub_epi16(a, b);
                aa = _mm512_dpwssd_epi32(aa, a, a);
                ab = _mm512_dpwssd_epi32(ab, a, b);
                sse = _mm512_dpwssd_epi32(sse, difference, difference);
            }
        }
        let sum = |lanes| _mm512_reduce_add_epi64(lanes) as f64;
        let wide = |lanes| {
            let halves = [_mm512_extracti64x4_epi64::<0>(lanes), _mm512_extracti64x4_epi64::<1>(lanes)];
            sum(_mm512_add_epi64(_mm512_cvtepu32_epi64(halves[0]), _mm512_cvtepu32_epi64(halves[1])))
        };
        total += FitSums { a: sum(first), b: sum(second), aa: wide(aa), ab: wide(ab), sse: wide(sse) };
    }
    total
}

/// 64 columns of two rows as four vectors, by column modulo 4. Each lane holds the upper and the lower row's sample,
/// less 128.
#[inline]
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

/// a, b, ab and a² + b² - 2¹⁴.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
fn products(a: __m512i, b: __m512i) -> [__m512i; 4] {
    let sse = _mm512_add_epi16(_mm512_mullo_epi16(a, a), _mm512_mullo_epi16(b, b));
    [a, b, _mm512_mullo_epi16(a, b), _mm512_sub_epi16(sse, _mm512_set1_epi16(SQUARES))]
}

/// Columns of the windows that end with the pair of rows `step`, times 2¹⁶.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
fn down(ring: &[Slot; PAIRS], step: usize, weights: &[__m512i; PAIRS], columns: &mut Columns) {
    let mut slots = [&ring[0].moments; PAIRS];
    for k in 0..PAIRS {
        slots[k] = &ring[(step + 1 + k) % PAIRS].moments;
    }
    for v in 0..VECTORS {
        for phase in 0..4 {
            for moment in 0..4 {
                let sum = dot(slots, (v * 4 + phase) * 4 + moment, weights);
                columns[moment][phase][16 * v..16 * v + 16]
                    .copy_from_slice(&cast::<__m512, [f32; 16]>(_mm512_cvtepi32_ps(sum)));
            }
        }
    }
}

/// The sum of 16-bit products of six vectors; `at` is the index of the vector in a slot.
///
/// Written in assembler because LLVM 21 splits `_mm512_dpwssd_epi32` into two instructions (`vpmaddwd` and `vpaddd`).
/// That is right for processors where the single one is slow, but doubles the time of half of this file's work.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
fn dot(slots: [&[[[__m512i; 4]; 4]; VECTORS]; PAIRS], at: usize, weights: &[__m512i; PAIRS]) -> __m512i {
    let at = at * size_of::<__m512i>();
    assert!(at < size_of_val(slots[0]));
    let sum;
    // SAFETY: each slot is read at vector `at`, which is within it, and the function's features include the
    // instructions.
    unsafe {
        std::arch::asm!(
            "vpmaddwd {sum}, {w0}, [{p0} + {at}]",
            "vpdpwssd {sum}, {w1}, [{p1} + {at}]",
            "vpdpwssd {sum}, {w2}, [{p2} + {at}]",
            "vpdpwssd {sum}, {w3}, [{p3} + {at}]",
            "vpdpwssd {sum}, {w4}, [{p4} + {at}]",
            "vpdpwssd {sum}, {w5}, [{p5} + {at}]",
            sum = out(zmm_reg) sum, at = in(reg) at,
            w0 = in(zmm_reg) weights[0], w1 = in(zmm_reg) weights[1], w2 = in(zmm_reg) weights[2],
            w3 = in(zmm_reg) weights[3], w4 = in(zmm_reg) weights[4], w5 = in(zmm_reg) weights[5],
            p0 = in(reg) slots[0], p1 = in(reg) slots[1], p2 = in(reg) slots[2],
            p3 = in(reg) slots[3], p4 = in(reg) slots[4], p5 = in(reg) slots[5],
            options(pure, readonly, nostack, preserves_flags),
        );
    }
    sum
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
fn load(numbers: &[f32], at: usize) -> __m512 {
    let mut lanes = [0.0f32; 16];
    lanes.copy_from_slice(&numbers[at..at + 16]);
    cast(lanes)
}

/// The weighted sum of SSIM over a row of windows.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
fn across(columns: &Columns, weights: &Weights, constants: Constants) -> f32 {
    let side = column_weights().map(|weight| _mm512_set1_ps(weight));
    let mut total = _mm512_setzero_ps();
    for v in 0..VECTORS {
        let mut moments = [[_mm512_setzero_ps(); 4]; 2];
        for moment in 0..4 {
            let at = |column: usize| load(&columns[moment][column % 4], 16 * v + column / 4);
            // The columns covered by two windows that are two columns apart.
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
    sum_of(cast(total))
}

/// Numerator and denominator of SSIM.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
fn fraction(moments: [__m512; 4], constants: Constants) -> [__m512; 2] {
    let [a, b, both, sse] = moments;
    let Constants { c1, c2, middle, .. } = constants;
    let set = |number| _mm512_set1_ps(number);
    let product = _mm512_mul_ps(a, b);
    let square = _mm512_fmadd_ps(a, a, _mm512_mul_ps(b, b));
    // Means of the uncentered samples: (a + m)(b + m) = ab + m (a + b) + m².
    let shift = _mm512_fmadd_ps(_mm512_add_ps(a, b), set(2.0 * middle), set(2.0 * middle * middle + c1));
    let luminance = [_mm512_fmadd_ps(set(2.0), product, shift), _mm512_add_ps(square, shift)];
    let covariance = _mm512_fmadd_ps(set(2.0), _mm512_sub_ps(both, product), set(c2));
    let variances = _mm512_sub_ps(_mm512_add_ps(sse, set(f32::from(SQUARES) + c2)), square);
    // At least C₂ already, except in unused lanes of the last vector.
    let variances = _mm512_max_ps(variances, set(c2));
    [_mm512_mul_ps(luminance[0], covariance), _mm512_mul_ps(luminance[1], variances)]
}
