// SPDX-License-Identifier: MPL-2.0

//! A band of rows: what one thread does at a time.

use std::ops::Range;

#[cfg(target_arch = "x86_64")]
use super::avx512;
use super::downsample;
use super::samples::{Luma, Samples};
use super::sse::{self, FitSums};
use super::ssim_window::{self, Constants, Ring, Rows, WINDOW, WindowSums};
use crate::simd::{Kernel, SimdLevel};

/// Rows that a band begins with; windows reach beyond the last.
pub(super) const BAND: usize = 64;

/// Components of the two pictures that are compared.
#[derive(Clone, Copy)]
pub(super) struct Pair<'a> {
    pub samples: [Samples<'a>; 2],
    /// Depth and range are the same.
    pub same: bool,
}

/// Where a scale's luma comes from, centerd and in units of 8-bit samples.
#[derive(Clone, Copy)]
pub(super) enum Source<'a> {
    Picture(Luma<'a>),
    Plane(&'a [f32]),
}

impl Source<'_> {
    #[inline(always)]
    fn load(&self, y: usize, out: &mut [f32]) {
        match self {
            Self::Picture(luma) => luma.load(y, out),
            Self::Plane(plane) => out.copy_from_slice(&plane[y * out.len()..][..out.len()]),
        }
    }
}

/// The luma of one scale of both pictures.
#[derive(Clone, Copy)]
pub(super) struct Scale<'a> {
    pub sources: [Source<'a>; 2],
    /// The same as it is stored, if that is bytes side by side that need no conversion.
    pub bytes: Option<[Samples<'a>; 2]>,
    pub width: usize,
    pub height: usize,
}

impl Scale<'_> {
    pub fn bands(&self) -> usize {
        self.height.div_ceil(BAND)
    }
}

/// A thread's working memory.
#[derive(Default)]
pub(super) struct Scratch {
    luma: [Vec<f32>; 2],
    line: Vec<f32>,
    ring: Ring,
    sse: sse::Scratch,
    #[cfg(target_arch = "x86_64")]
    avx512: avx512::Scratch,
}

/// What is wanted of a scale's luma.
#[derive(Clone, Copy)]
pub(super) struct LumaWants {
    /// With the three parts, for MS-SSIM.
    pub windows: Option<(Constants, bool)>,
    /// The loops for AVX-512 can be used.
    pub avx512: bool,
    /// The trapezoidal rule over every second window will do.
    pub every_second: bool,
    /// Sums for the fit, and the sample that they are taken from (0 for bytes).
    pub fit: Option<f32>,
}

#[inline(always)]
fn fit_of_bytes(a: &[u8], b: &[u8], avx512: bool) -> FitSums {
    #[cfg(target_arch = "x86_64")]
    if avx512 {
        return avx512::fit(a, b);
    }
    let _ = avx512;
    FitSums::of_bytes(a, b)
}

/// Sums over luma in a band.
pub(super) struct LumaBand<'a> {
    pub scale: Scale<'a>,
    pub wants: LumaWants,
    pub index: usize,
    pub scratch: &'a mut Scratch,
}

impl Kernel for LumaBand<'_> {
    type Output = (WindowSums, FitSums);

    #[inline(always)]
    fn run<L: SimdLevel>(self, _: L) -> Self::Output {
        let Self { scale, wants, index, scratch } = self;
        let Scale { sources, bytes, width, height } = scale;
        let own = index * BAND..((index + 1) * BAND).min(height);
        let mut fit = FitSums::default();
        if let (Some(pair), Some(_)) = (&bytes, wants.fit) {
            for y in own.clone() {
                if let [Some(a), Some(b)] = [pair[0].bytes(y), pair[1].bytes(y)] {
                    fit += fit_of_bytes(a, b, wants.avx512);
                }
            }
        }
        #[cfg(target_arch = "x86_64")]
        if let (Some(pair), Some((constants, false)), true) = (&bytes, wants.windows, wants.every_second) {
            let rows = own.start..own.end.min(height - (WINDOW - 1));
            let ssim = if rows.is_empty() {
                0.0
            } else {
                avx512::sum([&pair[0], &pair[1]], rows, constants, &mut scratch.avx512)
            };
            return (WindowSums { ssim, ..Default::default() }, fit);
        }
        if wants.windows.is_none() && (bytes.is_some() || wants.fit.is_none()) {
            return (WindowSums::default(), fit);
        }
        let reach = if wants.windows.is_some() { WINDOW - 1 } else { 0 };
        let rows = own.start..(own.end + reach).min(height);
        let [reference, distorted] = &mut scratch.luma;
        for (plane, source) in [(&mut *reference, &sources[0]), (&mut *distorted, &sources[1])] {
            plane.resize(rows.len() * width, 0.0);
            for (y, row) in rows.clone().zip(plane.chunks_exact_mut(width)) {
                source.load(y, row);
            }
        }
        if let (None, Some(start)) = (&bytes, wants.fit) {
            for (a, b) in reference.chunks_exact(width).zip(distorted.chunks_exact(width)).take(own.len()) {
                fit += FitSums::of(a, b, start);
            }
        }
        let rows = Rows { reference, distorted, stride: width, width };
        let windows = match wants.windows {
            Some((constants, true)) => ssim_window::sums::<L, true>(rows, constants, &mut scratch.ring),
            Some((constants, false)) => ssim_window::sums::<L, false>(rows, constants, &mut scratch.ring),
            None => WindowSums::default(),
        };
        (windows, fit)
    }
}

/// Squared differences of some rows of a component.
pub(super) struct SseBand<'a> {
    pub pair: Pair<'a>,
    pub rows: Range<usize>,
    pub scratch: &'a mut Scratch,
}

impl Kernel for SseBand<'_> {
    type Output = f64;

    #[inline(always)]
    fn run<L: SimdLevel>(self, _: L) -> f64 {
        let [a, b] = &self.pair.samples;
        sse::sse([a, b], self.pair.same, self.rows, &mut self.scratch.sse)
    }
}

/// Some rows of a halved scale.
pub(super) struct HalfBand<'a> {
    pub source: Source<'a>,
    /// Of what is halved.
    pub width: usize,
    /// Of what is halved.
    pub height: usize,
    /// The first row.
    pub first: usize,
    pub out: &'a mut [f32],
    pub scratch: &'a mut Scratch,
}

impl Kernel for HalfBand<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: SimdLevel>(self, _: L) {
        let Self { source, width, height, first, out, scratch } = self;
        let half = width.div_ceil(2);
        let last = first + out.len() / half;
        let wanted = (2 * first).saturating_sub(downsample::REACH)..(2 * last + downsample::REACH).min(height);
        // Mirrored rows at the lower border lie above it, but never above the first.
        let loaded = &mut scratch.luma[0];
        loaded.resize(wanted.len() * width, 0.0);
        for (y, row) in wanted.clone().zip(loaded.chunks_exact_mut(width)) {
            source.load(y, row);
        }
        for (y, out) in (first..last).zip(out.chunks_exact_mut(half)) {
            let rows = downsample::sources(y, height).map(|y| &loaded[(y - wanted.start) * width..][..width]);
            downsample::row::<L>(rows, &mut scratch.line, out);
        }
    }
}
