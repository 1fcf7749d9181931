// SPDX-License-Identifier: MPL-2.0

use std::sync::{Arc, Mutex, PoisonError};

use rayon::prelude::*;

use super::band::{BAND, HalfBand, LumaBand, LumaWants, Pair, Scale, Scratch, Source, SseBand};
use super::range::{Affine, Kind, SampleRange};
use super::samples::{Luma, Samples};
use super::sse::FitSums;
use super::ssim_window::{Constants, WINDOW, WindowSums};
use super::{LumaFit, Measurements, Measures, MetricsError, threads};
use crate::picture::{Family, Picture};
use crate::simd::Level;

/// What MS-SSIM weighs contrast and structure of its scales with; the last one's luminance has the last exponent too.
const EXPONENTS: [f64; 5] = [0.0448, 0.2856, 0.3001, 0.2363, 0.1333];
/// The smallest side of which the last scale still has a window.
const SMALLEST: usize = WINDOW << (EXPONENTS.len() - 1);
/// What equal pictures get, in dB.
const MOST: f64 = 100.0;
/// The middle of 8-bit samples. Luma is taken relative to it, for f32 is the more exact the smaller numbers are.
const MIDDLE: f64 = 128.0;
/// Pictures with fewer pixels are measured where the caller is: waking threads would take as long.
const WORTH_THREADS: usize = 1 << 16;

/// Measures pairs of pictures; keeps working memory and threads from one to the next.
///
/// The numbers do not depend on how many threads there are.
pub struct Meter {
    measures: Measures,
    level: Level,
    pool: Option<Arc<rayon::ThreadPool>>,
    /// One for each thread, each locked by that thread alone.
    scratch: Vec<Mutex<Scratch>>,
    /// The second to fifth scale of both pictures.
    halved: [[Vec<f32>; 2]; EXPONENTS.len() - 1],
}

impl Meter {
    /// A meter for `measures` that uses up to `threads` threads, 0 being one for each core.
    ///
    /// Meters with the same number share their threads; with 1, everything is done by the caller's.
    pub fn new(measures: Measures, threads: usize) -> Self {
        let pool = if measures.any() { threads::shared(threads) } else { None };
        let threads = pool.as_ref().map_or(1, |pool| pool.current_num_threads());
        Self {
            measures,
            level: Level::best(),
            pool,
            scratch: std::iter::repeat_with(Mutex::default).take(threads).collect(),
            halved: Default::default(),
        }
    }

    #[cfg(test)]
    fn with_level(self, level: Level) -> Self {
        Self { level, ..self }
    }

    /// Measures how far `distorted` is from `reference`.
    ///
    /// # Errors
    /// When their sizes differ, or one of them is R'G'B' and the other one not.
    pub fn measure(&mut self, reference: &Picture<'_>, distorted: &Picture<'_>) -> Result<Measurements, MetricsError> {
        let pair = Compared::new(reference, distorted)?;
        let mut metrics = Measurements::default();
        if !self.measures.any() {
            return Ok(metrics);
        }
        let scale = pair.luma();
        let least = scale.width.min(scale.height);
        let ssim = self.measures.ssim && least >= WINDOW;
        let ms_ssim = self.measures.ms_ssim && least >= SMALLEST;
        let start = pair.fit_start(scale);
        let constants = pair.constants();
        let [avx512, every_second] = self.avx512(scale);
        let wants = LumaWants {
            windows: (ssim || ms_ssim).then_some((constants, ms_ssim)),
            avx512,
            every_second,
            fit: Some(start),
        };
        let (windows, fit) = self.luma(scale, wants);
        let means = Means::new(windows, scale);
        if self.measures.psnr {
            let luma = scale.bytes.map(|_| fit.sse);
            (metrics.psnr_y, metrics.psnr) = self.psnr(&pair, luma);
        }
        // Rounding must not make equal pictures differ.
        metrics.ssim = ssim.then_some(if fit.sse == 0.0 { 1.0 } else { means.ssim });
        metrics.fit = fit.line((scale.width * scale.height) as f64).map(|(gain, bias)| {
            let start = f64::from(start) + MIDDLE;
            LumaFit { gain, bias: bias + start * (1.0 - gain) }
        });
        if ms_ssim {
            let value = if fit.sse == 0.0 { 1.0 } else { self.ms_ssim(scale, means, constants) };
            metrics.ms_ssim = Some(value);
        }
        Ok(metrics)
    }

    /// Whether the loops for AVX-512 can be used, and SSIM be found by the trapezoidal rule.
    fn avx512(&self, scale: Scale<'_>) -> [bool; 2] {
        #[cfg(target_arch = "x86_64")]
        {
            use super::avx512;
            let available = matches!(self.level, Level::Avx512(level) if level.vnni);
            [available, available && avx512::worth_it(scale.width, scale.height)]
        }
        #[cfg(not(target_arch = "x86_64"))]
        {
            let _ = scale;
            [false; 2]
        }
    }

    /// PSNR of luma and of everything; `luma` are the squared differences of luma, if they are known.
    fn psnr(&self, pair: &Compared<'_>, luma: Option<f64>) -> (Option<f64>, Option<f64>) {
        let sse: Vec<[f64; 2]> = pair
            .components()
            .enumerate()
            .map(|(index, component)| match (index, luma) {
                (0, Some(sum)) => [sum, (component.samples[0].width() * component.samples[0].height()) as f64],
                _ => self.sse(component),
            })
            .collect();
        let decibels = |sum: f64, count: f64| (10.0 * (pair.peak * pair.peak * count / sum).log10()).min(MOST);
        if pair.rgb() {
            let sum: f64 = sse.iter().map(|[sum, count]| decibels(*sum, *count)).sum();
            return (None, Some(sum / sse.len() as f64));
        }
        let luma = sse.first().map(|[sum, count]| decibels(*sum, *count));
        let [sum, count] = sse.iter().fold([0.0; 2], |all, one| [all[0] + one[0], all[1] + one[1]]);
        (luma, pair.same_sizes().then(|| decibels(sum, count)))
    }

    /// The sum of a component's squared differences, and how many they are.
    fn sse(&self, pair: Pair<'_>) -> [f64; 2] {
        let (width, height) = (pair.samples[0].width(), pair.samples[0].height());
        let sums = self.each(height.div_ceil(BAND), width * height, |index, scratch| {
            let rows = index * BAND..((index + 1) * BAND).min(height);
            self.level.run(SseBand { pair, rows, scratch })
        });
        [sums.iter().sum(), (width * height) as f64]
    }

    /// Sums over a scale.
    fn luma(&self, scale: Scale<'_>, wants: LumaWants) -> (WindowSums, FitSums) {
        let sums = self.each(scale.bands(), scale.width * scale.height, |index, scratch| {
            self.level.run(LumaBand { scale, wants, index, scratch })
        });
        let mut total = (WindowSums::default(), FitSums::default());
        for (windows, fit) in sums {
            total.0 += windows;
            total.1 += fit;
        }
        total
    }

    fn ms_ssim(&mut self, whole: Scale<'_>, first: Means, constants: Constants) -> f64 {
        let mut halved = std::mem::take(&mut self.halved);
        let mut means = vec![first];
        let mut scale = whole;
        for planes in &mut halved {
            let (width, height) = (scale.width.div_ceil(2), scale.height.div_ceil(2));
            for (source, plane) in scale.sources.into_iter().zip(&mut *planes) {
                plane.resize(width * height, 0.0);
                self.halve(source, scale, plane);
            }
            let [a, b] = &*planes;
            scale = Scale { sources: [Source::Plane(a), Source::Plane(b)], bytes: None, width, height };
            let (sums, _) = self.luma(
                scale,
                LumaWants { windows: Some((constants, true)), avx512: false, every_second: false, fit: None },
            );
            means.push(Means::new(sums, scale));
        }
        self.halved = halved;
        let parts = means.iter().zip(EXPONENTS);
        let product: f64 = parts.map(|(m, e)| (m.contrast.max(0.0) * m.structure.max(0.0)).powf(e)).product();
        let luminance = means.last().map_or(0.0, |last| last.luminance);
        product * luminance.powf(EXPONENTS[EXPONENTS.len() - 1])
    }

    fn halve(&self, source: Source<'_>, scale: Scale<'_>, out: &mut [f32]) {
        let Scale { width, height, .. } = scale;
        let rows = BAND / 2;
        let chunk = rows * width.div_ceil(2);
        let work = |index: usize, out: &mut [f32], scratch: &mut Scratch| {
            self.level.run(HalfBand { source, width, height, first: index * rows, out, scratch });
        };
        match &self.pool {
            Some(pool) if width * height >= WORTH_THREADS => pool.install(|| {
                out.par_chunks_mut(chunk).enumerate().for_each(|(index, out)| self.own(|own| work(index, out, own)));
            }),
            _ => out.chunks_mut(chunk).enumerate().for_each(|(index, out)| self.own(|own| work(index, out, own))),
        }
    }

    /// Does `work` for every band, in this thread or in all, and gives the results in order.
    fn each<T: Send>(&self, bands: usize, pixels: usize, work: impl Fn(usize, &mut Scratch) -> T + Sync) -> Vec<T> {
        let one = |index| self.own(|own| work(index, own));
        match &self.pool {
            Some(pool) if pixels >= WORTH_THREADS => pool.install(|| (0..bands).into_par_iter().map(one).collect()),
            _ => (0..bands).map(one).collect(),
        }
    }

    /// With this thread's working memory.
    fn own<T>(&self, work: impl FnOnce(&mut Scratch) -> T) -> T {
        let index = rayon::current_thread_index().unwrap_or(0) % self.scratch.len();
        work(&mut self.scratch[index].lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl std::fmt::Debug for Meter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Meter").field("measures", &self.measures).field("threads", &self.scratch.len()).finish()
    }
}

/// Means over a scale's windows.
#[derive(Debug, Clone, Copy)]
struct Means {
    ssim: f64,
    luminance: f64,
    contrast: f64,
    structure: f64,
}

impl Means {
    fn new(sums: WindowSums, scale: Scale<'_>) -> Self {
        let windows = |side: usize| side.saturating_sub(WINDOW - 1) as f64;
        let count = windows(scale.width) * windows(scale.height);
        let mean = |sum: f64| sum / count;
        Self {
            ssim: mean(sums.ssim),
            luminance: mean(sums.luminance),
            contrast: mean(sums.contrast),
            structure: mean(sums.structure),
        }
    }
}

/// Two pictures that can be compared.
struct Compared<'a> {
    pictures: [&'a Picture<'a>; 2],
    /// The depth that they are compared at.
    depth: u8,
    /// The largest sample at that depth.
    peak: f64,
}

impl<'a> Compared<'a> {
    fn new(reference: &'a Picture<'a>, distorted: &'a Picture<'a>) -> Result<Self, MetricsError> {
        let size = |picture: &Picture<'_>| [picture.width(), picture.height()];
        if size(reference) != size(distorted) {
            return Err(MetricsError::Size { reference: size(reference), distorted: size(distorted) });
        }
        let rgb = |picture: &Picture<'_>| picture.format().family() == Family::Rgb;
        if rgb(reference) != rgb(distorted) {
            return Err(MetricsError::Family { reference: reference.format(), distorted: distorted.format() });
        }
        let depth = |picture: &Picture<'_>| picture.format().components()[0].depth;
        let depth = depth(reference).max(depth(distorted));
        let peak = f64::from((1u32 << depth) - 1);
        Ok(Self { pictures: [reference, distorted], depth, peak })
    }

    fn rgb(&self) -> bool {
        self.pictures[0].format().family() == Family::Rgb
    }

    fn kind(&self, component: usize) -> Kind {
        if component == 0 || self.rgb() { Kind::Light } else { Kind::Chroma }
    }

    /// What brings a component, if there is one, to the depth and range that the two are compared at.
    fn affine(&self, side: usize, component: usize) -> Option<Affine> {
        let kind = self.kind(component);
        let picture = self.pictures[side];
        let common = SampleRange::new(kind, self.depth, self.pictures[0].colorimetry().range);
        let own =
            SampleRange::new(kind, picture.format().components().get(component)?.depth, picture.colorimetry().range);
        Some(own.to(&common))
    }

    /// Whether every component of one has its like, of the same size, in the other.
    fn same_sizes(&self) -> bool {
        let sizes = self.pictures.map(|picture| {
            let sub = picture.format().components().iter().map(|component| [component.sub_x, component.sub_y]);
            sub.collect::<Vec<_>>()
        });
        sizes[0] == sizes[1]
    }

    /// The components that both have in the same size.
    fn components(&self) -> impl Iterator<Item = Pair<'_>> {
        let count = if self.same_sizes() { self.pictures[0].format().components().len() } else { 1 };
        (0..count).filter_map(|index| {
            let affine = [self.affine(0, index)?, self.affine(1, index)?];
            let samples = |side: usize| Samples::new(self.pictures[side], index, affine[side]);
            Some(Pair { samples: [samples(0)?, samples(1)?], same: affine == [Affine::SAME; 2] })
        })
    }

    /// The constants for luma in units of 8-bit samples.
    fn constants(&self) -> Constants {
        Constants::new(self.peak / f64::from(1u32 << (self.depth - 8)), MIDDLE)
    }

    /// The luma of both, less the middle, in units of 8-bit samples.
    fn luma(&self) -> Scale<'_> {
        let unit = f64::from(1u32 << (self.depth - 8));
        let source = |side: usize| {
            let picture = self.pictures[side];
            let samples = |index: usize| {
                let affine = self.affine(side, index)?.centerd(MIDDLE * unit, 1.0 / unit);
                Samples::new(picture, index, affine)
            };
            match [samples(0), samples(1), samples(2)] {
                [Some(red), Some(green), Some(blue)] if self.rgb() => {
                    let (kr, kb) = self.pictures[0].colorimetry().matrix.weights();
                    Luma::Mixed([red, green, blue], [kr, 1.0 - kr - kb, kb].map(|weight| weight as f32))
                }
                [luma, ..] => Luma::Stored(luma.expect("every format has a first component")),
            }
        };
        let [width, height] = [self.pictures[0].width(), self.pictures[0].height()].map(|side| side as usize);
        let stored = self.components().next().filter(|pair| {
            let depths = pair.samples.iter().all(|samples| samples.depth() == 8 && samples.bytes(0).is_some());
            pair.same && depths && !self.rgb()
        });
        let sources = [0, 1].map(|side| Source::Picture(source(side)));
        Scale { sources, bytes: stored.map(|pair| pair.samples), width, height }
    }

    /// The sample that sums over luma are taken from: for f32 the reference's first, as [`Self::luma`] has it, so that
    /// nothing is rounded off where luma hardly varies; bytes are summed as they are.
    fn fit_start(&self, scale: Scale<'_>) -> f32 {
        if scale.bytes.is_some() {
            return -MIDDLE as f32;
        }
        let mut row = vec![0.0; scale.width];
        if let Source::Picture(luma) = scale.sources[0] {
            luma.load(0, &mut row);
        }
        row[0]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::{ChromaSite, Colorimetry, Frame as _, Matrix, OwnedFrame, PixelFormat, Range};

    fn frame(width: u32, height: u32, seed: u32) -> OwnedFrame {
        let sample = |i: u32| {
            let noise = (i.wrapping_mul(2_654_435_761) ^ seed.wrapping_mul(40_503)).wrapping_mul(2_246_822_519) >> 27;
            (60 + (i % width) / 8 % 64 + (i / width) / 16 % 64 + noise) as u8
        };
        OwnedFrame {
            format: PixelFormat::Gray8,
            width,
            height,
            colorimetry: Colorimetry { matrix: Matrix::Bt709, range: Range::Limited, chroma_site: ChromaSite::LEFT },
            planes: vec![((0..width * height).map(sample).collect(), width as usize)],
        }
    }

    /// The plain loops against those that this processor gets, with all windows and by the trapezoidal rule.
    #[test]
    fn instruction_sets_agree() {
        for (width, height) in [(187, 203), (1283, 733), (1536, 1025)] {
            let [a, b] = [frame(width, height, 1), frame(width, height, 2)];
            for measures in [Measures::default(), Measures { psnr: true, ssim: true, ms_ssim: true }] {
                let measure = |level| {
                    let mut meter = Meter::new(measures, 1).with_level(level);
                    meter.measure(&a.picture().unwrap(), &b.picture().unwrap()).unwrap()
                };
                let (best, plain) = (measure(Level::best()), measure(Level::Scalar));
                assert_eq!((best.psnr_y, best.psnr), (plain.psnr_y, plain.psnr));
                assert_eq!(best.fit, plain.fit);
                let apart = |a: Option<f64>, b: Option<f64>| (a.unwrap() - b.unwrap()).abs();
                assert!(apart(best.ssim, plain.ssim) < 5e-5, "{best:?} {plain:?}");
                if measures.ms_ssim {
                    assert!(apart(best.ms_ssim, plain.ms_ssim) < 1e-6, "{best:?} {plain:?}");
                }
            }
        }
    }
}
