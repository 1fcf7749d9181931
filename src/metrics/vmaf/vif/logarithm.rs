// SPDX-License-Identifier: MPL-2.0

//! Logarithms in units of 1/2048.
//!
//! libvmaf's `integer_vif` (Copyright 2016-2026 Netflix, Inc., BSD-2-Clause-Patent, `models/vmaf/LICENSE`) has a table
//! of log₂ of 2¹⁵ to 2¹⁶, computed in single precision and rounded to 1/2048. A table of that size does not fit the
//! first-level cache. The values computed here are identical to it for every entry.

use crate::simd::{LANES, SimdLevel};

/// Centers of the eight parts into which 2¹⁵ to 2¹⁶ is divided: their reciprocals and logarithms.
struct Centers {
    reciprocals: [f32; 8],
    /// The fractional part of the logarithm, plus [`BELOW`].
    fractions: [f32; 8],
    /// The integer part of the logarithm, less the bits of [`ROUNDING`].
    wholes: [i32; 8],
}

/// 2048 · log₂ of the centers, 34816, 38912 and so on: the nearest integer, and the remainder.
const LOGARITHMS: [(i32, f64); 8] = [
    (30_899, 0.123_898_881),
    (31_228, -0.244_452_468),
    (31_523, 0.466_081_851),
    (31_792, 0.254_886_005),
    (32_039, -0.382_523_341),
    (32_266, 0.009_604_431),
    (32_477, 0.145_078_021),
    (32_674, 0.194_043_672),
];

/// In single precision, logarithms of that size have steps of 1/512 of a unit. Half a step below the middle between two
/// units, the table therefore already has the upper one.
const BELOW: f64 = 1.0 / 1024.0;

/// Adding it to a small number leaves the rounded number in the lowest bits.
const ROUNDING: f32 = 12_582_912.0;

/// 2048 · log₂(1 + u) / u for |u| ≤ 1/17, within 5e-5 of a unit.
const SERIES: [f32; 4] = [2954.6387, -1477.3179, 986.9293, -740.7956];

static CENTERS: Centers = {
    let mut centers = Centers { reciprocals: [0.0; 8], fractions: [0.0; 8], wholes: [0; 8] };
    let mut part = 0;
    while part < 8 {
        let (whole, fraction) = LOGARITHMS[part];
        centers.reciprocals[part] = (1.0 / (34_816 + 4096 * part) as f64) as f32;
        centers.fractions[part] = (fraction + BELOW) as f32;
        centers.wholes[part] = whole - ROUNDING.to_bits() as i32;
        part += 1;
    }
    centers
};

/// log₂ of unsigned numbers from 2¹⁶ on, using their first 16 bits, in units of 1/2048.
#[inline(always)]
pub fn logarithms<L: SimdLevel>(level: L, numbers: &[i32; LANES]) -> [i32; LANES] {
    let [mut shifts, mut parts] = [[0i32; LANES]; 2];
    let mut places = [0f32; LANES];
    for lane in 0..LANES {
        // How many bits a number has beyond 16. Computed from half of it, without the bit after the first one, so that
        // it is not rounded up to the next power of two.
        let half = (numbers[lane] as u32 >> 1) as i32;
        let exponent = ((half & !(half >> 1)) as f32).to_bits() >> 23;
        shifts[lane] = (exponent as i32 - 141) & 31;
        let first = (numbers[lane] as u32 >> shifts[lane]) as i32 & 0x7fff;
        parts[lane] = first >> 12;
        places[lane] = ((first & 0xfff) - 0x800) as f32;
    }
    let reciprocals = level.pick(&CENTERS.reciprocals, &parts);
    let fractions = level.pick(&CENTERS.fractions, &parts);
    let wholes = level.pick(&CENTERS.wholes, &parts);
    let mut found = [0; LANES];
    for lane in 0..LANES {
        // Not fused, so that every processor gives the same result.
        let u = places[lane] * reciprocals[lane];
        let series = ((SERIES[3] * u + SERIES[2]) * u + SERIES[1]) * u + SERIES[0];
        let rounded = (series * u + fractions[lane]) + ROUNDING;
        found[lane] = (rounded.to_bits() as i32).wrapping_add(wholes[lane]) + 2048 * shifts[lane];
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::{Kernel, Level};

    struct Run<'a>(&'a [i32; LANES]);

    impl Kernel for Run<'_> {
        type Output = [i32; LANES];

        #[inline(always)]
        fn run<L: SimdLevel>(self, level: L) -> [i32; LANES] {
            logarithms(level, self.0)
        }
    }

    /// Every 16-bit number with the first bit set, and longer ones, at every level.
    #[test]
    fn each_is_that_of_libvmafs_table() {
        let entry = |number: u32| (f64::from(number).log2() as f32 * 2048.0).round() as i32;
        for level in Level::all() {
            for shift in 1..=16u32 {
                for first in ((1 << 15)..(1 << 16)).step_by(LANES) {
                    let bits = |lane: usize| first + lane as u32;
                    // The truncated bits are all set, or all clear.
                    let cut = |lane: usize| if lane.is_multiple_of(2) { 0 } else { (1u32 << shift) - 1 };
                    let numbers = std::array::from_fn(|lane| (bits(lane) << shift | cut(lane)) as i32);
                    let expected: [i32; LANES] = std::array::from_fn(|lane| entry(bits(lane)) + 2048 * shift as i32);
                    let found = level.run_whole(Run(&numbers));
                    assert_eq!(found, expected, "{}, {first} << {shift}", level.name());
                }
            }
        }
    }

    #[test]
    fn centers_have_the_stated_logarithms() {
        for (part, (whole, fraction)) in LOGARITHMS.into_iter().enumerate() {
            let logarithm = 2048.0 * f64::from(34_816 + 4096 * part as u32).log2();
            assert_eq!(whole, logarithm.round() as i32);
            assert!((fraction - (logarithm - logarithm.round())).abs() < 1e-8, "{part}: {logarithm}");
        }
    }
}
