// SPDX-License-Identifier: MPL-2.0

//! The counts of a comparison's ledger, by name.

use crate::align::time::Ledger;

/// A count's name and how to access it in a ledger.
type Count = (&'static str, fn(&mut Ledger) -> &mut u64);

/// In the order of `stats` and `iqa-summary`.
const COUNTS: [Count; 7] = [
    ("distorted", |ledger| &mut ledger.distorted),
    ("matched", |ledger| &mut ledger.matched),
    ("duplicate", |ledger| &mut ledger.duplicate),
    ("unmatched", |ledger| &mut ledger.unmatched),
    ("reference", |ledger| &mut ledger.reference),
    ("dropped", |ledger| &mut ledger.dropped),
    ("outside", |ledger| &mut ledger.outside),
];

/// A ledger's counts with their names in summaries and statistics.
pub fn ledger_counts(ledger: Ledger) -> impl Iterator<Item = (&'static str, u64)> {
    COUNTS.iter().map(move |(name, place)| (*name, *place(&mut ledger.clone())))
}

/// Sets the count of that name; false if there is no such count.
pub fn set_ledger_count(ledger: &mut Ledger, name: &str, count: u64) -> bool {
    let place = COUNTS.iter().find(|(known, _)| *known == name);
    place.map(|(_, place)| *place(ledger) = count).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_count_has_a_name_and_a_place_of_its_own() {
        let mut ledger = Ledger::default();
        for (value, (name, _)) in (1..).zip(COUNTS) {
            assert!(set_ledger_count(&mut ledger, name, value), "{name}");
        }
        assert!(!set_ledger_count(&mut ledger, "scored", 9));
        assert_eq!(ledger_counts(ledger).map(|(_, count)| count).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6, 7]);
        let Ledger { distorted, reference, matched, duplicate, unmatched, dropped, outside } = ledger;
        assert_eq!([distorted, matched, duplicate, unmatched, reference, dropped, outside], [1, 2, 3, 4, 5, 6, 7]);
    }
}
