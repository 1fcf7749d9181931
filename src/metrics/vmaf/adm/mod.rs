// SPDX-License-Identifier: MPL-2.0

//! The detail loss measure (ADM) at four scales, in whole numbers.
//!
//! Li, Zhang, Ma and Ngan, "Image quality assessment by separately evaluating detail losses and additive impairments",
//! IEEE Trans. Multimedia 13(5), 2011, with Watson, Yang, Solomon and Villasenor's visibility of wavelet coefficients
//! ("Visibility of wavelet quantization noise", IEEE Trans. Image Processing 6(8), 1997), in the arithmetic of libvmaf's
//! `integer_adm`: Copyright 2016-2026 Netflix, Inc., BSD-2-Clause-Patent (`models/vmaf/LICENSE`).
//!
//! Each scale is a wavelet transform of the picture's low-pass band before it. The distorted picture's detail is taken
//! apart into what is left of the reference's and what was added; what was added masks what is left. The outer tenth of a
//! picture does not count. ADM3 also counts what was added, which what is left masks (libvmaf's "AIM", the additive
//! impairment measure).

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

/// How many scales there are.
pub const SCALES: usize = 4;

/// Memory for the low-pass bands, kept from pair to pair.
#[derive(Default)]
pub struct Adm {
    bands: [[Low; 2]; SCALES - 1],
}

/// What the reference alone gives, for every distorted picture that is compared with it.
#[derive(Default)]
pub struct Reference {
    bands: [Low; SCALES - 1],
    kept: [Kept; SCALES],
}

/// How detail is measured.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AdmOptions {
    /// The largest gain that counts: an enhancement beyond it is no improvement.
    pub gain_limit: f64,
    /// The share of a coefficient that counts even where there is none.
    pub noise_weight: f64,
    pub sensitivities: Sensitivities,
    /// Also measures what was added.
    pub added: bool,
    /// The share of what is left in ADM3; the rest is that of what was added.
    pub left_weight: f64,
    /// The least ADM3.
    pub least: f64,
}

impl AdmOptions {
    /// ADM3 by the detail that is left and that was added, both over that of the reference.
    pub fn adm3(&self, left: f64, added: f64) -> f64 {
        (left * self.left_weight + (1.0 - added) * (1.0 - self.left_weight)).max(self.least)
    }
}

impl Default for AdmOptions {
    /// libvmaf's.
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

/// What is found at a scale, as libvmaf has it: f32.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Detail {
    /// Detail that is left.
    pub left: f32,
    /// Detail of the reference.
    pub whole: f32,
    /// Detail that was added, 0 where it is not measured.
    pub added: f32,
}

impl Adm {
    /// Detail of the four scales. With what is known of the reference, its half of the work is not done again.
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
                // The reference's are not made where it is known.
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
    /// Takes what a picture with samples of `depth` bits gives.
    pub fn fill(&mut self, workers: &Workers, picture: &Plane, depth: u8) {
        // How detail is weighted does not matter to the reference's half.
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

    /// Bytes that it holds.
    pub fn bytes(&self) -> usize {
        self.bands.iter().map(Low::bytes).chain(self.kept.iter().map(Kept::bytes)).sum()
    }
}

/// ADM of a picture of so many pixels: the detail that is left over that of the reference, 1 where there is none; and
/// the detail that was added over that of the reference, 0 where there is none.
pub fn adm(scales: &[Detail; SCALES], pixels: usize) -> [f64; 2] {
    let least = 1e-10 * pixels as f64 / (1920.0 * 1080.0);
    let sum = |of: fn(&Detail) -> f32| scales.iter().map(|scale| f64::from(of(scale))).sum::<f64>();
    let cut = |sum: f64| if sum < least { 0.0 } else { sum };
    let (left, whole) = (cut(sum(|scale| scale.left)), cut(sum(|scale| scale.whole)));
    if whole == 0.0 { [1.0, 0.0] } else { [left / whole, sum(|scale| scale.added) / whole] }
}
