// SPDX-License-Identifier: MPL-2.0

//! `auto`: one constant offset, found from the pictures, and watched.
//!
//! Until the offset is known ([`search`](super::search)), distorted frames wait: at most as long as the search range is,
//! in their own running time; then they have no partner. Once it is known, all that wait are paired by it as
//! [`clock`](super::clock) does, and from then on each pair's pictures are looked at.
//!
//! * A pair is *doubtful* when its pictures' similarity falls below [`DOUBTFUL`] of what it was of late. One such frame
//!   is perhaps what is to be measured: it waits for what follows. If pictures agree again within [`PATIENCE`], it is
//!   matched, with a low confidence; if not, the pictures are another film's: all of them are unmatched
//!   ([`AlignmentEvent::Lost`]), and the search begins anew.
//! * When changes agree much better at another offset nearby, or no longer agree at all ([`watch`](super::watch)), the
//!   search begins anew too. If nothing better is found before frames cannot wait longer, the offset stays.
//! * When pictures at the offset before are as similar as they were for [`RESUMED`] frames in a row, it holds again.
//!
//! The confidence of a pair is that of the offset, times its similarity as a part of what is usual.
//!
//! A frame without time stamp follows the one before it by its duration, or 40 ms.

use std::collections::VecDeque;

use super::clock::{Clock, Verdict};
use super::desk::Desk;
use super::look::{Look, Role};
use super::search::{Found, Search};
use super::watch::Watch;
use super::{AlignmentEvent, Evidence, Pairing, Settings, Signature, Timestamp};

/// The part of the usual similarity below which a pair is doubtful.
const DOUBTFUL: f64 = 0.6;

/// How long doubtful frames wait, in ns.
const PATIENCE: i64 = 500_000_000;

/// The part of the usual similarity with which an offset holds again.
const AS_BEFORE: f64 = 0.85;

/// For how many frames in a row it has to be so.
const RESUMED: usize = 6;

/// The weight of one pair in what is usual.
const NEW: f64 = 1.0 / 64.0;

/// The distance of frames that say nothing about it, in ns.
const UNSAID: u64 = 40_000_000;

/// An offset that is known.
#[derive(Debug, Clone)]
struct Known {
    found: Found,
    /// The usual similarity.
    usual: f64,
    watch: Watch,
    /// Distorted frames before this number were there before the offset was: each speaks for itself.
    since: u64,
    /// Not watched for other offsets before this frame.
    settled: u64,
}

#[derive(Debug)]
enum State {
    Searching {
        /// What was known before.
        before: Option<Known>,
        /// It may be taken up again at once.
        resume: bool,
    },
    Known(Known),
}

/// A decision that waits for what follows.
#[derive(Debug)]
struct Held {
    verdict: Verdict,
    confidence: f64,
}

/// Pairing by one constant offset.
#[derive(Debug)]
pub(super) struct Auto {
    clock: Clock,
    search: Search,
    state: State,
    held: VecDeque<Held>,
    /// Both sides' last running time and duration, references first.
    last: [Option<(i64, u64)>; 2],
    ended: [bool; 2],
    forced: Option<u64>,
    /// The frame after the newest distorted one.
    distorted: u64,
    /// The same, when the evidence was last judged.
    judged: u64,
}

impl Auto {
    pub fn new(settings: Settings) -> Self {
        Self {
            clock: Clock::new(settings.offset),
            search: Search::new(settings.offset, settings.search_range),
            state: State::Searching { before: None, resume: false },
            held: VecDeque::new(),
            last: [None; 2],
            ended: [false; 2],
            forced: None,
            distorted: 0,
            judged: 0,
        }
    }

    /// Searches around another offset, from now on.
    pub fn set_offset(&mut self, offset: i64, desk: &mut Desk) {
        if offset != self.search.center() {
            self.give_back(desk);
            self.search.set_window(offset, self.search.range());
            self.begin(self.first(), false);
        }
    }

    /// A running time for every frame.
    fn timed(&mut self, side: usize, stamp: Timestamp) -> (i64, Timestamp) {
        let next = || self.last[side].map_or(0, |(running, duration)| running.saturating_add_unsigned(duration));
        let running = stamp.running.unwrap_or_else(next);
        self.last[side] = Some((running, stamp.duration.filter(|&d| d > 0).unwrap_or(UNSAID)));
        (running, Timestamp { running: Some(running), ..stamp })
    }

    pub fn push_reference(&mut self, number: u64, stamp: Timestamp, signature: Option<&Signature>) {
        let (running, stamp) = self.timed(0, stamp);
        if self.clock.push_reference(number, stamp) {
            self.search.forget(Role::Reference);
            if let State::Searching { .. } = self.state {
                self.clock.forget_closed();
            }
        }
        if let Some(signature) = signature {
            self.search.push_reference(Look::new(number, running, signature), stamp.duration);
        }
    }

    pub fn push_distorted(&mut self, number: u64, stamp: Timestamp, signature: Option<&Signature>) {
        let (running, stamp) = self.timed(1, stamp);
        self.distorted = number + 1;
        if self.clock.push_distorted(number, stamp) {
            self.search.forget(Role::Distorted);
        }
        if let Some(signature) = signature {
            self.search.push_distorted(Look::new(number, running, signature), stamp.duration);
        }
    }

    pub fn end_reference(&mut self) {
        self.ended[0] = true;
        self.clock.end_reference();
    }

    pub fn end_distorted(&mut self) {
        self.ended[1] = true;
        self.clock.end_distorted();
    }

    pub fn force(&mut self, through: u64) {
        self.forced = self.forced.max(Some(through));
        self.clock.force(through);
    }

    /// Memory has run out.
    pub fn shrink(&mut self, desk: &mut Desk) {
        if let State::Known(_) = self.state {
            match self.held.front().map(|held| held.verdict.frame.number).or(self.clock.head().map(|f| f.number)) {
                Some(oldest) => self.force(oldest),
                None => self.clock.drop_oldest(),
            }
            return desk.shrunk(self.clock.held());
        }
        // What is held reaches from a range before the oldest waiting frame to a range behind the newest one.
        let least = self.search.interval(Role::Reference).unwrap_or(0).saturating_mul(2);
        let range = (self.search.range() / 4 * 3).max(least.min(self.search.range()));
        if range < self.search.range() {
            self.search.set_window(self.search.center(), range);
            self.search.restart(self.first());
            self.judged = 0;
        } else if let Some(head) = self.clock.head() {
            self.force(head.number);
        } else {
            self.clock.drop_oldest();
        }
        desk.shrunk(self.search.range() as u64);
    }

    /// See [`Aligner::enough`](super::Aligner::enough).
    pub fn enough(&self) -> i64 {
        match &self.state {
            State::Searching { .. } => self.lead(),
            State::Known(_) => self.clock.offset(),
        }
    }

    pub fn lead(&self) -> i64 {
        match &self.state {
            State::Searching { .. } => self.clock.lead().saturating_add(self.search.range()),
            State::Known(_) => self.clock.lead(),
        }
    }

    pub fn needed_from(&self) -> u64 {
        let held = self.held.iter().filter_map(|held| held.verdict.partner).min();
        self.clock.needed_from().min(held.unwrap_or(u64::MAX))
    }

    /// The first frame that is not decided.
    fn first(&self) -> u64 {
        self.clock.head().map_or(self.distorted, |frame| frame.number)
    }

    /// Searches; frames from number `from` on are evidence.
    fn begin(&mut self, from: u64, resume: bool) {
        let before = match std::mem::replace(&mut self.state, State::Searching { before: None, resume }) {
            State::Searching { before, .. } => before,
            State::Known(known) => Some(known),
        };
        self.state = State::Searching { before, resume };
        self.clock.set_offset(self.search.center());
        self.search.restart(from);
        self.judged = 0;
    }

    /// Takes all decisions that can be taken.
    pub fn settle(&mut self, desk: &mut Desk) {
        loop {
            let go_on = match &self.state {
                State::Searching { .. } => self.seek(desk),
                State::Known(_) => self.pair(desk),
            };
            if !go_on {
                return;
            }
        }
    }

    /// One step of the search. False if there is nothing more to do.
    fn seek(&mut self, desk: &mut Desk) -> bool {
        let head = self.clock.head();
        let range = self.search.range();
        let time = head.and_then(|frame| frame.running);
        let [reference, distorted] = self.last.map(|last| last.map(|(running, _)| running));
        // Inclusive: a frame may wait for one that is just so far away.
        let waited = time.zip(distorted).map_or(0, |(time, newest)| newest.saturating_sub(time));
        let earliest = time.map(|time| time.saturating_add(self.search.center()).saturating_sub(range));
        let nothing_left = self.ended[0] && earliest.zip(reference).is_none_or(|(earliest, last)| earliest > last);
        let all_seen = self.ended[0] && self.ended[1];
        let forced = head.is_some_and(|frame| self.forced.is_some_and(|through| frame.number <= through));
        // A distorted side that has jumped back is not waited for.
        let full = waited > range || waited < 0;
        let last = full || nothing_left || all_seen || forced;
        if last || self.judged < self.distorted {
            self.judged = self.distorted;
            if let Some(found) = self.search.find(last) {
                self.know(found, desk);
                return true;
            }
            if self.resume(last, desk) {
                return true;
            }
        }
        if last && let Some(verdict) = self.clock.give_up() {
            desk.decide(verdict.frame.number, Pairing::Unmatched, 0.0, Evidence::Picture);
            return true;
        }
        if let Some(earliest) = earliest {
            let interval = self.search.interval(Role::Reference).unwrap_or(0);
            self.clock.release_before(earliest.saturating_sub(interval));
        } else if let Some(newest) = distorted {
            self.clock.release_before(newest.saturating_add(self.search.center()).saturating_sub(range));
        }
        false
    }

    /// An offset was found.
    fn know(&mut self, found: Found, desk: &mut Desk) {
        let (before, resume) = match &self.state {
            State::Searching { before, resume } => (before.as_ref().map(|known| known.found.offset), *resume),
            State::Known(known) => (Some(known.found.offset), false),
        };
        // What was only doubted and is true after all is no news.
        if before != Some(found.offset) || resume {
            let (distorted, confidence) = (self.first(), found.confidence);
            desk.notify(AlignmentEvent::Offset { distorted, from: before, to: found.offset, confidence });
        }
        self.take_up(found, found.similarity, 0);
    }

    fn take_up(&mut self, found: Found, usual: f64, settled: u64) {
        let watch = Watch::new(found.offset, found.shift, self.distorted);
        self.state = State::Known(Known { found, usual, watch, since: self.distorted, settled });
        self.clock.set_offset(found.offset);
        self.search.rest();
    }

    /// Goes on with the offset that was known before, if the pictures agree again, or, when a frame cannot wait and the
    /// offset has only been doubted, still.
    fn resume(&mut self, last: bool, desk: &mut Desk) -> bool {
        let State::Searching { before: Some(known), resume } = &self.state else { return false };
        if !resume && !last {
            return false;
        }
        let interval = self.search.interval(Role::Reference).unwrap_or(0);
        let Found { offset, shift, .. } = known.found;
        if offset.abs_diff(self.search.center()) > (self.search.range() as u64).saturating_add(interval as u64) {
            return false;
        }
        if self.search.denies(offset) {
            return false;
        }
        let first = self.first();
        let recent = self.search.distorted.iter().rev().take_while(|frame| frame.number >= first);
        let pairs = recent.filter_map(|frame| {
            let time = frame.running.saturating_add(offset);
            let near = self.search.nearest(time).filter(|r| r.running.abs_diff(time) <= interval as u64 / 2)?;
            Some((frame, near))
        });
        let as_before = |(frame, near): &(&Look, &Look)| {
            frame.shows_something() && frame.similarity(near, shift) >= AS_BEFORE * known.usual
        };
        if pairs.take(RESUMED).filter(as_before).count() < RESUMED {
            return false;
        }
        let (found, usual) = (known.found, known.usual);
        // One that was only doubted is left alone for a while.
        let settled = if *resume { 0 } else { self.distorted + 250 };
        if *resume {
            let confidence = found.confidence;
            desk.notify(AlignmentEvent::Offset { distorted: first, from: Some(offset), to: offset, confidence });
        }
        self.take_up(found, usual, settled);
        true
    }

    /// One step of pairing. False if there is nothing more to do.
    fn pair(&mut self, desk: &mut Desk) -> bool {
        let State::Known(known) = &mut self.state else { return false };
        if self.distorted > known.settled
            && let Some(interval) = self.search.interval(Role::Reference)
            && known.watch.look(&self.search, interval)
        {
            self.give_back(desk);
            self.begin(self.first().max(self.distorted.saturating_sub(8)), false);
            return true;
        }
        let Some(verdict) = self.clock.decide() else {
            let all_seen = self.ended[0] && self.ended[1];
            let due = |held: &Held| self.forced.is_some_and(|through| held.verdict.frame.number <= through);
            if self.held.front().is_some_and(|held| due(held) || all_seen) {
                self.lose(desk);
                return true;
            }
            return false;
        };
        let similarity = self.agreement(&verdict);
        let State::Known(known) = &mut self.state else { return false };
        let frame = verdict.frame.number;
        let (agrees, confidence) = match similarity {
            // Nothing to compare.
            None => (None, known.found.confidence),
            Some(similarity) => {
                let part = (similarity / known.usual.max(0.1)).clamp(0.0, 1.0);
                (Some(part >= DOUBTFUL), known.found.confidence * part)
            }
        };
        if frame < known.since {
            // It was there before the offset: a film may begin after something else.
            let trusted = similarity.is_none_or(|similarity| similarity >= AS_BEFORE * known.usual);
            self.tell(desk, &verdict, trusted, confidence);
            return true;
        }
        if let (Some(true), Some(similarity)) = (agrees, similarity) {
            known.usual += (similarity - known.usual) * NEW;
        }
        if agrees == Some(true) || (agrees.is_none() && self.held.is_empty()) {
            self.give_back(desk);
            self.tell(desk, &verdict, true, confidence);
            return true;
        }
        self.held.push_back(Held { verdict, confidence });
        let times = [self.held.front(), self.held.back()].map(|held| held.and_then(|h| h.verdict.frame.running));
        let waited = times[0].zip(times[1]).map_or(0, |(first, last)| last.saturating_sub(first));
        if !(0..PATIENCE.min(self.search.range().max(1))).contains(&waited) {
            self.lose(desk);
        }
        true
    }

    /// How similar a pair's pictures are; none without a partner or when both show nothing.
    fn agreement(&self, verdict: &Verdict) -> Option<f64> {
        let State::Known(known) = &self.state else { return None };
        let reference = numbered(&self.search.references, verdict.partner?)?;
        let frame = numbered(&self.search.distorted, verdict.frame.number)?;
        (frame.shows_something() || reference.shows_something()).then(|| frame.similarity(reference, known.found.shift))
    }

    fn tell(&self, desk: &mut Desk, verdict: &Verdict, trusted: bool, confidence: f64) {
        match verdict.partner.filter(|_| trusted) {
            Some(partner) => desk.decide(
                verdict.frame.number,
                Pairing::Matched(partner),
                confidence.clamp(0.01, 1.0),
                Evidence::Picture,
            ),
            None => desk.decide(verdict.frame.number, Pairing::Unmatched, 0.0, Evidence::Picture),
        }
    }

    /// Doubtful frames are matched after all.
    fn give_back(&mut self, desk: &mut Desk) {
        while let Some(Held { verdict, confidence }) = self.held.pop_front() {
            self.tell(desk, &verdict, true, confidence);
        }
    }

    /// Doubtful frames are another film's.
    fn lose(&mut self, desk: &mut Desk) {
        if let Some(first) = self.held.front() {
            desk.notify(AlignmentEvent::Lost { distorted: first.verdict.frame.number });
        }
        while let Some(Held { verdict, .. }) = self.held.pop_front() {
            self.tell(desk, &verdict, false, 0.0);
        }
        self.begin(self.first(), true);
    }
}

/// The look at the frame with this number.
fn numbered(side: &VecDeque<Look>, number: u64) -> Option<&Look> {
    side.get(side.binary_search_by_key(&number, |look| look.number).ok()?)
}

#[cfg(test)]
mod tests;
