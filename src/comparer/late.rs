// SPDX-License-Identifier: MPL-2.0

//! Outcomes that wait for the next pairs, and when they stop waiting.
//!
//! An outcome whose measures need the next pairs (VMAF's motion) waits until these are measured, or until no pair can
//! follow. Frames without a partner in between wait with it. So that nothing waits forever, the value is given up and
//! reported as missing when a later frame has no partner and can wait no longer, as in a live pipeline, or when memory
//! runs out and nothing else can be released.

use super::state::{Slot, State};
use crate::metrics::{Measures, Missing};

impl State {
    /// Whether nothing is being measured and the oldest outcome, if any, waits for the next pairs.
    pub(super) fn stands(&self) -> bool {
        let idle = self.pairs.is_empty() && self.outcomes.iter().all(|slot| slot.awaited == 0);
        idle && self.outcomes.front().is_none_or(|slot| slot.late)
    }

    /// The number of outcomes that wait for the next pairs.
    pub(super) fn late(&self) -> usize {
        self.outcomes.iter().filter(|slot| slot.late).count()
    }

    /// Memory has run out: releases what waits for the next pairs, if other outcomes wait behind it. False if nothing
    /// can be released.
    pub(super) fn give_up_pressed(&mut self) -> bool {
        let pressed = self.paired() && self.stands() && self.outcomes.len() > self.late().max(1);
        if pressed {
            self.give_up_late();
        }
        pressed
    }

    /// Releases what waits for the next pairs if a later frame has no partner and can wait no longer.
    pub(super) fn give_up_forced(&mut self) {
        let forced = self.forced;
        let alone = |slot: &Slot| slot.decision.distorted < forced && slot.decision.pairing.reference().is_none();
        if self.paired() && self.stands() && self.outcomes.iter().any(alone) {
            self.give_up_late();
        }
    }

    pub(super) fn give_up_late(&mut self) {
        for slot in &mut self.outcomes {
            slot.piled_up = true;
            slot.give_up();
        }
    }
}

impl Slot {
    fn give_up(&mut self) {
        if !std::mem::take(&mut self.late) {
            return;
        }
        if let Some(Ok(comparison)) = &mut self.comparison {
            for measure in Measures::VMAF.names() {
                comparison.metrics.add_missing(Missing::NoNextPair { measure });
            }
        }
    }
}
