// SPDX-License-Identifier: MPL-2.0

//! How far the pairs of a path are to be trusted.

use super::cost::{Motion, ramp};
use super::row::{LAG, State};
use super::{REGISTER, Tracker};

/// Distance to the partner, in that to the partner's neighbors, below which a pair needs no comparison with those that
/// a longer wait would bring.
const CLEAR: f64 = 0.5;

/// Pairs around a frame that its trust is measured on: before and after it.
const AROUND: [usize; 2] = [8, 12];

/// Distance up to which pictures without motion are trusted, and from which on they are not.
const ALIKE: [f64; 2] = [0.03, 0.10];

/// Share of the motion that a pair may leave unexplained and be fully trusted, and from which on it is not trusted.
const EXPLAINED: [f64; 2] = [0.35, 0.75];

impl Tracker {
    /// The pairs of the best path from the row `from` on, the newest first: row and reference.
    pub(super) fn course_of(&self, best: State, from: usize) -> Vec<(usize, u64)> {
        let (mut pairs, mut state) = (Vec::new(), best);
        for index in (from..self.rows.len()).rev() {
            if let State::Partner(r) = state {
                pairs.push((index, r));
            }
            state = self.rows[index].path(state).from;
        }
        pairs
    }

    /// Whether the partners of the best path are much nearer than their neighbors are to them.
    pub(super) fn clear(&self, best: State) -> bool {
        let pairs = self.course_of(best, self.decided);
        let (mut distance, mut step) = (0.0, 0.0);
        for (index, r) in pairs.iter().rev().take(REGISTER[1]) {
            let next = self.references.distance(*r, r + 1);
            if let (Some(e), Some(next)) = (self.rows[*index].distance(*r, &self.references), next) {
                distance += e;
                step += next;
            }
        }
        distance < CLEAR * step
    }

    /// How far a pair is to be trusted, 0 to 1: whether what moves around it moves in both streams, or, where nothing
    /// does, whether the pictures are alike.
    pub(super) fn trust(&self, at: usize, reference: u64, best: State) -> f64 {
        // The path's pairs around the row.
        let mut pairs = self.course_of(best, at.saturating_sub(AROUND[0]));
        pairs.retain(|(index, _)| *index <= at + AROUND[1]);
        let mut sum = Motion::default();
        for (index, (later, partner)) in pairs.iter().enumerate() {
            let lag = (index + LAG).min(pairs.len() - 1);
            let (earlier, other) = pairs[lag];
            if lag > index
                && let Some(motion) = self.rows[*later].motion(*partner, &self.rows[earlier], other, &self.references)
            {
                sum += motion;
            }
        }
        let distance = self.rows[at].distance(reference, &self.references).unwrap_or(2.0);
        let alike = 1.0 - ramp(distance, ALIKE);
        // How far the motion has a say, and what it says.
        let say = if sum.total > 0.0 { sum.total / (sum.total + 2.0 * sum.noise) } else { 0.0 };
        let shared = 1.0 - ramp(sum.residual.max(0.0) / (sum.total + 1e-9), EXPLAINED);
        let strange = ramp(distance, [0.5, 0.7]);
        ((1.0 - say) * alike + say * shared) * (1.0 - strange)
    }
}
