// SPDX-License-Identifier: MPL-2.0

//! Real clips through real pipelines.

use crate::common::*;
use gst::prelude::*;
use onnx_iqa_testkit as kit;

/// A sink from which the test pulls frames.
const PULLED: &str = "appsink name=out sync=false";

fn description(dir: &kit::TempDir, clip: &std::path::Path, properties: &str, sink: &str) -> String {
    // Small pictures: the flow is tested, not the scores.
    format!(
        "filesrc location={} ! decodebin ! videoconvert ! videoscale ! video/x-raw,width=64,height=36 \
         ! iqascore name=q provider=cpu threads=1 model={} {properties} ! {sink}",
        clip.display(),
        mean_model(dir).display()
    )
}

#[test]
fn every_frame_of_a_clip() {
    let dir = kit::TempDir::new();
    for (properties, scored) in [("", 132), ("batch-size=4", 132), ("interval=3", 44)] {
        let pipeline = launch(&description(&dir, &clip("bigbuckbunny.mp4"), properties, "fakesink"));
        let (errors, messages) = run(&pipeline);
        assert!(errors.is_empty(), "{errors:?}");
        let summaries: Vec<_> = messages.iter().filter(|message| message.name() == "iqa-summary").collect();
        assert_eq!(summaries.len(), 1);
        let count = |field: &str| summaries[0].get::<u64>(field).unwrap();
        assert_eq!((count("scored"), count("scored") + count("skipped")), (scored, 132));
        let windows = messages.iter().filter(|message| message.name() == "iqa-window").count();
        assert_eq!(windows, 6, "5.28 s");
    }
}

#[test]
fn seeks_leave_no_stuck_or_stale_frames() {
    let dir = kit::TempDir::new();
    let pipeline = launch(&description(&dir, &clip("bikes.mp4"), "queue-size=8 batch-size=2", PULLED));
    let sink = pipeline.by_name("out").unwrap().downcast::<gst_app::AppSink>().unwrap();
    sink.set_property("max-buffers", 2u32);
    let limit = gst::ClockTime::try_from(LIMIT).unwrap();
    set_state(&pipeline, gst::State::Playing);
    let length = pipeline.query_duration::<gst::ClockTime>().unwrap();
    for step in 0..12u64 {
        // Some frames from here, never all.
        for _ in 0..step % 4 {
            sink.try_pull_sample(limit).expect("a frame");
        }
        let to = length * (step * 5 % 11) / 12;
        let seeking = pipeline.clone();
        let flags = gst::SeekFlags::FLUSH | gst::SeekFlags::ACCURATE;
        bounded("a seek", move || seeking.seek_simple(flags, to)).unwrap();
        let sample = sink.try_pull_sample(limit).expect("a frame after the seek");
        let buffer = sample.buffer().unwrap();
        let segment = sample.segment().unwrap().downcast_ref::<gst::ClockTime>().unwrap().clone();
        let shown =
            segment.to_stream_time(buffer.pts().unwrap() + buffer.duration().unwrap_or_default()).or(segment.stop());
        assert!(shown.is_none_or(|shown| shown >= to), "a frame of {shown:?} after a seek to {to}");
        let entry = entry(buffer);
        assert_eq!(entry.get::<&str>("state"), Ok("scored"));
        assert_eq!(entry.get("scored-pts"), Ok(buffer.pts().unwrap().nseconds()));
    }
    set_state(&pipeline, gst::State::Null);
}

#[test]
fn seeks_in_pause_and_to_the_end() {
    let dir = kit::TempDir::new();
    let pipeline = launch(&description(&dir, &clip("bikes.mp4"), "", "fakesink"));
    set_state(&pipeline, gst::State::Paused);
    let length = pipeline.query_duration::<gst::ClockTime>().unwrap();
    for to in [length / 2, gst::ClockTime::ZERO, length] {
        let seeking = pipeline.clone();
        bounded("a seek", move || seeking.seek_simple(gst::SeekFlags::FLUSH | gst::SeekFlags::ACCURATE, to)).unwrap();
        set_state(&pipeline, gst::State::Paused);
    }
    let (errors, _) = run(&pipeline);
    assert!(errors.is_empty(), "{errors:?}");
}

#[test]
fn a_truncated_file_ends() {
    let dir = kit::TempDir::new();
    // Matroska can be read from the start. (GStreamer 1.22's qtdemux sometimes hangs when an mp4 file lacks its index,
    // whatever follows it.)
    let (whole, part) = (dir.path().join("whole.mkv"), dir.path().join("part.mkv"));
    let source = clip("bigbuckbunny.mp4");
    let (errors, _) = run(&launch(&format!(
        "filesrc location={} ! qtdemux ! h264parse ! matroskamux ! filesink location={}",
        source.display(),
        whole.display()
    )));
    assert!(errors.is_empty(), "{errors:?}");
    let bytes = std::fs::read(whole).unwrap();
    for (length, some) in [(bytes.len() / 2, true), (bytes.len() * 9 / 10, true), (300, false)] {
        std::fs::write(&part, &bytes[..length]).unwrap();
        let description = description(&dir, &part, "batch-size=4", "fakesink");
        let pipeline = launch(&description.replace("decodebin", "matroskademux ! h264parse ! avdec_h264"));
        // An end or an error; `run` fails if there is neither.
        let (errors, messages) = run(&pipeline);
        let summary = messages.iter().find(|message| message.name() == "iqa-summary");
        assert_eq!(errors.is_empty(), summary.is_some(), "{errors:?}");
        let scored: u64 = summary.map_or(0, |summary| summary.get("scored").unwrap());
        assert_eq!(scored > 0, some, "{scored} frames of {length} bytes; {errors:?}");
        assert!(scored < 132, "{scored} frames of {length} bytes");
    }
}

#[test]
fn shutdown_in_the_middle_of_a_clip() {
    let dir = kit::TempDir::new();
    for state in [gst::State::Ready, gst::State::Null, gst::State::Paused] {
        let pipeline = launch(&description(&dir, &clip("bikes.mp4"), "batch-size=4 queue-size=16", PULLED));
        let sink = pipeline.by_name("out").unwrap().downcast::<gst_app::AppSink>().unwrap();
        sink.set_property("max-buffers", 1u32);
        set_state(&pipeline, gst::State::Playing);
        for _ in 0..3 {
            let sample = sink.try_pull_sample(gst::ClockTime::try_from(LIMIT).unwrap()).expect("a frame");
            let score = entry(&sample.buffer_owned().expect("a buffer")).get::<f64>("score").expect("a score");
            assert!((0.0..=100.0).contains(&score), "{score}");
        }
        set_state(&pipeline, state);
        assert_eq!(pipeline.current_state(), state);
        set_state(&pipeline, gst::State::Null);
    }
}

#[test]
fn a_live_source_in_real_time() {
    let dir = kit::TempDir::new();
    let model = mean_model(&dir);
    for mode in ["every-frame", "live"] {
        let pipeline = launch(&format!(
            "videotestsrc is-live=true num-buffers=15 ! video/x-raw,format=I420,width=64,height=48,framerate=50/1 \
             ! iqascore name=q mode={mode} provider=cpu threads=1 model={} ! fakesink sync=true",
            model.display()
        ));
        let (errors, _) = run(&pipeline);
        assert!(errors.is_empty(), "{errors:?}");
        let stats = pipeline.by_name("q").unwrap().property::<gst::Structure>("stats");
        let count = |field: &str| stats.get::<u64>(field).unwrap();
        assert_eq!((count("frames"), count("scored") + count("skipped")), (15, 15), "{stats}");
    }
}
