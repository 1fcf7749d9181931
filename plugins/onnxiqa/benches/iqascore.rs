// SPDX-License-Identifier: MPL-2.0

//! What `iqascore` costs, each figure a ratio or a bound within this one run. `make bench` sets the environment.
//!
//! * frames per second against a bare ONNX Runtime session that is fed ready tensors, same model, same threads;
//! * a pipeline in which nothing is scored against one with `identity` in the element's place;
//! * in `live` mode with a saturated scorer: what the element adds to a frame;
//! * memory after 100,000 small frames against after 1,000.
//!
//! `cargo bench --bench iqascore -- speed` runs one of `speed`, `pass`, `live`, `memory`.

mod common;

use anyhow::{Context, Result, ensure};
use common::{finish, frames, median, time_pipeline, wanted, watch};
use gst::prelude::*;
use onnx_iqa_testkit::resident_kib;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

fn main() -> Result<()> {
    gst::init()?;
    gstonnxiqa::plugin_register_static()?;
    let wanted = wanted();
    let wants = |name: &str| wanted.as_deref().is_none_or(|wanted| wanted == name);
    println!("{} threads, ONNX Runtime with one intra-op thread per core", std::thread::available_parallelism()?);
    // First, while nothing else has left its memory behind.
    if wants("memory") {
        memory()?;
    }
    if wants("speed") {
        for (width, height) in [(1280, 720), (1920, 1080)] {
            speed(width, height)?;
        }
    }
    if wants("pass") {
        pass()?;
    }
    if wants("live") {
        live()?;
    }
    Ok(())
}

/// Seconds for `count` runs of a bare session on a tensor that is ready.
fn time_bare(session: &mut ort::session::Session, count: usize) -> Result<f64> {
    let shape = [5usize, 3, 224, 224];
    let values: Vec<f32> = (0..shape.iter().product()).map(|i: usize| (i % 511) as f32 / 128.0 - 2.0).collect();
    let tensor = ort::value::Tensor::from_array((shape, values))?;
    let begin = Instant::now();
    for _ in 0..count {
        session.run(ort::inputs![tensor.view()])?;
    }
    Ok(begin.elapsed().as_secs_f64())
}

fn speed(width: i32, height: i32) -> Result<()> {
    let (caps, frames) = frames(width, height, 8)?;
    let element = "iqascore model=metaiqa provider=cpu";
    time_pipeline(element, &caps, &frames, 10).context("warming up; the model and the runtime have to be there")?;
    let folder = std::env::var_os("ONNX_IQA_MODEL_PATH").context("ONNX_IQA_MODEL_PATH is not set: run `make bench`")?;
    let environment = onnx_iqa::model::environment(None)?;
    let mut session = ort::session::Session::builder(&environment)?
        .with_intra_threads(std::thread::available_parallelism()?.get())
        .map_err(|error| anyhow::anyhow!("{error}"))?
        .commit_from_file(PathBuf::from(folder).join("metaiqa/model.onnx"))?;
    time_bare(&mut session, 3)?;
    let count = 24;
    let (mut ratios, mut rates, mut bares) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..13 {
        let bare = time_bare(&mut session, count)?;
        // From the first frame's arrival at the sink to the last one's are one fewer scores than frames.
        let ours = time_pipeline(element, &caps, &frames, count + 1)?;
        rates.push(count as f64 / ours);
        bares.push(bare / count as f64);
        ratios.push(bare / ours);
    }
    println!(
        "speed at {width}x{height}: {:.1} frames/s, {:.3} of a bare session fed ready tensors (goal >= 0.97)",
        median(rates),
        median(ratios)
    );
    let (preparation, scoring) = (time_preparation(&caps, frames.first().context("a frame")?)?, median(bares));
    println!(
        "preparation at {width}x{height}: {:.2} ms of one core, {:.1} % of a score's {:.1} ms (goal <= 5 %)",
        preparation * 1e3,
        100.0 * preparation / scoring,
        scoring * 1e3
    );
    Ok(())
}

/// Median seconds in which a frame becomes the model's tensor, on this thread alone.
fn time_preparation(caps: &gst::Caps, buffer: &gst::Buffer) -> Result<f64> {
    use onnx_iqa::model::{Model, Provider};
    use onnx_iqa::picture::{Colorimetry, Picture, PixelFormat, Plane};
    let model = Model::builder("metaiqa").provider(Provider::Cpu).open()?;
    let input = model.contract().inputs.first().context("an input")?;
    let info = gst_video::VideoInfo::from_caps(caps)?;
    let map = buffer.map_readable()?;
    let planes: Vec<_> = info
        .offset()
        .iter()
        .zip(info.stride())
        .map(|(&offset, &stride)| Plane { data: &map[offset..], stride: stride as usize })
        .collect();
    let picture = Picture::new(PixelFormat::I420, info.width(), info.height(), &planes, Colorimetry::SRGB)?;
    let mut plan =
        onnx_iqa::preprocess::Plan::new(input, PixelFormat::I420, info.width(), info.height(), picture.colorimetry())?;
    let mut out = vec![0.0; plan.layout().len()];
    let mut times = Vec::new();
    for _ in 0..101 {
        let begin = Instant::now();
        plan.run(&picture, &mut out)?;
        times.push(begin.elapsed().as_secs_f64());
    }
    Ok(median(times))
}

fn pass() -> Result<()> {
    for (width, height) in [(1280, 720), (1920, 1080)] {
        // Something like a pipeline: frames are made, scaled by nothing, and counted.
        let count = 2000;
        let run = |element: &str| -> Result<f64> {
            let pipeline = gst::parse::launch(&format!(
                "videotestsrc num-buffers={count} pattern=smpte ! \
                 video/x-raw,format=I420,width={width},height={height} ! \
                 {element} ! fakesink name=sink sync=false"
            ))?
            .downcast::<gst::Pipeline>()
            .ok()
            .context("a pipeline")?;
            let span = watch(&pipeline)?;
            pipeline.set_state(gst::State::Playing)?;
            finish(&pipeline, &span)
        };
        // The first frame is always scored: a model that costs nothing keeps its score out of the figure.
        let folder = onnx_iqa_testkit::TempDir::new();
        let model = onnx_iqa_testkit::mean_model(folder.path(), "mean");
        let ours = format!("iqascore model=\"{}\" provider=cpu interval=1000000000", model.display());
        let (identity, element) = ("identity", ours.as_str());
        run(identity)?;
        run(element)?;
        let mut ratios = Vec::new();
        for _ in 0..9 {
            let theirs = run(identity)?;
            ratios.push(theirs / run(element)?);
        }
        println!("nothing scored at {width}x{height}: {:.3} of identity's speed (goal >= 0.98)", median(ratios));
    }
    Ok(())
}

fn live() -> Result<()> {
    let (caps, frames) = frames(1920, 1080, 8)?;
    let pipeline = gst::parse::launch(
        "appsrc name=src format=time is-live=true ! iqascore name=iqa model=metaiqa provider=cpu mode=live ! fakesink \
         sync=false",
    )?
    .downcast::<gst::Pipeline>()
    .ok()
    .context("a pipeline")?;
    let source = pipeline.by_name("src").and_then(|e| e.downcast::<gst_app::AppSrc>().ok()).context("appsrc")?;
    source.set_caps(Some(&caps));
    let iqa = pipeline.by_name("iqa").context("the element")?;
    let entered = Arc::new(Mutex::new(None::<Instant>));
    let added = Arc::new(Mutex::new(Vec::new()));
    iqa.static_pad("sink").context("sink")?.add_probe(gst::PadProbeType::BUFFER, {
        let entered = entered.clone();
        move |_, _| {
            *entered.lock().expect("no probe panics") = Some(Instant::now());
            gst::PadProbeReturn::Ok
        }
    });
    iqa.static_pad("src").context("src")?.add_probe(gst::PadProbeType::BUFFER, {
        let added = added.clone();
        move |_, _| {
            if let Some(entered) = entered.lock().expect("no probe panics").take() {
                added.lock().expect("no probe panics").push(entered.elapsed().as_secs_f64() * 1e3);
            }
            gst::PadProbeReturn::Ok
        }
    });
    pipeline.set_state(gst::State::Playing)?;
    let period = Duration::from_millis(20);
    let begin = Instant::now();
    for index in 0..750u32 {
        let mut buffer = frames[index as usize % frames.len()].copy();
        buffer.make_mut().set_pts(gst::ClockTime::from_mseconds(20 * u64::from(index)));
        source.push_buffer(buffer)?;
        std::thread::sleep((begin + period * (index + 1)).saturating_duration_since(Instant::now()));
    }
    let stats = iqa.property::<gst::Structure>("stats");
    pipeline.set_state(gst::State::Null)?;
    let mut added = added.lock().expect("no probe panics").clone();
    added.sort_by(f64::total_cmp);
    ensure!(!added.is_empty(), "no frame came through");
    let at = |share: f64| added[((added.len() - 1) as f64 * share) as usize];
    println!(
        "live, 1080p at 50 frames/s, scorer saturated ({} of {} frames scored): the element adds {:.3} ms in the \
         median, {:.3} ms at the 99th percentile (goal <= 1 ms)",
        stats.get::<u64>("scored").unwrap_or(0),
        added.len(),
        at(0.5),
        at(0.99)
    );
    Ok(())
}

fn memory() -> Result<()> {
    let folder = onnx_iqa_testkit::TempDir::new();
    let model = onnx_iqa_testkit::mean_model(folder.path(), "mean");
    let pipeline = gst::parse::launch(&format!(
        "videotestsrc num-buffers=100000 ! video/x-raw,format=I420,width=64,height=64 ! \
         iqascore name=iqa model=\"{}\" provider=cpu threads=1 ! iqalog location=/dev/null ! fakesink sync=false",
        model.display()
    ))?
    .downcast::<gst::Pipeline>()
    .ok()
    .context("a pipeline")?;
    let marks = Arc::new(Mutex::new(Vec::new()));
    let count = Mutex::new(0u32);
    pipeline.by_name("iqa").and_then(|iqa| iqa.static_pad("src")).context("src")?.add_probe(
        gst::PadProbeType::BUFFER,
        {
            let marks = marks.clone();
            move |_, _| {
                let mut count = count.lock().expect("no probe panics");
                *count += 1;
                if matches!(*count, 1_000 | 10_000 | 50_000 | 100_000) {
                    marks.lock().expect("no probe panics").push((*count, resident_kib("self").unwrap_or(0)));
                }
                gst::PadProbeReturn::Ok
            }
        },
    );
    // A bus that is not drained would grow.
    let bus = pipeline.bus().context("a bus")?;
    pipeline.set_state(gst::State::Playing)?;
    loop {
        let message = bus.timed_pop(gst::ClockTime::NONE).context("a message")?;
        match message.type_() {
            gst::MessageType::Eos => break,
            gst::MessageType::Error => anyhow::bail!("{message:?}"),
            _ => {}
        }
    }
    pipeline.set_state(gst::State::Null)?;
    let marks = marks.lock().expect("no probe panics").clone();
    let (first, last) = (marks.first().context("no frames")?.1, marks.last().context("no frames")?.1);
    let course: Vec<String> = marks.iter().map(|(n, kib)| format!("{n}: {:.1} MiB", *kib as f64 / 1024.0)).collect();
    println!(
        "memory by frames: {}; after 100,000 {:.3} of after 1,000 (goal: flat)",
        course.join(", "),
        last as f64 / first as f64
    );
    Ok(())
}
