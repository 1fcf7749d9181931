// SPDX-License-Identifier: MPL-2.0

//! Times of the reference frames.

use std::collections::VecDeque;

/// Number of entries kept: more than the number of pictures that can be held.
const KEPT: usize = 1 << 16;

/// Timestamp of a reference frame, and its running time, which may be before the segment.
pub(super) type ReferenceTime = (Option<gst::ClockTime>, Option<i64>);

/// Times of the reference frames by comparer number.
#[derive(Debug, Default)]
pub(super) struct References {
    first: u64,
    times: VecDeque<ReferenceTime>,
}

impl References {
    /// Appends the next reference frame.
    pub(super) fn push(&mut self, time: ReferenceTime) {
        self.times.push_back(time);
        if self.times.len() > KEPT {
            self.times.pop_front();
            self.first += 1;
        }
    }

    pub(super) fn get(&self, number: u64) -> Option<ReferenceTime> {
        let index = usize::try_from(number.checked_sub(self.first)?).ok()?;
        self.times.get(index).copied()
    }
}
