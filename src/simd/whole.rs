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
        fn pick<T: Number>(self, table: &[T; 8], indices: &[i32; LANES]) -> [T; LANES] {
            let mut found = [T::default(); LANES];
            for lane in 0..LANES {
                found[lane] = table[(indices[lane] & 7) as usize];
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
        fn pick<T: Number>(self, table: &[T; 8], indices: &[i32; LANES]) -> [T; LANES] {
            use std::arch::x86_64::*;
            let table: __m256i = pulp::bytemuck::cast(*table);
            let indices: [__m256i; 2] = pulp::bytemuck::cast(*indices);
            // SAFETY: such a level exists only if the CPU has AVX2.
            unsafe {
                let low = _mm256_permutevar8x32_epi32(table, indices[0]);
                pulp::bytemuck::cast([low, _mm256_permutevar8x32_epi32(table, indices[1])])
            }
        }

        #[inline(always)]
        #[allow(unsafe_code, reason = "intrinsics of a processor that Level has found")]
        fn multiply_high(self, a: &[u32; LANES], b: &[u32; LANES]) -> [u32; LANES] {
            use std::arch::x86_64::*;
            let (a, b): ([__m256i; 2], [__m256i; 2]) = (pulp::bytemuck::cast(*a), pulp::bytemuck::cast(*b));
            // SAFETY: such a level exists only if the CPU has AVX2.
            unsafe {
                let half = _mm256_set1_epi64x(1 << 31);
                let mut out = [_mm256_setzero_si256(); 2];
                for index in 0..2 {
                    let (a, b) = (a[index], b[index]);
                    let even = _mm256_add_epi64(_mm256_mul_epu32(a, b), half);
                    let odd = _mm256_mul_epu32(_mm256_srli_epi64::<32>(a), _mm256_srli_epi64::<32>(b));
                    let odd = _mm256_add_epi64(odd, half);
                    out[index] = _mm256_blend_epi32::<0b1010_1010>(_mm256_srli_epi64::<32>(even), odd);
                }
                pulp::bytemuck::cast(out)
            }
        }

        #[inline(always)]
        #[allow(unsafe_code, reason = "intrinsics of a processor that Level has found")]
        fn filter_wide(self, taps: &[[i32; LANES]; 4], filter: &[i16; 4], shift: u32) -> [i32; LANES] {
            use std::arch::x86_64::*;
            // SAFETY: such a level exists only if the CPU has AVX2.
            unsafe {
                let half = _mm256_set1_epi64x((1 << shift) >> 1);
                let [right, left] = [_mm_cvtsi32_si128(shift as i32), _mm_cvtsi32_si128(32 - shift as i32)];
                let mut out = [_mm256_setzero_si256(); 2];
                for index in 0..2 {
                    let (mut even, mut odd) = (half, half);
                    for tap in 0..4 {
                        let weight = _mm256_set1_epi32(i32::from(filter[tap]));
                        // Without a closure over all of them, which would not always be inlined.
                        let numbers = pulp::bytemuck::cast::<_, [__m256i; 2]>(taps[tap])[index];
                        even = _mm256_add_epi64(even, _mm256_mul_epi32(numbers, weight));
                        odd = _mm256_add_epi64(odd, _mm256_mul_epi32(_mm256_srli_epi64::<32>(numbers), weight));
                    }
                    let (even, odd) = (_mm256_srl_epi64(even, right), _mm256_sll_epi64(odd, left));
                    out[index] = _mm256_blend_epi32::<0b1010_1010>(even, odd);
                }
                pulp::bytemuck::cast(out)
            }
        }

        #[inline(always)]
        #[allow(unsafe_code, reason = "intrinsics of a processor that Level has found")]
        fn filter_row_wide(self, row: &[i32; 2 * LANES + 2], filter: &[i16; 4], shift: u32) -> [i32; LANES] {
            use std::arch::x86_64::*;
            // SAFETY: such a level exists only if the CPU has AVX2; 8 numbers from at most 24 + 3 on are within
            // the row, but for the last two, which are loaded with one place less.
            unsafe {
                let half = _mm256_set1_epi64x((1 << shift) >> 1);
                let right = _mm_cvtsi32_si128(shift as i32);
                let mut quarters = [half; 4];
                for quarter in 0..4 {
                    let from = row.as_ptr().add(8 * quarter);
                    for tap in 0..4 {
                        // Of each two numbers the first counts.
                        let numbers = if tap < 3 {
                            _mm256_loadu_si256(from.add(tap).cast())
                        } else {
                            _mm256_srli_epi64::<32>(_mm256_loadu_si256(from.add(2).cast()))
                        };
                        let product = _mm256_mul_epi32(numbers, _mm256_set1_epi32(i32::from(filter[tap])));
                        quarters[quarter] = _mm256_add_epi64(quarters[quarter], product);
                    }
                    quarters[quarter] = _mm256_srl_epi64(quarters[quarter], right);
                }
                let mut out = [_mm256_setzero_si256(); 2];
                for index in 0..2 {
                    let [a, b] = [quarters[2 * index], quarters[2 * index + 1]];
                    let both = _mm256_shuffle_ps::<0b10_00_10_00>(_mm256_castsi256_ps(a), _mm256_castsi256_ps(b));
                    out[index] = _mm256_permute4x64_epi64::<0b11_01_10_00>(_mm256_castps_si256(both));
                }
                pulp::bytemuck::cast(out)
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
        fn pick<T: Number>(self, table: &[T; 8], indices: &[i32; LANES]) -> [T; LANES] {
            use std::arch::x86_64::*;
            // Twice, as four bits of an index count.
            let table: __m512i = pulp::bytemuck::cast([*table; 2]);
            // SAFETY: such a level exists only if the CPU has AVX-512.
            pulp::bytemuck::cast(unsafe { _mm512_permutexvar_epi32(pulp::bytemuck::cast(*indices), table) })
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
