// SPDX-License-Identifier: MPL-2.0

//! Cost of `iqaoverlay` per 1080p frame with unshared memory, compared with `textoverlay` showing one changing line.
//!
//! * score and history, with a new score on every frame: everything is redrawn;
//! * the same where nothing has changed;
//! * a map over the whole picture that is the same for many frames.
//!
//! `cargo bench --bench iqaoverlay`.

mod common;

use anyhow::{Context, Result, ensure};
use common::{frames, median, wanted};
use gst::prelude::*;
use gstonnxiqa::messages::Structured;
use onnx_iqa::model::contract::Kind;
use onnx_iqa::record::{FrameRecord, State};
use onnx_iqa::scorer::Map;
use std::sync::Arc;
use std::time::Instant;

const COUNT: u64 = 200;

/// What the frames carry.
#[derive(Clone, Copy, PartialEq)]
enum Carried {
    Nothing,
    NewScore,
    OldScore,
    Map,
}

fn main() -> Result<()> {
    gst::init()?;
    gstonnxiqa::plugin_register_static()?;
    if wanted().is_some_and(|wanted| wanted != "overlay") {
        return Ok(());
    }
    let (caps, frames) = frames(1920, 1080, 8)?;
    let mut others = Vec::new();
    let parts = [
        ("score and history, a new score on every frame", "score+history", Carried::NewScore, " (goal <= 0.3 ms)"),
        ("score and history, nothing new", "score+history", Carried::OldScore, ""),
        ("a map over all of the picture", "map", Carried::Map, ""),
    ];
    for (what, show, carried, goal) in parts {
        // Side by side, so that a busy machine is busy for both.
        let mut ours = Vec::new();
        for _ in 0..5 {
            let element = gst::ElementFactory::make("iqaoverlay").property_from_str("show", show).build()?;
            ours.push(time(&element, &caps, &frames, carried, |_| ())?);
            if gst::ElementFactory::find("textoverlay").is_some() {
                let element = gst::ElementFactory::make("textoverlay").property("font-desc", "Sans 24").build()?;
                let change = |n: u64| element.set_property("text", format!("{:.1} good", n as f64 / 10.0));
                others.push(time(&element, &caps, &frames, Carried::Nothing, change)?);
            }
        }
        println!("iqaoverlay at 1080p, {what}: {:.3} ms a frame{goal}", median(ours));
    }
    if others.is_empty() {
        println!("textoverlay is not installed: nothing to compare with");
    } else {
        println!("textoverlay at 1080p, one line that changes: {:.3} ms a frame", median(others));
    }
    Ok(())
}

/// Milliseconds that the element takes for a frame, in the median.
fn time(
    element: &gst::Element,
    caps: &gst::Caps,
    frames: &[gst::Buffer],
    carried: Carried,
    change: impl Fn(u64),
) -> Result<f64> {
    // `textoverlay` has a second sink pad, for text.
    let sink =
        ["sink", "video_sink"].into_iter().find(|name| element.static_pad(name).is_some()).context("a sink pad")?;
    let mut harness = gst_check::Harness::with_element(element, Some(sink), Some("src"));
    harness.set_src_caps(caps.clone());
    harness.play();
    let map = Map { width: 683, height: 384, data: (0..683 * 384).map(|n| (n / 1024) as u8).collect() };
    let mut record = FrameRecord::new("metaiqa", Kind::NoReference, State::Scored);
    (record.score, record.age) = (Some(50.0), Some(0));
    record.map = (carried == Carried::Map).then(|| Arc::new(map));
    let shared = record.to_structure();
    let mut times = Vec::new();
    for n in 0..COUNT {
        change(n);
        let frame = frames.get(n as usize % frames.len()).context("a frame")?;
        let mut buffer = frame.copy_deep()?;
        let fields = buffer.make_mut();
        fields.set_pts(gst::ClockTime::from_mseconds(40 * n));
        fields.set_duration(gst::ClockTime::from_mseconds(40));
        let entry = match carried {
            Carried::Nothing => None,
            Carried::NewScore => {
                record.score = Some(50.0 + (n % 37) as f64);
                Some(record.to_structure())
            }
            // The first has the course of two scores.
            Carried::OldScore if n > 1 => None,
            Carried::OldScore | Carried::Map => Some(shared.clone()),
        };
        if let Some(entry) = entry {
            gstonnxiqa::meta::attach(fields, "iqascore0", entry)?;
        }
        let begin = Instant::now();
        let pushed = harness.push(buffer);
        // The first ones draw what is kept afterwards.
        if n >= 20 {
            times.push(begin.elapsed().as_secs_f64() * 1e3);
        }
        ensure!(pushed.is_ok(), "a frame is refused: {pushed:?}");
        harness.pull()?;
    }
    Ok(median(times))
}
