// SPDX-License-Identifier: MPL-2.0

//! Fused multiply-add with the same bits on every processor.
//!
//! Rounding the product as well would also give the same bits everywhere, without `emulated`. But with AVX2 and AVX-512
//! it takes a fifth more time over all windows, and 4 % more over every second one. The cost is borne by processors
//! without FMA: there, SSIM of 1080p over every second window takes 2.5 times as long as it did over all windows, and
//! 13 times over all windows.

use crate::simd::SimdLevel;

/// `a * b + c`, rounded once. Unlike [`multiply_add`](crate::simd::multiply_add), whose last bit depends on the level,
/// and unlike `f32::mul_add`, which is a function call per number on processors without the instruction.
#[inline(always)]
pub(super) fn fused<L: SimdLevel>(a: f32, b: f32, c: f32) -> f32 {
    if L::FMA { a.mul_add(b, c) } else { emulated(a, b, c) }
}

/// The same without the instruction: Boldo and Melquiond, "Emulation of a FMA and Correctly Rounded Sums: Proved
/// Algorithms Using Rounding to Odd", IEEE Trans. Computers 57(4), 2008.
#[inline(always)]
fn emulated(a: f32, b: f32, c: f32) -> f32 {
    // In f64, the product is exact, and the sum has 29 bits more than the result.
    let (product, c) = (f64::from(a) * f64::from(b), f64::from(c));
    let sum = product + c;
    // The rounding error of the sum (Knuth's TwoSum).
    let part = sum - product;
    let lost = (product - (sum - part)) + (c - part);
    // An inexact sum is rounded to odd, so that the second rounding cannot mistake it for halfway between two f32.
    let bits = sum.to_bits();
    let inexact = u64::from(lost.abs() > 0.0) & !bits & 1;
    let away = u64::from((lost > 0.0) == (sum > 0.0));
    f64::from_bits(bits.wrapping_add(inexact * away).wrapping_sub(inexact * (1 - away))) as f32
}

#[cfg(test)]
mod tests {
    use super::emulated;

    #[track_caller]
    fn check(a: f32, b: f32, c: f32) {
        assert_eq!(emulated(a, b, c).to_bits(), a.mul_add(b, c).to_bits(), "{a:e} * {b:e} + {c:e}");
    }

    #[test]
    fn gives_the_bits_of_the_instruction() {
        let mut state = 1u64;
        let mut random = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 32) as u32
        };
        for _ in 0..300_000 {
            // Of every size, of matching sizes, and with short mantissas, whose sums are more often halfway.
            let mut number = |low: u32, span: u32, mask: u32| {
                f32::from_bits(random() & 0x8000_0000 | (low + random() % span) << 23 | random() & mask)
            };
            check(number(64, 128, 0x7f_ffff), number(64, 128, 0x7f_ffff), number(1, 253, 0x7f_ffff));
            check(number(120, 16, 0x7f_ffff), number(120, 16, 0x7f_ffff), number(115, 30, 0x7f_ffff));
            check(number(120, 16, 0x70_0001), number(120, 16, 0x40_0003), number(90, 60, 0x7f_ffff));
        }
    }

    #[test]
    fn is_not_rounded_twice() {
        // 1 + 2⁻²⁴ is halfway; a little more or less is lost in f64, but decides.
        let half = 1.0 / 16_777_216.0f32;
        let tiny = f32::from_bits(0x0080_0000);
        for (a, c) in [(tiny, 1.0 + half), (-tiny, 1.0 + half), (tiny, 1.0), (-tiny, -1.0), (0.0, -0.0), (-0.0, 0.0)] {
            check(a, 1.0, c);
        }
        for (a, b, c) in [(1.0 + 2.0 * half, 1.0 + 2.0 * half, half * half), (4097.0, 4097.0, 1e-30)] {
            for (a, c) in [(a, c), (-a, c), (a, -c), (-a, -c)] {
                check(a, b, c);
            }
        }
        // 4097² = 2²⁴ + 2¹³ + 1 is halfway between two f32; a little more or less decides.
        assert_eq!(emulated(4097.0, 4097.0, 1e-30), 16_785_410.0);
        assert_eq!(emulated(4097.0, 4097.0, -1e-30), 16_785_408.0);
    }

    #[test]
    fn nan_and_infinity_are_preserved() {
        for (a, b, c) in [(f32::MAX, 2.0, 0.0), (f32::INFINITY, 1.0, 1.0), (f32::MAX, 1.0, f32::MAX)] {
            check(a, b, c);
            check(-a, b, -c);
        }
        assert!(emulated(f32::NAN, 1.0, 1.0).is_nan() && emulated(f32::INFINITY, 1.0, -f32::INFINITY).is_nan());
    }
}
