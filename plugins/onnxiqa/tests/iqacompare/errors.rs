// SPDX-License-Identifier: MPL-2.0

//! Inputs that cannot be compared, unsuitable models, and error messages.

use crate::common::*;
use gst::prelude::*;
use onnx_iqa_testkit as kit;

fn caps(format: &str, width: u32, height: u32) -> String {
    format!("video/x-raw,format={format},width={width},height={height},framerate=25/1")
}

/// A dark frame in the caps' format.
fn blank(caps: &str, n: u64) -> gst::Buffer {
    let info = gst_video::VideoInfo::from_caps(&caps.parse::<gst::Caps>().unwrap()).unwrap();
    let mut buffer = gst::Buffer::from_mut_slice(vec![16u8; info.size()]);
    let fields = buffer.get_mut().unwrap();
    fields.set_pts(n * FRAME);
    fields.set_duration(FRAME);
    buffer
}

/// Starts both streams with different caps.
#[track_caller]
fn different(element: gst::Element, reference: &str, distorted: &str) -> Compare {
    let harness = Compare::new(element);
    harness.reference.start(reference);
    harness.start(distorted);
    harness
}

fn with_model(path: &std::path::Path) -> gst::element_factory::ElementBuilder<'static> {
    iqacompare().property("model", path.to_str().unwrap().to_owned()).property_from_str("provider", "cpu")
}

#[test]
fn a_no_reference_model_is_refused_with_advice() {
    let dir = kit::TempDir::new();
    let text = refused(&with_model(&mean_model(&dir)).build().unwrap());
    assert!(text.contains("iqascore") && text.contains(".onnx"), "{text}");
}

#[test]
fn a_missing_model() {
    init();
    let element = gst::ElementFactory::make("iqacompare").property("model", "nosuchmodel").build().unwrap();
    assert!(refused(&element).contains("nosuchmodel"));
    // The same element starts after the model is corrected.
    element.set_property("model", "none");
    element.set_property_from_str("alignment", "pts");
    let harness = Compare::started(element, FLAT);
    harness.pairs(0..2, 0);
    assert_eq!(harness.finish_both().len(), 2);
}

#[test]
fn a_model_scores_pairs_beside_the_measures() {
    let dir = kit::TempDir::new();
    let model = kit::difference_model(dir.path(), "difference");
    let rgb = "video/x-raw,format=RGB,width=16,height=16,framerate=25/1";
    let frame = |n: u64, value: u8| {
        let mut buffer = gst::Buffer::from_mut_slice(vec![value; 16 * 16 * 3]);
        buffer.get_mut().unwrap().set_pts(n * FRAME);
        buffer
    };
    for measures in ["psnr", "0"] {
        let element = with_model(&model).property_from_str("measures", measures).build().unwrap();
        let harness = Compare::started(element, rgb);
        assert_eq!(harness.element.property::<Option<String>>("active-provider").as_deref(), Some("cpu"));
        assert_eq!(harness.element.property::<String>("alarm-field"), "score");
        harness.feed((0..10).map(|n| frame(n, 100)), (0..10).map(|n| frame(n, 100 + n as u8)));
        for (n, buffer) in (0u8..).zip(harness.finish_both()) {
            let entry = entry(&buffer);
            assert_eq!((entry.get::<&str>("model"), entry.get::<&str>("kind")), (Ok("difference"), Ok("fr")));
            near(entry.get("raw").unwrap(), f64::from(n) / 255.0, 1e-5);
            near(entry.get("score").unwrap(), 100.0 - f64::from(n) / 2.55, 1e-3);
            assert_eq!(entry.has_field("psnr"), measures == "psnr");
            assert!(!entry.has_field("psnr-y"), "R'G'B' has no luma of its own");
        }
        near(harness.stats().get("min").unwrap(), 100.0 - 9.0 / 2.55, 0.02);
        harness.assert_ledger(&[("scored", 10)]);
    }
}

#[test]
fn a_model_that_fails() {
    let dir = kit::TempDir::new();
    // Different sizes, which this model, without geometry, cannot take.
    let model = kit::difference_model(dir.path(), "difference");
    let (small, large) = (caps("RGB", 16, 16), caps("RGB", 32, 32));
    let element = with_model(&model).property_from_str("scale", "none").property_from_str("on-error", "continue");
    let harness = different(element.build().unwrap(), &small, &large);
    harness.feed((0..3).map(|n| blank(&small, n)), (0..3).map(|n| blank(&large, n)));
    for frame in harness.finish_both() {
        assert_eq!(entry(&frame).get::<&str>("state"), Ok("failed"));
    }
    assert_eq!(harness.warnings().len(), 1);
    harness.assert_ledger(&[("failed", 3), ("matched", 3), ("scored", 0)]);
}

#[test]
fn sizes_that_differ_without_scaling_are_an_error_that_names_both() {
    let (small, large) = (caps("I420", 32, 32), caps("I420", 64, 48));
    let harness = different(iqacompare().property_from_str("scale", "none").build().unwrap(), &large, &small);
    harness.feed((0..3).map(|n| blank(&large, n)), (0..3).map(|n| blank(&small, n)));
    let text = error_text(&harness.bus);
    for part in ["64", "48", "32", "scale"] {
        assert!(text.contains(part), "{part} is not in: {text}");
    }
    let pushed = harness.feed((3..40).map(|n| blank(&large, n)), (3..40).map(|n| blank(&small, n)));
    assert_eq!(pushed.iter().find_map(|push| push.wait().err()), Some(gst::FlowError::Error));
    drop(harness);

    // Pixels are not compared then.
    let element = iqacompare().property_from_str("scale", "none").property_from_str("measures", "0");
    let harness = different(element.build().unwrap(), &large, &small);
    harness.feed((0..3).map(|n| blank(&large, n)), (0..3).map(|n| blank(&small, n)));
    assert_eq!(harness.finish_both().len(), 3);
    harness.assert_ledger(&[("matched", 3)]);
}

#[test]
fn failed_frames_are_marked_and_cause_one_warning_per_run() {
    let element = iqacompare().property_from_str("on-error", "continue").build().unwrap();
    let harness = Compare::started(element, FLAT);
    let broken = |n: u64| {
        let mut buffer = flat(n, 100);
        buffer.get_mut().unwrap().set_size(100);
        buffer
    };
    let distorted = (0..12).map(|n| if [3, 4, 5, 8].contains(&n) { broken(n) } else { flat(n, 101) });
    harness.feed((0..12).map(|n| if n == 10 { broken(n) } else { flat(n, 100) }), distorted);
    let frames = harness.finish_both();
    let failed: Vec<_> = (0..12).filter(|&n| entry(&frames[n]).get::<&str>("state") == Ok("failed")).collect();
    assert_eq!(failed, [3, 4, 5, 8, 10]);
    let said = entry(&frames[4]);
    assert_eq!(
        fields(&said),
        ["confidence", "evidence", "kind", "model", "offset", "pairing", "reference-pts", "state"],
        "nothing was measured: {said}"
    );
    assert_eq!(frames[4].size(), 100, "it passes unchanged");
    let warned = harness.warnings();
    assert_eq!(warned.len(), 3, "{warned:?}");
    assert!(warned[2].contains("reference"), "it names the side: {warned:?}");
    harness.assert_ledger(&[("failed", 5), ("scored", 7), ("matched", 12)]);
}

#[test]
fn the_smallest_and_odd_sizes() {
    for (format, width, height) in
        [("GRAY8", 1, 1), ("I420", 1, 1), ("I420", 17, 13), ("NV12", 3, 5), ("YUY2", 7, 3), ("RGB", 1, 2)]
    {
        let caps = caps(format, width, height);
        let element = iqacompare().property_from_str("measures", "psnr+ssim+ms-ssim").build().unwrap();
        let harness = Compare::started(element, &caps);
        harness.feed((0..3).map(|n| blank(&caps, n)), (0..3).map(|n| blank(&caps, n)));
        for frame in harness.finish_both() {
            let entry = entry(&frame);
            assert_eq!(entry.get::<&str>("state"), Ok("scored"), "{caps}: {entry}");
            near(entry.get("psnr").unwrap(), 100.0, 1e-9);
            assert_eq!(entry.has_field("ssim"), width >= 11 && height >= 11, "{caps}");
            assert!(!entry.has_field("ms-ssim"));
        }
    }
}

#[test]
fn bit_depths_may_differ() {
    let (eight, ten) = (caps("I420", 32, 32), caps("I420_10LE", 32, 32));
    let harness = different(iqacompare().build().unwrap(), &ten, &eight);
    let deep = |n: u64| {
        let samples = 32 * 32 * 3 / 2;
        let mut buffer = gst::Buffer::from_mut_slice(64u16.to_le_bytes().repeat(samples));
        buffer.get_mut().unwrap().set_pts(n * FRAME);
        buffer
    };
    harness.feed((0..3).map(deep), (0..3).map(|n| blank(&eight, n)));
    for frame in harness.finish_both() {
        near(entry(&frame).get("psnr").unwrap(), 100.0, 1e-9);
    }
}

#[test]
fn default_colors_that_depend_on_the_size_are_not_a_difference() {
    // GStreamer's default is BT.709 for one size and BT.601 for the other.
    let (large, small) = (caps("I420", 1280, 720), caps("I420", 640, 360));
    let harness = different(iqacompare().build().unwrap(), &large, &small);
    harness.feed((0..3).map(|n| blank(&large, n)), (0..3).map(|n| blank(&small, n)));
    assert_eq!(harness.finish_both().len(), 3);
    assert!(harness.warnings().is_empty());
}

#[test]
fn a_stated_difference_of_color_causes_one_warning() {
    for (one, two, parts) in
        [("bt709", "bt601", ["Bt709", "Bt601", "matri"]), ("1:3:5:1", "2:3:5:1", ["Full", "Limited", "range"])]
    {
        let reference = caps("I420", 32, 32) + ",colorimetry=(string)" + one;
        let distorted = caps("I420", 32, 32) + ",colorimetry=(string)" + two;
        let harness = different(iqacompare().build().unwrap(), &reference, &distorted);
        harness.caps(&(distorted.clone() + ",pixel-aspect-ratio=1/1"));
        harness.feed((0..3).map(|n| blank(&reference, n)), (0..3).map(|n| blank(&distorted, n)));
        assert_eq!(harness.finish_both().len(), 3);
        let warned = harness.warnings();
        assert_eq!(warned.len(), 1, "{warned:?}");
        for part in parts {
            assert!(warned[0].contains(part), "{part} is not in: {warned:?}");
        }
    }
}

#[test]
fn interlaced_video_causes_one_warning_and_transfers_only_with_a_model() {
    let hdr = caps("I420", 32, 32) + ",colorimetry=(string)bt2100-pq";
    let harness = Compare::started(iqacompare().build().unwrap(), &hdr);
    assert!(harness.warnings().is_empty(), "fidelity measures use the samples");
    drop(harness);
    let dir = kit::TempDir::new();
    let harness = Compare::started(with_model(&kit::difference_model(dir.path(), "d")).build().unwrap(), &hdr);
    harness.feed([blank(&hdr, 0)], [blank(&hdr, 0)]);
    harness.finish_both();
    assert!(harness.warnings().iter().any(|warning| warning.contains("transfer")));
    drop(harness);
    let interlaced = caps("I420", 32, 32) + ",interlace-mode=interleaved";
    let harness = Compare::started(iqacompare().build().unwrap(), &interlaced);
    harness.feed([blank(&interlaced, 0)], [blank(&interlaced, 0)]);
    harness.finish_both();
    let warned = harness.warnings();
    assert_eq!(warned.iter().filter(|warning| warning.contains("interlaced")).count(), 1, "{warned:?}");
}

#[test]
fn a_downstream_error_ends_the_flow() {
    for flow in [gst::FlowError::Error, gst::FlowError::Eos, gst::FlowError::NotLinked] {
        let harness = Compare::started(iqacompare().build().unwrap(), FLAT);
        harness.answer_flow(move |n| if n < 3 { Ok(gst::FlowSuccess::Ok) } else { Err(flow) });
        let pushed = harness.pairs(0..30, 1);
        let refused = pushed.iter().find_map(|push| push.wait().err());
        assert_eq!(refused, Some(flow));
    }
}

#[test]
fn r_g_b_is_converted_to_y_cb_cr_for_comparison() {
    let (yuv, rgb) = (caps("I420", 32, 32), caps("RGB", 32, 32));
    for (reference, distorted) in [(&yuv, &rgb), (&rgb, &yuv)] {
        let harness = different(iqacompare().build().unwrap(), reference, distorted);
        harness.feed((0..3).map(|n| blank(reference, n)), (0..3).map(|n| blank(distorted, n)));
        let frames = harness.finish_both();
        assert_eq!(frames.len(), 3);
        for buffer in frames {
            // A gray of 16 in full-range R'G'B' is 16 + 16 · 219 / 255 ≈ 30 in limited range; the other frame has 16.
            near(entry(&buffer).get("psnr-y").unwrap(), psnr(14), 1e-9);
        }
    }
}

#[test]
fn the_ledger_is_consistent_after_downstreams_eos() {
    let harness = Compare::started(iqacompare().build().unwrap(), FLAT);
    harness.answer_flow(|n| if n < 2 { Ok(gst::FlowSuccess::Ok) } else { Err(gst::FlowError::Eos) });
    // The later ones wait for the reference at the end.
    let pushed = harness.feed((0..4).map(|n| flat(n, 100)), (0..12).map(|n| flat(n, 100)));
    harness.wait_eos();
    assert!(pushed.iter().any(|push| push.wait() == Err(gst::FlowError::Eos)));
    harness.assert_ledger(&[]);
}
