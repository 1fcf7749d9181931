// SPDX-License-Identifier: MPL-2.0

//! Output side: frames, each when its result is finished, and the events in between, in their original order.

use super::alignment_events::announce;
use super::category::CAT;
use super::context::Context;
use super::frames::Pending;
use super::references::ReferenceTime;
use super::verdict::Verdict;
use crate::analytics::Analytics;
use crate::lock;
use crate::scheduling::{Fifo, Item, Limit};
use crate::scoring::{Labels, OnError, report};
use gst::prelude::*;
use onnx_iqa::comparer::{Comparer, Outcome};

/// Events that arrive before CAPS, which must be sent first.
#[derive(Default)]
struct Prelude {
    /// Whether caps have been sent.
    over: bool,
    stream_start: Option<gst::Event>,
    others: Vec<gst::Event>,
}

impl Prelude {
    /// Drops what a flush discards.
    fn flush(&mut self) {
        self.others.retain(|event| event.is_sticky() && event.type_() != gst::EventType::Segment);
    }

    /// Holds an event back until CAPS has been sent; returns the events to send now.
    fn pass(&mut self, event: gst::Event) -> Vec<gst::Event> {
        match event.type_() {
            _ if self.over => vec![event],
            gst::EventType::StreamStart => {
                self.stream_start = Some(event);
                Vec::new()
            }
            // Without caps only EOS is meaningful downstream.
            gst::EventType::Caps | gst::EventType::Eos => {
                self.over = true;
                let mut events: Vec<_> = self.stream_start.take().into_iter().collect();
                let mut others = std::mem::take(&mut self.others);
                if event.type_() == gst::EventType::Caps {
                    events.push(event);
                    events.append(&mut others);
                } else {
                    events.append(&mut others);
                    events.push(event);
                }
                events
            }
            kind if self.others.len() >= Limit::EVENTS => {
                gst::warning!(CAT, "Dropping {kind}: too many events before caps");
                Vec::new()
            }
            _ => {
                self.others.push(event);
                Vec::new()
            }
        }
    }
}

/// Items of `distorted` that have been taken from the queue and have not left.
pub(super) struct Output {
    /// Bounded by the comparer.
    fifo: Fifo<Pending>,
    prelude: Prelude,
    verdict: Verdict,
    labels: Labels,
    /// Whether the summary has been posted.
    summed_up: bool,
}

impl Output {
    /// Creates the initial state. `analytics`: library for analytics metadata, if enabled.
    pub(super) fn new(on_error: OnError, analytics: Option<&'static Analytics>) -> Self {
        let labels = Labels::default();
        labels.restart(analytics);
        Self {
            fifo: Fifo::new(Limit::frames(usize::MAX)),
            prelude: Prelude::default(),
            verdict: Verdict::new(on_error),
            labels,
            summed_up: false,
        }
    }

    /// Queues a frame until its result is finished.
    pub(super) fn push_frame(&mut self, frame: Pending) {
        self.fifo.push(Item::Frame(frame));
    }

    /// Queues an event in its position.
    pub(super) fn push_event(&mut self, event: gst::Event) {
        self.fifo.push(Item::Event(event));
    }

    pub(super) fn fifo(&self) -> &Fifo<Pending> {
        &self.fifo
    }

    /// Handles a flush of `distorted`: frames are dropped and EOS is reset.
    pub(super) fn flush(&mut self) {
        drop(self.fifo.flush());
        self.prelude.flush();
        self.summed_up = false;
    }

    /// The flow resumes after it was stopped: frames are lost.
    pub(super) fn resume(&mut self) {
        drop(self.fifo.stop());
        self.summed_up = false;
    }

    /// Sends the next item if it need not wait, and returns whether it did. `paired` returns the times of the reference
    /// frame that a frame was compared with.
    ///
    /// # Errors
    /// The error from downstream, or if the flow ends with this frame.
    pub(super) fn send_next(
        &mut self,
        context: &Context<'_>,
        comparer: &Comparer,
        paired: impl FnOnce(u64, &Pending) -> Option<ReferenceTime>,
    ) -> Result<bool, gst::FlowError> {
        announce(context, comparer, &self.fifo);
        let outcome = match self.fifo.front() {
            None => return Ok(false),
            Some(Item::Frame(_)) => match comparer.take() {
                None => return Ok(false),
                outcome => outcome,
            },
            // The statistics must be complete first.
            Some(item) if item.is_eos() && !comparer.idle() => return Ok(false),
            Some(Item::Event(_)) => None,
        };
        // Events found with this frame are known by now, and the frame is still queued so they can refer to it.
        announce(context, comparer, &self.fifo);
        match self.fifo.pop() {
            Some(Item::Frame(frame)) => {
                if let Some(outcome) = outcome {
                    let reference = outcome.pairing.reference().and_then(|number| paired(number, &frame));
                    self.send_frame(context, frame, outcome, reference)?;
                }
            }
            Some(Item::Event(event)) => {
                if event.type_() == gst::EventType::Eos {
                    // References that were not needed are counted before the summary.
                    context.session.count_late(context.queues.end());
                }
                self.send_event(context, event);
            }
            None => return Ok(false),
        }
        Ok(true)
    }

    fn send_frame(
        &mut self,
        context: &Context<'_>,
        frame: Pending,
        outcome: Outcome,
        reference: Option<ReferenceTime>,
    ) -> Result<(), gst::FlowError> {
        debug_assert_eq!(frame.number, outcome.distorted, "outcomes come in order");
        let (suspicions, ledger) = (outcome.suspicions, context.session.ledger());
        let entry = self.verdict.entry(context, &frame, outcome, reference)?;
        context.report(|report| report.check_pairs(ledger, suspicions));
        let Pending { mut buffer, charge, .. } = frame;
        // Downstream owns the buffer from here on.
        drop(charge);
        if let Some(mut entry) = entry {
            lock(context.report).add_alarm(&mut entry);
            self.labels.put(context.element, buffer.make_mut(), entry)?;
        }
        context.pads.src.push(buffer).map(|_| ())
    }

    fn send_event(&mut self, context: &Context<'_>, mut event: gst::Event) {
        if event.type_() == gst::EventType::Eos {
            self.sum_up(context, &mut event);
        }
        for event in self.prelude.pass(event) {
            context.pads.src.push_event(event);
        }
    }

    /// Ends the stream early: summary and EOS.
    pub(super) fn cut(&mut self, context: &Context<'_>) {
        drop(self.fifo.flush());
        self.send_event(context, gst::event::Eos::new());
    }

    /// Posts the summary once and attaches it to the EOS event.
    fn sum_up(&mut self, context: &Context<'_>, eos: &mut gst::Event) {
        if std::mem::replace(&mut self.summed_up, true) {
            return;
        }
        let (model_info, ledger) = (context.session.model_info(), context.session.ledger());
        let suspicions = context.session.suspicions();
        let mut counts = lock(context.report);
        counts.suspect(suspicions);
        let notices = counts.finish(&model_info, Some(ledger));
        drop(counts);
        report::add_summary(context.element, &notices, eos);
        context.post(notices);
    }
}
