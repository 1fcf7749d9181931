// SPDX-License-Identifier: MPL-2.0

//! Decisions and events until they are taken.

use std::collections::VecDeque;

use super::ledger::Book;
use super::{AlignmentEvent, Decision, Evidence, Pairing};

/// Events kept; beyond that, the oldest is lost.
const EVENTS: usize = 64;

/// The output of an aligner.
#[derive(Debug, Default)]
pub(super) struct Desk {
    pub book: Book,
    decisions: VecDeque<Decision>,
    events: VecDeque<AlignmentEvent>,
    /// The window in the last [`AlignmentEvent::Shrunk`].
    window: Option<u64>,
}

impl Desk {
    /// A distorted frame is decided.
    pub fn decide(&mut self, distorted: u64, pairing: Pairing, confidence: f64, evidence: Evidence) {
        self.book.decided(pairing);
        self.decisions.push_back(Decision { distorted, pairing, confidence, evidence });
    }

    /// Adds an event for users.
    pub fn notify(&mut self, event: AlignmentEvent) {
        if self.events.len() == EVENTS {
            self.events.pop_front();
        }
        self.events.push_back(event);
    }

    /// The search window has shrunk; reported once per eighth that it loses.
    pub fn shrunk(&mut self, window: u64) {
        if self.window.is_none_or(|said| window < said - said / 8) {
            self.window = Some(window);
            self.notify(AlignmentEvent::Shrunk { window });
        }
    }

    pub fn next_decision(&mut self) -> Option<Decision> {
        self.decisions.pop_front()
    }

    pub fn next_event(&mut self) -> Option<AlignmentEvent> {
        self.events.pop_front()
    }
}
