// SPDX-License-Identifier: MPL-2.0

//! The comparer with a measure that needs the next pair (VMAF): each frame waits for it, and nothing waits for ever.

use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::Duration;

use onnx_iqa::align::time::{Alignment, Pairing, Timestamp};
use onnx_iqa::comparer::{Comparer, Outcome, Settings, SharedFrame};
use onnx_iqa::metrics::{Measurements, Measures, Meter, Missing};
use onnx_iqa::picture::{Colorimetry, Frame as _, OwnedFrame, PixelFormat};

/// Of a frame at 25 a second.
const FRAME: u64 = 40_000_000;
/// What must come at once comes within this on the slowest machine.
const LIMIT: Duration = Duration::from_secs(60);

fn settings(queue_size: usize) -> Settings {
    let mut settings = Settings::default();
    settings.time.alignment = Alignment::Pts;
    settings.measures = Measures::VMAF;
    settings.threads = 1;
    settings.queue_size = queue_size;
    settings
}

/// A gray pattern that moves; `noise` is added to every third pixel.
fn frame(number: u64, noise: u8) -> OwnedFrame {
    let sample = |i: u64| {
        let (x, y) = (i % 64 + number * number, i / 64);
        let shade = (x * 7 % 61 + y * 5 % 47 + (x / 9 + y / 7) % 2 * 60) as u8;
        shade + if i.is_multiple_of(3) { noise } else { 0 }
    };
    let data = (0..64 * 48).map(sample).collect();
    let planes = vec![(data, 64)];
    OwnedFrame { format: PixelFormat::Gray8, width: 64, height: 48, colorimetry: Colorimetry::SRGB, planes }
}

fn stamp(number: u64) -> Timestamp {
    Timestamp { running: Some((number * FRAME) as i64), duration: Some(FRAME) }
}

/// What a meter says of the pairs of these numbers, one after another.
fn expected(numbers: &[u64]) -> Vec<f64> {
    let mut meter = Meter::new(Measures::VMAF, 1);
    let mut found: Vec<Measurements> = Vec::new();
    for &number in numbers {
        let [reference, distorted] = [frame(number, 0), frame(number, 9)];
        let measured = meter.measure(&reference.picture().unwrap(), &distorted.picture().unwrap()).unwrap();
        let late = meter.late();
        found.iter_mut().last().into_iter().for_each(|before| before.complete(late.clone()));
        found.push(measured);
    }
    found.iter_mut().last().into_iter().for_each(|last| last.complete(meter.finish()));
    found.iter().map(|found| found.vmaf().unwrap()).collect()
}

/// Both streams with the frames of these numbers, compared on a thread that must come back.
fn compare(settings: Settings, reference: Vec<u64>, distorted: Vec<u64>) -> Vec<Outcome> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        let comparer = Comparer::new(settings, None, || {}).unwrap();
        let stream = |numbers: Vec<u64>, noise| numbers.into_iter().map(move |n| (stamp(n), frame(n, noise)));
        let outcomes: Vec<_> = comparer.run(stream(reference, 0), stream(distorted, 9)).collect();
        assert!(comparer.idle());
        let _ = sender.send(outcomes);
    });
    receiver.recv_timeout(LIMIT).expect("the comparer comes to an end")
}

fn metrics(outcome: &Outcome) -> &Measurements {
    &outcome.result.as_ref().unwrap().as_ref().unwrap().metrics
}

#[test]
fn every_pair_has_its_vmaf_the_last_one_too() {
    let numbers: Vec<_> = (0..12).collect();
    let expected = expected(&numbers);
    for queue_size in [1, 4] {
        let outcomes = compare(settings(queue_size), numbers.clone(), numbers.clone());
        let found: Vec<_> = outcomes.iter().map(|outcome| metrics(outcome).vmaf().unwrap()).collect();
        assert_eq!(found, expected, "queue-size {queue_size}");
    }
    assert!(expected.windows(2).any(|two| two[0] != two[1]), "{expected:?}");
}

#[test]
fn one_pair_alone_has_its_vmaf() {
    let outcomes = compare(settings(4), vec![3], vec![3]);
    assert_eq!(metrics(&outcomes[0]).vmaf(), Some(expected(&[3])[0]));
}

/// Motion is taken over the pairs: frames without a partner lie between two and wait with the first, however many they are.
#[test]
fn frames_without_a_partner_do_not_break_the_sequence() {
    let pairs: Vec<_> = (0..4).chain(14..18).collect();
    let expected = expected(&pairs);
    for queue_size in [1, 4] {
        let outcomes = compare(settings(queue_size), pairs.clone(), (0..18).collect());
        assert!(outcomes.iter().map(|outcome| outcome.distorted).eq(0..18));
        let matched = outcomes.iter().filter(|outcome| outcome.pairing != Pairing::Unmatched);
        let found: Vec<_> = matched.map(|outcome| metrics(outcome).vmaf().unwrap()).collect();
        assert_eq!(found, expected, "queue-size {queue_size}");
    }
}

/// Reference frames that were left out are not in the sequence either.
#[test]
fn dropped_frames_are_not_in_the_sequence() {
    let pairs: Vec<_> = (0..5).chain(9..12).collect();
    let outcomes = compare(settings(4), (0..12).collect(), pairs.clone());
    let found: Vec<_> = outcomes.iter().map(|outcome| metrics(outcome).vmaf().unwrap()).collect();
    assert_eq!(found, expected(&pairs));
}

fn shared(number: u64, noise: u8) -> Option<SharedFrame> {
    Some(Arc::new(frame(number, noise)))
}

fn given_up(outcome: &Outcome) -> bool {
    let metrics = metrics(outcome);
    metrics.vmaf().is_none() && metrics.missing() == [Missing::NoNextPair { measure: "vmaf" }]
}

/// In a live pipeline a frame without partner says that the next pair is late: what waits goes without it, and says so.
#[test]
fn what_can_wait_no_longer_goes_without() {
    let comparer = Comparer::new(settings(4), None, || {}).unwrap();
    comparer.push_reference(stamp(0), 1, shared(0, 0));
    comparer.push_distorted(stamp(0), 1, shared(0, 9));
    comparer.push_distorted(stamp(1), 1, shared(1, 9));
    comparer.force(1);
    let [first, second] = [(); 2].map(|()| comparer.wait().expect("an outcome"));
    assert!(given_up(&first), "{first:?}");
    assert_eq!((first.distorted, second.pairing), (0, Pairing::Unmatched));
    // The sequence goes on: the next pair follows the first one.
    for number in [2, 3] {
        comparer.push_reference(stamp(number), 1, shared(number, 0));
        comparer.push_distorted(stamp(number), 1, shared(number, 9));
    }
    comparer.end_reference();
    comparer.end_distorted();
    let found: Vec<_> =
        std::iter::from_fn(|| comparer.wait()).map(|outcome| metrics(&outcome).vmaf().unwrap()).collect();
    assert_eq!(found, expected(&[0, 2, 3])[1..]);
}

/// A long run of frames without partner fills the memory: nothing hangs, and what has no VMAF says why.
#[test]
fn memory_that_is_used_up_is_given_back() {
    let pairs: Vec<_> = (0..3).chain(40..43).collect();
    for frames in [2, 10, 24, 60] {
        let mut settings = settings(2);
        settings.max_bytes = frames * 64 * 48;
        let found = compare(settings, pairs.clone(), (0..43).collect());
        assert!(found.iter().map(|outcome| outcome.distorted).eq(0..43), "{frames} frames");
        let mut matched = found.iter().filter(|outcome| outcome.pairing != Pairing::Unmatched);
        assert!(matched.all(|outcome| metrics(outcome).vmaf().is_some() || given_up(outcome)), "{found:?}");
    }
}

/// What waits for the next pair does not keep a comparer busy, and is gone when it is cancelled.
#[test]
fn waiting_for_the_next_pair_is_idle() {
    let comparer = Comparer::new(settings(1), None, || {}).unwrap();
    comparer.push_reference(stamp(0), 1, shared(0, 0));
    comparer.push_reference(stamp(1), 1, shared(1, 0));
    comparer.push_distorted(stamp(0), 1, shared(0, 9));
    assert!(comparer.wait().is_none(), "there is none before the next pair");
    assert!(comparer.idle() && comparer.take().is_none());
    comparer.cancel();
    assert!(comparer.wait().is_none() && comparer.is_cancelled());
}
