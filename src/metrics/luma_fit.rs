// SPDX-License-Identifier: MPL-2.0

//! The luma fit.

use super::field::Field;
use super::luma_pass::LumaRequest;
use super::measure::{Measure, Pass};
use super::measurements::Measurements;
use super::pair::MIDDLE;
use super::scale::{Scale, Source};

pub(super) static GAIN: Field = Field {
    name: "gain",
    range: None,
    unit: "",
    description: "the distorted luma's contrast: gain of the least-squares line over the reference's",
    rgb: true,
};
pub(super) static BIAS: Field = Field {
    name: "bias",
    range: None,
    unit: "8-bit samples",
    description: "the distorted luma's brightness: bias of the same line",
    rgb: true,
};

/// The line distorted ≈ gain · reference + bias.
pub(super) struct LumaFitMeasure;

impl Measure for LumaFitMeasure {
    fn request(&self, luma: Scale<'_>) -> LumaRequest {
        LumaRequest { fit: Some(start(luma)), ..LumaRequest::default() }
    }

    fn measure(&mut self, pass: &Pass<'_>, found: &mut Measurements) {
        let line = pass.sums.fit.line(pass.luma.pixels() as f64);
        let start = f64::from(start(pass.luma)) + MIDDLE;
        found.add(&GAIN, line.map(|(gain, _)| gain));
        found.add(&BIAS, line.map(|(gain, bias)| bias + start * (1.0 - gain)));
    }
}

/// The value subtracted from samples before summing: for f32, the reference's first sample, so that no precision is
/// lost where luma hardly varies; integers are summed unchanged.
fn start(luma: Scale<'_>) -> f32 {
    match luma.sources[0] {
        Source::Picture(_) if luma.stored.is_some() => -MIDDLE as f32,
        Source::Picture(picture) => {
            let mut row = vec![0.0; luma.width];
            picture.load(0, &mut row);
            row.first().copied().unwrap_or(0.0)
        }
        Source::Plane(plane) => plane.first().copied().unwrap_or(0.0),
    }
}
