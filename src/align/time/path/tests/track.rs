// SPDX-License-Identifier: MPL-2.0

//! Paths from pictures alone.

use crate::align::time::signature::{CELLS, COLUMNS};
use crate::align::time::{Aligner, Alignment, AlignmentEvent, Decision, Pairing, Settings, Signature, Timestamp};

const FRAME: i64 = 40_000_000;

/// Pictures from this number on are of another scene.
const OTHER: f32 = 5000.0;

/// The picture number `n` of a scene in which waves travel in several directions.
fn picture(n: f32) -> Signature {
    let cells: Vec<f32> = (0..CELLS)
        .map(|i| {
            let (x, y) = ((i % COLUMNS) as f32, (i / COLUMNS) as f32);
            let wave = |a: f32, b: f32, c: f32| (a * x + b * y + c * n).sin();
            if n >= OTHER {
                return 0.5 + 0.1 * (wave(0.83, -0.57, 0.19) + wave(0.61, 0.94, -0.23) + wave(-0.42, 0.71, 0.13));
            }
            0.5 + 0.1 * (wave(0.21, 0.13, 0.11) + wave(-0.17, 0.31, 0.173) + wave(0.05, -0.23, -0.071))
        })
        .collect();
    Signature::from_cells(cells.try_into().expect("as many as there are"))
}

fn stamp(time: i64) -> Timestamp {
    Timestamp { running: Some(time), duration: Some(FRAME as u64) }
}

fn tracker(search_range: u64) -> Aligner {
    Aligner::new(Settings { alignment: Alignment::Track, offset: 0, search_range })
}

/// Feeds both sides (time stamp, picture) as the element does; returns all results, the most references that were
/// needed and the most distorted frames that waited at once.
fn feed(
    aligner: &mut Aligner,
    reference: &[(Timestamp, f32)],
    distorted: &[(Timestamp, f32)],
) -> (Vec<Decision>, Vec<AlignmentEvent>, [usize; 2]) {
    let (mut decisions, mut events, mut held) = (Vec::new(), Vec::new(), [0; 2]);
    let (mut r, mut d) = (0, 0);
    while d < distorted.len() {
        let wanted = distorted[d].0.running.unwrap_or(d as i64 * FRAME).saturating_add(aligner.lead());
        if r < reference.len() && reference[r].0.running.unwrap_or(r as i64 * FRAME) <= wanted {
            assert_eq!(aligner.push_reference(reference[r].0, Some(picture(reference[r].1))), r as u64);
            r += 1;
            if r == reference.len() {
                aligner.end_reference();
            }
        } else {
            assert_eq!(aligner.push_distorted(distorted[d].0, Some(picture(distorted[d].1))), d as u64);
            d += 1;
        }
        decisions.extend(std::iter::from_fn(|| aligner.next_decision()));
        events.extend(std::iter::from_fn(|| aligner.next_event()));
        held = [held[0].max(r - aligner.needed_from() as usize), held[1].max(d - decisions.len())];
    }
    aligner.end_distorted();
    decisions.extend(std::iter::from_fn(|| aligner.next_decision()));
    events.extend(std::iter::from_fn(|| aligner.next_event()));
    (decisions, events, held)
}

fn clip(count: i64) -> Vec<(Timestamp, f32)> {
    (0..count).map(|n| (stamp(n * FRAME), n as f32)).collect()
}

fn pairings(decisions: &[Decision]) -> Vec<Pairing> {
    decisions.iter().map(|decision| decision.pairing).collect()
}

#[test]
fn drops_and_repeats_are_named() {
    let reference = clip(60);
    let shown = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 13, 14, 15, 16, 16, 17, 18, 19, 20, 21, 22, 25, 26, 27, 28, 29];
    let distorted: Vec<_> = shown.iter().zip(0..).map(|(&n, at)| (stamp(at * FRAME), n as f32)).collect();
    let mut aligner = tracker(1_000_000_000);
    let (decisions, _, _) = feed(&mut aligner, &reference, &distorted);
    let expected = shown.iter().enumerate().map(|(at, &n)| match at {
        16 => Pairing::Duplicate(n),
        _ => Pairing::Matched(n),
    });
    assert_eq!(pairings(&decisions), expected.collect::<Vec<_>>());
    let ledger = aligner.ledger();
    assert_eq!((ledger.matched, ledger.duplicate, ledger.unmatched, ledger.dropped), (27, 1, 0, 3));
}

#[test]
fn drift_is_told_ever_less_often() {
    // Two minutes at 24 frames a second, played at 25: the offset goes to 5 s, twice as far as is searched.
    let count = 3000;
    let reference: Vec<_> = (0..count).map(|n| (stamp(n * 1_000_000_000 / 24), n as f32)).collect();
    let mut aligner = tracker(2_000_000_000);
    let (decisions, events, held) = feed(&mut aligner, &reference, &clip(count));
    let right = decisions.iter().filter(|decision| decision.pairing == Pairing::Matched(decision.distorted)).count();
    assert!(right >= decisions.len() * 99 / 100, "{right} of {}", decisions.len());
    assert!((2..=12).contains(&events.len()), "{events:?}");
    assert!(held[0] < 110 && held[1] < 60, "{held:?} held");
}

#[test]
fn one_offset_is_told_once() {
    let distorted: Vec<_> = (0..200).map(|n| (stamp(n * FRAME), (n + 9) as f32)).collect();
    let (decisions, events, _) = feed(&mut tracker(1_000_000_000), &clip(220), &distorted);
    assert!(decisions.iter().all(|decision| decision.pairing == Pairing::Matched(decision.distorted + 9)));
    let [AlignmentEvent::Offset { distorted: 0, from: None, to, .. }] = events[..] else { panic!("{events:?}") };
    assert_eq!(to, 9 * FRAME);
}

#[test]
fn what_is_lost_is_told_and_found_again() {
    let mut distorted = clip(150);
    for (_, shows) in &mut distorted[60..90] {
        *shows += OTHER;
    }
    let (decisions, events, _) = feed(&mut tracker(1_000_000_000), &clip(150), &distorted);
    let lost = |n: &u64| (60..90).contains(n);
    for decision in &decisions {
        let expected = Some(decision.distorted).filter(|n| !lost(n)).map_or(Pairing::Unmatched, Pairing::Matched);
        assert_eq!(decision.pairing, expected, "{decision:?}");
    }
    let [
        AlignmentEvent::Offset { from: None, to: 0, .. },
        AlignmentEvent::Lost { distorted: 60 },
        AlignmentEvent::Offset { to: 0, .. },
    ] = events[..]
    else {
        panic!("{events:?}")
    };
}

#[test]
fn without_time_stamps() {
    let none = |(_, shows): (Timestamp, f32)| (Timestamp::default(), shows);
    let reference: Vec<_> = clip(80).into_iter().map(none).collect();
    let distorted: Vec<_> = clip(80).into_iter().skip(5).map(none).collect();
    let (decisions, _, _) = feed(&mut tracker(1_000_000_000), &reference, &distorted);
    assert!(decisions.iter().all(|decision| decision.pairing == Pairing::Matched(decision.distorted + 5)));
}

#[test]
fn time_that_jumps_back_on_both_sides() {
    let looped: Vec<_> = (0..160).map(|n| (stamp((n % 80) * FRAME), n as f32)).collect();
    let (decisions, events, _) = feed(&mut tracker(400_000_000), &looped, &looped);
    assert_eq!(decisions.len(), 160);
    let right = decisions.iter().filter(|decision| decision.pairing == Pairing::Matched(decision.distorted)).count();
    assert!(right >= 150, "{right} right");
    assert!(
        events.iter().all(|n| matches!(n, AlignmentEvent::Lost { .. } | AlignmentEvent::Offset { to: 0, .. })),
        "{events:?}"
    );
}

#[test]
fn a_reference_that_never_comes() {
    let mut aligner = tracker(1_000_000_000);
    for n in 0..50 {
        aligner.push_distorted(stamp(n * FRAME), Some(picture(n as f32)));
    }
    assert_eq!(aligner.next_decision(), None, "it may still come");
    aligner.force(10);
    let forced: Vec<_> = std::iter::from_fn(|| aligner.next_decision()).collect();
    assert_eq!(forced.len(), 11);
    aligner.end_reference();
    aligner.end_distorted();
    let rest: Vec<_> = std::iter::from_fn(|| aligner.next_decision()).collect();
    assert_eq!(rest.len(), 39);
    assert!(forced.iter().chain(&rest).all(|decision| decision.pairing == Pairing::Unmatched));
}

#[test]
fn memory_that_runs_out_shrinks_the_window() {
    let mut aligner = tracker(10_000_000_000);
    for n in 0..100 {
        aligner.push_reference(stamp(n * FRAME), Some(picture(n as f32)));
    }
    aligner.push_distorted(stamp(0), Some(picture(0.0)));
    assert_eq!(aligner.next_decision(), None, "more references are in reach");
    aligner.shrink();
    assert_eq!(aligner.next_decision().map(|decision| decision.distorted), Some(0));
    let events: Vec<_> = std::iter::from_fn(|| aligner.next_event()).collect();
    assert!(events.iter().any(|event| matches!(event, AlignmentEvent::Shrunk { .. })), "{events:?}");
    assert!(aligner.lead() <= 5_000_000_000, "{}", aligner.lead());
}
