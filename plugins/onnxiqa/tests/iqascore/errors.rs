// SPDX-License-Identifier: MPL-2.0

//! Models that cannot be opened, and models that fail.

use crate::common::*;
use gst::prelude::*;
use onnx_iqa_testkit as kit;
use std::path::Path;

#[track_caller]
fn says(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "{part:?} is not in: {text}");
    }
}

fn at(path: impl AsRef<Path>) -> gst::Element {
    iqascore(path.as_ref()).build().unwrap()
}

#[test]
fn a_missing_model() {
    let dir = kit::TempDir::new();
    let path = dir.path().join("nothing.onnx");
    says(&refused(&at(&path)), &[path.to_str().unwrap(), "No such file"]);
    says(&refused(&at(dir.path())), &[dir.path().to_str().unwrap()]);
}

#[test]
fn a_corrupt_model() {
    let dir = kit::TempDir::new();
    let good = std::fs::read(kit::mean_model(dir.path(), "good")).unwrap();
    for (name, bytes) in
        [("noise.onnx", b"no model at all".as_slice()), ("empty.onnx", b""), ("half.onnx", &good[..60])]
    {
        let path = dir.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        says(&refused(&at(&path)), &[name]);
    }
}

#[test]
fn a_name_of_no_bundled_model() {
    let text = refused(&at("nosuchmodel"));
    says(&text, &["nosuchmodel", "bundled models"]);
}

#[test]
fn contracts_that_do_not_fit() {
    let dir = kit::TempDir::new();
    let model = kit::mean_model(dir.path(), "model");
    let sidecar = dir.path().join("model.toml");
    for (contract, parts) in [
        ("contract = 1\nnonsense = 2\n", ["nonsense", "line 2"].as_slice()),
        (&kit::NR_CONTRACT.replace("\"x\"", "\"pixels\""), &["input[0].tensor", "pixels", "x"]),
        (&kit::NR_CONTRACT.replace("contract = 1", "contract = 99"), &["contract", "99"]),
        ("]", &["line 1"]),
    ] {
        std::fs::write(&sidecar, contract).unwrap();
        let text = refused(&at(&model));
        says(&text, parts);
        says(&text, &["model.onnx", "model.toml"]);
    }
    // A later attempt succeeds, on the same element.
    let element = at(&model);
    refused(&element);
    std::fs::remove_file(&sidecar).unwrap();
    let harness = ElementHarness::started(element, CAPS);
    harness.push(gray(0, 51)).unwrap();
    assert_scored(&harness.frames(1)[0], 0, 51);
}

#[test]
fn a_model_without_a_contract() {
    let dir = kit::TempDir::new();
    let path = kit::mean_graph(kit::Element::Float, "N 3 H W").write(dir.path(), "bare");
    says(&refused(&at(&path)), &["bare.toml", "iqa.contract"]);
}

#[test]
fn a_full_reference_model_is_refused_with_advice() {
    let dir = kit::TempDir::new();
    says(&refused(&at(kit::difference_model(dir.path(), "difference"))), &["iqacompare", "reference"]);
}

#[test]
fn a_named_provider_is_never_replaced_silently() {
    let dir = kit::TempDir::new();
    let model = mean_model(&dir);
    for provider in ["cuda", "tensorrt", "openvino"] {
        let element = iqascore(&model).property_from_str("provider", provider).build().unwrap();
        let bus = gst::Bus::new();
        element.set_bus(Some(&bus));
        // On a machine that has it, it must be the one that runs.
        if element.set_state(gst::State::Paused).is_ok() {
            assert_eq!(element.property::<Option<String>>("active-provider").as_deref(), Some(provider));
        } else {
            says(&error_text(&bus), &[provider, "cannot be used"]);
        }
        set_state(&element, gst::State::Null);
    }
}

#[test]
fn auto_reports_the_chosen_provider() {
    let dir = kit::TempDir::new();
    let model = mean_model(&dir);
    let harness = ElementHarness::new(iqascore(&model).property_from_str("provider", "auto").build().unwrap());
    let provider = harness.element.property::<Option<String>>("active-provider").unwrap();
    assert!(["cpu", "cuda", "openvino"].contains(&provider.as_str()), "{provider}");
}

#[test]
fn a_failing_model_stops_the_stream() {
    let dir = kit::TempDir::new();
    for (model, reason) in [
        (kit::failing_model(dir.path(), "failing"), "the model failed"),
        (kit::nan_model(dir.path(), "nan"), "not finite"),
    ] {
        let harness = ElementHarness::started(iqascore(&model).property("batch-size", 2u32).build().unwrap(), CAPS);
        let error = (0..100).find_map(|n| harness.push(gray(n, 1)).err());
        assert_eq!(error, Some(gst::FlowError::Error));
        says(&error_text(&harness.bus), &[reason]);
        assert!(
            harness.order().iter().all(|item| item.parse::<u64>().is_err()),
            "no frame leaves: {:?}",
            harness.order()
        );
        assert_eq!(harness.count(gst::MessageType::Error), 0, "one error is enough");
    }
}

#[test]
fn a_failing_model_marks_frames_and_warns_once() {
    let dir = kit::TempDir::new();
    for model in [kit::failing_model(dir.path(), "failing"), kit::nan_model(dir.path(), "nan")] {
        let element = iqascore(&model).property_from_str("on-error", "continue").property("batch-size", 3u32);
        let harness = ElementHarness::started(element.build().unwrap(), CAPS);
        for n in 0..10 {
            harness.push(gray(n, 1)).unwrap();
        }
        let frames = harness.finish();
        assert_eq!(frames.len(), 10);
        for buffer in &frames {
            assert_eq!(entry(buffer).get::<&str>("state"), Ok("failed"));
            assert_eq!(fields(&entry(buffer)), ["kind", "model", "state"]);
        }
        assert_eq!(["frames", "scored", "failed"].map(|field| harness.stat(field)), [10, 0, 10]);
        assert_eq!(harness.count(gst::MessageType::Warning), 1);
    }
}

/// mean / mean × mean: the mean, and 0/0 for black.
fn afraid_of_black(dir: &Path) -> std::path::PathBuf {
    let axes = [kit::Attribute::ints("axes", &[1, 2, 3]), kit::Attribute::int("keepdims", 0)];
    kit::Onnx::new("black")
        .input("x", kit::Element::Float, "N 3 H W")
        .output("y", kit::Element::Float, "N")
        .node("ReduceMean", &["x"], &["m"], axes)
        .node("Div", &["m", "m"], &["one"], [])
        .node("Mul", &["one", "m"], &["y"], [])
        .contract(kit::NR_CONTRACT)
        .write(dir, "black")
}

#[test]
fn one_warning_per_run_of_failures() {
    let dir = kit::TempDir::new();
    for batch in [1u32, 4] {
        let element = iqascore(&afraid_of_black(dir.path())).property_from_str("on-error", "continue");
        let harness = ElementHarness::started(element.property("batch-size", batch).build().unwrap(), CAPS);
        let grays = [9, 9, 0, 0, 0, 9, 0, 9, 0, 0];
        for (n, value) in (0..).zip(grays) {
            harness.push(gray(n, value)).unwrap();
        }
        for ((n, value), buffer) in (0..).zip(grays).zip(harness.finish()) {
            if value == 0 {
                assert_eq!(entry(&buffer).get::<&str>("state"), Ok("failed"), "frame {n}");
            } else {
                assert_scored(&buffer, n, value);
            }
        }
        assert_eq!(harness.count(gst::MessageType::Warning), 3);
    }
}

#[test]
fn a_skipped_frame_after_a_failure_carries_the_last_score() {
    let dir = kit::TempDir::new();
    let element = iqascore(&afraid_of_black(dir.path())).property_from_str("on-error", "continue");
    let harness = ElementHarness::started(element.property("interval", 2u32).build().unwrap(), CAPS);
    for (n, value) in (0..).zip([51, 1, 0, 1]) {
        harness.push(gray(n, value)).unwrap();
    }
    let last = entry(&harness.finish()[3]);
    assert_eq!(last.get::<&str>("state"), Ok("skipped"));
    near(last.get("score").unwrap(), 20.0, 1e-3);
    assert_eq!(last.get("age"), Ok((3 * FRAME).nseconds()));
}

#[test]
fn caps_and_segments_that_cannot_be_scored() {
    let dir = kit::TempDir::new();
    let harness = ElementHarness::new(at(mean_model(&dir)));
    assert!(harness.event(gst::event::StreamStart::new("test")));
    let caps = "video/x-raw,format=v308,width=4,height=2,framerate=25/1".parse::<gst::Caps>().unwrap();
    assert!(!harness.event(gst::event::Caps::new(&caps)) || harness.push(gray(0, 1)).is_err());
    let segment = gst::FormattedSegment::<gst::format::Bytes>::new();
    harness.caps(CAPS);
    // For sticky events, upstream gets the error with its next buffer.
    let _ = harness.event(gst::event::Segment::new(&segment));
    assert!(harness.push(gray(0, 1)).is_err());
    says(&error_text(&harness.bus), &["segment"]);
}

#[test]
fn frames_before_caps_are_refused() {
    let dir = kit::TempDir::new();
    let harness = ElementHarness::new(at(mean_model(&dir)));
    assert!(harness.event(gst::event::StreamStart::new("test")));
    let flow = harness.push(gray(0, 1)).err().or_else(|| (1..100).find_map(|n| harness.push(gray(n, 1)).err()));
    assert!(flow.is_some());
}

#[test]
fn interlaced_video_and_unsupported_transfers_cause_one_warning() {
    let dir = kit::TempDir::new();
    let harness = ElementHarness::new(at(mean_model(&dir)));
    harness.start(
        "video/x-raw,format=I420,width=4,height=4,framerate=25/1,interlace-mode=interleaved,colorimetry=bt2100-pq",
    );
    harness.caps(
        "video/x-raw,format=I420,width=8,height=4,framerate=25/1,interlace-mode=interleaved,colorimetry=bt2100-pq",
    );
    let mut texts = Vec::new();
    while let Some(message) = harness.bus.pop_filtered(&[gst::MessageType::Warning]) {
        if let gst::MessageView::Warning(warning) = message.view() {
            texts.push(format!("{} {:?}", warning.error(), warning.debug()));
        }
    }
    assert_eq!(texts.len(), 1, "{texts:?}");
    says(&texts[0], &["interlaced", "transfer"]);
}
