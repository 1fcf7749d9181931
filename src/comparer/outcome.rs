// SPDX-License-Identifier: MPL-2.0

//! What a comparison gives.

use super::error::CompareError;
use crate::align::Suspicions;
use crate::align::time::{Evidence, Pairing};
use crate::metrics::{DetailLooks, Measurements};
use crate::scorer::Score;

/// What a pair gave.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Comparison {
    /// The fidelity measures.
    pub metrics: Measurements,
    /// What the model says, if there is one, and the pair was among those that it scores.
    pub score: Option<Score>,
    /// How far the distorted picture lies to the right of the reference and below it, in reference pixels.
    pub shift: Option<[f64; 2]>,
    /// What pairs up to this one say of which stream is the source, if this one was looked at for that.
    pub detail: Option<DetailLooks>,
}

/// What became of a distorted frame.
#[derive(Debug)]
#[non_exhaustive]
pub struct Outcome {
    /// The frame's number.
    pub distorted: u64,
    /// What it was compared with.
    pub pairing: Pairing,
    /// How far the pairing can be trusted, 0 to 1.
    pub confidence: f64,
    /// What the pairing rests on.
    pub evidence: Evidence,
    /// What seemed to keep the streams apart when that was decided.
    pub suspicions: Suspicions,
    /// What came of it. None: the frame has no partner, or nothing was to be measured.
    pub result: Option<Result<Comparison, CompareError>>,
}
