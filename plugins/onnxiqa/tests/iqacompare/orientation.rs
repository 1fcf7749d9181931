// SPDX-License-Identifier: MPL-2.0

//! Whether the engine recognizes rotated or mirrored pictures of real clips, and names the direction that corrects
//! them.

use crate::common::*;
use gst_video::prelude::*;
use onnx_iqa::align::space::Orientation;
use onnx_iqa::align::time::Signature;
use onnx_iqa::picture::Frame;
use std::sync::atomic::{AtomicU32, Ordering};

const CLIPS: [&str; 3] = ["bikes", "bigbuckbunny", "carphone_pristine"];

/// Every 15th picture of the clip's first three seconds, after a pipeline fragment.
fn signatures(clip_name: &str, piece: &str) -> Vec<Signature> {
    let path = clip(&format!("{clip_name}.mp4"));
    let pipeline = launch(&format!(
        "filesrc location={} ! decodebin ! videoconvert ! video/x-raw,format=GRAY8 ! identity eos-after=76 {piece} \
         ! video/x-raw,format=GRAY8 ! fakesink name=out signal-handoffs=true",
        path.display()
    ));
    let (sender, receiver) = std::sync::mpsc::channel();
    let out = pipeline.by_name("out").unwrap();
    let number = AtomicU32::new(0);
    out.static_pad("sink").unwrap().add_probe(gst::PadProbeType::BUFFER, move |pad, info| {
        if number.fetch_add(1, Ordering::Relaxed).is_multiple_of(15) {
            let caps = pad.current_caps().unwrap();
            let info_video = gst_video::VideoInfo::from_caps(&caps).unwrap();
            let frame =
                gst_video::VideoFrameRef::from_buffer_ref_readable(info.buffer().unwrap(), &info_video).unwrap();
            let (width, height) = (info_video.width(), info_video.height());
            let stride = frame.plane_stride()[0] as usize;
            let rows = frame.plane_data(0).unwrap().chunks(stride).take(height as usize);
            let luma = rows.flat_map(|row| &row[..width as usize]);
            let rgb = luma.flat_map(|&value| [value; 3]).collect();
            let owned = onnx_iqa::picture::OwnedFrame::rgb(width, height, rgb).unwrap();
            sender.send(Signature::of(&owned.picture().unwrap())).unwrap();
        }
        gst::PadProbeReturn::Ok
    });
    let (errors, _) = run(&pipeline);
    assert!(errors.is_empty(), "{errors:?}");
    receiver.try_iter().collect()
}

fn seen(reference: &[Signature], distorted: &[Signature]) -> Option<Orientation> {
    Orientation::seen_in(reference.iter().zip(distorted))
}

#[test]
fn rotated_and_mirrored_clips_are_recognized_with_the_cure() {
    for name in CLIPS {
        let upright = signatures(name, "");
        assert!(upright.len() >= 5, "{} pictures of {name}", upright.len());
        for direction in ["90r", "180", "90l", "horiz", "vert", "ul-lr", "ur-ll"] {
            let turned = signatures(name, &format!("! videoflip video-direction={direction}"));
            let found = seen(&upright, &turned).unwrap_or_else(|| panic!("{name}, {direction}: nothing is seen"));
            // Rotations by a quarter in opposite directions cancel; everything else is its own inverse.
            let cure = match direction {
                "90r" => "90l",
                "90l" => "90r",
                other => other,
            };
            assert_eq!(found.video_direction(), cure, "{name}, {direction}");
            // One picture is enough.
            assert_eq!(seen(&upright[2..3], &turned[2..3]), Some(found), "{name}, {direction}");
        }
    }
}

#[test]
fn coded_blurred_and_cropped_clips_are_upright() {
    for name in CLIPS {
        let upright = signatures(name, "");
        for piece in [
            "! videoconvert ! x264enc pass=quant quantizer=45 tune=zerolatency ! avdec_h264 ! videoconvert",
            "! videoconvert ! gaussianblur sigma=6 ! videoconvert",
            "! videocrop left=16 top=16",
            "! videoconvert ! videobalance contrast=0.5 brightness=0.2 ! videoconvert",
            "! videobox top=-40 bottom=-40",
        ] {
            assert_eq!(seen(&upright, &signatures(name, piece)), None, "{name} {piece}");
        }
        let coded = "! videoflip video-direction=horiz ! videoconvert ! x264enc pass=quant quantizer=45 \
                     tune=zerolatency ! avdec_h264 ! videoconvert";
        assert_eq!(seen(&upright, &signatures(name, coded)), Some(Orientation::MirroredHorizontally), "{name}");
    }
}

#[test]
fn other_clips_are_not_mistaken_for_rotated_ones() {
    let clips = CLIPS.map(|name| signatures(name, ""));
    for (index, reference) in clips.iter().enumerate() {
        for (_, distorted) in clips.iter().enumerate().filter(|&(other, _)| other != index) {
            assert_eq!(seen(reference, distorted), None);
            for one in reference {
                assert!(distorted.iter().all(|other| Orientation::seen_in([(one, other)].into_iter()).is_none()));
            }
        }
    }
}
