// SPDX-License-Identifier: MPL-2.0

//! SpEED-chroma: the difference in spatial entropy of the chroma planes.
//!
//! Bampis, Gupta, Soundararajan and Bovik, "SpEED-QA: Spatial Efficient Entropic Differencing for Image and Video
//! Quality", IEEE Signal Processing Letters 24(9), 2017, as in libvmaf's `speed_chroma`: Copyright 2016-2026 Netflix,
//! Inc., BSD-2-Clause-Patent (`models/vmaf/LICENSE`). A plane is reduced to a sixteenth of its size, and its local mean
//! is subtracted ([`reduce`]); its 5×5 blocks are described by a common covariance and a variance each ([`texture`]);
//! the entropies of blocks are compared ([`score`]).
//!
//! libvmaf computes this in single precision and loses half of the digits. So every operation here has the same
//! precision and order as there, except for sums in f64, whose order does not affect the result.

mod eigenvalues;
mod linear;
mod reduce;
mod score;
mod texture;

use super::plane;
use crate::metrics::pair::Component;
use crate::metrics::samples::Samples;
use crate::metrics::workers::Workers;
use reduce::{Reduced, Reduction};
use texture::{Look, Texture};

/// The side of a block, in samples.
const BLOCK: usize = 5;
/// Samples in a block.
const ELEMENTS: usize = BLOCK * BLOCK;
/// The covariance of each sample of a block with each other.
type Matrix = [[f32; ELEMENTS]; ELEMENTS];

/// Options of SpEED.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SpeedOptions {
    /// The factor by which planes are scaled first.
    pub scale: f64,
    /// Standard deviation of the neural noise.
    pub noise: f64,
    /// The fraction of the noise by which a block must exceed it to be visible.
    pub noise_floor: f64,
    /// The greatest difference that counts.
    pub most: f64,
}

/// Memory that is kept from pair to pair.
#[derive(Default)]
pub struct Speed {
    reduction: Option<Reduction>,
    /// Cb and Cr of the reference, then Cb and Cr of the distorted picture.
    reduced: [Reduced; 4],
}

impl Speed {
    /// The least width and height of chroma planes.
    pub fn least(options: &SpeedOptions) -> usize {
        Reduction::least(options.scale)
    }

    /// The difference of Cb and Cr, whose samples have `depth` bits, within planes of that size; samples beyond it are
    /// ignored. 0 if planes are smaller than the [least](Self::least) size.
    pub fn measure(
        &mut self,
        workers: &Workers,
        chroma: [&Component<'_>; 2],
        size: [usize; 2],
        depth: u8,
        options: &SpeedOptions,
    ) -> f64 {
        if self.reduction.as_ref().is_none_or(|reduction| !reduction.is_for(size, options.scale)) {
            self.reduction = Reduction::new(size, options.scale);
        }
        let Some(reduction) = &self.reduction else { return 0.0 };
        let planes: Vec<_> = self.reduced.iter_mut().collect();
        let textures = workers.over(planes, 4 * size[0] * size[1], |index, reduced, _| {
            let (side, channel) = (index / 2, chroma[index % 2]);
            let peak = plane::peak(channel, depth);
            reduction.reduce(|y, row| load(&channel.samples[side], peak, depth, y, row), reduced);
            workers.level.run(Look { picture: reduced, noise: options.noise as f32 })
        });
        let [cb, cr] = [0, 1].map(|channel| {
            let textures: [&Texture; 2] = [&textures[channel], &textures[channel + 2]];
            let all_regular = textures.iter().all(|texture| texture.regular);
            (f64::from(score::difference(textures, options)), all_regular)
        });
        let both = match (cb, cr) {
            // A flat plane has no result: the other plane's stands for both.
            ((cb, true), (_, false)) => cb,
            ((_, false), (cr, true)) => cr,
            ((cb, _), (cr, _)) => (cb + cr) / 2.0,
        };
        both.min(options.most)
    }
}

/// Loads a row of samples in units of 8 bits, less the middle of their range.
fn load(samples: &Samples<'_>, peak: Option<f32>, depth: u8, y: usize, out: &mut [f32]) {
    let step = f32::from(1u16 << (depth - 8));
    plane::load(samples, peak, y, out, |sample| sample as f32 / step - 128.0);
}
