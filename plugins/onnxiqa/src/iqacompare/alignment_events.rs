// SPDX-License-Identifier: MPL-2.0

//! What the alignment has to say: nothing is aligned in silence.

use super::category::CAT;
use super::context::Context;
use super::frames::Pending;
use crate::scheduling::Fifo;
use onnx_iqa::align::time::AlignmentEvent;
use onnx_iqa::comparer::Comparer;

/// Logs and posts what the alignment has found since the last time, as `iqa-alignment`. The frames that are meant are
/// those in `fifo`.
pub(super) fn announce(context: &Context<'_>, comparer: &Comparer, fifo: &Fifo<Pending>) {
    let events = std::iter::from_fn(|| comparer.next_event());
    let messages = events.filter_map(|event| {
        log(context.element, &event);
        message(&event, fifo)
    });
    context.post(messages.collect());
}

fn message(event: &AlignmentEvent, fifo: &Fifo<Pending>) -> Option<gst::Structure> {
    let message = gst::Structure::builder("iqa-alignment");
    let (mut message, distorted) = match *event {
        AlignmentEvent::Offset { distorted, from, to, confidence } => {
            let event = if from.is_some() { "changed" } else { "found" };
            let message = message.field("event", event).field("to", to).field("confidence", confidence);
            (message.field_if_some("from", from).build(), Some(distorted))
        }
        AlignmentEvent::Lost { distorted } => (message.field("event", "lost").build(), Some(distorted)),
        AlignmentEvent::Shrunk { window } => (message.field("event", "shrunk").field("window", window).build(), None),
        _ => return None,
    };
    if let Some(frame) = distorted.and_then(|number| fifo.frames().find(|frame| frame.number == number)) {
        for (field, time) in [("pts", frame.times.pts), ("running-time", frame.times.running)] {
            if let Some(time) = time {
                message.set(field, time.nseconds());
            }
        }
    }
    Some(message)
}

fn log(element: &gst::Element, event: &AlignmentEvent) {
    match *event {
        AlignmentEvent::Offset { from: Some(from), to, confidence, .. } => gst::info!(
            CAT,
            obj = element,
            "the offset changes from {} ms to {} ms, confidence {confidence:.2}",
            milliseconds(from),
            milliseconds(to)
        ),
        AlignmentEvent::Offset { from: None, to, confidence, .. } => {
            gst::info!(CAT, obj = element, "the offset is {} ms, confidence {confidence:.2}", milliseconds(to));
        }
        AlignmentEvent::Lost { .. } => {
            gst::warning!(CAT, obj = element, "the pictures no longer agree: frames are unmatched until they do");
        }
        AlignmentEvent::Shrunk { window } => gst::warning!(
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
