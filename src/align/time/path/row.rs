// SPDX-License-Identifier: MPL-2.0

//! One distorted frame with all its possible partners: a column of the trellis.

use super::cost::{self, Expected, JUMP, LEAVE, Motion, Prior, SAY, Step, UNMATCHED};
use super::damage::LONGEST;
use super::side::{Distorted, Reference, References};
use crate::align::time::unit::{BLOCKS, Blocks, ROUNDING, Unit, is_repetition};

/// How many pairs back motion is measured from.
pub(super) const LAG: usize = 4;

/// References that a step may pass without being a jump.
const NEAR: u64 = 6;

/// References before those in reach with which a frame is also compared, to know how well it would fit there.
pub(super) const BEHIND: u64 = 12;

/// Squared length of a block's motion below which there is none.
const MOTIONLESS: f32 = 6e-6;

/// Share of a pair's distance that changes from frame to frame.
const FLICKER: f32 = 0.03;

/// The cost for a frame that repeats the previous one to keep the partner.
const REPEAT: f64 = 2.0;

/// The cost of keeping the partner although the picture moves, and from how much motion on, in steps of the reference.
const MOVED: f64 = 3.0;
pub(super) const HAS_MOVED: [f64; 2] = [0.3, 0.7];

/// The cost of having a partner again after a run without, where time continues.
const BEGIN: f64 = 3.0;

/// Share of the cost of damaged frames at the beginning that a path is refunded.
const DAMAGED: f64 = 0.75;

/// The cost of a frame whose partner is still to come.
const BEYOND: f64 = 0.25;

/// A path that costs this much more than the best one is dropped.
const BEAM: f64 = 60.0;

/// The state of a path: at a partner, or without one after a partner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// At this reference.
    Partner(u64),
    /// Without partner; the last partner was this one.
    After(u64),
    /// Without partner; there was none yet, or it is out of reach.
    Free,
}

/// A pair on a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pair {
    pub distorted: u64,
    pub reference: u64,
}

/// The best path to a state.
#[derive(Debug, Clone, Copy)]
pub(super) struct Path {
    pub cost: f64,
    /// Where this frame's partner was expected, updated with the actual one.
    pub expected: Expected,
    /// The state in the previous row.
    pub from: State,
    /// What the frames before the first pair have cost, beyond what they would cost if the reference began later. A
    /// path that begins with the first reference is refunded, and pays again if it immediately continues elsewhere.
    pub head: f64,
    /// The part of it caused by frames that are unrelated to the reference time gives them. A path that continues where
    /// time says is refunded most of that, since they may be damaged.
    pub damage: f64,
    /// The last pairs, the newest first.
    pub pairs: [Option<Pair>; LAG],
}

impl Path {
    pub const NONE: Self = Self {
        cost: f64::INFINITY,
        expected: Expected { offset: 0.0, drift: 0.0 },
        from: State::Free,
        head: 0.0,
        damage: 0.0,
        pairs: [None; LAG],
    };

    /// The first path.
    pub fn start(offset: i64) -> Self {
        Self { cost: 0.0, expected: Expected::at(offset as f64), ..Self::NONE }
    }

    fn better(&mut self, other: Self) {
        if other.cost < self.cost {
            *self = other;
        }
    }

    /// The pairs with another one in front.
    fn with(&self, pair: Pair) -> [Option<Pair>; LAG] {
        let mut pairs = [Some(pair); LAG];
        pairs[1..].copy_from_slice(&self.pairs[..LAG - 1]);
        pairs
    }
}

/// A distorted picture compared with a reference's.
#[derive(Debug, Clone, Copy)]
pub(super) struct Likeness {
    products: Blocks,
    pub distances: Blocks,
    /// See [`Unit::far`](crate::align::time::unit::Unit::far).
    pub far: f64,
    /// The same for the whole picture.
    pub whole: f64,
    /// Log-likelihood relative to the nearest reference in reach; at most 0, except for single blocks.
    pub likelihood: f64,
}

/// One distorted frame and the best paths to its states.
#[derive(Debug)]
pub(super) struct Row {
    pub frame: Distorted,
    /// The partner, once decided.
    pub settled: Option<u64>,
    /// The first reference in reach.
    pub first: u64,
    /// When the very first frame is shown.
    begin: i64,
    /// Whether it shows the same as the previous frame.
    pub repeated: bool,
    /// The blocks' distances to the previous frame, if there is one.
    moved: Option<Blocks>,
    /// The first reference that it is compared with, which may lie before those in reach.
    compared: u64,
    /// With each reference from that one on; `None` without a picture.
    likenesses: Vec<Option<Likeness>>,
    /// Paths to each reference in reach.
    partner: Vec<Path>,
    /// Paths without partner, after each reference in reach.
    after: Vec<Path>,
    free: Path,
}

impl Row {
    /// The row before the first frame.
    pub fn before(offset: i64) -> Self {
        let frame = Distorted { number: u64::MAX, time: 0, signature: None, unit: None };
        let free = Path::start(offset);
        Self::empty(frame, 0, 0, free)
    }

    fn empty(frame: Distorted, first: u64, end: u64, free: Path) -> Self {
        let paths = || vec![Path::NONE; end.saturating_sub(first) as usize];
        Self {
            frame,
            settled: None,
            first,
            begin: 0,
            repeated: false,
            moved: None,
            compared: first,
            likenesses: Vec::new(),
            partner: paths(),
            after: paths(),
            free,
        }
    }

    /// A frame with the references `first..end` in reach; `before` is the previous frame's picture.
    pub fn new(frame: Distorted, first: u64, end: u64, before: Option<&Unit>, references: &References) -> Self {
        let mut row = Self::empty(frame, first, end, Path::NONE);
        row.moved = row.frame.unit.as_ref().zip(before).map(|(now, before)| now.distances_to(before));
        row.compared = first.saturating_sub(BEHIND);
        row.likenesses = (row.compared..end).map(|r| row.liken(r, references)).collect();
        row.weigh(references);
        row
    }

    fn liken(&self, reference: u64, references: &References) -> Option<Likeness> {
        let (theirs, ours) = (references.get(reference)?.unit.as_ref()?, self.frame.unit.as_ref()?);
        let products = ours.products(theirs);
        let distances = ours.distances(theirs, &products);
        let [far, whole] = ours.far(theirs, &distances);
        Some(Likeness { products, distances, far, whole, likelihood: 0.0 })
    }

    /// Computes all likelihoods.
    fn weigh(&mut self, references: &References) {
        let behind = (self.first - self.compared) as usize;
        let known =
            self.likenesses.iter().zip(self.compared..).skip(behind).filter_map(|(l, r)| Some((l.as_ref()?, r)));
        let nearness = |likeness: &Likeness| cost::nearness(&likeness.distances);
        let Some((nearest, r)) = known.min_by(|a, b| nearness(a.0).total_cmp(&nearness(b.0))) else { return };
        let (nearest, step) = (nearest.distances, references.step(r));
        for likeness in self.likenesses.iter_mut().flatten() {
            likeness.likelihood = cost::likelihood(&likeness.distances, &nearest, &step, self.moved.as_ref());
        }
        let reach = self.likenesses.iter().skip(behind).flatten();
        let best = reach.map(|l| l.likelihood).fold(f64::NEG_INFINITY, f64::max);
        self.likenesses.iter_mut().flatten().for_each(|likeness| likeness.likelihood -= best);
    }

    /// The sum of the blocks' distances to the previous frame.
    pub fn motion_before(&self) -> f32 {
        self.moved.map_or(0.0, |moved| moved.iter().sum())
    }

    /// The comparison with a reference.
    pub fn likeness(&self, reference: u64) -> Option<&Likeness> {
        let at = usize::try_from(reference.checked_sub(self.compared)?).ok()?;
        self.likenesses.get(at)?.as_ref()
    }

    /// One past the last reference in reach.
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

    /// Drops the paths that are not to be kept.
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

    /// Compares again, because the signatures have changed.
    pub fn compare(&mut self, frame: Distorted, before: Option<&Unit>, references: &References) {
        let paths = (std::mem::take(&mut self.partner), std::mem::take(&mut self.after), self.free);
        let end = self.first + paths.0.len() as u64;
        let (settled, begin) = (self.settled, self.begin);
        *self = Self { settled, begin, ..Self::new(frame, self.first, end, before, references) };
        (self.partner, self.after, self.free) = paths;
    }

    /// Makes this its only path.
    pub fn restart(&mut self, path: Path) {
        self.prune(|_, _| false);
        self.free = path;
    }

    /// Makes all paths lead to this partner, coming from that state.
    pub fn anchor(&mut self, partner: u64, from: State, offset: i64) {
        self.prune(|_, _| false);
        let Some(at) = partner.checked_sub(self.first).and_then(|at| usize::try_from(at).ok()) else { return };
        if let Some(path) = self.partner.get_mut(at) {
            let pairs = path.with(Pair { distorted: self.frame.number, reference: partner });
            *path = Path { from, pairs, ..Path::start(offset) };
        }
    }

    /// The state of the best path, and its cost.
    pub fn best(&self) -> (State, f64) {
        let least = self.states().min_by(|a, b| a.1.cost.total_cmp(&b.1.cost));
        least.map_or((State::Free, f64::INFINITY), |(state, path)| (state, path.cost))
    }

    fn products(&self, reference: u64, references: &References) -> Option<Blocks> {
        match self.likeness(reference) {
            Some(likeness) => Some(likeness.products),
            None => Some(references.get(reference)?.unit.as_ref()?.products(self.frame.unit.as_ref()?)),
        }
    }

    /// Motion since an earlier row, given both partners.
    pub fn motion(&self, partner: u64, earlier: &Row, other: u64, references: &References) -> Option<Motion> {
        let (unit, before) = (self.frame.unit.as_ref()?, earlier.frame.unit.as_ref()?);
        self.motion_with(partner, earlier, other, &unit.products(before), references)
    }

    fn motion_with(
        &self,
        partner: u64,
        earlier: &Row,
        other: u64,
        dd: &Blocks,
        references: &References,
    ) -> Option<Motion> {
        let (unit, before) = (self.frame.unit.as_ref()?, earlier.frame.unit.as_ref()?);
        let (partners, others) = (references.get(partner)?.unit.as_ref()?, references.get(other)?.unit.as_ref()?);
        let rr = references.products(partner, other)?;
        let (here, there) = (self.products(partner, references)?, earlier.products(other, references)?);
        let (crossed, back) = (self.products(other, references)?, earlier.products(partner, references)?);
        let each = |f: &dyn Fn(usize) -> f32| -> Blocks { std::array::from_fn(f) };
        let now = each(&|b| (0.5 * (unit.energy[b] + partners.energy[b]) - here[b]).max(0.0));
        let then = each(&|b| (0.5 * (before.energy[b] + others.energy[b]) - there[b]).max(0.0));
        let residual = each(&|b| now[b] + then[b] - (dd[b] - crossed[b] - back[b] + rr[b]));
        let energies = |b: usize| unit.energy[b] + before.energy[b] + partners.energy[b] + others.energy[b];
        let total = each(&|b| (0.5 * energies(b) - dd[b] - rr[b]).max(0.0));
        let noise = each(&|b| MOTIONLESS + FLICKER * now[b].min(then[b]));
        let moves = (0..BLOCKS).map(|b| 0.5 * (partners.energy[b] + others.energy[b]) - rr[b]).sum::<f32>();
        Some(Motion::of(&residual, &total, moves, &noise, &unit.weights(partners)))
    }

    /// Extends the paths of the previous rows, of which the nearest is last, to this one.
    pub fn extend(&mut self, rows: &[&Row], references: &References, prior: &Prior) {
        let Some(last) = rows.last() else { return };
        self.begin = if last.frame.number == u64::MAX { self.frame.time } else { last.begin };
        // Products with the distorted frames from which motion is measured.
        let earlier: Vec<(&Row, Blocks)> = rows
            .iter()
            .rev()
            .take(LAG + 2)
            .filter_map(|row| Some((*row, self.frame.unit.as_ref()?.products(row.frame.unit.as_ref()?))))
            .collect();
        let returns = self.returns(last, references);
        self.repeated = self.moved.as_ref().is_some_and(is_repetition);
        // The best path so far to any previous partner, and out of any run without partner.
        let mut jump = (f64::INFINITY, State::Free);
        let mut passed = last.first.min(self.first);
        for (at, returns) in returns.into_iter().enumerate() {
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
            let arrivals = Arrivals { last, returns, jump };
            self.partner[at] = self.arrive(r, &arrivals, &earlier, references, prior);
        }
        self.without(last, references);
        let (_, least) = self.best();
        self.prune(|_, path| path.cost - if path.pairs[0].is_none() { path.head } else { 0.0 } <= least + BEAM);
    }

    /// How much later this frame is shown than the previous one, in ns; 0 for the first.
    fn elapsed(&self, last: &Row) -> i64 {
        if last.frame.number == u64::MAX { 0 } else { self.frame.time - last.frame.time }
    }

    /// For each reference in reach, the best path that returns to it from a run without partner where time continues.
    fn returns(&self, last: &Row, references: &References) -> Vec<(f64, State)> {
        let elapsed = self.elapsed(last);
        let mut returns = vec![(f64::INFINITY, State::Free); self.partner.len()];
        for (state, path) in last.states() {
            let passed = match state {
                State::Partner(_) => continue,
                State::After(s) => Some(s),
                State::Free => None,
            };
            let expected = path.expected.after(elapsed as f64).offset;
            let near = references.from((self.frame.time as f64 + expected).round() as i64);
            for r in near.saturating_sub(1)..=near + 1 {
                let at = r.checked_sub(self.first).map(|at| at as usize);
                if let Some(entry) = at.and_then(|at| returns.get_mut(at))
                    && passed.is_none_or(|passed| r > passed)
                    && path.cost < entry.0
                {
                    *entry = (path.cost, state);
                }
            }
        }
        returns
    }

    /// The best path to a partner.
    fn arrive(
        &self,
        r: u64,
        arrivals: &Arrivals<'_>,
        earlier: &[(&Row, Blocks)],
        references: &References,
        prior: &Prior,
    ) -> Path {
        let mut best = Path::NONE;
        let (Some(likeness), Some(reference)) = (self.likeness(r), references.get(r)) else { return best };
        let Arrivals { last, returns, jump } = *arrivals;
        let behind = -likeness.likelihood;
        let picture = cost::picture(behind, prior.strange(likeness.far, likeness.whole));
        let offset = (reference.time - self.frame.time) as f64;
        let moves = references.step(r).iter().sum::<f32>() + ROUNDING * BLOCKS as f32;
        let elapsed = self.elapsed(last);
        let mut consider = |state: State, from: &Path, step: f64, expected: Expected, head: f64| {
            let cost = from.cost + step + picture;
            if cost >= best.cost {
                return;
            }
            let moved = from.pairs.iter().rev().flatten().next().and_then(|pair| {
                let (row, dd) = earlier.iter().find(|(row, _)| row.frame.number == pair.distorted)?;
                self.motion_with(r, row, pair.reference, dd, references)
            });
            let cost = cost + moved.map_or(0.0, |motion| prior.motion * motion.strange(likeness.far));
            let pairs = from.with(Pair { distorted: self.frame.number, reference: r });
            let head = if pairs[LAG - 1].is_none() { head } else { 0.0 };
            best.better(Path { cost, expected, from: state, head, damage: 0.0, pairs });
        };
        let step = |before: i64, from: &Path| Step {
            reference: (reference.time - before) as f64,
            distorted: elapsed as f64,
            interval: reference.interval,
            offset,
            expected: from.expected.after(elapsed as f64),
        };
        // Step by step, or the same partner again.
        for s in r.saturating_sub(NEAR).max(last.first)..=r {
            let from = last.path(State::Partner(s));
            if let Some(before) = references.get(s).filter(|_| from.cost.is_finite()) {
                let step = step(before.time, from);
                let (mut cost, mut expected) = step.cost(prior);
                if s == r && self.repeated && cost > REPEAT {
                    (cost, expected) = (REPEAT, step.expected);
                }
                if s == r {
                    cost += MOVED * cost::ramp(f64::from(self.motion_before() / moves), HAS_MOVED);
                }
                if cost >= JUMP {
                    cost += from.head;
                }
                consider(State::Partner(s), from, cost, expected, from.head);
            }
        }
        if returns.0.is_finite() {
            let from = last.path(returns.1);
            let (cost, expected) = Step { distorted: 0.0, ..step(reference.time, from) }.cost(prior);
            let head = if from.pairs[0].is_some() { from.head } else { 0.0 };
            consider(returns.1, from, cost + BEGIN, expected, head);
        }
        // A jump to a picture that does not fit is not considered.
        if jump.0.is_finite() && behind < SAY {
            let from = last.path(jump.1);
            consider(jump.1, from, JUMP + from.head, Expected::at(offset), 0.0);
        }
        let from = &last.free;
        if from.cost.is_finite() {
            let far = step(reference.time, from).is_elsewhere();
            let cost = match from.pairs[0] {
                Some(_) if far => JUMP + from.head,
                None if far => prior.begin,
                // Slightly nearer to where time says.
                _ => 0.0,
            };
            let away = (offset - from.expected.offset).abs();
            // The reference begins here, so previous frames could have no partner; or it is damaged.
            let damage = !far && self.frame.time - self.begin <= LONGEST;
            let head = match from.pairs[0] {
                None if r == 0 => from.head,
                None if damage => DAMAGED * from.damage,
                _ => 0.0,
            };
            consider(State::Free, from, cost - head + 1e-10 * away, Expected::at(offset), head);
        }
        best
    }

    /// Extends the paths without a partner.
    ///
    /// A frame whose partner is expected among references that have not arrived is no evidence against an established
    /// path.
    fn without(&mut self, last: &Row, references: &References) {
        let elapsed = self.elapsed(last) as f64;
        let newest = self.end().checked_sub(1).and_then(|r| references.get(r));
        let frame_time = self.frame.time as f64;
        let (likenesses, compared) = (&self.likenesses, self.compared);
        let strange = |expected: &Expected| {
            let near = references.nearest((frame_time + expected.offset).round() as i64);
            let at = near.and_then(|r| usize::try_from(r.checked_sub(compared)?).ok());
            let likeness = at.and_then(|at| likenesses.get(at)?.as_ref());
            likeness.is_some_and(|likeness| cost::ramp(likeness.far, cost::ALIKE) >= 0.5)
        };
        for (state, path) in last.states() {
            let expected = path.expected.after(elapsed);
            let beyond = |reference: &Reference| {
                let time = self.frame.time as f64 + expected.offset;
                !references.ended && time > reference.time as f64 + 0.55 * reference.interval
            };
            let cost = match state {
                _ if path.pairs[LAG - 1].is_some() && newest.is_some_and(beyond) => BEYOND,
                State::Partner(_) => UNMATCHED + LEAVE,
                _ => UNMATCHED,
            };
            let (mut head, mut damage) = (path.head, path.damage);
            if path.pairs[0].is_none() {
                head += cost - BEYOND;
                damage += if strange(&expected) { cost - BEYOND } else { 0.0 };
            }
            let next = Path { cost: path.cost + cost, from: state, expected, head, damage, ..*path };
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

/// The best paths to what precedes a partner.
#[derive(Clone, Copy)]
struct Arrivals<'a> {
    last: &'a Row,
    /// Out of a run without partner.
    returns: (f64, State),
    /// From any previous partner.
    jump: (f64, State),
}
