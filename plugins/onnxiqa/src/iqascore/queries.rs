// SPDX-License-Identifier: MPL-2.0

//! Query handling. Serialized queries keep their position behind earlier frames.

use super::input::Input;
use super::queue::Queue;
use super::settings::Mode;
use crate::scheduling::allocation;
use gst::prelude::*;
use std::sync::Arc;

/// Query handler of the element's pads.
pub struct Queries {
    sink_pad: gst::Pad,
    src_pad: gst::Pad,
    queue: Arc<Queue>,
    input: Arc<Input>,
}

impl Queries {
    /// Creates the handler for these pads.
    pub fn new([sink_pad, src_pad]: [gst::Pad; 2], queue: Arc<Queue>, input: Arc<Input>) -> Self {
        Self { sink_pad, src_pad, queue, input }
    }

    /// Handles a query from upstream.
    pub fn sink_query(&self, element: &gst::Element, query: &mut gst::QueryRef) -> bool {
        if !query.is_serialized() {
            return gst::Pad::query_default(&self.sink_pad, Some(element), query);
        }
        // The querying upstream thread waits until everything ahead of the query has left, and can then forward it
        // directly.
        if self.queue.wait_until_idle().is_err() {
            return false;
        }
        let answered = self.src_pad.peer_query(query);
        if answered && let gst::QueryViewMut::Allocation(answer) = query.view_mut() {
            let held = u32::try_from(self.queue.capacity()).unwrap_or(u32::MAX);
            allocation::adapt(answer, |_| held.into());
        }
        answered
    }

    /// Handles a query from downstream.
    pub fn src_query(&self, element: &gst::Element, query: &mut gst::QueryRef) -> bool {
        match query.view_mut() {
            gst::QueryViewMut::Latency(latency) => self.latency(latency),
            _ => gst::Pad::query_default(&self.src_pad, Some(element), query),
        }
    }

    /// A frame waits at most until the queue is full of later frames. Without a frame rate the latency is unknown.
    fn latency(&self, latency: &mut gst::query::Latency) -> bool {
        if !self.sink_pad.peer_query(latency.query_mut()) {
            return false;
        }
        let (live, min, max) = latency.result();
        if live
            && self.queue.mode() == Mode::EveryFrame
            && let Some(duration) = self.input.frame_duration()
            && let Some(held) = duration.checked_mul(self.queue.capacity() as u64)
        {
            latency.set(live, min.saturating_add(held), max.and_then(|max| max.checked_add(held)));
        }
        true
    }
}
