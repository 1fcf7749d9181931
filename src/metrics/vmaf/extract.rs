// SPDX-License-Identifier: MPL-2.0

//! The features of a pair that do not depend on the next one.

use super::adm::{self, Adm};
use super::model::{Features, Limits};
use super::motion;
use super::plane::Plane;
use super::vif::Vif;
use crate::metrics::pair::Component;
use crate::metrics::workers::Workers;

/// Memory for a stream's pictures, and the reference of the pair before.
#[derive(Default)]
pub struct Extractor {
    /// The reference, the distorted picture, and the reference before.
    planes: [Plane; 3],
    vif: Vif,
    adm: Adm,
    /// What the pair before had: size and depth. Pairs that differ do not follow each other.
    before: Option<[usize; 3]>,
}

/// What is known of a pair when it is measured.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Extracted {
    /// All but motion.
    pub features: Features,
    /// How much the reference differs from the one before; `None` for the first pair of a sequence.
    pub difference: Option<f64>,
}

impl Extractor {
    /// The features of a pair of luma components of `depth` bits.
    pub fn extract(&mut self, workers: &Workers, luma: &Component<'_>, depth: u8, limits: Limits) -> Extracted {
        let [width, height] = [luma.samples[0].width(), luma.samples[0].height()];
        let [reference, distorted, before] = &mut self.planes;
        std::mem::swap(reference, before);
        reference.resize(width, height);
        distorted.resize(width, height);
        Plane::fill([reference, distorted], workers, luma, depth);
        let shape = Some([width, height, usize::from(depth)]);
        let follows = std::mem::replace(&mut self.before, shape) == shape;
        let [reference, distorted, before] = &self.planes;
        let difference = follows.then(|| motion::difference(workers, [before, reference], depth));
        let pictures = [reference, distorted];
        let vif = self.vif.measure(workers, pictures, depth, limits.vif);
        let detail = self.adm.measure(workers, pictures, depth, limits.adm);
        let features = Features { adm2: adm::adm(&detail, width * height), motion2: 0.0, vif };
        Extracted { features, difference }
    }

    /// The next pair is the first of a sequence.
    pub fn restart(&mut self) {
        self.before = None;
    }
}
