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
mod region;
mod rows;
mod scale;
mod sensitivity;
mod wavelet;

pub use rows::Scratch;

use super::plane::Plane;
use crate::metrics::workers::Workers;
use scale::{Low, Picture};

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

impl Adm {
    /// Detail of the four scales; `limit` is the largest gain that counts.
    pub fn measure(&mut self, workers: &Workers, pictures: [&Plane; 2], depth: u8, limit: f64) -> [Detail; SCALES] {
        let mut found = [Detail::default(); SCALES];
        let [first, second, third] = &mut self.bands;
        let fine = Picture::Samples(pictures, u32::from(depth));
        found[0] = scale::measure(workers, &fine, 0, limit, Some(first));
        let [a, b] = &*first;
        found[1] = scale::measure(workers, &Picture::Bands([a, b]), 1, limit, Some(second));
        let [a, b] = &*second;
        found[2] = scale::measure(workers, &Picture::Bands([a, b]), 2, limit, Some(third));
        let [a, b] = &*third;
        found[3] = scale::measure(workers, &Picture::Bands([a, b]), 3, limit, None);
        found
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
