// SPDX-License-Identifier: MPL-2.0

//! SSIM of a downscaled picture, as in libvmaf's `float_ssim`.

use super::downsample::mirrored;
use super::field::Field;
use super::luma_pass::{self, LumaRequest};
use super::measure::{Measure, Pass};
use super::measurements::Measurements;
use super::scale::{BAND, Scale, Source};
use super::scratch::Scratch;
use super::ssim_window::{WINDOW, windows};
use super::workers::Workers;
use crate::simd::{Kernel, SimdLevel};

/// The approximate shorter side of the downscaled picture.
const SIDE: usize = 256;

pub(super) static FLOAT_SSIM: Field = Field {
    name: "float-ssim",
    range: Some([-1.0, 1.0]),
    unit: "",
    description: "structural similarity of luma that is shrunk first, as libvmaf's float_ssim",
    rgb: true,
};

/// libvmaf's `float_ssim`.
#[derive(Default)]
pub(super) struct FloatSsimMeasure {
    /// Both pictures, downscaled.
    shrunk: [Vec<f32>; 2],
}

/// The downscaling factor: the shorter side over 256, rounded.
fn factor(luma: Scale<'_>) -> usize {
    ((luma.shorter_side() + SIDE / 2) / SIDE).max(1)
}

/// The length of a downscaled side. libvmaf keeps one more column for odd widths, and one more row for odd heights.
fn shrunk_side(side: usize, factor: usize) -> usize {
    if factor == 1 { side } else { side / factor + side % 2 }
}

impl Measure for FloatSsimMeasure {
    fn measure(&mut self, pass: &Pass<'_>, found: &mut Measurements) {
        let factor = factor(pass.luma);
        let [width, height] = [pass.luma.width, pass.luma.height].map(|side| shrunk_side(side, factor));
        if width.min(height) < WINDOW {
            return;
        }
        // Rounding must not make equal pictures differ.
        if pass.equal() {
            return found.add(&FLOAT_SSIM, Some(1.0));
        }
        let sources = match factor {
            1 => pass.luma.sources,
            _ => self.shrink(pass, factor, [width, height]),
        };
        let scale = Scale { sources, stored: None, width, height };
        let request = LumaRequest { float_ssim: true, ..LumaRequest::default() };
        let sums = luma_pass::sums(pass.workers, scale, request, pass.constants);
        let count = (windows(width) * windows(height)) as f64;
        found.add(&FLOAT_SSIM, Some(sums.windows.ssim / count));
    }
}

impl FloatSsimMeasure {
    fn shrink(&mut self, pass: &Pass<'_>, factor: usize, size: [usize; 2]) -> [Source<'_>; 2] {
        for (source, plane) in pass.luma.sources.into_iter().zip(&mut self.shrunk) {
            plane.resize(size[0] * size[1], 0.0);
            shrink(pass.workers, source, pass.luma, factor, size[0], plane);
        }
        self.shrunk.each_ref().map(|plane| Source::Plane(plane))
    }
}

fn shrink(workers: &Workers, source: Source<'_>, luma: Scale<'_>, factor: usize, columns: usize, out: &mut [f32]) {
    let rows = (BAND / factor).max(1);
    workers.fill(out, rows * columns, luma.pixels(), |index, out, scratch| {
        let size = [luma.width, luma.height];
        workers.level.run(Shrink { source, size, factor, columns, first: index * rows, out, scratch });
    });
}

/// Some rows of a downscaled picture.
struct Shrink<'a> {
    source: Source<'a>,
    /// Width and height of the source.
    size: [usize; 2],
    factor: usize,
    /// Width of the downscaled picture.
    columns: usize,
    /// The first row.
    first: usize,
    out: &'a mut [f32],
    scratch: &'a mut Scratch,
}

impl Kernel for Shrink<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: SimdLevel>(self, _: L) {
        let Self { source, size: [width, height], factor, columns, first, out, scratch } = self;
        let share = 1.0 / (factor * factor) as f32;
        let (row, sums) = (&mut scratch.luma[0], &mut scratch.line);
        row.resize(width, 0.0);
        sums.resize(width, 0.0);
        for (y, out) in (first..).zip(out.chunks_exact_mut(columns)) {
            sums.fill(0.0);
            for source_row in taps(y, factor, height) {
                source.load(source_row, row);
                sums.iter_mut().zip(&*row).for_each(|(sum, sample)| *sum += sample);
            }
            for (x, out) in out.iter_mut().enumerate() {
                *out = taps(x, factor, width).map(|column| sums[column]).sum::<f32>() * share;
            }
        }
    }
}

/// The rows or columns over which one row or column of the downscaled picture is averaged.
#[inline(always)]
fn taps(at: usize, factor: usize, side: usize) -> impl Iterator<Item = usize> {
    let start = (at * factor) as isize - (factor / 2) as isize;
    (start..start + factor as isize).map(move |at| mirrored(at, side))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mean_is_taken_around_every_nth_pixel() {
        let taps = |at, factor, side| super::taps(at, factor, side).collect::<Vec<_>>();
        assert_eq!(taps(0, 2, 10), [0, 0]);
        assert_eq!(taps(4, 2, 10), [7, 8]);
        assert_eq!(taps(0, 3, 11), [0, 0, 1]);
        assert_eq!(taps(3, 3, 10), [8, 9, 9]);
    }

    #[test]
    fn sides_are_those_of_libvmaf() {
        assert_eq!(
            [shrunk_side(1080, 4), shrunk_side(771, 3), shrunk_side(643, 3), shrunk_side(99, 1)],
            [270, 258, 215, 99]
        );
    }
}
