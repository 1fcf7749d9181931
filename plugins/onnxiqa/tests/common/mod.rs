// SPDX-License-Identifier: MPL-2.0

//! Shared by the plugin's tests: registration of the plugin, frames with known scores, waits with a limit.
#![allow(dead_code, unused_imports, reason = "each test binary uses a part of it")]

mod compare;
mod harness;
mod properties;
mod scorer_gate;
mod upstream;

pub use compare::{Compare, FLAT, Pushed, flat, iqacompare, psnr};
pub use harness::{ElementHarness, Item};
pub use properties::{check_no_others, check_property, text};
pub use scorer_gate::ScorerGate;
pub use upstream::{Pending, Upstream};

use gst::prelude::*;
use onnx_iqa_testkit::{NR_CONTRACT, TempDir};
use std::path::{Path, PathBuf};
use std::sync::Once;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// Limit for results that are due immediately, for the slowest machine under load.
pub const LIMIT: Duration = Duration::from_secs(60);
/// How long a test observes that something does *not* happen. Longer would not find more.
pub const GLANCE: Duration = Duration::from_millis(100);

/// Frames of [`gray`].
pub const CAPS: &str = "video/x-raw,format=RGB,width=4,height=2,framerate=25/1";
/// Duration of these frames.
pub const FRAME: gst::ClockTime = gst::ClockTime::from_mseconds(40);

pub fn init() {
    static INIT: Once = Once::new();
    INIT.call_once(|| {
        gst::init().unwrap();
        gstonnxiqa::plugin_register_static().expect("the plugin registers");
    });
}

/// The testkit's mean model: score = 100 × the mean of R', G' and B'. A new one for each call, because tests in one
/// process would otherwise share its worker.
pub fn mean_model(dir: &TempDir) -> PathBuf {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let contract = format!("{NR_CONTRACT}# {number}\n");
    onnx_iqa_testkit::mean_model_with(dir.path(), &format!("mean{number}"), &contract)
}

/// An `iqascore` with that model, on one CPU thread.
pub fn iqascore(model: &Path) -> gst::element_factory::ElementBuilder<'static> {
    iqascore_named("q", model)
}

/// The same with another name.
pub fn iqascore_named<'a>(name: &'a str, model: &Path) -> gst::element_factory::ElementBuilder<'a> {
    init();
    gst::ElementFactory::make("iqascore")
        .name(name)
        .property("model", model.to_str().unwrap().to_owned())
        .property_from_str("provider", "cpu")
        .property("threads", 1u32)
}

/// Frame number `n`: 4×2 pixels of one gray, at 25 per second.
pub fn gray(n: u64, value: u8) -> gst::Buffer {
    let mut buffer = gst::Buffer::from_mut_slice(vec![value; 4 * 2 * 3]);
    let fields = buffer.get_mut().unwrap();
    fields.set_pts(n * FRAME);
    fields.set_duration(FRAME);
    buffer
}

/// A gray for frame number `n`, different from its neighbors'.
pub fn shade(n: u64) -> u8 {
    (n * 37 + 11) as u8
}

/// The score of the testkit's mean model for that gray.
pub fn score_of(value: u8) -> f64 {
    f64::from(value) * 100.0 / 255.0
}

/// The entry of the element named `q` on the buffer.
#[track_caller]
pub fn entry(buffer: &gst::BufferRef) -> gst::Structure {
    entry_of(buffer, "q")
}

#[track_caller]
pub fn entry_of(buffer: &gst::BufferRef, element: &str) -> gst::Structure {
    let entries = gstonnxiqa::meta::entries(buffer);
    let found = entries.iter().find(|(name, _)| name == element).map(|(_, entry)| entry.clone());
    found.unwrap_or_else(|| panic!("no entry of {element} on {buffer:?}, others: {entries:?}"))
}

#[track_caller]
pub fn near(actual: f64, expected: f64, tolerance: f64) {
    assert!((actual - expected).abs() <= tolerance, "{actual} is not within {tolerance} of {expected}");
}

/// Asserts that the buffer carries the score of frame number `n` with that gray.
#[track_caller]
pub fn assert_scored(buffer: &gst::BufferRef, n: u64, value: u8) {
    assert_eq!(buffer.pts(), Some(n * FRAME), "the order of frames");
    let entry = entry(buffer);
    assert_eq!(entry.get::<&str>("state"), Ok("scored"), "frame {n}: {entry}");
    near(entry.get("score").unwrap(), score_of(value), 1e-3);
    assert_eq!(entry.get("scored-pts"), Ok((n * FRAME).nseconds()));
    assert_eq!(entry.get("age"), Ok(0u64));
}

/// The names of a structure's fields, sorted.
pub fn fields(structure: &gst::StructureRef) -> Vec<String> {
    let mut names: Vec<_> = structure.fields().map(|name| name.to_string()).collect();
    names.sort();
    names
}

/// A test clip from the folder that `make test` sets in `ONNX_IQA_CLIPS`.
#[track_caller]
pub fn clip(name: &str) -> PathBuf {
    let folder = std::env::var_os("ONNX_IQA_CLIPS");
    let folder = folder.expect("ONNX_IQA_CLIPS must name the folder of the test clips; `make test` sets it");
    let path = Path::new(&folder).join(name);
    assert!(path.is_file(), "{} is missing; `make setup` fetches the test clips", path.display());
    path
}

/// Runs something that must end, on its own thread; fails the test if it does not end.
#[track_caller]
pub fn bounded<T: Send + 'static>(what: &str, body: impl FnOnce() -> T + Send + 'static) -> T {
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || sender.send(body()));
    receiver.recv_timeout(LIMIT).unwrap_or_else(|error| panic!("{what}: not done after {LIMIT:?} ({error})"))
}

/// Sets a state and waits until it is reached.
#[track_caller]
pub fn set_state(element: &impl IsA<gst::Element>, state: gst::State) {
    let element = element.clone().upcast::<gst::Element>();
    let reporting = element.clone();
    bounded(&format!("{} to {state:?}", element.name()), move || {
        element.set_state(state).map(|_| ()).and_then(|()| element.state(gst::ClockTime::NONE).0.map(|_| ()))
    })
    .unwrap_or_else(|_| panic!("the change to {state:?} fails: {:?}", element_errors(&reporting)));
}

/// The texts of the errors on an element's bus.
fn element_errors(element: &gst::Element) -> Vec<String> {
    let messages = element.bus().map(|bus| std::iter::from_fn(move || bus.pop_filtered(&[gst::MessageType::Error])));
    messages.into_iter().flatten().map(|message| format!("{message:?}")).collect()
}

/// The text of the next error on the bus.
#[track_caller]
pub fn error_text(bus: &gst::Bus) -> String {
    let message = bus.timed_pop_filtered(gst::ClockTime::try_from(LIMIT).unwrap(), &[gst::MessageType::Error]);
    match message.expect("an error message").view() {
        gst::MessageView::Error(error) => format!("{} {:?}", error.error(), error.debug()),
        other => panic!("{other:?}"),
    }
}

/// The text of a warning, as gst-launch-1.0 prints it.
pub fn warning_text(message: &gst::Message) -> Option<String> {
    match message.view() {
        gst::MessageView::Warning(warning) => Some(warning.error().message().to_owned()),
        _ => None,
    }
}

/// Asserts that there is one text and that it contains all parts.
#[track_caller]
pub fn assert_one(texts: &[String], parts: &[&str]) {
    assert_eq!(texts.len(), 1, "{texts:?}");
    for part in parts {
        assert!(texts[0].contains(part), "{part} is not in: {}", texts[0]);
    }
}

/// Runs a pipeline to its end; returns the texts of errors and the structures of all element messages.
#[track_caller]
pub fn run(pipeline: &gst::Pipeline) -> (Vec<String>, Vec<gst::Structure>) {
    let bus = pipeline.bus().unwrap();
    let starting = pipeline.clone();
    let started = bounded("to PLAYING", move || starting.set_state(gst::State::Playing));
    let (mut errors, mut messages) = (Vec::new(), Vec::new());
    if started.is_err() {
        // decodebin does not report some errors and only refuses the state.
        errors.push("the pipeline does not start".to_owned());
    }
    while started.is_ok() {
        let message = bus.timed_pop(gst::ClockTime::try_from(LIMIT).unwrap());
        let message = message.expect("neither EOS nor an error nor anything else for a minute");
        match message.view() {
            gst::MessageView::Eos(_) => break,
            gst::MessageView::Error(error) => {
                errors.push(format!("{} {:?}", error.error(), error.debug()));
                break;
            }
            gst::MessageView::Element(element) => messages.extend(element.structure().map(ToOwned::to_owned)),
            _ => {}
        }
    }
    set_state(pipeline, gst::State::Null);
    (errors, messages)
}

/// A pipeline in gst-launch syntax.
#[track_caller]
pub fn launch(description: &str) -> gst::Pipeline {
    init();
    let bin = gst::parse::launch(description).unwrap_or_else(|error| panic!("{description}: {error}"));
    bin.downcast().expect("a pipeline")
}

/// The error of an element that cannot go to PAUSED; afterwards it must be as before the attempt.
#[track_caller]
pub fn refused(element: &gst::Element) -> String {
    let bus = gst::Bus::new();
    element.set_bus(Some(&bus));
    let going = element.clone();
    let result = bounded("to PAUSED", move || going.set_state(gst::State::Paused));
    assert!(result.is_err(), "it goes to PAUSED");
    let text = error_text(&bus);
    assert_eq!(element.property::<Option<String>>("active-provider"), None);
    set_state(element, gst::State::Null);
    text
}

/// The output of a pipeline whose appsink is called `out`.
pub fn buffers(pipeline: &gst::Pipeline) -> Vec<gst::Buffer> {
    let sink = pipeline.by_name("out").unwrap().downcast::<gst_app::AppSink>().unwrap();
    sink.set_property("sync", false);
    pipeline.set_state(gst::State::Playing).unwrap();
    let limit = gst::ClockTime::try_from(LIMIT).unwrap();
    let buffers =
        std::iter::from_fn(|| sink.try_pull_sample(limit)).filter_map(|sample| sample.buffer_owned()).collect();
    if let Some(message) = pipeline.bus().unwrap().pop_filtered(&[gst::MessageType::Error]) {
        panic!("{message:?}");
    }
    assert!(sink.is_eos(), "it ends");
    set_state(pipeline, gst::State::Null);
    buffers
}
