// SPDX-License-Identifier: MPL-2.0

//! Measures of pictures without a reference.

use super::cambi::{CAMBI, CambiMeasure};
use super::field::Field;
use super::luma_meter::LumaMeter;
use super::measurements::Measurements;
use super::range::Affine;
use super::samples::Samples;
use super::workers::Workers;
use crate::picture::{Family, Picture};

const fn share(name: &'static str, description: &'static str) -> Field {
    Field { name, range: Some([0.0, 1.0]), unit: "", description, rgb: true }
}

static LUMA_MEAN: Field = share("luma-mean", "the mean of luma, from black to white");
static LUMA_DEVIATION: Field = share("luma-deviation", "the standard deviation of luma over the picture");
static MOTION: Field = share("motion", "the mean absolute difference of luma to the picture measured before");

/// A set of measures that need no reference. They show what is wrong with a stream, not how good its pictures are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct NoReferenceMeasures {
    /// The banding index CAMBI, greater is worse: `cambi`.
    pub cambi: bool,
    /// The difference of luma from the previous picture: `motion`.
    pub motion: bool,
    /// Brightness and contrast of the picture: `luma-mean`, `luma-deviation`.
    pub luma: bool,
}

impl NoReferenceMeasures {
    /// Every measure.
    pub const ALL: Self = Self { cambi: true, motion: true, luma: true };

    /// Whether there is anything to measure.
    #[must_use]
    pub const fn any(self) -> bool {
        self.cambi || self.motion || self.luma
    }

    /// The fields of these measures, in order.
    pub fn fields(self) -> impl Iterator<Item = &'static Field> {
        let rows =
            [(self.luma, &LUMA_MEAN), (self.luma, &LUMA_DEVIATION), (self.motion, &MOTION), (self.cambi, &CAMBI)];
        rows.into_iter().filter_map(|(wanted, field)| wanted.then_some(field))
    }
}

/// Measures single pictures of one stream; keeps working memory and threads between pictures.
///
/// ```
/// use onnx_iqa::metrics::{NoReferenceMeasures, NoReferenceMeter};
/// use onnx_iqa::picture::{Colorimetry, Picture, PixelFormat, Plane};
///
/// // A gradient in steps of 40 pixels.
/// let samples: Vec<u8> = (0..320 * 240).map(|i| 80 + (i % 320 / 40) as u8).collect();
/// let plane = Plane { data: &samples, stride: 320 };
/// let picture = Picture::new(PixelFormat::Gray8, 320, 240, &[plane], Colorimetry::SRGB)?;
/// let mut meter = NoReferenceMeter::new(NoReferenceMeasures::ALL, 1);
/// let found = meter.measure(&picture);
/// assert!(found.cambi().unwrap() > 1.0);
/// assert_eq!((found.get("motion"), meter.measure(&picture).get("motion")), (None, Some(0.0)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct NoReferenceMeter {
    wanted: NoReferenceMeasures,
    luma: LumaMeter,
    cambi: CambiMeasure,
    workers: Workers,
}

impl NoReferenceMeter {
    /// A meter that uses up to `threads` threads; 0 stands for one per core. Meters with the same number share them.
    #[must_use]
    pub fn new(wanted: NoReferenceMeasures, threads: usize) -> Self {
        let workers = Workers::new(if wanted.cambi { threads } else { 1 });
        Self { wanted, luma: LumaMeter::default(), cambi: CambiMeasure::default(), workers }
    }

    /// Measures the next picture. Absent are motion for the first picture and after a change of size, and CAMBI, with a
    /// [reason](Measurements::missing), for R'G'B' and for pictures that are too small.
    pub fn measure(&mut self, picture: &Picture<'_>) -> Measurements {
        let component = picture.format().components()[0];
        let mut found = Measurements::at_depth(component.depth);
        if self.wanted.luma || self.wanted.motion {
            let luma = self.luma.measure(picture);
            found.add(&LUMA_MEAN, self.wanted.luma.then_some(luma.mean));
            found.add(&LUMA_DEVIATION, self.wanted.luma.then_some(luma.deviation));
            found.add(&MOTION, luma.motion.filter(|_| self.wanted.motion));
        }
        if self.wanted.cambi {
            let luma = Samples::new(picture, 0, Affine::SAME).filter(|_| picture.format().family() != Family::Rgb);
            self.cambi.measure_luma(&self.workers, luma.as_ref(), &mut found);
        }
        found
    }

    /// Forgets the previous picture, for the start of a new stream.
    pub fn reset(&mut self) {
        self.luma.reset();
    }
}

impl std::fmt::Debug for NoReferenceMeter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NoReferenceMeter").field("measures", &self.wanted).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::Missing;
    use crate::picture::{Frame as _, OwnedFrame};

    #[test]
    fn only_requested_values_are_present() {
        let frame = OwnedFrame::rgb(4, 2, [0, 255].repeat(12)).unwrap();
        let picture = frame.picture().unwrap();
        let names = |wanted: NoReferenceMeasures| {
            let mut meter = NoReferenceMeter::new(wanted, 1);
            let _ = meter.measure(&picture);
            let found = meter.measure(&picture);
            let names = found.iter().map(|(field, _)| field.name).collect::<Vec<_>>().join(" ");
            (names, found.missing().to_vec())
        };
        assert!(!NoReferenceMeasures::default().any() && NoReferenceMeasures::default().fields().next().is_none());
        assert_eq!(
            names(NoReferenceMeasures { luma: true, ..NoReferenceMeasures::default() }).0,
            "luma-mean luma-deviation"
        );
        assert_eq!(
            names(NoReferenceMeasures { motion: true, ..NoReferenceMeasures::default() }),
            ("motion".to_owned(), Vec::new())
        );
        let (all, missing) = names(NoReferenceMeasures::ALL);
        assert_eq!(all, "luma-mean luma-deviation motion", "R'G'B' has no CAMBI");
        assert_eq!(missing, [Missing::Rgb { measure: "cambi" }]);
        let fields: Vec<_> = NoReferenceMeasures::ALL.fields().map(|field| field.name).collect();
        assert_eq!(fields, ["luma-mean", "luma-deviation", "motion", "cambi"]);
    }
}
