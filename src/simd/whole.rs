// SPDX-License-Identifier: MPL-2.0

//! Integers, 16 in parallel: the methods of [`SimdLevel`](super::SimdLevel) that need intrinsics.
#![allow(unsafe_code, reason = "intrinsics of a processor that Level has found")]

#[cfg(target_arch = "x86_64")]
use super::{Avx512, Fma, Kernel, Vnni};

/// The integer part of a number; one with more than 31 bits becomes the nearest that fits. Unlike `as`, this takes
/// three instructions for as many numbers as fit a vector.
#[inline(always)]
pub(crate) fn whole(number: f64) -> i32 {
    const MOST: f64 = i32::MAX as f64;
    const LEAST: f64 = i32::MIN as f64;
    // In this order NaN becomes a number.
    let number = if number < MOST { number } else { MOST };
    let number = if number > LEAST { number } else { LEAST };
    // SAFETY: it is within the range.
    unsafe { number.to_int_unchecked() }
}

// `pulp` has functions like the following, but the callees of a large kernel are not always inlined into them, and an
// intrinsic that is not inlined is a function call.

/// Runs `kernel` with AVX2.
#[cfg(target_arch = "x86_64")]
pub(super) fn with_avx2<K: Kernel>(kernel: K, _: pulp::Arch) -> K::Output {
    #[inline]
    #[target_feature(enable = "avx2,fma,f16c,bmi1,bmi2,lzcnt,popcnt,movbe")]
    fn run<K: Kernel>(kernel: K) -> K::Output {
        kernel.run(Fma)
    }
    // SAFETY: on x86-64, `Level` has this value only if the CPU has AVX2 and the rest.
    unsafe { run(kernel) }
}

/// Runs `kernel` with AVX-512.
#[cfg(target_arch = "x86_64")]
pub(super) fn with_avx512<K: Kernel>(kernel: K, level: Avx512) -> K::Output {
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512cd,avx512dq,avx512vl")]
    #[target_feature(enable = "avx2,fma,f16c,bmi1,bmi2,lzcnt,popcnt,movbe")]
    fn run<K: Kernel>(kernel: K, level: Avx512) -> K::Output {
        kernel.run(level)
    }
    // SAFETY: the level implies that the CPU has all of these; AVX-512 implies the rest.
    unsafe { run(kernel, level) }
}

/// Runs `kernel` with AVX-512 and VNNI.
#[cfg(target_arch = "x86_64")]
pub(super) fn with_vnni<K: Kernel>(kernel: K, level: Avx512) -> K::Output {
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512cd,avx512dq,avx512vl,avx512vnni")]
    #[target_feature(enable = "avx2,fma,f16c,bmi1,bmi2,lzcnt,popcnt,movbe")]
    fn run<K: Kernel>(kernel: K, level: Avx512) -> K::Output {
        kernel.run(Vnni(level))
    }
    // SAFETY: the level implies that the CPU has all of these, and this is called only if it also has VNNI.
    unsafe { run(kernel, level) }
}

/// The methods, lane by lane.
macro_rules! portable {
    () => {
        type Sums = [i32; LANES];

        #[inline(always)]
        fn sums(self, start: i32) -> [i32; LANES] {
            [start; LANES]
        }

        #[inline(always)]
        fn dot(self, pairs: &[i32; LANES], weights: i32, sums: [i32; LANES]) -> [i32; LANES] {
            self.dot_pairs(pairs, &[weights; LANES], sums)
        }

        #[inline(always)]
        fn dot_pairs(self, a: &[i32; LANES], b: &[i32; LANES], mut sums: [i32; LANES]) -> [i32; LANES] {
            for lane in 0..LANES {
                let (low, high) = (i32::from(a[lane] as i16), a[lane] >> 16);
                let products = low * i32::from(b[lane] as i16) + high * (b[lane] >> 16);
                sums[lane] = sums[lane].wrapping_add(products);
            }
            sums
        }

        #[inline(always)]
        fn lanes(self, sums: [i32; LANES]) -> [i32; LANES] {
            sums
        }

        #[inline(always)]
        fn look_up(self, table: &[u16; (1 << 15) + 1], indices: &[i32; LANES]) -> [i32; LANES] {
            let mut found = [0; LANES];
            for lane in 0..LANES {
                found[lane] = i32::from(table[(indices[lane] & 0x7fff) as usize]);
            }
            found
        }

        type Counts = [u16; LANES];

        #[inline(always)]
        fn no_counts(self) -> [u16; LANES] {
            [0; LANES]
        }

        #[inline(always)]
        fn count(self, mut counts: [u16; LANES], more: &[u8; LANES], less: &[u8; LANES]) -> [u16; LANES] {
            for lane in 0..LANES {
                counts[lane] = counts[lane].wrapping_add(u16::from(more[lane])).wrapping_sub(u16::from(less[lane]));
            }
            counts
        }

        #[inline(always)]
        fn counted(self, counts: [u16; LANES]) -> [u16; LANES] {
            counts
        }
    };
}

/// The methods for counts with AVX2, which CPUs with AVX-512 also have.
#[cfg(target_arch = "x86_64")]
macro_rules! avx2_counts {
    () => {
        type Counts = std::arch::x86_64::__m256i;

        #[inline(always)]
        fn no_counts(self) -> Self::Counts {
            pulp::bytemuck::cast([0u16; LANES])
        }

        #[inline(always)]
        #[allow(unsafe_code, reason = "intrinsics of a processor that Level has found")]
        fn count(self, counts: Self::Counts, more: &[u8; LANES], less: &[u8; LANES]) -> Self::Counts {
            use std::arch::x86_64::*;
            // SAFETY: such a level exists only if the CPU has AVX2.
            unsafe {
                let [more, less] = [more, less].map(|lanes| _mm256_cvtepu8_epi16(pulp::bytemuck::cast(*lanes)));
                _mm256_add_epi16(counts, _mm256_sub_epi16(more, less))
            }
        }

        #[inline(always)]
        fn counted(self, counts: Self::Counts) -> [u16; LANES] {
            pulp::bytemuck::cast(counts)
        }
    };
}

/// The methods with AVX2.
#[cfg(target_arch = "x86_64")]
macro_rules! avx2 {
    () => {
        type Sums = [std::arch::x86_64::__m256i; 2];

        #[inline(always)]
        #[allow(unsafe_code, reason = "intrinsics of a processor that Level has found")]
        fn sums(self, start: i32) -> Self::Sums {
            // SAFETY: such a level exists only if the CPU has AVX2.
            unsafe { [std::arch::x86_64::_mm256_set1_epi32(start); 2] }
        }

        #[inline(always)]
        #[allow(unsafe_code, reason = "intrinsics of a processor that Level has found")]
        fn dot(self, pairs: &[i32; LANES], weights: i32, sums: Self::Sums) -> Self::Sums {
            use std::arch::x86_64::*;
            // SAFETY: such a level exists only if the CPU has AVX2.
            unsafe {
                let weights = _mm256_set1_epi32(weights);
                let [low, high]: [__m256i; 2] = pulp::bytemuck::cast(*pairs);
                [
                    _mm256_add_epi32(sums[0], _mm256_madd_epi16(low, weights)),
                    _mm256_add_epi32(sums[1], _mm256_madd_epi16(high, weights)),
                ]
            }
        }

        #[inline(always)]
        #[allow(unsafe_code, reason = "intrinsics of a processor that Level has found")]
        fn dot_pairs(self, a: &[i32; LANES], b: &[i32; LANES], sums: Self::Sums) -> Self::Sums {
            use std::arch::x86_64::*;
            let (a, b): ([__m256i; 2], [__m256i; 2]) = (pulp::bytemuck::cast(*a), pulp::bytemuck::cast(*b));
            // SAFETY: such a level exists only if the CPU has AVX2.
            unsafe {
                [
                    _mm256_add_epi32(sums[0], _mm256_madd_epi16(a[0], b[0])),
                    _mm256_add_epi32(sums[1], _mm256_madd_epi16(a[1], b[1])),
                ]
            }
        }

        #[inline(always)]
        fn lanes(self, sums: Self::Sums) -> [i32; LANES] {
            pulp::bytemuck::cast(sums)
        }

        #[inline(always)]
        #[allow(unsafe_code, reason = "intrinsics of a processor that Level has found")]
        fn look_up(self, table: &[u16; (1 << 15) + 1], indices: &[i32; LANES]) -> [i32; LANES] {
            use std::arch::x86_64::*;
            // SAFETY: such a level exists only if the CPU has AVX2; indices are limited to 15 bits, and another 16-bit
            // number follows that of the largest index.
            unsafe {
                let [mask, half] = [_mm256_set1_epi32(0x7fff), _mm256_set1_epi32(0xffff)];
                let indices: [__m256i; 2] = pulp::bytemuck::cast(*indices);
                let base = table.as_ptr().cast::<i32>();
                let low = _mm256_i32gather_epi32::<2>(base, _mm256_and_si256(indices[0], mask));
                let high = _mm256_i32gather_epi32::<2>(base, _mm256_and_si256(indices[1], mask));
                pulp::bytemuck::cast([_mm256_and_si256(low, half), _mm256_and_si256(high, half)])
            }
        }

        whole::avx2_counts!();
    };
}

/// The methods with AVX-512.
#[cfg(target_arch = "x86_64")]
macro_rules! avx512 {
    ($dot:ident) => {
        type Sums = std::arch::x86_64::__m512i;

        #[inline(always)]
        #[allow(unsafe_code, reason = "intrinsics of a processor that Level has found")]
        fn sums(self, start: i32) -> Self::Sums {
            // SAFETY: such a level exists only if the CPU has AVX-512.
            unsafe { std::arch::x86_64::_mm512_set1_epi32(start) }
        }

        #[inline(always)]
        #[allow(unsafe_code, reason = "intrinsics of a processor that Level has found")]
        fn dot(self, pairs: &[i32; LANES], weights: i32, sums: Self::Sums) -> Self::Sums {
            // SAFETY: such a level exists only if the CPU has AVX-512, and VNNI where it is used.
            unsafe {
                let weights = std::arch::x86_64::_mm512_set1_epi32(weights);
                whole::avx512_dot!($dot, pulp::bytemuck::cast(*pairs), weights, sums)
            }
        }

        #[inline(always)]
        #[allow(unsafe_code, reason = "intrinsics of a processor that Level has found")]
        fn dot_pairs(self, a: &[i32; LANES], b: &[i32; LANES], sums: Self::Sums) -> Self::Sums {
            // SAFETY: such a level exists only if the CPU has AVX-512, and VNNI where it is used.
            unsafe { whole::avx512_dot!($dot, pulp::bytemuck::cast(*a), pulp::bytemuck::cast(*b), sums) }
        }

        #[inline(always)]
        fn lanes(self, sums: Self::Sums) -> [i32; LANES] {
            pulp::bytemuck::cast(sums)
        }

        #[inline(always)]
        #[allow(unsafe_code, reason = "intrinsics of a processor that Level has found")]
        fn look_up(self, table: &[u16; (1 << 15) + 1], indices: &[i32; LANES]) -> [i32; LANES] {
            use std::arch::x86_64::*;
            // SAFETY: such a level exists only if the CPU has AVX-512; indices are limited to 15 bits, and another
            // 16-bit number follows that of the largest index.
            unsafe {
                let indices = _mm512_and_si512(pulp::bytemuck::cast(*indices), _mm512_set1_epi32(0x7fff));
                let found = _mm512_i32gather_epi32::<2>(indices, table.as_ptr().cast());
                pulp::bytemuck::cast(_mm512_and_si512(found, _mm512_set1_epi32(0xffff)))
            }
        }

        whole::avx2_counts!();
    };
}

#[cfg(target_arch = "x86_64")]
macro_rules! avx512_dot {
    (madd, $pairs:expr, $weights:expr, $sums:expr) => {
        std::arch::x86_64::_mm512_add_epi32($sums, std::arch::x86_64::_mm512_madd_epi16($pairs, $weights))
    };
    (vnni, $pairs:expr, $weights:expr, $sums:expr) => {
        std::arch::x86_64::_mm512_dpwssd_epi32($sums, $pairs, $weights)
    };
}

pub(super) use portable;
#[cfg(target_arch = "x86_64")]
pub(super) use {avx2, avx2_counts, avx512, avx512_dot};
