// SPDX-License-Identifier: MPL-2.0

//! What the pictures say about pairs that times have made. `pts` and `offset` report it, but do not decide by it.
//!
//! A pair's pictures have a distance ([`Unit::far`]), and the partner may lead over the references beside it: the
//! difference in log-likelihood ([`likelihood`](super::path::likelihood)) of being what the frame shows, summed over
//! the last pairs. Each pair is judged when it is decided, using the references up to the last partner; for most pairs
//! in the sum, that includes references after their partner. Further references may have arrived, but using them would
//! make the result depend on timing.

use std::collections::VecDeque;

use super::path::{ALIKE, BY_TIME, likelihood, nearness, ramp};
use super::unit::{BLOCKS, Blocks, Unit, is_repetition, nearest};
use super::{CONTRADICTED, Evidence, Signature};

/// References with which a pair is compared, by their distance from the partner.
const BESIDE: [i64; 7] = [0, -4, -2, -1, 1, 2, 4];

/// Pairs that are evaluated together.
const WINDOW: usize = 20;

/// References kept before those that may still become partners.
const BEHIND: u64 = 16;

/// Most references, and most undecided frames, whose pictures are kept: 3 MB together.
const KEPT: usize = 160;

/// The most that one pair says for its partner against another reference, in nats.
const SAYS: f64 = 6.0;

/// Lead over all others, in nats, from which the pictures decide; also the lead of another reference over the partner.
const TELLS: f64 = 3.3;
const TELLS_AGAINST: f64 = -6.0;

/// Lead over all others, in nats, that is worth one nat of a fair bet.
const WORTH: f64 = 2.0;

/// A pair, and the distances of its frame from the references beside the partner.
#[derive(Debug)]
struct Pair {
    reference: u64,
    unit: Unit,
    /// Whether it shows what the previous frame showed, and so adds nothing.
    repeated: bool,
    /// Distances, in the order of [`BESIDE`]; `None`: that reference has not arrived, or is gone.
    distances: [Option<Blocks>; BESIDE.len()],
    /// The corresponding log-likelihoods, relative to the nearest.
    likelihoods: [Option<f64>; BESIDE.len()],
}

/// The pictures around the pairs.
#[derive(Debug, Default)]
pub(super) struct Witness {
    references: VecDeque<Option<Unit>>,
    /// Number of the first one kept.
    first: u64,
    /// The pictures of undecided frames, in order.
    frames: VecDeque<Option<Unit>>,
    /// The last pairs, the newest at the end.
    pairs: VecDeque<Pair>,
    /// The last partner.
    last: u64,
}

impl Witness {
    pub fn push_reference(&mut self, signature: Option<&Signature>) {
        self.references.push_back(signature.map(|signature| Unit::of(signature.cells())));
        if self.references.len() > KEPT {
            self.references.pop_front();
            self.first += 1;
        }
    }

    pub fn push_distorted(&mut self, signature: Option<&Signature>) {
        let room = self.frames.len() < KEPT;
        self.frames.push_back(signature.filter(|_| room).map(|signature| Unit::of(signature.cells())));
    }

    /// The pairs so far are no evidence about those to come.
    pub fn restart(&mut self) {
        self.pairs.clear();
    }

    /// Judges the pair of the next frame by its pictures: confidence, and what the pairing rests on. `fit`, 0 to 1, is
    /// how well the times agree, which is all that is known if a picture is missing.
    pub fn judge(&mut self, partner: Option<u64>, fit: f64) -> (f64, Evidence) {
        let unit = self.frames.pop_front().flatten();
        let Some(reference) = partner else { return (0.0, Evidence::Time) };
        let Some(far) = unit.and_then(|unit| self.add(reference, unit)) else {
            return (BY_TIME * fit, Evidence::Time);
        };
        let alike = 1.0 - ramp(far, ALIKE);
        let lead = self.lead();
        if alike < 0.5 || lead <= TELLS_AGAINST {
            return (CONTRADICTED / 2.0, Evidence::Time);
        }
        if lead < TELLS {
            return (BY_TIME, Evidence::Time);
        }
        (alike * (1.0 - 0.5 * (-lead / WORTH).exp()), Evidence::Picture)
    }

    /// Drops references that are neither future partners nor beside one.
    pub fn release(&mut self, needed: u64) {
        let last = self.pairs.back().map_or(needed, |pair| pair.reference.min(needed));
        while self.first + BEHIND < last && self.references.pop_front().is_some() {
            self.first += 1;
        }
    }

    /// The picture of a reference that is not later than the last partner.
    fn reference(&self, number: u64) -> Option<&Unit> {
        if number > self.last {
            return None;
        }
        self.references.get(usize::try_from(number.checked_sub(self.first)?).ok()?)?.as_ref()
    }

    /// Adds a pair; returns the distance of its pictures, `None` if the reference has no picture.
    fn add(&mut self, reference: u64, unit: Unit) -> Option<f64> {
        self.last = self.last.max(reference);
        let partner = self.reference(reference)?;
        let [far, _] = unit.far(partner, &unit.distances_to(partner));
        let repeated = self.pairs.back().is_some_and(|before| is_repetition(&before.unit.distances_to(&unit)));
        if self.pairs.len() == WINDOW {
            self.pairs.pop_front();
        }
        let (distances, likelihoods) = ([None; BESIDE.len()], [None; BESIDE.len()]);
        self.pairs.push_back(Pair { reference, unit, repeated, distances, likelihoods });
        let mut pairs = std::mem::take(&mut self.pairs);
        pairs.iter_mut().for_each(|pair| self.compare(pair));
        self.pairs = pairs;
        Some(far)
    }

    /// Compares a pair's frame with references beside the partner that have arrived since.
    fn compare(&self, pair: &mut Pair) {
        let mut news = false;
        for (by, distances) in BESIDE.into_iter().zip(&mut pair.distances) {
            let other = || self.reference(pair.reference.checked_add_signed(by)?);
            if distances.is_none()
                && let Some(other) = other()
            {
                *distances = Some(pair.unit.distances_to(other));
                news = true;
            }
        }
        if !news {
            return;
        }
        let known = BESIDE.into_iter().zip(&pair.distances).filter_map(|(by, d)| Some((by, d.as_ref()?)));
        let Some((by, nearest)) = known.min_by(|a, b| nearness(a.1).total_cmp(&nearness(b.1))) else { return };
        let step = pair.reference.checked_add_signed(by).map_or([0.0; BLOCKS], |nearest| self.step(nearest));
        pair.likelihoods =
            pair.distances.each_ref().map(|d| d.as_ref().map(|distances| likelihood(distances, nearest, &step, None)));
    }

    /// Distances of a reference to the nearer of its neighbors.
    fn step(&self, number: u64) -> Blocks {
        let beside = [number.checked_sub(1), Some(number + 1)];
        let distances = |other: Option<u64>| {
            let (one, other) = (self.reference(number)?, self.reference(other?)?);
            Some(one.distances_to(other))
        };
        nearest(beside.into_iter().filter_map(distances))
    }

    /// By how much the last pairs together support the partners against any alternative, in nats. 0 while there are no
    /// references to compare with both before and after the partners: those on one side alone do not determine a place.
    fn lead(&self) -> f64 {
        let newest = self.pairs.len().saturating_sub(1);
        let pairs: Vec<&Pair> = self
            .pairs
            .iter()
            .enumerate()
            .filter(|(at, pair)| *at == newest || !pair.repeated)
            .map(|(_, p)| p)
            .collect();
        let sum = |other: usize| {
            let says = |pair: &&Pair| Some((pair.likelihoods[0]? - pair.likelihoods[other]?).clamp(-SAYS, SAYS));
            let (sum, count) = pairs.iter().filter_map(says).fold((0.0, 0), |(sum, n), says| (sum + says, n + 1));
            (2 * count >= pairs.len()).then_some(sum)
        };
        let least = |side: i64| {
            let others = (1..BESIDE.len()).filter(|&other| BESIDE[other].signum() == side);
            others.filter_map(sum).min_by(f64::total_cmp)
        };
        match (least(-1), least(1)) {
            (Some(before), Some(after)) => before.min(after),
            _ => 0.0,
        }
    }
}

#[cfg(test)]
mod tests;
