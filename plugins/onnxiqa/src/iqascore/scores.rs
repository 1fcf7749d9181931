// SPDX-License-Identifier: MPL-2.0

//! Results of frames and of the stream: on frames, on the bus and in the `stats` property.

use super::category::CAT;
use super::frame::{Finished, Outcome};
use crate::lock;
use crate::messages::Structured;
use crate::scoring::{Failures, Fields, ModelInfo, Notice, OnError, Report, ScoredFrame, Times, report};
use gst::glib;
use onnx_iqa::record::{Place, State};
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

/// Counts frames and scores and notifies the application. Messages are posted without the lock: sync handlers run
/// immediately and may read `stats`.
#[derive(Default)]
pub struct Scores(Mutex<Inner>);

impl Scores {
    /// Resets all counts at READY→PAUSED; `fields` describes what frames will carry.
    pub fn restart(&self, element: &gst::Element, model_info: ModelInfo, fields: Fields, on_error: OnError) {
        let mut inner = lock(&self.0);
        let notices = inner.report.restart(fields);
        (inner.model_info, inner.on_error) = (model_info, on_error);
        inner.discontinuity();
        drop(inner);
        report::post(element, notices);
    }

    /// Handles a discontinuity in time, such as a flush.
    pub fn discontinuity(&self) {
        lock(&self.0).discontinuity();
    }

    /// A frame arrived. `has_rate`: whether `max-rate` is set.
    pub fn arrived(&self, element: &gst::Element, times: Times, has_rate: bool) {
        let notices = lock(&self.0).report.arrived(times, has_rate);
        report::post(element, notices);
    }

    /// A result is finished whose frame has left or is about to leave.
    ///
    /// # Errors
    /// If it is an error that ends the flow.
    pub fn finished_apart(&self, element: &gst::Element, finished: Finished) -> Result<(), gst::FlowError> {
        self.finished(element, finished, Place::Passed).map(drop)
    }

    /// Counts a result at `place`, posts its messages and keeps it as the newest. Returns `None` for a failure that
    /// does not end the flow.
    fn finished(
        &self,
        element: &gst::Element,
        finished: Finished,
        place: Place,
    ) -> Result<Option<ScoredFrame>, gst::FlowError> {
        let Finished { times, result, latency } = finished;
        match result {
            Ok(observation) => {
                let mut inner = lock(&self.0);
                let missing = observation.measures.missing().to_vec();
                let scored = ScoredFrame::new(&inner.model_info, times, observation, latency);
                let mut messages = inner.scored(&scored, place);
                messages.extend(missing.iter().flat_map(|missing| inner.report.lacks(missing)));
                drop(inner);
                report::post(element, messages);
                Ok(Some(scored))
            }
            Err(ScoreError::Cancelled) => Err(gst::FlowError::Flushing),
            Err(error) => {
                let mut inner = lock(&self.0);
                let (messages, consequence) = (inner.report.failed(place), inner.failures.failed());
                drop(inner);
                report::post(element, messages);
                consequence.announce(*CAT, element, &error).map(|()| None)
            }
        }
    }

    /// Entry for a frame that leaves now; its messages have been posted.
    ///
    /// # Errors
    /// If its failure ends the flow.
    pub fn leaves(
        &self,
        element: &gst::Element,
        times: Times,
        outcome: Outcome,
    ) -> Result<gst::Structure, gst::FlowError> {
        let mut entry = self.entry(element, times, outcome)?;
        lock(&self.0).report.add_alarm(&mut entry);
        Ok(entry)
    }

    /// Entry without the alarm state.
    fn entry(&self, element: &gst::Element, times: Times, outcome: Outcome) -> Result<gst::Structure, gst::FlowError> {
        match outcome {
            Outcome::Finished(finished) => {
                let scored = self.finished(element, finished, times.place())?;
                return Ok(scored.map_or_else(|| lock(&self.0).without_score(State::Failed), |scored| scored.scored()));
            }
            Outcome::Skipped => {
                let messages = lock(&self.0).report.skipped(times);
                report::post(element, messages);
            }
            // Counted together with its result.
            Outcome::Pending(_) => {}
            Outcome::ReportedApart => {
                let messages = lock(&self.0).report.passed(times);
                report::post(element, messages);
            }
        }
        Ok(lock(&self.0).carried_by(times))
    }

    /// Ends the stream; the summary is attached to this event.
    pub fn ended(&self, element: &gst::Element, eos: &mut gst::Event) {
        let mut inner = lock(&self.0);
        let Inner { report, model_info, .. } = &mut *inner;
        let notices = report.finish(model_info, None);
        drop(inner);
        report::add_summary(element, &notices, eos);
        report::post(element, notices);
    }

    /// Value of the `stats` property.
    pub fn stats(&self) -> gst::Structure {
        lock(&self.0).report.stats(None)
    }

    /// Sets the field evaluated by default.
    pub fn set_main_field(&self, field: &'static str) {
        lock(&self.0).report.settings.main_field = field;
    }

    /// Sets a report property; returns false for unknown names.
    pub fn set_property(&self, name: &str, value: &glib::Value) -> bool {
        lock(&self.0).report.settings.set(name, value)
    }

    /// Returns a report property; `None` for unknown names.
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

    fn scored(&mut self, scored: &ScoredFrame, place: Place) -> Vec<Notice> {
        self.failures.succeeded();
        self.newest = Some(scored.clone());
        self.report.scored(scored, place)
    }

    /// Entry for a frame without a score of its own.
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
