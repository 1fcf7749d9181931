//! What tests of whole pipelines share. They need the clips and models that `make test` sets up.

use anyhow::{Context, Result, bail, ensure};
use gst::prelude::*;
use std::path::PathBuf;
use std::sync::Once;

/// Starts GStreamer, with the plugin linked in.
///
/// # Panics
/// When that fails: there is nothing to test then.
pub fn init() {
    static INIT: Once = Once::new();
    INIT.call_once(|| {
        gst::init().expect("GStreamer starts");
        gstonnxiqa::plugin_register_static().expect("the plugin registers");
    });
}

/// The path of a clip, as `location=` takes it.
///
/// # Errors
/// When the clips are not there.
pub fn clip(name: &str) -> Result<String> {
    let folder =
        std::env::var_os("ONNX_IQA_CLIPS").context("ONNX_IQA_CLIPS is not set: run the tests by `make test`")?;
    let path = PathBuf::from(folder).join(name);
    ensure!(path.is_file(), "{} is not there: run `make setup`", path.display());
    Ok(path.display().to_string())
}

/// Runs a pipeline from `gst-launch-1.0`'s language to its end, and gives it back in READY, with its bus's element messages.
///
/// # Errors
/// With the element's words when one fails, and when there is no end within five minutes.
pub fn run(description: &str) -> Result<(gst::Pipeline, Vec<gst::Structure>)> {
    let pipeline = gst::parse::launch(description)?.downcast::<gst::Pipeline>().ok().context("not a pipeline")?;
    let bus = pipeline.bus().context("no bus")?;
    pipeline.set_state(gst::State::Playing)?;
    let mut messages = Vec::new();
    let outcome = loop {
        let Some(message) = bus.timed_pop(gst::ClockTime::from_seconds(300)) else {
            break Err(anyhow::anyhow!("no end of: {description}"));
        };
        match message.view() {
            gst::MessageView::Eos(_) => break Ok(()),
            gst::MessageView::Error(error) => break Err(anyhow::anyhow!("{}: {:?}", error.error(), error.debug())),
            gst::MessageView::Element(element) => messages.extend(element.structure().map(ToOwned::to_owned)),
            _ => {}
        }
    };
    if let Err(error) = outcome {
        pipeline.set_state(gst::State::Null)?;
        bail!(error);
    }
    pipeline.set_state(gst::State::Ready)?;
    Ok((pipeline, messages))
}

/// The mean score that the element named `q` gave in a pipeline that has been run.
///
/// # Errors
/// When it scored nothing.
pub fn mean_score(pipeline: &gst::Pipeline) -> Result<f64> {
    let element = pipeline.by_name("q").context("no element is named q")?;
    let stats = element.property::<gst::Structure>("stats");
    stats.get("mean").with_context(|| format!("nothing scored: {stats}"))
}
