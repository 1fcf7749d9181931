// SPDX-License-Identifier: MPL-2.0

//! What the alignment has to say: nothing is aligned in silence.

use super::imp::{CAT, IqaCompare};
use gst::subclass::prelude::*;
use onnx_iqa::align::time::AlignmentEvent;

impl IqaCompare {
    /// Logs and posts what the alignment has found since the last time, as `iqa-alignment`.
    pub(super) fn announce_alignment(&self) {
        let state = self.state();
        let Some(comparer) = state.comparer.clone() else { return };
        drop(state);
        let messages: Vec<_> =
            std::iter::from_fn(|| comparer.next_event()).filter_map(|event| self.message(&event)).collect();
        self.post(messages);
    }

    fn message(&self, event: &AlignmentEvent) -> Option<gst::Structure> {
        let message = gst::Structure::builder("iqa-alignment");
        let (mut message, distorted) = match *event {
            AlignmentEvent::Offset { distorted, from, to, confidence } => {
                let event = if from.is_some() { "changed" } else { "found" };
                let by = milliseconds(to);
                match from {
                    Some(from) => gst::info!(
                        CAT,
                        imp = self,
                        "the offset changes from {} ms to {by} ms, confidence {confidence:.2}",
                        milliseconds(from)
                    ),
                    None => gst::info!(CAT, imp = self, "the offset is {by} ms, confidence {confidence:.2}"),
                }
                let message = message.field("event", event).field("to", to).field("confidence", confidence);
                (message.field_if_some("from", from).build(), Some(distorted))
            }
            AlignmentEvent::Lost { distorted } => {
                gst::warning!(CAT, imp = self, "the pictures no longer agree: frames are unmatched until they do");
                (message.field("event", "lost").build(), Some(distorted))
            }
            AlignmentEvent::Shrunk { window } => {
                gst::warning!(
                    CAT,
                    imp = self,
                    "max-bytes is reached: the search window shrinks to {} ms",
                    window / 1_000_000
                );
                (message.field("event", "shrunk").field("window", window).build(), None)
            }
            _ => return None,
        };
        let state = self.state();
        if let Some(frame) = distorted.and_then(|number| state.fifo.frames().find(|frame| frame.number == number)) {
            for (field, time) in [("pts", frame.times.pts), ("running-time", frame.times.running)] {
                if let Some(time) = time {
                    message.set(field, time.nseconds());
                }
            }
        }
        Some(message)
    }
}

fn milliseconds(nseconds: i64) -> f64 {
    nseconds as f64 / 1e6
}
