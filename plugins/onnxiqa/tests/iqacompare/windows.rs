// SPDX-License-Identifier: MPL-2.0

//! Windows and alarms continue whatever time stamps do.

use crate::common::*;
use gst::prelude::*;

/// Ten hours, in frames.
const HOURS: u64 = 10 * 3600 * 25;

/// Windows of five frames, and an alarm when luma's PSNR is below 30 dB.
fn alarmed() -> gst::Element {
    let element = iqacompare().property("window", 200_000_000u64).property("alarm-below", 30.0);
    element.build().unwrap()
}

fn windows(messages: &[gst::Structure]) -> Vec<(Option<u64>, u64)> {
    let windows = messages.iter().filter(|message| message.name() == "iqa-window");
    windows.map(|window| (window.get("start").ok(), window.get("scored").unwrap())).collect()
}

fn alarms(messages: &[gst::Structure]) -> Vec<bool> {
    let alarms = messages.iter().filter(|message| message.name() == "iqa-alarm");
    alarms.map(|alarm| alarm.get("active").unwrap()).collect()
}

#[test]
fn they_continue_when_running_time_jumps_back() {
    let harness = Compare::started(alarmed(), FLAT);
    harness.pairs(HOURS..HOURS + 10, 1);
    harness.pairs(0..11, 100);
    harness.finish_both();
    let messages = harness.messages();
    let starts: Vec<_> = windows(&messages).into_iter().map(|(start, _)| start).collect();
    let ms = |frames: u64| Some((frames * FRAME).nseconds());
    assert_eq!(starts, [ms(HOURS), ms(HOURS + 5), ms(0), ms(5), ms(10)]);
}

#[test]
fn they_count_frames_without_time_stamps_by_their_durations() {
    let harness = Compare::started(alarmed(), FLAT);
    let timeless = |value: u8| {
        let mut buffer = flat(0, value);
        buffer.get_mut().unwrap().set_pts(None);
        buffer
    };
    harness.feed((0..11).map(|_| timeless(100)), (0..11).map(|_| timeless(200)));
    harness.finish_both();
    let messages: Vec<_> = std::iter::from_fn(|| harness.bus.pop()).collect();
    assert_one(&messages.iter().filter_map(warning_text).collect::<Vec<_>>(), &["no timestamps", "alarms"]);
    let structures = messages.iter().filter(|message| message.type_() == gst::MessageType::Element);
    let structures: Vec<_> = structures.filter_map(|message| Some(message.structure()?.to_owned())).collect();
    assert_eq!(windows(&structures), [(None, 5), (None, 5), (None, 1)]);
    // 100 levels apart: 8.1 dB.
    assert_eq!(alarms(&structures), [true]);
}

/// Without a score and PSNR, windows and `stats` use what is measured.
#[test]
fn the_first_measure_replaces_missing_ones() {
    for (measures, field, mean) in [("ssim", "ssim", Some(1.0)), ("psnr+ssim", "psnr-y", Some(100.0))] {
        let element = iqacompare().property_from_str("measures", measures).property("window", 200_000_000u64);
        let harness = Compare::started(element.build().unwrap(), FLAT);
        harness.pairs(0..5, 0);
        harness.finish_both();
        let stats = harness.element.property::<gst::Structure>("stats");
        assert_eq!(stats.get("mean").ok(), mean, "{measures}: {stats}");
        let messages = harness.messages();
        let window = messages.iter().find(|message| message.name() == "iqa-window").expect("a window");
        assert_eq!(window.get::<&str>("field"), Ok(field), "{window}");
    }
}
