// SPDX-License-Identifier: MPL-2.0

//! What every measure is.

use super::luma_pass::{LumaSums, LumaWants};
use super::measurements::Measurements;
use super::pair::Pair;
use super::reference::SharedReference;
use super::scale::Scale;
use super::ssim_window::Constants;
use super::workers::Workers;

/// A measure of one stream. A meter keeps each of its measures from pair to pair, so one that needs memory of earlier
/// pairs has it in itself.
pub(super) trait Measure: Send {
    /// What the pass over luma that all measures share has to sum up for this one.
    fn wants(&self, luma: Scale<'_>) -> LumaWants {
        let _ = luma;
        LumaWants::default()
    }

    /// Whether a part of its work is the reference's alone, and worth being kept for others that compare with it.
    fn shares(&self) -> bool {
        false
    }

    /// Adds what it gives for a pair; pairs come in the order of the stream.
    fn measure(&mut self, pass: &Pass<'_>, found: &mut Measurements);

    /// How many of the last pairs lack something that only the next ones, or the end, tell.
    fn waiting(&self) -> usize {
        0
    }

    /// Adds what the oldest pair that waited has gained by the last one; called again, the next one's.
    fn late(&mut self, found: &mut Measurements) {
        let _ = found;
    }

    /// Adds what the oldest pair that waits lacks, as no other follows; called again, the next one's. The next pair is
    /// then the first of a sequence.
    fn finish(&mut self, found: &mut Measurements) {
        let _ = found;
    }
}

/// A pair, after the pass over its luma.
pub(super) struct Pass<'a> {
    pub pair: &'a Pair<'a>,
    pub luma: Scale<'a>,
    /// Of everything that measures wanted, and always those of the fit.
    pub sums: LumaSums,
    pub constants: Constants,
    pub workers: &'a Workers,
    /// Where what is computed of the reference alone is kept for others, if there are others.
    pub shared: Option<&'a SharedReference<'a>>,
}

impl Pass<'_> {
    /// Whether luma is the same in both pictures, bit for bit.
    pub fn equal(&self) -> bool {
        self.sums.fit.sse == 0.0
    }
}
