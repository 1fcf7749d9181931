// SPDX-License-Identifier: MPL-2.0

//! Without ONNX Runtime. In its own process, because a loaded runtime stays.

mod common;

use common::*;
use gst::prelude::*;
use onnx_iqa_testkit as kit;

#[test]
fn without_a_runtime_the_element_exists_and_a_later_attempt_succeeds() {
    let real = std::env::var_os("ORT_DYLIB_PATH")
        .expect("ORT_DYLIB_PATH must name ONNX Runtime's library; `make test` sets it");
    let dir = kit::TempDir::new();
    let model = mean_model(&dir);
    let element = iqascore(&model).build().unwrap();
    let bus = gst::Bus::new();
    element.set_bus(Some(&bus));
    let junk = dir.path().join("libonnxruntime.so.1");
    std::fs::write(&junk, "no library").unwrap();
    for wrong in [dir.path().join("nowhere/libonnxruntime.so"), junk, dir.path().to_owned(), "libc.so.6".into()] {
        // SAFETY: this is the only test in the process, and no other thread reads the environment now.
        unsafe { std::env::set_var("ORT_DYLIB_PATH", &wrong) };
        // What gst-inspect-1.0 needs.
        assert!(gst::ElementFactory::find("iqascore").is_some());
        assert!(element.find_property("model").is_some());
        assert!(element.set_state(gst::State::Ready).is_ok(), "READY needs no runtime");
        assert!(element.set_state(gst::State::Paused).is_err());
        let text = error_text(&bus);
        assert!(text.contains("ORT_DYLIB_PATH"), "{text}");
        assert!(text.contains(wrong.to_str().unwrap()), "{text}");
        assert!(text.contains("ONNX Runtime 1."), "what to do: {text}");
        set_state(&element, gst::State::Null);
    }
    // SAFETY: as above.
    unsafe { std::env::set_var("ORT_DYLIB_PATH", real) };
    let harness = ElementHarness::started(element, CAPS);
    harness.push(gray(0, 51)).unwrap();
    assert_scored(&harness.frames(1)[0], 0, 51);
}
