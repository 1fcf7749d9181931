// SPDX-License-Identifier: MPL-2.0

//! The summary of a whole stream.

use super::finding::Finding;
use super::verdict::Verdict;
use crate::align::time::Ledger;
use crate::model::contract::Kind;
use crate::stats::Statistics;

/// The summary of a stream.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct Summary {
    /// The model's name, by its contract.
    pub model: Option<String>,
    /// The first 12 hexadecimal digits of the SHA-256 of its file.
    pub model_hash: Option<String>,
    /// The name of VMAF's model, if VMAF was measured.
    pub vmaf_model: Option<String>,
    /// The same digits for that model.
    pub vmaf_model_hash: Option<String>,
    /// Whether frames were compared with a reference.
    pub kind: Option<Kind>,
    /// Frames with a score of their own.
    pub scored: u64,
    /// Frames that were not selected for scoring.
    pub skipped: u64,
    /// Frames that could not be scored.
    pub failed: u64,
    /// Only of a comparison: what became of the frames of both sides.
    pub ledger: Option<Ledger>,
    /// Only of a comparison: whether its numbers can be trusted.
    pub verdict: Option<Verdict>,
    /// Why the verdict is not better, as text for users.
    pub reasons: Vec<String>,
    /// The same reasons, with cause and cure separate.
    pub findings: Vec<Finding>,
    /// Each field's name and statistics.
    pub fields: Vec<(String, PooledField)>,
    /// The same for the model's attributes.
    pub attributes: Vec<(String, PooledField)>,
}

/// The statistics of one field as messages and logs present them: by name.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct PooledField {
    /// The number of values; messages do not contain it.
    pub count: Option<u64>,
    /// Names and values, in the order of [`Statistics::NAMES`].
    pub statistics: Vec<(String, f64)>,
}

impl PooledField {
    /// The value of a statistic such as `mean` or `p5`, if known.
    #[must_use]
    pub fn get(&self, statistic: &str) -> Option<f64> {
        self.statistics.iter().find(|(name, _)| name == statistic).map(|&(_, value)| value)
    }
}

impl From<&Statistics> for PooledField {
    fn from(statistics: &Statistics) -> Self {
        let named = statistics.named().map(|(name, value)| (name.to_owned(), value)).collect();
        Self { count: Some(statistics.count), statistics: named }
    }
}

/// The present statistics of a stream.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct StreamStats {
    /// Frames that have arrived; for a comparison they are in the ledger.
    pub frames: Option<u64>,
    /// Only of a comparison: what became of the frames of both sides.
    pub ledger: Option<Ledger>,
    /// Frames with a score of their own.
    pub scored: u64,
    /// Frames that were not selected for scoring.
    pub skipped: u64,
    /// Frames that could not be scored.
    pub failed: u64,
    /// Mean of the main field; `None`, like the next three, without values.
    pub mean: Option<f64>,
    /// Smallest value of the main field.
    pub min: Option<f64>,
    /// 5th percentile of the main field.
    pub p5: Option<f64>,
    /// Latest value of the main field.
    pub last: Option<f64>,
    /// The mean time from arrival to score, in nanoseconds.
    pub latency_mean: Option<u64>,
    /// The 99th percentile of that time, in nanoseconds.
    pub latency_p99: Option<u64>,
}
