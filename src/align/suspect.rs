// SPDX-License-Identifier: MPL-2.0

//! What may keep two streams apart if their frames find no partners, or wrong ones: a picture that is turned or
//! mirrored, or an offset outside the search range.
//!
//! This makes no decisions. It receives the signatures and the decisions of the alignment in time, and searches only
//! while most recent decisions were bad: no partner, or one that the pictures contradict.

use std::collections::VecDeque;

use super::space::Orientation;
use super::time::{Alignment, Beyond, CONTRADICTED, Decision, Of, Pairing, Settings, Signature, Timestamp};

/// Pictures at most this far apart in time show the same moment, in ns.
const MOMENT: i64 = 100_000_000;

/// Moments kept: at ten per second, for longer than frames usually wait.
const MOMENTS: usize = 32;

/// Decisions that are evaluated together, and every how many.
const DECISIONS: usize = 24;
const EVERY: u64 = 12;

/// Distorted frames without a decision before something is considered wrong.
const PATIENCE: u64 = 30;

/// Frame interval if there are no time stamps, in ns.
const INTERVAL: i64 = 40_000_000;

/// Offsets that differ by at least this much are different, in ns.
const ANOTHER: u64 = 100_000_000;

/// What probably keeps two streams apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Suspicions {
    /// The distorted pictures agree with the reference when turned or mirrored.
    pub orientation: Option<Orientation>,
    /// The pictures agree at an offset outside the search range.
    pub offset: Option<FarOffset>,
}

/// An offset at which the pictures agree, outside the search range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FarOffset {
    /// Reference minus distorted running time, in ns, accurate to a frame or two.
    pub offset: i64,
    /// The search range, in ns. `None`: there is no search, time stamps decide.
    pub search_range: Option<u64>,
    /// The search range that would include it, in ns: whole seconds.
    pub needed: u64,
}

/// A search range that includes this distance, in ns.
fn whole_seconds(distance: u64) -> u64 {
    const SECOND: u64 = 1_000_000_000;
    (distance.saturating_add(ANOTHER) / SECOND).saturating_add(1).saturating_mul(SECOND)
}

/// Finds the reason why two streams do not match.
#[derive(Debug)]
pub struct Suspect {
    /// Added to the running time of distorted frames.
    offset: i64,
    /// The search range around that, in ns; `None`: no search.
    search_range: Option<u64>,
    adds: bool,
    pushed: [u64; 2],
    /// Of each side, one picture per moment: the moment's number and the picture.
    moments: [VecDeque<(i64, Signature)>; 2],
    beyond: Beyond,
    /// Whether each of the last decisions was bad.
    bad: VecDeque<bool>,
    decided: u64,
    found: Suspicions,
}

impl Suspect {
    /// For streams aligned with these settings.
    pub fn new(settings: Settings) -> Self {
        let searches = matches!(settings.alignment, Alignment::Auto | Alignment::Track);
        let adds = settings.alignment != Alignment::Pts;
        Self {
            offset: if adds { settings.offset } else { 0 },
            search_range: searches.then_some(settings.search_range),
            adds,
            pushed: [0; 2],
            moments: Default::default(),
            beyond: Beyond::new(settings.search_range),
            bad: VecDeque::new(),
            decided: 0,
            found: Suspicions::default(),
        }
    }

    /// A different offset from now on.
    pub fn set_offset(&mut self, offset: i64) {
        if self.adds && offset != self.offset {
            self.offset = offset;
            self.moments[Of::Distorted as usize].clear();
            self.found = Suspicions::default();
        }
    }

    /// The reference's next frame.
    pub fn push_reference(&mut self, stamp: Timestamp, signature: &Signature) {
        self.push(Of::Reference, stamp, signature);
    }

    /// The next distorted frame.
    pub fn push_distorted(&mut self, stamp: Timestamp, signature: &Signature) {
        self.push(Of::Distorted, stamp, signature);
    }

    fn push(&mut self, of: Of, stamp: Timestamp, signature: &Signature) {
        let side = of as usize;
        let number = self.pushed[side];
        self.pushed[side] += 1;
        let time = stamp.running.unwrap_or_else(|| i64::try_from(number).unwrap_or(0).saturating_mul(INTERVAL));
        self.beyond.push(of, time, signature, self.is_lost());
        let shifted = if of == Of::Distorted { time.saturating_add(self.offset) } else { time };
        let moment = shifted.div_euclid(MOMENT);
        let moments = &mut self.moments[side];
        if moments.back().is_none_or(|(last, _)| *last != moment) {
            if moments.len() == MOMENTS {
                moments.pop_front();
            }
            moments.push_back((moment, signature.clone()));
        }
    }

    /// Whether most of the last decisions are bad, or overdue.
    fn is_lost(&self) -> bool {
        match self.bad.is_empty() {
            true => self.pushed[Of::Distorted as usize] >= PATIENCE,
            false => self.share_is_bad(1, 2),
        }
    }

    fn share_is_bad(&self, part: usize, of: usize) -> bool {
        let bad = self.bad.iter().filter(|&&bad| bad).count();
        !self.bad.is_empty() && bad * of >= self.bad.len() * part
    }

    /// A distorted frame was decided.
    pub fn decided(&mut self, decision: &Decision) {
        let bad = decision.pairing == Pairing::Unmatched || decision.confidence <= CONTRADICTED;
        if self.bad.len() == DECISIONS {
            self.bad.pop_front();
        }
        self.bad.push_back(bad);
        self.decided += 1;
        if self.decided.is_multiple_of(EVERY) {
            self.ask();
        }
    }

    /// All frames are decided.
    pub fn ended(&mut self) {
        self.ask();
    }

    fn ask(&mut self) {
        if !self.share_is_bad(1, 4) {
            self.found = Suspicions::default();
        } else if self.share_is_bad(1, 2) {
            let seen = Orientation::seen_in(self.pairs());
            self.found.orientation = seen.or(self.found.orientation);
            self.found.offset = self.far_offset().or(self.found.offset);
        }
    }

    fn far_offset(&self) -> Option<FarOffset> {
        let offset = self.beyond.offset()?;
        let (distance, search_range) = (offset.abs_diff(self.offset), self.search_range);
        let far = FarOffset { offset, search_range, needed: whole_seconds(distance) };
        (distance > search_range.unwrap_or(0).max(ANOTHER)).then_some(far)
    }

    /// Pictures of the same moments: reference, distorted.
    fn pairs(&self) -> impl Iterator<Item = (&Signature, &Signature)> {
        let [reference, distorted] = &self.moments;
        distorted.iter().filter_map(|(moment, signature)| {
            let (_, theirs) = reference.iter().find(|(theirs, _)| theirs == moment)?;
            Some((theirs, signature))
        })
    }

    /// The present suspicions.
    pub fn found(&self) -> Suspicions {
        self.found
    }
}

#[cfg(test)]
mod tests;
