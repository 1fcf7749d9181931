// SPDX-License-Identifier: MPL-2.0

//! The measures of a stream.

use super::error::MetricsError;
use super::luma_pass::{self, LumaRequest};
use super::measure::{Measure, Pass};
use super::measurements::Measurements;
use super::pair::Pair;
use super::reference::SharedReference;
use super::registry::{LUMA_FIT, Measures, Options};
use super::vmaf::VmafModel;
use super::workers::Workers;
use crate::picture::Picture;
use crate::sharing::Lease;
#[cfg(test)]
use crate::simd::Level;
use std::sync::Arc;

/// After a shared reference, sharing is expected for this many more.
const EXPECTED: u32 = 32;

/// Measures pairs of pictures; keeps working memory and threads from pair to pair.
///
/// Values depend neither on the number of threads nor on the processor.
pub struct Meter {
    wanted: Measures,
    /// The requested measures, and the luma fit.
    measures: Vec<Box<dyn Measure>>,
    workers: Workers,
    /// For how many more references sharing is expected.
    expected: u32,
}

impl Meter {
    /// A meter for `measures` that uses up to `threads` threads; 0 stands for one per core.
    ///
    /// Meters with the same number share their threads. With 1, all work is done on the caller's thread.
    #[must_use]
    pub fn new(measures: Measures, threads: usize) -> Self {
        Self::started(measures, threads, &Options::default())
    }

    /// Like [`new`](Self::new), with a VMAF model instead of the default, `vmaf_v0.6.1`.
    #[must_use]
    pub fn with_vmaf_model(measures: Measures, threads: usize, model: Arc<VmafModel>) -> Self {
        Self::started(measures, threads, &Options { vmaf: Some(model) })
    }

    fn started(measures: Measures, threads: usize, options: &Options) -> Self {
        let threads = if measures.any() { threads } else { 1 };
        let rows = measures.iter().chain(measures.any().then_some(&LUMA_FIT));
        let started = rows.map(|row| (row.new)(options)).collect();
        Self { wanted: measures, measures: started, workers: Workers::new(threads), expected: 0 }
    }

    #[cfg(test)]
    fn with_level(mut self, level: Level) -> Self {
        self.workers.level = level;
        self
    }

    /// Measures the difference of `distorted` from `reference`. Pairs must come in the order of the stream.
    ///
    /// VMAF is not among the returned values: it comes [late](Self::late), with the next pair or the next two.
    ///
    /// ```
    /// use onnx_iqa::metrics::{Measures, Meter};
    /// use onnx_iqa::picture::{Colorimetry, Picture, PixelFormat, Plane};
    ///
    /// let gray = |data| Picture::new(PixelFormat::Gray8, 64, 64, &[Plane { data, stride: 64 }], Colorimetry::SRGB);
    /// let samples: Vec<u8> = (0..64 * 64).map(|i| (i * 37 % 200) as u8).collect();
    /// let picture = gray(&samples)?;
    /// let mut meter = Meter::new(Measures::VMAF, 1);
    /// let mut first = meter.measure(&picture, &picture)?;
    /// assert!(meter.waits() && first.vmaf().is_none());
    /// meter.measure(&picture, &picture)?;
    /// first.complete(meter.late());
    /// assert!(first.vmaf().unwrap() > 90.0);
    /// // Of the last pair.
    /// assert!(meter.finish().vmaf().unwrap() > 90.0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// If the sizes differ, or only one of the two is R'G'B'.
    pub fn measure(&mut self, reference: &Picture<'_>, distorted: &Picture<'_>) -> Result<Measurements, MetricsError> {
        self.measure_shared(reference, distorted, None)
    }

    /// Like [`measure`](Self::measure), with a reference that other meters may compare with too. What is needed of the
    /// reference alone is then computed by the first meter for all of them, if it takes long enough for that to pay.
    /// The values are the same. `shared` must belong to `reference`; its lease is [done](crate::sharing::Lease::done)
    /// afterwards.
    ///
    /// # Errors
    /// Those of [`measure`](Self::measure).
    pub fn measure_shared(
        &mut self,
        reference: &Picture<'_>,
        distorted: &Picture<'_>,
        shared: Option<SharedReference<'_>>,
    ) -> Result<Measurements, MetricsError> {
        let used = shared.as_ref().filter(|shared| self.shares(shared.lease()));
        used.iter().for_each(|shared| shared.lease().keep_step());
        let found = self.compare(reference, distorted, used);
        if let Some(shared) = &shared {
            let is_shared = shared.lease().is_shared();
            self.expected = if is_shared { EXPECTED } else { self.expected.saturating_sub(1) };
            shared.lease().done();
        }
        found
    }

    /// Whether anything is kept for that reference: if others share it, or have shared recent ones and may share this
    /// one.
    fn shares(&self, lease: &Lease) -> bool {
        !lease.is_done() && (self.expected > 0 || lease.is_shared()) && self.measures.iter().any(|one| one.shares())
    }

    fn compare(
        &mut self,
        reference: &Picture<'_>,
        distorted: &Picture<'_>,
        shared: Option<&SharedReference<'_>>,
    ) -> Result<Measurements, MetricsError> {
        let pair = Pair::new(reference, distorted)?;
        if self.measures.is_empty() {
            return Ok(Measurements::default());
        }
        let mut found = Measurements::at_depth(pair.depth());
        let (luma, constants) = (pair.luma(), pair.constants());
        let request =
            self.measures.iter().map(|measure| measure.request(luma)).fold(LumaRequest::default(), LumaRequest::or);
        let sums = luma_pass::sums(&self.workers, luma, request, constants);
        let pass = Pass { pair: &pair, luma, sums, constants, workers: &self.workers, shared };
        for measure in &mut self.measures {
            measure.measure(&pass, &mut found);
        }
        Ok(found)
    }

    /// Whether the last pair still lacks values, which come with the next pairs or at the [end](Self::finish).
    #[must_use]
    pub fn waits(&self) -> bool {
        self.waiting() > 0
    }

    /// How many of the last pairs still lack values: up to [`VmafModel::following_pairs`].
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.measures.iter().map(|measure| measure.waiting()).max().unwrap_or(0)
    }

    /// The values of the oldest waiting pair that the last pair has completed. To be called after each
    /// [`measure`](Self::measure), once for each pair that is no longer [waiting](Self::waiting), oldest first. With
    /// models that wait for one pair, that is the pair before the last.
    ///
    /// ```
    /// # use onnx_iqa::metrics::{Measurements, Measures, Meter};
    /// # use onnx_iqa::picture::Picture;
    /// # use std::collections::VecDeque;
    /// // Completes the measurements of waiting pairs, oldest first, and removes those that no longer wait.
    /// fn complete(meter: &mut Meter, waiting: &mut VecDeque<Measurements>) -> Vec<Measurements> {
    ///     let done = waiting.len() - meter.waiting();
    ///     let mut done: Vec<_> = waiting.drain(..done).collect();
    ///     done.iter_mut().for_each(|measured| measured.complete(meter.late()));
    ///     done
    /// }
    /// ```
    #[must_use]
    pub fn late(&mut self) -> Measurements {
        let mut found = Measurements::default();
        self.measures.iter_mut().for_each(|measure| measure.late(&mut found));
        found
    }

    /// The missing values of the oldest [waiting](Self::waiting) pair, as no other pair follows. To be called once for
    /// each waiting pair, oldest first; usually, only the last pair waits. The next pair starts a new sequence.
    #[must_use]
    pub fn finish(&mut self) -> Measurements {
        let mut found = Measurements::default();
        self.measures.iter_mut().for_each(|measure| measure.finish(&mut found));
        found
    }
}

impl std::fmt::Debug for Meter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Meter").field("measures", &self.wanted).field("threads", &self.workers.count()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::{ChromaSite, Colorimetry, Frame as _, Matrix, OwnedFrame, PixelFormat, Range};

    const COLORIMETRY: Colorimetry =
        Colorimetry { matrix: Matrix::Bt709, range: Range::Limited, chroma_site: ChromaSite::LEFT };

    fn frame(width: u32, height: u32, seed: u32) -> OwnedFrame {
        let sample = |i: u32| {
            let noise = (i.wrapping_mul(2_654_435_761) ^ seed.wrapping_mul(40_503)).wrapping_mul(2_246_822_519) >> 27;
            (60 + (i % width) / 8 % 64 + (i / width) / 16 % 64 + noise) as u8
        };
        OwnedFrame {
            format: PixelFormat::Gray8,
            width,
            height,
            colorimetry: COLORIMETRY,
            planes: vec![((0..width * height).map(sample).collect(), width as usize)],
        }
    }

    /// A picture of any format: random bytes on top of a gradient.
    fn noise(format: PixelFormat, seed: u32) -> OwnedFrame {
        let (width, height) = (1284, 722);
        let mut planes = vec![(Vec::new(), 0); format.planes()];
        for component in format.components() {
            let (data, stride) = &mut planes[usize::from(component.plane)];
            if *stride == 0 {
                *stride = component.width(width) as usize * usize::from(component.step);
                let size = *stride as u32 * component.height(height);
                let byte = |i: u32| {
                    let noise = (i.wrapping_mul(2_654_435_761) ^ seed).wrapping_mul(2_246_822_519) >> 28;
                    (i / 5 % 96 + noise) as u8 & if component.depth > 8 && i % 2 == 1 { 3 } else { 255 }
                };
                *data = (0..size).map(byte).collect();
            }
        }
        OwnedFrame { format, width, height, colorimetry: COLORIMETRY, planes }
    }

    /// Every value is the same at every level and with any number of threads, and SSIM whatever else is measured. The
    /// sizes cover all windows and every second window, and even and odd sides.
    #[test]
    fn instruction_sets_agree() {
        for (width, height) in [(11, 11), (26, 40), (187, 203), (1283, 733), (1536, 1025), (2048, 512)] {
            let [a, b] = [frame(width, height, 1), frame(width, height, 2)];
            let mut ssim = None;
            for measures in [Measures::SSIM, Measures::default(), Measures::all()] {
                let mut all = None;
                for level in Level::all() {
                    for threads in [1, 2] {
                        let mut meter = Meter::new(measures, threads).with_level(level);
                        let found = meter.measure(&a.picture().unwrap(), &b.picture().unwrap()).unwrap();
                        let what = format!("{width}x{height}, {measures:?}, {}, {threads} threads", level.name());
                        assert_eq!(*ssim.get_or_insert(found.ssim().unwrap()), found.ssim().unwrap(), "{what}");
                        assert_eq!(*all.get_or_insert_with(|| found.clone()), found, "{what}");
                    }
                }
            }
        }
    }

    /// The same for deeper samples, and for luma mixed from R'G'B'.
    #[test]
    fn instruction_sets_agree_on_every_kind_of_luma() {
        let deep =
            [PixelFormat::I420p10, PixelFormat::I420p12, PixelFormat::P010, PixelFormat::Y210, PixelFormat::Gray16];
        for format in deep.into_iter().chain([PixelFormat::Rgb, PixelFormat::Yuy2, PixelFormat::Nv12]) {
            let [a, b] = [noise(format, 1), noise(format, 2)];
            let mut all: [Option<Measurements>; 2] = [None, None];
            for level in Level::all() {
                for (all, measures) in all.iter_mut().zip([Measures::all(), Measures::default()]) {
                    let mut meter = Meter::new(measures, 2).with_level(level);
                    let found = meter.measure(&a.picture().unwrap(), &b.picture().unwrap()).unwrap();
                    assert_eq!(*all.get_or_insert_with(|| found.clone()), found, "{format}, {}", level.name());
                }
            }
            let [with, without] = all.map(|found| found.unwrap().ssim().unwrap());
            assert_eq!(with, without, "{format}: MS-SSIM must not change SSIM");
            assert!(with < 0.999, "{format}: {with}");
        }
    }

    /// Luma in a packed format gives the same values as in a plane of its own.
    #[test]
    fn the_layout_of_large_pictures_makes_no_difference() {
        let (width, height) = (1281, 720);
        let planar = [frame(width, height, 1), frame(width, height, 2)];
        let packed = planar.clone().map(|gray| {
            let (luma, stride) = (&gray.planes[0].0, width.next_multiple_of(2) as usize * 2);
            let mut data = vec![128; stride * height as usize];
            for (row, out) in luma.chunks(width as usize).zip(data.chunks_mut(stride)) {
                row.iter().zip(out.iter_mut().step_by(2)).for_each(|(sample, out)| *out = *sample);
            }
            OwnedFrame { format: PixelFormat::Yuy2, planes: vec![(data, stride)], ..gray }
        });
        for measures in [Measures::SSIM, Measures::all()] {
            let measure = |a: &OwnedFrame, b: &OwnedFrame| {
                let mut meter = Meter::new(measures, 1);
                meter.measure(&a.picture().unwrap(), &b.picture().unwrap()).unwrap()
            };
            let expected = measure(&planar[0], &planar[1]);
            for (a, b) in [(&packed[0], &packed[1]), (&planar[0], &packed[1]), (&packed[0], &planar[1])] {
                let found = measure(a, b);
                assert_eq!((found.ssim(), found.ms_ssim()), (expected.ssim(), expected.ms_ssim()));
                assert_eq!((found.psnr_y(), found.luma_fit()), (expected.psnr_y(), expected.luma_fit()));
            }
        }
    }
}
