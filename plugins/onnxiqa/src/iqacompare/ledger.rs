// SPDX-License-Identifier: MPL-2.0

//! Where all frames have gone since READY→PAUSED, over all comparers that there were.

use onnx_iqa::align::time::Ledger;

/// What was decided: of frames that a flush has dropped nothing was, and they are not counted.
pub(super) fn decided(ledger: Ledger) -> Ledger {
    Ledger {
        distorted: ledger.matched + ledger.duplicate + ledger.unmatched,
        reference: ledger.matched + ledger.dropped + ledger.outside,
        ..ledger
    }
}

/// Adds one to the other.
pub(super) fn add(sum: &mut Ledger, more: Ledger) {
    sum.distorted += more.distorted;
    sum.reference += more.reference;
    sum.matched += more.matched;
    sum.duplicate += more.duplicate;
    sum.unmatched += more.unmatched;
    sum.dropped += more.dropped;
    sum.outside += more.outside;
}
