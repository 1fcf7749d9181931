// SPDX-License-Identifier: MPL-2.0

use super::super::signature::{CELLS, COLUMNS};
use super::*;

/// A pseudorandom generator: SplitMix64.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % limit
    }
}

/// A side whose time advances randomly.
fn stamp(random: &mut Random, now: &mut i64) -> Timestamp {
    *now += match random.below(50) {
        0 => -(random.below(3_000_000_000) as i64),
        1 => random.below(3_000_000_000) as i64,
        2 => 0,
        _ => 30_000_000 + random.below(20_000_000) as i64,
    };
    Timestamp {
        running: (random.below(40) > 0).then_some(*now),
        duration: (random.below(3) > 0).then(|| random.below(60_000_000)),
    }
}

/// A side's next picture, if it has one: a bar that moves, occasionally at random.
fn picture(random: &mut Random, at: &mut u64) -> Option<Signature> {
    *at += if random.below(60) == 0 { random.below(50) } else { 1 };
    let bar = (*at * *at / 7 % 61) as usize;
    let cells: Vec<f32> = (0..CELLS).map(|i| if (bar..bar + 3).contains(&(i % COLUMNS)) { 0.8 } else { 0.2 }).collect();
    (random.below(50) > 0).then(|| Signature::from_cells(cells.try_into().expect("as many as there are")))
}

#[test]
fn the_ledger_adds_up_whatever_happens() {
    for seed in 0..200 {
        let random = &mut Random(seed);
        let alignment =
            [Alignment::Pts, Alignment::Offset, Alignment::Auto, Alignment::Track][random.below(4) as usize];
        let offset = random.below(200_000_000) as i64 - 100_000_000;
        let mut aligner = Aligner::new(Settings { alignment, offset, search_range: 400_000_000 });
        let (mut now, mut next, mut pushed) = ([0; 2], 0, [0; 2]);
        let mut seen = [0; 2];
        let mut taken = std::collections::HashSet::new();
        let mut ended = [false; 2];
        for _ in 0..600 {
            let needed = aligner.needed_from();
            match random.below(100) {
                0 => aligner.force(pushed[1] / 2),
                1 => aligner.shrink(),
                2 => aligner.set_offset(random.below(100_000_000) as i64),
                3 if random.below(10) == 0 => {
                    ended[0] = true;
                    aligner.end_reference();
                }
                n if n % 2 == 0 && !ended[0] => {
                    assert_eq!(
                        aligner.push_reference(stamp(random, &mut now[0]), picture(random, &mut seen[0])),
                        pushed[0]
                    );
                    pushed[0] += 1;
                }
                _ => {
                    assert_eq!(
                        aligner.push_distorted(stamp(random, &mut now[1]), picture(random, &mut seen[1])),
                        pushed[1]
                    );
                    pushed[1] += 1;
                }
            }
            while let Some(Decision { distorted, pairing, confidence, .. }) = aligner.next_decision() {
                assert_eq!(distorted, next);
                next += 1;
                assert!((0.0..=1.0).contains(&confidence));
                assert_eq!(confidence > 0.0, pairing != Pairing::Unmatched);
                if let Pairing::Matched(reference) = pairing {
                    assert!(reference >= needed && reference < pushed[0], "{needed} {reference}");
                    assert!(taken.insert(reference), "two partners, seed {seed}");
                }
            }
            assert!(aligner.needed_from() >= needed, "needed again, seed {seed}");
        }
        aligner.end_distorted();
        aligner.end_reference();
        while let Some(decision) = aligner.next_decision() {
            assert_eq!(decision.distorted, next);
            next += 1;
        }
        let ledger = aligner.ledger();
        assert_eq!([ledger.reference, ledger.distorted], pushed);
        assert_eq!(next, pushed[1]);
        assert_eq!(ledger.distorted, ledger.matched + ledger.duplicate + ledger.unmatched);
        assert_eq!(ledger.reference, ledger.matched + ledger.dropped + ledger.outside);
        assert_eq!(aligner.needed_from(), pushed[0]);
    }
}

#[test]
fn an_offset_set_while_running_is_told() {
    let settings = Settings { alignment: Alignment::Offset, offset: 40, search_range: 0 };
    let mut aligner = Aligner::new(settings);
    aligner.push_distorted(Timestamp { running: Some(0), duration: None }, None);
    aligner.set_offset(40);
    assert_eq!(aligner.next_event(), None);
    aligner.set_offset(-3);
    let event = AlignmentEvent::Offset { distorted: 0, from: Some(40), to: -3, confidence: 1.0 };
    assert_eq!(aligner.next_event(), Some(event));
    aligner.push_reference(Timestamp { running: Some(-3), duration: None }, None);
    assert_eq!(aligner.next_decision().map(|d| d.pairing), Some(Pairing::Matched(0)));
}

#[test]
fn a_reference_that_never_comes_leaves_all_unmatched() {
    let mut aligner = Aligner::new(Settings { alignment: Alignment::Pts, offset: 0, search_range: 0 });
    aligner.push_distorted(Timestamp { running: Some(0), duration: None }, None);
    aligner.end_distorted();
    assert_eq!(aligner.next_decision(), None);
    aligner.end_reference();
    assert_eq!(aligner.next_decision().map(|d| d.pairing), Some(Pairing::Unmatched));
}

#[test]
fn pts_adds_nothing() {
    let mut aligner = Aligner::new(Settings { alignment: Alignment::Pts, offset: 7, search_range: 0 });
    aligner.set_offset(5);
    aligner.push_distorted(Timestamp { running: Some(0), duration: None }, None);
    aligner.push_reference(Timestamp { running: Some(0), duration: None }, None);
    assert_eq!(aligner.next_decision().map(|d| d.pairing), Some(Pairing::Matched(0)));
    assert_eq!(aligner.next_event(), None);
}
