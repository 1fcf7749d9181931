// SPDX-License-Identifier: MPL-2.0

//! The detail loss measure (ADM) at four scales, in integers.
//!
//! Li, Zhang, Ma and Ngan, "Image quality assessment by separately evaluating detail losses and additive impairments",
//! IEEE Trans. Multimedia 13(5), 2011, with Watson, Yang, Solomon and Villasenor's visibility of wavelet coefficients
//! ("Visibility of wavelet quantization noise", IEEE Trans. Image Processing 6(8), 1997), in the arithmetic of
//! libvmaf's `integer_adm`: Copyright 2016-2026 Netflix, Inc., BSD-2-Clause-Patent (`models/vmaf/LICENSE`).
//!
//! Each scale is a wavelet transform of the low-pass band of the scale before. The distorted picture's detail is split
//! into restored detail (what is left of the reference's; `left` in the code) and added detail, which masks the former.
//! The outer tenth of a picture does not count. ADM3 also measures added detail, masked by restored detail (libvmaf's
//! "AIM", the additive impairment measure).

mod coarse;
mod fine;
mod kept;
mod region;
mod rows;
mod scale;
mod sensitivity;
mod wavelet;

pub use rows::Scratch;
pub use sensitivity::Sensitivities;

use super::plane::Plane;
use super::sides::{self, Both, Distorted};
use crate::metrics::workers::Workers;
use kept::Kept;
use scale::{Low, Picture, Scale};

/// The number of scales.
pub const SCALES: usize = 4;

/// Memory for the low-pass bands, kept from pair to pair.
#[derive(Default)]
pub struct Adm {
    bands: [[Low; 2]; SCALES - 1],
}

/// What is computed from the reference alone, for all distorted pictures that are compared with it.
#[derive(Default)]
pub struct Reference {
    bands: [Low; SCALES - 1],
    kept: [Kept; SCALES],
}

/// Options of ADM.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AdmOptions {
    /// The greatest gain that counts: enhancement beyond it is no improvement.
    pub gain_limit: f64,
    /// The share of a coefficient that counts even without detail.
    pub noise_weight: f64,
    pub sensitivities: Sensitivities,
    /// Whether to measure added detail too.
    pub added: bool,
    /// The weight of restored detail in ADM3; the rest is that of added detail.
    pub left_weight: f64,
    /// Lower limit of ADM3.
    pub least: f64,
}

impl AdmOptions {
    /// ADM3 from restored and added detail, both relative to the reference's.
    pub fn adm3(&self, left: f64, added: f64) -> f64 {
        (left * self.left_weight + (1.0 - added) * (1.0 - self.left_weight)).max(self.least)
    }
}

impl Default for AdmOptions {
    /// libvmaf's defaults.
    fn default() -> Self {
        Self {
            gain_limit: 100.0,
            noise_weight: 1.0 / 32.0,
            sensitivities: Sensitivities::watson(),
            added: false,
            left_weight: 0.5,
            least: 0.0,
        }
    }
}

/// The detail at a scale; f32, as in libvmaf.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Detail {
    /// Restored detail.
    pub left: f32,
    /// Detail of the reference.
    pub whole: f32,
    /// Added detail; 0 if it is not measured.
    pub added: f32,
}

impl Adm {
    /// The detail of the four scales. With `known` data of the reference, its half of the work is skipped.
    pub fn measure(
        &mut self,
        workers: &Workers,
        pictures: [&Plane; 2],
        known: Option<&Reference>,
        depth: u8,
        options: &AdmOptions,
    ) -> [Detail; SCALES] {
        std::array::from_fn(|index| {
            let (done, next) = self.bands.split_at_mut(index);
            let picture = match done.last() {
                None => Picture::Samples(pictures, u32::from(depth)),
                // The reference's bands are not computed if they are known.
                Some([own, distorted]) => Picture::Bands([if known.is_some() { distorted } else { own }, distorted]),
            };
            let [own, distorted] = next.first_mut().map(|[a, b]| [Some(a), Some(b)]).unwrap_or_default();
            let scale = Scale::new(&picture, index, options);
            let sums = match known {
                None => scale.measure::<Both>(workers, &picture, [own, distorted], kept::nothing()),
                Some(known) => {
                    let kept = &known.kept[index];
                    scale.measure::<Distorted>(workers, &picture, [None, distorted], kept.read()) + kept.sums
                }
            };
            scale.detail(&sums)
        })
    }
}

impl Reference {
    /// Computes the data of a picture whose samples have `depth` bits.
    pub fn fill(&mut self, workers: &Workers, picture: &Plane, depth: u8) {
        // The options do not affect the reference's half.
        let options = AdmOptions::default();
        for (index, kept) in self.kept.iter_mut().enumerate() {
            let (done, next) = self.bands.split_at_mut(index);
            let picture = match done.last() {
                None => Picture::Samples([picture; 2], u32::from(depth)),
                Some(low) => Picture::Bands([low; 2]),
            };
            let scale = Scale::new(&picture, index, &options);
            let low = [next.first_mut(), None];
            kept.sums = scale.measure::<sides::Reference>(workers, &picture, low, kept.write(scale.bands()));
        }
    }

    /// Size in bytes.
    pub fn bytes(&self) -> usize {
        self.bands.iter().map(Low::bytes).chain(self.kept.iter().map(Kept::bytes)).sum()
    }
}

/// ADM of a picture of that many pixels: restored detail relative to the reference's, 1 if there is none; and added
/// detail relative to the reference's, 0 if there is none.
pub fn adm(scales: &[Detail; SCALES], pixels: usize) -> [f64; 2] {
    let least = 1e-10 * pixels as f64 / (1920.0 * 1080.0);
    let sum = |of: fn(&Detail) -> f32| scales.iter().map(|scale| f64::from(of(scale))).sum::<f64>();
    let cut = |sum: f64| if sum < least { 0.0 } else { sum };
    let (left, whole) = (cut(sum(|scale| scale.left)), cut(sum(|scale| scale.whole)));
    if whole == 0.0 { [1.0, 0.0] } else { [left / whole, sum(|scale| scale.added) / whole] }
}
