// SPDX-License-Identifier: MPL-2.0

//! Distinguishing finished scores.

use super::frame::FrameRecord;
use super::names::State;

/// Identifies a score, or the measures of a pair. Scores have no number: two that agree in all of this are the same
/// one, carried by several frames.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ScoreId {
    scored_pts: Option<u64>,
    reference_pts: Option<u64>,
    raw: Option<u64>,
    measure: Option<u64>,
    latency: Option<u64>,
}

impl ScoreId {
    /// Of a record, if it contains a score or measures; `pts` is the time stamp of the frame that carries it.
    pub(crate) fn of(record: &FrameRecord, pts: Option<u64>) -> Option<Self> {
        let is_own = record.state == Some(State::Scored);
        let raw = record.raw.or(record.score).map(f64::to_bits);
        let measure = record.measures.first().map(|(_, value)| value.to_bits());
        let is_older = record.state == Some(State::Skipped) && raw.or(measure).is_some();
        (is_own || is_older).then(|| Self {
            scored_pts: record.scored_pts.or(pts.filter(|_| is_own)),
            reference_pts: record.reference_pts,
            raw,
            measure,
            latency: record.latency,
        })
    }

    /// Whether the frame of the score is known.
    pub(crate) fn is_timed(&self) -> bool {
        self.scored_pts.is_some()
    }

    /// Whether it includes a model's score, not just measures.
    pub(crate) fn is_of_model(&self) -> bool {
        self.raw.is_some()
    }
}
