// SPDX-License-Identifier: MPL-2.0

//! The pairing thread step by step, with nothing happening in between.

use super::*;
use crate::align::time::{self, Alignment, Pairing};
use crate::comparer::Side::{Distorted, Reference};
use crate::comparer::state::Work;

/// The number of bytes of each frame.
const FRAME: u64 = 100;

/// A pairer without threads.
struct Steps {
    pairer: Pairer,
    shared: Arc<Shared>,
    taken: u64,
}

impl Steps {
    /// Frames take at most as many bytes as that number of them.
    fn new(frames: u64) -> Self {
        let time = time::Settings { alignment: Alignment::Pts, ..time::Settings::default() };
        let settings = Settings { time, max_bytes: frames * FRAME, ..Settings::default() };
        let shared = Arc::new(Shared::new(&settings, None, Box::new(|| ())));
        Self { pairer: Pairer::new(&settings, shared.clone(), false), shared, taken: 0 }
    }

    /// Takes the frame of that number, at 25 per second, and decides.
    fn push(&mut self, side: Side, number: i64) {
        let stamp = Timestamp { running: Some(number * 40_000_000), duration: Some(40_000_000) };
        self.shared.push(side, stamp, Held { time: None, bytes: FRAME, frame: None });
        let input = self.shared.next_input().expect("it was pushed");
        self.pairer.take(input);
        self.pairer.decide();
    }

    /// Measures and takes what is decided.
    fn take(&mut self) -> Vec<Pairing> {
        let mut pairings = Vec::new();
        while self.taken < self.pairer.aligner.ledger().decided().distorted {
            let Some(Work::Pair(pair)) = self.shared.next_work() else { break };
            self.shared.measured(pair.decision.distorted, None);
            pairings.push(self.shared.take().expect("it is complete").pairing);
            self.taken += 1;
        }
        pairings
    }
}

#[test]
fn what_can_be_taken_is_in_the_ledger() {
    let mut steps = Steps::new(100);
    for number in 0..3 {
        steps.push(Reference, number);
        steps.push(Distorted, number);
        assert_eq!(steps.take().len(), 1);
        // The rest is not published yet.
        assert_eq!(steps.shared.ledger().matched, number as u64 + 1);
    }
}

#[test]
fn no_reference_is_given_up_while_outcomes_can_be_taken() {
    let mut steps = Steps::new(4);
    for number in 0..2 {
        steps.push(Reference, number);
        steps.push(Distorted, number);
    }
    (2..5).for_each(|number| steps.push(Reference, number));
    steps.pairer.shrink();
    assert_eq!(steps.take(), [Pairing::Matched(0), Pairing::Matched(1)]);
    steps.push(Distorted, 2);
    assert_eq!(steps.take(), [Pairing::Matched(2)]);
}

#[test]
fn references_are_given_up_if_nothing_else_releases_memory() {
    let mut steps = Steps::new(2);
    (0..4).for_each(|number| steps.push(Reference, number));
    assert!(steps.shared.is_over());
    steps.pairer.shrink();
    assert!(!steps.shared.is_over());
    steps.push(Distorted, 0);
    steps.push(Distorted, 3);
    assert_eq!(steps.take(), [Pairing::Unmatched, Pairing::Matched(3)]);
}
