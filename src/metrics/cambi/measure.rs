// SPDX-License-Identifier: MPL-2.0

//! CAMBI of the distorted picture as a measure of pairs.

use super::{Cambi, CambiOptions};
use crate::metrics::field::Field;
use crate::metrics::measure::{Measure, Pass};
use crate::metrics::measurements::{Measurements, Missing};
use crate::metrics::samples::Samples;
use crate::metrics::workers::Workers;

pub static CAMBI: Field = Field {
    name: "cambi",
    // 31 is the sum of the scales' weights: no contrast exceeds the number of pixels in the window.
    range: Some([0.0, 31.0]),
    unit: "",
    description: "contrast-aware multiscale banding index of luma, more is worse",
    rgb: false,
};

/// CAMBI of a stream, with libvmaf's default options.
pub struct CambiMeasure(Cambi);

impl Default for CambiMeasure {
    fn default() -> Self {
        Self(Cambi::new(CambiOptions::default()))
    }
}

impl CambiMeasure {
    /// Adds CAMBI of a picture's luma, or the reason why there is none. `None` stands for R'G'B'.
    pub fn measure_luma(&mut self, workers: &Workers, luma: Option<&Samples<'_>>, found: &mut Measurements) {
        let measure = CAMBI.name;
        let Some(luma) = luma else { return found.add_missing(Missing::Rgb { measure }) };
        let size = [luma.width(), luma.height()];
        if Cambi::takes(size) {
            found.add(&CAMBI, Some(self.0.measure(workers, luma)));
        } else {
            let size = size.map(|side| u32::try_from(side).unwrap_or(u32::MAX));
            found.add_missing(Missing::Shape { measure, size, takes: Cambi::TAKES });
        }
    }
}

impl Measure for CambiMeasure {
    fn measure(&mut self, pass: &Pass<'_>, found: &mut Measurements) {
        let luma = pass.pair.components().next().filter(|_| !pass.pair.rgb());
        self.measure_luma(pass.workers, luma.as_ref().map(|luma| &luma.samples[1]), found);
    }
}
