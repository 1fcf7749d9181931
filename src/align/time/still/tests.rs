// SPDX-License-Identifier: MPL-2.0

use crate::align::time::{Aligner, Alignment, AlignmentEvent, Evidence, Ledger, Pairing, Settings, Timestamp};

const MS: i64 = 1_000_000;

fn aligner(offset: i64) -> Aligner {
    Aligner::new(Settings { alignment: Alignment::Still, offset: offset * MS, ..Settings::default() })
}

fn at(ms: i64) -> Timestamp {
    Timestamp { running: Some(ms * MS), duration: None }
}

/// The partners of all that is decided now; none: unmatched.
fn decided(aligner: &mut Aligner) -> Vec<Option<u64>> {
    std::iter::from_fn(|| aligner.next_decision())
        .map(|decision| {
            assert_eq!(decision.evidence, Evidence::Time);
            match decision.pairing {
                Pairing::Matched(number) => {
                    assert_eq!(decision.confidence, 1.0);
                    Some(number)
                }
                Pairing::Unmatched => {
                    assert_eq!(decision.confidence, 0.0);
                    None
                }
                Pairing::Duplicate(_) => panic!("a reference may stand for many frames: {decision:?}"),
            }
        })
        .collect()
}

/// Feeds both sides in the order that the aligner asks for, to their ends; gives the partners, and the ledger.
fn run(aligner: &mut Aligner, references: &[i64], frames: &[i64]) -> (Vec<Option<u64>>, Ledger) {
    let (mut references, mut frames) = (references.iter().copied().peekable(), frames.iter().copied().peekable());
    let mut partners = Vec::new();
    loop {
        match (references.peek(), frames.peek()) {
            (Some(&reference), Some(&frame)) if reference * MS <= (frame * MS).saturating_add(aligner.lead()) => {
                aligner.push_reference(at(reference), None);
                references.next();
            }
            (_, Some(&frame)) => {
                aligner.push_distorted(at(frame), None);
                frames.next();
            }
            (Some(&reference), None) => {
                aligner.push_reference(at(reference), None);
                references.next();
            }
            (None, None) => break,
        }
        if references.peek().is_none() {
            aligner.end_reference();
        }
        if frames.peek().is_none() {
            aligner.end_distorted();
        }
        partners.extend(decided(aligner));
    }
    let ledger = aligner.ledger();
    assert_eq!(ledger.distorted, ledger.matched + ledger.duplicate + ledger.unmatched, "{ledger:?}");
    assert_eq!(ledger.reference, ledger.matched + ledger.dropped + ledger.outside, "{ledger:?}");
    (partners, ledger)
}

#[test]
fn the_last_reference_that_is_not_later_stands_for_a_frame_and_the_first_before_it() {
    let mut still = aligner(0);
    let (partners, ledger) = run(&mut still, &[100, 200, 300, 900], &[0, 99, 100, 199, 200, 350, 400]);
    assert_eq!(partners, [0, 0, 0, 0, 1, 2, 2].map(Some));
    let expected = Ledger { distorted: 7, reference: 4, matched: 3, duplicate: 4, outside: 1, ..Ledger::default() };
    assert_eq!(ledger, expected);
    assert_eq!(still.next_event(), None, "there is nothing to say");
}

#[test]
fn one_picture_stands_for_all() {
    let frames: Vec<i64> = (0..500).map(|n| n * 40).collect();
    let mut still = aligner(0);
    let (partners, ledger) = run(&mut still, &[0], &frames);
    assert_eq!(partners, vec![Some(0); 500]);
    let expected = Ledger { distorted: 500, reference: 1, matched: 1, duplicate: 499, ..Ledger::default() };
    assert_eq!(ledger, expected);
    assert_eq!(still.needed_from(), 1, "nothing is held in the end");
}

#[test]
fn references_between_two_frames_are_dropped() {
    let (partners, ledger) = run(&mut aligner(0), &[0, 10, 20, 30, 40, 50, 60], &[5, 45]);
    assert_eq!(partners, [0, 4].map(Some));
    assert_eq!((ledger.matched, ledger.dropped, ledger.outside), (2, 3, 2));
}

#[test]
fn the_offset_is_added_to_the_frames() {
    let (partners, _) = run(&mut aligner(100), &[0, 100, 200], &[0, 50, 100]);
    assert_eq!(partners, [1, 1, 2].map(Some));
    let (partners, _) = run(&mut aligner(-100), &[0, 100, 200], &[0, 150, 200, 300]);
    assert_eq!(partners, [0, 0, 1, 2].map(Some));
    let mut still = aligner(0);
    for time in [0, 100, 200] {
        still.push_reference(at(time), None);
    }
    still.push_distorted(at(50), None);
    still.set_offset(100 * MS);
    still.push_distorted(at(60), None);
    assert_eq!(decided(&mut still), [0, 1].map(Some), "what is decided stays");
}

#[test]
fn a_frame_waits_for_a_reference_that_is_not_before_it() {
    let mut still = aligner(0);
    assert!(!still.needs_signatures());
    still.push_reference(at(0), None);
    assert_eq!((still.lead(), still.enough()), (0, 0));
    still.push_distorted(at(40), None);
    assert_eq!(decided(&mut still), [], "one at 20 may come");
    assert_eq!(still.lead(), i64::MAX, "the next reference is wanted, however far ahead");
    still.push_reference(at(20), None);
    assert_eq!(decided(&mut still), []);
    still.push_reference(at(10_000), None);
    assert_eq!(decided(&mut still), [Some(1)]);
    assert_eq!((still.lead(), still.needed_from()), (0, 1), "the one before is let go");
    still.push_distorted(at(9999), None);
    still.push_distorted(at(10_000), None);
    assert_eq!(decided(&mut still), [1, 2].map(Some));
    assert_eq!(still.needed_from(), 2);
}

#[test]
fn forced_frames_take_what_is_there() {
    let mut still = aligner(0);
    still.push_distorted(at(0), None);
    still.force(0);
    assert_eq!(decided(&mut still), [None], "no reference has come");
    still.push_reference(at(0), None);
    for time in [40, 80, 120] {
        still.push_distorted(at(time), None);
    }
    still.force(2);
    assert_eq!(decided(&mut still), [0, 0].map(Some));
    still.end_reference();
    assert_eq!(decided(&mut still), [Some(0)]);
}

#[test]
fn without_any_reference_nothing_is_matched() {
    let (partners, ledger) = run(&mut aligner(0), &[], &[0, 40]);
    assert_eq!(partners, [None, None]);
    assert_eq!(ledger, Ledger { distorted: 2, unmatched: 2, ..Ledger::default() });
}

#[test]
fn without_times_the_last_that_has_come_stands() {
    let none = Timestamp::default();
    let mut still = aligner(0);
    still.push_distorted(none, None);
    assert_eq!(decided(&mut still), [], "the first reference is waited for");
    still.push_reference(none, None);
    assert_eq!(decided(&mut still), [Some(0)]);
    still.push_distorted(at(1000), None);
    assert_eq!(decided(&mut still), [Some(0)], "it stands until another one comes");
    still.push_reference(none, None);
    still.push_distorted(at(1040), None);
    still.push_distorted(none, None);
    assert_eq!(decided(&mut still), [1, 1].map(Some));
}

#[test]
fn of_one_time_the_last_counts_and_disorder_is_put_in_order() {
    let mut still = aligner(0);
    for time in [0, 300, 200, 200] {
        still.push_reference(at(time), None);
    }
    for time in [100, 250, 300] {
        still.push_distorted(at(time), None);
    }
    assert_eq!(decided(&mut still), [0, 3, 1].map(Some));
    let ledger = still.ledger();
    assert_eq!((ledger.reference, ledger.matched, ledger.dropped, ledger.outside), (4, 3, 1, 0));
}

#[test]
fn time_that_jumps_back_takes_what_is_still_there() {
    let mut still = aligner(0);
    for time in [0, 100] {
        still.push_reference(at(time), None);
    }
    for time in [0, 100, 0, 50] {
        still.push_distorted(at(time), None);
    }
    assert_eq!(decided(&mut still), [0, 1, 1, 1].map(Some));
}

#[test]
fn used_up_memory_costs_old_references_first_and_then_the_wait() {
    let mut still = aligner(0);
    for time in [0, 10, 20] {
        still.push_reference(at(time), None);
    }
    still.shrink();
    assert_eq!(still.needed_from(), 1);
    still.shrink();
    still.shrink();
    assert_eq!(still.needed_from(), 2, "one stays");
    assert_eq!(still.next_event(), None);
    still.push_reference(at(30), None);
    still.push_distorted(at(40), None);
    still.shrink();
    assert_eq!((still.needed_from(), decided(&mut still)), (3, vec![]), "the one at 20 is over for it");
    still.shrink();
    assert_eq!(decided(&mut still), [Some(3)]);
    assert_eq!(still.next_event(), Some(AlignmentEvent::Shrunk { window: 0 }));
}
