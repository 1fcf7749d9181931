// SPDX-License-Identifier: MPL-2.0

//! Pairing by the pictures' course: a bounded, monotone dynamic program.
//!
//! # Method
//! Both sides are sequences of [signatures](super::Signature). A path gives each distorted frame a partner, or none, and
//! never goes back; its cost ([`cost`]) is the negative logarithm of how likely it is. The best path is found by the
//! Viterbi algorithm (Viterbi 1967; as dynamic time warping in Sakoe and Chiba 1978), frame by frame in one pass. The
//! full-reference models of ITU-T J.247 register frames in time to the same end: small pictures, a window, order kept.
//!
//! A path pays for
//! * a picture that is farther from its partner than the nearest candidate is, measured in the noise that is left
//!   between the two nearest ([`cost::picture`]);
//! * motion over the last pairs that is not the partners' ([`cost::motion`]), which tells a frame from another one of
//!   the same scene where neither noise nor a persistent difference (blur, a logo, a shift) lets the pictures do so;
//! * a step that is not the one that time says, and a change of offset ([`cost::Step`]). Where pictures cannot tell, as
//!   in a static scene, the path therefore goes on with time, one reference frame after the other;
//! * every frame without a partner, less than a stranger's picture costs.
//!
//! Each path carries its own offset and its last pairs (per-survivor processing: Raheli, Polydoros and Tzou 1995), so
//! that drift, a changed frame rate and motion over several frames need no states of their own.
//!
//! # When a frame is decided
//! As soon as all paths within [`MARGIN`] of the best one agree on it, or when it has waited for as long as the window
//! is, or when it must. Paths that have it otherwise are given up. A pair is then still to be trusted: what has moved
//! around it must have moved in both streams ([`Tracker::trust`]).
//!
//! # What is in reach
//! References within the search range of the offset found so far; half of it ahead, once an offset is found. So drift may
//! go on for as long as it likes, while a jump ahead of more than half the range is first lost and then found.
//!
//! # A translation
//! A picture a little beside its reference looks like another frame of a panning shot. Until an offset is found, a
//! translation is looked for with it and taken out of the signatures ([`shift`]), and measured again later.
//!
//! # What it cannot tell
//! Where an encoder that is short of bits leaves most of a picture as it was, a frame may get the partner of the one
//! before; where frames were lost, too, at less than 0.1 bits a pixel, that is one frame in a dozen at worst (see the
//! report of the plugin's `alignment` test).

mod cost;
mod offset;
mod register;
mod row;
mod shift;
mod side;
mod trust;

use std::collections::VecDeque;

use self::offset::Course;
use self::row::{Path, Row, State};
use self::side::{Distorted, KEPT, References, Time};
use super::desk::Desk;
use super::{Evidence, Pairing, Settings, Signature, Timestamp};

/// By how much all paths that have a frame otherwise must be worse than the best one, in nats.
const MARGIN: f64 = 12.0;

/// Decided rows that are kept to measure motion from.
const HISTORY: usize = 16;

/// How long a frame waits for its decision once an offset is found, in ns.
const PATIENCE: i64 = 1_000_000_000;

/// Frames on which a translation between the streams is looked for, and how often.
const REGISTER: [usize; 2] = [12, 16];

/// Pairs after which the translation is measured again, on as many as there are decided rows.
const FOLLOW: [u64; 3] = [25, 75, 250];

/// Trust from which on a pair is one.
const ENOUGH: f64 = 0.6;

/// Pairs each distorted frame with a reference frame along a monotone path.
#[derive(Debug)]
pub(super) struct Tracker {
    range: i64,
    references: References,
    references_ended: bool,
    distorted_ended: bool,
    distorted: Time,
    /// Not in a row yet: their references have not all come.
    waiting: VecDeque<Distorted>,
    /// Decided rows, then those that are not.
    rows: VecDeque<Row>,
    /// How many of them are decided.
    decided: usize,
    /// Up to this number all must be decided.
    forced: Option<u64>,
    /// The state of the last one decided.
    state: State,
    /// How many rows there were when a translation was looked for.
    registered: usize,
    /// Pairs since an offset was found.
    pairs: u64,
    /// The last partner, and whether the frame before has it.
    last: Option<(u64, bool)>,
    /// References before this one are done with.
    needed: u64,
    /// What shrinking has left of the window, in ns.
    window: i64,
    course: Course,
}

impl Tracker {
    pub fn new(settings: Settings) -> Self {
        let range = i64::try_from(settings.search_range).unwrap_or(i64::MAX / 4).min(i64::MAX / 4);
        Self {
            range,
            references: References::default(),
            references_ended: false,
            distorted_ended: false,
            distorted: Time::default(),
            waiting: VecDeque::new(),
            rows: VecDeque::from([Row::before(settings.offset)]),
            decided: 1,
            forced: None,
            state: State::Free,
            registered: 0,
            pairs: 0,
            last: None,
            needed: 0,
            window: range,
            course: Course::new(settings.offset),
        }
    }

    /// Where to look, from now on.
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
        self.references_ended = true;
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

    /// How far after a distorted frame its references are in reach, in ns.
    fn ahead(&self) -> i64 {
        let range = self.range.min(self.window);
        let range = if self.course.found() { range / 2 } else { range };
        self.course.center().saturating_add(range)
    }

    pub fn force(&mut self, through: u64, desk: &mut Desk) {
        self.forced = self.forced.max(Some(through));
        self.advance(desk);
    }

    /// Memory has run out: decides the oldest, or lets go of the oldest reference if there is none.
    ///
    /// What there was room for is the window from now on.
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

    /// The first reference that a frame which is not decided may have as its partner.
    fn wanted(&self) -> u64 {
        let next = self.waiting.front().map(|frame| frame.time).or(self.distorted.last());
        let by_time = next.map_or(0, |time| self.references.from(self.reach(time)));
        let rows = self.rows.range(self.decided..).map(|row| row.first).min();
        rows.map_or(by_time, |first| first.min(by_time)).max(self.floor())
    }

    /// The first reference that may be a partner, since paths do not go back.
    fn floor(&self) -> u64 {
        self.last.map_or(0, |(last, current)| if current { last } else { last + 1 })
    }

    /// The earliest time in reach of a distorted frame of this time.
    fn reach(&self, time: i64) -> i64 {
        time.saturating_add(self.course.center()).saturating_sub(self.range.min(self.window))
    }

    /// Makes all rows and decisions that can be made.
    fn advance(&mut self, desk: &mut Desk) {
        while let Some(frame) = self.waiting.front() {
            let wanted = frame.time.saturating_add(self.ahead());
            let next = self.references.time.last().map(|last| last.saturating_add(self.references.time.interval()));
            let complete = self.references_ended || next.is_some_and(|next| next > wanted);
            if !complete && self.forced.is_none_or(|through| frame.number > through) {
                break;
            }
            let Some(frame) = self.waiting.pop_front() else { break };
            self.extend(frame);
            while self.decide(desk) {}
        }
        while self.decide(desk) {}
        self.release();
    }

    /// Another row.
    fn extend(&mut self, frame: Distorted) {
        let first = self.references.from(self.reach(frame.time)).max(self.floor()).max(self.needed);
        let end = self.references.after(frame.time.saturating_add(self.ahead())).max(first);
        let mut row = Row::new(frame, first, end, &self.references);
        let from = self.rows.len().saturating_sub(HISTORY);
        let before: Vec<&Row> = self.rows.range(from..).collect();
        row.extend(&before, &self.references);
        self.rows.push_back(row);
    }

    /// Decides the oldest row that is not, if that can be done.
    fn decide(&mut self, desk: &mut Desk) -> bool {
        let at = self.decided;
        let (Some(oldest), Some(newest)) = (self.rows.get(at), self.rows.back()) else { return false };
        let (best, least) = newest.best();
        let waited = newest.frame.time.saturating_sub(oldest.frame.time);
        let patience = if self.course.found() { PATIENCE.min(self.range / 2) } else { self.range };
        let must = self.forced.is_some_and(|through| oldest.frame.number <= through)
            || waited >= patience.min(self.window)
            || (self.waiting.is_empty() && self.distorted_ended);
        let state = self.ancestor(best, at);
        if !self.course.found() && self.register(must, best) {
            return self.decide(desk);
        }
        let Some(newest) = self.rows.back() else { return false };
        // By how much the best path that has it otherwise is worse.
        let mut margin = f64::INFINITY;
        for (other, path) in newest.states() {
            let behind = path.cost - least;
            if behind < margin && behind < MARGIN && self.ancestor(other, at) != state {
                margin = behind;
            }
        }
        // The first pairs need some frames behind them before they are believed.
        let believed = || self.rows.len() - at > REGISTER[1] && self.clear(best);
        let young = !self.course.found() && !believed();
        if !must && (margin < MARGIN || young) {
            return false;
        }
        self.settle(state, best, margin, desk);
        true
    }

    /// Where the path to `state` in the newest row is at an earlier row.
    fn ancestor(&self, state: State, at: usize) -> State {
        self.rows.range(at + 1..).rev().fold(state, |state, row| row.path(state).from)
    }

    /// The oldest row that is not decided has this state.
    fn settle(&mut self, state: State, best: State, margin: f64, desk: &mut Desk) {
        let at = self.decided;
        // Only paths that agree go on.
        let newest = self.rows.len() - 1;
        let doomed: Vec<State> = self.rows[newest]
            .states()
            .map(|(other, _)| other)
            .filter(|&other| self.ancestor(other, at) != state)
            .collect();
        self.rows[newest].prune(|other, _| !doomed.contains(&other));

        let number = self.rows[at].frame.number;
        let trust = match state {
            State::Partner(reference) => self.trust(at, reference, best),
            _ => 0.0,
        };
        let used = self.last.map(|(last, _)| last);
        let pairing = match state {
            State::Partner(r) if trust >= ENOUGH => match self.last {
                Some((last, true)) if r == last => Pairing::Duplicate(r),
                _ if used.is_none_or(|last| r > last) => Pairing::Matched(r),
                _ => Pairing::Unmatched,
            },
            _ => Pairing::Unmatched,
        };
        let confidence = match pairing {
            Pairing::Unmatched => 0.0,
            _ => trust * (1.0 - 0.5 * (-margin).exp()),
        };
        self.last = match pairing.reference() {
            Some(r) => Some((r, true)),
            None => used.map(|last| (last, false)),
        };
        let frame = &self.rows[at].frame;
        let offset = pairing.reference().and_then(|r| self.references.get(r)).map(|r| r.time - frame.time);
        let moved = self.distorted.moved - self.references.time.moved;
        let interval = self.references.time.interval();
        for event in self.course.decided(number, frame.time, offset, moved, interval, confidence) {
            desk.notify(event);
        }
        desk.decide(number, pairing, confidence, Evidence::Picture);
        self.rows[at].settled = pairing.reference();
        self.state = state;
        self.decided += 1;
        if !self.course.found() {
            self.pairs = 0;
            self.registered = self.registered.saturating_sub(1);
        } else if pairing.reference().is_some() {
            self.registered = 0;
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

    fn release(&mut self) {
        let done = self.distorted_ended && self.waiting.is_empty() && self.decided == self.rows.len();
        self.needed = self.needed.max(if done { self.references.end() } else { self.wanted() });
        self.references.release(self.needed.saturating_sub(if done { 0 } else { KEPT as u64 }));
    }
}

#[cfg(test)]
mod tests;
