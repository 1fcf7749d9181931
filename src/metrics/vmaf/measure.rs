// SPDX-License-Identifier: MPL-2.0

//! VMAF as a measure: a pair's score is known when the next pair has come, for its motion is the smaller of the two
//! differences to the references before and after.
//!
//! Which difference counts at the first and at the last pair is libvmaf's rule: Copyright 2016-2026 Netflix, Inc.,
//! BSD-2-Clause-Patent (`models/vmaf/LICENSE`).

use std::sync::Arc;

use super::extract::{Extracted, Extractor};
use super::model::{Features, VmafModel};
use crate::metrics::field::Field;
use crate::metrics::measure::{Measure, Pass};
use crate::metrics::measurements::{Measurements, Missing};

/// The least width and height. At the coarsest scale of smaller pictures libvmaf reads what lies beside its bands.
const LEAST: u32 = 33;
/// Bits of the deepest samples.
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
    /// The last pair, which waits for the next one.
    waiting: Option<Extracted>,
    /// What the pair before the last one has got.
    late: Option<f64>,
}

impl VmafMeasure {
    pub fn new(model: Arc<VmafModel>) -> Self {
        Self { model, extractor: Extractor::default(), waiting: None, late: None }
    }

    /// The score of the pair that waits, if one does; `next` is how much the next reference differs from its own.
    fn complete(&mut self, next: Option<f64>) -> Option<f64> {
        let Extracted { features, difference } = self.waiting.take()?;
        let motion2 = difference.map_or(0.0, |own| next.map_or(own, |next| own.min(next)));
        Some(self.model.score(&Features { motion2, ..features }))
    }
}

/// Why a pair has no VMAF.
fn missing(pass: &Pass<'_>) -> Option<Missing> {
    let size = [pass.luma.width, pass.luma.height].map(|side| u32::try_from(side).unwrap_or(u32::MAX));
    let measure = VMAF.name;
    if pass.pair.rgb() {
        Some(Missing::Rgb { measure })
    } else if pass.pair.depth() > DEEPEST {
        Some(Missing::TooDeep { measure, depth: pass.pair.depth(), most: DEEPEST })
    } else {
        (size[0].min(size[1]) < LEAST).then_some(Missing::TooSmall { measure, size, least: LEAST })
    }
}

impl Measure for VmafMeasure {
    fn shares(&self) -> bool {
        true
    }

    fn measure(&mut self, pass: &Pass<'_>, found: &mut Measurements) {
        let missing = missing(pass);
        let luma = pass.pair.components().next().filter(|_| missing.is_none());
        let Some(luma) = luma else {
            missing.into_iter().for_each(|missing| found.lacks(missing));
            self.late = self.complete(None);
            self.extractor.restart();
            return;
        };
        let (depth, limits) = (pass.pair.depth(), self.model.limits());
        let extracted = self.extractor.extract(pass.workers, &luma, depth, limits, pass.shared);
        self.late = self.complete(extracted.difference);
        self.waiting = Some(extracted);
    }

    fn waits(&self) -> bool {
        self.waiting.is_some()
    }

    fn late(&mut self, found: &mut Measurements) {
        found.add(&VMAF, self.late.take());
    }

    fn finish(&mut self, found: &mut Measurements) {
        let last = self.complete(None);
        found.add(&VMAF, last);
        self.extractor.restart();
    }
}
