// SPDX-License-Identifier: MPL-2.0

//! From the moments of windows to information: logarithms in units of 1/2048.
//!
//! The arithmetic is that of libvmaf's `integer_vif`: Copyright 2016-2026 Netflix, Inc., BSD-2-Clause-Patent
//! (`models/vmaf/LICENSE`).
#![expect(clippy::needless_range_loop, reason = "several arrays side by side, lane by lane")]

use std::ops::Add;

use super::logarithm::logarithms;
use crate::simd::{LANES, SimdLevel, whole_number};

/// The variance of the visual noise, 2, with 16 fractional bits like all values here.
const NOISE: i32 = 2 << 16;

/// Data of 16 windows of the reference: means, and variances with 16 fractional bits.
pub struct Windows {
    pub means: [u32; LANES],
    pub variances: [i32; LANES],
}

impl Windows {
    /// `squares` are means of squares.
    #[inline(always)]
    pub fn new<L: SimdLevel>(level: L, means: [u32; LANES], squares: &[u32; LANES]) -> Self {
        Self { variances: spread(level, squares, &means, &means), means }
    }
}

/// −1 in the first lanes, by their number.
static FIRST: [[i32; LANES]; LANES + 1] = {
    let mut first = [[0; LANES]; LANES + 1];
    let mut count = 0;
    while count <= LANES {
        let mut lane = 0;
        while lane < count {
            first[count][lane] = -1;
            lane += 1;
        }
        count += 1;
    }
    first
};

/// −1 where a window counts, with and without texture.
struct Masks {
    textured: [i32; LANES],
    flat: [i32; LANES],
    /// Whether any has texture, and whether any is flat.
    any_textured: bool,
    any_flat: bool,
}

impl Masks {
    #[inline(always)]
    fn new(reference: &Windows, inside: usize) -> Self {
        let counted = &FIRST[inside.min(LANES)];
        let [mut textured, mut flat] = [[0i32; LANES]; 2];
        let (mut any_textured, mut any_flat) = (0, 0);
        for lane in 0..LANES {
            let has_texture = -i32::from(reference.variances[lane] >= NOISE);
            textured[lane] = counted[lane] & has_texture;
            flat[lane] = counted[lane] & !has_texture;
            any_textured |= textured[lane];
            any_flat |= flat[lane];
        }
        Self { textured, flat, any_textured: any_textured != 0, any_flat: any_flat != 0 }
    }
}

/// Sums over some windows, lane by lane.
#[derive(Default)]
pub struct Statistics {
    numerator: [i32; LANES],
    denominator: [i32; LANES],
    /// Sums of the distorted picture's variances where the reference is flat, and the number of these windows.
    flat: [u64; LANES],
    flats: [i32; LANES],
}

impl Statistics {
    /// Adds the reference's part of the first `inside` windows.
    #[inline(always)]
    pub fn add_reference<L: SimdLevel>(&mut self, level: L, reference: &Windows, inside: usize) {
        let Masks { textured, flat, any_textured, .. } = Masks::new(reference, inside);
        for lane in 0..LANES {
            self.flats[lane] -= flat[lane];
        }
        if any_textured {
            let mut own = [0; LANES];
            for (own, variance) in own.iter_mut().zip(&reference.variances) {
                *own = (*variance).max(NOISE) + NOISE;
            }
            let own = logarithms(level, &own);
            for lane in 0..LANES {
                self.denominator[lane] += textured[lane] & (own[lane] - 2048 * 17);
            }
        }
    }

    /// Adds the distorted picture's part of the first `inside` windows. `products` are mean products: of the distorted
    /// picture with itself, and of both.
    #[inline(always)]
    pub fn add_distorted<L: SimdLevel>(
        &mut self,
        level: L,
        reference: &Windows,
        means: &[u32; LANES],
        products: [&[u32; LANES]; 2],
        inside: usize,
        limit: f64,
    ) {
        let distorted = positive(&spread(level, products[0], means, means));
        let Masks { textured, flat, any_textured, any_flat } = Masks::new(reference, inside);
        if any_flat {
            for lane in 0..LANES {
                self.flat[lane] += (distorted[lane] & flat[lane]) as u64;
            }
        }
        if any_textured {
            let both = positive(&spread(level, products[1], &reference.means, means));
            self.add_textured(level, &reference.variances, &distorted, &both, &textured, limit);
        }
    }

    /// Adds windows in which the reference has some texture.
    #[inline(always)]
    fn add_textured<L: SimdLevel>(
        &mut self,
        level: L,
        reference: &[i32; LANES],
        distorted: &[i32; LANES],
        both: &[i32; LANES],
        textured: &[i32; LANES],
        limit: f64,
    ) {
        let [mut noise, mut signal] = [[0i32; LANES]; 2];
        for lane in 0..LANES {
            let (variance, covariance) = (f64::from(reference[lane].max(NOISE)), f64::from(both[lane]));
            let gain = covariance / (variance + 65536.0 * 1e-10);
            let rest = f64::from(distorted[lane]) - gain * covariance;
            let gain = if gain < limit { gain } else { limit };
            let rest = if rest > 0.0 { rest } else { 0.0 };
            noise[lane] = whole_number(rest);
            signal[lane] = whole_number(gain * gain * variance);
        }
        for lane in 0..LANES {
            noise[lane] += NOISE;
            signal[lane] = signal[lane].wrapping_add(noise[lane]);
        }
        let noise = logarithms(level, &noise);
        let signal = logarithms(level, &signal);
        for lane in 0..LANES {
            let related = textured[lane] & -i32::from((both[lane] > 0) & (distorted[lane] > 0));
            self.numerator[lane] += related & (signal[lane] - noise[lane]);
        }
    }

    /// The sums of all lanes.
    pub fn sums(&self) -> Sums {
        let sum = |lanes: &[i32; LANES]| lanes.iter().map(|&lane| i64::from(lane)).sum();
        Sums {
            numerator: sum(&self.numerator),
            denominator: sum(&self.denominator),
            flat: self.flat.iter().sum::<u64>() as i64,
            flats: sum(&self.flats),
        }
    }
}

/// A mean product less the product of means: a variance or a covariance.
#[inline(always)]
fn spread<L: SimdLevel>(level: L, product: &[u32; LANES], a: &[u32; LANES], b: &[u32; LANES]) -> [i32; LANES] {
    let means = level.multiply_high(a, b);
    let mut out = [0; LANES];
    for lane in 0..LANES {
        out[lane] = product[lane].wrapping_sub(means[lane]) as i32;
    }
    out
}

#[inline(always)]
fn positive(numbers: &[i32; LANES]) -> [i32; LANES] {
    let mut out = [0; LANES];
    for lane in 0..LANES {
        out[lane] = numbers[lane].max(0);
    }
    out
}

/// Sums over windows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sums {
    numerator: i64,
    denominator: i64,
    flat: i64,
    flats: i64,
}

impl Add for Sums {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            numerator: self.numerator + other.numerator,
            denominator: self.denominator + other.denominator,
            flat: self.flat + other.flat,
            flats: self.flats + other.flats,
        }
    }
}

impl Sums {
    /// The information in the distorted picture relative to that in the reference.
    pub fn vif(&self) -> f64 {
        let flats = self.flats as f64;
        let numerator = self.numerator as f64 / 2048.0 + (flats - self.flat as f64 / 16384.0 / 65025.0);
        let denominator = self.denominator as f64 / 2048.0 + flats;
        f64::from(numerator as f32 / denominator as f32)
    }
}
