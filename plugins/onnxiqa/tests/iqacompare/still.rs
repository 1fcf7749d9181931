// SPDX-License-Identifier: MPL-2.0

//! `alignment=still`: a reference with other content, or one picture for all frames.

use crate::common::*;
use gst::prelude::*;
use onnx_iqa_testkit as kit;
use std::path::Path;

/// Caps of the reference in these tests: a size other than [`CAPS`].
const PICTURE: &str = "video/x-raw,format=RGB,width=6,height=5,framerate=0/1";

/// A reference picture of one gray, shown from frame number `n` on.
fn picture(n: u64, value: u8) -> gst::Buffer {
    // Rows of 18 bytes take 20.
    let mut buffer = gst::Buffer::from_mut_slice(vec![value; 20 * 5]);
    buffer.get_mut().unwrap().set_pts(n * FRAME);
    buffer
}

fn model(dir: &kit::TempDir) -> String {
    kit::reduced_model(dir.path(), "reduced").to_str().unwrap().to_owned()
}

/// The element with a model whose output is the difference of the means of two pictures.
fn still(dir: &kit::TempDir) -> gst::element_factory::ElementBuilder<'static> {
    iqacompare()
        .property_from_str("alignment", "still")
        .property("model", model(dir))
        .property_from_str("provider", "cpu")
}

/// Both streams have started, each with its own caps.
fn begun(element: gst::Element) -> Compare {
    let harness = Compare::new(element);
    harness.reference.start(PICTURE);
    harness.start(CAPS);
    harness
}

/// Asserts that the frame was scored with the reference picture shown from `reference` on, `apart` gray levels away.
#[track_caller]
fn assert_stands(frame: &gst::Buffer, reference: u64, apart: u8) {
    let entry = entry(frame);
    let words = ["kind", "state", "pairing", "evidence"].map(|field| entry.get::<&str>(field).unwrap());
    assert_eq!(words, ["rr", "scored", "matched", "time"], "{entry}");
    near(entry.get("raw").unwrap(), f64::from(apart) / 255.0, 1e-5);
    near(entry.get("score").unwrap(), 100.0 - f64::from(apart) / 2.55, 1e-3);
    assert_eq!(entry.get::<f64>("confidence"), Ok(1.0));
    assert_eq!(entry.get("reference-pts"), Ok((reference * FRAME).nseconds()));
    for field in ["psnr-y", "psnr", "ssim", "gain", "shift-x"] {
        assert!(!entry.has_field(field), "no measures are taken: {entry}");
    }
}

#[test]
fn one_picture_is_the_reference_of_all_frames() {
    let dir = kit::TempDir::new();
    let harness = begun(still(&dir).build().unwrap());
    harness.feed([picture(0, 200)], (0..120).map(|n| gray(n, n as u8)));
    let frames = harness.finish_both();
    assert_eq!(frames.len(), 120);
    for (n, frame) in frames.iter().enumerate() {
        assert_stands(frame, 0, 200 - n as u8);
    }
    harness.assert_ledger(&[("matched", 1), ("duplicate", 119), ("unmatched", 0), ("scored", 120)]);
    let summaries = harness.messages_named("iqa-summary");
    let [summary] = summaries.as_slice() else { panic!("{summaries:?}") };
    assert_eq!((summary.get::<&str>("verdict"), summary.get::<&str>("kind")), (Ok("aligned"), Ok("rr")));
    assert_eq!(summary.get::<gst::Array>("reasons").unwrap().len(), 0);
    assert_eq!(harness.warnings(), Vec::<String>::new());
}

#[test]
fn a_picture_applies_until_the_next_one() {
    let dir = kit::TempDir::new();
    let harness = begun(still(&dir).build().unwrap());
    harness.feed([2, 7, 12].map(|n| picture(n, 100 + n as u8)), (0..15).map(|n| gray(n, 50)));
    for (n, frame) in (0..).zip(harness.finish_both()) {
        let reference = [2, 7, 12].into_iter().rfind(|&from| from <= n).unwrap_or(2);
        assert_stands(&frame, reference, 50 + reference as u8);
        assert_eq!(entry(&frame).get("offset"), Ok((reference as i64 - n as i64) * FRAME.nseconds() as i64));
    }
    harness.assert_ledger(&[("matched", 3), ("duplicate", 12), ("reference", 3)]);
}

#[test]
fn a_picture_survives_a_flush_and_another_stream_of_the_frames() {
    let dir = kit::TempDir::new();
    let harness = begun(still(&dir).build().unwrap());
    harness.feed([picture(3, 200)], [gray(0, 10)]);
    harness.end_reference().wait();
    harness.frames(1);
    for round in 0..3u8 {
        harness.flush();
        harness.clear();
        harness.push(gray(0, round)).unwrap();
        assert_stands(&harness.frames(1)[0], 3, 200 - round);
    }
    harness.clear();
    assert_eq!(harness.finish().len(), 0);
    harness.clear();
    harness.start(CAPS);
    harness.push(gray(0, 90)).unwrap();
    assert_stands(&harness.finish()[0], 3, 110);
    harness.assert_ledger(&[("unmatched", 0), ("distorted", 5)]);
}

#[test]
fn a_flush_of_the_reference_removes_its_picture() {
    let dir = kit::TempDir::new();
    let harness = begun(still(&dir).build().unwrap());
    harness.feed([picture(0, 200)], [gray(0, 10)]);
    harness.frames(1);
    harness.reference.flush();
    harness.feed([picture(0, 60)], [gray(1, 10)]);
    let frames = harness.finish_both();
    assert_stands(&frames[0], 0, 190);
    assert_stands(&frames[1], 0, 50);
}

#[test]
fn a_live_pipeline_does_not_wait_for_the_next_picture() {
    let dir = kit::TempDir::new();
    let element = still(&dir).build().unwrap();
    assert_eq!(element.property::<u64>("latency"), 0);
    let clock = gst::SystemClock::obtain();
    element.set_clock(Some(&clock)).unwrap();
    element.set_base_time(clock.time());
    let harness = Compare::new(element);
    for upstream in [&harness.reference, &**harness] {
        upstream.answer_above(|query| match query.view_mut() {
            gst::QueryViewMut::Latency(latency) => {
                latency.set(true, gst::ClockTime::ZERO, gst::ClockTime::NONE);
                Some(true)
            }
            _ => None,
        });
    }
    harness.reference.start(PICTURE);
    harness.start(CAPS);
    // It neither ends nor shows another picture.
    harness.reference.push(picture(0, 200)).unwrap();
    for n in 0..5u64 {
        harness.push(gray(n, 50)).unwrap();
        let frames = harness.frames(n as usize + 1);
        assert_stands(&frames[n as usize], 0, 150);
    }
    assert_eq!(harness.finish().len(), 5);
}

#[test]
fn memory_is_bounded_while_one_picture_applies() {
    let dir = kit::TempDir::new();
    // A frame has 24 bytes, the picture 100.
    let harness = begun(still(&dir).property("max-bytes", 300u64).build().unwrap());
    harness.feed([picture(0, 200)], (0..500).map(|n| gray(n, (n % 200) as u8)));
    let frames = harness.finish_both();
    assert_eq!(frames.len(), 500);
    for (n, frame) in frames.iter().enumerate() {
        assert_stands(frame, 0, 200 - (n % 200) as u8);
    }
    assert!(harness.messages_named("iqa-alignment").is_empty());
}

/// A PNG of one gray.
fn png(dir: &kit::TempDir, size: [u32; 2], value: u8) -> String {
    let path = dir.path().join("picture.png");
    let [width, height] = size;
    let pipeline = launch(&format!(
        "videotestsrc num-buffers=1 pattern=solid-color foreground-color={} \
         ! video/x-raw,format=RGB,width={width},height={height} ! pngenc ! filesink location={}",
        0xff00_0000u32 | (u32::from(value) * 0x01_0101),
        path.display()
    ));
    let (errors, _) = run(&pipeline);
    assert!(errors.is_empty(), "{errors:?}");
    path.to_str().unwrap().to_owned()
}

/// The element with a PNG through `decodebin` as reference and these frames, before the appsink `out`.
fn beside_a_png(dir: &kit::TempDir, frames: &str) -> gst::Pipeline {
    let picture = png(dir, [90, 31], 200);
    launch(&format!(
        "filesrc location={picture} ! decodebin ! q.reference {frames} ! q.distorted \
         iqacompare name=q alignment=still provider=cpu model={} ! appsink name=out sync=false",
        model(dir)
    ))
}

#[test]
fn a_png_is_the_reference_of_a_whole_stream() {
    let dir = kit::TempDir::new();
    let pipeline = beside_a_png(
        &dir,
        "videotestsrc num-buffers=50 pattern=solid-color foreground-color=0xff646464 \
         ! video/x-raw,format=RGB,width=64,height=48,framerate=25/1",
    );
    let frames = buffers(&pipeline);
    assert_eq!(frames.len(), 50);
    frames.iter().for_each(|frame| assert_stands(frame, 0, 100));
}

#[test]
fn a_png_applies_after_a_seek() {
    let dir = kit::TempDir::new();
    let clip = clip("carphone_pristine.mp4");
    let pipeline = beside_a_png(&dir, &format!("filesrc location={} ! decodebin", Path::display(&clip)));
    set_state(&pipeline, gst::State::Paused);
    let seeking = pipeline.clone();
    let to = gst::ClockTime::from_mseconds(1500);
    let sought = bounded("a seek", move || seeking.seek_simple(gst::SeekFlags::FLUSH | gst::SeekFlags::ACCURATE, to));
    assert!(sought.is_ok(), "the picture's branch need not seek");
    let frames = buffers(&pipeline);
    assert!(frames.len() > 10, "{}", frames.len());
    assert!(frames[0].pts().unwrap() >= to);
    for frame in &frames {
        assert_eq!(entry(frame).get::<&str>("state"), Ok("scored"));
        assert_eq!(entry(frame).get("reference-pts"), Ok(0u64));
    }
}

#[test]
fn a_reduced_reference_model_needs_still() {
    let dir = kit::TempDir::new();
    for alignment in ["pts", "offset", "auto", "track"] {
        let element = still(&dir).build().unwrap();
        element.set_property_from_str("alignment", alignment);
        let text = refused(&element);
        assert!(text.contains("reduced") && text.contains("still"), "{alignment}: {text}");
    }
    init();
    let element = gst::ElementFactory::make("iqascore").property("model", model(&dir)).build().unwrap();
    assert!(refused(&element).contains("iqacompare"));
}

#[test]
fn settings_without_effect_with_still_are_reported() {
    let dir = kit::TempDir::new();
    let warned = |element: gst::Element| {
        let harness = begun(element);
        harness.feed([picture(0, 200)], [gray(0, 10)]);
        assert_eq!(harness.finish_both().len(), 1);
        harness.warnings()
    };
    assert!(warned(still(&dir).build().unwrap()).is_empty());
    assert!(warned(still(&dir).property_from_str("measures", "0").build().unwrap()).is_empty());
    let unused = still(&dir).property_from_str("measures", "psnr+vmaf").property_from_str("registration", "crop");
    let warnings = warned(unused.property_from_str("scale", "none").build().unwrap());
    assert_one(&warnings, &["alignment=still", "measures, registration, scale", "leave them out"]);
    let full = kit::difference_model(dir.path(), "difference");
    let full = still(&dir).property("model", full.to_str().unwrap().to_owned());
    // Its graph cannot take two sizes, which is an error of the frame.
    let warnings = warned(full.property_from_str("on-error", "continue").build().unwrap());
    assert!(
        warnings.iter().any(|text| text.contains("difference") && text.contains("reduced-reference")),
        "{warnings:?}"
    );
    let without = still(&dir).property("model", "none").build().unwrap();
    assert!(warned(without).iter().any(|text| text.contains("no model")));
}
