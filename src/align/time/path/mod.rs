// SPDX-License-Identifier: MPL-2.0

//! Pairing by pictures and times together: a bounded, monotone dynamic program, used by `auto` and `track`.
//!
//! # Method
//! Both sides are sequences of [pictures](super::unit). A path gives each distorted frame a partner, or none, and never
//! goes back; its cost ([`cost`]) is its negative log-likelihood. The best path is found by the Viterbi algorithm
//! (Viterbi 1967; as dynamic time warping in Sakoe and Chiba 1978), frame by frame in one pass. The full-reference
//! models of ITU-T J.247 register frames in time by similar means: small pictures, a window, preserved order.
//!
//! A path pays for
//! * a picture that fits its partner less than the likeliest candidate ([`cost::likelihood`]), or is unrelated to it;
//! * motion over the last pairs that differs from the partners' ([`cost::motion`]), which distinguishes frames of one
//!   scene where noise or a persistent difference (blur, a logo, a shift) prevents the pictures from doing so;
//! * a step that deviates from time, a change of offset ([`cost::Step`]), and a beginning at an unexpected offset
//!   ([`cost::Prior`]). Where pictures do not distinguish, as in a static scene, the path therefore follows time;
//! * every frame without a partner, less than an unrelated picture costs. Frames before the first reference cost
//!   nothing, and damaged ones before a beginning at the expected place cost little.
//!
//! `auto` and `track` differ only in the prior: `auto` expects the time stamps to be right, and deviating from them is
//! expensive; `track` begins anywhere and bends easily.
//!
//! Each path carries its own offset and its last pairs (per-survivor processing: Raheli, Polydoros and Tzou 1995), so
//! that drift, a changed frame rate and motion over several frames need no states of their own.
//!
//! # What is in reach
//! Few references around the present offset: both sides are fed evenly, [`NEAR`] frames ahead. While the pictures
//! contradict the path, frames wait, and the waiting rows are recomputed repeatedly with all references that have
//! arrived since ([`Tracker::widen`]). An offset is therefore found as soon as enough of the common material has
//! arrived, up to the search range, and only what that offset needs is held. Which frames are in reach depends on the
//! streams alone, never on the order of arrival. Until an offset is found, references arrive no later than the times
//! say, whatever the best path so far.
//!
//! # When a frame is decided
//! As soon as no path with a different partner is nearly as good ([`Tracker::decide`]), or when it has waited too long.
//! A frame that moves beside a reference that stands still waits a little longer, and runs without partner wait for
//! what follows, since they may be damage ([`damage`]).
//!
//! # A translation
//! A picture shifted against its reference resembles another frame of a panning shot. Until an offset is found, a
//! translation is therefore estimated together with it and removed from the signatures ([`shift`]), and refined later.
//! While the camera moves, a translation between the streams cannot be distinguished from an offset in time, and none
//! is accepted.

mod best;
mod cost;
mod damage;
mod offset;
mod register;
mod row;
mod shift;
mod side;
mod trust;

use std::collections::VecDeque;

pub(super) use self::cost::{ALIKE, likelihood, nearness, ramp};
pub(super) use self::trust::BY_TIME;

use self::best::BestPath;
use self::cost::Prior;
use self::offset::Course;
use self::register::Registered;
use self::row::{Path, Row, State};
use self::side::{Distorted, KEPT, References, Time};
use super::desk::Desk;
use super::{Alignment, Evidence, Pairing, Settings, Signature, Timestamp};

/// How much worse all paths with a different decision for a frame must be than the best one, in nats: slightly less
/// than the cheapest deviation from time.
const MARGIN: f64 = 4.0;

/// The same before an offset is found: slightly less than a different offset costs.
const FIRST_MARGIN: f64 = 11.0;

/// References ahead of a distorted frame that are in reach.
const NEAR: i64 = 4;

/// Rows required to accept a first offset: at the earliest, and where the pictures distinguish little.
const FIRST: [usize; 2] = [4, 12];

/// Decided rows that are kept, to measure motion from.
const HISTORY: usize = 16;

/// Frames for which a decision may wait if nothing is unusual.
const PATIENCE: usize = 12;

/// Least number of new rows between two recomputations of the waiting ones.
const WIDEN: usize = 6;

/// Pairs after which the translation is refined, each time on as many pairs as there are decided rows.
const FOLLOW: [u64; 4] = [8, 25, 75, 250];

/// Trust from which a pair is accepted.
const ENOUGH: f64 = 0.6;

/// Pairs each distorted frame with a reference frame along a monotone path.
#[derive(Debug)]
pub(super) struct Tracker {
    range: i64,
    prior: Prior,
    /// Whether time decides where pictures do not distinguish.
    timed: bool,
    references: References,
    distorted_ended: bool,
    distorted: Time,
    /// Not in a row yet, since not all their references have arrived.
    waiting: VecDeque<Distorted>,
    /// Decided rows, then undecided ones.
    rows: VecDeque<Row>,
    /// How many of them are decided.
    decided: usize,
    /// All frames up to this number must be decided.
    forced: Option<u64>,
    /// A frame had to be decided before its partner was known.
    hurried: bool,
    /// The state of the last decided row.
    state: State,
    /// How many rows were waiting when they were last recomputed.
    widened: usize,
    registered: Registered,
    /// Pairs so far.
    pairs: u64,
    /// The last partner, and whether the previous frame has it.
    last: Option<(u64, bool)>,
    /// References before this one are no longer needed.
    needed: u64,
    /// What shrinking has left of the window, in ns.
    window: i64,
    course: Course,
}

/// The decision about the oldest row.
#[derive(Debug, Clone, Copy)]
struct Outcome {
    pairing: Pairing,
    confidence: f64,
    evidence: Evidence,
}

impl Outcome {
    const UNMATCHED: Self = Self { pairing: Pairing::Unmatched, confidence: 0.0, evidence: Evidence::Picture };
}

impl Tracker {
    pub fn new(settings: Settings) -> Self {
        let range = i64::try_from(settings.search_range).unwrap_or(i64::MAX / 4).min(i64::MAX / 4);
        let timed = settings.alignment != Alignment::Track;
        Self {
            range,
            prior: if timed { Prior::TIMES } else { Prior::PICTURES },
            timed,
            references: References::default(),
            distorted_ended: false,
            distorted: Time::default(),
            waiting: VecDeque::new(),
            rows: VecDeque::from([Row::before(settings.offset)]),
            decided: 1,
            forced: None,
            hurried: false,
            state: State::Free,
            widened: 0,
            registered: Registered::Never,
            pairs: 0,
            last: None,
            needed: 0,
            window: range,
            course: Course::new(settings.offset),
        }
    }

    /// A new center of the search.
    pub fn set_offset(&mut self, offset: i64) {
        self.course = Course::new(offset);
        if let Some(row) = self.rows.back_mut() {
            let best = row.best().1;
            row.restart(Path { cost: best, ..Path::start(offset) });
        }
    }

    pub fn push_reference(&mut self, stamp: Timestamp, signature: Option<Signature>, desk: &mut Desk) {
        self.references.push(stamp, signature);
        self.advance(desk);
    }

    pub fn push_distorted(&mut self, number: u64, stamp: Timestamp, signature: Option<Signature>, desk: &mut Desk) {
        let time = self.distorted.next(stamp);
        self.waiting.push_back(Distorted::new(number, time, signature, self.references.shift()));
        self.advance(desk);
    }

    pub fn end_reference(&mut self, desk: &mut Desk) {
        self.references.ended = true;
        self.advance(desk);
    }

    pub fn end_distorted(&mut self, desk: &mut Desk) {
        self.distorted_ended = true;
        self.advance(desk);
    }

    /// See [`Aligner::lead`](super::Aligner::lead).
    pub fn lead(&self) -> i64 {
        let ahead = self.ahead().saturating_add(self.references.time.interval());
        ahead.saturating_add(self.distorted.moved).saturating_sub(self.references.time.moved)
    }

    /// The offset at which the next frame is expected. Before one is found it may follow the best path so far, unless
    /// frames cannot wait.
    fn center(&self) -> i64 {
        let center = self.course.center();
        let Some(row) = self.rows.back() else { return center };
        let expected = row.path(row.best().0).expected.offset as i64;
        match self.course.found() {
            true => expected,
            false if expected > center && !self.hurried && self.leads(&self.best_path().0) => expected,
            false => center,
        }
    }

    /// How far after a distorted frame its references are in reach, in ns.
    fn ahead(&self) -> i64 {
        let interval = self.references.time.interval().max(self.distorted.interval());
        self.center().saturating_add((NEAR * interval).min(self.range.min(self.window)))
    }

    pub fn force(&mut self, through: u64, desk: &mut Desk) {
        self.forced = self.forced.max(Some(through));
        self.advance(desk);
    }

    /// Memory has run out: decides the oldest row or, if there is none, drops the oldest reference.
    ///
    /// The window is limited to what fitted from now on.
    pub fn shrink(&mut self, desk: &mut Desk) {
        let oldest = self.rows.get(self.decided).map(|row| row.frame.number);
        match oldest.or_else(|| self.waiting.front().map(|frame| frame.number)) {
            Some(number) => self.force(number, desk),
            None => self.needed = (self.needed + 1).min(self.references.end()),
        }
        let oldest = self.references.get(self.needed_from()).map(|frame| frame.time);
        let held = oldest.zip(self.references.time.last()).map_or(0, |(from, to)| to.saturating_sub(from));
        self.window = self.window.min(held);
        self.release();
        desk.shrunk(held.unsigned_abs());
    }

    /// See [`Aligner::needed_from`](super::Aligner::needed_from).
    pub fn needed_from(&self) -> u64 {
        self.needed
    }

    /// The first reference that an undecided frame may have as its partner.
    fn wanted(&self) -> u64 {
        let next = self.waiting.front().map(|frame| frame.time).or(self.distorted.last());
        let by_time = next.map_or(0, |time| self.references.from(self.reach(time)));
        let rows = self.rows.range(self.decided..).map(|row| row.first).min();
        rows.map_or(by_time, |first| first.min(by_time)).max(self.floor())
    }

    /// The first possible partner, given that paths do not go back.
    fn floor(&self) -> u64 {
        self.last.map_or(0, |(last, current)| if current { last } else { last + 1 })
    }

    /// The earliest reference time in reach of a distorted frame with this time.
    fn reach(&self, time: i64) -> i64 {
        time.saturating_add(self.course.center()).saturating_sub(self.range.min(self.window))
    }

    /// Adds all rows and makes all decisions that are possible.
    fn advance(&mut self, desk: &mut Desk) {
        while let Some(frame) = self.waiting.front() {
            let wanted = frame.time.saturating_add(self.ahead());
            let next = self.references.time.last().map(|last| last.saturating_add(self.references.time.interval()));
            let complete = self.references.ended || next.is_some_and(|next| next > wanted);
            if !complete && self.forced.is_none_or(|through| frame.number > through) {
                break;
            }
            let Some(frame) = self.waiting.pop_front() else { break };
            let end = self.references.after(wanted);
            self.extend(frame, end);
            self.widen();
            while self.decide(desk) {}
        }
        if self.complete() {
            self.widen();
        }
        while self.decide(desk) {}
        self.release();
    }

    /// Adds a row with the references before `end` in reach.
    fn extend(&mut self, frame: Distorted, end: u64) {
        let first = self.references.from(self.reach(frame.time)).max(self.floor()).max(self.needed);
        let farthest = frame.time.saturating_add(self.course.center()).saturating_add(self.range.min(self.window));
        let end = end.max(self.rows.back().map_or(0, Row::end)).min(self.references.after(farthest)).max(first);
        let before = self.rows.back().and_then(|row| row.frame.unit.as_ref());
        let mut row = Row::new(frame, first, end, before, &self.references);
        let from = self.rows.len().saturating_sub(HISTORY);
        let before: Vec<&Row> = self.rows.range(from..).collect();
        row.extend(&before, &self.references, &self.prior);
        self.rows.push_back(row);
    }

    /// Number of undecided rows.
    fn undecided(&self) -> usize {
        self.rows.len() - self.decided
    }

    /// How long the oldest of them has waited, in stream time, in ns.
    fn waited(&self) -> i64 {
        let oldest = self.rows.get(self.decided).map(|row| row.frame.time);
        oldest.zip(self.rows.back()).map_or(0, |(oldest, newest)| newest.frame.time.saturating_sub(oldest))
    }

    /// Recomputes the waiting rows with all references in reach of the newest, if enough have arrived since the last
    /// time.
    fn widen(&mut self) {
        let count = self.undecided();
        if count < self.widened {
            self.widened = count;
        }
        let end = self.rows.back().map_or(0, Row::end);
        if count < self.widened + WIDEN.max(self.widened / 4) && !self.complete() {
            return;
        }
        self.widened = count;
        if self.rows.range(self.decided..).all(|row| row.end() == end) {
            return;
        }
        self.remake(self.references.shift(), Some(end));
    }

    /// Whether nothing more can arrive for the present rows.
    fn complete(&self) -> bool {
        self.waiting.is_empty() && self.distorted_ended
    }

    /// Decides the oldest undecided row, if possible.
    fn decide(&mut self, desk: &mut Desk) -> bool {
        let at = self.decided;
        let Some(oldest) = self.rows.get(at) else { return false };
        let (best, least) = self.best_path();
        let forced = self.forced.is_some_and(|through| oldest.frame.number <= through);
        let hurried = forced && !self.complete();
        let must = forced || self.complete();
        let count = self.undecided();
        let late = self.waited() >= self.range.min(self.window) + PATIENCE as i64 * self.distorted.interval();
        if self.pairs == 0 && self.register(must, &best) {
            return self.decide(desk);
        }
        let state = best.state(at);
        let margin = self.margin(at, state, least);
        let strong = self.trusted(at, &best);
        if let Some(trust) = strong {
            let ready = !self.at_the_edge(at, state)
                && (count > 2 * PATIENCE || !self.is_doubtful(at, state))
                && match self.course.found() {
                    true => margin >= MARGIN || count > PATIENCE,
                    false => self.believed(&best, margin),
                };
            if ready || must || late {
                let outcome = match self.precedes(at, &best) {
                    true => Outcome::UNMATCHED,
                    false => self.pair(at, &best, margin, trust),
                };
                self.settle(outcome, desk);
                return true;
            }
            return false;
        }
        if let Some(partners) = self.damaged(&best, must) {
            for partner in partners {
                self.settle(self.by_time(partner), desk);
            }
            return true;
        }
        // If the pictures neither show where else the streams continue nor contradict the time, time decides.
        if self.timed
            && (must || late || (self.course.found() && count > 2 * PATIENCE))
            && let Some(partner) = self.partner_by_time()
        {
            self.anchor(partner);
            self.settle(self.by_time(Some(partner)), desk);
            return true;
        }
        // It may still be damage, or the streams may continue elsewhere.
        let known = || self.pairs > 0 || self.believed(&best, margin);
        if must || late || (known() && self.is_replaced(&best)) {
            self.hurried |= hurried;
            self.settle(Outcome::UNMATCHED, desk);
            return true;
        }
        false
    }

    /// Whether the partner is the last reference in reach, so that a later one might be better.
    fn at_the_edge(&self, at: usize, state: State) -> bool {
        let State::Partner(reference) = state else { return false };
        let all = self.references.ended && self.rows.get(at).is_some_and(|row| row.end() == self.references.end());
        !all && self.rows.get(at).is_some_and(|row| reference + 1 >= row.end())
    }

    /// Forces all paths through this partner of the oldest undecided row.
    fn anchor(&mut self, partner: u64) {
        let after = self.rows.split_off(self.decided + 1);
        if let Some(row) = self.rows.back_mut() {
            row.anchor(partner, self.state, self.course.center());
        }
        for row in after {
            let end = row.end();
            self.extend(row.frame, end);
        }
    }

    /// How much worse the best path with a different state in this row is.
    fn margin(&self, at: usize, state: State, least: f64) -> f64 {
        let Some(newest) = self.rows.back() else { return 0.0 };
        let mut margin = f64::INFINITY;
        for (other, path) in newest.states() {
            let behind = path.cost - least;
            if behind < margin && behind < 2.0 * FIRST_MARGIN && self.ancestor(other, at) != state {
                margin = behind;
            }
        }
        margin
    }

    /// The state in an earlier row of the path to `state` in the newest row.
    fn ancestor(&self, state: State, at: usize) -> State {
        self.rows.range(at + 1..).rev().fold(state, |state, row| row.path(state).from)
    }

    /// The outcome of the pair in a row of the best path.
    fn pair(&self, at: usize, best: &BestPath, margin: f64, trust: f64) -> Outcome {
        let State::Partner(reference) = best.state(at) else {
            return Outcome::UNMATCHED;
        };
        let pairing = self.pairing(reference);
        if pairing == Pairing::Unmatched {
            return Outcome::UNMATCHED;
        }
        let (confidence, evidence) = self.confidence(at, best, margin, trust);
        Outcome { pairing, confidence, evidence }
    }

    /// Whether it is a new partner or the last one again.
    fn pairing(&self, reference: u64) -> Pairing {
        match self.last {
            Some((last, true)) if reference == last => Pairing::Duplicate(reference),
            Some((last, _)) if reference <= last => Pairing::Unmatched,
            _ => Pairing::Matched(reference),
        }
    }

    /// The outcome of a damaged frame.
    fn by_time(&self, partner: Option<u64>) -> Outcome {
        let pairing = partner.map_or(Pairing::Unmatched, |reference| self.pairing(reference));
        let confidence = if pairing == Pairing::Unmatched { 0.0 } else { trust::BY_TIME };
        Outcome { pairing, confidence, evidence: Evidence::Time }
    }

    /// Settles the oldest undecided row with this outcome.
    fn settle(&mut self, outcome: Outcome, desk: &mut Desk) {
        let at = self.decided;
        let state = self.agree(at, outcome.pairing);

        let Outcome { pairing, confidence, evidence } = outcome;
        self.last = match (pairing.reference(), self.last) {
            (Some(reference), _) => Some((reference, true)),
            (None, last) => last.map(|(last, _)| (last, false)),
        };
        let frame = &self.rows[at].frame;
        let (number, time) = (frame.number, frame.time);
        let offset = pairing.reference().and_then(|r| self.references.get(r)).map(|r| r.time - time);
        let moved = self.distorted.moved - self.references.time.moved;
        let interval = self.references.time.interval();
        for event in self.course.decided(number, time, offset, moved, interval, confidence) {
            desk.notify(event);
        }
        desk.decide(number, pairing, confidence, evidence);
        self.rows[at].settled = pairing.reference();
        self.state = state;
        self.decided += 1;
        self.widened = self.widened.saturating_sub(1);
        if pairing.reference().is_some() {
            self.pairs += 1;
            if FOLLOW.contains(&self.pairs) {
                self.follow();
            }
        }
        while self.decided > HISTORY {
            self.rows.pop_front();
            self.decided -= 1;
        }
    }

    /// Keeps only the paths that agree with a row's outcome, and with each other there; returns their state.
    fn agree(&mut self, at: usize, pairing: Pairing) -> State {
        let newest = self.rows.len() - 1;
        let ancestors: Vec<(State, f64, State)> =
            self.rows[newest].states().map(|(other, path)| (other, path.cost, self.ancestor(other, at))).collect();
        // A rejected partner must not bar later frames from references before it.
        let left = |(_, _, state): &&(State, f64, State)| !matches!(state, State::Partner(_));
        let least = |paths: &mut dyn Iterator<Item = &(State, f64, State)>| {
            paths.min_by(|a, b| a.1.total_cmp(&b.1)).map(|&(_, _, state)| state)
        };
        let unmatched = matches!(pairing, Pairing::Unmatched);
        let without = unmatched.then(|| least(&mut ancestors.iter().filter(left))).flatten();
        let state = without.or_else(|| least(&mut ancestors.iter())).unwrap_or(State::Free);
        let kept = |other| ancestors.iter().any(|&(path, _, ancestor)| path == other && ancestor == state);
        self.rows[newest].prune(|other, _| kept(other));
        state
    }

    fn release(&mut self) {
        let done = self.distorted_ended && self.waiting.is_empty() && self.decided == self.rows.len();
        self.needed = self.needed.max(if done { self.references.end() } else { self.wanted() });
        self.references.release(self.needed.saturating_sub(if done { 0 } else { KEPT as u64 }));
    }
}

#[cfg(test)]
mod tests;
