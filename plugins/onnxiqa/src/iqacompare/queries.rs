// SPDX-License-Identifier: MPL-2.0

//! Query handling: connects downstream with the upstream of `distorted`.

use super::context::Context;
use super::queues::FRAMES;
use crate::scheduling::allocation::{self, Held};
use gst::prelude::*;
use onnx_iqa::comparer::Side;

/// Handles a query from upstream.
pub(super) fn sink_query(context: &Context<'_>, side: Side, query: &mut gst::QueryRef) -> bool {
    use gst::QueryViewMut;
    let pad = context.pads.sink(side);
    match (side, query.view_mut()) {
        (Side::Distorted, QueryViewMut::Caps(caps)) => proxy_caps(pad, &context.pads.src, caps),
        (Side::Reference, QueryViewMut::Caps(caps)) => {
            let filter = within_template(pad, caps.filter());
            caps.set_result(&filter);
            true
        }
        (Side::Reference, QueryViewMut::Allocation(allocation)) => {
            answer_allocation(context, allocation);
            true
        }
        // Frames of the reference do not leave the element.
        (Side::Reference, QueryViewMut::Drain(_)) => false,
        (Side::Distorted, QueryViewMut::Allocation(_) | QueryViewMut::Drain(_)) => pass_on(context, query),
        _ => gst::Pad::query_default(pad, Some(context.element), query),
    }
}

/// Handles a query from downstream.
pub(super) fn src_query(context: &Context<'_>, query: &mut gst::QueryRef) -> bool {
    use gst::QueryViewMut;
    let pads = context.pads;
    match query.view_mut() {
        QueryViewMut::Caps(caps) => proxy_caps(&pads.src, &pads.distorted, caps),
        QueryViewMut::Latency(latency) => context.deadline.answer(pads.sinks(), latency),
        // Only the distorted stream leaves the element.
        QueryViewMut::Position(_)
        | QueryViewMut::Duration(_)
        | QueryViewMut::Seeking(_)
        | QueryViewMut::Segment(_)
        | QueryViewMut::Uri(_) => pads.distorted.peer_query(query),
        _ => gst::Pad::query_default(&pads.src, Some(context.element), query),
    }
}

/// Answers a caps query on `pad` with the caps of the peer of `through`.
fn proxy_caps(pad: &gst::Pad, through: &gst::Pad, query: &mut gst::query::Caps<gst::QueryRef>) -> bool {
    let filter = within_template(pad, query.filter());
    let beyond = through.peer_query_caps(Some(&filter));
    query.set_result(&filter.intersect_with_mode(&beyond, gst::CapsIntersectMode::First));
    true
}

fn within_template(pad: &gst::Pad, filter: Option<&gst::CapsRef>) -> gst::Caps {
    let template = pad.pad_template_caps();
    match filter {
        Some(filter) => filter.to_owned().intersect_with_mode(&template, gst::CapsIntersectMode::First),
        None => template,
    }
}

/// Reference frames are read in place with any stride, and held.
fn answer_allocation(context: &Context<'_>, query: &mut gst::query::Allocation<gst::QueryRef>) {
    query.add_allocation_meta::<gst_video::VideoMeta>(None);
    let info = query.get().0.and_then(|caps| gst_video::VideoInfo::from_caps(caps).ok());
    if let Some(info) = info {
        let size = u32::try_from(info.size()).unwrap_or(u32::MAX);
        let held = held(context, info.size(), info.fps());
        query.add_allocation_pool(None::<&gst::BufferPool>, size, held.usual, 0);
    }
}

/// Forwards a serialized query of the distorted stream.
fn pass_on(context: &Context<'_>, query: &mut gst::QueryRef) -> bool {
    // Downstream must have received everything ahead of the query. If frames wait for the reference, they cannot leave
    // now, and upstream proceeds without an answer.
    if !context.queues.wait_drained() || !context.pads.src.peer_query(query) {
        return false;
    }
    if let gst::QueryViewMut::Allocation(allocation) = query.view_mut() {
        let fps = allocation.get().0.and_then(|caps| gst_video::VideoInfo::from_caps(caps).ok()).map(|info| info.fps());
        let fps = fps.unwrap_or(gst::Fraction::new(0, 1));
        allocation::adapt(allocation, |size| held(context, size as usize, fps));
    }
    true
}

/// Number of frames of one side held if the other side keeps up: minimum for equal running times, maximum for the
/// largest offset.
fn held(context: &Context<'_>, bytes: usize, fps: gst::Fraction) -> Held {
    let (queue, max_bytes, range) = context.setting(|settings| {
        let range = if settings.alignment.searches() { settings.search_range } else { gst::ClockTime::ZERO };
        (u64::from(settings.model.queue_size), settings.max_bytes, range)
    });
    let period = crate::period(fps).unwrap_or(gst::ClockTime::from_mseconds(40)).nseconds().max(1);
    let [usual, most] = [0, range.nseconds() / period].map(|searched| {
        let frames = searched + queue + FRAMES as u64;
        u32::try_from(frames.min(max_bytes / (bytes as u64).max(1)).max(2)).unwrap_or(u32::MAX)
    });
    Held { usual, most }
}
