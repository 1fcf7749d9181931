// SPDX-License-Identifier: MPL-2.0

//! Buffers and events on the pads. Events on `distorted` keep their position between its frames; events on `reference`
//! are consumed.

use super::category::CAT;
use super::context::Context;
use super::queues::{Flow, Given};
use super::settings::Settings;
use super::streams::name;
use super::task::flow_error;
use crate::scheduling::task;
use crate::video_frame::{Stream, lease, pool_limit};
use gst::prelude::*;
use onnx_iqa::comparer::Side;

/// Handles a buffer.
pub(super) fn chain(context: &Context<'_>, side: Side, buffer: gst::Buffer) -> Flow {
    let seen = context.element.current_running_time();
    let buffer = own(context, buffer, context.queues.budget().frames(side));
    // Taken here, because the buffer may wait for long and other elements may have finished with it by then.
    let lease = (side == Side::Reference).then(|| lease(&buffer));
    match context.queues.push_frame(side, buffer, lease, seen) {
        // EOS would make a `tee` upstream end the references of all comparisons behind it.
        Err(gst::FlowError::Eos) if side == Side::Reference => {
            context.session.count_late(1);
            Ok(gst::FlowSuccess::Ok)
        }
        flow => flow,
    }
}

/// Returns the buffer, or a copy if its pool is small: upstream would block on the buffers held here.
fn own(context: &Context<'_>, buffer: gst::Buffer, held: usize) -> gst::Buffer {
    // Includes the buffer being filled upstream and those in between.
    const ELSEWHERE: usize = 3;
    if pool_limit(&buffer).is_none_or(|limit| held + ELSEWHERE < limit) {
        return buffer;
    }
    gst::trace!(CAT, obj = context.element, "Copying a frame: {held} frames of its side are held");
    buffer.copy_deep().unwrap_or(buffer)
}

/// Handles an event from upstream.
pub(super) fn sink_event(context: &Context<'_>, side: Side, event: gst::Event) -> bool {
    use gst::EventView;
    match event.view() {
        EventView::FlushStart(_) => return flush_start(context, side, event),
        EventView::FlushStop(_) => return flush_stop(context, side, event),
        EventView::Caps(caps) => {
            if let Err(error) = Stream::from_caps(caps.caps()) {
                gst::element_error!(context.element, gst::CoreError::Negotiation, ("{}: {error}", name(side)));
                return false;
            }
        }
        EventView::Segment(segment) if segment.segment().format() != gst::Format::Time => {
            let format = segment.segment().format();
            gst::element_error!(
                context.element,
                gst::StreamError::Format,
                ("{}: cannot align a segment in {format:?} format, only in time format", name(side))
            );
            return false;
        }
        _ => {}
    }
    if !event.is_serialized() {
        return side == Side::Reference || context.pads.src.push_event(event);
    }
    let end = side == Side::Distorted && event.type_() == gst::EventType::Eos;
    match context.queues.push_event(side, event) {
        Given::Queued => true,
        Given::Begins => start(context),
        Given::Refused(gst::FlowError::Eos) => true,
        Given::Refused(gst::FlowError::Flushing | gst::FlowError::Error) => false,
        Given::Refused(flow) => {
            // Upstream sends no more buffers that would return the error.
            if end {
                flow_error(context.element, flow);
                context.pads.src.push_event(gst::event::Eos::new());
            }
            false
        }
        Given::Flushing => false,
    }
}

fn start(context: &Context<'_>) -> bool {
    let started = task::start(&context.pads.src, context.pads.task(context.element));
    started.inspect_err(|error| gst::error!(CAT, obj = context.element, "{error}")).is_ok()
}

/// On `distorted` it is forwarded; on `reference` only the comparison restarts.
fn flush_start(context: &Context<'_>, side: Side, event: gst::Event) -> bool {
    context.queues.flush_start(side);
    if side == Side::Reference {
        return true;
    }
    let forwarded = context.pads.src.push_event(event);
    task::pause_and_wait(&context.pads.src);
    forwarded
}

fn flush_stop(context: &Context<'_>, side: Side, event: gst::Event) -> bool {
    if side == Side::Reference {
        context.queues.flush_stop(side);
        return true;
    }
    let forwarded = context.pads.src.push_event(event);
    context.queues.flush_stop(side);
    forwarded && start(context)
}

/// Handles an event from downstream.
pub(super) fn src_event(context: &Context<'_>, event: gst::Event) -> bool {
    use gst::EventView;
    let pads = context.pads;
    match event.view() {
        EventView::Seek(seek) => {
            let _seeking = seek.get().1.contains(gst::SeekFlags::FLUSH).then(|| context.queues.seek());
            let [reference, distorted] = pads.sinks().map(|pad| pad.push_event(event.clone()));
            // A reference picture that cannot be seeked remains in use.
            (reference || context.setting(Settings::is_still)) && distorted
        }
        // QoS applies to the distorted stream only: a reference that drops frames would spoil the comparison.
        EventView::Reconfigure(_) => {
            if context.queues.relinked() {
                start(context);
            }
            pads.distorted.push_event(event)
        }
        EventView::Qos(_) | EventView::Navigation(_) => pads.distorted.push_event(event),
        _ => {
            let [reference, distorted] = pads.sinks().map(|pad| pad.push_event(event.clone()));
            reference || distorted
        }
    }
}
