// SPDX-License-Identifier: MPL-2.0

//! The features of a pair that do not depend on the next ones.

use super::adm::{self, Adm};
use super::model::{Features, Wanted};
use super::motion;
use super::plane::Plane;
use super::speed::Speed;
use super::vif::Vif;
use crate::metrics::cambi::Cambi;
use crate::metrics::pair::Component;
use crate::metrics::workers::Workers;

/// Memory for a stream's pictures, and the references of the pairs before.
pub struct Extractor {
    wanted: Wanted,
    /// The reference, the one before it and the one before that.
    references: [Plane; 3],
    distorted: Plane,
    vif: Vif,
    adm: Adm,
    speed: Speed,
    cambi: Option<Cambi>,
    /// What the pair before had: size and depth. Pairs that differ do not follow each other.
    before: Option<[usize; 3]>,
    /// Pairs of this sequence so far.
    count: usize,
}

/// What is known of a pair when it is measured.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Extracted {
    /// All but motion.
    pub features: Features,
    /// The pair does not follow the one before.
    pub first: bool,
    /// How much the reference differs from the one [`lag`](super::window::MotionOptions::lag) pictures before; `None`
    /// for the first pairs of a sequence.
    pub difference: Option<f64>,
}

impl Extractor {
    pub fn new(wanted: Wanted) -> Self {
        Self {
            wanted,
            references: Default::default(),
            distorted: Plane::default(),
            vif: Vif::default(),
            adm: Adm::default(),
            speed: Speed::default(),
            cambi: wanted.cambi.map(Cambi::new),
            before: None,
            count: 0,
        }
    }

    /// The features of a pair of `depth` bits by its components: luma and, where the model looks at them, Cb and Cr.
    pub fn extract(&mut self, workers: &Workers, components: &[Component<'_>], depth: u8) -> Extracted {
        let (wanted, luma) = (&self.wanted, &components[0]);
        let size @ [width, height] = [luma.samples[0].width(), luma.samples[0].height()];
        let lag = wanted.motion.lag();
        self.references[..=lag].rotate_right(1);
        let (reference, distorted) = (&mut self.references[0], &mut self.distorted);
        reference.resize(width, height);
        distorted.resize(width, height);
        Plane::fill([reference, distorted], workers, luma, depth);
        let shape = Some([width, height, usize::from(depth)]);
        if std::mem::replace(&mut self.before, shape) != shape {
            self.count = 0;
        }
        let (reference, distorted) = (&self.references[0], &self.distorted);
        let pictures = [reference, distorted];
        let difference =
            (self.count >= lag).then(|| motion::difference(workers, [&self.references[lag], reference], depth));
        let mut features = Features::default();
        if let Some(limits) = wanted.vif {
            features.vif = self.vif.measure(workers, pictures, depth, limits);
        }
        if let Some(options) = &wanted.adm {
            let detail = self.adm.measure(workers, pictures, depth, options);
            let [left, added] = adm::adm(&detail, width * height);
            features.adm2 = left;
            features.adm3 = options.adm3(left, added);
        }
        if let (Some(options), [_, cb, cr, ..]) = (&wanted.speed, components) {
            features.speed_chroma = self.speed.measure(workers, [cb, cr], chroma_size(size, cb), depth, options);
        }
        if let Some(cambi) = &mut self.cambi {
            // Of the picture as it is stored: banding is not the same in samples of another depth.
            features.cambi = cambi.measure(workers, &luma.samples[1]);
        }
        self.count += 1;
        Extracted { features, first: self.count == 1, difference }
    }

    /// The next pair is the first of a sequence.
    pub fn restart(&mut self) {
        self.before = None;
    }
}

/// The part of a chroma plane that counts, beside luma of that size: libvmaf knows no half pixels, so that of odd sides
/// the last row and column do not count.
pub fn chroma_size([width, height]: [usize; 2], chroma: &Component<'_>) -> [usize; 2] {
    let side = |luma: usize, chroma: usize| luma / luma.div_ceil(chroma.max(1)).max(1);
    [side(width, chroma.samples[0].width()), side(height, chroma.samples[0].height())]
}
