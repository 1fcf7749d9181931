// SPDX-License-Identifier: MPL-2.0

//! Feeding a pair of streams to the engine, and evaluating the result.

use crate::ground_truth::{Case, FRAME, fed, partners};
use onnx_iqa::align::time::{Aligner, Alignment, AlignmentEvent, Decision, Pairing, Settings};
use std::time::{Duration, Instant};

/// As the issue has it.
pub const SEARCH_RANGE: u64 = 2_500_000_000;

/// The result of one case.
pub struct Row {
    pub clip: &'static str,
    pub case: String,
    pub alignment: Alignment,
    pub frames: usize,
    /// Percentage of all distorted frames with the right partner, or rightly without one.
    pub right: f64,
    /// Frames with a partner that is not theirs.
    pub wrong: usize,
    /// Frames with a partner although they have none.
    pub strangers: usize,
    /// Error of the last reported offset, in reference frames; `None` if there is no single offset or none was
    /// reported.
    pub offset_error: Option<f64>,
    /// Number of events.
    pub events: usize,
    /// Mean confidence of right pairs, and of wrong ones.
    pub confidence: [f64; 2],
    /// Time spent in the aligner.
    pub time: Duration,
    /// The greatest number of distorted frames that waited for a decision at the same time.
    pub lag: usize,
}

/// The output of one case.
pub struct Run {
    pub decisions: Vec<Decision>,
    pub events: Vec<AlignmentEvent>,
    /// The greatest number of distorted frames that waited for a decision at the same time.
    pub lag: usize,
    /// Time spent in the aligner.
    pub time: Duration,
}

/// Feeds a case frame by frame, like the element does.
pub fn feed(case: &Case, settings: Settings) -> Run {
    let (reference, distorted) = (fed(&case.reference), fed(&case.distorted));
    let started = Instant::now();
    let mut aligner = Aligner::new(settings);
    let (mut decisions, mut events): (Vec<Decision>, Vec<AlignmentEvent>) = (Vec::new(), Vec::new());
    let (mut r, mut d, mut lag) = (0, 0, 0);
    loop {
        while let Some(decision) = aligner.next_decision() {
            if let Some(partner) = decision.pairing.reference() {
                assert!(partner < r as u64, "{}: a partner that has not arrived", case.name);
            }
            decisions.push(decision);
        }
        lag = lag.max(d - decisions.len());
        events.extend(std::iter::from_fn(|| aligner.next_event()));
        match (reference.get(r), distorted.get(d)) {
            (Some(next), Some(head)) => {
                let (time, limit) = (next.stamp.running.unwrap(), head.stamp.running.unwrap() + aligner.lead());
                if time <= limit {
                    aligner.push_reference(next.stamp, Some(next.signature.clone()));
                    r += 1;
                } else {
                    aligner.push_distorted(head.stamp, Some(head.signature.clone()));
                    d += 1;
                }
            }
            (None, Some(head)) => {
                aligner.push_distorted(head.stamp, Some(head.signature.clone()));
                d += 1;
            }
            (Some(next), None) => {
                aligner.push_reference(next.stamp, Some(next.signature.clone()));
                r += 1;
            }
            (None, None) => break,
        }
        if r == reference.len() {
            aligner.end_reference();
        }
        if d == distorted.len() {
            aligner.end_distorted();
        }
    }
    decisions.extend(std::iter::from_fn(|| aligner.next_decision()));
    events.extend(std::iter::from_fn(|| aligner.next_event()));
    let time = started.elapsed();
    check(case, &aligner, &decisions);
    Run { decisions, events, lag, time }
}

/// Feeds a case and compares the output with the truth.
pub fn run(case: &Case, alignment: Alignment) -> Row {
    let mut settings = Settings::default();
    settings.alignment = alignment;
    settings.search_range = SEARCH_RANGE;
    let reference = fed(&case.reference);
    let truths: Vec<_> = case.distorted.iter().map(|entry| partners(entry, &case.reference, &reference)).collect();
    let Run { decisions, events, lag, time } = feed(case, settings);

    let (mut right, mut wrong, mut strangers) = (0, 0, 0);
    let mut confidence = [(0.0, 0u32); 2];
    for (decision, truth) in decisions.iter().zip(&truths) {
        let none = truth.as_ref().is_none_or(|t| t.is_empty());
        match decision.pairing.reference() {
            None if none => right += 1,
            None => {}
            Some(_) if none => strangers += 1,
            Some(partner) if truth.as_ref().is_some_and(|t| t.contains(&partner)) => right += 1,
            Some(_) => wrong += 1,
        }
        if decision.pairing != Pairing::Unmatched {
            let good =
                !none && truth.as_ref().is_some_and(|t| decision.pairing.reference().is_some_and(|p| t.contains(&p)));
            let entry = &mut confidence[usize::from(!good)];
            *entry = (entry.0 + decision.confidence, entry.1 + 1);
        }
    }
    let told =
        events.iter().rev().find_map(|n| if let AlignmentEvent::Offset { to, .. } = n { Some(*to) } else { None });
    let mean = |(sum, count): (f64, u32)| if count == 0 { 0.0 } else { sum / f64::from(count) };
    Row {
        clip: case.clip,
        case: case.name.clone(),
        alignment,
        frames: decisions.len(),
        right: 100.0 * right as f64 / decisions.len() as f64,
        wrong,
        strangers,
        offset_error: case.offset.zip(told).map(|(truth, told)| (told - truth) as f64 / FRAME as f64),
        events: events.len(),
        confidence: confidence.map(mean),
        time,
        lag,
    }
}

/// Checks that hold for all pictures.
fn check(case: &Case, aligner: &Aligner, decisions: &[Decision]) {
    let name = &case.name;
    let numbers: Vec<u64> = decisions.iter().map(|decision| decision.distorted).collect();
    assert!(numbers.iter().copied().eq(0..case.distorted.len() as u64), "{name}: each frame once, in order");
    let mut before: Option<u64> = None;
    let mut newest: Option<u64> = None;
    for decision in decisions {
        match decision.pairing {
            Pairing::Matched(r) => {
                assert!(newest.is_none_or(|newest| r > newest), "{name}: {decision:?} goes back");
                newest = Some(r);
            }
            Pairing::Duplicate(r) => assert_eq!(before, Some(r), "{name}: {decision:?} is not the one before"),
            Pairing::Unmatched => {}
        }
        before = decision.pairing.reference();
        assert!((0.0..=1.0).contains(&decision.confidence), "{name}: {decision:?}");
    }
    let ledger = aligner.ledger();
    assert_eq!(ledger.distorted, case.distorted.len() as u64, "{name}");
    assert_eq!(ledger.reference, case.reference.len() as u64, "{name}");
    assert_eq!(ledger.distorted, ledger.matched + ledger.duplicate + ledger.unmatched, "{name}: {ledger:?}");
    assert_eq!(ledger.reference, ledger.matched + ledger.dropped + ledger.outside, "{name}: {ledger:?}");
}

/// Prints the table as a whole.
pub fn print(rows: &[Row]) {
    let heads = ["clip", "case", "alignment", "frames", "right %", "wrong", "false", "missing %", "offset error"];
    let more = ["notices", "confidence right/wrong", "held", "µs a frame"];
    let mut table = format!("| {} | {} |\n|---|---|---{}|\n", heads.join(" | "), more.join(" | "), "|--:".repeat(10));
    for row in rows {
        let error = row.offset_error.map_or("–".to_owned(), |error| format!("{error:+.2}"));
        let alignment = format!("{:?}", row.alignment).to_lowercase();
        let missing = 100.0 - row.right - 100.0 * (row.wrong + row.strangers) as f64 / row.frames as f64;
        let cells = [
            row.clip.to_owned(),
            row.case.clone(),
            alignment,
            row.frames.to_string(),
            format!("{:.1}", row.right),
            row.wrong.to_string(),
            row.strangers.to_string(),
            format!("{:.1}", missing.abs()),
            error,
            row.events.to_string(),
            format!("{:.2}/{:.2}", row.confidence[0], row.confidence[1]),
            row.lag.to_string(),
            (row.time.as_micros() / row.frames.max(1) as u128).to_string(),
        ];
        table += &format!("| {} |\n", cells.join(" | "));
    }
    print!("{table}");
}
