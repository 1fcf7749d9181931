// SPDX-License-Identifier: MPL-2.0

//! Times and streams of the reference frames.

use crate::video_frame::Stream;
use std::collections::VecDeque;
use std::sync::Arc;

/// Number of entries kept: more than the number of pictures that can be held.
const KEPT: usize = 1 << 16;

/// Timestamp of a reference frame, and its running time, which may be before the segment.
pub(super) type ReferenceTime = (Option<gst::ClockTime>, Option<i64>);

/// Times and streams of the reference frames by comparer number.
#[derive(Default)]
pub(super) struct References {
    first: u64,
    frames: VecDeque<(ReferenceTime, Arc<Stream>)>,
}

impl References {
    /// Appends the next reference frame.
    pub(super) fn push(&mut self, time: ReferenceTime, stream: Arc<Stream>) {
        self.frames.push_back((time, stream));
        if self.frames.len() > KEPT {
            self.frames.pop_front();
            self.first += 1;
        }
    }

    pub(super) fn get(&self, number: u64) -> Option<&(ReferenceTime, Arc<Stream>)> {
        let index = usize::try_from(number.checked_sub(self.first)?).ok()?;
        self.frames.get(index)
    }
}
