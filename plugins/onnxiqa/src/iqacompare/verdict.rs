// SPDX-License-Identifier: MPL-2.0

//! Handles the result of a frame: counts, messages and the frame's entry.

use super::category::CAT;
use super::context::Context;
use super::frames::Pending;
use super::references::ReferenceTime;
use super::settings::{OnUnmatched, Settings};
use crate::lock;
use crate::messages::Structured;
use crate::scoring::{Failures, FrameResult, ModelInfo, OnError, ScoredFrame};
use onnx_iqa::align::time::{Evidence, Pairing};
use onnx_iqa::comparer::{Comparison, Outcome};
use onnx_iqa::record::{Partner, State};

/// Handles results in order.
#[derive(Default)]
pub(super) struct Verdict {
    failures: Failures,
}

impl Verdict {
    pub(super) fn new(on_error: OnError) -> Self {
        Self { failures: Failures::new(on_error) }
    }

    /// Reports the result of a frame and returns its entry, if any. `reference`: times of the reference frame it was
    /// compared with.
    ///
    /// # Errors
    /// If the flow ends with this frame. The element error has been posted.
    pub(super) fn entry(
        &mut self,
        context: &Context<'_>,
        frame: &Pending,
        outcome: Outcome,
        reference: Option<ReferenceTime>,
    ) -> Result<Option<gst::Structure>, gst::FlowError> {
        let Outcome { pairing, confidence, evidence, result, .. } = outcome;
        if pairing.reference().is_some() {
            lock(context.report).paired(evidence, confidence);
        }
        let partner = partner(pairing, confidence, evidence, frame, reference);
        let model_info = context.session.model_info();
        let plain = |state| {
            let mut record = model_info.record(state);
            record.set_partner(partner);
            record.to_structure()
        };
        match result {
            Some(Err(error)) => {
                context.report(|report| report.failed(frame.times.place()));
                self.failures.failed().announce(*CAT, context.element, &error)?;
                Ok(Some(plain(State::Failed)))
            }
            _ if pairing == Pairing::Unmatched => {
                let flag = unmatched(context, frame)?;
                Ok(flag.then(|| plain(State::Unmatched)))
            }
            None => {
                context.report(|report| report.skipped(frame.times));
                Ok(Some(plain(State::Skipped)))
            }
            Some(Ok(mut comparison)) => {
                self.failures.succeeded();
                if let Some(detector) = comparison.detail.take() {
                    lock(context.report).set_swap_detector(detector);
                }
                for missing in comparison.metrics.missing() {
                    context.report(|report| report.lacks(missing));
                }
                // If a model is set and there is no score, the frame has failed.
                let skipped = comparison.score.is_none() && context.setting(Settings::has_model);
                let result = frame_result(comparison, partner);
                Ok(Some(match skipped {
                    true => measured(context, frame, &model_info, result),
                    false => scored(context, frame, &model_info, result),
                }))
            }
        }
    }
}

/// Returns whether the frame gets an entry with the state `unmatched`.
fn unmatched(context: &Context<'_>, frame: &Pending) -> Result<bool, gst::FlowError> {
    let on_unmatched = context.setting(|settings| settings.on_unmatched);
    if on_unmatched == OnUnmatched::Error {
        let time = frame.times.pts.map_or_else(|| "without a time stamp".to_owned(), |pts| format!("at {pts}"));
        gst::element_error!(
            context.element,
            gst::StreamError::Failed,
            ("the frame {time} has no matching reference frame and on-unmatched=error is set")
        );
        return Err(gst::FlowError::Error);
    }
    context.report(|report| report.unmatched(frame.times));
    Ok(on_unmatched == OnUnmatched::Flag)
}

/// Entry of a pair that was not selected for the model.
fn measured(context: &Context<'_>, frame: &Pending, model_info: &ModelInfo, result: FrameResult) -> gst::Structure {
    let record = result.record(model_info, State::Skipped, latency(frame));
    context.report(|report| report.measured(frame.times, &record));
    record.to_structure()
}

fn latency(frame: &Pending) -> gst::ClockTime {
    gst::ClockTime::try_from(frame.arrival.elapsed()).unwrap_or(gst::ClockTime::MAX)
}

fn scored(context: &Context<'_>, frame: &Pending, model_info: &ModelInfo, result: FrameResult) -> gst::Structure {
    let scored = ScoredFrame::new(model_info, frame.times, result, latency(frame));
    context.report(|report| report.scored(&scored, frame.times.place()));
    scored.scored()
}

fn partner(
    pairing: Pairing,
    confidence: f64,
    evidence: Evidence,
    frame: &Pending,
    reference: Option<ReferenceTime>,
) -> Partner {
    let theirs = reference.and_then(|(_, running)| running);
    Partner {
        pairing: pairing.into(),
        confidence,
        evidence: pairing.reference().map(|_| evidence),
        reference_pts: reference.and_then(|(pts, _)| pts).map(gst::ClockTime::nseconds),
        offset: theirs.zip(frame.running).map(|(theirs, ours)| theirs.saturating_sub(ours)),
    }
}

fn frame_result(comparison: Comparison, partner: Partner) -> FrameResult {
    let Comparison { metrics, score, shift, .. } = comparison;
    let mut measures: Vec<_> = metrics.iter().map(|(field, value)| (field.name, value)).collect();
    if let Some([x, y]) = shift {
        measures.extend([("shift-x", x), ("shift-y", y)]);
    }
    FrameResult { score, partner: Some(partner), measures, depth: metrics.depth() }
}
