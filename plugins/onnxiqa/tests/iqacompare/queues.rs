// SPDX-License-Identifier: MPL-2.0

//! What is held while one stream waits for the other: how much, for how long, and what ends it.

use crate::common::*;
use gst::prelude::*;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// The bytes of a frame of [`flat`].
const BYTES: usize = 16 * 16;

/// Memory that is counted while it exists.
struct Counted(Vec<u8>, Arc<AtomicUsize>);

impl Counted {
    fn new(value: u8, alive: &Arc<AtomicUsize>) -> Self {
        alive.fetch_add(1, Ordering::SeqCst);
        Self(vec![value; BYTES], alive.clone())
    }
}

impl AsRef<[u8]> for Counted {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.1.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Frame number `n` of [`FLAT`], counted in `alive` while it exists.
pub fn counted(n: u64, value: u8, alive: &Arc<AtomicUsize>) -> gst::Buffer {
    let mut buffer = gst::Buffer::from_slice(Counted::new(value, alive));
    let fields = buffer.get_mut().unwrap();
    fields.set_pts(n * FRAME);
    fields.set_duration(FRAME);
    buffer
}

/// An element that may hold that many frames.
fn bounded_to(frames: usize) -> gst::element_factory::ElementBuilder<'static> {
    iqacompare().property("max-bytes", (frames * BYTES) as u64)
}

#[track_caller]
pub fn wait_for(what: &str, condition: impl Fn() -> bool) {
    let deadline = Instant::now() + LIMIT;
    while !condition() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// How many of the pushed frames have been accepted.
fn let_in(pushed: &[Pushed]) -> usize {
    pushed.iter().take_while(|push| !push.blocks(GLANCE)).count()
}

fn warnings(harness: &ElementHarness) -> Vec<String> {
    let messages = std::iter::from_fn(|| harness.bus.pop_filtered(&[gst::MessageType::Warning]));
    let texts = messages.filter_map(|message| match message.view() {
        gst::MessageView::Warning(warning) => Some(warning.error().to_string()),
        _ => None,
    });
    texts.collect()
}

/// With a tee, one branch has nothing before the other has received everything that the encoder looks ahead.
#[test]
fn an_encoder_with_lookahead_needs_neither_latency_nor_a_queue() {
    for alignment in ["pts", "auto"] {
        let pipeline = launch(&format!(
            "filesrc location={} ! decodebin ! videoconvert ! video/x-raw,format=I420 ! tee name=t t. ! c.reference \
             t. ! queue ! x264enc ! avdec_h264 ! c.distorted iqacompare name=c alignment={alignment} ! fakesink",
            clip("carphone_pristine.mp4").display()
        ));
        let (errors, messages) = run(&pipeline);
        assert!(errors.is_empty(), "{errors:?}");
        let summary = messages.iter().find(|message| message.name() == "iqa-summary").expect("a summary");
        let count = |field: &str| summary.get::<u64>(field).unwrap();
        assert!(count("distorted") > 100, "{summary}");
        assert_eq!((count("matched"), count("unmatched")), (count("distorted"), 0), "{alignment}: {summary}");
    }
}

#[test]
fn a_side_that_waits_holds_what_max_bytes_allows() {
    for side in ["reference", "distorted"] {
        let harness = Compare::started(bounded_to(40).build().unwrap(), FLAT);
        let alive = Arc::new(AtomicUsize::new(0));
        let upstream = if side == "reference" { &harness.reference } else { &*harness };
        let source = alive.clone();
        let pushing = upstream.later("frames", move |pad| {
            for n in 0..60 {
                pad.push(counted(n, 100, &source)).unwrap();
            }
        });
        wait_for("as many frames as fit", || alive.load(Ordering::SeqCst) == 31);
        assert!(pushing.blocks(GLANCE), "{side} does not block");
        assert_eq!(alive.load(Ordering::SeqCst), 31, "three quarters are held, and one waits");
        // The other side releases them.
        let (reference, distorted): (&Upstream, &Upstream) = (&harness.reference, &harness);
        let (other, count) = if side == "reference" { (distorted, 60) } else { (reference, 62) };
        let others: Vec<_> = (0..count).map(|n| other.push_later(counted(n, 105, &alive))).collect();
        pushing.wait();
        for push in others {
            push.wait().unwrap();
        }
        let ended = harness.end_reference();
        assert_eq!(harness.finish().len(), 60);
        ended.wait();
        harness.assert_ledger(&[("matched", 60)]);
        harness.clear();
        harness.state(gst::State::Null);
        wait_for("all frames are let go", || alive.load(Ordering::SeqCst) == 0);
    }
}

/// With independent sources, no side holds more because the other one is slow, and both continue when it is not.
#[test]
fn independent_sources_do_not_pile_up() {
    for side in ["reference", "distorted"] {
        let element = bounded_to(40).property("independent-sources", true).build().unwrap();
        let harness = Compare::started(element, FLAT);
        let alive = Arc::new(AtomicUsize::new(0));
        let (reference, distorted): (&Upstream, &Upstream) = (&harness.reference, &harness);
        let (own, other) = if side == "reference" { (reference, distorted) } else { (distorted, reference) };
        let source = alive.clone();
        let pushing = own.later("frames", move |pad| {
            for n in 0..60 {
                pad.push(counted(n, 100, &source)).unwrap();
            }
        });
        let held = || alive.load(Ordering::SeqCst);
        wait_for("a few frames are let in", || held() >= 4);
        // Longer than the usual patience of a side.
        std::thread::sleep(Duration::from_millis(1500));
        assert!(held() <= 10, "{side}: {} frames", held());
        assert_eq!(warnings(&harness), Vec::<String>::new());
        let others: Vec<_> = (0..62).map(|n| other.push_later(counted(n, 105, &alive))).collect();
        pushing.wait();
        let ended = harness.end_reference();
        assert_eq!(harness.finish().len(), if side == "reference" { 62 } else { 60 });
        ended.wait();
        for push in others {
            push.wait().unwrap();
        }
        harness.assert_ledger(&[("matched", 60)]);
    }
}

/// Everything held is within the bound, including frames being examined and frames waiting for their outcome.
#[test]
fn both_sides_together_stay_below_max_bytes() {
    for alignment in ["pts", "auto", "track"] {
        let element = bounded_to(24).property_from_str("alignment", alignment).build().unwrap();
        let harness = Compare::started(element, FLAT);
        let alive = Arc::new(AtomicUsize::new(0));
        let most = Arc::new(AtomicUsize::new(0));
        let feed = |upstream: &Upstream, delay: u64| {
            let (source, seen) = (alive.clone(), most.clone());
            upstream.later("frames", move |pad| {
                for n in 0..300 {
                    pad.push(counted(n, shade(n), &source)).unwrap();
                    seen.fetch_max(source.load(Ordering::SeqCst), Ordering::SeqCst);
                    std::thread::sleep(Duration::from_micros(delay));
                }
            })
        };
        // Downstream keeps nothing.
        let both = [feed(&harness.reference, 200), feed(&harness, 300)];
        let out = harness.sink.clone();
        out.add_probe(gst::PadProbeType::BUFFER, |_, info| {
            info.data = None;
            gst::PadProbeReturn::Handled
        });
        for pushing in both {
            pushing.wait();
        }
        let ended = harness.end_reference();
        harness.finish();
        ended.wait();
        harness.assert_ledger(&[("distorted", 300), ("reference", 300)]);
        // One frame per side in its queue whatever else is held, one per side on its way in, and one on its way out.
        // Their number depends on thread scheduling.
        let most = most.load(Ordering::SeqCst);
        assert!((2..=24 + 5).contains(&most), "{alignment}: {most} frames");
    }
}

#[test]
fn a_few_frames_are_enough_if_both_streams_come() {
    let harness = Compare::started(iqacompare().build().unwrap(), FLAT);
    harness.block();
    harness.pairs(0..4, 3);
    harness.frames(1);
    // Downstream is stuck, so both sides are held back and nothing grows.
    let pushed = harness.pairs(4..100, 3);
    let (reference, distorted) = (let_in(&pushed[..96]), let_in(&pushed[96..]));
    assert!(reference < 20 && distorted < 20, "{reference}, {distorted}");
    harness.unblock();
    assert_eq!(harness.finish_both().len(), 100);
}

#[test]
fn a_stalled_reference_causes_one_warning() {
    let harness = Compare::started(bounded_to(40).build().unwrap(), FLAT);
    let pushed = harness.feed([], (0..90).map(|n| flat(n, 100)));
    let limit = gst::ClockTime::try_from(LIMIT).unwrap();
    let message = harness.bus.timed_pop_filtered(limit, &[gst::MessageType::Warning]).expect("a warning");
    let gst::MessageView::Warning(warning) = message.view() else { panic!("{message:?}") };
    let text = warning.error().to_string();
    for part in ["distorted", "reference", "30 frames", "max-bytes"] {
        assert!(text.contains(part), "{part} is not in: {text}");
    }
    // It continues, and stalls again.
    harness.feed((0..15).map(|n| flat(n, 103)), []);
    harness.frames(13);
    std::thread::sleep(Duration::from_millis(2500));
    assert_eq!(warnings(&harness), [""; 0], "warned only once");
    harness.state(gst::State::Ready);
    for push in pushed {
        assert!(matches!(push.wait(), Ok(_) | Err(gst::FlowError::Flushing)));
    }
}

#[test]
fn a_stall_that_does_not_end_is_an_error() {
    let harness = Compare::started(bounded_to(40).build().unwrap(), FLAT);
    let pushed = harness.feed((0..90).map(|n| flat(n, 100)), []);
    let text = error_text(&harness.bus);
    for part in ["nothing has moved for 10 s", "reference holds 30 frames", "distorted", "max-bytes"] {
        assert!(text.contains(part), "{part} is not in: {text}");
    }
    let refused = pushed.into_iter().filter(|push| push.wait() == Err(gst::FlowError::Error)).count();
    assert_eq!(refused, 60, "upstream gets the error");
}

/// The reference comes at full speed, `distorted` one frame per 20 ms. Returns the greatest number of reference frames
/// held, and the longest time between two distorted ones.
fn slower() -> (usize, Duration) {
    let harness = Compare::started(iqacompare().build().unwrap(), FLAT);
    let alive = Arc::new(AtomicUsize::new(0));
    let source = alive.clone();
    let pushing = harness
        .reference
        .later("frames", move |pad| (0..200).take_while(|&n| pad.push(counted(n, 100, &source)).is_ok()).count());
    let (mut most, mut longest, mut last) = (0, Duration::ZERO, Instant::now());
    for n in 0..30 {
        std::thread::sleep(Duration::from_millis(20));
        harness.push(flat(n, 105)).unwrap();
        longest = longest.max(last.elapsed());
        last = Instant::now();
        most = most.max(alive.load(Ordering::SeqCst));
    }
    let frames = harness.finish();
    assert_eq!(frames.len(), 30);
    assert!(frames.iter().all(|frame| entry(frame).get::<&str>("state") == Ok("scored")));
    harness.state(gst::State::Null);
    assert!(pushing.wait() >= 30);
    (most, longest)
}

#[test]
fn a_slower_side_does_not_fill_the_memory_with_frames_of_the_other() {
    for _ in 0..10 {
        let (most, longest) = slower();
        // On a busy machine, this thread may have slept longer than a side may be silent.
        if longest < Duration::from_millis(80) {
            assert!(most < 20, "{most} frames of the reference are held");
            return;
        }
    }
    onnx_iqa_testkit::skipped(
        "what a slower side makes the other one hold: this machine is too busy to distinguish slow from silent",
    );
}

#[test]
fn a_slow_reference_causes_no_warning() {
    let harness = Compare::started(bounded_to(10).build().unwrap(), FLAT);
    harness.feed([], (0..20).map(|n| flat(n, 100)));
    for n in 0..21 {
        harness.reference.push(flat(n, 103)).unwrap();
        std::thread::sleep(Duration::from_millis(100));
    }
    assert_eq!(harness.finish_both().len(), 20);
    assert_eq!(warnings(&harness), [""; 0]);
}

/// A stalled stream takes precedence over the search window for memory.
#[test]
fn the_window_shrinks_for_frames_that_have_to_wait() {
    let element = bounded_to(60).property_from_str("alignment", "auto").property("search-range", 400_000_000u64);
    let harness = Compare::started(element.build().unwrap(), FLAT);
    // Pictures with nothing in common, so the comparer holds what may still decide. Then `distorted` stalls.
    let mut pushed = harness.feed((0..90).map(|n| noise(n, 1)), (0..20).map(|n| noise(n, 2)));
    let distorted = pushed.split_off(90);
    for push in distorted {
        push.wait().unwrap();
    }
    // On a busy machine, this is fewer than fit: a slow side may be silent for longer than a glance.
    let held = let_in(&pushed);
    assert!(held < 90, "{held} frames");
    let shrinks = || {
        let told = harness.messages_named("iqa-alignment");
        told.iter().any(|event| event.get::<&str>("event") == Ok("shrunk"))
    };
    wait_for("the search window shrinks", shrinks);
    pushed[held].wait().unwrap();
    let more = harness.feed([], (20..90).map(|n| noise(n, 2)));
    for push in pushed[held + 1..].iter().chain(&more) {
        push.wait().unwrap();
    }
    assert_eq!(harness.finish_both().len(), 90);
    harness.assert_ledger(&[("distorted", 90), ("reference", 90), ("unmatched", 90)]);
    let warnings = warnings(&harness);
    assert!(warnings.len() == 1 && warnings[0].contains("no frame was matched"), "{warnings:?}");
}

/// Frame number `n` of [`FLAT`] with a different picture in each frame of each stream.
fn noise(n: u64, stream: u64) -> gst::Buffer {
    let mut state = (n + 1) * 1_000_003 + stream * 7_777_777;
    let data = std::iter::repeat_with(|| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    });
    let mut buffer = gst::Buffer::from_slice(data.take(BYTES).collect::<Vec<_>>());
    let fields = buffer.get_mut().unwrap();
    fields.set_pts(n * FRAME);
    fields.set_duration(FRAME);
    buffer
}

#[test]
fn flushes_end_a_stall() {
    let harness = Compare::started(bounded_to(40).build().unwrap(), FLAT);
    // On the side that is full.
    let pushed = harness.feed([], (0..60).map(|n| flat(n, 100)));
    wait_for("as many frames as fit", || let_in(&pushed) == 30);
    let held = 30;
    harness.flush_start();
    for push in &pushed[held..] {
        assert_eq!(push.wait(), Err(gst::FlowError::Flushing));
    }
    harness.flush_stop();
    harness.pairs(0..8, 3);
    near(entry(&harness.frames(6)[0]).get("psnr-y").unwrap(), psnr(3), 1e-9);

    // On the empty side: frames that wait for it keep waiting.
    let pushed = harness.feed([], (8..60).map(|n| flat(n, 100)));
    let held = let_in(&pushed);
    assert!(held < 40, "{held}");
    harness.reference.flush();
    harness.feed((8..61).map(|n| flat(n, 107)), []);
    for push in &pushed[held..] {
        push.wait().unwrap();
    }
    let frames = harness.finish_both();
    assert_eq!(frames.len(), 60);
    near(entry(&frames[59]).get("psnr-y").unwrap(), psnr(7), 1e-9);
    harness.assert_ledger(&[("distorted", 60)]);
}

#[test]
fn the_end_of_one_side_lets_the_other_pass() {
    let harness = Compare::started(bounded_to(10).build().unwrap(), FLAT);
    harness.feed((0..5).map(|n| flat(n, 100)), []);
    let ended = harness.end_reference();
    let pushed = harness.feed([], (0..200).map(|n| flat(n, 105)));
    for push in pushed {
        push.wait().unwrap();
    }
    assert_eq!(harness.finish().len(), 200);
    ended.wait();
    harness.assert_ledger(&[("matched", 5), ("unmatched", 195)]);

    let harness = Compare::started(bounded_to(10).build().unwrap(), FLAT);
    let references = harness.feed((0..200).map(|n| flat(n, 100)), (0..5).map(|n| flat(n, 105)));
    assert_eq!(harness.finish().len(), 5);
    assert!(references.iter().all(|push| push.wait().is_ok()));
}

#[test]
fn fifty_starts_and_stops() {
    let harness = Compare::new(bounded_to(10).build().unwrap());
    for round in 0..50u64 {
        harness.begin(FLAT);
        let pushed = match round % 3 {
            0 => harness.pairs(0..6, 2),
            1 => harness.feed([], (0..30).map(|n| flat(n, 100))),
            _ => harness.feed((0..30).map(|n| flat(n, 100)), [flat(0, 101)]),
        };
        let seen = usize::from(round % 2 == 0);
        for push in &pushed[..seen] {
            push.wait().unwrap();
        }
        harness.state(if round % 4 == 0 { gst::State::Null } else { gst::State::Ready });
        for push in &pushed[seen..] {
            assert!(matches!(push.wait(), Ok(_) | Err(gst::FlowError::Flushing)));
        }
        harness.reference.restart();
        assert_eq!(harness.count(gst::MessageType::Error), 0);
        harness.clear();
        harness.state(gst::State::Playing);
    }
    harness.begin(FLAT);
    harness.pairs(0..4, 3);
    assert_eq!(harness.finish_both().len(), 4);
    harness.assert_ledger(&[("distorted", 4), ("matched", 4)]);
}

/// A stream that starts after the end is a new one, without a flush.
#[test]
fn another_stream_after_the_end() {
    let harness = Compare::started(iqacompare().build().unwrap(), FLAT);
    for round in 0..3 {
        harness.pairs(0..4, 2);
        let ended = harness.end_reference();
        assert!(harness.event(gst::event::Eos::new()));
        ended.wait();
        harness.wait_eos();
        assert_eq!(harness.order().iter().filter(|item| *item == "eos").count(), 1);
        harness.clear();
        if round < 2 {
            harness.start(FLAT);
            harness.reference.start(FLAT);
        }
    }
    harness.assert_ledger(&[("distorted", 12), ("matched", 12)]);
}
