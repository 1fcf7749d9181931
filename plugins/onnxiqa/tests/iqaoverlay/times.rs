// SPDX-License-Identifier: MPL-2.0

//! Ages, flushes, jumps.

use super::*;

#[test]
fn a_frame_without_a_score_shows_the_last_one_and_it_becomes_stale() {
    let harness =
        ElementHarness::started(iqaoverlay().property("stale-after", 1_000_000_000u64).build().unwrap(), LARGE);
    harness.push(with(frame(0), &scored(72.4))).unwrap();
    for n in [1, 20, 26] {
        harness.push(frame(n)).unwrap();
    }
    let out: Vec<_> = harness.frames(4).iter().map(|buffer| data(buffer)).collect();
    assert_eq!(out[0], out[1], "40 ms later nothing is redrawn");
    assert_ne!(out[1], out[2], "it shows its age");
    // The colored word has become a badge.
    assert_ne!(out[2], out[3]);
}

#[test]
fn a_copied_frame_shows_the_age_of_its_score() {
    let harness = ElementHarness::started(iqaoverlay().build().unwrap(), LARGE);
    let mut said = scored(72.4);
    said.scored_pts = Some(0);
    // As `videorate` fills a gap.
    for n in [0, 1, 20, 60] {
        harness.push(with(frame(n), &said)).unwrap();
    }
    let out: Vec<_> = harness.frames(4).iter().map(|buffer| data(buffer)).collect();
    assert_eq!(out[0], out[1], "40 ms later nothing is redrawn");
    assert_ne!(out[1], out[2], "0.8 s ago");
    assert_ne!(out[2], out[3], "stale");
}

#[test]
fn a_flush_resets_everything() {
    let harness = ElementHarness::started(iqaoverlay().build().unwrap(), LARGE);
    harness.push(with(frame(0), &scored(72.4))).unwrap();
    harness.frames(1);
    harness.flush();
    harness.push(frame(0)).unwrap();
    harness.push(with(frame(1), &scored(10.0))).unwrap();
    let out = harness.frames(3);
    assert_eq!(drawn(&out[1]), 0);
    assert!(drawn(&out[2]) > 1000);
}

#[test]
fn a_restart_resets_everything() {
    let harness = ElementHarness::started(iqaoverlay().build().unwrap(), LARGE);
    harness.push(with(frame(0), &scored(72.4))).unwrap();
    harness.frames(1);
    harness.state(gst::State::Ready);
    harness.clear();
    harness.state(gst::State::Playing);
    harness.start(LARGE);
    harness.push(frame(0)).unwrap();
    assert_eq!(drawn(&harness.frames(1)[0]), 0);
}

#[test]
fn frames_without_times_are_drawn_on() {
    let harness = ElementHarness::started(iqaoverlay().build().unwrap(), LARGE);
    for n in 0..2 {
        let mut buffer = with(frame(n), &scored(72.4));
        buffer.make_mut().set_pts(gst::ClockTime::NONE);
        harness.push(buffer).unwrap();
    }
    assert!(harness.frames(2).iter().all(|buffer| drawn(buffer) > 1000));
}
