// SPDX-License-Identifier: MPL-2.0

//! The horizontal pass for AVX-512: samples are picked from two registers instead of transposing the rows.
#![expect(clippy::needless_range_loop, reason = "several arrays side by side, lane by lane")]

use std::arch::x86_64::{__m512, __m512i};

use pulp::bytemuck::cast;
use pulp::x86::V4;

use super::filter::PackedFilter;
use super::kernels::{Columns, TILE};
use crate::simd::LANES;

/// Resamples `LANES` rows of one component, whose samples are in `source`, into rows of `out`, `TILE` apart. Returns
/// false if this file does not support the filter.
#[inline(always)]
pub(super) fn horizontal(simd: V4, want: &Columns<'_>, source: &[f32], out: &mut [f32]) -> bool {
    let Some(reach) = Reach::of(want) else { return false };
    macro_rules! taps {
        ($($n:literal)+) => {
            match (want.axis.width, reach) {
                $(($n, Reach::Run) => run::<$n>(simd, want, source, out),
                ($n, Reach::Halves) => halves::<$n>(simd, want, source, out),)+
                (_, Reach::Run) | (_, Reach::Halves) => return false,
                (_, Reach::WideHalves) => wide_halves(simd, want, source, out),
            }
        };
    }
    taps!(1 2 3 4 5 6 7 8);
    true
}

/// How far apart the samples for `LANES` neighboring outputs are.
#[derive(Clone, Copy)]
enum Reach {
    /// All taps of all outputs within two registers.
    Run,
    /// One tap of each half of the outputs within a register.
    Halves,
    /// One tap of each half of the outputs within two registers.
    WideHalves,
}

impl Reach {
    #[inline(always)]
    fn of(want: &Columns<'_>) -> Option<Self> {
        const HALF: usize = LANES / 2;
        let PackedFilter { starts, width, ascending, .. } = want.axis;
        if !ascending {
            return None;
        }
        let (mut all, mut half) = (0, 0);
        let mut at = want.outputs.start;
        while at < want.outputs.end {
            let start = |i: usize| starts[i.min(want.outputs.end - 1)] as usize;
            all = all.max(start(at + LANES - 1) - start(at));
            half = half.max(start(at + HALF - 1) - start(at)).max(start(at + LANES - 1) - start(at + HALF));
            at += LANES;
        }
        if all + width <= 2 * LANES && *width <= 8 {
            Some(Self::Run)
        } else if half < LANES && *width <= 8 {
            Some(Self::Halves)
        } else if half < 2 * LANES {
            Some(Self::WideHalves)
        } else {
            None
        }
    }
}

/// The first samples of `LANES` outputs, relative to the start of the source rows.
#[inline(always)]
fn crop_origins(want: &Columns<'_>, output: usize) -> [i32; LANES] {
    let mut crop_origins = [0; LANES];
    let starts = &want.axis.starts[output..output + LANES];
    for i in 0..LANES {
        crop_origins[i] = starts[i] as i32 - want.first as i32;
    }
    crop_origins
}

/// The first sample of an output; after the last output, that of the last, so that nothing far beyond the rows is read.
#[inline(always)]
fn place(want: &Columns<'_>, output: usize) -> i32 {
    want.axis.starts[output.min(want.outputs.end - 1)] as i32 - want.first as i32
}

/// The weights of one tap of `LANES` outputs.
#[inline(always)]
fn weights_of(want: &Columns<'_>, output: usize, tap: usize) -> __m512 {
    load(&want.axis.turned, tap * want.axis.starts.len() + output)
}

#[inline(always)]
fn load(samples: &[f32], at: usize) -> __m512 {
    let mut lanes = [0.0; LANES];
    lanes.copy_from_slice(&samples[at..at + LANES]);
    cast(lanes)
}

#[inline(always)]
fn store(out: &mut [f32], at: usize, value: __m512) {
    out[at..at + LANES].copy_from_slice(&cast::<__m512, [f32; LANES]>(value));
}

#[inline(always)]
fn run<const N: usize>(simd: V4, want: &Columns<'_>, source: &[f32], out: &mut [f32]) {
    let isa = simd.avx512f;
    let mut output = want.outputs.start;
    while output < want.outputs.end {
        let (base, starts) = (place(want, output), cast(crop_origins(want, output)));
        let (mut crop_origins, mut weights) =
            ([cast::<_, __m512i>([0i32; LANES]); N], [cast::<_, __m512>([0f32; LANES]); N]);
        for k in 0..N {
            crop_origins[k] = isa._mm512_sub_epi32(starts, isa._mm512_set1_epi32(base - k as i32));
            weights[k] = weights_of(want, output, k);
        }
        for row in 0..want.rows {
            let at = row * want.stride + base as usize;
            let (low, high) = (load(source, at), load(source, at + LANES));
            let mut sum = isa._mm512_mul_ps(isa._mm512_permutex2var_ps(low, crop_origins[0], high), weights[0]);
            for k in 1..N {
                sum = isa._mm512_fmadd_ps(isa._mm512_permutex2var_ps(low, crop_origins[k], high), weights[k], sum);
            }
            store(out, row * TILE + output - want.outputs.start, sum);
        }
        output += LANES;
    }
}

#[inline(always)]
fn halves<const N: usize>(simd: V4, want: &Columns<'_>, source: &[f32], out: &mut [f32]) {
    let isa = simd.avx512f;
    let mut output = want.outputs.start;
    while output < want.outputs.end {
        let (low, high) = (place(want, output), place(want, output + LANES / 2));
        let mut crop_origins = crop_origins(want, output);
        for i in 0..LANES / 2 {
            crop_origins[i] -= low;
            crop_origins[i + LANES / 2] -= high - LANES as i32;
        }
        let crop_origins = cast(crop_origins);
        let mut weights = [cast::<_, __m512>([0f32; LANES]); N];
        for k in 0..N {
            weights[k] = weights_of(want, output, k);
        }
        for row in 0..want.rows {
            let at = row * want.stride;
            let (left, right) = (&source[at + low as usize..], &source[at + high as usize..]);
            let (left, right) = (&left[..LANES + N], &right[..LANES + N]);
            let mut sum = cast([0f32; LANES]);
            for k in 0..N {
                let picked = isa._mm512_permutex2var_ps(load(left, k), crop_origins, load(right, k));
                sum = isa._mm512_fmadd_ps(picked, weights[k], sum);
            }
            store(out, row * TILE + output - want.outputs.start, sum);
        }
        output += LANES;
    }
}

#[inline(always)]
fn wide_halves(simd: V4, want: &Columns<'_>, source: &[f32], out: &mut [f32]) {
    let isa = simd.avx512f;
    let taps = want.axis.width;
    let mut output = want.outputs.start;
    while output < want.outputs.end {
        let (low, high) = (place(want, output), place(want, output + LANES / 2));
        let mut crop_origins = crop_origins(want, output);
        for i in 0..LANES / 2 {
            crop_origins[i] -= low;
            crop_origins[i + LANES / 2] -= high;
        }
        let crop_origins = cast(crop_origins);
        for row in 0..want.rows {
            let at = row * want.stride;
            let (left, right) = (&source[at + low as usize..], &source[at + high as usize..]);
            let (left, right) = (&left[..2 * LANES + taps], &right[..2 * LANES + taps]);
            let mut sum = cast([0f32; LANES]);
            for k in 0..taps {
                let lower = isa._mm512_permutex2var_ps(load(left, k), crop_origins, load(left, k + LANES));
                let upper = isa._mm512_permutex2var_ps(load(right, k), crop_origins, load(right, k + LANES));
                let picked = isa._mm512_mask_blend_ps(0xff00, lower, upper);
                sum = isa._mm512_fmadd_ps(picked, weights_of(want, output, k), sum);
            }
            store(out, row * TILE + output - want.outputs.start, sum);
        }
        output += LANES;
    }
}
