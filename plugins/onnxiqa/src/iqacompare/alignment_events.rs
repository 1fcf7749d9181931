// SPDX-License-Identifier: MPL-2.0

//! What the alignment has to say: nothing is aligned in silence.

use super::category::CAT;
use super::context::Context;
use super::frames::Pending;
use crate::messages::Structured;
use crate::scheduling::Fifo;
use onnx_iqa::align::time;
use onnx_iqa::comparer::Comparer;
use onnx_iqa::record::{AlignmentChange, AlignmentEvent};

/// Logs and posts what the alignment has found since the last time, as `iqa-alignment`. The frames that are meant are
/// those in `fifo`.
pub(super) fn announce(context: &Context<'_>, comparer: &Comparer, fifo: &Fifo<Pending>) {
    let messages = std::iter::from_fn(|| comparer.next_event()).map(|event| {
        let event = named(&event, fifo);
        log(context.element, &event.change);
        event.to_structure().into()
    });
    context.post(messages.collect());
}

/// The event with the times of the frame from which on it holds.
fn named(event: &time::AlignmentEvent, fifo: &Fifo<Pending>) -> AlignmentEvent {
    let mut named = AlignmentEvent::new(event.into());
    let distorted = match *event {
        time::AlignmentEvent::Offset { distorted, .. } | time::AlignmentEvent::Lost { distorted } => Some(distorted),
        _ => None,
    };
    if let Some(frame) = distorted.and_then(|number| fifo.frames().find(|frame| frame.number == number)) {
        named.pts = frame.times.pts.map(gst::ClockTime::nseconds);
        named.running_time = frame.times.running.map(gst::ClockTime::nseconds);
    }
    named
}

fn log(element: &gst::Element, change: &AlignmentChange) {
    match *change {
        AlignmentChange::Found { to, confidence } => {
            gst::info!(CAT, obj = element, "the offset is {} ms, confidence {confidence:.2}", milliseconds(to));
        }
        AlignmentChange::Changed { from, to, confidence } => gst::info!(
            CAT,
            obj = element,
            "the offset changes from {} ms to {} ms, confidence {confidence:.2}",
            milliseconds(from),
            milliseconds(to)
        ),
        AlignmentChange::Lost => {
            gst::warning!(CAT, obj = element, "the pictures no longer agree: frames are unmatched until they do");
        }
        AlignmentChange::Shrunk { window } => gst::warning!(
            CAT,
            obj = element,
            "max-bytes is reached: the search window shrinks to {} ms",
            window / 1_000_000
        ),
        _ => {}
    }
}

fn milliseconds(nseconds: i64) -> f64 {
    nseconds as f64 / 1e6
}
