// SPDX-License-Identifier: MPL-2.0

//! One distorted frame and all partners that it may have: a column of the trellis.

use super::cost::{self, BEGIN, JUMP, LEAVE, Motion, SAY, Step, UNMATCHED};
use super::side::{Distorted, References};

/// How many pairs before one its motion is measured from.
pub(super) const LAG: usize = 4;

/// A path whose cost is above the best one's by more than this is given up.
const BEAM: f64 = 60.0;

/// Where a path is: at a partner, or at none after a partner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// With this reference.
    Partner(u64),
    /// Without; the last partner was this one.
    After(u64),
    /// Without; there was no partner yet, or one that is out of reach.
    Free,
}

/// A pair that a path has gone through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pair {
    pub distorted: u64,
    pub reference: u64,
}

/// The best path to a state.
#[derive(Debug, Clone, Copy)]
pub(super) struct Path {
    pub cost: f64,
    /// Reference minus distorted time where it is, in ns.
    pub offset: f64,
    /// Where it comes from, in the row before.
    pub from: State,
    /// The last pairs, the newest first.
    pub pairs: [Option<Pair>; LAG],
}

impl Path {
    pub const NONE: Self = Self { cost: f64::INFINITY, offset: 0.0, from: State::Free, pairs: [None; LAG] };

    /// The first one of all.
    pub fn start(offset: i64) -> Self {
        Self { cost: 0.0, offset: offset as f64, ..Self::NONE }
    }

    fn better(&mut self, other: Self) {
        if other.cost < self.cost {
            *self = other;
        }
    }

    /// Another pair at the front.
    fn with(&self, pair: Pair) -> [Option<Pair>; LAG] {
        let mut pairs = [Some(pair); LAG];
        pairs[1..].copy_from_slice(&self.pairs[..LAG - 1]);
        pairs
    }
}

/// One distorted frame and the best paths to its states.
#[derive(Debug)]
pub(super) struct Row {
    pub frame: Distorted,
    /// The partner, once that is decided.
    pub settled: Option<u64>,
    /// The first reference in reach.
    pub first: u64,
    /// Products with the references in reach.
    products: Vec<f64>,
    /// With each reference in reach.
    partner: Vec<Path>,
    /// Without one, after each reference in reach.
    after: Vec<Path>,
    free: Path,
}

impl Row {
    /// Before the first frame.
    pub fn before(offset: i64) -> Self {
        let frame = Distorted { number: u64::MAX, time: 0, signature: None, unit: None };
        let free = Path::start(offset);
        Self { frame, settled: None, first: 0, products: Vec::new(), partner: Vec::new(), after: Vec::new(), free }
    }

    /// A frame with the references `first..end` in reach.
    pub fn new(frame: Distorted, first: u64, end: u64, references: &References) -> Self {
        let product = |r| Some(references.get(r)?.unit.as_ref()?.dot(frame.unit.as_ref()?));
        let products = (first..end).map(|r| product(r).unwrap_or(f64::NEG_INFINITY)).collect();
        let count = end.saturating_sub(first) as usize;
        let paths = || vec![Path::NONE; count];
        Self { frame, settled: None, first, products, partner: paths(), after: paths(), free: Path::NONE }
    }

    /// The reference after the last in reach.
    pub fn end(&self) -> u64 {
        self.first + self.partner.len() as u64
    }

    pub fn path(&self, state: State) -> &Path {
        let at = |r: u64| r.checked_sub(self.first).map_or(usize::MAX, |at| at as usize);
        match state {
            State::Partner(r) => self.partner.get(at(r)).unwrap_or(&Path::NONE),
            State::After(r) => self.after.get(at(r)).unwrap_or(&Path::NONE),
            State::Free => &self.free,
        }
    }

    /// All states that a path leads to.
    pub fn states(&self) -> impl Iterator<Item = (State, &Path)> {
        let partner = self.partner.iter().zip(self.first..).map(|(path, r)| (State::Partner(r), path));
        let after = self.after.iter().zip(self.first..).map(|(path, r)| (State::After(r), path));
        let all = partner.chain(after).chain(std::iter::once((State::Free, &self.free)));
        all.filter(|(_, path)| path.cost.is_finite())
    }

    /// Gives up the paths that are not to be kept.
    pub fn prune(&mut self, mut keep: impl FnMut(State, &Path) -> bool) {
        for (path, r) in self.partner.iter_mut().zip(self.first..) {
            if path.cost.is_finite() && !keep(State::Partner(r), path) {
                path.cost = f64::INFINITY;
            }
        }
        for (path, r) in self.after.iter_mut().zip(self.first..) {
            if path.cost.is_finite() && !keep(State::After(r), path) {
                path.cost = f64::INFINITY;
            }
        }
        if self.free.cost.is_finite() && !keep(State::Free, &self.free) {
            self.free.cost = f64::INFINITY;
        }
    }

    /// Compares again: the signatures are other ones.
    pub fn compare(&mut self, frame: Distorted, references: &References) {
        let paths = (std::mem::take(&mut self.partner), std::mem::take(&mut self.after), self.free);
        let end = self.first + paths.0.len() as u64;
        let settled = self.settled;
        *self = Self { settled, ..Self::new(frame, self.first, end, references) };
        (self.partner, self.after, self.free) = paths;
    }

    /// Its only path from now on.
    pub fn restart(&mut self, path: Path) {
        self.prune(|_, _| false);
        self.free = path;
    }

    /// The state of the best path.
    pub fn best(&self) -> (State, f64) {
        let least = self.states().min_by(|a, b| a.1.cost.total_cmp(&b.1.cost));
        least.map_or((State::Free, f64::INFINITY), |(state, path)| (state, path.cost))
    }

    fn product(&self, reference: u64, references: &References) -> Option<f64> {
        let at = reference.checked_sub(self.first).map(|at| at as usize);
        match at.and_then(|at| self.products.get(at)) {
            Some(&product) => Some(product).filter(|p| p.is_finite()),
            None => Some(references.get(reference)?.unit.as_ref()?.dot(self.frame.unit.as_ref()?)),
        }
    }

    /// Distance of the pictures, 0 to 2.
    pub fn distance(&self, reference: u64, references: &References) -> Option<f64> {
        let squares = self.frame.unit.as_ref()?.square + references.product(reference, reference)?;
        Some((0.5 * squares - self.product(reference, references)?).max(0.0))
    }

    /// What has moved since an earlier row, the partners being these.
    pub fn motion(&self, partner: u64, earlier: &Row, other: u64, references: &References) -> Option<Motion> {
        let (unit, before) = (self.frame.unit.as_ref()?, earlier.frame.unit.as_ref()?);
        self.motion_with(partner, earlier, other, unit.dot(before), references)
    }

    fn motion_with(&self, partner: u64, earlier: &Row, other: u64, dd: f64, references: &References) -> Option<Motion> {
        let (unit, before) = (self.frame.unit.as_ref()?, earlier.frame.unit.as_ref()?);
        let rr = references.product(partner, other)?;
        let distances = [self.distance(partner, references)?, earlier.distance(other, references)?];
        let crossed = self.product(other, references)? + earlier.product(partner, references)?;
        let squares = references.product(partner, partner)? + references.product(other, other)?;
        let residual = distances[0] + distances[1] - (dd - crossed + rr);
        let total = 0.5 * (unit.square + before.square + squares) - dd - rr;
        Some(Motion { residual, total: total.max(0.0), noise: Motion::noise(distances) })
    }

    /// Extends the paths of the rows before, the nearest last, to this one.
    pub fn extend(&mut self, rows: &[&Row], references: &References) {
        let Some(last) = rows.last() else { return };
        let elapsed = if last.frame.number == u64::MAX { 0.0 } else { (self.frame.time - last.frame.time) as f64 };
        // Products with the distorted frames that motion is measured from.
        let earlier: Vec<(&Row, f64)> = rows
            .iter()
            .filter_map(|row| Some((*row, self.frame.unit.as_ref()?.dot(row.frame.unit.as_ref()?))))
            .collect();
        let distances: Vec<f64> =
            (self.first..self.end()).map(|r| self.distance(r, references).unwrap_or(f64::INFINITY)).collect();
        let nearest = (0..distances.len()).min_by(|&a, &b| distances[a].total_cmp(&distances[b])).unwrap_or(0);
        let least = distances.get(nearest).copied().unwrap_or(0.0);
        let step = references.step(self.first + nearest as u64);

        // The best paths so far to any partner before, and out of any run without partner.
        let mut jump = (f64::INFINITY, State::Free);
        let lowest = last.first.min(self.first);
        let mut passed = lowest;
        let mut returns = vec![(f64::INFINITY, State::Free); distances.len()];
        let free = last.free.cost;
        for (state, path) in last.states() {
            if let State::After(_) | State::Free = state {
                // Where time says that it goes on.
                let target = (self.frame.time as f64 + path.offset).round() as i64;
                let near = references.from(target);
                for r in near.saturating_sub(1)..=near + 1 {
                    let beyond = match state {
                        State::After(s) => r > s,
                        _ => true,
                    };
                    let at = r.checked_sub(self.first).map(|at| at as usize);
                    if let (true, Some(entry)) = (beyond, at.and_then(|at| returns.get_mut(at)))
                        && path.cost < entry.0
                    {
                        *entry = (path.cost, state);
                    }
                }
            }
        }
        for at in 0..distances.len() {
            let r = self.first + at as u64;
            while passed < r {
                for state in [State::Partner(passed), State::After(passed)] {
                    let cost = last.path(state).cost;
                    if cost < jump.0 {
                        jump = (cost, state);
                    }
                }
                passed += 1;
            }
            if !distances[at].is_finite() {
                continue;
            }
            let Some(reference) = references.get(r) else { continue };
            let picture = cost::picture(distances[at], least, step);
            let offset = (reference.time - self.frame.time) as f64;
            let mut best = Path::NONE;
            let mut consider = |state: State, from: &Path, step: f64, expected: f64| {
                let cost = from.cost + step + picture;
                if cost >= best.cost {
                    return;
                }
                let moved = from.pairs.iter().rev().flatten().next().and_then(|pair| {
                    let (row, dd) = earlier.iter().find(|(row, _)| row.frame.number == pair.distorted)?;
                    self.motion_with(r, row, pair.reference, *dd, references)
                });
                let cost = cost + moved.map_or(0.0, cost::motion);
                let pairs = from.with(Pair { distorted: self.frame.number, reference: r });
                best.better(Path { cost, offset: expected, from: state, pairs });
            };
            // Step by step, or the same once more.
            for s in r.saturating_sub(NEAR).max(last.first)..=r {
                let from = last.path(State::Partner(s));
                if from.cost.is_finite()
                    && let Some(before) = references.get(s)
                {
                    let step = Step {
                        reference: (reference.time - before.time) as f64,
                        distorted: elapsed,
                        interval: reference.interval,
                        offset,
                        expected: from.offset,
                    };
                    let (cost, expected) = step.cost();
                    consider(State::Partner(s), from, cost, expected);
                }
            }
            let (_, state) = returns[at];
            if returns[at].0.is_finite() {
                let from = last.path(state);
                let step = Step {
                    reference: 0.0,
                    distorted: 0.0,
                    interval: reference.interval,
                    offset,
                    expected: from.offset,
                };
                let (cost, expected) = step.cost();
                consider(state, from, cost + BEGIN, expected);
            }
            // A jump to a picture that does not fit is none.
            if jump.0.is_finite() && picture < SAY {
                consider(jump.1, last.path(jump.1), JUMP, offset);
            }
            if free.is_finite() {
                // The first partner of all may be anywhere; a little nearer to where time says.
                let from = &last.free;
                let far = if from.pairs[0].is_some() { JUMP } else { BEGIN };
                consider(State::Free, from, far + 1e-10 * (offset - from.offset).abs(), offset);
            }
            self.partner[at] = best;
        }
        self.without(last);
        let (_, least) = self.best();
        self.prune(|_, path| path.cost <= least + BEAM);
    }

    /// Extends the paths by no partner.
    fn without(&mut self, last: &Row) {
        for (state, path) in last.states() {
            let leave = if matches!(state, State::Partner(_)) { LEAVE } else { 0.0 };
            let next = Path { cost: path.cost + UNMATCHED + leave, from: state, ..*path };
            let slot = match state {
                State::Partner(r) | State::After(r) => match r.checked_sub(self.first) {
                    Some(at) => self.after.get_mut(at as usize),
                    None => Some(&mut self.free),
                },
                State::Free => Some(&mut self.free),
            };
            if let Some(slot) = slot {
                slot.better(next);
            }
        }
    }
}

/// References that a step may pass without being a jump.
const NEAR: u64 = 6;
