// SPDX-License-Identifier: MPL-2.0

//! The way of the frames out: in order, each with what was found out about it.

use super::fifo::{Frame, Item};
use super::imp::{CAT, IqaCompare};
use super::settings::OnUnmatched;
use super::state::named;
use crate::model::OnError;
use crate::report::{self, Entry, FrameResult, Partner};
use crate::{describe, lock, meta};
use gst::prelude::*;
use gst::subclass::prelude::*;
use gst_base::prelude::*;
use onnx_iqa::align::time::Pairing;
use onnx_iqa::comparer::{Comparison, Outcome};

/// How far the stream is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// Not everything has left.
    Ahead,
    /// Everything has left, but the comparer has not closed its ledger.
    Near,
    /// All is said.
    Reached,
}

impl IqaCompare {
    /// Lets everything go that need not wait any longer.
    pub(super) fn deliver(&self) -> Result<(), gst::FlowError> {
        self.announce_alignment();
        while self.deliver_one()? {}
        Ok(())
    }

    /// Lets go of what is next; false if it has to wait.
    pub(super) fn deliver_one(&self) -> Result<bool, gst::FlowError> {
        let state = self.state();
        state.flow?;
        let mut outcome = None;
        if state.fifo.frame_is_next() {
            outcome = state.comparer.as_ref().and_then(|comparer| comparer.take());
            if outcome.is_none() {
                return Ok(false);
            }
        }
        drop(state);
        // What was found with this frame is known by now, and the frame is still there to be named.
        self.announce_alignment();
        let Some(item) = self.state().fifo.pop() else { return Ok(false) };
        let flow = match item {
            Item::Frame(frame) => outcome.map_or(Ok(()), |outcome| self.deliver_frame(frame, outcome)),
            Item::Gap(start, duration) => {
                self.settle();
                self.src_pad().push_event(gst::event::Gap::builder(start).duration(duration).build());
                Ok(())
            }
            Item::Event(event) => {
                self.state().announced.early.push(event);
                self.settle_caps();
                Ok(())
            }
            Item::Caps(caps) => {
                let mut state = self.state();
                state.announced.caps = Some(caps);
                state.announced.caps_due = true;
                Ok(())
            }
            Item::Segment(segment, event) => {
                self.obj().update_segment(&segment);
                self.state().announced.segment = Some(event);
                Ok(())
            }
        };
        if let Err(flow) = flow {
            gst::debug!(CAT, imp = self, "flow stops: {flow:?}");
            self.state().flow = Err(flow);
        }
        flow.map(|()| true)
    }

    /// Sends the caps on, and what has waited for them.
    pub(super) fn settle_caps(&self) {
        let mut state = self.state();
        let announced = &mut state.announced;
        let Some(caps) = announced.caps.clone() else { return };
        let due = std::mem::take(&mut announced.caps_due);
        let early = std::mem::take(&mut announced.early);
        drop(state);
        if due {
            // It sends stream-start, too.
            self.obj().set_src_caps(&caps);
        }
        for event in early {
            self.src_pad().push_event(event);
        }
    }

    /// Sends caps and segment on before something that is no frame. Before a frame the base class does: it sends the
    /// segment again then, which changes nothing.
    pub(super) fn settle(&self) {
        self.settle_caps();
        let segment = self.state().announced.segment.take();
        if let Some(segment) = segment {
            self.src_pad().push_event(segment);
        }
    }

    fn deliver_frame(&self, frame: Frame, outcome: Outcome) -> Result<(), gst::FlowError> {
        debug_assert_eq!(frame.number, outcome.distorted, "outcomes come in order");
        let entry = self.entry(&frame, outcome)?;
        let Frame { mut buffer, times, .. } = frame;
        if let Some(entry) = entry {
            meta::attach(buffer.make_mut(), &self.obj().name(), entry).map_err(|error| {
                gst::element_imp_error!(self, gst::CoreError::Failed, ("{error}: is `IqaMeta` registered?"));
                gst::FlowError::Error
            })?;
        }
        self.settle_caps();
        self.state().announced.segment = None;
        self.obj().selected_samples(times.pts, buffer.dts(), buffer.duration(), None);
        self.obj().finish_buffer(buffer).map(|_| ())
    }

    /// Reports what became of a frame; gives what it is to carry, if anything.
    fn entry(&self, frame: &Frame, outcome: Outcome) -> Result<Option<gst::Structure>, gst::FlowError> {
        let Outcome { pairing, confidence, result, .. } = outcome;
        let latency = gst::ClockTime::try_from(frame.arrival.elapsed()).unwrap_or(gst::ClockTime::MAX);
        let (on_unmatched, on_error) = {
            let settings = lock(&self.settings);
            (settings.on_unmatched, settings.model.on_error)
        };
        let state = self.state();
        let model_info = state.model_info.clone();
        let known = pairing.reference().and_then(|number| state.references.get(number));
        drop(state);
        let partner = Partner {
            pairing: match pairing {
                Pairing::Matched(_) => "matched",
                Pairing::Duplicate(_) => "duplicate",
                Pairing::Unmatched => "unmatched",
            },
            confidence,
            pts: known.and_then(|(pts, _)| pts),
            offset: known
                .and_then(|(_, running)| running)
                .zip(frame.running)
                .map(|(theirs, ours)| theirs.saturating_sub(ours)),
        };
        let plain = |state| {
            let mut entry = model_info.entry(state);
            partner.describe(&mut entry);
            entry
        };
        if pairing == Pairing::Unmatched && !matches!(result, Some(Err(_))) {
            if on_unmatched == OnUnmatched::Error {
                let time = frame.times.pts.map_or_else(|| "without a time stamp".to_owned(), |pts| format!("at {pts}"));
                gst::element_imp_error!(
                    self,
                    gst::StreamError::Failed,
                    ("the frame {time} has no partner in the reference (on-unmatched=error)")
                );
                return Err(gst::FlowError::Error);
            }
            let messages = lock(&self.report).unmatched(frame.times);
            self.post(messages);
            return Ok((on_unmatched == OnUnmatched::Flag).then(|| plain("unmatched")));
        }
        match result {
            None => {
                let messages = lock(&self.report).skipped(frame.times);
                self.post(messages);
                Ok(Some(plain("skipped")))
            }
            Some(Ok(comparison)) => {
                self.state().failing = false;
                let entry = Entry::new(frame.times, frame_result(comparison, partner), latency);
                let messages = lock(&self.report).scored(&entry, &model_info);
                self.post(messages);
                Ok(Some(entry.scored(&model_info)))
            }
            Some(Err(error)) => {
                let messages = lock(&self.report).failed(frame.times);
                self.post(messages);
                if on_error == OnError::Stop {
                    gst::element_imp_error!(self, gst::StreamError::Failed, ("{}", describe(&error)));
                    return Err(gst::FlowError::Error);
                }
                gst::debug!(CAT, imp = self, "a frame failed: {}", describe(&error));
                if !std::mem::replace(&mut self.state().failing, true) {
                    gst::element_imp_warning!(self, gst::StreamError::Failed, ("{}", describe(&error)));
                }
                Ok(Some(plain("failed")))
            }
        }
    }

    /// Once everything has left: says what there is to say of the whole stream.
    pub(super) fn finish(&self) -> End {
        let mut state = self.state();
        if !state.drained() {
            return End::Ahead;
        }
        if state.comparer.as_ref().is_some_and(|comparer| !comparer.idle()) {
            return End::Near;
        }
        if std::mem::replace(&mut state.announced.summary, true) {
            return End::Reached;
        }
        let (model_info, ledger) = (state.model_info.clone(), state.ledger());
        drop(state);
        self.settle_caps();
        let messages = lock(&self.report).finish(&model_info, &named(ledger));
        self.post(messages);
        End::Reached
    }

    pub(super) fn post(&self, messages: Vec<gst::Structure>) {
        report::post(self.obj().upcast_ref(), messages);
    }

    pub(super) fn src_pad(&self) -> gst::Pad {
        self.obj().src_pad().clone().upcast()
    }
}

fn frame_result(comparison: Comparison, partner: Partner) -> FrameResult {
    let Comparison { metrics, score, shift, .. } = comparison;
    let mut measures: Vec<_> = metrics.iter().map(|(field, value)| (field.name, value)).collect();
    if let Some([x, y]) = shift {
        // Metas and logs have it before the luma fit.
        let at = measures.iter().position(|(name, _)| *name == "gain").unwrap_or(measures.len());
        measures.splice(at..at, [("shift-x", x), ("shift-y", y)]);
    }
    FrameResult { score, partner: Some(partner), measures }
}
