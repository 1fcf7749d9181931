// SPDX-License-Identifier: MPL-2.0

//! VMAF as a measure. The score of a pair is known with the next pair; with models for high frame rates, the score of
//! the first pair is known with the next two: see [`window`](super::window).

use std::collections::VecDeque;
use std::sync::Arc;

use super::extract::{Extracted, Extractor, chroma_size};
use super::model::{Features, VmafModel};
use super::speed::Speed;
use super::window::{Motion, Window};
use crate::metrics::cambi::Cambi;
use crate::metrics::field::Field;
use crate::metrics::measure::{Measure, Pass};
use crate::metrics::measurements::{Measurements, Missing};
use crate::metrics::pair::Component;

/// The least width and height. For smaller pictures, libvmaf reads out of bounds at the coarsest scale.
const LEAST: u32 = 33;
/// The greatest accepted depth, in bits.
const DEEPEST: u8 = 12;

pub static VMAF: Field = Field {
    name: "vmaf",
    range: Some([0.0, 110.0]),
    unit: "",
    description: "Netflix's video multi-method assessment fusion of luma, by the chosen model",
    rgb: false,
};

/// VMAF of a stream.
pub struct VmafMeasure {
    model: Arc<VmafModel>,
    extractor: Extractor,
    window: Window,
    /// The last pairs, which wait for the next ones.
    waiting: VecDeque<Features>,
    /// Scores of completed pairs, oldest first, until they are read or the next pair is measured.
    late: VecDeque<f64>,
}

impl VmafMeasure {
    pub fn new(model: Arc<VmafModel>) -> Self {
        let wanted = model.wanted();
        let (extractor, window) = (Extractor::new(wanted), Window::new(wanted.motion));
        Self { model, extractor, window, waiting: VecDeque::new(), late: VecDeque::new() }
    }

    /// Completes the oldest waiting pairs with these motions.
    fn complete(&mut self, motions: Vec<Motion>) {
        for Motion { motion2, motion3 } in motions {
            if let Some(features) = self.waiting.pop_front() {
                self.late.push_back(self.model.score(&Features { motion2, motion3, ..features }));
            }
        }
    }

    /// Completes the waiting pairs, as no other pair follows.
    fn end(&mut self) {
        let motions = self.window.finish();
        self.complete(motions);
        self.extractor.restart();
    }

    /// Why a pair of these components has no VMAF with this model.
    fn missing(&self, pass: &Pass<'_>, components: &[Component<'_>]) -> Option<Missing> {
        let wanted = self.model.wanted();
        let luma = [pass.luma.width, pass.luma.height];
        let pixels = |size: [usize; 2]| size.map(|side| u32::try_from(side).unwrap_or(u32::MAX));
        let (measure, size) = (VMAF.name, pixels(luma));
        if pass.pair.rgb() {
            return Some(Missing::Rgb { measure });
        } else if pass.pair.depth() > DEEPEST {
            return Some(Missing::TooDeep { measure, depth: pass.pair.depth(), most: DEEPEST });
        } else if size[0].min(size[1]) < LEAST {
            return Some(Missing::TooSmall { measure, size, least: LEAST });
        }
        if wanted.cambi.is_some() && !Cambi::takes(luma) {
            return Some(Missing::Shape { measure, size, takes: Cambi::TAKES });
        }
        let options = wanted.speed.as_ref()?;
        let [_, cb, _, ..] = components else { return Some(Missing::NoChroma { measure }) };
        let (chroma, least) = (pixels(chroma_size(luma, cb)), pixels([Speed::least(options); 2])[0]);
        (chroma[0].min(chroma[1]) < least).then_some(Missing::SmallChroma { measure, size: chroma, least })
    }
}

impl Measure for VmafMeasure {
    fn shares(&self) -> bool {
        true
    }

    fn measure(&mut self, pass: &Pass<'_>, found: &mut Measurements) {
        self.late.clear();
        let components: Vec<_> = pass.pair.components().collect();
        if let Some(missing) = self.missing(pass, &components) {
            found.add_missing(missing);
            self.end();
            return;
        }
        let extracted = self.extractor.extract(pass.workers, &components, pass.pair.depth(), pass.shared);
        let Extracted { features, first, difference } = extracted;
        if first {
            let motions = self.window.finish();
            self.complete(motions);
        }
        let motions = self.window.push(difference);
        self.waiting.push_back(features);
        self.complete(motions);
    }

    fn waiting(&self) -> usize {
        self.waiting.len()
    }

    fn late(&mut self, found: &mut Measurements) {
        found.add(&VMAF, self.late.pop_front());
    }

    fn finish(&mut self, found: &mut Measurements) {
        if !self.waiting.is_empty() {
            self.late.clear();
            self.end();
        }
        found.add(&VMAF, self.late.pop_front());
    }
}
