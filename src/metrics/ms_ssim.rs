// SPDX-License-Identifier: MPL-2.0

//! MS-SSIM.

use super::downsample;
use super::field::Field;
use super::luma_pass::{self, LumaRequest};
use super::measure::{Measure, Pass};
use super::measurements::Measurements;
use super::scale::{BAND, Scale, Source};
use super::scratch::Scratch;
use super::ssim_window::{Parts, WINDOW, windows};
use super::workers::Workers;
use crate::simd::{Kernel, SimdLevel};

/// The weights of contrast and structure by scale; the last is also that of the last scale's luminance.
const EXPONENTS: [f64; 5] = [0.0448, 0.2856, 0.3001, 0.2363, 0.1333];
/// The shortest side for which the last scale still has a window.
const SHORTEST: usize = WINDOW << (EXPONENTS.len() - 1);

pub(super) static MS_SSIM: Field = Field {
    name: "ms-ssim",
    range: Some([0.0, 1.0]),
    unit: "",
    description: "multi-scale structural similarity of luma",
    rgb: true,
};

/// Multi-scale structural similarity.
#[derive(Default)]
pub(super) struct MsSsimMeasure {
    /// The second to fifth scale of both pictures.
    halved: [[Vec<f32>; 2]; EXPONENTS.len() - 1],
}

impl Measure for MsSsimMeasure {
    fn shares(&self) -> bool {
        true
    }

    fn request(&self, luma: Scale<'_>) -> LumaRequest {
        LumaRequest { parts: luma.shorter_side() >= SHORTEST, ..LumaRequest::default() }
    }

    fn measure(&mut self, pass: &Pass<'_>, found: &mut Measurements) {
        if pass.luma.shorter_side() >= SHORTEST {
            // Rounding must not make equal pictures differ.
            let value = if pass.equal() { 1.0 } else { product(&self.scales(pass)) };
            found.add(&MS_SSIM, Some(value));
        }
    }
}

/// The second to fifth scale of the reference, for all distorted pictures that are compared with it.
struct Pyramid([Vec<f32>; EXPONENTS.len() - 1]);

impl Pyramid {
    /// Of the first picture of a scale; also returns its size in bytes.
    fn new(workers: &Workers, mut scale: Scale<'_>) -> (Self, usize) {
        let mut planes: [Vec<f32>; EXPONENTS.len() - 1] = Default::default();
        for level in 0..planes.len() {
            let (done, next) = planes.split_at_mut(level);
            let source = done.last().map_or(scale.sources[0], |plane| Source::Plane(plane));
            halve(workers, source, scale, &mut next[0]);
            (scale.width, scale.height) = (scale.width.div_ceil(2), scale.height.div_ceil(2));
        }
        let bytes = planes.iter().map(|plane| size_of_val(&plane[..])).sum();
        (Self(planes), bytes)
    }
}

impl MsSsimMeasure {
    /// The mean parts of each scale.
    fn scales(&mut self, pass: &Pass<'_>) -> Vec<Parts<f64>> {
        let mut scale = pass.luma;
        let mut all = vec![means(pass.sums.windows.parts, scale)];
        let known = pass.shared.map(|shared| {
            // Range and matrix are the reference's own.
            shared.get_or_make(&[pass.pair.depth().into()], || Pyramid::new(pass.workers, scale))
        });
        for (level, [own, distorted]) in self.halved.iter_mut().enumerate() {
            let (width, height) = (scale.width.div_ceil(2), scale.height.div_ceil(2));
            halve(pass.workers, scale.sources[1], scale, distorted);
            let (a, b) = match &known {
                Some(known) => (&known.0[level], &*distorted),
                None => {
                    halve(pass.workers, scale.sources[0], scale, own);
                    (&*own, &*distorted)
                }
            };
            scale = Scale { sources: [Source::Plane(a), Source::Plane(b)], stored: None, width, height };
            let request = LumaRequest { parts: true, ..LumaRequest::default() };
            let sums = luma_pass::sums(pass.workers, scale, request, pass.constants);
            all.push(means(sums.windows.parts, scale));
        }
        all
    }
}

fn means(sums: Parts<f64>, scale: Scale<'_>) -> Parts<f64> {
    let count = (windows(scale.width) * windows(scale.height)) as f64;
    Parts { luminance: sums.luminance / count, contrast: sums.contrast / count, structure: sums.structure / count }
}

/// Wang, Simoncelli and Bovik 2003, equation 7.
fn product(scales: &[Parts<f64>]) -> f64 {
    let parts = scales.iter().zip(EXPONENTS);
    let product: f64 = parts.map(|(m, e)| (m.contrast.max(0.0) * m.structure.max(0.0)).powf(e)).product();
    let luminance = scales.last().map_or(0.0, |last| last.luminance);
    product * luminance.powf(EXPONENTS[EXPONENTS.len() - 1])
}

/// Halves a source of that scale's size.
fn halve(workers: &Workers, source: Source<'_>, scale: Scale<'_>, out: &mut Vec<f32>) {
    let Scale { width, height, .. } = scale;
    out.resize(width.div_ceil(2) * height.div_ceil(2), 0.0);
    let rows = BAND / 2;
    workers.fill(out, rows * width.div_ceil(2), width * height, |index, out, scratch| {
        workers.level.run(Half { source, width, height, first: index * rows, out, scratch });
    });
}

/// Some rows of a halved scale.
struct Half<'a> {
    source: Source<'a>,
    /// Of the source.
    width: usize,
    /// Of the source.
    height: usize,
    /// The first row.
    first: usize,
    out: &'a mut [f32],
    scratch: &'a mut Scratch,
}

impl Kernel for Half<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: SimdLevel>(self, _: L) {
        let Self { source, width, height, first, out, scratch } = self;
        let half = width.div_ceil(2);
        let last = first + out.len() / half;
        let wanted = (2 * first).saturating_sub(downsample::REACH)..(2 * last + downsample::REACH).min(height);
        // Rows mirrored at the lower border lie above it, but never above the first.
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
