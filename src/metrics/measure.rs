// SPDX-License-Identifier: MPL-2.0

//! The interface of all measures.

use super::luma_pass::{LumaRequest, LumaSums};
use super::measurements::Measurements;
use super::pair::Pair;
use super::reference::SharedReference;
use super::scale::Scale;
use super::ssim_window::Constants;
use super::workers::Workers;

/// A measure of one stream. A meter keeps its measures from pair to pair, so a measure can hold state from earlier
/// pairs.
pub(super) trait Measure: Send {
    /// The sums that the shared pass over luma has to compute for this measure.
    fn request(&self, luma: Scale<'_>) -> LumaRequest {
        let _ = luma;
        LumaRequest::default()
    }

    /// Whether part of its work depends on the reference alone and is worth keeping for other comparisons with it.
    fn shares(&self) -> bool {
        false
    }

    /// Adds the values of a pair. Pairs come in the order of the stream.
    fn measure(&mut self, pass: &Pass<'_>, found: &mut Measurements);

    /// How many of the last pairs lack values that depend on the next pairs or on the end of the stream.
    fn waiting(&self) -> usize {
        0
    }

    /// Adds the values of the oldest waiting pair that the last pair has completed. The next call adds those of the
    /// next one.
    fn late(&mut self, found: &mut Measurements) {
        let _ = found;
    }

    /// Adds the missing values of the oldest waiting pair, as no pair follows. The next call adds those of the next
    /// one. After that, the next pair is the first of a sequence.
    fn finish(&mut self, found: &mut Measurements) {
        let _ = found;
    }
}

/// A pair, after the pass over its luma.
pub(super) struct Pass<'a> {
    pub pair: &'a Pair<'a>,
    pub luma: Scale<'a>,
    /// The sums that measures requested, and always those of the fit.
    pub sums: LumaSums,
    pub constants: Constants,
    pub workers: &'a Workers,
    /// Keeps what is computed from the reference alone for other comparisons, if there are any.
    pub shared: Option<&'a SharedReference<'a>>,
}

impl Pass<'_> {
    /// Whether luma is the same in both pictures, bit for bit.
    pub fn equal(&self) -> bool {
        self.sums.fit.sse == 0.0
    }
}
