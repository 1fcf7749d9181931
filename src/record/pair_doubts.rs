// SPDX-License-Identifier: MPL-2.0

//! Warnings about a comparison's pairs: each kind at the first sign and, if it still applies, at the end.

use std::mem::{Discriminant, discriminant};

use super::verdict::Verdict;
use super::warning::Warning;
use crate::align::Suspicions;
use crate::align::time::{CONTRADICTED, Evidence, Ledger};
use crate::metrics::SwapDetector;

/// Frames of both sides required before a statement about all of them.
const ENOUGH: u64 = 100;

/// Frames after the first sign from which the end repeats it.
const AGAIN: u64 = 25;

/// What is known about the pairs of a comparison.
#[derive(Debug, Default)]
pub(super) struct PairDoubts {
    pairs: u64,
    by_time: u64,
    contradicted: u64,
    unmatched: u64,
    /// Unmatched frames before the first pair.
    leading: u64,
    suspicions: Suspicions,
    /// The evidence of the pairs about which stream is the source.
    detail: SwapDetector,
    /// What was reported, and after how many frames.
    said: Vec<(Discriminant<Warning>, u64)>,
}

impl PairDoubts {
    pub(super) fn paired(&mut self, evidence: Evidence, confidence: f64) {
        self.pairs += 1;
        self.by_time += u64::from(evidence == Evidence::Time);
        self.contradicted += u64::from(confidence <= CONTRADICTED);
    }

    pub(super) fn unmatched(&mut self) {
        self.unmatched += 1;
        self.leading += u64::from(self.pairs == 0);
    }

    pub(super) fn suspect(&mut self, suspicions: Suspicions) {
        self.suspicions = suspicions;
    }

    pub(super) fn set_swap_detector(&mut self, detector: SwapDetector) {
        self.detail = detector;
    }

    /// Pairs that rest on time stamps.
    pub(super) fn by_time(&self) -> u64 {
        self.by_time
    }

    /// Whether the pictures contradict most of the pairs.
    pub(super) fn is_contradicted(&self) -> bool {
        2 * self.contradicted > self.pairs
    }

    fn frames(&self) -> u64 {
        self.pairs + self.unmatched
    }

    /// Warnings that apply for the first time. `ledger` counts the frames so far.
    pub(super) fn first(&mut self, ledger: Ledger) -> Vec<Warning> {
        let mut warnings = self.suspected().unwrap_or_else(|| self.signs(ledger));
        warnings.retain(|warning| !self.said.iter().any(|(kind, _)| *kind == discriminant(warning)));
        let frames = self.frames();
        self.said.extend(warnings.iter().map(|warning| (discriminant(warning), frames)));
        warnings
    }

    /// Warnings that apply to the whole, and whether to repeat them.
    pub(super) fn last(&self, ledger: Ledger) -> Vec<(Warning, bool)> {
        let again = |warning: &Warning| {
            let said = self.said.iter().find(|(kind, _)| *kind == discriminant(warning));
            said.is_none_or(|(_, at)| self.frames() >= at + AGAIN)
        };
        let none = ledger.matched + ledger.duplicate == 0 && ledger.distorted.min(ledger.reference) > 0;
        let found = self.suspected().unwrap_or_else(|| {
            let nothing =
                none.then_some(Warning::NothingMatched { distorted: ledger.distorted, reference: ledger.reference });
            let pairs = incomplete(ledger).into_iter().chain(self.contradiction());
            // The detail of wrong pairs means nothing.
            let trusted = Verdict::of(ledger, self.by_time, self.is_contradicted()) != Verdict::NotAligned;
            let swapped = (trusted && self.detail.are_swapped()).then_some(Warning::Swapped);
            nothing.into_iter().chain(pairs).chain(swapped).collect()
        });
        let judged = |warning: Warning| {
            let again = again(&warning);
            (warning, again)
        };
        found.into_iter().map(judged).collect()
    }

    /// The known causes: if there is one, its consequences are not reported.
    fn suspected(&self) -> Option<Vec<Warning>> {
        let Suspicions { orientation, offset, .. } = self.suspicions;
        let oriented = orientation.map(|orientation| Warning::Oriented { orientation });
        let offset = offset.map(Warning::FarOffset);
        let warnings: Vec<_> = oriented.into_iter().chain(offset).collect();
        (!warnings.is_empty()).then_some(warnings)
    }

    /// Signs that appear before the end.
    fn signs(&self, ledger: Ledger) -> Vec<Warning> {
        let mut warnings = Vec::new();
        if self.pairs == 0 && self.unmatched >= ENOUGH && ledger.reference >= ENOUGH {
            warnings.push(Warning::NothingMatched { distorted: self.unmatched, reference: ledger.reference });
        }
        // Frames before the first pair may be material that the reference lacks.
        let since = Ledger {
            distorted: self.frames() - self.leading,
            matched: self.pairs,
            duplicate: 0,
            unmatched: self.unmatched - self.leading,
            ..ledger
        };
        if since.distorted >= ENOUGH {
            warnings.extend(incomplete(since));
        }
        if self.pairs >= ENOUGH {
            warnings.extend(self.contradiction());
            let sure = !self.is_contradicted() && self.pairs > self.unmatched && self.detail.are_surely_swapped();
            warnings.extend(sure.then_some(Warning::Swapped));
        }
        warnings
    }

    fn contradiction(&self) -> Option<Warning> {
        let Self { pairs, contradicted, .. } = *self;
        self.is_contradicted().then_some(Warning::Contradicted { pairs, contradicted })
    }
}

/// The warning about a comparison in which many frames have no partner.
fn incomplete(ledger: Ledger) -> Option<Warning> {
    let Ledger { distorted, matched, duplicate, unmatched, dropped, .. } = ledger;
    let many = (unmatched + dropped).saturating_mul(50) > distorted;
    (matched + duplicate > 0 && many).then_some(Warning::PartlyMatched { distorted, unmatched, dropped })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::align::FarOffset;
    use crate::align::space::Orientation;
    use crate::metrics::Detail;
    use crate::picture::{Colorimetry, Picture, PixelFormat, Plane};

    /// A ledger with this many pairs and unmatched frames, and as many references as distorted frames.
    fn ledger(matched: u64, unmatched: u64, dropped: u64) -> Ledger {
        let distorted = matched + unmatched;
        Ledger { distorted, reference: distorted, matched, unmatched, dropped, ..Ledger::default() }
    }

    fn count(doubts: &mut PairDoubts, unmatched: u64, pairs: u64, confidence: f64) {
        (0..unmatched).for_each(|_| doubts.unmatched());
        (0..pairs).for_each(|_| doubts.paired(Evidence::Time, confidence));
    }

    #[test]
    fn nothing_matched_is_said_after_a_hundred_frames_and_at_the_end() {
        let mut doubts = PairDoubts::default();
        count(&mut doubts, 99, 0, 0.0);
        assert_eq!(doubts.first(ledger(0, 99, 0)), []);
        count(&mut doubts, 1, 0, 0.0);
        let few = Ledger { reference: 99, ..ledger(0, 100, 0) };
        assert_eq!(doubts.first(few), [], "the reference has hardly begun");
        let expected = |n| Warning::NothingMatched { distorted: n, reference: n };
        assert_eq!(doubts.first(ledger(0, 100, 0)), [expected(100)]);
        assert_eq!(doubts.first(ledger(0, 100, 0)), [], "once");
        assert_eq!(doubts.last(ledger(0, 100, 0)), [(expected(100), false)], "just said");
        count(&mut doubts, 25, 0, 0.0);
        assert_eq!(doubts.last(ledger(0, 125, 0)), [(expected(125), true)]);
        assert_eq!(doubts.last(Ledger { reference: 0, ..ledger(0, 125, 0) }), [], "there was no reference");
    }

    #[test]
    fn two_percent_without_a_pair_are_said_and_a_head_is_not_before_the_end() {
        let mut doubts = PairDoubts::default();
        count(&mut doubts, 40, 99, 0.4);
        assert_eq!(doubts.first(ledger(99, 40, 0)), []);
        count(&mut doubts, 0, 1, 0.4);
        assert_eq!(doubts.first(ledger(100, 40, 2)), [], "2 of 100 are not more than 2 %");
        let partly = |distorted, unmatched, dropped| Warning::PartlyMatched { distorted, unmatched, dropped };
        assert_eq!(doubts.first(ledger(100, 40, 3)), [partly(100, 0, 3)]);
        assert_eq!(doubts.last(ledger(200, 40, 3)), [(partly(240, 40, 3), false)]);
        assert_eq!(doubts.last(ledger(5000, 40, 3)), [], "it does not hold");
        // A tenth of each hundred.
        let mut doubts = PairDoubts::default();
        (0..10).for_each(|_| count(&mut doubts, 1, 9, 0.4));
        assert_eq!(doubts.first(ledger(90, 10, 0)), []);
        count(&mut doubts, 0, 1, 0.4);
        assert_eq!(doubts.first(ledger(91, 10, 0)), [partly(100, 9, 0)]);
    }

    #[test]
    fn contradicted_pairs_are_said_where_they_are_most() {
        let mut doubts = PairDoubts::default();
        count(&mut doubts, 0, 50, CONTRADICTED);
        count(&mut doubts, 0, 50, 0.4);
        assert!(doubts.first(ledger(100, 0, 0)).is_empty() && !doubts.is_contradicted());
        count(&mut doubts, 0, 1, CONTRADICTED);
        let expected = Warning::Contradicted { pairs: 101, contradicted: 51 };
        assert_eq!(doubts.first(ledger(101, 0, 0)), [expected]);
        assert!(doubts.is_contradicted());
    }

    /// Adds this many pairs in which the distorted picture has more detail.
    fn detector_of(pairs: u64) -> SwapDetector {
        let gray = |data| Picture::new(PixelFormat::Gray8, 96, 96, &[Plane { data, stride: 96 }], Colorimetry::SRGB);
        let mixed = |at: u32, by: u32| at.wrapping_mul(by) >> 16;
        let texture = |fine: u32| {
            (0..96 * 96u32).map(move |at| (mixed(at, 2_654_435_761) % 64 + mixed(at, 2_246_822_519) % fine) as u8)
        };
        let [coded, whole]: [Vec<u8>; 2] = [1, 64].map(|fine| {
            let halved = |(at, value)| if at as u32 % 96 < 48 { value } else { 100 };
            texture(fine).enumerate().map(halved).collect()
        });
        let detail = Detail::of(&gray(&coded).unwrap(), &gray(&whole).unwrap()).unwrap();
        let mut detector = SwapDetector::default();
        for _ in 0..pairs {
            if detector.next_is_due() {
                detector.keep(detail);
            }
        }
        detector
    }

    #[test]
    fn swapped_streams_are_said_once_it_is_sure_or_at_the_end() {
        let mut doubts = PairDoubts::default();
        count(&mut doubts, 0, 40, 0.9);
        doubts.set_swap_detector(detector_of(40));
        assert_eq!(doubts.first(ledger(40, 0, 0)), [], "few pairs");
        assert_eq!(doubts.last(ledger(40, 0, 0)), [(Warning::Swapped, true)]);
        count(&mut doubts, 0, 60, 0.9);
        doubts.set_swap_detector(detector_of(100));
        assert_eq!(doubts.first(ledger(100, 0, 0)), [Warning::Swapped]);
        assert_eq!(doubts.first(ledger(100, 0, 0)), []);
        assert_eq!(doubts.last(ledger(100, 0, 0)), [(Warning::Swapped, false)]);
        let few = Ledger { distorted: 300, unmatched: 200, ..ledger(100, 0, 0) };
        assert!(doubts.last(few).iter().all(|(warning, _)| *warning != Warning::Swapped), "pairs that are none");
        let mut doubts = PairDoubts::default();
        count(&mut doubts, 0, 100, CONTRADICTED);
        doubts.set_swap_detector(detector_of(100));
        let contradicted = Warning::Contradicted { pairs: 100, contradicted: 100 };
        assert_eq!(doubts.first(ledger(100, 0, 0)), std::slice::from_ref(&contradicted));
        assert_eq!(doubts.last(ledger(100, 0, 0)), [(contradicted, false)]);
    }

    #[test]
    fn a_known_cause_is_all_that_is_said() {
        let mut doubts = PairDoubts::default();
        count(&mut doubts, 120, 10, CONTRADICTED);
        let orientation = Some(Orientation::Turned180);
        doubts.suspect(Suspicions { orientation, offset: None });
        let oriented = Warning::Oriented { orientation: Orientation::Turned180 };
        assert_eq!(doubts.first(ledger(10, 120, 0)), std::slice::from_ref(&oriented));
        assert_eq!(doubts.first(ledger(10, 120, 0)), []);
        let far = FarOffset { offset: 3_400_000_000, search_range: Some(2_000_000_000), needed: 4_000_000_000 };
        doubts.suspect(Suspicions { orientation, offset: Some(far) });
        assert_eq!(doubts.first(ledger(10, 120, 0)), [Warning::FarOffset(far)]);
        count(&mut doubts, 25, 0, 0.0);
        let last = doubts.last(ledger(10, 145, 0));
        assert_eq!(last, [(oriented, true), (Warning::FarOffset(far), true)]);
        doubts.suspect(Suspicions::default());
        let partly = Warning::PartlyMatched { distorted: 155, unmatched: 145, dropped: 0 };
        assert_eq!(doubts.last(ledger(10, 145, 0))[0], (partly, true));
    }
}
