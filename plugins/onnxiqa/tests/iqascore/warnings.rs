// SPDX-License-Identifier: MPL-2.0

//! Warnings to users: each once, with advice.

use crate::common::*;
use gst::prelude::*;
use onnx_iqa_testkit as kit;

/// A frame without a time stamp.
fn timeless() -> gst::Buffer {
    gst::Buffer::from_mut_slice(vec![51u8; 24])
}

#[test]
fn an_unknown_field_is_reported_with_the_known_ones() {
    let dir = kit::TempDir::new();
    let element = iqascore(&mean_model(&dir)).property("alarm-field", "sharpnes");
    let harness = ElementHarness::started(element.build().unwrap(), CAPS);
    assert_one(&harness.warnings(), &["sharpnes", "score, raw"]);
    for n in 0..3 {
        harness.push(gray(n, 51)).unwrap();
    }
    harness.finish();
    assert!(harness.warnings().is_empty(), "once");
    // It may be set to a wrong value while playing.
    let harness = ElementHarness::started(iqascore(&mean_model(&dir)).build().unwrap(), CAPS);
    harness.push(gray(0, 51)).unwrap();
    harness.frames(1);
    assert!(harness.warnings().is_empty());
    harness.element.set_property("alarm-field", "noise");
    harness.push(gray(1, 51)).unwrap();
    harness.finish();
    assert_one(&harness.warnings(), &["noise"]);
}

#[test]
fn frames_without_time_stamps_are_reported_if_it_matters() {
    let dir = kit::TempDir::new();
    for (property, value, parts) in [
        ("max-rate", "1/1", &["no timestamps", "max-rate"][..]),
        ("alarm-below", "10", &["no timestamps", "alarms"]),
        ("window", "5000000000", &["no timestamps", "windows"]),
    ] {
        let element = iqascore(&mean_model(&dir)).property_from_str(property, value);
        let harness = ElementHarness::started(element.build().unwrap(), CAPS);
        (0..4).for_each(|_| _ = harness.push(timeless()).unwrap());
        harness.finish();
        assert_one(&harness.warnings(), parts);
    }
    let harness = ElementHarness::started(iqascore(&mean_model(&dir)).build().unwrap(), CAPS);
    (0..4).for_each(|_| _ = harness.push(timeless()).unwrap());
    harness.finish();
    assert!(harness.warnings().is_empty(), "nothing depends on it");
}

/// What it adds if the library is installed is checked by scripts/versions.sh.
#[test]
fn analytics_meta_without_the_library_is_reported_and_frames_continue() {
    let dir = kit::TempDir::new();
    let element = iqascore(&mean_model(&dir)).property("analytics-meta", true).build().unwrap();
    if gst::version() >= (1, 24, 0, 0) {
        return kit::skipped("a GStreamer without an analytics library: this one may have it");
    }
    let harness = ElementHarness::started(element, CAPS);
    let version = gst::version_string();
    let parts = [
        "analytics-meta",
        "libgstanalytics-1.0.so.0: cannot open",
        "1.26",
        version.as_str(),
        "IqaMeta",
        "analytics-meta=false",
    ];
    assert_one(&harness.warnings(), &parts);
    (0..3).for_each(|n| _ = harness.push(gray(n, shade(n))).unwrap());
    let frames = harness.finish();
    (0..3).zip(&frames).for_each(|(n, frame)| assert_scored(frame, n, shade(n)));
    assert!(frames.len() == 3 && harness.warnings().is_empty(), "once");
}

#[test]
fn a_clear_level_that_is_never_reached() {
    let dir = kit::TempDir::new();
    let harness = |below: f64| {
        let element = iqascore(&mean_model(&dir)).property("alarm-below", below).build().unwrap();
        ElementHarness::started(element, CAPS)
    };
    assert_one(&harness(98.0).warnings(), &["98", "103", "alarm-hysteresis"]);
    assert!(harness(95.0).warnings().is_empty());
}

#[test]
fn raw_values_outside_worst_and_best() {
    let dir = kit::TempDir::new();
    let contract = kit::NR_CONTRACT.replace("worst = 0.0", "worst = 5.0").replace("best = 1.0", "best = 9.0");
    let harness =
        ElementHarness::started(iqascore(&kit::mean_model_with(dir.path(), "far", &contract)).build().unwrap(), CAPS);
    for n in 0..60 {
        harness.push(gray(n, 51)).unwrap();
    }
    harness.finish();
    assert_one(&harness.warnings(), &["mean", "0.2000", "5 to 9", "contract"]);
}

#[test]
fn two_elements_of_one_name() {
    let dir = kit::TempDir::new();
    let harness = ElementHarness::started(iqascore(&mean_model(&dir)).build().unwrap(), CAPS);
    harness.push(gray(0, 51)).unwrap();
    let frame = harness.frames(1).remove(0);
    // The same frame again is our own duplicate.
    harness.push(frame.clone()).unwrap();
    harness.frames(2);
    assert!(harness.warnings().is_empty());
    for n in 1..4 {
        let mut buffer = gray(n, 51);
        let mut entry = entry(&frame);
        entry.set("model", "another");
        gstonnxiqa::meta::attach(buffer.get_mut().unwrap(), "q", entry).unwrap();
        harness.push(buffer).unwrap();
    }
    harness.finish();
    assert_one(&harness.warnings(), &["called q", "name="]);
}

#[test]
fn two_elements_of_one_name_in_a_pipeline() {
    let dir = kit::TempDir::new();
    let model = mean_model(&dir);
    let score = format!("iqascore name=q provider=cpu threads=1 model={}", model.display());
    // Names are unique only within a bin.
    let pipeline = launch(&format!("videotestsrc num-buffers=5 ! {CAPS} ! ( {score} ) ! ( {score} ) ! fakesink"));
    let bus = pipeline.bus().unwrap();
    pipeline.set_state(gst::State::Playing).unwrap();
    let mut warned = Vec::new();
    loop {
        let message = bus.timed_pop(gst::ClockTime::try_from(LIMIT).unwrap()).expect("EOS");
        warned.extend(warning_text(&message));
        match message.type_() {
            gst::MessageType::Eos => break,
            gst::MessageType::Error => panic!("{message:?}"),
            _ => {}
        }
    }
    set_state(&pipeline, gst::State::Null);
    assert_one(&warned, &["called q"]);
}

/// 500 frames per second are more than this model can score on any machine.
#[test]
fn a_live_source_too_fast_to_score_every_frame() {
    let pipeline = launch(
        "videotestsrc is-live=true ! video/x-raw,format=RGB,width=64,height=64,framerate=500/1 \
         ! iqascore model=mt-irn provider=cpu ! fakesink sync=false",
    );
    let bus = pipeline.bus().unwrap();
    pipeline.set_state(gst::State::Playing).unwrap();
    let types = [gst::MessageType::Warning, gst::MessageType::Error];
    let message = bus.timed_pop_filtered(gst::ClockTime::try_from(2 * LIMIT).unwrap(), &types);
    set_state(&pipeline, gst::State::Null);
    let text = warning_text(&message.expect("a warning")).expect("a warning, no error");
    assert_one(&[text], &["mode=live", "interval", "max-rate"]);
}

#[test]
fn a_stream_without_a_frame() {
    let dir = kit::TempDir::new();
    let harness = ElementHarness::started(iqascore(&mean_model(&dir)).build().unwrap(), CAPS);
    harness.finish();
    assert_one(&harness.warnings(), &["no frame came", "edit list"]);
}

#[test]
fn interlaced_frames_among_others() {
    let dir = kit::TempDir::new();
    let caps = format!("{CAPS},interlace-mode=mixed");
    let harness = ElementHarness::started(iqascore(&mean_model(&dir)).build().unwrap(), &caps);
    harness.push(gray(0, 51)).unwrap();
    harness.frames(1);
    assert!(harness.warnings().is_empty(), "this one is progressive");
    for n in 1..4 {
        let mut buffer = gray(n, 51);
        let interlaced = gst_video::VideoBufferFlags::INTERLACED.bits();
        buffer.get_mut().unwrap().set_flags(gst::BufferFlags::from_bits_retain(interlaced));
        harness.push(buffer).unwrap();
    }
    harness.finish();
    assert_one(&harness.warnings(), &["interlaced", "deinterlace"]);
}
