// SPDX-License-Identifier: MPL-2.0

//! CAMBI: how visible the banding of a picture is.
//!
//! Tandon, Afonso, Sole and Krasula, "CAMBI: Contrast-aware multiscale banding index", Picture Coding Symposium 2021,
//! as libvmaf 3 computes it: with the same integers, and with the same single-precision contrasts up to the last bit of
//! a reciprocal, which libvmaf takes from a table of nine digits. The code is not libvmaf's, but its arithmetic was
//! taken from libvmaf's sources: Copyright 2016-2026 Netflix, Inc., BSD-2-Clause-Patent (`models/vmaf/LICENSE`).

mod contrast;
mod measure;
mod options;
mod pool;
mod prepare;
mod scale;
#[cfg(test)]
mod tests;

pub(super) use measure::{CAMBI, CambiMeasure};
pub(super) use options::CambiOptions;

use super::samples::Samples;
use super::workers::Workers;
use contrast::{Contrasts, Levels};
use options::Bands;
use scale::Scale;

/// Rows per thread. Even, so that every second row of a picture is every second row of its bands.
const BAND: usize = 64;
/// Approximate number of columns whose contrasts a thread computes together: their histograms should stay in the nearer
/// caches.
const COLUMNS: usize = 256;
/// The scales' weights, from the largest to the smallest.
const SCALES: [f64; 5] = [16.0, 8.0, 4.0, 2.0, 1.0];
/// The least length of the longer side, in pixels.
const LEAST: usize = 216;
/// The greatest ratio of the sides. Beyond it, windows are higher or wider than the smallest scale, and libvmaf reads
/// out of bounds.
const LONGEST: usize = 10;
/// The greatest sum of both sides, in pixels: the number of pixels in a window must fit 16 bits.
const LARGEST: usize = 16_000;

/// The working memory of a thread.
#[derive(Default)]
pub(super) struct Scratch {
    prepare: prepare::Scratch,
    scale: scale::Scratch,
    contrast: contrast::Scratch,
}

/// Samples, row by row.
#[derive(Default)]
struct Plane<T> {
    data: Vec<T>,
    width: usize,
    height: usize,
}

impl<T: Copy + Default> Plane<T> {
    /// Sets the size; the content is then undefined.
    fn resize(&mut self, width: usize, height: usize) {
        self.data.resize(width * height, T::default());
        (self.width, self.height) = (width, height);
    }

    #[inline(always)]
    fn row(&self, y: usize) -> &[T] {
        &self.data[y * self.width..][..self.width]
    }

    #[inline(always)]
    fn row_mut(&mut self, y: usize) -> &mut [T] {
        &mut self.data[y * self.width..][..self.width]
    }
}

/// CAMBI of pictures; keeps memory between pictures.
pub(super) struct Cambi {
    options: CambiOptions,
    bands: Bands,
    /// The current scale and the next one.
    scales: [Scale; 2],
    levels: Plane<u16>,
    contrasts: Vec<Vec<f32>>,
}

impl Cambi {
    pub fn new(options: CambiOptions) -> Self {
        let bands = Bands::new(&options);
        Self { options, bands, scales: Default::default(), levels: Plane::default(), contrasts: Vec::new() }
    }

    /// The accepted picture sizes, in words.
    pub const TAKES: &'static str = "whose longer side has 216 to ten times the shorter one's pixels, and both together \
                                     at most 16000";

    /// Whether CAMBI exists for pictures of that size.
    pub fn takes([width, height]: [usize; 2]) -> bool {
        let [shorter, longer] = [width.min(height), width.max(height)];
        longer >= LEAST && longer <= LONGEST * shorter && width + height <= LARGEST
    }

    /// CAMBI of a picture's luma, from 0 (no banding) to [`CambiOptions::max`]. The picture's size must be
    /// [accepted](Self::takes).
    ///
    /// Samples are taken as stored, whatever their range. Earlier pictures have no influence.
    pub fn measure(&mut self, workers: &Workers, luma: &Samples<'_>) -> f64 {
        let size = [luma.width(), luma.height()];
        let reach = self.options.reach(size);
        let [scale, next] = &mut self.scales;
        prepare::ten_bits(workers, luma, &mut scale.image);
        prepare::flat_parts(workers, &scale.image, &mut scale.flat);
        if self.options.halves(size) {
            scale::halve(scale, next);
            std::mem::swap(scale, next);
        }
        let mut score = 0.0;
        for weight in SCALES {
            let [scale, next] = &mut self.scales;
            scale.levels(workers, &self.bands, &mut self.levels, next);
            std::mem::swap(scale, next);
            score += weight * self.pooled(workers, reach);
        }
        let side = (2 * reach + 1) as f64;
        (score / (side * side)).min(self.options.max)
    }

    /// The mean of the strongest contrasts of a scale.
    fn pooled(&mut self, workers: &Workers, reach: usize) -> f64 {
        let Self { levels: Plane { data, width, height }, bands, contrasts, .. } = self;
        let levels = Levels { samples: data, width: *width, height: *height };
        let parts = width.div_ceil(COLUMNS);
        contrasts.resize_with(parts, Vec::new);
        let items: Vec<_> = contrasts.iter_mut().map(std::mem::take).collect();
        let start = |part: usize| part * *width / parts;
        *contrasts = workers.over(items, *width * *height, |part, out, scratch| {
            let (columns, scratch) = (start(part)..start(part + 1), &mut scratch.cambi.contrast);
            workers.level.run_whole(Contrasts { levels, bands, reach, columns, scratch, out })
        });
        let pixels = *width * *height;
        let count = ((self.options.top_share * pixels as f64) as usize).clamp(1, pixels);
        pool::mean_of_greatest(workers, contrasts, count)
    }
}
