// SPDX-License-Identifier: MPL-2.0

//! How well the detail of a scale is seen: Watson et al. 1997, for luma, seen from three times the height of a picture
//! of 1080 rows.
//!
//! The numbers, and where they are rounded, are those of libvmaf's `integer_adm`: Copyright 2016-2026 Netflix, Inc.,
//! BSD-2-Clause-Patent (`models/vmaf/LICENSE`).

/// Pixels to a degree of sight.
const RESOLUTION: f64 = 3.0 * 1080.0 * std::f64::consts::PI / 180.0;
/// Table IV, luma.
const A: f32 = 0.495;
const K: f32 = 0.466;
const F0: f32 = 0.401;
/// g of horizontal and vertical, and of diagonal detail.
const G: [f32; 2] = [1.0, 0.534];
/// Table V: amplitudes of the basis functions of the same.
const AMPLITUDES: [[f32; 2]; 4] = [[0.67234, 0.72709], [0.41317, 0.49428], [0.22727, 0.28688], [0.11792, 0.15214]];

/// Weights of a scale's three kinds of detail: horizontal, vertical, diagonal.
#[derive(Debug, Clone, Copy)]
pub struct Sensitivity(pub [f32; 3]);

impl Sensitivity {
    pub fn new(scale: usize) -> Self {
        let weight = |direction: usize| 1.0 / threshold(scale, direction);
        let [straight, diagonal] = [weight(0), weight(1)];
        Self([straight, straight, diagonal])
    }

    /// The same at scale 0 as whole numbers: 2²¹ and, of the diagonal, 2²³ times as large.
    pub const FINE: [i32; 3] = [36453, 36453, 49417];

    /// The same as whole numbers, 2³² times as large.
    pub fn coarse(&self) -> [i64; 3] {
        self.0.map(|weight| (f64::from(weight) * 4_294_967_296.0) as i64)
    }
}

/// The coefficient that can just be seen, in units of 8-bit samples: equation 9.
fn threshold(scale: usize, direction: usize) -> f32 {
    let frequency = f64::powi(2.0, scale as i32 + 1) * f64::from(F0) * f64::from(G[direction]);
    let logarithm = (frequency / f64::from(RESOLUTION as f32)).log10() as f32;
    let power = f64::powf(10.0, f64::from(K * logarithm * logarithm));
    (2.0 * f64::from(A) * power / f64::from(AMPLITUDES[scale][direction])) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    /// libvmaf's constants for scale 0 are near what its formula gives.
    #[test]
    fn the_finest_scale_is_that_of_the_formula() {
        let Sensitivity([straight, _, diagonal]) = Sensitivity::new(0);
        assert!((straight * 2_097_152.0 - Sensitivity::FINE[0] as f32).abs() < 4.0, "{straight}");
        assert!((diagonal * 8_388_608.0 - Sensitivity::FINE[2] as f32).abs() < 4.0, "{diagonal}");
    }
}
