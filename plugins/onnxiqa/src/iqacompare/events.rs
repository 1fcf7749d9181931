// SPDX-License-Identifier: MPL-2.0

//! Events: those of `distorted` keep their place between its frames, those of `reference` end here.

use super::fifo::Item;
use super::imp::{CAT, IqaCompare};
use super::output::End;
use super::streams::name;
use crate::lock;
use gst::prelude::*;
use gst::subclass::prelude::*;
use gst_base::subclass::prelude::*;
use onnx_iqa::comparer::Side;
use std::sync::atomic::Ordering;

/// The event by which the comparer's threads wake the aggregating thread.
const WAKE: &str = "iqacompare-wake";

impl IqaCompare {
    /// There may be outcomes: makes the aggregating thread look, also while it waits for a pad. Called on the
    /// comparer's threads.
    ///
    /// The base class calls its subclass when pads have data, on deadlines, and for queued events. So one is queued on
    /// both pads: at least one of them is empty while it waits.
    pub(super) fn wake(&self) {
        self.signal.tell();
        for side in [Side::Reference, Side::Distorted] {
            let woken = &self.woken[side as usize];
            if woken.swap(true, Ordering::AcqRel) {
                continue;
            }
            let event = gst::event::CustomDownstream::new(gst::Structure::new_empty(WAKE));
            // A pad that is flushing has nothing to wait for.
            if self.parent_sink_event_pre_queue(self.pad(side), event).is_err() {
                woken.store(false, Ordering::Release);
            }
        }
    }

    /// On the aggregating thread, outside [`aggregate`](Self::aggregate): what can leave leaves.
    fn turn(&self) {
        // What stops the flow is kept, and the base class hears of it when it aggregates next.
        if self.deliver().is_ok() && self.finish() == End::Reached {
            // It would not aggregate before the reference's next frame, which may never come.
            if self.state().announced.end {
                return;
            }
            self.settle();
            let mut eos = gst::event::Eos::builder();
            if let Some(seqnum) = *lock(&self.eos_seqnum) {
                eos = eos.seqnum(seqnum);
            }
            self.src_pad().push_event(eos.build());
            self.state().announced.end = true;
        }
    }

    pub(super) fn sink_event(&self, side: Side, event: gst::Event) -> bool {
        use gst::EventView;
        let index = side as usize;
        match event.view() {
            EventView::CustomDownstream(_) if event.structure().is_some_and(|structure| structure.name() == WAKE) => {
                self.woken[index].store(false, Ordering::Release);
                self.turn();
                return true;
            }
            EventView::FlushStart(_) => {
                self.flushing[index].store(true, Ordering::Release);
                // The base class stops its thread once all pads are flushing.
                if self.flushing.iter().all(|flushing| flushing.load(Ordering::Acquire)) {
                    self.signal.halt(true);
                }
            }
            EventView::FlushStop(_) => {
                self.flushing[index].store(false, Ordering::Release);
                self.woken[index].store(false, Ordering::Release);
                self.signal.halt(false);
                let mut state = self.state();
                // If it is the last pad's, the base class calls `flush`.
                state.flushed[index] = true;
                state.ended[index] = false;
            }
            EventView::Caps(caps) => {
                if let Err(error) = self.set_caps(side, caps.caps()) {
                    gst::element_imp_error!(self, gst::CoreError::Negotiation, ("{}: {error}", name(side)));
                    return false;
                }
                if side == Side::Distorted {
                    self.state().fifo.push(Item::Caps(caps.caps_owned()));
                    self.turn();
                }
                return true;
            }
            EventView::Segment(segment) => match segment.segment().downcast_ref::<gst::ClockTime>() {
                Some(segment) => {
                    let mut state = self.state();
                    state.segments[index] = segment.clone();
                    if side == Side::Distorted {
                        state.fifo.push(Item::Segment(segment.clone(), event.clone()));
                    }
                }
                None => {
                    let format = segment.segment().format();
                    gst::element_imp_error!(
                        self,
                        gst::StreamError::Format,
                        ("{}: a segment in {format:?}: alignment needs one in time", name(side))
                    );
                    return false;
                }
            },
            EventView::Eos(_) => {
                gst::debug!(CAT, imp = self, "{} has ended", name(side));
                if side == Side::Distorted {
                    *lock(&self.eos_seqnum) = Some(event.seqnum());
                }
                let mut state = self.state();
                state.ended[index] = true;
                let comparer = state.comparer.clone();
                drop(state);
                if let Some(comparer) = comparer {
                    match side {
                        Side::Reference => comparer.end_reference(),
                        Side::Distorted => comparer.end_distorted(),
                    }
                }
                let handled = self.parent_sink_event(self.pad(side), event);
                self.turn();
                return handled;
            }
            // The base class makes its own stream-start, and buffers of gaps.
            EventView::StreamStart(_) | EventView::Gap(_) => {}
            _ if event.is_serialized() => {
                if side == Side::Distorted {
                    self.state().fifo.push(Item::Event(event));
                    self.turn();
                }
                return true;
            }
            _ => {}
        }
        self.parent_sink_event(self.pad(side), event)
    }

    pub(super) fn src_event(&self, event: gst::Event) -> bool {
        use gst::EventView;
        match event.view() {
            // The base class stops its thread, and waits for it.
            EventView::Seek(seek) if seek.get().1.contains(gst::SeekFlags::FLUSH) => {
                self.signal.halt(true);
                let handled = self.parent_src_event(event);
                self.signal.halt(false);
                handled
            }
            // What downstream thinks of the frames concerns their source only: a reference that drops frames would
            // spoil the comparison.
            EventView::Reconfigure(_) | EventView::Qos(_) | EventView::Navigation(_) => {
                self.distorted.push_event(event)
            }
            _ => self.parent_src_event(event),
        }
    }
}
