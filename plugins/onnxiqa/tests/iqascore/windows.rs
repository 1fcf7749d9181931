// SPDX-License-Identifier: MPL-2.0

//! Windows and alarms continue whatever time stamps do.

use crate::common::*;
use onnx_iqa_testkit as kit;

/// Ten hours, in frames.
const HOURS: u64 = 10 * 3600 * 25;

/// Windows of five frames and an alarm below 40.
fn alarmed(dir: &kit::TempDir) -> gst::element_factory::ElementBuilder<'static> {
    iqascore(&mean_model(dir)).property("window", 200_000_000u64).property("alarm-below", 40.0)
}

fn starts(messages: &[gst::Structure]) -> Vec<Option<u64>> {
    let windows = messages.iter().filter(|message| message.name() == "iqa-window");
    windows.map(|window| window.get("start").ok()).collect()
}

fn alarms(messages: &[gst::Structure]) -> Vec<bool> {
    let alarms = messages.iter().filter(|message| message.name() == "iqa-alarm");
    alarms.map(|alarm| alarm.get("active").unwrap()).collect()
}

#[test]
fn they_continue_when_running_time_jumps_back() {
    let dir = kit::TempDir::new();
    let harness = ElementHarness::started(alarmed(&dir).build().unwrap(), CAPS);
    for n in HOURS..HOURS + 10 {
        harness.push(gray(n, 204)).unwrap();
    }
    // The camera has restarted.
    for n in 0..11 {
        harness.push(gray(n, 51)).unwrap();
    }
    harness.frames(21);
    // Before the end, which would report open windows.
    let messages = harness.messages();
    let ms = |frames: u64| Some((frames * FRAME).nseconds());
    assert_eq!(starts(&messages), [ms(HOURS), ms(HOURS + 5), ms(0), ms(5)]);
    assert_eq!(alarms(&messages), [true]);
    harness.finish();
    assert!(harness.warnings().is_empty());
}

#[test]
fn they_continue_in_live_mode_too() {
    let dir = kit::TempDir::new();
    let element = alarmed(&dir).property_from_str("mode", "live").property("interval", 5u32);
    let harness = ElementHarness::started(element.property("frame-messages", true).build().unwrap(), CAPS);
    let mut messages = Vec::new();
    // The first of five frames is scored, and that is reported before the next one comes.
    for n in (HOURS..HOURS + 10).chain(0..11) {
        harness.push(gray(n, if n >= HOURS { 204 } else { 51 })).unwrap();
        while n % 5 == 0
            && messages.last().is_none_or(|last: &gst::Structure| last.get("scored-pts") != Ok((n * FRAME).nseconds()))
        {
            let message =
                harness.bus.timed_pop_filtered(gst::ClockTime::try_from(LIMIT).unwrap(), &[gst::MessageType::Element]);
            messages.push(message.expect("a score").structure().unwrap().to_owned());
        }
    }
    messages.extend(harness.messages());
    let ms = |frames: u64| Some((frames * FRAME).nseconds());
    assert_eq!(starts(&messages), [ms(HOURS), ms(HOURS + 5), ms(0), ms(5)]);
    assert_eq!(alarms(&messages), [true]);
}

#[test]
fn they_count_frames_without_time_stamps_by_their_durations() {
    let dir = kit::TempDir::new();
    // 40 ms each: from the buffer, from the caps, and by default.
    for (caps, duration) in [
        ("video/x-raw,format=RGB,width=4,height=2,framerate=0/1", Some(FRAME)),
        (CAPS, None),
        ("video/x-raw,format=RGB,width=4,height=2", None),
    ] {
        let harness = ElementHarness::started(alarmed(&dir).build().unwrap(), caps);
        for _ in 0..11 {
            let mut buffer = gray(0, 51);
            let fields = buffer.get_mut().unwrap();
            fields.set_pts(None);
            fields.set_duration(duration);
            harness.push(buffer).unwrap();
        }
        harness.frames(11);
        let messages: Vec<_> = std::iter::from_fn(|| harness.bus.pop()).collect();
        let warned: Vec<_> = messages.iter().filter_map(warning_text).collect();
        assert_one(&warned, &["no timestamps", "windows and alarms"]);
        let structures: Vec<_> =
            messages.iter().filter(|message| message.type_() == gst::MessageType::Element).collect();
        let structures: Vec<_> =
            structures.iter().filter_map(|message| Some(message.structure()?.to_owned())).collect();
        assert_eq!(starts(&structures), [None, None], "nothing is known of when that was");
        assert_eq!(alarms(&structures), [true]);
    }
}

#[test]
fn an_alarm_on_what_rises() {
    let dir = kit::TempDir::new();
    let element = iqascore(&mean_model(&dir)).property("window", 200_000_000u64).property("alarm-above", 70.0);
    let harness = ElementHarness::started(element.property("alarm-hysteresis", 10.0).build().unwrap(), CAPS);
    // 60, 80, 64, 59 of 100.
    for (k, value) in [153, 204, 163, 150].into_iter().enumerate() {
        for n in 0..5 {
            harness.push(gray(k as u64 * 5 + n, value)).unwrap();
        }
    }
    harness.finish();
    assert_eq!(alarms(&harness.messages()), [true, false]);
}
