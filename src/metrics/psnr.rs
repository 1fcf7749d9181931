// SPDX-License-Identifier: MPL-2.0

//! PSNR.

use super::field::Field;
use super::measure::{Measure, Pass};
use super::measurements::Measurements;
use super::pair::Component;
use super::scale::BAND;
use super::scratch::Scratch;
use super::sse;
use super::workers::Workers;
use crate::simd::{Kernel, SimdLevel};

/// The value for equal pictures, in dB.
const MOST: f64 = 100.0;

pub(super) static PSNR_Y: Field = Field {
    name: "psnr-y",
    range: Some([0.0, MOST]),
    unit: "dB",
    description: "peak signal-to-noise ratio of luma",
    rgb: false,
};
pub(super) static PSNR_CB: Field = Field {
    name: "psnr-cb",
    range: Some([0.0, MOST]),
    unit: "dB",
    description: "peak signal-to-noise ratio of Cb",
    rgb: false,
};
pub(super) static PSNR_CR: Field = Field {
    name: "psnr-cr",
    range: Some([0.0, MOST]),
    unit: "dB",
    description: "peak signal-to-noise ratio of Cr",
    rgb: false,
};
pub(super) static PSNR: Field = Field {
    name: "psnr",
    range: Some([0.0, MOST]),
    unit: "dB",
    description: "peak signal-to-noise ratio of all planes",
    rgb: true,
};

/// Peak signal-to-noise ratio.
pub(super) struct PsnrMeasure;

impl Measure for PsnrMeasure {
    fn measure(&mut self, pass: &Pass<'_>, found: &mut Measurements) {
        let components: Vec<_> = pass.pair.components().collect();
        // If luma is integers, the shared pass has already summed its errors.
        let unit = pass.luma.unit();
        let luma = pass.luma.stored.map(|_| pass.sums.fit.sse * (unit * unit));
        let errors: Vec<[f64; 2]> = components
            .iter()
            .enumerate()
            .map(|(index, component)| {
                let sum = luma.filter(|_| index == 0).unwrap_or_else(|| squared_error(pass.workers, *component));
                [sum, component.count() as f64]
            })
            .collect();
        let peak = pass.pair.peak();
        let decibels = |[sum, count]: [f64; 2]| (10.0 * (peak * peak * count / sum).log10()).min(MOST);
        if pass.pair.rgb() {
            let sum: f64 = errors.iter().map(|error| decibels(*error)).sum();
            return found.add(&PSNR, Some(sum / errors.len() as f64));
        }
        let all = errors.iter().fold([0.0; 2], |all, one| [all[0] + one[0], all[1] + one[1]]);
        for (field, error) in [&PSNR_Y, &PSNR_CB, &PSNR_CR].into_iter().zip(&errors) {
            found.add(field, Some(decibels(*error)));
        }
        found.add(&PSNR, pass.pair.same_sizes().then(|| decibels(all)));
    }
}

/// The sum of a component's squared differences.
fn squared_error(workers: &Workers, component: Component<'_>) -> f64 {
    let height = component.samples[0].height();
    let sums = workers.each(height.div_ceil(BAND), component.count(), |index, scratch| {
        let rows = index * BAND..((index + 1) * BAND).min(height);
        workers.level.run(Band { component, rows, scratch })
    });
    sums.iter().sum()
}

/// Squared differences of some rows of a component.
struct Band<'a> {
    component: Component<'a>,
    rows: std::ops::Range<usize>,
    scratch: &'a mut Scratch,
}

impl Kernel for Band<'_> {
    type Output = f64;

    #[inline(always)]
    fn run<L: SimdLevel>(self, _: L) -> f64 {
        let [a, b] = &self.component.samples;
        sse::sse([a, b], self.component.same, self.rows, &mut self.scratch.sse)
    }
}
