// SPDX-License-Identifier: MPL-2.0

use super::*;
use crate::watch::config::{self, Camera};
use onnx_iqa::metrics::LumaMeter;
use onnx_iqa::picture::{Frame as _, OwnedFrame};
use std::path::Path;
use std::time::Duration;

/// A camera with simulated time.
struct Made {
    alarms: Alarms,
    meter: LumaMeter,
    facts: Facts,
}

fn camera(alarms: &str) -> Camera {
    let text = format!("[[camera]]\nname = 'a'\nuri = 'videotestsrc://'\n{alarms}");
    config::parse(&text, Path::new("")).expect("a configuration").cameras.remove(0)
}

impl Made {
    fn new(alarms: &str) -> Self {
        let wall = "2026-11-30T12:00:00Z".parse().expect("a time");
        let facts = Facts { now: Instant::now(), wall, state: State::Live, luma: None };
        Self { alarms: Alarms::new(&camera(alarms).alarms), meter: LumaMeter::default(), facts }
    }

    /// Changes within this many seconds of one step each, with the second in which they occur, starting at 1.
    fn seconds(&mut self, seconds: u64, mut each: impl FnMut(&mut Self, u64)) -> Vec<(u64, AlarmKind, bool)> {
        let mut changes = Vec::new();
        for second in 1..=seconds {
            self.facts.now += Duration::from_secs(1);
            each(self, second);
            let changed = self.alarms.step(&self.facts);
            changes.extend(changed.into_iter().map(|changed| (second, changed.kind, changed.began.is_some())));
        }
        changes
    }

    /// The picture is a uniform gray, except for this many of 64 pixels, which are white.
    fn show(&mut self, gray: u8, white: usize) {
        let shade = |pixel: usize| if pixel < white { 255 } else { gray };
        let frame = OwnedFrame::rgb(8, 8, (0..64).flat_map(|pixel| [shade(pixel); 3]).collect()).expect("a frame");
        self.facts.luma = Some(self.meter.measure(&frame.picture().expect("a picture")));
    }
}

#[test]
fn black_begins_after_two_seconds_and_is_not_covered() {
    let mut made = Made::new("alarms.black = {}\nalarms.covered = {}");
    let changes =
        made.seconds(30, |made, second| made.show(if second < 20 { 10 } else { 100 }, usize::from(second >= 20) * 20));
    assert_eq!(changes, [(3, AlarmKind::Black, true), (20, AlarmKind::Black, false)]);
}

#[test]
fn one_light_in_the_dark_is_not_black() {
    let mut made = Made::new("alarms.black = {}");
    assert_eq!(made.seconds(9, |made, _| made.show(10, 2)), [], "97 % is dark");
    assert_eq!(made.seconds(9, |made, _| made.show(10, 1)), [(3, AlarmKind::Black, true)], "98.4 % is");
}

#[test]
fn a_flat_picture_is_covered_after_ten_seconds() {
    let mut made = Made::new("alarms.covered = {}\nalarms.black = {}");
    let changes = made.seconds(20, |made, second| made.show(60, usize::from(second > 15)));
    assert_eq!(changes, [(11, AlarmKind::Covered, true), (16, AlarmKind::Covered, false)]);
}

#[test]
fn the_same_picture_for_a_minute_is_frozen() {
    let mut made = Made::new("alarms.frozen = {}");
    let changes = made.seconds(90, |made, second| made.show(60, usize::from(second > 80)));
    // The first picture has no predecessor.
    assert_eq!(changes, [(62, AlarmKind::Frozen, true), (81, AlarmKind::Frozen, false)]);
}

#[test]
fn low_goes_by_the_mean_with_hysteresis() {
    let mut made =
        Made::new("alarms.low = { below = 40, hysteresis = 5, window = '3s', for = '2s', clear-after = '3s' }");
    let changes = made.seconds(40, |made, second| {
        let score = match second {
            0..10 => 80.0,
            10..20 => 20.0,
            20..30 => 43.0,
            _ => 46.0,
        };
        made.alarms.scored(made.facts.now, score);
    });
    // Within 3 s there are four scores: 80 80 20 20 has the mean 50, 80 20 20 20 has 35 in second 12. 43 43 46 46 has
    // 44.5, 43 46 46 46 has 45.25 in second 32.
    assert_eq!(changes, [(14, AlarmKind::Low, true), (35, AlarmKind::Low, false)]);
}

#[test]
fn without_scores_low_stays_as_it_is() {
    let mut made = Made::new("alarms.low = { below = 40, window = '3s', for = '0s', clear-after = '0s' }");
    made.alarms.scored(made.facts.now, 10.0);
    let changed = made.alarms.step(&made.facts);
    assert_eq!(changed, [Changed { kind: AlarmKind::Low, began: Some((Some(10.0), Some(40.0))) }]);
    assert_eq!(made.seconds(60, |_, _| {}), []);
    assert!(made.alarms.is_active(AlarmKind::Low));
}

#[test]
fn offline_follows_the_state() {
    let mut made = Made::new("alarms.offline = { for = '2s', clear-after = '1s' }");
    let changes = made.seconds(20, |made, second| {
        made.facts.state = match second {
            0..5 => State::Live,
            5..10 => State::Stale,
            10..15 => State::Connecting,
            _ => State::Live,
        };
    });
    assert_eq!(changes, [(7, AlarmKind::Offline, true), (16, AlarmKind::Offline, false)]);
}

#[test]
fn a_frozen_picture_is_stale_but_not_offline() {
    let mut made = Made::new("");
    made.facts.state = State::Stale;
    assert_eq!(made.seconds(20, |made, _| made.show(60, 9)), []);
}
