// SPDX-License-Identifier: MPL-2.0

//! From the moments of windows to information: logarithms in units of 1/2048.
//!
//! The arithmetic is that of libvmaf's `integer_vif`: Copyright 2016-2026 Netflix, Inc., BSD-2-Clause-Patent
//! (`models/vmaf/LICENSE`).

use std::ops::Add;
use std::sync::LazyLock;

use crate::simd::{LANES, SimdLevel, whole_number};

/// The variance of the noise of sight, 2, as everything here with 16 bits behind the point.
const NOISE: i32 = 2 << 16;

/// log₂ of 2¹⁵ to 2¹⁶, rounded to 1/2048.
type Table = [u16; (1 << 15) + 1];

static LOGARITHMS: LazyLock<Box<Table>> = LazyLock::new(|| {
    let mut table = Box::new([0; (1 << 15) + 1]);
    for (number, logarithm) in (1u32 << 15..).zip(table.iter_mut()) {
        // In f32, as libvmaf has it.
        *logarithm = (f64::from(number).log2() as f32 * 2048.0).round() as u16;
    }
    table
});

/// What is known of 16 windows of the reference: means, and variances with 16 bits behind the point.
pub struct Windows {
    pub means: [u32; LANES],
    pub variances: [i32; LANES],
}

impl Windows {
    /// `squares` are means of squares.
    #[inline(always)]
    pub fn new(means: [u32; LANES], squares: &[u32; LANES]) -> Self {
        Self { variances: spread(squares, &means, &means), means }
    }
}

/// −1 where a window counts, and where it has texture.
struct Masks {
    counted: [i32; LANES],
    textured: [i32; LANES],
    /// Whether any has texture.
    any: bool,
}

impl Masks {
    #[inline(always)]
    fn new(reference: &Windows, inside: usize) -> Self {
        let (mut counted, mut textured) = ([0i32; LANES], [0i32; LANES]);
        let mut any = 0;
        for lane in 0..LANES {
            counted[lane] = -i32::from(lane < inside);
            textured[lane] = counted[lane] & -i32::from(reference.variances[lane] >= NOISE);
            any |= textured[lane];
        }
        Self { counted, textured, any: any != 0 }
    }
}

/// Sums over some windows, lane by lane.
pub struct Statistics {
    table: &'static Table,
    numerator: [i32; LANES],
    denominator: [i32; LANES],
    /// Variances of the distorted picture where the reference is flat, and how many windows these are.
    flat: [u64; LANES],
    flats: [i32; LANES],
}

impl Default for Statistics {
    fn default() -> Self {
        Self { table: &LOGARITHMS, numerator: [0; LANES], denominator: [0; LANES], flat: [0; LANES], flats: [0; LANES] }
    }
}

impl Statistics {
    /// Adds what the reference alone gives of the first `inside` windows.
    #[inline(always)]
    pub fn add_reference<L: SimdLevel>(&mut self, level: L, reference: &Windows, inside: usize) {
        let Masks { counted, textured, any } = Masks::new(reference, inside);
        for lane in 0..LANES {
            self.flats[lane] -= counted[lane] & !textured[lane];
        }
        if any {
            let mut own = [0; LANES];
            for (own, variance) in own.iter_mut().zip(&reference.variances) {
                *own = (*variance).max(NOISE) + NOISE;
            }
            let own = self.logarithms(level, &own);
            for lane in 0..LANES {
                self.denominator[lane] += textured[lane] & (own[lane] - 2048 * 17);
            }
        }
    }

    /// Adds what the distorted picture gives beside the reference, of the first `inside` windows. `products` are means: of
    /// the distorted picture with itself, and of both.
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
        let distorted = positive(&spread(products[0], means, means));
        let both = positive(&spread(products[1], &reference.means, means));
        let Masks { counted, textured, any } = Masks::new(reference, inside);
        for lane in 0..LANES {
            self.flat[lane] += (distorted[lane] & counted[lane] & !textured[lane]) as u64;
        }
        if any {
            self.add_textured(level, &reference.variances, &distorted, &both, &textured, limit);
        }
    }

    /// Adds what windows give in which the reference has some texture.
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
        let noise = self.logarithms(level, &noise);
        let signal = self.logarithms(level, &signal);
        for lane in 0..LANES {
            let related = textured[lane] & -i32::from((both[lane] > 0) & (distorted[lane] > 0));
            self.numerator[lane] += related & (signal[lane] - noise[lane]);
        }
    }

    /// log₂ of unsigned numbers from 2¹⁶ on, in units of 1/2048.
    #[inline(always)]
    fn logarithms<L: SimdLevel>(&self, level: L, numbers: &[i32; LANES]) -> [i32; LANES] {
        let (mut shifts, mut indices) = ([0u32; LANES], [0i32; LANES]);
        for lane in 0..LANES {
            shifts[lane] = 16u32.wrapping_sub(numbers[lane].leading_zeros()) & 31;
            indices[lane] = (numbers[lane] as u32 >> shifts[lane]) as i32 & 0x7fff;
        }
        let mut found = level.look_up(self.table, &indices);
        for lane in 0..LANES {
            found[lane] += 2048 * shifts[lane] as i32;
        }
        found
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
fn spread(product: &[u32; LANES], a: &[u32; LANES], b: &[u32; LANES]) -> [i32; LANES] {
    let mut out = [0; LANES];
    for lane in 0..LANES {
        let means = (u64::from(a[lane]) * u64::from(b[lane]) + (1 << 31)) >> 32;
        out[lane] = product[lane].wrapping_sub(means as u32) as i32;
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
    /// Information in the distorted picture over that in the reference.
    pub fn vif(&self) -> f64 {
        let flats = self.flats as f64;
        let numerator = self.numerator as f64 / 2048.0 + (flats - self.flat as f64 / 16384.0 / 65025.0);
        let denominator = self.denominator as f64 / 2048.0 + flats;
        f64::from(numerator as f32 / denominator as f32)
    }
}
