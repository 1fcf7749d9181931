// SPDX-License-Identifier: MPL-2.0

//! The meta: handling by other elements, attributes, maps.

use crate::common::*;
use gst::meta::CustomMeta;
use gst_video::prelude::*;
use onnx_iqa_testkit as kit;
use std::sync::{Arc, Mutex};

#[test]
fn it_survives_converters_and_scalers() {
    let dir = kit::TempDir::new();
    let model = mean_model(&dir);
    let pipeline = launch(&format!(
        "videotestsrc num-buffers=10 pattern=ball ! video/x-raw,format=I420,width=64,height=48,framerate=25/1 \
         ! iqascore name=q provider=cpu threads=1 model={} ! videoconvert ! video/x-raw,format=RGBA \
         ! videoscale ! video/x-raw,width=30,height=20 ! videorate drop-only=true ! video/x-raw,framerate=25/1 \
         ! videoflip method=clockwise \
         ! queue ! appsink name=out",
        model.display()
    ));
    let buffers = buffers(&pipeline);
    assert_eq!(buffers.len(), 10);
    for buffer in buffers {
        let entry = entry(&buffer);
        assert_eq!(entry.get::<&str>("state"), Ok("scored"));
        assert_eq!(entry.get("scored-pts"), Ok(buffer.pts().unwrap().nseconds()), "it stays with its frame");
    }
}

#[test]
fn it_survives_encoders() {
    let dir = kit::TempDir::new();
    let model = mean_model(&dir);
    init();
    let encoders = ["x264enc tune=zerolatency speed-preset=ultrafast", "jpegenc", "vp8enc deadline=1", "theoraenc"];
    let known: Vec<_> = encoders
        .iter()
        .filter(|encoder| gst::ElementFactory::find(encoder.split(' ').next().unwrap_or_default()).is_some())
        .collect();
    assert!(!known.is_empty(), "there is none of {encoders:?} to test with; `make setup` installs them");
    for encoder in known {
        let pipeline = launch(&format!(
            "videotestsrc num-buffers=10 pattern=ball ! video/x-raw,format=I420,width=64,height=48,framerate=25/1 \
             ! iqascore name=q provider=cpu threads=1 model={} ! {encoder} ! appsink name=out",
            model.display()
        ));
        let frames: Vec<_> = buffers(&pipeline)
            .into_iter()
            .filter(|buffer| !buffer.flags().contains(gst::BufferFlags::HEADER) || buffer.pts().is_some())
            .collect();
        let scored: Vec<u64> = frames
            .iter()
            .flat_map(|buffer| gstonnxiqa::meta::entries(buffer))
            .filter_map(|(_, entry)| entry.get("scored-pts").ok())
            .collect();
        assert_eq!(scored.len(), 10, "{encoder}: {frames:?}");
    }
}

/// After an encoder and a decoder, a frame still carries its entries.
#[test]
fn an_element_of_the_same_name_downstream_replaces_entries_from_before_encoding() {
    let dir = kit::TempDir::new();
    let pipeline = launch(&format!(
        "videotestsrc num-buffers=10 pattern=snow ! video/x-raw,format=I420,width=64,height=48,framerate=25/1 \
         ! iqascore name=q provider=cpu threads=1 model={} ! x264enc bframes=2 b-adapt=false ! h264parse ! avdec_h264 \
         name=decoder",
        mean_model(&dir).display()
    ));
    // In its own bin it may have the same name.
    let again = iqascore(&mean_model(&dir)).build().unwrap();
    let bin = gst::Bin::new();
    bin.add(&again).unwrap();
    for name in ["sink", "src"] {
        bin.add_pad(&gst::GhostPad::with_target(&again.static_pad(name).unwrap()).unwrap()).unwrap();
    }
    let sink = gst::ElementFactory::make("appsink").name("out").build().unwrap();
    pipeline.add_many([bin.upcast_ref(), &sink]).unwrap();
    gst::Element::link_many([&pipeline.by_name("decoder").unwrap(), bin.upcast_ref(), &sink]).unwrap();
    let warnings = Arc::new(Mutex::new(Vec::new()));
    let told = warnings.clone();
    pipeline.bus().unwrap().set_sync_handler(move |_, message| {
        told.lock().unwrap().extend(warning_text(message));
        gst::BusSyncReply::Pass
    });
    let buffers = buffers(&pipeline);
    assert_eq!(buffers.len(), 10);
    for buffer in buffers {
        assert_eq!(gstonnxiqa::meta::entries(&buffer).len(), 1);
        let entry = entry(&buffer);
        assert_eq!(entry.get("scored-pts"), Ok(buffer.pts().unwrap().nseconds()), "of the decoded frame: {entry}");
    }
    assert_one(&warnings.lock().unwrap(), &["another element called q"]);
}

#[test]
fn it_is_registered_once_without_tags() {
    init();
    assert!(CustomMeta::is_registered("IqaMeta"));
    let mut buffer = gst::Buffer::new();
    let meta = CustomMeta::add(buffer.get_mut().unwrap(), "IqaMeta").unwrap();
    assert_eq!(meta.structure().name(), "IqaMeta");
    assert_eq!(CustomMeta::from_buffer(&buffer, "IqaMeta").unwrap().structure().n_fields(), 0);
    // A second registration would cause a critical warning.
    gstonnxiqa::meta::register();
}

#[test]
fn an_element_replaces_its_earlier_entry_and_keeps_the_others() {
    init();
    let said = |n: i32| gst::Structure::builder("iqa-score").field("n", n).build();
    let mut buffer = gst::Buffer::new();
    let fields = buffer.get_mut().unwrap();
    assert!(gstonnxiqa::meta::entries(fields).is_empty());
    gstonnxiqa::meta::attach(fields, "a", said(1)).unwrap();
    gstonnxiqa::meta::attach(fields, "b", said(2)).unwrap();
    gstonnxiqa::meta::attach(fields, "a", said(3)).unwrap();
    let mut entries: Vec<_> = gstonnxiqa::meta::entries(&buffer)
        .into_iter()
        .map(|(name, entry)| (name, entry.get::<i32>("n").unwrap()))
        .collect();
    entries.sort();
    assert_eq!(entries, [("a".to_owned(), 3), ("b".to_owned(), 2)]);
    let copy = buffer.copy();
    assert_eq!(gstonnxiqa::meta::entries(&copy).len(), 2);
}

/// Upstream keeps a reference to a frame: entries added later do not appear there.
#[test]
fn a_buffer_that_others_hold_is_not_written_to() {
    let dir = kit::TempDir::new();
    let harness = ElementHarness::started(iqascore(&mean_model(&dir)).build().unwrap(), CAPS);
    let kept = gray(0, 51);
    harness.push(kept.clone()).unwrap();
    assert_scored(&harness.frames(1)[0], 0, 51);
    assert!(gstonnxiqa::meta::entries(&kept).is_empty());
}

/// Attributes of `outputs_graph`: the means of the channels.
pub const ATTRIBUTES: &str = r#"
contract = 1
name = "outputs"
kind = "no-reference"
[[input]]
tensor = "x"
[output]
tensor = "y"
worst = 0.0
best = 1.0
attributes = { tensor = "channels", names = ["red", "green", "blue"], worst = 0.0, best = 1.0 }
"#;

#[test]
fn attributes_and_maps() {
    let dir = kit::TempDir::new();
    let contract = format!("{ATTRIBUTES}map = {{ tensor = \"map\", worst = 0.0, best = 1.0 }}\n");
    let model = kit::outputs_graph().contract(&contract).write(dir.path(), "outputs");
    let element = iqascore(&model).property("frame-messages", true).property("interval", 2u32).build().unwrap();
    let harness = ElementHarness::started(element, "video/x-raw,format=RGB,width=12,height=4,framerate=25/1");
    // The left half red, the right half white.
    let row: Vec<u8> = (0..12).flat_map(|x| if x < 6 { [255, 0, 0] } else { [255; 3] }).collect();
    for n in 0..2 {
        let mut buffer = gst::Buffer::from_mut_slice(row.repeat(4));
        buffer.get_mut().unwrap().set_pts(n * FRAME);
        harness.push(buffer).unwrap();
    }
    let frames = harness.frames(2);
    let mut said: Vec<_> = frames.iter().map(|buffer| entry(buffer)).collect();
    said.extend(harness.messages_named("iqa-score"));
    assert_eq!(said.len(), 3);
    for entry in said {
        let attributes = entry.get::<gst::Structure>("attributes").unwrap();
        assert_eq!(fields(&attributes), ["blue", "green", "red"]);
        for (name, value) in [("red", 100.0), ("green", 50.0), ("blue", 50.0)] {
            near(attributes.get(name).unwrap(), value, 1e-3);
        }
        let map = entry.get::<gst::Sample>("map").unwrap();
        let info = gst_video::VideoInfo::from_caps(map.caps().unwrap()).unwrap();
        assert_eq!((info.format(), info.width(), info.height()), (gst_video::VideoFormat::Gray8, 6, 2));
        let frame = gst_video::VideoFrameRef::from_buffer_ref_readable(map.buffer().unwrap(), &info).unwrap();
        let (data, stride) = (frame.plane_data(0).unwrap(), frame.plane_stride()[0] as usize);
        for line in data.chunks(stride) {
            assert_eq!(line[..6], [85, 85, 85, 255, 255, 255]);
        }
    }
}
