//! Real clips through real pipelines.

use crate::common::*;
use gst::prelude::*;
use onnx_iqa_testkit as kit;

/// A sink whose frames the test takes.
const PULLED: &str = "appsink name=out sync=false";

fn description(dir: &kit::TempDir, clip: &std::path::Path, properties: &str, sink: &str) -> String {
    // Small pictures: what is tested is the flow.
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
fn seeks_leave_nothing_stuck_and_nothing_stale() {
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
    let whole = std::fs::read(clip("bigbuckbunny.mp4")).unwrap();
    let path = dir.path().join("half.mp4");
    for part in [whole.len() / 2, whole.len() * 9 / 10, 1000] {
        std::fs::write(&path, &whole[..part]).unwrap();
        // An end or an error; `run` fails if there is neither.
        let (errors, messages) = run(&launch(&description(&dir, &path, "", "fakesink")));
        assert_eq!(errors.is_empty(), messages.iter().any(|message| message.name() == "iqa-summary"), "{errors:?}");
    }
}

#[test]
fn down_in_the_middle_of_a_clip() {
    let dir = kit::TempDir::new();
    for state in [gst::State::Ready, gst::State::Null, gst::State::Paused] {
        let pipeline = launch(&description(&dir, &clip("bikes.mp4"), "batch-size=4 queue-size=16", PULLED));
        let sink = pipeline.by_name("out").unwrap().downcast::<gst_app::AppSink>().unwrap();
        sink.set_property("max-buffers", 1u32);
        set_state(&pipeline, gst::State::Playing);
        for _ in 0..3 {
            sink.try_pull_sample(gst::ClockTime::try_from(LIMIT).unwrap()).expect("a frame");
        }
        set_state(&pipeline, state);
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
