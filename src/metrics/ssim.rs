// SPDX-License-Identifier: MPL-2.0

//! SSIM.

use super::field::Field;
use super::luma_pass::{LumaRequest, Windows};
use super::measure::{Measure, Pass};
use super::measurements::Measurements;
use super::scale::Scale;
use super::ssim_window::{WINDOW, windows};
use super::trapezoid;

pub(super) static SSIM: Field =
    Field { name: "ssim", range: Some([-1.0, 1.0]), unit: "", description: "structural similarity of luma", rgb: true };

/// Structural similarity.
pub(super) struct SsimMeasure;

/// The windows over which SSIM is averaged, if the pictures have any. Neither other measures nor the processor affect
/// the choice.
fn which(luma: Scale<'_>) -> Option<Windows> {
    let every_second = luma.stored.is_some() && trapezoid::applies(luma.width, luma.height);
    let windows = if every_second { Windows::EverySecond } else { Windows::All };
    (luma.shorter_side() >= WINDOW).then_some(windows)
}

impl Measure for SsimMeasure {
    fn request(&self, luma: Scale<'_>) -> LumaRequest {
        LumaRequest { ssim: which(luma), ..LumaRequest::default() }
    }

    fn measure(&mut self, pass: &Pass<'_>, found: &mut Measurements) {
        let count = (windows(pass.luma.width) * windows(pass.luma.height)) as f64;
        // Rounding must not make equal pictures differ.
        let mean = if pass.equal() { 1.0 } else { pass.sums.windows.ssim / count };
        found.add(&SSIM, which(pass.luma).map(|_| mean));
    }
}
