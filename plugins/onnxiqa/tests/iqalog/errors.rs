// SPDX-License-Identifier: MPL-2.0

//! Error messages and warnings.

use super::harness::{Folder, element, frame, harness, init, lines, numbered};
use gst::prelude::*;
use serde_json::json;

/// The error with which a pipeline with this element fails to start.
pub fn start_error(log: &gst::Element) -> (gst::glib::Error, String) {
    let pipeline = gst::Pipeline::new();
    pipeline.add(log).expect("a new pipeline");
    assert!(pipeline.set_state(gst::State::Paused).is_err(), "it cannot start");
    let bus = pipeline.bus().expect("a bus");
    let message = bus.pop_filtered(&[gst::MessageType::Error]).expect("an error");
    pipeline.set_state(gst::State::Null).expect("NULL");
    match message.view() {
        gst::MessageView::Error(error) => (error.error(), error.error().to_string()),
        _ => unreachable!("filtered"),
    }
}

#[test]
fn invalid_settings_are_errors_at_the_start_with_the_cause() {
    let folder = Folder::new();
    let missing = folder.file("nowhere/log");
    init();
    let unset = gst::ElementFactory::make("iqalog").build().expect("iqalog");
    let rotated = |location: &str, format| {
        let log = element(location, format);
        log.set_property("max-file-size", 5u64);
        log
    };
    let cases = [
        (unset, gst::ResourceError::NotFound, vec!["set location"]),
        (element(&missing, "json-lines"), gst::ResourceError::OpenWrite, vec![missing.as_str(), "No such file"]),
        (element(&missing, "vmaf-json"), gst::ResourceError::OpenWrite, vec![missing.as_str(), "No such file"]),
        (element(&folder.file(""), "csv"), gst::ResourceError::OpenWrite, vec!["directory"]),
        (element(&folder.file("."), "vmaf-json"), gst::ResourceError::OpenWrite, vec!["directory"]),
        (element("-", "vmaf-json"), gst::ResourceError::Settings, vec!["set location"]),
        (rotated(&folder.file("a"), "vmaf-json"), gst::ResourceError::Settings, vec!["max-file-size=0"]),
        (rotated("-", "csv"), gst::ResourceError::Settings, vec!["max-file-size=0"]),
    ];
    for (log, kind, words) in cases {
        let (error, text) = start_error(&log);
        assert!(error.matches(kind), "{kind:?}: {text}");
        words.iter().for_each(|word| assert!(text.contains(word), "{word} in {text}"));
        // A later attempt may succeed.
        log.set_property("location", folder.file("good"));
        log.set_property("max-file-size", 0u64);
        log.set_state(gst::State::Paused).expect("a good location");
        log.set_state(gst::State::Null).expect("NULL");
    }
}

#[test]
fn a_full_disk_stops_the_stream_with_an_error() {
    let log = element("/dev/full", "json-lines");
    let bus = gst::Bus::new();
    log.set_bus(Some(&bus));
    let mut harness = harness(&log);
    assert_eq!(harness.push(numbered(0)), Err(gst::FlowError::Error));
    assert_eq!(harness.push(numbered(1)), Err(gst::FlowError::Error));
    harness.push_event(gst::event::Eos::new());
    let errors: Vec<_> = bus.iter().filter(|message| message.type_() == gst::MessageType::Error).collect();
    assert_eq!(errors.len(), 1, "one error for all frames");
    match errors[0].view() {
        gst::MessageView::Error(error) => {
            assert!(error.error().matches(gst::ResourceError::NoSpaceLeft), "{error:?}");
            assert!(error.error().to_string().contains("/dev/full"), "{error:?}");
        }
        _ => unreachable!("filtered"),
    }
}

#[test]
fn a_stream_without_scores_causes_one_warning_and_is_not_logged() {
    let folder = Folder::new();
    for (frames, at_once) in [(3, 0), (150, 1)] {
        let path = folder.file("log");
        let log = element(&path, "json-lines");
        let bus = gst::Bus::new();
        log.set_bus(Some(&bus));
        let mut harness = harness(&log);
        let warnings = || bus.iter().filter(|message| message.type_() == gst::MessageType::Warning).count();
        (0..frames).for_each(|_| {
            harness.push(frame(None, &[])).expect("flow");
        });
        assert_eq!(warnings(), at_once);
        harness.push_event(gst::event::Eos::new());
        assert_eq!(warnings(), 1 - at_once);
        assert_eq!(lines(&path), [json!({"pool": {}})]);
    }
}
