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
//! picture does not count.

mod coarse;
mod fine;
mod kept;
mod region;
mod rows;
mod scale;
mod sensitivity;
mod wavelet;

pub use rows::Scratch;

use super::plane::Plane;
use crate::metrics::workers::Workers;
use kept::{Kept, KeptRows};
use rows::{Both, Distorted};
use scale::{Low, Picture, Scale};

/// How many scales there are.
pub const SCALES: usize = 4;

/// Memory for the low-pass bands, kept from pair to pair.
#[derive(Default)]
pub struct Adm {
    bands: [[Low; 2]; SCALES - 1],
}

/// What is found at a scale, as libvmaf has it: f32.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Detail {
    /// Detail that is left.
    pub left: f32,
    /// Detail of the reference.
    pub whole: f32,
}

/// What the reference alone gives, for every distorted picture that is compared with it.
pub struct Reference {
    fine: Kept<i16>,
    coarse: [Kept<i32>; SCALES - 1],
}

impl Adm {
    /// Detail of the four scales; `limit` is the largest gain that counts. With what is known of the reference, its half of
    /// the work is not done again.
    pub fn measure(
        &mut self,
        workers: &Workers,
        pictures: [&Plane; 2],
        known: Option<&Reference>,
        depth: u8,
        limit: f64,
    ) -> [Detail; SCALES] {
        std::array::from_fn(|scale| {
            let (done, next) = self.bands.split_at_mut(scale);
            let next = next.first_mut().map(|[reference, distorted]| [Some(reference), Some(distorted)]);
            let mut low = next.unwrap_or_default();
            if known.is_some() {
                low[0] = None;
            }
            let to = Scale { scale, depth, limit, low };
            // Of the reference's bands nothing is read where its detail is known.
            let (size, sums) = match (done.last(), known) {
                (None, None) => {
                    let sums = scale::fine::<Both>(workers, pictures, to, std::iter::repeat_with(|| KeptRows::None));
                    (Picture::Samples(pictures[0]).size(), sums)
                }
                (None, Some(Reference { fine, .. })) => {
                    let sums = scale::fine::<Distorted>(workers, [pictures[1]; 2], to, fine.read());
                    (Picture::Samples(pictures[1]).size(), sums + fine.sums)
                }
                (Some([a, b]), None) => {
                    let sums = scale::coarse::<Both>(workers, [a, b], to, std::iter::repeat_with(|| KeptRows::None));
                    (Picture::Band(a).size(), sums)
                }
                (Some([_, b]), Some(Reference { coarse, .. })) => {
                    let known = &coarse[scale - 1];
                    let sums = scale::coarse::<Distorted>(workers, [b; 2], to, known.read());
                    (Picture::Band(b).size(), sums + known.sums)
                }
            };
            scale::detail(scale, size, &sums)
        })
    }
}

impl Reference {
    /// Of a picture with samples of `depth` bits.
    pub fn new(workers: &Workers, picture: &Plane, depth: u8) -> Self {
        let mut bands: [Low; SCALES - 1] = Default::default();
        // What limits gains has no say in the reference's half.
        let mut fine = Kept::new(Picture::Samples(picture).size());
        let to = Scale { scale: 0, depth, limit: 1.0, low: [bands.first_mut(), None] };
        fine.sums = scale::fine::<rows::Reference>(workers, [picture; 2], to, fine.write());
        let coarse = std::array::from_fn(|index| {
            let (done, next) = bands.split_at_mut(index + 1);
            let low = &done[index];
            let mut kept = Kept::new(Picture::Band(low).size());
            let to = Scale { scale: index + 1, depth, limit: 1.0, low: [next.first_mut(), None] };
            kept.sums = scale::coarse::<rows::Reference>(workers, [low; 2], to, kept.write());
            kept
        });
        Self { fine, coarse }
    }

    /// Bytes that it holds.
    pub fn bytes(&self) -> usize {
        self.fine.bytes() + self.coarse.iter().map(Kept::bytes).sum::<usize>()
    }
}

/// ADM of a picture of so many pixels: the detail that is left over that of the reference. 1 where there is none.
pub fn adm(scales: &[Detail; SCALES], pixels: usize) -> f64 {
    let least = 1e-10 * pixels as f64 / (1920.0 * 1080.0);
    let sum = |of: fn(&Detail) -> f32| {
        let sum: f64 = scales.iter().map(|scale| f64::from(of(scale))).sum();
        if sum < least { 0.0 } else { sum }
    };
    let (left, whole) = (sum(|scale| scale.left), sum(|scale| scale.whole));
    if whole == 0.0 { 1.0 } else { left / whole }
}
