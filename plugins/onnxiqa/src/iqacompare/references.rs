// SPDX-License-Identifier: MPL-2.0

//! When the reference's frames are shown.

use std::collections::VecDeque;

/// How many are kept: of more than what can be held as pictures.
const KEPT: usize = 1 << 16;

/// A reference frame's time stamp, and its running time, which may be before the segment.
pub(super) type ReferenceTime = (Option<gst::ClockTime>, Option<i64>);

/// When the reference's frames are shown, by the comparer's number.
#[derive(Debug, Default)]
pub(super) struct References {
    first: u64,
    times: VecDeque<ReferenceTime>,
}

impl References {
    /// The next one.
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
