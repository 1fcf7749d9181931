// SPDX-License-Identifier: MPL-2.0

//! What the alignment has to say: nothing is aligned in silence.

use super::imp::{CAT, IqaCompare};
use crate::messages::Structured;
use gst::subclass::prelude::*;
use onnx_iqa::align::time;
use onnx_iqa::record::{AlignmentChange, AlignmentEvent};

impl IqaCompare {
    /// Logs and posts what the alignment has found since the last time, as `iqa-alignment`.
    pub(super) fn announce_alignment(&self) {
        let state = self.state();
        let Some(comparer) = state.comparer.clone() else { return };
        drop(state);
        let messages: Vec<_> = std::iter::from_fn(|| comparer.next_event()).map(|event| self.message(&event)).collect();
        self.post(messages);
    }

    fn message(&self, event: &time::AlignmentEvent) -> gst::Structure {
        let change = event.into();
        self.log_change(&change);
        let mut message = AlignmentEvent::new(change);
        let distorted = match *event {
            time::AlignmentEvent::Offset { distorted, .. } | time::AlignmentEvent::Lost { distorted } => {
                Some(distorted)
            }
            _ => None,
        };
        let state = self.state();
        if let Some(frame) = distorted.and_then(|number| state.fifo.frames().find(|frame| frame.number == number)) {
            message.pts = frame.times.pts.map(gst::ClockTime::nseconds);
            message.running_time = frame.times.running.map(gst::ClockTime::nseconds);
        }
        message.to_structure()
    }

    fn log_change(&self, change: &AlignmentChange) {
        match *change {
            AlignmentChange::Found { to, confidence } => {
                gst::info!(CAT, imp = self, "the offset is {} ms, confidence {confidence:.2}", milliseconds(to));
            }
            AlignmentChange::Changed { from, to, confidence } => gst::info!(
                CAT,
                imp = self,
                "the offset changes from {} ms to {} ms, confidence {confidence:.2}",
                milliseconds(from),
                milliseconds(to)
            ),
            AlignmentChange::Lost => {
                gst::warning!(CAT, imp = self, "the pictures no longer agree: frames are unmatched until they do");
            }
            AlignmentChange::Shrunk { window } => gst::warning!(
                CAT,
                imp = self,
                "max-bytes is reached: the search window shrinks to {} ms",
                window / 1_000_000
            ),
            _ => {}
        }
    }
}

fn milliseconds(nseconds: i64) -> f64 {
    nseconds as f64 / 1e6
}
