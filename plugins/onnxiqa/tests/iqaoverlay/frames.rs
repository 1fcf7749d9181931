// SPDX-License-Identifier: MPL-2.0

//! What is changed in a frame, and what is not.

use super::*;

#[test]
fn frames_without_entries_pass_unchanged() {
    let harness = ElementHarness::started(iqaoverlay().build().unwrap(), LARGE);
    let buffer = frame(0);
    let memory = buffer.peek_memory(0).as_ptr();
    harness.push(buffer).unwrap();
    let out = harness.frames(1).remove(0);
    assert_eq!((out.peek_memory(0).as_ptr(), drawn(&out)), (memory, 0));
    assert_eq!(harness.warnings(), [] as [String; 0]);
}

#[test]
fn a_score_is_drawn_and_metas_times_and_flags_stay() {
    let harness = ElementHarness::started(iqaoverlay().build().unwrap(), LARGE);
    let mut buffer = with(frame(3), &scored(72.4));
    let fields = buffer.make_mut();
    fields.set_flags(gst::BufferFlags::DISCONT | gst::BufferFlags::MARKER);
    gst::ReferenceTimestampMeta::add(fields, &gst::Caps::new_empty_simple("timestamp/x-ntp"), FRAME, None);
    let flags = buffer.flags();
    harness.push(buffer).unwrap();
    let out = harness.frames(1).remove(0);
    assert!((1000..320 * 240 / 3).contains(&drawn(&out)), "{} pixels are drawn", drawn(&out));
    assert_eq!((out.pts(), out.duration(), out.flags()), (Some(3 * FRAME), Some(FRAME), flags));
    assert_eq!(entry(&out).get::<f64>("score"), Ok(72.4));
    assert!(out.meta::<gst::ReferenceTimestampMeta>().is_some());
    // Far from the box in the upper left corner.
    assert!(data(&out)[320 * 200..].iter().all(|&byte| byte == 128));
}

#[test]
fn a_frame_that_others_hold_is_copied_for_drawing() {
    let harness = ElementHarness::started(iqaoverlay().build().unwrap(), LARGE);
    let kept = with(frame(0), &scored(50.0));
    harness.push(kept.clone()).unwrap();
    assert!(drawn(&harness.frames(1)[0]) > 1000);
    assert_eq!(drawn(&kept), 0, "what a tee's other branch has stays as it was");
}

/// Every format of the template is either drawn on or reported as unsupported.
#[test]
fn every_format_is_drawn_on_or_named() {
    init();
    let template = gst::ElementFactory::find("iqaoverlay").unwrap();
    let template = template.static_pad_templates().into_iter().find(|template| template.name_template() == "sink");
    let caps = template.unwrap().caps();
    let formats = caps.structure(0).unwrap().get::<gst::List>("format").unwrap();
    let formats: Vec<_> = formats.iter().map(|format| format.get::<String>().unwrap()).collect();
    assert!(formats.len() > 80, "{formats:?}");
    let mut named = Vec::new();
    for format in formats {
        let caps = format!("video/x-raw,format={format},width=324,height=242,framerate=25/1");
        let info = gst_video::VideoInfo::from_caps(&caps.parse::<gst::Caps>().unwrap()).unwrap();
        let harness = ElementHarness::started(iqaoverlay().build().unwrap(), &caps);
        for n in 0..2 {
            harness.push(with(bytes(n, vec![128; info.size()]), &scored(20.0))).unwrap();
        }
        let out = harness.frames(2);
        let warnings = harness.warnings();
        if warnings.is_empty() {
            assert!(drawn(&out[1]) > 1000, "{format}: {}", drawn(&out[1]));
        } else {
            assert_one(&warnings, &[&format, "videoconvert"]);
            assert_eq!(drawn(&out[1]), 0, "{format} is warned of and drawn on");
            named.push(format);
        }
    }
    assert!(named.contains(&"v210".to_owned()) && named.contains(&"Y410".to_owned()), "{named:?}");
    let contract = "I420 YV12 NV12 NV21 Y42B Y444 YUY2 UYVY GRAY8 RGB BGR RGBA BGRA ARGB ABGR RGBx BGRx xRGB xBGR GBR \
                    I420_10LE I422_10LE Y444_10LE P010_10LE I420_12LE GRAY16_LE";
    assert!(contract.split(' ').all(|format| !named.contains(&format.to_owned())), "{named:?}");
}

/// Planes with their own strides and offsets, as from decoders; bytes between them are not changed.
#[test]
fn strides_and_offsets_are_the_buffers_own() {
    let caps = "video/x-raw,format=I420,width=320,height=240,framerate=25/1";
    let harness = ElementHarness::started(iqaoverlay().build().unwrap(), caps);
    // Cb and Cr are adjacent in the same rows.
    let (stride, chroma) = (384, 384 * 240 + 64);
    let mut buffer = bytes(0, vec![128; chroma + 384 * 120]);
    let (offsets, strides) = ([0, chroma, chroma + 192], [stride, 384, 384]);
    let format = gst_video::VideoFormat::I420;
    let flags = gst_video::VideoFrameFlags::empty();
    gst_video::VideoMeta::add_full(buffer.make_mut(), flags, format, 320, 240, &offsets, &strides).unwrap();
    harness.push(with(buffer, &scored(50.0))).unwrap();
    let out = data(&harness.frames(1)[0]);
    assert!(out[..chroma].iter().filter(|&&byte| byte != 128).count() > 1000);
    for row in 0..240 {
        assert!(out[row * 384 + 320..(row + 1) * 384].iter().all(|&byte| byte == 128), "padding of row {row}");
    }
    for row in 0..120 {
        let row = &out[chroma + row * 384..][..384];
        assert!(row[160..192].iter().chain(&row[352..]).all(|&byte| byte == 128));
    }
    // The word is colored: both chroma planes change, at the same places.
    let rows = (0..120).map(|row| &out[chroma + row * 384..][..384]);
    let count = |from: usize| rows.clone().flat_map(|row| &row[from..from + 160]).filter(|&&byte| byte != 128).count();
    assert!(count(0) > 20 && count(192) > 20, "{} {}", count(0), count(192));
}

#[test]
fn a_stream_without_scores_ends_with_a_warning() {
    for (elements, scores, words) in
        [("", false, "put iqascore or iqacompare upstream"), ("nosuch,p", true, "nosuch, p"), ("p,q", true, "")]
    {
        let harness = ElementHarness::started(iqaoverlay().property("elements", elements).build().unwrap(), LARGE);
        harness.push(if scores { with(frame(0), &scored(50.0)) } else { frame(0) }).unwrap();
        harness.finish();
        match words {
            "" => assert_eq!(harness.warnings(), [] as [String; 0]),
            words => assert_one(&harness.warnings(), &["no frame carries scores", words]),
        }
    }
}

#[test]
fn a_frame_that_cannot_be_mapped_passes_with_one_warning() {
    let harness = ElementHarness::started(iqaoverlay().build().unwrap(), LARGE);
    for n in 0..3 {
        harness.push(with(bytes(n, vec![128; 1000]), &scored(50.0))).unwrap();
    }
    assert!(harness.frames(3).iter().all(|buffer| drawn(buffer) == 0));
    assert_one(&harness.warnings(), &["1000 bytes", "GRAY8", "320x240"]);
}

#[test]
fn cropped_parts_are_not_drawn_on() {
    let harness = ElementHarness::started(iqaoverlay().build().unwrap(), LARGE);
    let mut buffer = with(frame(0), &scored(50.0));
    let fields = buffer.make_mut();
    let flags = gst_video::VideoFrameFlags::empty();
    gst_video::VideoMeta::add(fields, flags, gst_video::VideoFormat::Gray8, 320, 240).unwrap();
    gst_video::VideoCropMeta::add(fields, (41, 23, 200, 180));
    harness.push(buffer).unwrap();
    let out = harness.frames(1).remove(0);
    let bytes = data(&out);
    let inside = |place: usize| (41..241).contains(&(place % 320)) && (23..203).contains(&(place / 320));
    assert!(drawn(&out) > 1000);
    assert!(bytes.iter().enumerate().all(|(place, &byte)| byte == 128 || inside(place)));
}

#[test]
fn new_caps_are_followed() {
    let harness = ElementHarness::started(iqaoverlay().build().unwrap(), LARGE);
    harness.push(with(frame(0), &scored(50.0))).unwrap();
    harness.caps("video/x-raw,format=RGB,width=640,height=480,framerate=25/1");
    harness.push(bytes(1, vec![128; 640 * 480 * 3])).unwrap();
    let out = harness.frames(2);
    assert!(drawn(&out[1]) > drawn(&out[0]) * 2, "{} {}", drawn(&out[0]), drawn(&out[1]));
}

/// A map as from `mt-irn`; frames that are not scored carry it too.
#[test]
fn a_map_lies_over_the_picture() {
    let element = iqaoverlay().property_from_str("show", "map").property("map-opacity", 1.0);
    let harness = ElementHarness::started(element.property_from_str("map-colormap", "grey").build().unwrap(), LARGE);
    let mut record = scored(50.0);
    record.map = Some(onnx_iqa::scorer::Map { width: 2, height: 2, data: vec![0, 255, 255, 255] }.into());
    let first = with(frame(0), &record);
    let entry = entry(&first);
    harness.push(first).unwrap();
    let mut carrying = frame(1);
    gstonnxiqa::meta::attach(carrying.make_mut(), "q", entry).unwrap();
    harness.push(carrying).unwrap();
    for buffer in harness.frames(2) {
        let bytes = data(&buffer);
        // The box with the legend is in the upper left corner.
        let at = |x: usize, y: usize| bytes[y * 320 + x];
        let row: Vec<_> = [0, 100, 160, 220, 319].map(|x| at(x, 110)).into();
        assert!(row.windows(2).all(|pair| pair[0] < pair[1] || pair[0] == 255), "{row:?}");
        assert_eq!([at(319, 0), at(0, 239), at(319, 239)], [255; 3], "GRAY8 has full range");
    }
}
