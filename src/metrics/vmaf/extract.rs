// SPDX-License-Identifier: MPL-2.0

//! The features of a pair that do not depend on the next one.

use std::sync::Arc;

use super::adm::{self, Adm};
use super::model::{Features, Limits};
use super::motion;
use super::plane::Plane;
use super::vif::{self, Vif};
use crate::metrics::pair::Component;
use crate::metrics::reference::SharedReference;
use crate::metrics::workers::Workers;

/// Memory for a stream's pictures, and the reference of the pair before.
#[derive(Default)]
pub struct Extractor {
    reference: Arc<Plane>,
    distorted: Plane,
    vif: Vif,
    adm: Adm,
    before: Arc<Plane>,
    /// What the pair before had.
    shape: Option<Shape>,
}

/// What a pair's reference is. Pairs whose size or depth differ do not follow each other.
#[derive(Debug, Clone, PartialEq)]
struct Shape {
    size: [usize; 2],
    depth: u8,
    /// The lease's number and the place in its memory, if others may compare with it.
    shared: Option<Vec<u64>>,
}

/// What is known of a pair when it is measured.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Extracted {
    /// All but motion.
    pub features: Features,
    /// How much the reference differs from the one before; `None` for the first pair of a sequence.
    pub difference: Option<f64>,
}

/// How much a reference differs from the one before, as it is shared.
struct Difference(f64);

impl Extractor {
    /// The features of a pair of luma components of `depth` bits.
    pub fn extract(
        &mut self,
        workers: &Workers,
        luma: &Component<'_>,
        depth: u8,
        limits: Limits,
        shared: Option<&SharedReference<'_>>,
    ) -> Extracted {
        let [reference, distorted] = &luma.samples;
        let how = [u64::from(depth), u64::from(luma.same)];
        std::mem::swap(&mut self.reference, &mut self.before);
        match (shared, Arc::get_mut(&mut self.reference)) {
            (Some(shared), _) => {
                self.reference = shared.get_or_make(&how, || {
                    let mut plane = Plane::default();
                    plane.fill(workers, reference, depth, !luma.same);
                    let bytes = plane.bytes();
                    (plane, bytes)
                });
            }
            (None, Some(plane)) => plane.fill(workers, reference, depth, !luma.same),
            (None, None) => {
                let mut plane = Plane::default();
                plane.fill(workers, reference, depth, !luma.same);
                self.reference = Arc::new(plane);
            }
        }
        self.distorted.fill(workers, distorted, depth, !luma.same);
        let difference = self.difference(workers, depth, &how, shared);
        let pictures = [&*self.reference, &self.distorted];
        let known = shared.map(|shared| {
            let of_vif = shared.get_or_make(&how, || {
                let known = vif::Reference::new(workers, pictures[0], depth);
                let bytes = known.bytes();
                (known, bytes)
            });
            let of_adm = shared.get_or_make(&how, || {
                let known = adm::Reference::new(workers, pictures[0], depth);
                let bytes = known.bytes();
                (known, bytes)
            });
            (of_vif, of_adm)
        });
        let (of_vif, of_adm) = known.as_ref().map(|(of_vif, of_adm)| (&**of_vif, &**of_adm)).unzip();
        let vif = self.vif.measure(workers, pictures, of_vif, depth, limits.vif);
        let detail = self.adm.measure(workers, pictures, of_adm, depth, limits.adm);
        let [width, height] = [pictures[0].width, pictures[0].height];
        let features = Features { adm2: adm::adm(&detail, width * height), motion2: 0.0, vif };
        Extracted { features, difference }
    }

    /// How much the reference differs from the one before.
    fn difference(
        &mut self,
        workers: &Workers,
        depth: u8,
        how: &[u64],
        shared: Option<&SharedReference<'_>>,
    ) -> Option<f64> {
        let size = [self.reference.width, self.reference.height];
        let words = |shared: &SharedReference<'_>| [&[shared.lease().number()], &shared.words(how)[..]].concat();
        let shape = Shape { size, depth, shared: shared.map(words) };
        let before = self.shape.replace(shape).filter(|before| (before.size, before.depth) == (size, depth))?;
        let difference = || motion::difference(workers, [&self.before, &self.reference], depth);
        Some(match (shared, before.shared) {
            (Some(shared), Some(before)) => {
                shared.get_or_make(&[how, &before].concat(), || (Difference(difference()), size_of::<f64>())).0
            }
            _ => difference(),
        })
    }

    /// The next pair is the first of a sequence.
    pub fn restart(&mut self) {
        self.shape = None;
    }
}
