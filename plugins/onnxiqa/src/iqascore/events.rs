// SPDX-License-Identifier: MPL-2.0

//! Events and queries, each in its place between the frames.

use super::fifo::Item;
use super::imp::{CAT, IqaScore};
use super::settings::Mode;
use crate::lock;
use crate::video_frame::Stream;
use gst::prelude::*;
use gst::subclass::prelude::*;
use std::sync::Arc;

impl IqaScore {
    /// Sends an event on in its place. Before EOS goes what there is to say of the whole stream.
    pub(super) fn forward(&self, event: gst::Event) -> bool {
        if event.type_() == gst::EventType::Eos {
            let model_info = self.shared.lock().model_info.clone();
            let messages = lock(&self.report).finish(&model_info, None);
            self.post(messages);
        }
        self.src_pad.push_event(event)
    }

    pub(super) fn sink_event(&self, event: gst::Event) -> bool {
        use gst::EventView;
        match event.view() {
            EventView::FlushStart(_) => {
                let mut state = self.shared.lock();
                state.flushing = true;
                self.shared.changed.notify_all();
                drop(state);
                if let Some(session) = self.session() {
                    session.scorer.cancel();
                }
                let forwarded = self.src_pad.push_event(event);
                let _ = self.src_pad.pause_task();
                return forwarded;
            }
            EventView::FlushStop(_) => {
                let forwarded = self.src_pad.push_event(event);
                let mut state = self.shared.lock();
                state.flush();
                state.segment = gst::FormattedSegment::new();
                state.flow = Ok(gst::FlowSuccess::Ok);
                state.flushing = false;
                drop(state);
                lock(&self.report).discontinuity();
                return forwarded && self.start_task();
            }
            EventView::Caps(caps) => {
                if let Err(error) = self.set_caps(caps.caps()) {
                    gst::element_imp_error!(self, gst::CoreError::Negotiation, ("{error}"));
                    return false;
                }
            }
            EventView::Segment(segment) => match segment.segment().downcast_ref::<gst::ClockTime>() {
                Some(segment) => self.shared.lock().segment = segment.clone(),
                None => {
                    gst::element_imp_error!(
                        self,
                        gst::StreamError::Format,
                        ("a segment in {:?}: scores need one in time", segment.segment().format())
                    );
                    return false;
                }
            },
            _ => {}
        }
        if !event.is_serialized() {
            return self.src_pad.push_event(event);
        }

        let mut state = self.shared.lock();
        if state.flushing {
            return false;
        }
        let kind = event.type_();
        let eos = kind == gst::EventType::Eos;
        match state.flow {
            // What downstream has seen the end of is over: these begin something new.
            Err(gst::FlowError::Eos) if matches!(kind, gst::EventType::StreamStart | gst::EventType::Segment) => {
                state.flow = Ok(gst::FlowSuccess::Ok);
            }
            // Frames are refused, events still have to get there.
            Err(gst::FlowError::Eos) | Ok(_) => {}
            Err(flow) => {
                drop(state);
                // Upstream sends no more buffers that could meet the error.
                if eos {
                    self.flow_error(flow);
                }
                return false;
            }
        }
        if state.idle() && !(eos && state.unreported()) {
            state.pushing = true;
            drop(state);
            let forwarded = self.forward(event);
            self.shared.lock().pushing = false;
            self.shared.changed.notify_all();
            return forwarded;
        }
        state.fifo.push(Item::Event(event));
        self.shared.changed.notify_all();
        true
    }

    pub(super) fn set_caps(&self, caps: &gst::CapsRef) -> Result<(), String> {
        let stream = Stream::from_caps(caps)?;
        if let Some(assumed) = &stream.assumed {
            gst::info!(CAT, imp = self, "the caps leave out the colorimetry; taken: {assumed}");
        }
        if let Some(caution) = stream.caution(true)
            && !std::mem::replace(&mut *lock(&self.cautioned), true)
        {
            gst::element_imp_warning!(self, gst::StreamError::Format, ("{caution}"));
        }
        let mut state = self.shared.lock();
        let duration = stream.frame_duration();
        let changed = state.stream.as_ref().is_none_or(|before| before.frame_duration() != duration);
        state.stream = Some(Arc::new(stream));
        let holds = state.mode == Mode::EveryFrame;
        drop(state);
        if changed && holds {
            let element = self.obj();
            let _ = element.post_message(gst::message::Latency::builder().src(&*element).build());
        }
        Ok(())
    }

    pub(super) fn sink_query(&self, query: &mut gst::QueryRef) -> bool {
        if !query.is_serialized() {
            return gst::Pad::query_default(&self.sink_pad, Some(&*self.obj()), query);
        }
        // A serialized query keeps its place behind what came before it: upstream's thread, which asks, waits for that
        // to leave. Then it can as well go on from this thread.
        let mut state = self.shared.lock();
        loop {
            if state.check().is_err() {
                return false;
            }
            if state.idle() {
                break;
            }
            state = self.shared.wait(state);
        }
        let held = u32::try_from(state.capacity).unwrap_or(u32::MAX);
        drop(state);
        let answered = self.src_pad.peer_query(query);
        if answered && let gst::QueryViewMut::Allocation(allocation) = query.view_mut() {
            // The frame as the caps have it is what is scored: nobody may crop it by a meta that only downstream reads.
            while let Some(index) = allocation.find_allocation_meta::<gst_video::VideoCropMeta>() {
                allocation.remove_nth_allocation_meta(index);
            }
            // As many buffers as are held here are missing downstream.
            let pools: Vec<_> = allocation.allocation_pools().collect();
            for (index, (pool, size, min, max)) in (0u32..).zip(pools) {
                let max = if max == 0 { 0 } else { max.saturating_add(held) };
                allocation.set_nth_allocation_pool(index, pool.as_ref(), size, min.saturating_add(held), max);
            }
        }
        answered
    }

    pub(super) fn src_event(&self, event: gst::Event) -> bool {
        if event.type_() == gst::EventType::Reconfigure {
            // A pad that was not linked may be now.
            let mut state = self.shared.lock();
            if state.flow == Err(gst::FlowError::NotLinked) && !state.flushing {
                state.flow = Ok(gst::FlowSuccess::Ok);
                drop(state);
                self.start_task();
            }
        }
        self.sink_pad.push_event(event)
    }

    pub(super) fn src_query(&self, query: &mut gst::QueryRef) -> bool {
        let gst::QueryViewMut::Latency(latency) = query.view_mut() else {
            return gst::Pad::query_default(&self.src_pad, Some(&*self.obj()), query);
        };
        if !self.sink_pad.peer_query(latency.query_mut()) {
            return false;
        }
        let (live, min, max) = latency.result();
        // A frame waits for its score at most until the FIFO is full of later ones. Nothing is known without a frame rate.
        let state = self.shared.lock();
        let held = (state.mode == Mode::EveryFrame)
            .then(|| state.stream.as_ref()?.frame_duration())
            .flatten()
            .and_then(|duration| duration.checked_mul(state.capacity as u64));
        if let Some(held) = held.filter(|_| live) {
            latency.set(live, min.saturating_add(held), max.and_then(|max| max.checked_add(held)));
        }
        true
    }
}
