// SPDX-License-Identifier: MPL-2.0

//! Whether the numbers of a comparison can be trusted.

use super::names::Named;
use crate::align::time::Ledger;

/// How far the numbers of a comparison can be trusted, by its pairs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Verdict {
    /// Fewer than half of the distorted frames have a partner, or the pictures contradict the pairs.
    NotAligned,
    /// At most 95 % of the distorted frames have a partner.
    Partly,
    /// More than 95 % have one, but more than half of the pairs rest on time stamps.
    AlignedByTime,
    /// More than 95 % of the distorted frames have a partner, at least half of them confirmed by the pictures.
    Aligned,
}

impl Named for Verdict {
    const NAMES: &'static [(Self, &'static str)] = &[
        (Self::NotAligned, "not-aligned"),
        (Self::Partly, "partly"),
        (Self::AlignedByTime, "aligned-by-time"),
        (Self::Aligned, "aligned"),
    ];
}

impl Verdict {
    /// The verdict on a comparison. `by_time`: pairs that rest on time stamps; `contradicted`: whether the pictures
    /// show that the pairs are wrong.
    #[must_use]
    pub fn of(ledger: Ledger, by_time: u64, contradicted: bool) -> Self {
        let paired = ledger.matched + ledger.duplicate;
        if contradicted || paired == 0 || paired.saturating_mul(2) < ledger.distorted {
            Self::NotAligned
        } else if paired.saturating_mul(100) <= ledger.distorted.saturating_mul(95) {
            Self::Partly
        } else if by_time.saturating_mul(2) > paired {
            Self::AlignedByTime
        } else {
            Self::Aligned
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdicts_follow_from_the_share_of_pairs_and_what_they_rest_on() {
        let verdict = |distorted, matched, duplicate, by_time| {
            let unmatched = distorted - matched - duplicate;
            Verdict::of(Ledger { distorted, matched, duplicate, unmatched, ..Ledger::default() }, by_time, false)
        };
        assert_eq!(verdict(0, 0, 0, 0), Verdict::NotAligned);
        assert_eq!(verdict(100, 49, 0, 0), Verdict::NotAligned);
        assert_eq!(verdict(100, 40, 10, 0), Verdict::Partly);
        assert_eq!(verdict(100, 95, 0, 0), Verdict::Partly);
        assert_eq!(verdict(100, 90, 6, 0), Verdict::Aligned);
        assert_eq!(verdict(100, 100, 0, 50), Verdict::Aligned);
        assert_eq!(verdict(100, 100, 0, 51), Verdict::AlignedByTime);
        let all = Ledger { distorted: 9, matched: 9, ..Ledger::default() };
        assert_eq!(Verdict::of(all, 0, true), Verdict::NotAligned);
    }
}
