// SPDX-License-Identifier: MPL-2.0

//! Queries: downstream and the distorted stream's source see each other through this element.

use super::imp::IqaCompare;
use crate::video_frame;
use gst::prelude::*;
use gst_base::subclass::prelude::*;
use onnx_iqa::comparer::Side;
use std::sync::LazyLock;

static TEMPLATE: LazyLock<gst::Caps> = LazyLock::new(video_frame::template_caps);

impl IqaCompare {
    pub(super) fn sink_query(&self, side: Side, query: &mut gst::QueryRef) -> bool {
        use gst::QueryViewMut;
        match (side, query.view_mut()) {
            (Side::Distorted, QueryViewMut::Caps(caps)) => {
                let filter = within_template(caps.filter());
                let downstream = self.src_pad().peer_query_caps(Some(&filter));
                caps.set_result(&filter.intersect_with_mode(&downstream, gst::CapsIntersectMode::First));
                true
            }
            (Side::Reference, QueryViewMut::Caps(caps)) => {
                let filter = within_template(caps.filter());
                caps.set_result(&filter);
                true
            }
            (Side::Distorted, QueryViewMut::Allocation(_) | QueryViewMut::Drain(_)) => self.pass_on(query),
            (Side::Reference, QueryViewMut::Allocation(allocation)) => {
                // Frames are read where they lie, whatever their strides.
                allocation.add_allocation_meta::<gst_video::VideoMeta>(None);
                if let Some(size) = allocation
                    .get()
                    .0
                    .and_then(|caps| gst_video::VideoInfo::from_caps(caps).ok())
                    .map(|info| info.size())
                {
                    allocation.add_allocation_pool(
                        None::<&gst::BufferPool>,
                        u32::try_from(size).unwrap_or(u32::MAX),
                        self.held_at_most(size),
                        0,
                    );
                }
                true
            }
            (_, _) => self.parent_sink_query(self.pad(side), query),
        }
    }

    /// Serialized queries of the distorted stream's source, on the aggregating thread.
    fn pass_on(&self, query: &mut gst::QueryRef) -> bool {
        // Downstream has to have seen what comes before. What waits for the reference cannot leave now: then upstream
        // does without.
        loop {
            let seen = self.signal.generation();
            if self.deliver().is_err() {
                return false;
            }
            let state = self.state();
            if !state.fifo.frame_is_next() {
                break;
            }
            let working = state.comparer.as_ref().is_some_and(|comparer| !comparer.idle());
            drop(state);
            if !working || !self.signal.wait(seen) {
                return false;
            }
        }
        self.settle_caps();
        let answered = self.src_pad().peer_query(query);
        if answered && let gst::QueryViewMut::Allocation(allocation) = query.view_mut() {
            // The frame as the caps have it is what is measured: nobody may crop it by a meta that only downstream
            // reads.
            while let Some(index) = allocation.find_allocation_meta::<gst_video::VideoCropMeta>() {
                allocation.remove_nth_allocation_meta(index);
            }
            // As many buffers as are held here are missing downstream.
            let pools: Vec<_> = allocation.allocation_pools().collect();
            for (index, (pool, size, min, max)) in (0u32..).zip(pools) {
                let held = self.held_at_most(size as usize);
                let max = if max == 0 { 0 } else { max.saturating_add(held) };
                allocation.set_nth_allocation_pool(index, pool.as_ref(), size, min.saturating_add(held), max);
            }
        }
        answered
    }

    /// How many frames of one side may be held, of so many bytes each.
    fn held_at_most(&self, bytes: usize) -> u32 {
        let settings = crate::lock(&self.settings);
        let (queue, max_bytes) = (u64::from(settings.model.queue_size), settings.max_bytes);
        let range = if settings.alignment.searches() { settings.search_range } else { gst::ClockTime::ZERO };
        drop(settings);
        let period = self.state().streams.get(Side::Distorted).and_then(|stream| stream.frame_duration());
        let period = period.unwrap_or(gst::ClockTime::from_mseconds(40)).nseconds().max(1);
        let frames = range.nseconds() / period + queue + 2;
        u32::try_from(frames.min(max_bytes / (bytes as u64).max(1)).max(2)).unwrap_or(u32::MAX)
    }

    pub(super) fn src_query(&self, query: &mut gst::QueryRef) -> bool {
        use gst::QueryViewMut;
        match query.view_mut() {
            QueryViewMut::Caps(caps) => {
                let filter = within_template(caps.filter());
                let upstream = self.distorted.peer_query_caps(Some(&filter));
                caps.set_result(&filter.intersect_with_mode(&upstream, gst::CapsIntersectMode::First));
                true
            }
            // It is the distorted stream that goes on.
            QueryViewMut::Position(_) | QueryViewMut::Duration(_) | QueryViewMut::Seeking(_) | QueryViewMut::Uri(_) => {
                self.distorted.peer_query(query)
            }
            _ => self.parent_src_query(query),
        }
    }
}

fn within_template(filter: Option<&gst::CapsRef>) -> gst::Caps {
    match filter {
        Some(filter) => filter.to_owned().intersect_with_mode(&TEMPLATE, gst::CapsIntersectMode::First),
        None => TEMPLATE.clone(),
    }
}
