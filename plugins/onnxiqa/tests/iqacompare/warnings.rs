// SPDX-License-Identifier: MPL-2.0

//! Warnings to users: each once, with advice.

use crate::common::*;

fn caps(format: &str, width: u32, height: u32) -> String {
    format!("video/x-raw,format={format},width={width},height={height},framerate=25/1")
}

/// The warnings for three blank frames with these caps on both sides.
#[track_caller]
fn warned(element: gst::Element, reference: &str, distorted: &str) -> Vec<String> {
    let blank = |caps: &str, n: u64| {
        let info = gst_video::VideoInfo::from_caps(&caps.parse::<gst::Caps>().unwrap()).unwrap();
        let mut buffer = gst::Buffer::from_mut_slice(vec![16u8; info.size()]);
        buffer.get_mut().unwrap().set_pts(n * FRAME);
        buffer
    };
    let harness = Compare::new(element);
    harness.reference.start(reference);
    harness.start(distorted);
    // The same once more, as at a change of rendition.
    harness.caps(&format!("{distorted},chroma-site=mpeg2"));
    harness.feed((0..3).map(|n| blank(reference, n)), (0..3).map(|n| blank(distorted, n)));
    assert_eq!(harness.finish_both().len(), 3);
    harness.warnings()
}

#[test]
fn display_aspects_that_differ() {
    let (plain, barred) = (caps("I420", 640, 272), caps("I420", 640, 288));
    let parts = ["640x272", "2.353", "640x288", "2.222", "registration=crop"];
    assert_one(&warned(iqacompare().build().unwrap(), &plain, &barred), &parts);
    assert_one(&warned(iqacompare().build().unwrap(), &barred, &plain), &parts);
    let crops = iqacompare().property_from_str("registration", "crop").build().unwrap();
    assert!(warned(crops, &plain, &barred).is_empty());
    let anamorphic = caps("I420", 320, 272) + ",pixel-aspect-ratio=2/1";
    assert!(warned(iqacompare().build().unwrap(), &plain, &anamorphic).is_empty(), "shown with the same aspect");
}

#[test]
fn analytics_meta_without_a_model() {
    let element = iqacompare().property("analytics-meta", true).build().unwrap();
    assert_one(&warned(element, &caps("I420", 32, 32), &caps("I420", 32, 32)), &["analytics-meta", "no model"]);
}

#[test]
fn depths_and_transfers_that_differ() {
    let [eight, ten] = ["I420", "I420_10LE"].map(|format| caps(format, 32, 32));
    assert_one(&warned(iqacompare().build().unwrap(), &ten, &eight), &["10 bits", "8"]);
    let [pq, sdr] = ["bt2100-pq", "bt2020-10"].map(|name| format!("{ten},colorimetry=(string){name}"));
    assert_one(&warned(iqacompare().build().unwrap(), &pq, &sdr), &["PQ", "standard dynamic range", "tone mapping"]);
    assert!(warned(iqacompare().build().unwrap(), &pq, &pq).is_empty());
    // No matrix is stated, so GstVideoInfo alone would use the default for everything.
    let partial = format!("{ten},colorimetry=(string)2:0:14:7");
    assert_one(&warned(iqacompare().build().unwrap(), &partial, &sdr), &["PQ", "tone mapping"]);
}

/// Both streams change on the same frame: whichever caps come first, no pair of frames differs.
#[test]
fn streams_that_change_together_do_not_differ() {
    let blank = |caps: &str, n: u64| {
        let info = gst_video::VideoInfo::from_caps(&caps.parse::<gst::Caps>().unwrap()).unwrap();
        let mut buffer = gst::Buffer::from_mut_slice(vec![16u8; info.size()]);
        buffer.get_mut().unwrap().set_pts(n * FRAME);
        buffer
    };
    let [before, after] = [caps("I420", 64, 32), caps("I420_10LE", 64, 64)];
    for together in [true, false] {
        let harness = Compare::started(iqacompare().build().unwrap(), &before);
        harness.feed((0..3).map(|n| blank(&before, n)), (0..3).map(|n| blank(&before, n)));
        harness.frames(2);
        harness.reference.caps(&after);
        let other = if together { &after } else { &before };
        if together {
            harness.caps(&after);
        }
        harness.feed((3..6).map(|n| blank(&after, n)), (3..6).map(|n| blank(other, n)));
        assert_eq!(harness.finish_both().len(), 6);
        let warnings = harness.warnings();
        let expected: &[&str] = if together { &[] } else { &["aspect", "depths"] };
        assert_eq!(warnings.len(), expected.len(), "{warnings:?}");
        for part in expected {
            assert!(warnings.iter().any(|warning| warning.contains(part)), "{part}: {warnings:?}");
        }
    }
}

#[test]
fn interlaced_frames_among_others() {
    let harness = Compare::started(iqacompare().build().unwrap(), &format!("{FLAT},interlace-mode=mixed"));
    let interlaced = |n: u64| {
        let mut buffer = flat(n, 100);
        let flag = gst_video::VideoBufferFlags::INTERLACED.bits();
        buffer.get_mut().unwrap().set_flags(gst::BufferFlags::from_bits_retain(flag));
        buffer
    };
    harness.pairs(0..3, 1);
    harness.frames(2);
    assert!(harness.warnings().is_empty(), "these are progressive");
    harness.feed((3..6).map(interlaced), (3..6).map(interlaced));
    harness.finish_both();
    assert_one(&harness.warnings(), &["interlaced", "deinterlace"]);
}

#[test]
fn a_side_without_a_frame_and_sides_without_a_pair() {
    let harness = Compare::started(iqacompare().build().unwrap(), FLAT);
    harness.feed([], (0..3).map(|n| flat(n, 1)));
    harness.finish_both();
    assert_one(&harness.warnings(), &["no frame came on reference", "edit list"]);

    let harness = Compare::started(iqacompare().build().unwrap(), FLAT);
    harness.feed((0..3).map(|n| flat(n, 1)), []);
    harness.finish_both();
    assert_one(&harness.warnings(), &["no frame came on distorted", "edit list"]);

    let harness = Compare::started(iqacompare().build().unwrap(), FLAT);
    harness.feed((0..3).map(|n| flat(n, 1)), (100..103).map(|n| flat(n, 1)));
    harness.finish_both();
    assert_one(&harness.warnings(), &["no frame was matched", "none of 3", "search-range"]);
}

#[test]
fn fields_and_levels_of_alarms() {
    let element = |field: &str, below: f64| {
        iqacompare().property("alarm-field", field.to_owned()).property("alarm-below", below).build().unwrap()
    };
    let gray = caps("GRAY8", 32, 32);
    assert_one(&warned(element("psnr-Y", 30.0), &gray, &gray), &["psnr-Y", "psnr-y", "ssim", "gain"]);
    assert_one(&warned(element("ssim", 0.9), &gray, &gray), &["5.9", "ssim", "alarm-hysteresis"]);
    assert!(warned(element("psnr-y", 30.0), &gray, &gray).is_empty());
}

#[test]
fn two_elements_of_one_name() {
    let harness = Compare::started(iqacompare().build().unwrap(), FLAT);
    let marked = |n: u64| {
        let mut buffer = flat(n, 101);
        gstonnxiqa::meta::attach(buffer.get_mut().unwrap(), "q", gst::Structure::new_empty("iqa-score")).unwrap();
        buffer
    };
    harness.feed((0..3).map(|n| flat(n, 100)), (0..3).map(marked));
    harness.finish_both();
    assert_one(&harness.warnings(), &["called q", "name="]);
}
