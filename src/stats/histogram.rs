// SPDX-License-Identifier: MPL-2.0

//! Percentiles in constant memory.

use super::FieldRange;

/// Bins over the field's range. For a score, a bin is a hundredth of a point wide.
const BINS: usize = 10_000;

#[derive(Debug, Clone, Copy, Default)]
struct Bin {
    count: u64,
    /// The mean of its values: a short clip has about one value per bin, and gets exactly that value back.
    mean: f64,
}

/// How often each value occurred, to the width of a bin.
#[derive(Debug, Clone)]
pub(super) struct Histogram {
    range: FieldRange,
    /// Empty until the first value: most pools of a frame's many fields never receive one.
    bins: Vec<Bin>,
    count: u64,
}

impl Histogram {
    pub(super) fn new(range: FieldRange) -> Self {
        Self { range, bins: Vec::new(), count: 0 }
    }

    pub(super) fn push(&mut self, value: f64) {
        if self.bins.is_empty() {
            self.bins = vec![Bin::default(); BINS];
        }
        let width = (self.range.high - self.range.low) / BINS as f64;
        // The cast saturates: values below go into the first bin, and a range of zero width has only that one.
        let index = (((value - self.range.low) / width) as usize).min(BINS - 1);
        if let Some(bin) = self.bins.get_mut(index) {
            bin.count += 1;
            bin.mean += (value - bin.mean) / bin.count as f64;
            self.count += 1;
        }
    }

    /// The value at the nearest rank ⌈percent / 100 · n⌉, as the mean of its bin; `None` without values.
    pub(super) fn percentile(&self, percent: f64) -> Option<f64> {
        // The product first: 5 · 20 / 100 is exactly 1, while 0.05 · 20 need not be.
        let rank = ((percent * self.count as f64 / 100.0).ceil() as u64).clamp(1, self.count.max(1));
        let mut below = 0;
        self.bins.iter().find_map(|bin| {
            below += bin.count;
            (below >= rank).then_some(bin.mean)
        })
    }

    pub(super) fn clear(&mut self) {
        self.bins.fill(Bin::default());
        self.count = 0;
    }
}
