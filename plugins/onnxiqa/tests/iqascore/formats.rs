// SPDX-License-Identifier: MPL-2.0

//! One picture in all pixel formats and in odd sizes.

use crate::common::*;
use gst_video::prelude::*;
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

/// R'G'B' from 0 to 1 at each place.
type Picture = fn(u32, u32) -> [f64; 3];

/// A picture in a format, written by what GStreamer itself says of where samples lie, not by the engine's tables, and
/// with rounding, which videoconvert does not do everywhere.
fn draw(format: &str, (width, height): (u32, u32), colorimetry: &str, picture: Picture) -> gst::Sample {
    let format = format.parse::<gst_video::VideoFormat>().unwrap();
    let description = gst_video::VideoFormatInfo::from_format(format);
    let builder = gst_video::VideoInfo::builder(format, width, height);
    // R'G'B' and gray keep their default: full range.
    let colorimetry = colorimetry.parse::<gst_video::VideoColorimetry>().unwrap();
    let info = if description.is_yuv() { builder.colorimetry(&colorimetry).build() } else { builder.build() }.unwrap();
    let (kr, kb) = match info.colorimetry().matrix() {
        gst_video::VideoColorMatrix::Bt709 => (0.2126, 0.0722),
        _ => (0.299, 0.114),
    };
    let (offsets, scales) = description.range_offsets(info.colorimetry().range());
    let mut frame =
        gst_video::VideoFrame::from_buffer_writable(gst::Buffer::from_mut_slice(vec![0; info.size()]), &info).unwrap();
    let components = if description.is_gray() { 1 } else { 3 };
    for component in 0..components {
        let (sub_x, sub_y) = (1 << description.w_sub()[component], 1 << description.h_sub()[component]);
        let plane = description.plane()[component];
        let stride = frame.plane_stride()[plane as usize] as usize;
        let (step, first) = (description.pixel_stride()[component] as usize, description.poffset()[component] as usize);
        // GStreamer's table, unlike its own pack functions, says byte 1 for the second of two interleaved 16-bit samples …
        let first = if first == 1 && description.depth()[component] > 8 { 2 } else { first };
        // … and has U and V of VYUY exchanged.
        let meaning = match component {
            1 | 2 if format == gst_video::VideoFormat::Vyuy => 3 - component,
            _ => component,
        };
        let (shift, depth) = (description.shift()[component], description.depth()[component]);
        for y in 0..height.div_ceil(sub_y) {
            for x in 0..width.div_ceil(sub_x) {
                let value = |x: u32, y: u32| {
                    let [r, g, b] = picture(x, y);
                    let luma = kr * r + (1.0 - kr - kb) * g + kb * b;
                    match meaning {
                        0 if description.is_rgb() => r,
                        1 if description.is_rgb() => g,
                        2 if description.is_rgb() => b,
                        0 => luma,
                        1 => (b - luma) / (2.0 - 2.0 * kb),
                        _ => (r - luma) / (2.0 - 2.0 * kr),
                    }
                };
                let block = (0..sub_x * sub_y).map(|i| (x * sub_x + i % sub_x, y * sub_y + i / sub_x));
                let block: Vec<_> = block.filter(|&(x, y)| x < width && y < height).collect();
                let mean = block.iter().map(|&(x, y)| value(x, y)).sum::<f64>() / block.len() as f64;
                let code = (mean * f64::from(scales[component]) + f64::from(offsets[component])).round();
                let code = (code.clamp(0.0, f64::from((1 << depth) - 1)) as u16) << shift;
                let at = y as usize * stride + x as usize * step + first;
                let data = frame.plane_data_mut(plane).unwrap();
                if depth > 8 {
                    data[at..at + 2].copy_from_slice(&code.to_le_bytes());
                } else {
                    data[at] = code as u8;
                }
            }
        }
    }
    gst::Sample::builder().buffer(&frame.into_buffer()).caps(&info.to_caps().unwrap()).build()
}

/// Smooth, so that what chroma subsampling loses is next to nothing; no color is clipped.
fn colorful(x: u32, y: u32) -> [f64; 3] {
    let (x, y) = (f64::from(x) / 64.0, f64::from(y) / 48.0);
    [0.1 + 0.5 * x, 0.7 - 0.4 * y, 0.3 + 0.2 * (x - y)]
}

fn grays(x: u32, y: u32) -> [f64; 3] {
    [f64::from(x + y) / 110.0; 3]
}

fn white(_: u32, _: u32) -> [f64; 3] {
    [1.0; 3]
}

/// The score of each sample, in a stream that changes its caps for each.
fn scores(contract: Option<&str>, channels: usize, samples: &[gst::Sample]) -> Vec<f64> {
    let dir = kit::TempDir::new();
    let graph = kit::mean_graph(kit::Element::Float, &format!("N {channels} H W"));
    let model = graph.contract(contract.unwrap_or(kit::NR_CONTRACT)).write(dir.path(), "m");
    let harness = ElementHarness::new(iqascore(&model).build().unwrap());
    for sample in samples {
        harness.start(&sample.caps().unwrap().to_string());
        harness.push(sample.buffer_owned().unwrap()).unwrap();
    }
    let frames = harness.finish();
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

/// Formats and what the model makes of one picture in each.
fn courses(
    keep: impl Fn(&str) -> bool,
    size: (u32, u32),
    colorimetry: &str,
    picture: Picture,
    luma: bool,
) -> (Vec<String>, Vec<f64>) {
    let formats: Vec<_> = template_formats().into_iter().filter(|name| keep(name)).collect();
    let samples: Vec<_> = formats.iter().map(|format| draw(format, size, colorimetry, picture)).collect();
    let contract = kit::NR_CONTRACT.replace("tensor = \"x\"", "tensor = \"x\"\nchannels = \"luma\"");
    let scores = if luma { scores(Some(&contract), 1, &samples) } else { scores(None, 3, &samples) };
    (formats, scores)
}

fn mean((width, height): (u32, u32), value: impl Fn(u32, u32) -> f64) -> f64 {
    let sum: f64 = (0..height).flat_map(|y| (0..width).map(move |x| (x, y))).map(|(x, y)| value(x, y)).sum();
    sum * 100.0 / f64::from(width * height)
}

#[test]
fn one_picture_in_all_color_formats_scores_alike() {
    let size = (64, 48);
    let expected = mean(size, |x, y| colorful(x, y).iter().sum::<f64>() / 3.0);
    for colorimetry in ["bt601", "bt709", "1:4:0:0", "1:3:5:1"] {
        let (formats, scores) = courses(|name| !name.starts_with("GRAY"), size, colorimetry, colorful, false);
        // Half a level of 8 bits is 0.2, and averages out over a picture.
        all_alike(&formats, &scores, 0.1);
        near(scores[0], expected, 0.1);
    }
}

#[test]
fn one_gray_picture_in_all_formats_scores_alike() {
    let (formats, scores) = courses(|_| true, (64, 48), "bt601", grays, false);
    all_alike(&formats, &scores, 0.1);
    near(scores[0], mean((64, 48), |x, y| grays(x, y)[0]), 0.1);
}

#[test]
fn luma_models_see_the_same_in_all_formats() {
    // R'G'B' formats have no Y' of their own, gray ones no color.
    let own = |name: &str| !(name.contains("RGB") || name.contains("BGR") || name.contains("GBR"));
    for colorimetry in ["bt601", "1:4:0:0"] {
        let (formats, scores) = courses(own, (64, 48), colorimetry, colorful, true);
        all_alike(&formats, &scores, 0.1);
    }
}

#[test]
fn odd_sizes_in_all_formats() {
    for size in [(1, 1), (7, 5), (1, 8), (5, 1), (3, 3)] {
        let (formats, scores) = courses(|_| true, size, "bt709", white, false);
        for (format, score) in formats.iter().zip(&scores) {
            assert!((score - 100.0).abs() < 0.3, "{format} {size:?}: {score}");
        }
        // Rounding no longer averages out.
        let (formats, scores) = courses(|name| !name.starts_with("GRAY"), size, "bt709", grays, false);
        all_alike(&formats, &scores, 1.0);
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
