// SPDX-License-Identifier: MPL-2.0

//! The visibility of detail by scale and viewing distance.
//!
//! Watson et al. 1997 for luma, viewed from three times the height of a picture of 1080 rows; or libvmaf's blend of it
//! with Barten's contrast sensitivity ("Contrast Sensitivity of the Human Eye and Its Effects on Image Quality", 1999),
//! which exists for some distances only.
//!
//! The numbers, and where they are rounded, are those of libvmaf's `integer_adm`: Copyright 2016-2026 Netflix, Inc.,
//! BSD-2-Clause-Patent (`models/vmaf/LICENSE`).

use super::SCALES;

/// Pixels per degree of visual angle.
const RESOLUTION: f64 = 3.0 * 1080.0 * std::f64::consts::PI / 180.0;
/// Table IV, luma.
const A: f32 = 0.495;
const K: f32 = 0.466;
const F0: f32 = 0.401;
/// g for horizontal and vertical detail, and for diagonal detail.
const G: [f32; 2] = [1.0, 0.534];
/// Table V: amplitudes of the basis functions, in the same order.
const AMPLITUDES: [[f32; 2]; SCALES] = [[0.67234, 0.72709], [0.41317, 0.49428], [0.22727, 0.28688], [0.11792, 0.15214]];

/// libvmaf's blend: rows of the display, distance in picture heights, and the weights by scale of horizontal and
/// vertical, and of diagonal detail. 2160 rows at 1.5 heights have as many pixels per degree as 1080 at 3.
const BLENDS: [(u32, f64, [[f32; SCALES]; 2]); 4] = [
    (1080, 3.0, THREE_HEIGHTS),
    (2160, 1.5, THREE_HEIGHTS),
    (1080, 5.0, [[0.004212, 0.014809, 0.029642, 0.047464], [0.000984, 0.005852, 0.0146, 0.027574]]),
    (2160, 3.0, [[0.00226, 0.01183, 0.025026, 0.04295], [0.000479, 0.004302, 0.011778, 0.023918]]),
];
const THREE_HEIGHTS: [[f32; SCALES]; 2] =
    [[0.01183, 0.025026, 0.04295, 0.058621], [0.004302, 0.011778, 0.023918, 0.035901]];

/// The weights of every scale.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sensitivities {
    /// For horizontal and vertical detail, and for diagonal detail.
    scales: [[f32; SCALES]; 2],
    /// The weights of scale 0 as integers, scaled by 2²¹, the diagonal by 2²³.
    pub fine: [i32; 3],
}

impl Sensitivities {
    /// Watson's weights.
    pub fn watson() -> Self {
        let scales = [0, 1].map(|direction| std::array::from_fn(|scale| 1.0 / threshold(scale, direction)));
        // libvmaf's constants; they differ slightly from the formula.
        Self { scales, fine: [36453, 36453, 49417] }
    }

    /// libvmaf's blend for a display of that many rows and a distance in picture heights, if it exists.
    pub fn blend(rows: u32, distance: f64) -> Option<Self> {
        let (.., scales) = BLENDS.iter().find(|(height, heights, _)| *height == rows && *heights == distance)?;
        let [straight, diagonal] = [(scales[0][0], 21), (scales[1][0], 23)]
            .map(|(weight, bits)| (f64::from(weight) * f64::from(1 << bits)) as i32);
        Some(Self { scales: *scales, fine: [straight, straight, diagonal] })
    }

    pub fn at(&self, scale: usize) -> Sensitivity {
        let [straight, diagonal] = self.scales.map(|weights| weights[scale]);
        Sensitivity([straight, straight, diagonal])
    }
}

/// Weights of a scale's three kinds of detail: horizontal, vertical, diagonal.
#[derive(Debug, Clone, Copy)]
pub struct Sensitivity(pub [f32; 3]);

impl Sensitivity {
    /// The weights as integers, scaled by 2³².
    pub fn coarse(&self) -> [i64; 3] {
        self.0.map(|weight| (f64::from(weight) * 4_294_967_296.0) as i64)
    }
}

/// The just visible coefficient, in units of 8-bit samples: equation 9.
fn threshold(scale: usize, direction: usize) -> f32 {
    let frequency = f64::powi(2.0, scale as i32 + 1) * f64::from(F0) * f64::from(G[direction]);
    let logarithm = (frequency / f64::from(RESOLUTION as f32)).log10() as f32;
    let power = f64::powf(10.0, f64::from(K * logarithm * logarithm));
    (2.0 * f64::from(A) * power / f64::from(AMPLITUDES[scale][direction])) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    /// libvmaf's constants for scale 0 are close to its formula.
    #[test]
    fn the_finest_scale_matches_the_formula() {
        let watson = Sensitivities::watson();
        let Sensitivity([straight, _, diagonal]) = watson.at(0);
        assert!((straight * 2_097_152.0 - watson.fine[0] as f32).abs() < 4.0, "{straight}");
        assert!((diagonal * 8_388_608.0 - watson.fine[2] as f32).abs() < 4.0, "{diagonal}");
    }

    /// The products of the finest scale fit 32 bits: the coefficients have 16.
    #[test]
    fn blends_are_found_by_display_and_distance() {
        for (rows, distance, _) in BLENDS {
            let blend = Sensitivities::blend(rows, distance).unwrap();
            assert!(blend.fine.iter().all(|weight| (1..1 << 16).contains(weight)), "{blend:?}");
            // Coarser detail is more visible, more distant detail less.
            assert!(blend.scales.iter().flat_map(|weights| weights.windows(2)).all(|two| two[0] < two[1]));
        }
        assert_eq!(Sensitivities::blend(2160, 1.5), Sensitivities::blend(1080, 3.0));
        assert_eq!(Sensitivities::blend(1080, 4.0), None);
    }
}
