// SPDX-License-Identifier: MPL-2.0

//! Outcomes that wait for the next pairs: when they no longer do.
//!
//! An outcome whose measures need the next pairs (VMAF's motion) waits until those were measured, or until no pair can
//! follow. Frames without a partner may lie between them, and wait with it. So that nothing waits for ever, the value
//! is given up, and said to be missing, when a frame after it has no partner and can wait no longer, as in a live
//! pipeline, and when the memory is used up and nothing else can be let go.

use super::state::{Slot, State};
use crate::metrics::{Measures, Missing};

impl State {
    /// Whether nothing is being measured, and the oldest outcome, if there is one, waits for the next pairs.
    pub(super) fn stands(&self) -> bool {
        let idle = self.pairs.is_empty() && self.outcomes.iter().all(|slot| slot.awaited == 0);
        idle && self.outcomes.front().is_none_or(|slot| slot.late)
    }

    /// How many outcomes wait for the next pairs.
    pub(super) fn late(&self) -> usize {
        self.outcomes.iter().filter(|slot| slot.late).count()
    }

    /// The memory is used up: lets go of what waits for the next pairs if others wait with it. False if there is
    /// nothing to let go.
    pub(super) fn give_up_pressed(&mut self) -> bool {
        let pressed = self.paired() && self.stands() && self.outcomes.len() > self.late().max(1);
        if pressed {
            self.give_up_late();
        }
        pressed
    }

    /// Lets go of what waits for the next pairs if a frame after it has no partner and can wait no longer.
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
                comparison.metrics.lacks(Missing::NoNextPair { measure });
            }
        }
    }
}
