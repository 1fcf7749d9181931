// SPDX-License-Identifier: MPL-2.0

//! What is said of a whole stream.

use super::finding::Finding;
use super::verdict::Verdict;
use crate::align::time::Ledger;
use crate::model::contract::Kind;
use crate::stats::Statistics;

/// What a stream comes to.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct Summary {
    /// The model's name, by its contract.
    pub model: Option<String>,
    /// The first 12 hexadecimal digits of the SHA-256 of its file.
    pub model_hash: Option<String>,
    /// The name of VMAF's model, if VMAF was measured.
    pub vmaf_model: Option<String>,
    /// The same digits of its file.
    pub vmaf_model_hash: Option<String>,
    /// Whether frames were compared with a reference.
    pub kind: Option<Kind>,
    /// Frames with a score of their own.
    pub scored: u64,
    /// Frames that were not to be scored.
    pub skipped: u64,
    /// Frames that could not be scored.
    pub failed: u64,
    /// Of a comparison: what became of the frames of both sides.
    pub ledger: Option<Ledger>,
    /// Of a comparison: whether its numbers can be trusted.
    pub verdict: Option<Verdict>,
    /// Why the verdict is not better, in words for users.
    pub reasons: Vec<String>,
    /// The same reasons with cause and cure apart.
    pub findings: Vec<Finding>,
    /// Each field's name and what its values come to.
    pub fields: Vec<(String, PooledField)>,
    /// The same for the model's attributes.
    pub attributes: Vec<(String, PooledField)>,
}

/// What the values of one field come to, as messages and logs have it: statistics by their names.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct PooledField {
    /// How many values there were; messages do not say it.
    pub count: Option<u64>,
    /// Names and values, those of [`Statistics::NAMES`] in their order.
    pub statistics: Vec<(String, f64)>,
}

impl PooledField {
    /// The value of a statistic such as `mean` or `p5`, if it is known.
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

/// How a stream stands, at any time.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct StreamStats {
    /// Frames that came; of a comparison the ledger says it.
    pub frames: Option<u64>,
    /// Of a comparison: what became of the frames of both sides.
    pub ledger: Option<Ledger>,
    /// Frames with a score of their own.
    pub scored: u64,
    /// Frames that were not to be scored.
    pub skipped: u64,
    /// Frames that could not be scored.
    pub failed: u64,
    /// Of the main field: the mean of its values; `None`, as the next three, without any.
    pub mean: Option<f64>,
    /// Of the main field: the least value.
    pub min: Option<f64>,
    /// Of the main field: the fifth percentile.
    pub p5: Option<f64>,
    /// Of the main field: the last value.
    pub last: Option<f64>,
    /// The mean time from arrival to score, in nanoseconds.
    pub latency_mean: Option<u64>,
    /// The 99th percentile of that time, in nanoseconds.
    pub latency_p99: Option<u64>,
}
