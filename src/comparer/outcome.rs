// SPDX-License-Identifier: MPL-2.0

//! The results of a comparison.

use super::error::CompareError;
use crate::align::Suspicions;
use crate::align::time::{Evidence, Pairing};
use crate::metrics::{Measurements, SwapDetector};
use crate::scorer::Score;

/// The result for one pair.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Comparison {
    /// The fidelity measures.
    pub metrics: Measurements,
    /// The model's score, if there is a model and this pair was selected for scoring.
    pub score: Option<Score>,
    /// How far the distorted picture lies to the right of the reference and below it, in reference pixels.
    pub shift: Option<[f64; 2]>,
    /// The evidence up to this pair about which stream is the source, if this pair was examined for that.
    pub detail: Option<SwapDetector>,
}

/// The result for one distorted frame.
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
    /// What probably kept the streams apart when this was decided.
    pub suspicions: Suspicions,
    /// The result of the comparison. `None`: the frame has no partner, or nothing was to be measured.
    pub result: Option<Result<Comparison, CompareError>>,
}
