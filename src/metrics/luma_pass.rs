// SPDX-License-Identifier: MPL-2.0

//! The one pass over luma that all measures share: each row is read once for all sums.

use std::ops::Range;

use super::fit_sums::FitSums;
use super::samples::Samples;
use super::scale::{BAND, Scale, Source};
use super::scratch::Scratch;
use super::ssim_window::{self, Constants, WINDOW, WindowSums, windows};
use super::trapezoid::Rows;
use super::workers::Workers;
use super::{trapezoid_bytes, trapezoid_words};
use crate::simd::{Kernel, SimdLevel};

/// The sums that are requested.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct LumaRequest {
    /// The sum of SSIM, and the windows over which it is taken.
    pub ssim: Option<Windows>,
    /// The sum of SSIM as in libvmaf's `float_ssim`, over all windows, instead of `ssim`.
    pub float_ssim: bool,
    /// The sums of SSIM's three parts, over all windows.
    pub parts: bool,
    /// Sums for the fit, and the sample that is subtracted first (0 for integers).
    pub fit: Option<f32>,
}

impl LumaRequest {
    /// What either requests.
    pub fn or(self, other: Self) -> Self {
        Self {
            ssim: self.ssim.or(other.ssim),
            float_ssim: self.float_ssim || other.float_ssim,
            parts: self.parts || other.parts,
            fit: self.fit.or(other.fit),
        }
    }
}

/// The windows over which a mean is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Windows {
    /// All windows.
    All,
    /// Every second window in both directions, by the trapezoidal rule. Needs integers.
    EverySecond,
}

/// The results of a pass.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct LumaSums {
    pub windows: WindowSums,
    pub fit: FitSums,
}

/// Runs the pass over the luma of a scale.
pub(super) fn sums(workers: &Workers, scale: Scale<'_>, request: LumaRequest, constants: Constants) -> LumaSums {
    let bands = workers.each(scale.bands(), scale.pixels(), |index, scratch| {
        workers.level.run_whole(Band { scale, request, constants, index, scratch })
    });
    let mut total = LumaSums::default();
    for band in bands {
        total.windows += band.windows;
        total.fit += band.fit;
    }
    total
}

/// The pass over a band.
struct Band<'a> {
    scale: Scale<'a>,
    request: LumaRequest,
    constants: Constants,
    index: usize,
    scratch: &'a mut Scratch,
}

impl Kernel for Band<'_> {
    type Output = LumaSums;

    #[inline(always)]
    fn run<L: SimdLevel>(mut self, level: L) -> LumaSums {
        let mut sums = LumaSums::default();
        let LumaRequest { ssim, float_ssim, parts, fit } = self.request;
        let fit_of_numbers = fit.filter(|_| self.scale.stored.is_none());
        match self.scale.stored {
            Some(pair) if pair[0].depth() == 8 => self.bytes(level, &pair, &mut sums),
            Some(pair) => self.words(level, &pair, &mut sums),
            None => {}
        }
        if ssim == Some(Windows::All) || float_ssim || parts || fit_of_numbers.is_some() {
            self.numbers::<L>(fit_of_numbers, &mut sums);
        }
        sums
    }
}

impl Band<'_> {
    /// The rows that begin in this band, and up to `reach` more.
    fn rows(&self, reach: usize) -> Range<usize> {
        let first = self.index * BAND;
        first..(first + BAND + reach).min(self.scale.height)
    }

    /// Sums over bytes: exact, except for the last steps of SSIM.
    #[inline(always)]
    fn bytes<L: SimdLevel>(&mut self, level: L, pair: &[Samples<'_>; 2], sums: &mut LumaSums) {
        let every_second = self.request.ssim == Some(Windows::EverySecond);
        let own = self.rows(0).len();
        let rows = self.rows(if every_second { WINDOW - 1 } else { 0 });
        let first = rows.start;
        let [unpacked_a, unpacked_b] = &mut self.scratch.bytes;
        let reference = pair[0].rows_of_bytes(rows.clone(), unpacked_a);
        let distorted = pair[1].rows_of_bytes(rows, unpacked_b);
        if self.request.fit.is_some() {
            for (a, b) in reference.iter().zip(&distorted).take(own) {
                sums.fit += fit_of_bytes(level, a, b);
            }
        }
        if every_second && windows(reference.len()) > 0 {
            let samples = [&reference[..], &distorted[..]];
            let rows = Rows { samples, first, height: self.scale.height };
            #[cfg(target_arch = "x86_64")]
            if let Some(vnni) = level.avx512().and_then(super::avx512::Vnni::new) {
                let scratch = self.scratch.avx512.get_or_insert_default();
                sums.windows.ssim = vnni.sum(rows, self.constants, scratch);
                return;
            }
            #[cfg(target_arch = "x86_64")]
            if let Some(avx2) = level.avx2() {
                let scratch = self.scratch.avx2.get_or_insert_default();
                sums.windows.ssim = super::avx2::sum(avx2, rows, self.constants, scratch);
                return;
            }
            let scratch = self.scratch.trapezoid_bytes.get_or_insert_default();
            sums.windows.ssim = trapezoid_bytes::sum::<L>(rows, self.constants, scratch);
        }
    }

    /// Sums over samples of 9 to 12 bits: exact, except for SSIM.
    #[inline(always)]
    fn words<L: SimdLevel>(&mut self, level: L, pair: &[Samples<'_>; 2], sums: &mut LumaSums) {
        let every_second = self.request.ssim == Some(Windows::EverySecond);
        let own = self.rows(0).len();
        let rows = self.rows(if every_second { WINDOW - 1 } else { 0 });
        let first = rows.start;
        let places = [pair[0].place(), pair[1].place()];
        let [unpacked_a, unpacked_b] = &mut self.scratch.words;
        let reference = pair[0].rows_of_words(rows.clone(), unpacked_a);
        let distorted = pair[1].rows_of_words(rows, unpacked_b);
        if self.request.fit.is_some() {
            for (a, b) in reference.iter().zip(&distorted).take(own) {
                sums.fit += FitSums::of_words(level, a, b, places);
            }
            sums.fit = sums.fit.scaled(1.0 / self.scale.unit());
        }
        if every_second && windows(reference.len()) > 0 {
            let samples = [&reference[..], &distorted[..]];
            let rows = Rows { samples, first, height: self.scale.height };
            let scratch = self.scratch.trapezoid_words.get_or_insert_default();
            sums.windows.ssim = trapezoid_words::sum::<L>(rows, places, self.constants, scratch);
        }
    }

    /// Sums over f32.
    #[inline(always)]
    fn numbers<L: SimdLevel>(&mut self, fit: Option<f32>, sums: &mut LumaSums) {
        let LumaRequest { ssim, float_ssim, parts, .. } = self.request;
        let ssim = ssim == Some(Windows::All);
        let own = self.rows(0).len();
        let rows = self.rows(if ssim || float_ssim || parts { WINDOW - 1 } else { 0 });
        let width = self.scale.width;
        for (plane, source) in self.scratch.luma.iter_mut().zip(&self.scale.sources) {
            load(source, rows.clone(), width, plane);
        }
        let [reference, distorted] = &self.scratch.luma;
        if let Some(start) = fit {
            for (a, b) in reference.chunks_exact(width).zip(distorted.chunks_exact(width)).take(own) {
                sums.fit += FitSums::of(a, b, start);
            }
        }
        let rows = ssim_window::Rows { reference, distorted, width };
        let ring = &mut self.scratch.ring;
        let windows = match (ssim, parts) {
            _ if float_ssim => ssim_window::sums::<L, false, false, true>(rows, self.constants, ring),
            (true, true) => ssim_window::sums::<L, true, true, false>(rows, self.constants, ring),
            (true, false) => ssim_window::sums::<L, true, false, false>(rows, self.constants, ring),
            (false, true) => ssim_window::sums::<L, false, true, false>(rows, self.constants, ring),
            (false, false) => WindowSums::default(),
        };
        sums.windows += windows;
    }
}

/// Loads rows of a scale, one after another.
#[inline(always)]
fn load(source: &Source<'_>, rows: Range<usize>, width: usize, out: &mut Vec<f32>) {
    out.resize(rows.len() * width, 0.0);
    for (y, row) in rows.zip(out.chunks_exact_mut(width)) {
        source.load(y, row);
    }
}

#[inline(always)]
fn fit_of_bytes<L: SimdLevel>(level: L, a: &[u8], b: &[u8]) -> FitSums {
    #[cfg(target_arch = "x86_64")]
    if let Some(vnni) = level.avx512().and_then(super::avx512::Vnni::new) {
        return vnni.fit(a, b);
    }
    FitSums::of_bytes(level, a, b)
}
