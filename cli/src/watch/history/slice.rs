// SPDX-License-Identifier: MPL-2.0

//! Statistics of a camera for a period.

use serde::Serialize;

/// A second or a minute of a camera, or several combined.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Slice {
    /// Start in seconds since 1970.
    pub at: i64,
    /// Number of seconds with data.
    pub known: u32,
    /// Number of seconds in which the camera was live.
    pub live: u32,
    /// Number of scores.
    pub scores: u32,
    /// Sum of the scores.
    pub total: f64,
    /// Lowest score.
    pub lowest: Option<f64>,
    /// Highest score.
    pub highest: Option<f64>,
    /// Number of decoded frames.
    pub frames: u64,
    /// Number of lost RTP packets.
    pub lost: u64,
    /// Number of reconnections.
    pub reconnects: u64,
}

impl Slice {
    /// Mean score.
    pub fn mean(&self) -> Option<f64> {
        (self.scores > 0).then(|| self.total / f64::from(self.scores))
    }

    /// Adds a score.
    pub fn push(&mut self, score: f64) {
        self.scores += 1;
        self.total += score;
        self.lowest = Some(self.lowest.map_or(score, |lowest| lowest.min(score)));
        self.highest = Some(self.highest.map_or(score, |highest| highest.max(score)));
    }
}

impl std::ops::AddAssign for Slice {
    fn add_assign(&mut self, other: Self) {
        let either = |a: Option<f64>, b: Option<f64>, pick: fn(f64, f64) -> f64| match (a, b) {
            (Some(a), Some(b)) => Some(pick(a, b)),
            (a, b) => a.or(b),
        };
        self.known += other.known;
        self.live += other.live;
        self.scores += other.scores;
        self.total += other.total;
        self.lowest = either(self.lowest, other.lowest, f64::min);
        self.highest = either(self.highest, other.highest, f64::max);
        self.frames += other.frames;
        self.lost += other.lost;
        self.reconnects += other.reconnects;
    }
}
