// SPDX-License-Identifier: MPL-2.0

//! Reduced reference: a reference with other content, or a single picture for all frames.
#![cfg(feature = "onnx")]

mod common;

use std::sync::Arc;

use common::{flat, near, scorer};
use onnx_iqa::align::space::Registration;
use onnx_iqa::align::time::{Alignment, Evidence, Ledger, Pairing, Timestamp};
use onnx_iqa::comparer::{CompareError, Comparer, Outcome, Settings, SharedFrame, Side, TimedFrame};
use onnx_iqa::metrics::Measures;
use onnx_iqa_testkit::{self as kit, TempDir};

/// Duration of a frame at 25 per second, in nanoseconds.
const FRAME: i64 = 40_000_000;

fn still() -> Settings {
    let mut settings = Settings::default();
    settings.time.alignment = Alignment::Still;
    settings
}

/// A gray frame at the time of frame `number`.
fn gray(number: i64, width: u32, height: u32, value: u8) -> TimedFrame {
    let stamp = Timestamp { running: Some(number * FRAME), duration: None };
    TimedFrame::from((stamp, Arc::new(*flat(width, height, [value; 3])) as SharedFrame))
}

/// Each frame's partner and raw score.
fn scores(outcomes: &[Outcome]) -> Vec<(u64, f64)> {
    let score = |outcome: &Outcome| {
        let comparison = outcome.result.as_ref().unwrap().as_ref().unwrap();
        assert_eq!(comparison.metrics.iter().count(), 0, "no measures are taken");
        assert_eq!((outcome.confidence, outcome.evidence, comparison.shift), (1.0, Evidence::Time, None));
        match outcome.pairing {
            Pairing::Matched(number) => (number, comparison.score.as_ref().unwrap().raw),
            other => panic!("{other:?}"),
        }
    };
    outcomes.iter().map(score).collect()
}

fn assert_scores(outcomes: &[Outcome], expected: &[(u64, f64)]) {
    let scores = scores(outcomes);
    assert_eq!(scores.len(), expected.len());
    for ((number, raw), (expected_number, expected_raw)) in scores.iter().zip(expected) {
        assert_eq!(number, expected_number, "{scores:?}");
        near(*raw, *expected_raw);
    }
}

#[test]
fn one_picture_of_another_size_is_the_reference_of_all_frames() {
    let dir = TempDir::new();
    let mut settings = still();
    // Settings that would be errors if pixels were compared have no effect.
    settings.measures = Measures::PSNR | Measures::VMAF;
    settings.registration = Registration::Shift;
    let comparer = Comparer::new(settings, Some(scorer(&kit::reduced_model(dir.path(), "reduced"))), || {}).unwrap();
    let frames = (0..60).map(|n| gray(n, 16, 8, n as u8));
    let outcomes: Vec<_> = comparer.run([gray(0, 9, 31, 200)], frames).collect();
    let expected: Vec<_> = (0..60).map(|n| (0, (200 - n) as f64 / 255.0)).collect();
    assert_scores(&outcomes, &expected);
    let ledger = Ledger { distorted: 60, reference: 1, matched: 1, duplicate: 59, ..Ledger::default() };
    assert_eq!(comparer.ledger(), ledger);
}

#[test]
fn a_reference_of_a_lower_rate_applies_until_its_next_picture() {
    let dir = TempDir::new();
    let comparer = Comparer::new(still(), Some(scorer(&kit::reduced_model(dir.path(), "reduced"))), || {}).unwrap();
    // One picture per five frames, the first one three frames late, each of another size.
    let reference = (0..3).map(|n| gray(3 + 5 * n, 8 + n as u32, 8, 100 + 50 * n as u8));
    let outcomes: Vec<_> = comparer.run(reference, (0..16).map(|n| gray(n, 16, 8, 50))).collect();
    let number = |n: i64| ((n - 3) / 5).clamp(0, 2);
    let expected: Vec<_> = (0..16).map(|n| (number(n) as u64, (50 + 50 * number(n)) as f64 / 255.0)).collect();
    assert_scores(&outcomes, &expected);
    let ledger = comparer.ledger();
    assert_eq!((ledger.matched, ledger.duplicate, ledger.reference), (3, 13, 3));
}

#[test]
fn references_that_come_faster_are_released() {
    let dir = TempDir::new();
    let mut settings = still();
    // Memory for fewer than ten of the 400 pictures.
    settings.max_bytes = 80 << 10;
    let comparer = Comparer::new(settings, Some(scorer(&kit::reduced_model(dir.path(), "reduced"))), || {}).unwrap();
    let reference = (0..400).map(|n| gray(n, 64, 48, (n % 256) as u8));
    let outcomes: Vec<_> = comparer.run(reference, (0..40).map(|n| gray(10 * n, 64, 48, 0))).collect();
    let expected: Vec<_> = (0..40).map(|n| (10 * n, (10 * n % 256) as f64 / 255.0)).collect();
    assert_scores(&outcomes, &expected);
    assert_eq!(comparer.next_event(), None, "nothing was given up");
    let ledger = comparer.ledger();
    assert_eq!((ledger.matched, ledger.dropped, ledger.outside), (40, 351, 9));
}

#[test]
fn a_waiting_frame_requests_the_next_reference() {
    let comparer = Comparer::new(still(), None, || {}).unwrap();
    let at = |number: i64| Timestamp { running: Some(number * FRAME), duration: None };
    assert_eq!(comparer.next_side(Some(at(3)), None), None);
    comparer.push_distorted(at(0), 0, None);
    assert!(comparer.wait().is_none(), "there is no reference yet");
    assert_eq!(comparer.next_side(Some(at(3)), None), Some(Side::Reference));
    comparer.push_reference(at(3), 0, None);
    assert_eq!(comparer.wait().map(|outcome| outcome.pairing), Some(Pairing::Matched(0)));
    assert_eq!(comparer.next_side(Some(at(6)), None), None);
}

#[test]
fn without_a_model_frames_are_only_paired() {
    let comparer = Comparer::new(still(), None, || {}).unwrap();
    assert!(!comparer.needs_frames(), "nothing examines them");
    let outcomes: Vec<_> = comparer.run([gray(0, 8, 8, 0)], (0..3).map(|n| gray(n, 8, 8, 0))).collect();
    assert!(outcomes.iter().all(|outcome| outcome.result.is_none() && outcome.pairing == Pairing::Matched(0)));
}

#[test]
fn a_reduced_reference_model_needs_still_and_a_full_reference_model_accepts_it() {
    let dir = TempDir::new();
    let reduced = kit::reduced_model(dir.path(), "reduced");
    for alignment in [Alignment::Pts, Alignment::Offset, Alignment::Auto, Alignment::Track] {
        let mut settings = still();
        settings.time.alignment = alignment;
        let error = Comparer::new(settings, Some(scorer(&reduced)), || {}).unwrap_err();
        assert!(matches!(&error, CompareError::ReducedReferenceModel(name) if name == "reduced"), "{error}");
        assert!(error.to_string().contains("still"), "{error}");
    }
    let full = scorer(&kit::difference_model(dir.path(), "difference"));
    let comparer = Comparer::new(still(), Some(full), || {}).unwrap();
    let outcomes: Vec<_> = comparer.run([gray(0, 8, 8, 60)], [gray(0, 8, 8, 0), gray(1, 8, 8, 60)]).collect();
    assert_scores(&outcomes, &[(0, 60.0 / 255.0), (0, 0.0)]);
}

#[test]
fn each_picture_is_prepared_by_its_own_geometry() {
    let dir = TempDir::new();
    let prepared = |crops: &str| {
        let geometry = format!("\n[geometry]\nshort-side = 8\ncrop = [8, 8]\n{crops}\n[output]");
        kit::reduced_graph().contract(&kit::RR_CONTRACT.replace("\n[output]", &geometry)).write(dir.path(), "prepared")
    };
    let outcomes = |model: &std::path::Path| {
        let comparer = Comparer::new(still(), Some(scorer(model)), || {}).unwrap();
        comparer.run([gray(0, 64, 16, 200)], [gray(0, 16, 40, 20)]).collect::<Vec<_>>()
    };
    // Scaled to 32×8 and 8×20, with five crops each, at different positions.
    assert_scores(&outcomes(&prepared("crops = 5")), &[(0, 180.0 / 255.0)]);
    // The number of tiles depends on the picture's size: 4 and 3.
    let error = outcomes(&prepared("crops = \"all\"\nstride = [8, 8]"))[0].result.take_error();
    for words in ["as many crops", "4 and 3", "64×16", "16×40"] {
        assert!(error.contains(words), "{words} is not in: {error}");
    }
}

/// The error's text, with its causes.
trait TakeError {
    fn take_error(&self) -> String;
}

impl<T: std::fmt::Debug> TakeError for Option<Result<T, CompareError>> {
    fn take_error(&self) -> String {
        match self {
            Some(Err(error)) => kit::chain(error),
            other => panic!("{other:?}"),
        }
    }
}
