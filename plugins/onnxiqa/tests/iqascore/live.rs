// SPDX-License-Identifier: MPL-2.0

//! `mode=live`: frames are never held.

use crate::common::*;
use gst::prelude::*;
use onnx_iqa_testkit as kit;
use std::path::Path;

fn live(model: &Path) -> gst::Element {
    iqascore(model).property_from_str("mode", "live").property("frame-messages", true).build().unwrap()
}

#[test]
fn frames_pass_while_the_scorer_is_busy() {
    let dir = kit::TempDir::new();
    let model = mean_model(&dir);
    let harness = ElementHarness::started(live(&model), CAPS);
    let hold = ScorerGate::new(&model);
    for n in 0..50 {
        harness.push(gray(n, shade(n))).unwrap();
        // A push that has returned has gone downstream.
        assert_eq!(harness.frames(n as usize + 1).len(), n as usize + 1);
    }
    for buffer in harness.frames(50) {
        assert_eq!(fields(&entry(&buffer)), ["kind", "model", "state"], "there is no score yet");
        assert_eq!(entry(&buffer).get::<&str>("state"), Ok("skipped"));
    }
    hold.release();
    // The first frame and, while that was being scored, the second.
    for n in 0..2 {
        let told = harness.message("iqa-score");
        assert_eq!(told.get("scored-pts"), Ok((n * FRAME).nseconds()));
        assert_eq!(told.get::<&str>("state"), Ok("scored"));
        near(told.get("score").unwrap(), score_of(shade(n)), 1e-3);
    }
    let hold = ScorerGate::new(&model);
    harness.clear();
    for n in 50..60 {
        harness.push(gray(n, shade(n))).unwrap();
    }
    for (n, buffer) in (50u64..).zip(harness.frames(10)) {
        let entry = entry(&buffer);
        assert_eq!(entry.get::<&str>("state"), Ok("skipped"));
        near(entry.get("score").unwrap(), score_of(shade(1)), 1e-3);
        near(entry.get("raw").unwrap(), score_of(shade(1)) / 100.0, 1e-5);
        assert_eq!(entry.get("scored-pts"), Ok(FRAME.nseconds()));
        assert_eq!(entry.get("age"), Ok(((n - 1) * FRAME).nseconds()));
    }
    hold.release();
    harness.finish();
    assert_eq!((harness.stat("frames"), harness.stat("scored"), harness.stat("failed")), (60, 4, 0));
    assert_eq!(harness.stat("skipped"), 56, "each frame is counted once");
}

#[test]
fn eos_waits_for_what_is_in_flight_and_the_summary_counts_it_once() {
    let dir = kit::TempDir::new();
    let model = mean_model(&dir);
    let harness = ElementHarness::started(live(&model), CAPS);
    let hold = ScorerGate::new(&model);
    for n in 0..10 {
        harness.push(gray(n, 51)).unwrap();
    }
    assert!(harness.event(gst::event::Eos::new()));
    assert!(!harness.order().contains(&"eos".to_owned()), "nothing is scored yet");
    hold.release();
    harness.wait_eos();
    let messages = harness.messages();
    let names: Vec<_> = messages.iter().map(|message| message.name().as_str()).collect();
    assert_eq!(names, ["iqa-score", "iqa-score", "iqa-window", "iqa-summary"]);
    let (window, summary) = (&messages[2], &messages[3]);
    assert_eq!((window.get("scored"), window.get("skipped")), (Ok(2u64), Ok(8u64)));
    assert_eq!((summary.get("scored"), summary.get("skipped"), summary.get("failed")), (Ok(2u64), Ok(8u64), Ok(0u64)));
    near(summary.get::<gst::Structure>("score").unwrap().get("mean").unwrap(), 20.0, 1e-3);
}

/// EOS arrives while the result is being reported and the application handles its message.
#[test]
fn eos_does_not_overtake_a_score_that_is_being_reported() {
    let dir = kit::TempDir::new();
    let harness = ElementHarness::started(live(&mean_model(&dir)), CAPS);
    let (reporting, reported) = std::sync::mpsc::channel();
    let (go, wait) = std::sync::mpsc::channel::<()>();
    let wait = std::sync::Mutex::new(wait);
    harness.bus.set_sync_handler(move |_, message| {
        if message.structure().is_some_and(|structure| structure.name() == "iqa-score") {
            let _ = reporting.send(());
            let _ = wait.lock().unwrap().recv_timeout(LIMIT);
        }
        gst::BusSyncReply::Pass
    });
    harness.push(gray(0, 51)).unwrap();
    reported.recv_timeout(LIMIT).unwrap();
    assert!(harness.event(gst::event::Eos::new()), "EOS is accepted immediately");
    assert!(!harness.order().contains(&"eos".to_owned()), "EOS has overtaken the score");
    go.send(()).unwrap();
    harness.wait_eos();
    let names: Vec<_> = harness.messages().iter().map(|message| message.name().to_string()).collect();
    assert_eq!(names, ["iqa-score", "iqa-window", "iqa-summary"]);
}

#[test]
fn interval_and_max_rate_hold_in_live_mode() {
    let dir = kit::TempDir::new();
    let model = mean_model(&dir);
    let harness = ElementHarness::started(live(&model), CAPS);
    harness.element.set_property("interval", 10u32);
    let mut scored = Vec::new();
    for n in 0..50 {
        harness.push(gray(n, shade(n))).unwrap();
        if n % 10 == 0 {
            scored.push(harness.message("iqa-score").get::<u64>("scored-pts").unwrap() / FRAME.nseconds());
        }
    }
    harness.finish();
    assert_eq!(scored, [0, 10, 20, 30, 40]);
    assert_eq!((harness.stat("scored"), harness.stat("skipped")), (5, 45));
}

#[test]
fn failures_in_live_mode_follow_on_error() {
    let dir = kit::TempDir::new();
    let model = kit::failing_model(dir.path(), "failing");
    let harness = ElementHarness::new(live(&model));
    harness.state(gst::State::Ready);
    harness.element.set_property_from_str("on-error", "continue");
    harness.state(gst::State::Playing);
    harness.start(CAPS);
    for n in 0..5 {
        harness.push(gray(n, 1)).unwrap();
    }
    for buffer in harness.finish() {
        assert_eq!(fields(&entry(&buffer)), ["kind", "model", "state"]);
        assert_eq!(entry(&buffer).get::<&str>("state"), Ok("skipped"));
    }
    assert!(harness.stat("failed") >= 1);
    assert_eq!(harness.stat("failed") + harness.stat("skipped"), 5);
    assert_eq!(harness.count(gst::MessageType::Warning), 1);

    let harness = ElementHarness::started(live(&model), CAPS);
    harness.push(gray(0, 1)).unwrap();
    let text = error_text(&harness.bus);
    assert!(text.contains("the model failed"), "{text}");
    let refused = (1..1000).find_map(|n| harness.push(gray(n, 1)).err());
    assert_eq!(refused, Some(gst::FlowError::Error));
}
