// SPDX-License-Identifier: MPL-2.0

//! Counting frames as they arrive and are decided.

use super::{Ledger, Pairing};

/// A ledger being counted.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Book {
    distorted: u64,
    reference: u64,
    matched: u64,
    duplicate: u64,
    unmatched: u64,
    /// The smallest and the largest number of a partner.
    partners: Option<(u64, u64)>,
    /// The last partner.
    last: Option<u64>,
}

impl Book {
    /// A reference frame has arrived. Returns its number.
    pub fn reference(&mut self) -> u64 {
        self.reference += 1;
        self.reference - 1
    }

    /// A distorted frame has arrived. Returns its number.
    pub fn distorted(&mut self) -> u64 {
        self.distorted += 1;
        self.distorted - 1
    }

    /// A distorted frame was decided.
    pub fn decided(&mut self, pairing: Pairing) {
        match pairing {
            // Under `still`: the reference continues to apply.
            Pairing::Matched(number) if self.last == Some(number) => self.duplicate += 1,
            Pairing::Matched(number) => {
                self.matched += 1;
                self.last = Some(number);
                let (first, last) = self.partners.unwrap_or((number, number));
                self.partners = Some((first.min(number), last.max(number)));
            }
            Pairing::Duplicate(_) => self.duplicate += 1,
            Pairing::Unmatched => self.unmatched += 1,
        }
    }

    /// The present counts.
    pub fn ledger(&self) -> Ledger {
        let Self { distorted, reference, matched, duplicate, unmatched, partners, .. } = *self;
        let between = partners.map_or(0, |(first, last)| last - first + 1);
        let (dropped, outside) = (between - matched, reference - between);
        Ledger { distorted, reference, matched, duplicate, unmatched, dropped, outside }
    }
}
