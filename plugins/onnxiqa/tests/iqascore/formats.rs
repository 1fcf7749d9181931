//! One picture in all pixel formats and in odd sizes.

use crate::common::*;
use gst::prelude::*;
use onnx_iqa_testkit as kit;

/// The formats that the contract names. There may be more.
const FORMATS: &str = "I420 YV12 NV12 NV21 Y42B Y444 YUY2 UYVY GRAY8 RGB BGR RGBA BGRA ARGB ABGR RGBx BGRx xRGB xBGR GBR \
                       I420_10LE I422_10LE Y444_10LE P010_10LE I420_12LE GRAY16_LE";

fn template_formats() -> Vec<String> {
    init();
    let factory = gst::ElementFactory::find("iqascore").unwrap();
    let template = factory.static_pad_templates().into_iter().find(|template| template.name_template() == "sink");
    let caps = template.unwrap().caps();
    let formats = caps.structure(0).unwrap().get::<gst::List>("format").unwrap();
    formats.iter().map(|format| format.get::<String>().unwrap()).collect()
}

/// A picture of videotestsrc.
fn picture(pattern: &str, caps: &str) -> gst::Sample {
    let pipeline = launch(&format!("videotestsrc num-buffers=1 pattern={pattern} ! {caps} ! appsink name=out sync=false"));
    let sink = pipeline.by_name("out").unwrap().downcast::<gst_app::AppSink>().unwrap();
    pipeline.set_state(gst::State::Playing).unwrap();
    let sample = sink.try_pull_sample(gst::ClockTime::try_from(LIMIT).unwrap()).expect("a picture");
    set_state(&pipeline, gst::State::Null);
    sample
}

/// The same in another format.
fn convert(sample: &gst::Sample, format: &str, width: i32, height: i32) -> gst::Sample {
    let caps = gst::Caps::builder("video/x-raw").field("format", format).field("width", width).field("height", height);
    gst_video::convert_sample(sample, &caps.build(), Some(gst::ClockTime::try_from(LIMIT).unwrap()))
        .unwrap_or_else(|error| panic!("{format}: {error}"))
}

/// The score of each sample, in a stream that changes its caps for each.
fn scores(contract: Option<&str>, channels: usize, samples: &[gst::Sample]) -> Vec<f64> {
    let dir = kit::TempDir::new();
    let graph = kit::mean_graph(kit::Element::Float, &format!("N {channels} H W"));
    let model = graph.contract(contract.unwrap_or(kit::NR_CONTRACT)).write(dir.path(), "m");
    let rig = Rig::new(iqascore(&model).build().unwrap());
    for sample in samples {
        rig.start(&sample.caps().unwrap().to_string());
        rig.push(sample.buffer_owned().unwrap()).unwrap();
    }
    let frames = rig.finish();
    assert_eq!(frames.len(), samples.len());
    frames.iter().map(|buffer| entry(buffer).get("score").unwrap()).collect()
}

#[track_caller]
fn all_alike(names: &[String], scores: &[f64], tolerance: f64) {
    let least = scores.iter().copied().fold(f64::MAX, f64::min);
    let most = scores.iter().copied().fold(f64::MIN, f64::max);
    let list: Vec<_> = names.iter().zip(scores).collect();
    assert!(most - least <= tolerance, "{list:?}");
}

#[test]
fn the_contracts_formats_are_taken() {
    let known = template_formats();
    for format in FORMATS.split_whitespace() {
        assert!(known.iter().any(|name| name == format), "{format} is not in {known:?}");
    }
}

#[test]
fn one_picture_in_all_colour_formats_scores_alike() {
    for (size, colorimetry) in [((320, 240), "bt601"), ((320, 240), "bt709"), ((1280, 720), "bt709")] {
        let (width, height) = size;
        let original = picture(
            "smpte75",
            &format!("video/x-raw,format=Y444_12LE,width={width},height={height},colorimetry={colorimetry}"),
        );
        let formats: Vec<_> = template_formats().into_iter().filter(|name| !name.starts_with("GRAY")).collect();
        let samples: Vec<_> = formats.iter().map(|format| convert(&original, format, width, height)).collect();
        let scores = scores(None, 3, &samples);
        assert!((20.0..60.0).contains(&scores[0]), "{scores:?}");
        // Half a level of 8 bits is 0.2; rounding mostly averages out.
        all_alike(&formats, &scores, 0.25);
    }
}

#[test]
fn one_grey_picture_in_all_formats_scores_alike() {
    let original = picture("gradient", "video/x-raw,format=GRAY16_LE,width=320,height=240");
    let formats = template_formats();
    let samples: Vec<_> = formats.iter().map(|format| convert(&original, format, 320, 240)).collect();
    all_alike(&formats, &scores(None, 3, &samples), 0.25);
}

#[test]
fn luma_models_see_the_same_in_all_formats() {
    let contract = kit::NR_CONTRACT.replace("tensor = \"x\"", "tensor = \"x\"\nchannels = \"luma\"");
    let original = picture("smpte75", "video/x-raw,format=Y444_12LE,width=320,height=240,colorimetry=bt601");
    // The R'G'B' formats have no Y' of their own; theirs is made with the default matrix.
    let formats: Vec<_> =
        template_formats().into_iter().filter(|name| !name.contains("RGB") && !name.contains("GBR")).collect();
    let formats: Vec<_> = formats.into_iter().filter(|name| !name.contains("BGR")).collect();
    let samples: Vec<_> = formats.iter().map(|format| convert(&original, format, 320, 240)).collect();
    all_alike(&formats, &scores(Some(&contract), 1, &samples), 0.25);
}

#[test]
fn odd_sizes_in_all_formats() {
    let formats = template_formats();
    for (width, height) in [(1, 1), (7, 5), (1, 8), (5, 1), (3, 3)] {
        let original = picture("white", &format!("video/x-raw,format=RGB,width={width},height={height}"));
        let samples: Vec<_> = formats.iter().map(|format| convert(&original, format, width, height)).collect();
        let scores = scores(None, 3, &samples);
        for (format, score) in formats.iter().zip(&scores) {
            assert!((score - 100.0).abs() < 0.5, "{format} {width}x{height}: {score}");
        }
    }
}

#[test]
fn range_and_matrix_come_from_the_caps() {
    let (full, limited) = ("1:4:0:0", "2:4:0:0");
    let sample = |colorimetry: &str, luma: u8| {
        let caps = format!("video/x-raw,format=I420,width=4,height=2,framerate=0/1,colorimetry={colorimetry}");
        let mut bytes = vec![luma; 8];
        bytes.extend([128; 8]);
        let caps = caps.parse::<gst::Caps>().unwrap();
        gst::Sample::builder().buffer(&gst::Buffer::from_mut_slice(bytes)).caps(&caps).build()
    };
    let samples = [sample(full, 235), sample(limited, 235), sample(full, 16), sample(limited, 16)];
    let scores = scores(None, 3, &samples);
    for (score, expected) in scores.iter().zip([235.0 / 2.55, 100.0, 16.0 / 2.55, 0.0]) {
        near(*score, expected, 0.05);
    }
}
