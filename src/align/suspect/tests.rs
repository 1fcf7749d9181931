// SPDX-License-Identifier: MPL-2.0

use super::*;
use crate::align::time::{CELLS, COLUMNS, Evidence, ROWS};

const FRAME: i64 = 40_000_000;

fn stamp(n: i64) -> Timestamp {
    Timestamp { running: Some(n * FRAME), duration: Some(FRAME as u64) }
}

/// Frame `n` of a film of moving details that change from second to second.
fn film(n: i64) -> Signature {
    let scene = n.div_euclid(25) as f64;
    let (a, b) = (0.5 + 0.3 * (scene * 1.7).sin(), 0.6 + 0.3 * (scene * 2.3).cos());
    let cells = (0..CELLS).map(|at| {
        let (x, y) = ((at % COLUMNS) as f64 + 0.2 * n as f64, (at / COLUMNS) as f64);
        let wave = (a * x + b * y + 0.01 * x * y).sin() + (b * x - a * y + scene).cos() * (0.05 * x + 0.03 * y).sin();
        (0.5 + 0.12 * wave) as f32
    });
    from(cells)
}

fn from(cells: impl Iterator<Item = f32>) -> Signature {
    Signature::from_cells(cells.collect::<Vec<f32>>().try_into().expect("as many as there are"))
}

/// Left and right exchanged.
fn mirrored(signature: &Signature) -> Signature {
    let cells = signature.cells();
    from((0..ROWS * COLUMNS).map(|at| 0.5 + cells[at / COLUMNS * COLUMNS + COLUMNS - 1 - at % COLUMNS]))
}

fn settings(alignment: Alignment) -> Settings {
    Settings { alignment, ..Settings::default() }
}

/// Feeds `count` frames of both sides, each decided in the same way.
fn fed(settings: Settings, count: i64, distorted: impl Fn(i64) -> Signature, decision: Decision) -> Suspect {
    let mut suspect = Suspect::new(settings);
    for n in 0..count {
        suspect.push_reference(stamp(n), &film(n));
        suspect.push_distorted(stamp(n), &distorted(n));
        suspect.decided(&Decision { distorted: n as u64, ..decision });
    }
    suspect.ended();
    suspect
}

const UNMATCHED: Decision =
    Decision { distorted: 0, pairing: Pairing::Unmatched, confidence: 0.0, evidence: Evidence::Picture };
const CONTRADICTING: Decision =
    Decision { distorted: 0, pairing: Pairing::Matched(0), confidence: CONTRADICTED, evidence: Evidence::Time };
const GOOD: Decision =
    Decision { distorted: 0, pairing: Pairing::Matched(0), confidence: 0.4, evidence: Evidence::Time };

#[test]
fn a_mirrored_stream_is_told_as_soon_as_nothing_matches() {
    for decision in [UNMATCHED, CONTRADICTING] {
        for count in [3, 20, 100] {
            let found = fed(settings(Alignment::Auto), count, |n| mirrored(&film(n)), decision).found();
            assert_eq!(found.orientation, Some(Orientation::MirroredHorizontally), "{count} frames, {decision:?}");
        }
    }
    let found = fed(settings(Alignment::Auto), 100, |n| mirrored(&film(n)), GOOD).found();
    assert_eq!(found, Suspicions::default(), "nobody asks where frames are paired");
}

#[test]
fn upright_streams_are_not_suspected() {
    for decision in [UNMATCHED, CONTRADICTING] {
        assert_eq!(fed(settings(Alignment::Auto), 100, film, decision).found(), Suspicions::default());
        let other = |n: i64| film(n + 100_000);
        assert_eq!(fed(settings(Alignment::Auto), 100, other, decision).found(), Suspicions::default());
    }
}

#[test]
fn an_offset_is_suspected_only_where_it_is_not_looked_at() {
    let offset = |alignment, by: i64, set: i64| {
        let settings = Settings { offset: set, ..settings(alignment) };
        fed(settings, 300, |n| film(n + by), UNMATCHED).found().offset
    };
    let near =
        |found: Option<FarOffset>, by: i64| found.is_some_and(|far| (far.offset - by * FRAME).abs() <= 2 * FRAME);
    assert!(near(offset(Alignment::Auto, 85, 0), 85));
    assert!(near(offset(Alignment::Pts, 25, 7 * FRAME), 25), "`pts` adds nothing");
    assert!(near(offset(Alignment::Offset, -85, -60 * FRAME), -85));
    assert_eq!(offset(Alignment::Auto, 25, 0), None, "alignment looks there itself");
    assert_eq!(offset(Alignment::Auto, 85, 60 * FRAME), None, "so it does");
    assert_eq!(offset(Alignment::Offset, 85, 85 * FRAME), None);
    let far = offset(Alignment::Auto, 85, 0).map(|far| (far.search_range, far.needed));
    assert_eq!(far, Some((Some(2_000_000_000), 4_000_000_000)), "3.4 s and what is to spare");
    assert_eq!(offset(Alignment::Pts, 25, 0).map(|far| far.search_range), Some(None));
}

#[test]
fn what_does_not_hold_is_taken_back() {
    let mut suspect = fed(settings(Alignment::Auto), 50, |n| mirrored(&film(n)), UNMATCHED);
    assert!(suspect.found().orientation.is_some());
    for n in 50..100 {
        suspect.push_reference(stamp(n), &film(n));
        suspect.push_distorted(stamp(n), &film(n));
        suspect.decided(&Decision { distorted: n as u64, ..GOOD });
    }
    assert_eq!(suspect.found(), Suspicions::default());
}
