// SPDX-License-Identifier: MPL-2.0

//! Outgoing frames and events, pushed by the source pad task or, with an empty queue, directly from the chain function.

use super::category::CAT;
use super::frame::Frame;
use super::queue::{Passage, Queue, Step, Turn};
use super::scores::Scores;
use crate::analytics::Analytics;
use crate::scheduling::{Item, task};
use crate::scoring::{Labels, guard};
use gst::prelude::*;
use std::sync::Arc;

/// Output side of the element.
pub struct Output {
    pad: gst::Pad,
    queue: Arc<Queue>,
    scores: Arc<Scores>,
    labels: Labels,
}

impl Output {
    /// Creates the initial state.
    pub fn new(pad: gst::Pad, queue: Arc<Queue>, scores: Arc<Scores>) -> Self {
        Self { pad, queue, scores, labels: Labels::default() }
    }

    /// READY→PAUSED: resets the state. `analytics`: library for analytics metadata, if enabled.
    pub fn restart(&self, analytics: Option<&'static Analytics>) {
        self.labels.restart(analytics);
    }

    /// Pushes or queues a frame, keeping the order; it is pushed immediately if nothing is ahead of it.
    ///
    /// # Errors
    /// If the flow has ended, or ends with this frame.
    pub fn pass_frame(&self, element: &gst::Element, frame: Frame) -> Result<gst::FlowSuccess, gst::FlowError> {
        match self.queue.pass(Item::Frame(frame))? {
            Passage::Queued => Ok(gst::FlowSuccess::Ok),
            Passage::Direct(item, turn) => turn.answered(self.push(element, item)),
        }
    }

    /// Pushes a frame in a turn that has been acquired.
    ///
    /// # Errors
    /// If the flow ends with this frame.
    pub fn push_frame_in(
        &self,
        turn: Turn<'_>,
        element: &gst::Element,
        frame: Frame,
    ) -> Result<gst::FlowSuccess, gst::FlowError> {
        turn.answered(self.push_frame(element, frame))
    }

    /// Pushes or queues a serialized event; returns false if downstream refuses it.
    ///
    /// # Errors
    /// If the flow has ended.
    pub fn pass_event(&self, element: &gst::Element, event: gst::Event) -> Result<bool, gst::FlowError> {
        match self.queue.pass(Item::Event(event))? {
            Passage::Direct(Item::Event(event), _turn) => Ok(self.push_event(element, event)),
            _ => Ok(true),
        }
    }

    /// Starts the task, or resumes a paused one.
    ///
    /// # Errors
    /// If the pad's task cannot be started.
    pub fn start_task(self: &Arc<Self>, element: &gst::Element) -> Result<(), gst::LoggableError> {
        task::start(&self.pad, self.task(element))
    }

    /// The task function. It keeps neither the element nor the pad alive, which own the task.
    pub fn task(self: &Arc<Self>, element: &gst::Element) -> impl FnMut() + Send + 'static {
        let (output, element) = (Arc::downgrade(self), element.downgrade());
        move || {
            if let (Some(output), Some(element)) = (output.upgrade(), element.upgrade()) {
                guard(&element, (), || output.stop(&element, gst::FlowError::Error), || output.run_task(&element));
            }
        }
    }

    /// One iteration of the task.
    fn run_task(&self, element: &gst::Element) {
        let Some(step) = self.queue.next_step(&self.pad) else { return };
        match step {
            Step::Report(finished, reporting) => {
                let reported = self.scores.finished_apart(element, finished);
                drop(reporting);
                if let Err(error) = reported {
                    self.stop(element, error);
                }
            }
            Step::Push(item, turn) => {
                if let Err(error) = self.push(element, item) {
                    // Within the turn: nothing may be pushed after an error.
                    self.stopped(element, error, turn.stop(error));
                }
            }
        }
    }

    /// Stops the flow because of downstream or of an error in this element.
    pub fn stop(&self, element: &gst::Element, error: gst::FlowError) {
        self.stopped(element, error, self.queue.stop(error));
    }

    fn stopped(&self, element: &gst::Element, error: gst::FlowError, unheard: bool) {
        gst::debug!(CAT, obj = element, "flow stops: {error:?}");
        // After EOS upstream sends no buffer that would return the error, so it is posted here.
        if unheard && !matches!(error, gst::FlowError::Flushing | gst::FlowError::Eos) {
            self.end_with_error(element, error);
        }
    }

    /// Posts the error that ends the flow, on behalf of upstream.
    pub fn end_with_error(&self, element: &gst::Element, error: gst::FlowError) {
        if error != gst::FlowError::Flushing && error != gst::FlowError::Error {
            gst::element_error!(
                element,
                gst::StreamError::Failed,
                ("Internal data stream error."),
                ["streaming stopped, reason {error:?}"]
            );
        }
        self.pad.push_event(gst::event::Eos::new());
    }

    fn push(&self, element: &gst::Element, item: Item<Frame>) -> Result<gst::FlowSuccess, gst::FlowError> {
        match item {
            Item::Frame(frame) => self.push_frame(element, frame),
            Item::Event(event) => {
                self.push_event(element, event);
                Ok(gst::FlowSuccess::Ok)
            }
        }
    }

    /// Pushes a frame with its entry.
    fn push_frame(&self, element: &gst::Element, frame: Frame) -> Result<gst::FlowSuccess, gst::FlowError> {
        let Frame { mut buffer, times, outcome } = frame;
        let entry = self.scores.leaves(element, times, outcome)?;
        self.labels.put(element, buffer.make_mut(), entry)?;
        self.pad.push(buffer)
    }

    /// Pushes an event. The summary is posted before EOS.
    fn push_event(&self, element: &gst::Element, mut event: gst::Event) -> bool {
        if event.type_() == gst::EventType::Eos {
            self.scores.ended(element, &mut event);
        }
        self.pad.push_event(event)
    }
}
