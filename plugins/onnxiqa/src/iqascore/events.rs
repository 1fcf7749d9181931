// SPDX-License-Identifier: MPL-2.0

//! Event handling. Serialized events keep their position between frames.

use super::input::Input;
use super::output::Output;
use super::queue::Queue;
use super::scores::Scores;
use crate::scheduling::task;
use gst::prelude::*;
use std::sync::Arc;

/// Event handler of the element's pads.
pub struct Events {
    sink_pad: gst::Pad,
    src_pad: gst::Pad,
    queue: Arc<Queue>,
    input: Arc<Input>,
    output: Arc<Output>,
    scores: Arc<Scores>,
}

impl Events {
    /// Creates the handler for these pads.
    pub fn new(
        [sink_pad, src_pad]: [gst::Pad; 2],
        queue: Arc<Queue>,
        input: Arc<Input>,
        output: Arc<Output>,
        scores: Arc<Scores>,
    ) -> Self {
        Self { sink_pad, src_pad, queue, input, output, scores }
    }

    /// Handles an event from upstream.
    pub fn sink_event(&self, element: &gst::Element, event: gst::Event) -> bool {
        use gst::EventView;
        match event.view() {
            EventView::FlushStart(_) => return self.flush_start(event),
            EventView::FlushStop(_) => return self.flush_stop(element, event),
            EventView::Caps(caps) => {
                if let Err(error) = self.input.set_caps(element, caps.caps()) {
                    gst::element_error!(element, gst::CoreError::Negotiation, ("{error}"));
                    return false;
                }
            }
            EventView::Segment(segment) => {
                if let Err(error) = self.input.set_segment(segment.segment()) {
                    gst::element_error!(element, gst::StreamError::Format, ("{error}"));
                    return false;
                }
            }
            _ => {}
        }
        if event.is_serialized() { self.pass(element, event) } else { self.src_pad.push_event(event) }
    }

    /// Forwards a serialized event in its position.
    fn pass(&self, element: &gst::Element, event: gst::Event) -> bool {
        let eos = event.type_() == gst::EventType::Eos;
        match self.output.pass_event(element, event) {
            Ok(accepted) => accepted,
            Err(error) => {
                // Upstream sends no more buffers that would return the error.
                if eos && error != gst::FlowError::Flushing {
                    self.output.end_with_error(element, error);
                }
                false
            }
        }
    }

    fn flush_start(&self, event: gst::Event) -> bool {
        self.queue.flush_start();
        let forwarded = self.src_pad.push_event(event);
        task::pause_and_wait(&self.src_pad);
        forwarded
    }

    fn flush_stop(&self, element: &gst::Element, event: gst::Event) -> bool {
        let forwarded = self.src_pad.push_event(event);
        self.input.discontinuity();
        self.scores.discontinuity();
        self.queue.flush_stop();
        forwarded && self.output.start_task(element).is_ok()
    }

    /// Handles an event from downstream.
    pub fn src_event(&self, element: &gst::Element, event: gst::Event) -> bool {
        // A pad that was not linked may be linked now. The task logs why it cannot be started.
        if event.type_() == gst::EventType::Reconfigure && self.queue.relink() {
            let _ = self.output.start_task(element);
        }
        self.sink_pad.push_event(event)
    }
}
