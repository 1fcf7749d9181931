// SPDX-License-Identifier: MPL-2.0

//! The counts of a pool, by name.

use super::ledger::{ledger_counts, set_ledger_count};
use super::summary::Summary;
use crate::align::time::Ledger;

/// How many frames a pool is based on, and what became of the others. An unknown count is `None`, never 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Counts {
    /// Frames with a score of their own.
    pub scored: Option<u64>,
    /// Frames that were not selected for scoring.
    pub skipped: Option<u64>,
    /// Frames that could not be scored.
    pub failed: Option<u64>,
    /// Only of a comparison, as are all that follow: distorted frames.
    pub distorted: Option<u64>,
    /// Distorted frames with a partner that no other has.
    pub matched: Option<u64>,
    /// Distorted frames with the partner of the previous one.
    pub duplicate: Option<u64>,
    /// Distorted frames without a partner.
    pub unmatched: Option<u64>,
    /// Reference frames.
    pub reference: Option<u64>,
    /// Reference frames between the first and the last pair without a partner.
    pub dropped: Option<u64>,
    /// Reference frames before the first pair or after the last.
    pub outside: Option<u64>,
}

/// A count's name and how to access it.
type Count = (&'static str, fn(&mut Counts) -> &mut Option<u64>);

/// In the order of messages and logs.
const COUNTS: [Count; 10] = [
    ("scored", |counts| &mut counts.scored),
    ("skipped", |counts| &mut counts.skipped),
    ("failed", |counts| &mut counts.failed),
    ("distorted", |counts| &mut counts.distorted),
    ("matched", |counts| &mut counts.matched),
    ("duplicate", |counts| &mut counts.duplicate),
    ("unmatched", |counts| &mut counts.unmatched),
    ("reference", |counts| &mut counts.reference),
    ("dropped", |counts| &mut counts.dropped),
    ("outside", |counts| &mut counts.outside),
];

impl Counts {
    /// The names of all counts, in their order.
    pub const NAMES: [&str; 10] = {
        let mut names = [""; COUNTS.len()];
        let mut index = 0;
        while index < names.len() {
            names[index] = COUNTS[index].0;
            index += 1;
        }
        names
    };

    /// The known counts, under the names of messages and logs.
    pub fn named(mut self) -> impl Iterator<Item = (&'static str, u64)> {
        COUNTS.into_iter().filter_map(move |(name, place)| Some((name, (*place(&mut self))?)))
    }

    /// The count of that name, if it is known.
    #[must_use]
    pub fn get(self, name: &str) -> Option<u64> {
        self.named().find_map(|(known, count)| (known == name).then_some(count))
    }

    /// Sets the count of that name; false if there is no such count.
    pub fn set(&mut self, name: &str, count: u64) -> bool {
        let place = COUNTS.iter().find(|(known, _)| *known == name);
        place.map(|(_, place)| *place(self) = Some(count)).is_some()
    }

    /// The ledger of a comparison, if all its counts are known.
    #[must_use]
    pub fn ledger(self) -> Option<Ledger> {
        let mut ledger = Ledger::default();
        let set = self.named().filter(|(name, count)| set_ledger_count(&mut ledger, name, *count)).count();
        (set == ledger_counts(ledger).count()).then_some(ledger)
    }
}

impl From<&Summary> for Counts {
    fn from(summary: &Summary) -> Self {
        let (scored, skipped, failed) = (Some(summary.scored), Some(summary.skipped), Some(summary.failed));
        let mut counts = Self { scored, skipped, failed, ..Self::default() };
        for (name, count) in summary.ledger.into_iter().flat_map(ledger_counts) {
            counts.set(name, count);
        }
        counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_count_has_a_name_and_a_place_of_its_own() {
        let mut counts = Counts::default();
        for (value, name) in (1..).zip(Counts::NAMES) {
            assert_eq!(counts.get(name), None);
            assert!(counts.set(name, value), "{name}");
            assert_eq!(counts.get(name), Some(value));
        }
        assert!(!counts.set("frames", 9));
        assert_eq!(counts.named().map(|(_, count)| count).collect::<Vec<_>>(), (1..=10).collect::<Vec<_>>());
    }

    #[test]
    fn a_summary_s_ledger_comes_back_and_a_part_of_one_is_none() {
        let ledger = Ledger { distorted: 5, reference: 6, matched: 4, duplicate: 1, dropped: 2, ..Ledger::default() };
        let summary = Summary { scored: 5, ledger: Some(ledger), ..Summary::default() };
        let counts = Counts::from(&summary);
        assert_eq!((counts.scored, counts.outside, counts.ledger()), (Some(5), Some(0), Some(ledger)));
        assert_eq!(Counts { outside: None, ..counts }.ledger(), None);
    }
}
