// SPDX-License-Identifier: MPL-2.0

//! What the plugin's benchmarks share.
#![allow(dead_code, reason = "each benchmark uses a part of it")]

use anyhow::{Context, Result, ensure};
use gst::prelude::*;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Instant;

/// The part that the command line asks for; none stands for all.
pub fn wanted() -> Option<String> {
    std::env::args().skip(1).find(|argument| !argument.starts_with('-'))
}

pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Frames of a real clip where there is one, otherwise made ones, scaled to the size.
pub fn frames(width: i32, height: i32, count: usize) -> Result<(gst::Caps, Vec<gst::Buffer>)> {
    let clip = std::env::var_os("ONNX_IQA_CLIPS").map(|folder| PathBuf::from(folder).join("bigbuckbunny.mp4"));
    let source = match clip.filter(|clip| clip.exists()) {
        Some(clip) => format!("filesrc location=\"{}\" ! decodebin", clip.display()),
        None => "videotestsrc".into(),
    };
    let pipeline = gst::parse::launch(&format!(
        "{source} ! videoconvert ! videoscale ! video/x-raw,format=I420,width={width},height={height} ! \
         appsink name=sink sync=false max-buffers=4"
    ))?;
    let sink = pipeline.clone().downcast::<gst::Bin>().ok().and_then(|bin| bin.by_name("sink")).context("the sink")?;
    let sink = sink.downcast::<gst_app::AppSink>().ok().context("an appsink")?;
    pipeline.set_state(gst::State::Playing)?;
    let mut buffers = Vec::new();
    let mut caps = None;
    while buffers.len() < count {
        let sample = sink.pull_sample()?;
        caps = sample.caps_owned();
        buffers.push(sample.buffer_owned().context("a buffer")?);
    }
    pipeline.set_state(gst::State::Null)?;
    Ok((caps.context("caps")?, buffers))
}

/// What a clock said as the first and as the latest frame reached the sink.
pub type Span<T = Instant> = Arc<Mutex<Option<(T, T)>>>;

/// When the first and the latest frame reach the sink.
pub fn watch(pipeline: &gst::Pipeline) -> Result<Span> {
    watch_by(pipeline, Instant::now)
}

fn watch_by<T: Copy + Send + 'static>(pipeline: &gst::Pipeline, clock: fn() -> T) -> Result<Span<T>> {
    let span = Span::default();
    let pad = pipeline.by_name("sink").and_then(|sink| sink.static_pad("sink")).context("the sink's pad")?;
    let seen = span.clone();
    pad.add_probe(gst::PadProbeType::BUFFER, move |_, _| {
        let now = clock();
        let mut span = seen.lock().expect("no probe panics");
        *span = Some(span.map_or((now, now), |(first, _)| (first, now)));
        gst::PadProbeReturn::Ok
    });
    Ok(span)
}

/// Waits for the end; gives seconds from first to last frame.
pub fn finish(pipeline: &gst::Pipeline, span: &Span) -> Result<f64> {
    let (first, last) = finish_by(pipeline, span)?;
    Ok((last - first).as_secs_f64())
}

fn finish_by<T: Copy>(pipeline: &gst::Pipeline, span: &Span<T>) -> Result<(T, T)> {
    let bus = pipeline.bus().context("a bus")?;
    let message = bus.timed_pop_filtered(gst::ClockTime::NONE, &[gst::MessageType::Eos, gst::MessageType::Error]);
    pipeline.set_state(gst::State::Null)?;
    let message = message.context("a message")?;
    ensure!(message.type_() == gst::MessageType::Eos, "{message:?}");
    span.lock().expect("no probe panics").context("no frame came through")
}

/// Runs `element` between an appsrc that pushes `frames` over and over and a fakesink; gives seconds from first to last
/// frame.
pub fn time_pipeline(element: &str, caps: &gst::Caps, frames: &[gst::Buffer], count: usize) -> Result<f64> {
    let (first, last) = run_pipeline(element, caps, frames, count, Instant::now)?;
    Ok((last - first).as_secs_f64())
}

/// The same; gives what `clock` said as the first and as the last frame reached the sink.
pub fn run_pipeline<T: Copy + Send + 'static>(
    element: &str,
    caps: &gst::Caps,
    frames: &[gst::Buffer],
    count: usize,
    clock: fn() -> T,
) -> Result<(T, T)> {
    let pipeline = gst::parse::launch(&format!(
        "appsrc name=src format=time block=true max-buffers=2 max-bytes=0 ! {element} ! fakesink name=sink sync=false"
    ))?
    .downcast::<gst::Pipeline>()
    .ok()
    .context("a pipeline")?;
    let source = pipeline.by_name("src").and_then(|e| e.downcast::<gst_app::AppSrc>().ok()).context("appsrc")?;
    source.set_caps(Some(caps));
    let span = watch_by(&pipeline, clock)?;
    pipeline.set_state(gst::State::Playing)?;
    for index in 0..count {
        let mut buffer = frames[index % frames.len()].copy();
        let buffer_ref = buffer.make_mut();
        buffer_ref.set_pts(gst::ClockTime::from_mseconds(40 * index as u64));
        source.push_buffer(buffer)?;
    }
    source.end_of_stream()?;
    finish_by(&pipeline, &span)
}
