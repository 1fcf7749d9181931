// SPDX-License-Identifier: MPL-2.0

//! Which of the scores on frames count, and their statistics.

use super::logged::{ElementPools, LoggedFrame};
use super::sightings::{Sight, Sightings};
use crate::model::contract::Kind;
use crate::record::{Counts, FieldPools, FrameRecord, PairingState, State, Summary, Verdict};

/// The counts of one element.
pub(super) struct ElementCount {
    name: String,
    model: Option<String>,
    pools: FieldPools,
    sightings: Sightings,
    seen: Seen,
    /// The element's own report about its stream, until another of its frames arrives.
    told: Option<Told>,
}

/// Frames without a score of their own, and pairs.
#[derive(Default)]
struct Seen {
    skipped: u64,
    failed: u64,
    /// Scores that arrived with a later frame. Their own frames arrived as skipped.
    late: u64,
    compares: bool,
    matched: u64,
    duplicate: u64,
    unmatched: u64,
}

/// The part of a summary that frames alone do not reveal.
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
            sightings: Sightings::default(),
            seen: Seen::default(),
            told: None,
        }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// Counts the record of a frame with these times, and its score if that was not counted before; each field is
    /// limited to what `most` returns. Returns how the record relates to the previous ones: copies are not counted.
    pub fn count(&mut self, frame: &LoggedFrame, record: &FrameRecord, most: impl Fn(&str) -> f64) -> Sight {
        self.told = None;
        if self.model.is_none() {
            self.model.clone_from(&record.model);
        }
        self.seen.compares |= record.kind.is_some_and(Kind::compares);
        let sight = self.sightings.see(frame.pts, frame.running_time, record);
        let is_own = record.state == Some(State::Scored);
        match sight {
            Sight::Copy { .. } => return sight,
            Sight::New if is_own || record.raw.or(record.score).is_some() => {
                self.pools.count_cut(record, most);
                self.seen.late += u64::from(!is_own);
            }
            Sight::New => self.pools.count_measures(record, most),
            Sight::Carried | Sight::Nothing => {}
        }
        self.seen.count(record);
        sight
    }

    /// Adds the element's report about its stream; returns whether it is new.
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

    /// The counts without the element's own report: those of unused reference frames are unknown.
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
