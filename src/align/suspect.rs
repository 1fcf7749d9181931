// SPDX-License-Identifier: MPL-2.0

//! What may keep two streams apart whose frames find no partners, or wrong ones: a picture that is turned or mirrored,
//! an offset beyond what alignment looks at.
//!
//! It decides nothing. It is fed with the signatures and the decisions of alignment in time, and asks only while most
//! of the last decisions were bad: no partner, or one that the pictures contradict.

use std::collections::VecDeque;

use super::space::Orientation;
use super::time::{Alignment, Beyond, CONTRADICTED, Decision, Of, Pairing, Settings, Signature, Timestamp};

/// Pictures that are at most so far apart in time show the same moment, in ns.
const MOMENT: i64 = 100_000_000;

/// Moments whose pictures are kept: with one every tenth of a second, longer than frames usually wait.
const MOMENTS: usize = 32;

/// Decisions that are looked at together, and how often.
const DECISIONS: usize = 24;
const EVERY: u64 = 12;

/// Frames of the distorted stream that may have come without a decision before something is taken to be wrong.
const PATIENCE: u64 = 30;

/// From one frame to the next where there are no time stamps, in ns.
const INTERVAL: i64 = 40_000_000;

/// An offset from the one that times were given is another one from so far on, in ns.
const ANOTHER: u64 = 100_000_000;

/// What is suspected to keep two streams apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Suspicions {
    /// The distorted pictures agree with the reference's when they are turned or mirrored.
    pub orientation: Option<Orientation>,
    /// The pictures agree at an offset that is not looked at.
    pub offset: Option<FarOffset>,
}

/// An offset at which the pictures agree, and which is not looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FarOffset {
    /// Reference minus distorted running time, in ns, to a frame or two.
    pub offset: i64,
    /// How far alignment looks, in ns. None: it does not look at all, times decide.
    pub search_range: Option<u64>,
    /// How far it would have to look, in ns: whole seconds.
    pub needed: u64,
}

/// A search range for an offset so far away, in ns.
fn whole_seconds(distance: u64) -> u64 {
    const SECOND: u64 = 1_000_000_000;
    (distance.saturating_add(ANOTHER) / SECOND).saturating_add(1).saturating_mul(SECOND)
}

/// Finds out what keeps two streams apart.
#[derive(Debug)]
pub struct Suspect {
    /// Added to the distorted side's running time.
    offset: i64,
    /// How far alignment looks from there, in ns; none: not at all.
    search_range: Option<u64>,
    adds: bool,
    pushed: [u64; 2],
    /// Of each side, a picture a moment: which, and the picture.
    moments: [VecDeque<(i64, Signature)>; 2],
    beyond: Beyond,
    /// Whether the last decisions were bad.
    bad: VecDeque<bool>,
    decided: u64,
    found: Suspicions,
}

impl Suspect {
    /// For streams that are aligned like this.
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

    /// Another offset from now on.
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

    /// Most of the last decisions are bad, or there should be some.
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

    /// All are decided.
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

    /// Pictures of the same moments, reference and distorted.
    fn pairs(&self) -> impl Iterator<Item = (&Signature, &Signature)> {
        let [reference, distorted] = &self.moments;
        distorted.iter().filter_map(|(moment, signature)| {
            let (_, theirs) = reference.iter().find(|(theirs, _)| theirs == moment)?;
            Some((theirs, signature))
        })
    }

    /// What is suspected now.
    pub fn found(&self) -> Suspicions {
        self.found
    }
}

#[cfg(test)]
mod tests;
