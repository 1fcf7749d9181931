// SPDX-License-Identifier: MPL-2.0

//! The record of one frame by one element.

use super::names::{PairingState, State};
use super::value::Value;
use crate::align::time::Evidence;
use crate::model::contract::Kind;
use crate::scorer::{Map, Score};
use std::sync::Arc;

/// What one element reports about one frame. A value that does not exist is `None`, never NaN or 0.
///
/// The members are the rows of [`FIELDS`](super::FIELDS), which has their names in logs and metadata. Numbers that
/// measures give have no members of their own: they are in [`measures`](Self::measures) under their fields' names.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct FrameRecord {
    /// The model's name, by its contract; `none` if only measures are taken.
    pub model: Option<String>,
    /// Whether the frame was compared with a reference.
    pub kind: Option<Kind>,
    /// What became of the frame.
    pub state: Option<State>,
    /// 0 to 100, higher is better.
    pub score: Option<f64>,
    /// The model's raw output.
    pub raw: Option<f64>,
    /// Time stamp of the frame that was scored, in nanoseconds.
    pub scored_pts: Option<u64>,
    /// The frame's running time minus the scored frame's, in nanoseconds; 0: the score is its own.
    pub age: Option<u64>,
    /// Time from arrival to score, in nanoseconds.
    pub latency: Option<u64>,
    /// Whether the alarm was raised when the frame left; `None`: no alarm is set.
    pub alarm: Option<bool>,
    /// Named numbers in addition to the score, 0 to 100.
    pub attributes: Vec<(String, f64)>,
    /// A map of quality.
    pub map: Option<Arc<Map>>,
    /// Time stamp of the partner in the reference, in nanoseconds.
    pub reference_pts: Option<u64>,
    /// The partner's running time minus the frame's, in nanoseconds.
    pub offset: Option<i64>,
    /// How the frame was paired.
    pub pairing: Option<PairingState>,
    /// How far the pairing can be trusted, 0 to 1.
    pub confidence: Option<f64>,
    /// What the pairing rests on.
    pub evidence: Option<Evidence>,
    /// Bits per measured sample.
    pub depth: Option<u64>,
    /// The results of measures: the field's name and its value, in the field's unit.
    pub measures: Vec<(&'static str, f64)>,
    /// In messages: the frame's running time, in nanoseconds.
    pub running_time: Option<u64>,
    /// In messages: the frame's stream time, in nanoseconds.
    pub stream_time: Option<u64>,
    /// Fields that [`FIELDS`](super::FIELDS) lacks, and values of unexpected types: written by a newer version or
    /// another program.
    pub other: Vec<(String, Value)>,
}

/// Which frame of the reference a frame was compared with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Partner {
    /// How the two were paired.
    pub pairing: PairingState,
    /// How far the pairing can be trusted, 0 to 1.
    pub confidence: f64,
    /// What the pairing rests on. `None`: the frame has no partner.
    pub evidence: Option<Evidence>,
    /// The reference frame's time stamp, in nanoseconds.
    pub reference_pts: Option<u64>,
    /// Its running time minus the distorted frame's, in nanoseconds.
    pub offset: Option<i64>,
}

impl FrameRecord {
    /// A record without any score.
    #[must_use]
    pub fn new(model: impl Into<String>, kind: Kind, state: State) -> Self {
        Self { model: Some(model.into()), kind: Some(kind), state: Some(state), ..Self::default() }
    }

    /// Stores a model's result.
    pub fn set_score(&mut self, score: Score) {
        let Score { raw, score, attributes, map, .. } = score;
        (self.score, self.raw) = (Some(score), Some(raw));
        (self.attributes, self.map) = (attributes, map.map(Arc::new));
    }

    /// Stores the frame's partner.
    pub fn set_partner(&mut self, partner: Partner) {
        (self.pairing, self.confidence) = (Some(partner.pairing), Some(partner.confidence));
        self.evidence = partner.evidence;
        (self.reference_pts, self.offset) = (partner.reference_pts, partner.offset);
    }
}
