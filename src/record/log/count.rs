// SPDX-License-Identifier: MPL-2.0

//! Which of the scores that frames carry count, and what they come to.

use super::logged::ElementPools;
use crate::model::contract::Kind;
use crate::record::{Counts, FieldPools, FrameRecord, PairingState, State, Summary, Verdict};
use std::collections::VecDeque;

/// How many scores are remembered. A frame that is shown twice may come back after others: an encoder sends frames in
/// another order.
const REMEMBERED: usize = 64;

/// What has been counted of one element.
pub(super) struct ElementCount {
    name: String,
    model: Option<String>,
    pools: FieldPools,
    recent: VecDeque<ScoreId>,
    seen: Seen,
    /// What the element itself has said of its stream, until another frame of it comes.
    told: Option<Told>,
}

/// Tells one finished score from the next. Scores have no number; two that agree in all of this are taken for one.
#[derive(PartialEq)]
struct ScoreId {
    scored_pts: Option<u64>,
    raw: Option<u64>,
    latency: Option<u64>,
}

/// Frames without a score of their own, and pairs.
#[derive(Default)]
struct Seen {
    skipped: u64,
    failed: u64,
    /// Scores that came with a later frame. The frames that they are of came as skipped ones.
    late: u64,
    compares: bool,
    matched: u64,
    duplicate: u64,
    unmatched: u64,
}

/// The part of a summary that frames alone do not tell.
#[derive(Clone, Default, PartialEq)]
struct Told {
    counts: Counts,
    model_hash: Option<String>,
    vmaf_model: Option<String>,
    vmaf_model_hash: Option<String>,
    verdict: Option<Verdict>,
    reasons: Vec<String>,
}

impl From<&Summary> for Told {
    fn from(summary: &Summary) -> Self {
        Self {
            counts: summary.into(),
            model_hash: summary.model_hash.clone(),
            vmaf_model: summary.vmaf_model.clone(),
            vmaf_model_hash: summary.vmaf_model_hash.clone(),
            verdict: summary.verdict,
            reasons: summary.reasons.clone(),
        }
    }
}

impl ElementCount {
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            model: None,
            pools: FieldPools::new(),
            recent: VecDeque::new(),
            seen: Seen::default(),
            told: None,
        }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// Counts the frame, and the score if it brings one that has not been counted; each field as at most what `most`
    /// says.
    pub fn count(&mut self, pts: Option<u64>, record: &FrameRecord, most: impl Fn(&str) -> f64) {
        self.told = None;
        if self.model.is_none() {
            self.model.clone_from(&record.model);
        }
        self.seen.compares |= record.kind == Some(Kind::FullReference);
        if self.brings_score(pts, record) {
            self.pools.count_cut(record, most);
        } else if is_measured(record) && self.is_new(measured_id(record)) {
            self.pools.count_measures(record, most);
        } else if record.state == Some(State::Scored) || is_measured(record) {
            // The same frame again, as `videorate` sends it.
            return;
        }
        self.seen.count(record);
    }

    /// Whether the record holds a score that has not been counted.
    fn brings_score(&mut self, pts: Option<u64>, record: &FrameRecord) -> bool {
        let raw = record.raw.or(record.score).map(f64::to_bits);
        let mut id = ScoreId { scored_pts: record.scored_pts, raw, latency: record.latency };
        match record.state {
            Some(State::Scored) => {
                id.scored_pts = id.scored_pts.or(pts);
                if id.scored_pts.is_none() {
                    // Nothing tells it from the next one.
                    return true;
                }
            }
            // An older one that it carries along.
            Some(State::Skipped) if raw.is_some() => {}
            _ => return false,
        }
        let is_new = self.is_new(id);
        self.seen.late += u64::from(is_new && record.state == Some(State::Skipped));
        is_new
    }

    /// Whether it was not remembered; from now on it is.
    fn is_new(&mut self, id: ScoreId) -> bool {
        if self.recent.contains(&id) {
            return false;
        }
        if self.recent.len() >= REMEMBERED {
            self.recent.pop_front();
        }
        self.recent.push_back(id);
        true
    }

    /// What the element says of its whole stream; whether that is new.
    pub fn tell(&mut self, summary: &Summary) -> bool {
        let told = Told::from(summary);
        let new = self.told.as_ref() != Some(&told);
        self.told = Some(told);
        self.model = summary.model.clone().or(self.model.take());
        new
    }

    pub fn pools(&self) -> ElementPools {
        let seen = || self.seen.counts(self.pools.scored());
        let told = || Told { counts: seen(), ..Told::default() };
        let Told { counts, model_hash, vmaf_model, vmaf_model_hash, verdict, reasons } =
            self.told.clone().unwrap_or_else(told);
        ElementPools {
            element: self.name.clone(),
            model: self.model.clone(),
            model_hash,
            vmaf_model,
            vmaf_model_hash,
            counts,
            verdict,
            reasons,
            fields: self.pools.pooled_fields(),
            attributes: self.pools.pooled_attributes(),
        }
    }
}

/// Whether it is of a pair that was measured, and that the model was not to score.
fn is_measured(record: &FrameRecord) -> bool {
    record.state == Some(State::Skipped) && record.raw.or(record.score).is_none() && !record.measures.is_empty()
}

/// Tells such a pair from the next one: it has no score, whose time stamp would.
fn measured_id(record: &FrameRecord) -> ScoreId {
    let first = record.measures.first().map(|(_, value)| value.to_bits());
    ScoreId { scored_pts: record.reference_pts, raw: first, latency: record.latency }
}

impl Seen {
    fn count(&mut self, record: &FrameRecord) {
        self.skipped += u64::from(record.state == Some(State::Skipped));
        self.failed += u64::from(record.state == Some(State::Failed));
        match record.pairing {
            Some(PairingState::Matched) => self.matched += 1,
            Some(PairingState::Duplicate) => self.duplicate += 1,
            Some(PairingState::Unmatched) => self.unmatched += 1,
            None => {}
        }
    }

    /// What is known without the element's own word: nothing of the reference's other frames.
    fn counts(&self, scored: u64) -> Counts {
        let skipped = self.skipped.saturating_sub(self.late);
        let mut counts =
            Counts { scored: Some(scored), skipped: Some(skipped), failed: Some(self.failed), ..Counts::default() };
        if self.compares {
            counts.distorted = Some(self.matched + self.duplicate + self.unmatched);
            counts.matched = Some(self.matched);
            counts.duplicate = Some(self.duplicate);
            counts.unmatched = Some(self.unmatched);
        }
        counts
    }
}
