// SPDX-License-Identifier: MPL-2.0

//! Whole pipelines: clips, encoders, seeks, logs.

use crate::common::*;
use gst::prelude::*;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// A clip through a tee: the branch `t.` can be used several times.
fn source(name: &str) -> String {
    format!(
        "filesrc location={} ! decodebin ! videoconvert ! video/x-raw,format=I420 ! tee name=t",
        clip(name).display()
    )
}

/// The lines of a JSON lines log.
fn lines(path: &Path) -> Vec<serde_json::Value> {
    std::fs::read_to_string(path).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[track_caller]
fn without_errors(pipeline: &gst::Pipeline) -> Vec<gst::Structure> {
    let (errors, messages) = run(pipeline);
    assert!(errors.is_empty(), "{errors:?}");
    messages
}

fn summary(messages: &[gst::Structure]) -> &gst::Structure {
    messages.iter().find(|message| message.name() == "iqa-summary").expect("a summary")
}

#[test]
fn a_transcode_and_its_source_with_an_encoder_with_lookahead() {
    // By running time with enough latency for the encoder, and by the pictures with the default.
    for alignment in ["alignment=pts latency=3000000000", "alignment=auto"] {
        let pipeline = launch(&format!(
            "{} t. ! queue ! c.reference \
             t. ! queue ! x264enc bitrate=300 speed-preset=ultrafast rc-lookahead=30 sync-lookahead=8 bframes=2 \
             threads=1 \
             ! avdec_h264 ! iqacompare name=c {alignment} ! fakesink",
            source("bikes.mp4")
        ));
        let messages = without_errors(&pipeline);
        let summary = summary(&messages);
        let count = |field: &str| summary.get::<u64>(field).unwrap();
        assert_eq!((count("distorted"), count("matched"), count("scored")), (250, 250, 250), "{alignment}: {summary}");
        assert_eq!((count("unmatched"), count("reference")), (0, 250));
        let psnr = summary.get::<gst::Structure>("psnr-y").unwrap();
        assert!((25.0..60.0).contains(&psnr.get::<f64>("mean").unwrap()), "{psnr}");
    }
}

/// A tee gives one reference to two comparisons, one of which ends early; the other continues with it.
#[test]
fn a_rung_that_ends_early_leaves_its_reference_to_the_others() {
    let pipeline = launch(&format!(
        "{} t. ! queue ! a.reference filesrc location={} ! qtdemux ! identity eos-after=20 ! avdec_h264 ! a.distorted \
         iqacompare name=a alignment=pts measures=psnr ! fakesink \
         t. ! queue ! b.reference t. ! queue ! b.distorted \
         iqacompare name=b alignment=pts measures=psnr ! fakesink",
        source("bikes.mp4"),
        clip("bikes.mp4").display()
    ));
    let messages = without_errors(&pipeline);
    let summaries = messages.iter().filter(|message| message.name() == "iqa-summary");
    let mut counts: Vec<_> =
        summaries.map(|summary| ["distorted", "matched"].map(|field| summary.get::<u64>(field).unwrap())).collect();
    counts.sort_unstable();
    assert!((15..=20).contains(&counts[0][0]) && counts[0][0] == counts[0][1], "{counts:?}");
    assert_eq!(counts[1..], [[250, 250]]);
}

/// One encoder answers immediately, the other has a lookahead: the queues before them hold what the second one needs.
#[test]
fn a_ladder_of_encoders_behind_one_tee() {
    let queue = "queue max-size-bytes=0 max-size-time=0";
    let rung = |name: &str, encoder: &str| {
        format!(
            "t. ! {queue} ! {name}.reference t. ! {queue} ! x264enc speed-preset=ultrafast threads=1 {encoder} \
             ! avdec_h264 ! {name}.distorted iqacompare name={name} measures=psnr ! fakesink "
        )
    };
    let rungs = rung("a", "tune=zerolatency bitrate=600") + &rung("b", "rc-lookahead=40 bframes=3 bitrate=200");
    let messages = without_errors(&launch(&format!("{} {rungs}", source("bikes.mp4"))));
    let summaries = messages.iter().filter(|message| message.name() == "iqa-summary");
    let matched: Vec<u64> = summaries.map(|summary| summary.get("matched").unwrap()).collect();
    assert_eq!(matched, [250, 250]);
}

/// The tee's branch without the encoder is full before the other has anything, so without enough room nothing would
/// move.
#[test]
fn the_latency_is_room_for_an_encoder_without_queues() {
    let pipeline = launch(&format!(
        "{} t. ! c.reference t. ! x264enc bitrate=300 speed-preset=ultrafast rc-lookahead=20 bframes=0 threads=1 \
         sync-lookahead=0 \
         ! avdec_h264 max-threads=1 ! iqacompare name=c alignment=pts latency=2000000000 ! fakesink",
        source("carphone_pristine.mp4")
    ));
    let messages = without_errors(&pipeline);
    assert_eq!(summary(&messages).get::<u64>("unmatched"), Ok(0));
    assert!(summary(&messages).get::<u64>("matched").unwrap() > 100);
}

#[test]
fn a_ladders_rung_is_scaled_to_its_source() {
    let pipeline = launch(&format!(
        "{} t. ! queue ! c.reference t. ! queue ! videoscale ! video/x-raw,width=160,height=90 \
         ! iqacompare name=c alignment=pts measures=psnr+ssim+ms-ssim ! fakesink",
        source("bikes.mp4")
    ));
    let messages = without_errors(&pipeline);
    let summary = summary(&messages);
    assert_eq!(summary.get::<u64>("scored"), Ok(250));
    let ssim = summary.get::<gst::Structure>("ssim").unwrap().get::<f64>("mean").unwrap();
    assert!((0.3..0.999).contains(&ssim), "{ssim}");
}

#[test]
fn logs_carry_everything_in_every_format() {
    let dir = onnx_iqa_testkit::TempDir::new();
    let path = |name: &str| dir.path().join(name);
    let [json, csv, vmaf] = ["a.jsonl", "a.csv", "a.json"].map(path);
    let pipeline = launch(&format!(
        "{} t. ! queue ! c.reference t. ! queue ! x264enc bitrate=200 speed-preset=ultrafast tune=zerolatency ! \
         avdec_h264 \
         ! iqacompare name=c alignment=pts measures=psnr+ssim+ms-ssim ! iqalog location={} ! iqalog format=csv \
         location={} \
         ! iqalog format=vmaf-json location={} ! fakesink",
        source("carphone_pristine.mp4"),
        json.display(),
        csv.display(),
        vmaf.display()
    ));
    without_errors(&pipeline);

    let measured = ["psnr-y", "psnr", "ssim"];
    let lines = lines(&json);
    let (frames, pool) = lines.split_at(lines.len() - 1);
    assert!(frames.len() > 100);
    for frame in frames {
        let entry = &frame["scores"]["c"];
        assert_eq!(entry["pairing"], "matched");
        // x264enc shifts time stamps together with the segment.
        assert_eq!(entry["offset"], 0);
        assert!(entry["reference-pts"].is_u64() && entry["scored-pts"] == frame["pts"], "{entry}");
        assert!(measured.iter().all(|field| entry[field].is_f64()), "{entry}");
        assert!(entry["gain"].is_f64() && entry["bias"].is_f64(), "{entry}");
    }
    let pool = &pool[0]["pool"]["c"];
    assert_eq!(pool["scored"], frames.len());
    for field in measured {
        let mean = frames.iter().map(|frame| frame["scores"]["c"][field].as_f64().unwrap()).sum::<f64>();
        near(pool[field]["mean"].as_f64().unwrap(), mean / frames.len() as f64, 1e-6);
        assert!(pool[field]["p5"].is_f64());
    }

    let table = std::fs::read_to_string(&csv).unwrap();
    let titles: Vec<_> = table.lines().next().unwrap().split(',').collect();
    for field in measured.iter().chain(&["reference-pts", "offset", "pairing", "confidence", "gain", "bias"]) {
        assert!(titles.contains(&format!("c_{field}").as_str()), "{field}: {titles:?}");
    }
    assert_eq!(table.lines().count(), frames.len() + 1);
    let document: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(&vmaf).unwrap()).unwrap();
    assert_eq!(document["frames"].as_array().unwrap().len(), frames.len());
    assert!(document["frames"][0]["metrics"]["psnr_y"].is_f64(), "{}", document["frames"][0]);
    assert!(document["pooled_metrics"]["ssim"]["mean"].is_f64());
}

#[test]
fn seeks_through_the_whole_pipeline() {
    let pipeline = launch(&format!(
        "filesrc location={0} ! decodebin ! videoconvert ! queue ! c.reference \
         filesrc location={0} ! decodebin ! videoconvert ! queue ! iqacompare name=c alignment=pts ! appsink name=out \
         sync=false",
        clip("bikes.mp4").display()
    ));
    let sink = pipeline.by_name("out").unwrap().downcast::<gst_app::AppSink>().unwrap();
    let limit = gst::ClockTime::try_from(LIMIT).unwrap();
    let pull = || {
        let sample = sink.try_pull_sample(limit).expect("a frame");
        let buffer = sample.buffer_owned().unwrap();
        let entry = entry_of(&buffer, "c");
        assert_eq!(entry.get::<&str>("state"), Ok("scored"), "{entry}");
        near(entry.get("psnr-y").unwrap(), 100.0, 1e-9);
        buffer.pts().unwrap()
    };
    set_state(&pipeline, gst::State::Playing);
    for _ in 0..20 {
        pull();
    }
    for seconds in [5, 1, 8] {
        let to = gst::ClockTime::from_seconds(seconds);
        let seeking = pipeline.clone();
        bounded("a seek", move || seeking.seek_simple(gst::SeekFlags::FLUSH | gst::SeekFlags::ACCURATE, to)).unwrap();
        assert!(pull() >= to, "a frame of before the seek to {to}");
        for _ in 0..10 {
            pull();
        }
    }
    let mut frames = 0;
    while let Some(sample) = sink.try_pull_sample(limit) {
        frames += usize::from(sample.buffer().is_some());
    }
    assert!(sink.is_eos() && frames > 10, "{frames} frames to the end");
    set_state(&pipeline, gst::State::Null);
}

#[test]
fn a_live_pipeline_in_real_time() {
    let pipeline = launch(
        "videotestsrc is-live=true pattern=ball num-buffers=30 ! \
         video/x-raw,format=I420,width=64,height=48,framerate=30/1 ! tee name=t \
         t. ! queue ! c.reference t. ! queue ! iqacompare name=c alignment=pts latency=500000000 ! fakesink sync=true",
    );
    let messages = without_errors(&pipeline);
    let summary = summary(&messages);
    assert_eq!(summary.get::<u64>("distorted"), Ok(30), "{summary}");
    assert!(summary.get::<u64>("matched").unwrap() >= 25, "{summary}");
}

/// A `tee` sends its source a seek for each of its branches. The source then seeks twice, which only costs time: frames
/// in between are flushed on both sides.
#[test]
fn a_seek_that_reaches_one_source_through_both_sides() {
    let caps = "video/x-raw,format=GRAY8,width=32,height=32,framerate=25/1";
    let pipeline = launch(&format!(
        "videotestsrc name=s ! {caps} ! tee name=t iqacompare name=c alignment=pts ! fakesink \
         t. ! queue ! c.reference  t. ! queue ! c.distorted"
    ));
    let seeks = Arc::<AtomicUsize>::default();
    let counted = seeks.clone();
    let source = pipeline.by_name("s").and_then(|source| source.static_pad("src")).unwrap();
    source.add_probe(gst::PadProbeType::EVENT_UPSTREAM, move |_, info| {
        let is_seek = info.event().is_some_and(|event| event.type_() == gst::EventType::Seek);
        counted.fetch_add(usize::from(is_seek), Ordering::SeqCst);
        gst::PadProbeReturn::Ok
    });
    let frames = Arc::<Mutex<Vec<(u64, String)>>>::default();
    let seen = frames.clone();
    let out = pipeline.by_name("c").and_then(|compare| compare.static_pad("src")).unwrap();
    out.add_probe(gst::PadProbeType::BUFFER | gst::PadProbeType::EVENT_FLUSH, move |_, info| {
        let mut seen = seen.lock().unwrap();
        match info.buffer() {
            Some(buffer) => {
                let pairing = entry_of(buffer, "c").get::<String>("pairing").unwrap();
                seen.push((buffer.pts().unwrap().nseconds() / FRAME.nseconds(), pairing));
            }
            None => seen.clear(),
        }
        gst::PadProbeReturn::Ok
    });
    set_state(&pipeline, gst::State::Playing);
    for first in [50u64, 10, 100] {
        let (start, stop) = (first * FRAME, (first + 30) * FRAME);
        let seeking = pipeline.clone();
        let set = gst::SeekType::Set;
        bounded("a seek", move || seeking.seek(1.0, gst::SeekFlags::FLUSH, set, start, set, stop)).unwrap();
        let kinds = [gst::MessageType::Eos, gst::MessageType::Error];
        let message = pipeline.bus().unwrap().timed_pop_filtered(gst::ClockTime::try_from(LIMIT).unwrap(), &kinds);
        assert_eq!(message.map(|message| message.type_()), Some(gst::MessageType::Eos));
        let expected: Vec<_> = (first..first + 30).map(|n| (n, "matched".to_owned())).collect();
        assert_eq!(*frames.lock().unwrap(), expected);
    }
    assert_eq!(seeks.load(Ordering::SeqCst), 6, "one for each side and seek");
    set_state(&pipeline, gst::State::Null);
}
