// SPDX-License-Identifier: MPL-2.0

//! Logs and posts alignment events.

use super::category::CAT;
use super::context::Context;
use super::frames::Pending;
use crate::messages::Structured;
use crate::scheduling::Fifo;
use onnx_iqa::align::time;
use onnx_iqa::comparer::Comparer;
use onnx_iqa::record::{AlignmentChange, AlignmentEvent};

/// Logs new alignment events and posts them as `iqa-alignment`. `fifo` contains the frames they refer to.
pub(super) fn announce(context: &Context<'_>, comparer: &Comparer, fifo: &Fifo<Pending>) {
    let messages = std::iter::from_fn(|| comparer.next_event()).map(|event| {
        let event = named(&event, fifo);
        log(context.element, &event.change);
        event.to_structure().into()
    });
    context.post(messages.collect());
}

/// Adds the times of the first frame to which the event applies.
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
            gst::info!(CAT, obj = element, "Offset is {} ms, confidence {confidence:.2}", milliseconds(to));
        }
        AlignmentChange::Changed { from, to, confidence } => gst::info!(
            CAT,
            obj = element,
            "Offset changes from {} ms to {} ms, confidence {confidence:.2}",
            milliseconds(from),
            milliseconds(to)
        ),
        AlignmentChange::Lost => {
            gst::warning!(CAT, obj = element, "Pictures no longer match, frames are unmatched until they do");
        }
        AlignmentChange::Shrunk { window } => {
            gst::warning!(CAT, obj = element, "max-bytes reached, search window shrinks to {} ms", window / 1_000_000)
        }
        _ => {}
    }
}

fn milliseconds(nseconds: i64) -> f64 {
    nseconds as f64 / 1e6
}
