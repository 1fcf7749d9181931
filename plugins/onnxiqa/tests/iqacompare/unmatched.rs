// SPDX-License-Identifier: MPL-2.0

//! Frames without a partner, and what is posted about them.

use crate::common::*;
use gst::prelude::*;

/// Frames 3 and 4 of ten have no partner.
fn gappy(on_unmatched: &'static str) -> Compare {
    let element = iqacompare().property_from_str("on-unmatched", on_unmatched);
    let element = element.property("frame-messages", true).property("window", 200_000_000u64);
    let harness = Compare::started(element.build().unwrap(), FLAT);
    let reference = (0..10).filter(|n| ![3, 4].contains(n)).map(|n| flat(n, 100));
    harness.feed(reference, (0..10).map(|n| flat(n, 101)));
    harness
}

#[test]
fn flag_marks_them() {
    let harness = gappy("flag");
    let frames = harness.finish_both();
    assert_eq!(frames.len(), 10);
    for (n, frame) in frames.iter().enumerate() {
        let expected = if [3, 4].contains(&n) { "unmatched" } else { "scored" };
        assert_eq!(entry(frame).get::<&str>("state"), Ok(expected), "frame {n}");
    }
    harness.assert_ledger(&[("unmatched", 2), ("scored", 8), ("skipped", 0)]);
    let messages = harness.messages();
    let count = |name: &str| messages.iter().filter(|message| message.name() == name).count();
    assert_eq!((count("iqa-score"), count("iqa-window"), count("iqa-summary")), (8, 2, 1));
    let window = messages.iter().find(|message| message.name() == "iqa-window").unwrap();
    assert_eq!((window.get("scored"), window.get("skipped")), (Ok(3u64), Ok(2u64)), "{window}");
    let summary = messages.iter().find(|message| message.name() == "iqa-summary").unwrap();
    assert_eq!(summary.get::<gst::Structure>("psnr-y").unwrap().get::<f64>("mean"), Ok(psnr(1)));
}

#[test]
fn skip_attaches_nothing_to_them() {
    let harness = gappy("skip");
    let frames = harness.finish_both();
    assert_eq!(frames.len(), 10, "they are passed on");
    for (n, frame) in frames.iter().enumerate() {
        assert_eq!(gstonnxiqa::meta::entries(frame).is_empty(), [3, 4].contains(&n), "frame {n}");
    }
    harness.assert_ledger(&[("unmatched", 2), ("scored", 8)]);
}

#[test]
fn error_stops_and_names_the_frame() {
    let harness = gappy("error");
    let text = error_text(&harness.bus);
    assert!(text.contains("0:00:00.12") && text.contains("on-unmatched"), "{text}");
    harness.wait_eos();
    assert_eq!(harness.frames(3).len(), 3);
}

#[test]
fn messages_contain_the_entries_of_frames_and_their_times() {
    let harness = gappy("flag");
    let frames = harness.finish_both();
    let told = harness.messages_named("iqa-score");
    let (entry, told) = (entry(&frames[9]), told.last().unwrap());
    for field in entry.fields() {
        assert!(told.has_field(field), "{field} of {told}");
    }
    assert_eq!(told.get("running-time"), Ok((9 * FRAME).nseconds()));
    assert_eq!(told.get("stream-time"), Ok((9 * FRAME).nseconds()));
}

#[test]
fn alarms_watch_psnr_by_default() {
    let element = iqacompare().property("window", 200_000_000u64).property("alarm-below", 40.0).build().unwrap();
    let harness = Compare::started(element, FLAT);
    assert_eq!(harness.element.property::<String>("alarm-field"), "psnr-y");
    let difference = |n: u64| if (10..15).contains(&n) { 30 } else { 1 };
    harness.feed((0..25).map(|n| flat(n, 100)), (0..25).map(|n| flat(n, 100 + difference(n))));
    harness.finish_both();
    let alarms = harness.messages_named("iqa-alarm");
    let changes: Vec<(bool, &str)> =
        alarms.iter().map(|alarm| (alarm.get("active").unwrap(), alarm.get("field").unwrap())).collect();
    assert_eq!(changes, [(true, "psnr-y"), (false, "psnr-y")]);
    near(alarms[0].get("mean").unwrap(), psnr(30), 1e-9);
    let stats = harness.stats();
    near(stats.get("min").unwrap(), psnr(30), 1e-9);
    near(stats.get("last").unwrap(), psnr(1), 1e-9);
    assert!(harness.stat("latency-p99") >= harness.stat("latency-mean") / 2);
}

#[test]
fn without_luma_alarms_watch_the_psnr_of_all_channels() {
    let caps = "video/x-raw,format=RGB,width=16,height=16,framerate=25/1";
    let element = iqacompare().property("alarm-below", 40.0).build().unwrap();
    let harness = Compare::started(element, caps);
    let frame = |n: u64, value: u8| {
        let mut buffer = gst::Buffer::from_mut_slice(vec![value; 16 * 16 * 3]);
        buffer.get_mut().unwrap().set_pts(n * FRAME);
        buffer
    };
    harness.feed((0..5).map(|n| frame(n, 100)), (0..5).map(|n| frame(n, 130)));
    harness.finish_both();
    assert_eq!(harness.message("iqa-alarm").get::<&str>("field"), Ok("psnr"));
    near(harness.stats().get("mean").unwrap(), psnr(30), 1e-9);
}

#[test]
fn another_field_may_be_watched() {
    let element = iqacompare().property("alarm-field", "ssim").property("alarm-below", 2.0).build().unwrap();
    let harness = Compare::started(element, FLAT);
    harness.pairs(0..5, 20);
    harness.finish_both();
    let alarm = harness.message("iqa-alarm");
    assert_eq!(alarm.get::<&str>("field"), Ok("ssim"));
    assert!(alarm.get::<f64>("mean").unwrap() < 1.0);
}
