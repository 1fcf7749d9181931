// SPDX-License-Identifier: MPL-2.0

//! What is said of frames and of the stream: on frames, on the bus, and in the property `stats`.

use super::category::CAT;
use super::frame::{Finished, Outcome};
use crate::lock;
use crate::messages::Structured;
use crate::scoring::{Failures, ModelInfo, OnError, Report, ScoredFrame, Times, report};
use gst::glib;
use onnx_iqa::record::State;
use onnx_iqa::scorer::ScoreError;
use std::sync::Mutex;

#[derive(Default)]
struct Inner {
    report: Report,
    model_info: ModelInfo,
    on_error: OnError,
    failures: Failures,
    /// The newest finished score.
    newest: Option<ScoredFrame>,
}

/// Counts frames and scores, and tells users. Messages are posted without the lock, for handlers run at once and may
/// ask for `stats`.
#[derive(Default)]
pub struct Scores(Mutex<Inner>);

impl Scores {
    /// Counts from nothing, as the element goes from READY to PAUSED.
    pub fn restart(&self, model_info: ModelInfo, on_error: OnError) {
        let mut inner = lock(&self.0);
        inner.report.restart();
        (inner.model_info, inner.on_error) = (model_info, on_error);
        inner.discontinuity();
    }

    /// Time starts anew, as after a flush.
    pub fn discontinuity(&self) {
        lock(&self.0).discontinuity();
    }

    /// A frame came.
    pub fn arrived(&self) {
        lock(&self.0).report.arrived();
    }

    /// A result is there: counts it, tells of it and keeps it as the newest. None is a failure that the stream
    /// outlives.
    ///
    /// # Errors
    /// When the failure ends the flow.
    pub fn finished(&self, element: &gst::Element, finished: Finished) -> Result<Option<ScoredFrame>, gst::FlowError> {
        let Finished { times, result, latency } = finished;
        match result {
            Ok(score) => {
                let mut inner = lock(&self.0);
                let scored = ScoredFrame::new(&inner.model_info, times, score, latency);
                let messages = inner.scored(&scored);
                drop(inner);
                report::post(element, messages);
                Ok(Some(scored))
            }
            Err(ScoreError::Cancelled) => Err(gst::FlowError::Flushing),
            Err(error) => {
                let mut inner = lock(&self.0);
                let (messages, consequence) = (inner.report.failed(times), inner.failures.failed());
                drop(inner);
                report::post(element, messages);
                consequence.announce(*CAT, element, &error).map(|()| None)
            }
        }
    }

    /// What a frame carries that leaves now; what had to be said of it has been said.
    ///
    /// # Errors
    /// When its failure ends the flow.
    pub fn leaves(
        &self,
        element: &gst::Element,
        times: Times,
        outcome: Outcome,
    ) -> Result<gst::Structure, gst::FlowError> {
        match outcome {
            Outcome::Finished(finished) => {
                let scored = self.finished(element, finished)?;
                return Ok(scored.map_or_else(|| lock(&self.0).without_score(State::Failed), |scored| scored.scored()));
            }
            Outcome::Skipped => {
                let messages = lock(&self.0).report.skipped(times);
                report::post(element, messages);
            }
            // It is counted with its result.
            Outcome::Pending(_) | Outcome::ReportedApart => {}
        }
        Ok(lock(&self.0).carried_by(times))
    }

    /// The stream ends with this event, which takes the summary downstream.
    pub fn ended(&self, element: &gst::Element, eos: &mut gst::Event) {
        let mut inner = lock(&self.0);
        let Inner { report, model_info, .. } = &mut *inner;
        let messages = report.finish(model_info, None);
        drop(inner);
        report::add_summary(element, &messages, eos);
        report::post(element, messages);
    }

    /// The property `stats`.
    pub fn stats(&self) -> gst::Structure {
        lock(&self.0).report.stats(None)
    }

    /// Sets a property; false if it is none of the report's.
    pub fn set_property(&self, name: &str, value: &glib::Value) -> bool {
        lock(&self.0).report.settings.set(name, value)
    }

    /// A property's value; none if it is none of the report's.
    pub fn property(&self, name: &str) -> Option<glib::Value> {
        lock(&self.0).report.settings.get(name)
    }
}

impl Inner {
    fn discontinuity(&mut self) {
        self.report.discontinuity();
        self.failures = Failures::new(self.on_error);
        self.newest = None;
    }

    fn scored(&mut self, scored: &ScoredFrame) -> Vec<gst::Structure> {
        self.failures.succeeded();
        self.newest = Some(scored.clone());
        self.report.scored(scored)
    }

    /// What a frame without a score of its own carries.
    fn carried_by(&self, times: Times) -> gst::Structure {
        match &self.newest {
            Some(newest) => newest.carried_by(times),
            None => self.without_score(State::Skipped),
        }
    }

    fn without_score(&self, state: State) -> gst::Structure {
        self.model_info.record(state).to_structure()
    }
}
