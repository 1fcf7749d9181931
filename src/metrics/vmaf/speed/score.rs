// SPDX-License-Identifier: MPL-2.0

//! The difference of two pictures' textures.

use super::texture::Texture;
use super::{ELEMENTS, SpeedOptions};

/// The mean difference of the blocks' entropies, each weighted by variance as with libvmaf's `speed_weight_var_mode` 5:
/// the variance for the distorted picture is three quarters of the reference's and a quarter of its own. 0 if one of
/// the two covariances has no inverse.
pub fn difference([reference, distorted]: [&Texture; 2], options: &SpeedOptions) -> f32 {
    if reference.regular != distorted.regular {
        return 0.0;
    }
    let unseen = unseen(options);
    let mut sum = 0.0f32;
    for block in 0..reference.entropies.len() {
        let [own, theirs] = [reference.entropies[block], distorted.entropies[block]];
        // Nothing is visible if both are below the neural noise.
        if own < unseen && theirs < unseen {
            continue;
        }
        let variances = [reference.variances[block], distorted.variances[block]];
        let mixed = 0.75 * f64::from(variances[0]) + 0.25 * f64::from(variances[1]);
        let own = (f64::from(own) * f64::from(1.0 + variances[0]).log2()) as f32;
        let theirs = (f64::from(theirs) * (1.0 + mixed).log2()) as f32;
        sum += (own - theirs).abs();
    }
    sum / reference.entropies.len() as f32
}

/// The entropy of a block of neural noise alone, plus the floor.
fn unseen(options: &SpeedOptions) -> f32 {
    let (noise, floor) = (options.noise as f32, options.noise_floor as f32);
    let constant = (2.0 * std::f64::consts::PI * std::f64::consts::E).log2();
    (ELEMENTS as f64 * (f64::from((1.0 + floor) * noise).log2() + constant)) as f32
}
