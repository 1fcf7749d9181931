// SPDX-License-Identifier: MPL-2.0

//! The comparer: every distorted frame comes out once and in order, in every case, and the ledger is consistent.

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::mpsc::channel;
use std::time::Duration;

#[cfg(feature = "onnx")]
use common::scorer;
use common::{flat, near};
use onnx_iqa::align::space::{Registration, Scale};
use onnx_iqa::align::time::{self, Alignment, Pairing, Timestamp};
#[cfg(feature = "onnx")]
use onnx_iqa::comparer::CompareError;
use onnx_iqa::comparer::{Comparer, Outcome, Settings, SharedFrame, Side, TimedFrame};
use onnx_iqa::metrics::Measures;
use onnx_iqa::picture::{Frame, Picture, PictureError};
#[cfg(feature = "onnx")]
use onnx_iqa_testkit as kit;

const SECOND: u64 = 1_000_000_000;
/// Duration of a frame at 25 per second, in nanoseconds.
const FRAME: i64 = 40_000_000;
/// Limit for results that are due immediately, also on the slowest machine.
const LIMIT: Duration = Duration::from_secs(60);

fn settings(alignment: Alignment) -> Settings {
    let mut settings = Settings::default();
    settings.time.alignment = alignment;
    settings.time.search_range = 2 * SECOND;
    settings.scale = Scale::ToReference;
    settings.registration = Registration::None;
    settings.measures = Measures::PSNR;
    settings.max_bytes = 512 << 20;
    settings.threads = 1;
    settings.queue_size = 4;
    settings
}

fn stamp(number: i64) -> Timestamp {
    Timestamp { running: Some(number * FRAME), duration: Some(FRAME as u64) }
}

/// A gray frame; `value` differs from frame to frame.
fn gray(value: u8) -> Option<SharedFrame> {
    let frame: SharedFrame = Arc::new(*flat(16, 8, [value; 3]));
    Some(frame)
}

/// Feeds both sides like an element does, and collects the outcomes.
fn feed(
    comparer: &Comparer,
    mut reference: Vec<(Timestamp, Option<SharedFrame>)>,
    mut distorted: Vec<(Timestamp, Option<SharedFrame>)>,
) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    reference.reverse();
    distorted.reverse();
    loop {
        if reference.is_empty() {
            comparer.end_reference();
        }
        if distorted.is_empty() {
            comparer.end_distorted();
        }
        let heads = (reference.last().map(|head| head.0), distorted.last().map(|head| head.0));
        match comparer.next_side(heads.0, heads.1) {
            Some(Side::Reference) => {
                let (stamp, frame) = reference.pop().unwrap();
                comparer.push_reference(stamp, 384, frame);
            }
            Some(Side::Distorted) => {
                let (stamp, frame) = distorted.pop().unwrap();
                comparer.push_distorted(stamp, 384, frame);
            }
            None => match comparer.wait() {
                Some(outcome) => outcomes.push(outcome),
                None if heads == (None, None) => return outcomes,
                None => {}
            },
        }
    }
}

/// A comparer without a listener, fed from a thread that must finish.
fn compare(
    settings: Settings,
    reference: Vec<(Timestamp, Option<SharedFrame>)>,
    distorted: Vec<(Timestamp, Option<SharedFrame>)>,
) -> (Vec<Outcome>, time::Ledger) {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        let comparer = Comparer::new(settings, None, || {}).unwrap();
        let count = distorted.len() as u64;
        let outcomes = feed(&comparer, reference, distorted);
        assert!(outcomes.iter().map(|outcome| outcome.distorted).eq(0..count), "each once, in order");
        assert!(comparer.idle());
        let _ = sender.send((outcomes, comparer.ledger()));
    });
    let (outcomes, ledger) = receiver.recv_timeout(LIMIT).expect("the comparer finishes");
    assert_eq!(ledger.distorted, ledger.matched + ledger.duplicate + ledger.unmatched, "{ledger:?}");
    assert_eq!(ledger.reference, ledger.matched + ledger.dropped + ledger.outside, "{ledger:?}");
    (outcomes, ledger)
}

fn psnr(outcome: &Outcome) -> Option<f64> {
    outcome.result.as_ref()?.as_ref().unwrap().metrics.psnr()
}

#[test]
fn by_time_stamps() {
    let frames = |offset: u8| (0..50u8).map(|i| (stamp(i64::from(i)), gray(i * 3 + offset))).collect::<Vec<_>>();
    let (outcomes, ledger) = compare(settings(Alignment::Pts), frames(0), frames(2));
    assert_eq!((ledger.matched, ledger.reference), (50, 50));
    for (i, outcome) in outcomes.iter().enumerate() {
        assert_eq!(outcome.pairing, Pairing::Matched(i as u64));
        // 10 log (255² / 2²)
        near(psnr(outcome).unwrap(), 42.110_203_7);
    }
}

#[test]
fn by_an_offset() {
    let reference = (0..50u8).map(|i| (stamp(i64::from(i)), gray(i * 5))).collect();
    let distorted = (0..40u8).map(|i| (stamp(i64::from(i)), gray(i * 5 + 50))).collect();
    let mut settings = settings(Alignment::Offset);
    settings.time.offset = 10 * FRAME;
    let (outcomes, ledger) = compare(settings, reference, distorted);
    assert!(outcomes.iter().all(|outcome| psnr(outcome) == Some(100.0)), "{outcomes:?}");
    assert_eq!((ledger.matched, ledger.outside), (40, 10));
}

#[test]
fn frames_without_time_pair_in_order_of_arrival() {
    let frames = |count: u8| (0..count).map(|i| (Timestamp::default(), gray(i * 6))).collect::<Vec<_>>();
    let (outcomes, ledger) = compare(settings(Alignment::Pts), frames(20), frames(24));
    assert_eq!((ledger.matched, ledger.unmatched), (20, 4));
    assert!(outcomes[..20].iter().all(|outcome| psnr(outcome) == Some(100.0)));
    assert!(outcomes[20..].iter().all(|outcome| outcome.result.is_none()));
}

/// Pictures only affect the confidence in times. Without pictures, times still decide.
#[test]
fn missing_frames_pair_by_time() {
    let mut settings = settings(Alignment::Pts);
    settings.measures = Measures::NONE;
    assert!(Comparer::new(settings.clone(), None, || {}).unwrap().needs_frames());
    let frames = || (0..20).map(|i| (stamp(i), None)).collect::<Vec<_>>();
    let (outcomes, ledger) = compare(settings, frames(), frames());
    assert_eq!(ledger.matched, 20);
    assert!(outcomes.iter().all(|outcome| outcome.result.is_none()));
    assert!(outcomes.iter().all(|outcome| (outcome.confidence, outcome.evidence) == (0.4, time::Evidence::Time)));
}

#[test]
fn a_reference_that_never_comes() {
    let distorted = (0..30).map(|i| (stamp(i), gray(7))).collect();
    let (outcomes, ledger) = compare(settings(Alignment::Auto), Vec::new(), distorted);
    assert_eq!((ledger.unmatched, ledger.reference), (30, 0));
    assert!(outcomes.iter().all(|outcome| outcome.pairing == Pairing::Unmatched));
}

#[test]
fn forced_frames_do_not_wait() {
    let comparer = Comparer::new(settings(Alignment::Auto), None, || {}).unwrap();
    for i in 0..5 {
        comparer.push_distorted(stamp(i), 384, gray(0));
    }
    assert!(comparer.wait().is_none(), "without a reference nothing can be decided");
    comparer.force(2);
    let forced: Vec<u64> = std::iter::from_fn(|| comparer.wait()).map(|outcome| outcome.distorted).collect();
    assert_eq!(forced, [0, 1, 2]);
}

#[cfg(feature = "onnx")]
#[test]
fn the_model_scores_pairs() {
    let dir = kit::TempDir::new();
    let scorer = scorer(&kit::difference_model(dir.path(), "difference"));
    let comparer = Comparer::new(settings(Alignment::Pts), Some(scorer), || {}).unwrap();
    let reference = (0..20u8).map(|i| (stamp(i64::from(i)), gray(i))).collect();
    let distorted = (0..20u8).map(|i| (stamp(i64::from(i)), gray(i * 2))).collect();
    for (i, outcome) in feed(&comparer, reference, distorted).iter().enumerate() {
        let comparison = outcome.result.as_ref().unwrap().as_ref().unwrap();
        near(comparison.score.as_ref().unwrap().raw, i as f64 / 255.0);
        assert!(comparison.metrics.psnr().is_some());
    }
}

/// raw = how many pixels more the reference has than the distorted picture; all are white.
#[cfg(feature = "onnx")]
fn pixels_more(contract: &str) -> kit::Onnx {
    let sum = [kit::Attribute::int("keepdims", 0)];
    kit::Onnx::new("pixels")
        .input("ref", kit::Element::Float, "N 3 H W")
        .input("dist", kit::Element::Float, "N 3 h w")
        .output("y", kit::Element::Float, "N")
        .int64s("axes", &[1, 2, 3])
        .floats("three", &[1], &[3.0])
        .node("ReduceSum", &["ref", "axes"], &["a"], sum.clone())
        .node("ReduceSum", &["dist", "axes"], &["b"], sum)
        .node("Sub", &["a", "b"], &["d"], [])
        .node("Div", &["d", "three"], &["y"], [])
        .contract(contract)
}

/// A super-resolved picture and its low-resolution original, aligned in time.
#[cfg(feature = "onnx")]
#[test]
fn a_model_can_get_each_picture_at_its_own_size() {
    let dir = kit::TempDir::new();
    let frames = |width: u32, height: u32| {
        let frame = move |i| (stamp(i), Some(Arc::new(*flat(width, height, [255; 3])) as SharedFrame));
        (0..10).map(frame).collect::<Vec<_>>()
    };
    let own = kit::FR_CONTRACT.replace("name", "sizes = \"own\"\nname");
    let geometry = |lines: &str| own.replace("[output]", &format!("[geometry]\n{lines}\n[output]"));
    let one_size = kit::FR_CONTRACT.replace("[output]", "[geometry]\nscale = 0.5\n[output]");
    for (contract, expected) in [
        (kit::FR_CONTRACT.to_owned(), 0.0),
        (own.clone(), 16.0 * 8.0 - 64.0 * 32.0),
        (geometry("scale = 0.5"), 8.0 * 4.0 - 32.0 * 16.0),
        (geometry("crop = 4\ncrops = 5"), 0.0),
        // Relative to frames that have been brought to one size.
        (one_size, 0.0),
    ] {
        let path = pixels_more(&contract).write(dir.path(), "pixels");
        for (alignment, measures) in [
            (Alignment::Pts, Measures::NONE),
            (Alignment::Pts, Measures::PSNR),
            (Alignment::Auto, Measures::PSNR),
            (Alignment::Track, Measures::NONE),
        ] {
            let mut settings = settings(alignment);
            settings.measures = measures;
            let comparer = Comparer::new(settings, Some(scorer(&path)), || {}).unwrap();
            let outcomes = feed(&comparer, frames(16, 8), frames(64, 32));
            assert_eq!(outcomes.len(), 10);
            let mut scored = 0;
            for outcome in outcomes {
                let Some(result) = outcome.result else { continue };
                let comparison = result.unwrap();
                near(comparison.score.unwrap().raw, expected);
                assert_eq!(comparison.metrics.psnr(), (measures == Measures::PSNR).then_some(100.0));
                scored += 1;
            }
            assert!(scored > 0, "{alignment:?}");
        }
    }
}

#[cfg(feature = "onnx")]
#[test]
fn a_model_without_reference_is_refused() {
    let dir = kit::TempDir::new();
    let scorer = scorer(&kit::mean_model(dir.path(), "mean"));
    let error = Comparer::new(settings(Alignment::Pts), Some(scorer), || {}).unwrap_err();
    assert!(matches!(&error, CompareError::NoReferenceModel(name) if name == "mean"), "{error}");
}

/// A frame whose memory is no longer available.
struct Broken;

impl Frame for Broken {
    fn picture(&self) -> Result<Picture<'_>, PictureError> {
        Err(PictureError::Unreadable("gone".to_owned()))
    }
}

/// A frame whose owner panics.
struct Panicking;

impl Frame for Panicking {
    fn picture(&self) -> Result<Picture<'_>, PictureError> {
        panic!("a bug of its owner")
    }
}

#[test]
fn an_unreadable_frame_is_an_error_of_that_frame_only() {
    for alignment in [Alignment::Pts, Alignment::Auto, Alignment::Track] {
        for bad in [Arc::new(Broken) as SharedFrame, Arc::new(Panicking)] {
            let reference = (0..10).map(|i| (stamp(i), gray(i as u8))).collect();
            let mut distorted: Vec<_> = (0..10).map(|i| (stamp(i), gray(i as u8))).collect();
            distorted[4].1 = Some(bad);
            let (outcomes, _) = compare(settings(alignment), reference, distorted);
            let failed: Vec<_> =
                outcomes.iter().filter(|o| matches!(o.result, Some(Err(_)))).map(|o| o.distorted).collect();
            assert_eq!(failed, [4], "{alignment:?}: {outcomes:?}");
        }
    }
}

#[test]
fn sizes_that_differ_fail_without_scaling() {
    let mut settings = settings(Alignment::Pts);
    settings.scale = Scale::None;
    let small: SharedFrame = Arc::new(*flat(8, 8, [0; 3]));
    let (outcomes, _) = compare(settings.clone(), vec![(stamp(0), gray(0))], vec![(stamp(0), Some(small.clone()))]);
    let error = outcomes[0].result.as_ref().unwrap().as_ref().unwrap_err().to_string();
    assert!(error.contains("16x8") && error.contains("8x8"), "{error}");
    settings.scale = Scale::ToReference;
    let (outcomes, _) = compare(settings, vec![(stamp(0), gray(0))], vec![(stamp(0), Some(small))]);
    assert_eq!(psnr(&outcomes[0]), Some(100.0));
}

#[cfg(feature = "onnx")]
#[test]
fn cancelling_wakes_waiting_threads() {
    let dir = kit::TempDir::new();
    let scorer = scorer(&kit::difference_model(dir.path(), "difference"));
    let comparer = Arc::new(Comparer::new(settings(Alignment::Pts), Some(scorer), || {}).unwrap());
    let (sender, receiver) = channel();
    for i in 0..3 {
        comparer.push_reference(stamp(i), 384, gray(1));
        comparer.push_distorted(stamp(i), 384, gray(1));
    }
    let waiting = comparer.clone();
    std::thread::spawn(move || {
        while waiting.wait().is_some() {}
        let _ = sender.send(());
    });
    comparer.cancel();
    receiver.recv_timeout(LIMIT).expect("wait returns");
    comparer.push_reference(stamp(9), 384, gray(1));
    assert!(comparer.take().is_none() && comparer.wait().is_none() && comparer.idle());
    assert_eq!(comparer.next_side(Some(stamp(10)), Some(stamp(10))), None);
}

/// Frames that were taken because the reference is far ahead do not wait for another frame of their own side.
#[test]
fn frames_before_the_reference_leave_when_it_comes() {
    let comparer = Comparer::new(settings(Alignment::Pts), None, || {}).unwrap();
    for number in 0..3 {
        assert_eq!(comparer.next_side(None, Some(stamp(number))), None, "nothing of the reference has arrived");
        assert_eq!(comparer.next_side(Some(stamp(10)), Some(stamp(number))), Some(Side::Distorted));
        comparer.push_distorted(stamp(number), 384, gray(1));
    }
    assert!(comparer.wait().is_none(), "a reference may still belong to them");
    assert_eq!(comparer.next_side(Some(stamp(10)), None), Some(Side::Reference));
    comparer.push_reference(stamp(10), 384, gray(1));
    let pairings: Vec<_> = std::iter::from_fn(|| comparer.wait()).map(|outcome| outcome.pairing).collect();
    assert_eq!(pairings, [Pairing::Unmatched; 3]);
    assert_eq!(comparer.next_side(Some(stamp(11)), None), None, "nothing waits for it");
}

#[test]
fn memory_is_bounded() {
    // 20 frames of both sides together: far less than two seconds.
    let mut settings = settings(Alignment::Auto);
    settings.max_bytes = 20 * 384;
    let frames = || (0..300).map(|i| (stamp(i), gray(128))).collect::<Vec<_>>();
    let comparer = Comparer::new(settings, None, || {}).unwrap();
    let outcomes = feed(&comparer, frames(), frames());
    assert_eq!(outcomes.len(), 300);
    assert!(
        std::iter::from_fn(|| comparer.next_event()).any(|event| matches!(event, time::AlignmentEvent::Shrunk { .. }))
    );
}

/// What [`feed`] does by hand, in one call, for streams of 16×8 gray frames that are made on demand.
fn run(
    settings: Settings,
    reference: impl Iterator<Item = TimedFrame> + Send + 'static,
    distorted: impl Iterator<Item = TimedFrame> + Send + 'static,
) -> (Vec<Outcome>, time::Ledger) {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        let comparer = Comparer::new(settings, None, || {}).unwrap();
        let outcomes: Vec<_> = comparer.run(reference, distorted).collect();
        let _ = sender.send((outcomes, comparer.ledger()));
    });
    receiver.recv_timeout(LIMIT).expect("the comparer finishes")
}

fn stream(
    count: i64,
    timed: bool,
    value: impl Fn(i64) -> u8 + Send + 'static,
) -> impl Iterator<Item = TimedFrame> + Send + 'static {
    (0..count).map(move |number| {
        let stamp = if timed { stamp(number) } else { Timestamp::default() };
        TimedFrame::new(stamp, *flat(16, 8, [value(number); 3]))
    })
}

#[test]
fn two_iterators_are_compared_by_one_call() {
    for alignment in [Alignment::Pts, Alignment::Offset, Alignment::Auto, Alignment::Track] {
        for timed in [true, false] {
            let shade = |number: i64| (number * 83 % 251) as u8;
            let (outcomes, ledger) = run(settings(alignment), stream(80, timed, shade), stream(70, timed, shade));
            assert!(outcomes.iter().map(|outcome| outcome.distorted).eq(0..70), "each once, in order");
            assert_eq!((ledger.distorted, ledger.reference), (70, 80), "{alignment:?} {timed}");
            assert_eq!(ledger.distorted, ledger.matched + ledger.duplicate + ledger.unmatched);
            if matches!(alignment, Alignment::Pts | Alignment::Offset) {
                assert_eq!(ledger.matched, 70, "{alignment:?} {timed}");
                assert!(outcomes.iter().all(|outcome| psnr(outcome) == Some(100.0)));
            }
        }
    }
}

#[test]
fn a_run_over_empty_streams_ends() {
    for (references, distorted) in [(0, 0), (30, 0), (0, 30)] {
        for alignment in [Alignment::Pts, Alignment::Auto, Alignment::Track] {
            let (outcomes, ledger) =
                run(settings(alignment), stream(references, true, |_| 9), stream(distorted, true, |_| 9));
            assert_eq!(outcomes.len() as i64, distorted, "{alignment:?}");
            assert_eq!((ledger.reference as i64, ledger.unmatched as i64), (references, distorted), "{alignment:?}");
        }
    }
}

/// Frames are made only when there is room for them.
#[test]
fn a_run_holds_few_frames() {
    let mut settings = settings(Alignment::Pts);
    settings.max_bytes = 20 * 384;
    let made = Arc::new(AtomicI64::new(0));
    let counted = |made: Arc<AtomicI64>| {
        stream(300, true, move |number| {
            made.fetch_add(1, Ordering::Relaxed);
            (number % 256) as u8
        })
    };
    let (outcomes, most) = {
        let comparer = Comparer::new(settings, None, || {}).unwrap();
        let mut most = 0;
        let outcomes = comparer.run(counted(made.clone()), counted(made.clone())).inspect(|outcome| {
            most = most.max(made.load(Ordering::Relaxed) - 2 * outcome.distorted as i64);
        });
        (outcomes.count(), most)
    };
    assert_eq!(outcomes, 300);
    // What the bound allows, what waits for examination, and the next frame of each side.
    assert!(most < 20 + 8 + 4 + 2 + 8, "{most} frames were made ahead of the outcomes");
}

#[test]
fn a_cancelled_run_ends() {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        let comparer = Comparer::new(settings(Alignment::Pts), None, || {}).unwrap();
        let endless = || stream(i64::MAX, true, |number| number as u8);
        let mut outcomes = comparer.run(endless(), endless());
        assert!(outcomes.next().is_some());
        comparer.cancel();
        assert!(outcomes.next().is_none() && outcomes.next().is_none());
        let _ = sender.send(());
    });
    receiver.recv_timeout(LIMIT).expect("the run finishes");
}

/// The caller's code panics on a thread of the comparer. The comparer then reports a failure, and nothing waits.
#[test]
fn a_panic_on_a_thread_of_the_comparer_is_its_failure() {
    let told = std::sync::atomic::AtomicU32::new(0);
    let changed = move || assert_ne!(told.fetch_add(1, Ordering::Relaxed), 10, "told too often");
    let comparer = Comparer::new(settings(Alignment::Pts), None, changed).unwrap();
    assert!(comparer.failure().is_none());
    let stream = || (0..100).map(|number| TimedFrame::from((stamp(number), *flat(16, 8, [100; 3]))));
    assert!(comparer.run(stream(), stream()).count() < 100);
    let failure = comparer.failure().expect("a thread has panicked").to_string();
    assert!(failure.contains("told too often"), "{failure}");
}
