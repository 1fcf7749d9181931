// SPDX-License-Identifier: MPL-2.0

//! The only module that selects CPU instructions.
//!
//! A [`Kernel`] is written lane by lane, so that the compiler vectorizes it, and [`dispatch`] runs the copy compiled
//! for the best instructions available. Code that needs intrinsics asks the level it runs at ([`SimdLevel::avx512`]);
//! nothing outside this module queries the CPU.
//!
//! The environment variable `ONNX_IQA_SIMD` (`scalar`, `avx2`, `avx512`) selects a lower level than the best, to
//! distinguish an error of one level from an error of all.

mod whole;

pub(crate) use whole::whole as whole_number;

use std::sync::LazyLock;

/// Numbers that are processed together: the lanes of the widest vector.
pub(crate) const LANES: usize = 16;

/// The instructions that a [`Kernel`] is compiled for, as far as its code depends on them.
pub(crate) trait SimdLevel: Copy {
    /// Whether it has fused multiply-add.
    const FMA: bool;

    /// Permission to use AVX-512 (F, BW, CD, DQ, VL).
    #[cfg(target_arch = "x86_64")]
    #[inline(always)]
    fn avx512(self) -> Option<Avx512> {
        None
    }

    /// Permission to use AVX2 and fused multiply-add.
    #[cfg(target_arch = "x86_64")]
    #[inline(always)]
    fn avx2(self) -> Option<Avx2> {
        None
    }

    /// Integer sums, 16 in parallel.
    type Sums: Copy;

    /// Sums that start at a number.
    fn sums(self, start: i32) -> Self::Sums;

    /// Adds products: to each sum, the lower half of a pair times the lower half of `weights`, and the upper half times
    /// the upper one, all signed. Sums wrap around; the two products together must fit 32 bits.
    fn dot(self, pairs: &[i32; LANES], weights: i32, sums: Self::Sums) -> Self::Sums;

    /// The same for pairs with pairs.
    fn dot_pairs(self, a: &[i32; LANES], b: &[i32; LANES], sums: Self::Sums) -> Self::Sums;

    /// The sums.
    fn lanes(self, sums: Self::Sums) -> [i32; LANES];

    /// Numbers of a table of eight, by the lowest three bits of `indices`.
    fn pick<T: Number>(self, table: &[T; 8], indices: &[i32; LANES]) -> [T; LANES];

    /// The high halves of products, rounded to the nearest; halves go up.
    #[inline(always)]
    fn multiply_high(self, a: &[u32; LANES], b: &[u32; LANES]) -> [u32; LANES] {
        let mut out = [0; LANES];
        for lane in 0..LANES {
            out[lane] = ((u64::from(a[lane]) * u64::from(b[lane]) + (1 << 31)) >> 32) as u32;
        }
        out
    }

    /// A filter of four taps, in 64 bits, divided by 2^`shift` to the nearest; halves go up. Of what that gives the
    /// lowest 32 bits. The shift is below 32.
    #[inline(always)]
    fn filter_wide(self, taps: &[[i32; LANES]; 4], filter: &[i16; 4], shift: u32) -> [i32; LANES] {
        let mut found = [0; LANES];
        for lane in 0..LANES {
            let product = |tap: usize| i64::from(taps[tap][lane]) * i64::from(filter[tap]);
            let sum = product(0) + product(1) + product(2) + product(3) + ((1i64 << shift) >> 1);
            found[lane] = (sum >> shift) as i32;
        }
        found
    }

    /// The same at every second place of a row: of the places 2i to 2i + 3.
    #[inline(always)]
    fn filter_row_wide(self, row: &[i32; 2 * LANES + 2], filter: &[i16; 4], shift: u32) -> [i32; LANES] {
        let mut taps = [[0; LANES]; 4];
        for tap in 0..4 {
            for lane in 0..LANES {
                taps[tap][lane] = row[2 * lane + tap];
            }
        }
        self.filter_wide(&taps, filter, shift)
    }

    /// 16-bit counts, 16 in parallel.
    type Counts: Copy;

    /// Counts of nothing.
    fn no_counts(self) -> Self::Counts;

    /// Adds `more` to the counts and subtracts `less`. Counts wrap around.
    fn count(self, counts: Self::Counts, more: &[u8; LANES], less: &[u8; LANES]) -> Self::Counts;

    /// The counts.
    fn counted(self, counts: Self::Counts) -> [u16; LANES];
}

/// A number of 32 bits.
pub(crate) trait Number: pulp::bytemuck::Pod + Default {}

impl Number for i32 {}
impl Number for f32 {}

/// Any CPU.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scalar;

impl SimdLevel for Scalar {
    const FMA: bool = false;
    whole::portable!();
}

/// A CPU with fused multiply-add: AVX2 on x86-64, NEON on ARM.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fma;

impl SimdLevel for Fma {
    const FMA: bool = true;
    #[cfg(not(target_arch = "x86_64"))]
    whole::portable!();
    #[cfg(target_arch = "x86_64")]
    whole::avx2!();

    #[cfg(target_arch = "x86_64")]
    #[inline(always)]
    fn avx2(self) -> Option<Avx2> {
        Some(Avx2(()))
    }
}

/// Permission to use AVX2, FMA and everything before on x86-64.
#[cfg(target_arch = "x86_64")]
#[derive(Debug, Clone, Copy)]
pub(crate) struct Avx2(());

/// An x86-64 CPU with AVX-512 (F, BW, CD, DQ, VL).
#[cfg(target_arch = "x86_64")]
#[derive(Debug, Clone, Copy)]
pub(crate) struct Avx512 {
    /// The intrinsics, safe to call.
    pub v4: pulp::x86::V4,
    /// Whether it also has the dot products of VNNI.
    pub vnni: bool,
}

#[cfg(target_arch = "x86_64")]
impl SimdLevel for Avx512 {
    const FMA: bool = true;

    #[inline(always)]
    fn avx512(self) -> Option<Self> {
        Some(self)
    }

    // AVX-512 implies the others.
    #[inline(always)]
    fn avx2(self) -> Option<Avx2> {
        Some(Avx2(()))
    }
    whole::avx512!(madd);
}

/// An AVX-512 level that has the dot products of VNNI.
#[cfg(target_arch = "x86_64")]
#[derive(Debug, Clone, Copy)]
pub(crate) struct Vnni(Avx512);

#[cfg(target_arch = "x86_64")]
impl SimdLevel for Vnni {
    const FMA: bool = true;

    #[inline(always)]
    fn avx512(self) -> Option<Avx512> {
        Some(self.0)
    }

    #[inline(always)]
    fn avx2(self) -> Option<Avx2> {
        self.0.avx2()
    }
    whole::avx512!(vnni);
}

/// `a * b + c`, fused if the CPU can do that: the last bit depends on the level.
#[inline(always)]
pub(crate) fn multiply_add<L: SimdLevel>(a: f32, b: f32, c: f32) -> f32 {
    // Without the instruction, `mul_add` would be a function call.
    if L::FMA { a.mul_add(b, c) } else { a * b + c }
}

/// Code that is compiled for each level. A closure would not always be inlined, and would then be compiled for the
/// oldest CPU.
pub(crate) trait Kernel {
    /// Its result.
    type Output;

    /// Runs it. Implementations need `#[inline(always)]`.
    fn run<L: SimdLevel>(self, level: L) -> Self::Output;
}

/// A level, chosen at run time.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Level {
    /// See [`Scalar`].
    Scalar,
    /// See [`Fma`].
    Fma(pulp::Arch),
    /// See [`Avx512`].
    #[cfg(target_arch = "x86_64")]
    Avx512(Avx512),
}

impl Level {
    /// The levels of this CPU, from the lowest to the best.
    pub(crate) fn all() -> Vec<Self> {
        let mut all = vec![Self::Scalar];
        #[cfg(target_arch = "x86_64")]
        {
            all.extend(pulp::x86::V3::try_new().map(|v3| Self::Fma(pulp::Arch::V3(v3))));
            all.extend(
                pulp::x86::V4::try_new()
                    .map(|v4| Self::Avx512(Avx512 { v4, vnni: std::arch::is_x86_feature_detected!("avx512vnni") })),
            );
        }
        #[cfg(not(target_arch = "x86_64"))]
        match pulp::Arch::new() {
            pulp::Arch::Scalar => {}
            arch => all.push(Self::Fma(arch)),
        }
        all
    }

    /// The best level of this CPU, or the one named by `ONNX_IQA_SIMD`.
    pub(crate) fn best() -> Self {
        static BEST: LazyLock<Level> = LazyLock::new(|| {
            let all = Level::all();
            let best = all.last().copied().unwrap_or(Level::Scalar);
            let Some(name) = std::env::var_os("ONNX_IQA_SIMD").filter(|name| !name.is_empty()) else { return best };
            let named = all.iter().find(|level| name == level.name()).copied();
            named.unwrap_or_else(|| {
                let names: Vec<_> = all.iter().map(Level::name).collect();
                let name = name.to_string_lossy();
                log::warn!("ONNX_IQA_SIMD={name}: this processor has {}; {} is used", names.join(", "), best.name());
                best
            })
        });
        *BEST
    }

    /// Its name in `ONNX_IQA_SIMD`.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Scalar => "scalar",
            Self::Fma(_) if cfg!(target_arch = "x86_64") => "avx2",
            Self::Fma(_) => "neon",
            #[cfg(target_arch = "x86_64")]
            Self::Avx512(_) => "avx512",
        }
    }

    /// Runs an integer `kernel` at this level, including the dot products of VNNI if available.
    pub(crate) fn run_whole<K: Kernel>(self, kernel: K) -> K::Output {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx512(level) if level.vnni => whole::with_vnni(kernel, level),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512(level) => whole::with_avx512(kernel, level),
            #[cfg(target_arch = "x86_64")]
            Self::Fma(arch) => whole::with_avx2(kernel, arch),
            #[cfg(not(target_arch = "x86_64"))]
            Self::Fma(_) => kernel.run(Fma),
            Self::Scalar => kernel.run(Scalar),
        }
    }

    /// Runs `kernel` at this level.
    pub(crate) fn run<K: Kernel>(self, kernel: K) -> K::Output {
        match self {
            Self::Scalar => kernel.run(Scalar),
            Self::Fma(arch) => arch.dispatch(OnFma(kernel)),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512(level) => level.v4.vectorize(OnAvx512(kernel, level)),
        }
    }
}

/// Runs `kernel` with the best instructions available.
pub(crate) fn dispatch<K: Kernel>(kernel: K) -> K::Output {
    Level::best().run(kernel)
}

struct OnFma<K>(K);

impl<K: Kernel> pulp::WithSimd for OnFma<K> {
    type Output = K::Output;

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) -> K::Output {
        self.0.run(Fma)
    }
}

#[cfg(target_arch = "x86_64")]
struct OnAvx512<K>(K, Avx512);

#[cfg(target_arch = "x86_64")]
impl<K: Kernel> pulp::NullaryFnOnce for OnAvx512<K> {
    type Output = K::Output;

    #[inline(always)]
    fn call(self) -> K::Output {
        self.0.run(self.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct HasFma;

    impl Kernel for HasFma {
        type Output = bool;

        fn run<L: SimdLevel>(self, _: L) -> bool {
            L::FMA
        }
    }

    #[test]
    fn every_level_runs_its_own_copy() {
        for level in Level::all() {
            assert_eq!(level.run(HasFma), !matches!(level, Level::Scalar), "{}", level.name());
        }
    }

    #[test]
    fn the_best_is_one_that_the_processor_has() {
        assert!(Level::all().iter().any(|level| level.name() == Level::best().name()));
    }

    /// A run of the tests that forces a level is one of that level.
    #[test]
    fn a_forced_level_is_in_force() {
        let best = Level::best().name();
        match std::env::var("ONNX_IQA_SIMD").ok().filter(|name| !name.is_empty()) {
            Some(forced) if Level::all().iter().any(|level| level.name() == forced) => assert_eq!(best, forced),
            Some(missing) => onnx_iqa_testkit::skipped(&format!("level {missing}: the processor does not have it")),
            None => assert_eq!(Level::all().last().map(Level::name), Some(best)),
        }
    }

    #[cfg(target_arch = "x86_64")]
    #[test]
    fn levels_that_are_not_tested_here() {
        let all: Vec<_> = Level::all().iter().map(Level::name).collect();
        assert_eq!(all[0], "scalar");
        for level in ["avx2", "avx512"].into_iter().filter(|level| !all.contains(level)) {
            onnx_iqa_testkit::skipped(&format!("level {level}: the processor does not have it"));
        }
    }
}
