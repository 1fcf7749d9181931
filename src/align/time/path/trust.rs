// SPDX-License-Identifier: MPL-2.0

//! How far the pairs of a path can be trusted.

use super::best::{BestPath, RowPair};
use super::cost::{self, Motion, ramp};
use super::row::{HAS_MOVED, LAG, Row, State};
use super::{ENOUGH, FIRST, FIRST_MARGIN, PATIENCE, Tracker};
use crate::align::time::Evidence;
use crate::align::time::unit::BLOCKS;

/// Pairs around a frame from which its trust is measured: before and after it.
const AROUND: [usize; 2] = [8, 12];

/// Rivals of a partner, by their distance in references: first those that count as equal, then the rivals.
const BESIDE: [&[i64]; 2] = [&[], &[-4, -3, -2, -1, 1, 2, 3, 4]];

/// The same where only the part of the stream matters.
const AWAY: [&[i64]; 2] = [&[-2, -1, 1, 2], &[-12, -10, -8, -6, -4, 4, 6, 8, 10, 12]];

/// The most that one frame says for its partner against a rival, in nats.
const SAYS: f64 = 6.0;

/// Confidence in a pair that rests on time.
pub(in crate::align::time) const BY_TIME: f64 = 0.4;

/// Lead over all rivals, in nats, from which pictures decide.
const TELLING: f64 = 2.0;

/// Lead over all rivals, in nats, that is worth one nat of a fair bet.
const WORTH: f64 = 2.0;

/// Mean distance up to which pictures that do not move are accepted as the same.
const NEAR_ENOUGH: f64 = 0.05;

/// Lead over all rivals, in nats, that justifies deviating from time.
const ELSEWHERE_TOLD: f64 = 6.0;

/// Mean block distance from which a frame moves, and share of it up to which its partner stands still.
const MOVES: f32 = 5e-4;
const STILL: f32 = 0.1;

/// How far the offsets of pairs that support the same place may differ, in references.
const TOGETHER: i64 = 3;

/// Distance from which pictures differ.
const ELSEWHERE: f64 = 0.25;

/// Largest share of the distance to the neighbors that clear pairs may have.
const CLEAR: f32 = 0.5;

impl Tracker {
    /// Whether the best path is accepted to begin at the right offset.
    pub(super) fn believed(&self, best: &BestPath, margin: f64) -> bool {
        let count = self.undecided();
        let pairs = best.pairs_from(self.decided);
        let inner = |(index, r): &&RowPair| *r + 1 < self.rows[*index].end();
        // Once a translation has been removed, pictures are softer, and less near.
        let soft = || !self.references.shift().is_none() && self.told(self.decided, best, &AWAY) >= ELSEWHERE_TOLD;
        if pairs.iter().filter(inner).count() >= FIRST[0] && margin >= FIRST_MARGIN && (self.clear(best) || soft()) {
            return true;
        }
        let far = |&(index, r): &RowPair| self.rows[index].likeness(r).map(|likeness| likeness.far);
        let far = pairs.iter().filter_map(far).sum::<f64>() / pairs.len().max(1) as f64;
        let expected = pairs.last().is_some_and(|&(index, r)| self.is_expected(index, r));
        self.timed
            && expected
            && pairs.len() == count
            && count >= FIRST[1]
            && margin >= FIRST_MARGIN
            && far < NEAR_ENOUGH
    }

    /// Whether a pair is where time says, at the initial offset.
    fn is_expected(&self, index: usize, r: u64) -> bool {
        let Some(reference) = self.references.get(r) else { return false };
        let offset = reference.time - self.rows[index].frame.time;
        (offset - self.course.center()).abs() as f64 <= 1.6 * reference.interval
    }

    /// Whether a reference shows what the frame does, while the one that time gives it does not, and nothing moves, so
    /// that the pictures give no other evidence.
    fn is_replacing(&self, at: usize, r: u64) -> bool {
        let row = &self.rows[at];
        if !row.repeated && !self.rows.get(at + 1).is_some_and(|next| next.repeated) {
            return false;
        }
        let far = |r| row.likeness(r).map(|likeness| likeness.far);
        let by_time = self.references.nearest(row.frame.time.saturating_add(self.course.center())).and_then(far);
        far(r).is_some_and(|far| far < 0.08) && by_time.is_none_or(|far| far > ELSEWHERE)
    }

    /// Whether the partners of the best path are much nearer to the frames than to their own neighbors.
    fn clear(&self, best: &BestPath) -> bool {
        *best.clear.get_or_init(|| self.is_clear(best.pairs_from(self.decided)))
    }

    fn is_clear(&self, pairs: &[RowPair]) -> bool {
        let (mut distance, mut step) = (0.0, 0.0);
        for &(index, r) in pairs {
            let likeness = self.rows[index].likeness(r);
            let next = self.references.distances(r, r + 1).or_else(|| self.references.distances(r.checked_sub(1)?, r));
            if let (Some(likeness), Some(next)) = (likeness, next) {
                // The median block, so that neither covered nor static parts count.
                distance += likeness.distances.iter().sum::<f32>();
                step += next.iter().sum::<f32>();
            }
        }
        distance < CLEAR * step
    }

    /// How far a state of the best path can be trusted, 0 to 1: whether motion around it occurs in both streams or,
    /// without motion, whether the pictures are alike. `None`: not a pair, or not to be trusted.
    pub(super) fn trusted(&self, at: usize, best: &BestPath) -> Option<f64> {
        let State::Partner(reference) = best.state(at) else { return None };
        // A few pairs elsewhere are chance.
        if !self.course.found() && !self.is_expected(at, reference) && best.pairs_from(self.decided).len() < FIRST[0] {
            return None;
        }
        // Only pictures can justify deviating from time.
        if self.timed
            && !self.is_expected(at, reference)
            && !self.is_replacing(at, reference)
            && !self.is_told(at, reference, best)
        {
            return None;
        }
        let trust = self.trust(at, reference, best);
        (trust >= ENOUGH && self.is_near_enough(at, reference, best)).then_some(trust)
    }

    /// Whether the pictures of the pairs at the same place justify deviating from time.
    fn is_told(&self, at: usize, reference: u64, best: &BestPath) -> bool {
        let offset = |index: usize, r: u64| Some(self.references.get(r)?.time - self.rows[index].frame.time);
        let Some(here) = offset(at, reference) else { return false };
        let reach = TOGETHER * self.references.time.interval();
        let together = |&&(index, r): &&RowPair| offset(index, r).is_some_and(|there| (there - here).abs() <= reach);
        let pairs: Vec<RowPair> = around(best, at).iter().filter(together).copied().collect();
        if pairs.len() < FIRST[0] {
            return false;
        }
        self.clear(best) || self.told_new(&pairs, at, &AWAY) >= ELSEWHERE_TOLD
    }

    /// Whether a pair can be accepted although no offset was found and a complete search has found nothing better.
    fn is_near_enough(&self, at: usize, r: u64, best: &BestPath) -> bool {
        let searched = self.timed && !self.course.found() && self.undecided() > 2 * FIRST[1];
        let near = || self.rows[at].likeness(r).is_some_and(|likeness| likeness.far < NEAR_ENOUGH);
        let told = || {
            let pairs = best.pairs_from(self.decided);
            2 * pairs.len() >= self.undecided() && self.told_by(pairs, &AWAY) >= ELSEWHERE_TOLD
        };
        !searched || near() || self.clear(best) || told()
    }

    /// Whether the best path may lead to the offset, judged by its first pairs.
    pub(super) fn leads(&self, best: &BestPath) -> bool {
        let pairs = best.pairs_from(self.decided);
        let first = &pairs[pairs.len().saturating_sub(AROUND[1])..];
        let new = |(index, _): &&RowPair| !self.rows[*index].repeated;
        first.len() >= FIRST[0]
            && first.iter().filter(new).count() >= 2
            && first.iter().all(|&(at, r)| self.trust(at, r, best) >= ENOUGH)
    }

    fn trust(&self, at: usize, reference: u64, best: &BestPath) -> f64 {
        let sum = self.motion(around(best, at));
        let Some(likeness) = self.rows[at].likeness(reference) else { return 0.0 };
        let far = likeness.far;
        let alike = 1.0 - self.prior.strange(far, likeness.whole);
        if !self.timed {
            return alike * (1.0 - sum.strange(far));
        }
        alike * (1.0 - sum.contradiction(far))
    }

    /// Whether the frame moves and its partner stands still, so that what follows may reveal a different one.
    pub(super) fn is_doubtful(&self, at: usize, state: State) -> bool {
        let (State::Partner(r), Some(row)) = (state, self.rows.get(at)) else { return false };
        let still = r.checked_sub(1).and_then(|before| self.references.distances(r, before));
        let still = still.map(|distances| distances.iter().sum::<f32>());
        row.motion_before() > MOVES * BLOCKS as f32 && still.is_some_and(|still| still < STILL * row.motion_before())
    }

    /// Whether a frame paired with the first reference precedes it: the next frame moves on, and is nearer to it.
    pub(super) fn precedes(&self, at: usize, best: &BestPath) -> bool {
        let Some((row, next)) = self.rows.get(at).zip(self.rows.get(at + 1)) else { return false };
        if [at, at + 1].map(|row| best.state(row)) != [State::Partner(0); 2] {
            return false;
        }
        let step = f64::from(self.references.step(0).iter().sum::<f32>());
        let far = |row: &Row| row.likeness(0).map(|likeness| likeness.distances.iter().sum::<f32>());
        let nearer = far(row).zip(far(next)).is_some_and(|(far, near)| near < far);
        nearer && !next.repeated && f64::from(next.motion_before()) >= HAS_MOVED[0] * step
    }

    /// Motion along these pairs, the newest first.
    fn motion(&self, pairs: &[RowPair]) -> Motion {
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
        sum
    }

    /// The reference that time gives the oldest undecided row, unless the pictures contradict it.
    pub(super) fn partner_by_time(&self) -> Option<u64> {
        let at = self.decided;
        let nearest = |row: &Row| self.references.nearest(row.frame.time.saturating_add(self.course.center()));
        let partner =
            nearest(self.rows.get(at)?).filter(|&r| r >= self.needed && self.last.is_none_or(|(last, _)| r > last))?;
        let before = (at.saturating_sub(AROUND[0])..at).filter_map(|index| {
            let row = &self.rows[index];
            Some((index, row.settled.or_else(|| nearest(row))?))
        });
        let after = self.rows.range(at..).take(AROUND[1]).zip(at..);
        let after = after.filter_map(|(row, index)| Some((index, nearest(row)?)));
        let mut pairs: Vec<RowPair> = before.chain(after).collect();
        pairs.reverse();
        // While the streams do not match, the last frames cannot be a beginning: too little follows to contradict them.
        if self.course.lost() && self.undecided() <= PATIENCE {
            return None;
        }
        let far = self.rows[at].likeness(partner)?.far;
        if !self.course.found() && self.undecided() > 2 * FIRST[1] && far >= NEAR_ENOUGH {
            let all = self.rows.range(at..).zip(at..).filter_map(|(row, index)| Some((index, nearest(row)?)));
            let all: Vec<RowPair> = all.collect();
            if self.told_by(&all, &AWAY) < ELSEWHERE_TOLD {
                return None;
            }
        }
        let trust = (1.0 - ramp(far, cost::ALIKE)) * (1.0 - self.motion(&pairs).contradiction(far));
        (trust >= ENOUGH).then_some(partner)
    }

    /// The confidence in the pair in a row of the best path, and what it rests on.
    pub(super) fn confidence(&self, at: usize, best: &BestPath, margin: f64, trust: f64) -> (f64, Evidence) {
        let lead = self.told(at, best, &BESIDE).min(margin);
        if lead < TELLING && self.timed {
            return (BY_TIME, Evidence::Time);
        }
        let fair = 1.0 - 0.5 * (-lead.max(0.0) / WORTH).exp();
        (trust * fair, Evidence::Picture)
    }

    /// How strongly the pictures around a row support their partners (or a reference beside them that is no rival)
    /// against every rival, in nats. Rivals are references at certain distances before or after the partners.
    fn told(&self, at: usize, best: &BestPath, rivals: &[&[i64]; 2]) -> f64 {
        self.told_new(around(best, at), at, rivals)
    }

    /// The same for those of these pairs that show something new.
    fn told_new(&self, pairs: &[RowPair], at: usize, rivals: &[&[i64]; 2]) -> f64 {
        let new = |(index, _): &&RowPair| *index == at || !self.rows[*index].repeated;
        self.told_by(&pairs.iter().filter(new).copied().collect::<Vec<_>>(), rivals)
    }

    /// The same for these pairs.
    fn told_by(&self, pairs: &[RowPair], [own, rivals]: &[&[i64]; 2]) -> f64 {
        let sum = |by: i64| {
            let says = |&(index, r): &RowPair| {
                let (row, other) = (&self.rows[index], r.checked_add_signed(by)?);
                Some((row.likeness(r)?.likelihood - row.likeness(other)?.likelihood).clamp(-SAYS, SAYS))
            };
            let (sum, count) = pairs.iter().filter_map(says).fold((0.0, 0), |(sum, n), says| (sum + says, n + 1));
            (2 * count >= pairs.len()).then_some(sum)
        };
        let least = |offsets: &[i64]| offsets.iter().filter_map(|&by| sum(by)).min_by(f64::total_cmp);
        // What changes slowly in one direction differs most from what is farthest away: rivals on one side do not
        // determine a place.
        let sides = [-1, 1].map(|side| rivals.iter().any(|by| by.signum() == side && sum(*by).is_some()));
        if !own.is_empty() && sides.contains(&false) {
            return 0.0;
        }
        match (least(rivals), least(own)) {
            (Some(rivals), own) => rivals - own.unwrap_or(0.0).min(0.0),
            (None, _) => 0.0,
        }
    }
}

/// The pairs of the best path around a row.
fn around(best: &BestPath, at: usize) -> &[RowPair] {
    best.pairs_within(at.saturating_sub(AROUND[0])..=at + AROUND[1])
}
