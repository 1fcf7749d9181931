// SPDX-License-Identifier: MPL-2.0

//! The features of a pair that do not depend on following pairs.

use std::sync::Arc;

use super::adm::{self, Adm};
use super::model::{Features, Wanted};
use super::motion;
use super::plane::{Plane, peak};
use super::recycled::{Recycled, Spare, Spares};
use super::speed::Speed;
use super::vif::{self, Vif};
use crate::metrics::cambi::Cambi;
use crate::metrics::pair::Component;
use crate::metrics::reference::SharedReference;
use crate::metrics::workers::Workers;

/// Memory for a stream's pictures, and for the references of previous pairs.
pub struct Extractor {
    wanted: Wanted,
    /// The reference, the previous one and the one before that.
    references: [Arc<Recycled<Plane>>; 3],
    /// For each, the lease's number and the position in its memory, if others may compare with it.
    names: [Option<Vec<u64>>; 3],
    distorted: Plane,
    vif: Vif,
    adm: Adm,
    speed: Speed,
    cambi: Option<Cambi>,
    spares: Arc<Spares>,
    /// Size and depth of the previous pair. A pair of other size or depth starts a new sequence.
    before: Option<[usize; 3]>,
    /// Pairs in this sequence so far.
    count: usize,
}

/// What is known of a pair when it is measured.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Extracted {
    /// All features but motion.
    pub features: Features,
    /// The pair starts a sequence.
    pub first: bool,
    /// The difference of the reference from the one [`lag`](super::window::MotionOptions::lag) pictures before; `None`
    /// for the first pairs of a sequence.
    pub difference: Option<f64>,
}

/// The difference of a reference from an earlier one, in the form in which it is shared.
struct Difference(f64);

impl Extractor {
    pub fn new(wanted: Wanted) -> Self {
        let spares = Spares::shared();
        Self {
            wanted,
            references: std::array::from_fn(|_| Arc::new(spares.planes.take())),
            names: Default::default(),
            distorted: Plane::default(),
            vif: Vif::default(),
            adm: Adm::default(),
            speed: Speed::default(),
            cambi: wanted.cambi.map(Cambi::new),
            spares,
            before: None,
            count: 0,
        }
    }

    /// The features of a pair of `depth` bits from its components: luma and, if the model uses them, Cb and Cr.
    pub fn extract(
        &mut self,
        workers: &Workers,
        components: &[Component<'_>],
        depth: u8,
        shared: Option<&SharedReference<'_>>,
    ) -> Extracted {
        let luma = &components[0];
        let size @ [width, height] = [luma.samples[0].width(), luma.samples[0].height()];
        let how = [u64::from(depth), u64::from(luma.same)];
        let lag = self.wanted.motion.lag();
        self.references[..=lag].rotate_right(1);
        self.names[..=lag].rotate_right(1);
        self.names[0] = shared.map(|shared| [&[shared.lease().number()], &shared.words(&how)[..]].concat());
        self.take_reference(workers, luma, depth, &how, shared);
        self.distorted.fill(workers, &luma.samples[1], peak(luma, depth));
        let shape = Some([width, height, usize::from(depth)]);
        if std::mem::replace(&mut self.before, shape) != shape {
            self.count = 0;
        }
        let difference = (self.count >= lag).then(|| self.difference(workers, lag, depth, &how, shared));
        let wanted = &self.wanted;
        let pictures: [&Plane; 2] = [&self.references[0], &self.distorted];
        let mut features = Features::default();
        if let Some(limits) = wanted.vif {
            let known = shared.map(|shared| {
                let fill = |known: &mut vif::Reference| known.fill(workers, pictures[0], depth);
                made_once(shared, &how, &self.spares.vif, fill, vif::Reference::bytes)
            });
            let known = known.as_ref().map(|known| &***known);
            features.vif = self.vif.measure(workers, pictures, known, depth, limits);
        }
        if let Some(options) = &wanted.adm {
            let known = shared.map(|shared| {
                let fill = |known: &mut adm::Reference| known.fill(workers, pictures[0], depth);
                made_once(shared, &how, &self.spares.adm, fill, adm::Reference::bytes)
            });
            let known = known.as_ref().map(|known| &***known);
            let detail = self.adm.measure(workers, pictures, known, depth, options);
            let [left, added] = adm::adm(&detail, width * height);
            features.adm2 = left;
            features.adm3 = options.adm3(left, added);
        }
        if let (Some(options), [_, cb, cr, ..]) = (&wanted.speed, components) {
            features.speed_chroma = self.speed.measure(workers, [cb, cr], chroma_size(size, cb), depth, options);
        }
        if let Some(cambi) = &mut self.cambi {
            // Computed from the picture as stored: banding depends on the depth.
            features.cambi = cambi.measure(workers, &luma.samples[1]);
        }
        self.count += 1;
        Extracted { features, first: self.count == 1, difference }
    }

    /// The reference's luma: shared, or its own.
    fn take_reference(
        &mut self,
        workers: &Workers,
        luma: &Component<'_>,
        depth: u8,
        how: &[u64],
        shared: Option<&SharedReference<'_>>,
    ) {
        let fill = |plane: &mut Plane| plane.fill(workers, &luma.samples[0], peak(luma, depth));
        let spare = &self.spares.planes;
        let reference = &mut self.references[0];
        if let Some(shared) = shared {
            *reference = made_once(shared, how, spare, fill, Plane::bytes);
        } else if let Some(own) = Arc::get_mut(reference) {
            fill(own);
        } else {
            let mut plane = spare.take();
            fill(&mut plane);
            *reference = Arc::new(plane);
        }
    }

    /// The difference of the reference from the one `lag` pictures before.
    fn difference(
        &self,
        workers: &Workers,
        lag: usize,
        depth: u8,
        how: &[u64],
        shared: Option<&SharedReference<'_>>,
    ) -> f64 {
        let pictures: [&Plane; 2] = [&self.references[lag], &self.references[0]];
        let difference = || motion::difference(workers, pictures, depth);
        match (shared, &self.names[lag]) {
            (Some(shared), Some(before)) => {
                shared.get_or_make(&[how, before].concat(), || (Difference(difference()), size_of::<f64>())).0
            }
            _ => difference(),
        }
    }

    /// The next pair starts a sequence.
    pub fn restart(&mut self) {
        self.before = None;
    }
}

/// Data of a reference alone, computed once for all comparisons with it, in recycled memory.
fn made_once<T: Default + Send + Sync + 'static>(
    shared: &SharedReference<'_>,
    how: &[u64],
    spare: &Arc<Spare<T>>,
    fill: impl Fn(&mut T),
    bytes: impl Fn(&T) -> usize,
) -> Arc<Recycled<T>> {
    shared.get_or_make(how, || {
        let mut made = spare.take();
        fill(&mut made);
        let bytes = bytes(&made);
        (made, bytes)
    })
}

/// The part of a chroma plane that counts, for luma of that size. libvmaf ignores fractions of pixels, so for odd sides
/// the last row and column do not count.
pub fn chroma_size([width, height]: [usize; 2], chroma: &Component<'_>) -> [usize; 2] {
    let side = |luma: usize, chroma: usize| luma / luma.div_ceil(chroma.max(1)).max(1);
    [side(width, chroma.samples[0].width()), side(height, chroma.samples[0].height())]
}
