// SPDX-License-Identifier: MPL-2.0

//! One picture in all pixel formats and in odd sizes.

use crate::common::*;
use gst_video::prelude::*;
use onnx_iqa_testkit as kit;

/// The documented formats. There may be more.
const FORMATS: &str = "I420 YV12 NV12 NV21 Y42B Y444 YUY2 UYVY GRAY8 RGB BGR RGBA BGRA ARGB ABGR RGBx BGRx xRGB xBGR \
                       GBR I420_10LE I422_10LE Y444_10LE P010_10LE I420_12LE GRAY16_LE A444_10LE A422_10LE A420 \
                       A420_10LE GBRA_10LE GBRA_12LE ARGB64 ARGB64_LE RGBA64_LE BGRA64_LE ABGR64_LE BGR10A2_LE \
                       RGB10A2_LE Y410 Y412_LE v210 Y210 Y212_LE VUYA AYUV NV61 NV16 NV24 GRAY10_LE32 P012_LE P016_LE \
                       GBR_10LE GBR_12LE I420_10BE I420_12BE I422_10BE I422_12BE Y444_10BE Y444_12BE Y444_16BE \
                       P010_10BE P012_BE P016_BE GRAY16_BE GBR_10BE GBR_12BE A420_10BE A422_10BE A444_10BE GBRA_10BE \
                       GBRA_12BE ARGB64_BE RGBA64_BE BGRA64_BE ABGR64_BE Y212_BE Y412_BE";

fn template_formats() -> Vec<String> {
    init();
    let factory = gst::ElementFactory::find("iqascore").unwrap();
    let template = factory.static_pad_templates().into_iter().find(|template| template.name_template() == "sink");
    let caps = template.unwrap().caps();
    let formats = caps.structure(0).unwrap().get::<gst::List>("format").unwrap();
    formats.iter().map(|format| format.get::<String>().unwrap()).collect()
}

/// R'G'B' from 0 to 1 at each position.
type Picture = fn(u32, u32) -> [f64; 3];

/// A picture in a format, packed by GStreamer, not with the engine's tables, and with rounding, which videoconvert does
/// not always do.
fn draw(format: &str, (width, height): (u32, u32), colorimetry: &str, picture: Picture) -> gst::Sample {
    let format = format.parse::<gst_video::VideoFormat>().unwrap();
    let description = gst_video::VideoFormatInfo::from_format(format);
    let builder = gst_video::VideoInfo::builder(format, width, height);
    // R'G'B' and gray keep their default, full range.
    let colorimetry = colorimetry.parse::<gst_video::VideoColorimetry>().unwrap();
    let info = if description.is_yuv() { builder.colorimetry(&colorimetry).build() } else { builder.build() }.unwrap();
    let (kr, kb) = match info.colorimetry().matrix() {
        gst_video::VideoColorMatrix::Bt709 => (0.2126, 0.0722),
        _ => (0.299, 0.114),
    };
    let (offsets, scales) = description.range_offsets(info.colorimetry().range());
    let mut frame =
        gst_video::VideoFrame::from_buffer_writable(gst::Buffer::from_mut_slice(vec![0; info.size()]), &info)
            .unwrap_or_else(|_| panic!("{format:?} of {width}x{height}"));
    let to = gst_video::VideoFormatInfo::from_format(description.unpack_format());
    let (pixel, wide) = (to.pixel_stride()[0] as usize, to.depth()[0] > 8);
    let stride = pixel * (width as usize + 16);
    let mut pixels = vec![0; stride * (height as usize + 1)];
    let channels = |x: u32, y: u32| {
        let [r, g, b] = picture(x, y);
        let luma = kr * r + (1.0 - kr - kb) * g + kb * b;
        match description.is_rgb() {
            true => [r, g, b],
            false => [luma, (b - luma) / (2.0 - 2.0 * kb), (r - luma) / (2.0 - 2.0 * kr)],
        }
    };
    let components = if description.is_gray() { 1 } else { 3 };
    for component in 0..components {
        let (sub_x, sub_y) = (1 << description.w_sub()[component], 1 << description.h_sub()[component]);
        let depth = description.depth()[component];
        for y in 0..height {
            for x in 0..width {
                // Pixels that share a sample all have their mean, so it does not matter which of them is packed.
                let (left, top) = (x / sub_x * sub_x, y / sub_y * sub_y);
                let block = (0..sub_x * sub_y).map(|i| (left + i % sub_x, top + i / sub_x));
                let block: Vec<_> = block.filter(|&(x, y)| x < width && y < height).collect();
                let mean = block.iter().map(|&(x, y)| channels(x, y)[component]).sum::<f64>() / block.len() as f64;
                let code = (mean * f64::from(scales[component]) + f64::from(offsets[component])).round();
                let code = code.clamp(0.0, f64::from((1 << depth) - 1)) as u16;
                // Alpha is the first component.
                let at = y as usize * stride + x as usize * pixel + (component + 1) * if wide { 2 } else { 1 };
                if wide {
                    pixels[at..at + 2].copy_from_slice(&(code << (16 - depth)).to_ne_bytes());
                } else {
                    pixels[at] = code as u8;
                }
            }
        }
    }
    pack(&description, &mut frame, &pixels, stride);
    gst::Sample::builder().buffer(&frame.into_buffer()).caps(&info.to_caps().unwrap()).build()
}

/// Packs rows of pixels like GStreamer.
fn pack(
    description: &gst_video::VideoFormatInfo,
    frame: &mut gst_video::VideoFrame<gst_video::video_frame::Writable>,
    pixels: &[u8],
    stride: usize,
) {
    let (width, height) = (frame.width() as i32, frame.height() as i32);
    let strides: Vec<i32> = frame.plane_stride().to_vec();
    // gstreamer-rs requires memory for row y of every plane, even if a plane has fewer rows than the picture.
    let copy = |plane: u32| {
        let mut data = frame.plane_data(plane).unwrap().to_vec();
        data.resize(data.len() + strides[plane as usize] as usize * height as usize, 0);
        data
    };
    let mut copies: Vec<Vec<u8>> = (0..description.n_planes()).map(copy).collect();
    for y in (0..height).step_by(description.pack_lines().max(1) as usize) {
        let mut planes: Vec<&mut [u8]> = copies.iter_mut().map(Vec::as_mut_slice).collect();
        let (flags, site) = (gst_video::VideoPackFlags::TRUNCATE_RANGE, gst_video::VideoChromaSite::NONE);
        description.pack(flags, &pixels[y as usize * stride..], stride as i32, &mut planes, &strides, site, y, width);
    }
    for (plane, copy) in copies.iter().enumerate() {
        let data = frame.plane_data_mut(plane as u32).unwrap();
        data.copy_from_slice(&copy[..data.len()]);
    }
}

/// Smooth, so that chroma subsampling loses next to nothing; no color is clipped.
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
        let pushed = harness.push(sample.buffer_owned().unwrap());
        assert!(pushed.is_ok(), "{:?} {pushed:?}", sample.caps());
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
fn the_documented_formats_are_accepted() {
    let known = template_formats();
    for format in FORMATS.split_whitespace() {
        assert!(known.iter().any(|name| name == format), "{format} is not in {known:?}");
    }
}

/// Formats, and the model's scores of one picture in each.
fn scores_by_format(
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
        let (formats, scores) = scores_by_format(|name| !name.starts_with("GRAY"), size, colorimetry, colorful, false);
        // Half a level of 8 bits is 0.2, and averages out over a picture.
        all_alike(&formats, &scores, 0.1);
        near(scores[0], expected, 0.1);
    }
}

#[test]
fn one_gray_picture_in_all_formats_scores_alike() {
    let (formats, scores) = scores_by_format(|_| true, (64, 48), "bt601", grays, false);
    all_alike(&formats, &scores, 0.1);
    near(scores[0], mean((64, 48), |x, y| grays(x, y)[0]), 0.1);
}

#[test]
fn luma_models_get_the_same_in_all_formats() {
    // R'G'B' formats have no Y', gray ones no color.
    let own = |name: &str| !(name.contains("RGB") || name.contains("BGR") || name.contains("GBR") || name == "r210");
    for colorimetry in ["bt601", "1:4:0:0"] {
        let (formats, scores) = scores_by_format(own, (64, 48), colorimetry, colorful, true);
        all_alike(&formats, &scores, 0.1);
    }
}

#[test]
fn odd_sizes_in_all_formats() {
    for size in [(1, 1), (7, 5), (1, 8), (5, 1), (3, 3)] {
        let (formats, scores) = scores_by_format(|_| true, size, "bt709", white, false);
        for (format, score) in formats.iter().zip(&scores) {
            assert!((score - 100.0).abs() < 0.3, "{format} {size:?}: {score}");
        }
        // Rounding does not average out here.
        let (formats, scores) = scores_by_format(|name| !name.starts_with("GRAY"), size, "bt709", grays, false);
        all_alike(&formats, &scores, 1.0);
    }
}

/// One gray of 4×2 pixels, in the range and matrix of its caps.
fn flat_sample(format: &str, colorimetry: &str, luma: u8) -> gst::Sample {
    let caps = format!("video/x-raw,format={format},width=4,height=2,framerate=0/1,colorimetry=(string){colorimetry}");
    let mut bytes = vec![luma; 8];
    if format == "I420" {
        bytes.extend([128; 8]);
    }
    init();
    let caps = caps.parse::<gst::Caps>().unwrap();
    gst::Sample::builder().buffer(&gst::Buffer::from_mut_slice(bytes)).caps(&caps).build()
}

#[test]
fn range_and_matrix_come_from_the_caps() {
    let (full, limited) = ("1:4:0:0", "2:4:0:0");
    let sample = |colorimetry: &str, luma: u8| flat_sample("I420", colorimetry, luma);
    let samples = [sample(full, 235), sample(limited, 235), sample(full, 16), sample(limited, 16)];
    let scores = scores(None, 3, &samples);
    for (score, expected) in scores.iter().zip([235.0 / 2.55, 100.0, 16.0 / 2.55, 0.0]) {
        near(*score, expected, 0.05);
    }
}

#[test]
fn a_colorimetry_may_leave_parts_out() {
    // Range, matrix, transfer, primaries; 0 is unknown. Without a matrix, GstVideoInfo drops the first two.
    let (full, limited) = (235.0 / 2.55, 100.0);
    let cases = [
        ("I420", "1:0:0:0", full),
        ("I420", "2:0:0:0", limited),
        ("I420", "1:0:5:1", full),
        ("I420", "1:4:0:0", full),
        ("I420", "1:3:0:0", full),
        // An R'G'B' matrix and an unknown number are no matrix for Y'CbCr.
        ("I420", "1:1:0:0", full),
        ("I420", "1:77:0:0", full),
        // Without a range, GStreamer's default for such video: limited for Y'CbCr, full for gray.
        ("I420", "0:0:0:0", limited),
        ("I420", "0:4:0:0", limited),
        ("I420", "bt601", limited),
        ("I420", "bt709", limited),
        ("I420", "bt2020", limited),
        ("I420", "nonsense", limited),
        ("I420", "1:0:0", limited),
        ("GRAY8", "1:0:0:0", full),
        ("GRAY8", "2:0:0:0", limited),
        ("GRAY8", "2:4:0:0", limited),
        ("GRAY8", "0:0:0:0", full),
        ("GRAY8", "nonsense", full),
    ];
    let samples: Vec<_> = cases.iter().map(|(format, text, _)| flat_sample(format, text, 235)).collect();
    for ((format, text, expected), score) in cases.iter().zip(scores(None, 3, &samples)) {
        assert!((score - expected).abs() < 0.05, "{format} {text}: {score}, not {expected}");
    }
}

#[test]
fn a_crop_meta_is_the_picture() {
    init();
    let sample = |x: u32, y: u32| {
        // 8×4 pixels of I420: white in the right half, black in the left.
        let mut bytes: Vec<u8> = (0..8 * 4).map(|i| if i % 8 < 4 { 16 } else { 235 }).collect();
        bytes.extend([128; 16]);
        let mut buffer = gst::Buffer::from_mut_slice(bytes);
        let fields = buffer.get_mut().unwrap();
        let flags = gst_video::VideoFrameFlags::empty();
        gst_video::VideoMeta::add(fields, flags, gst_video::VideoFormat::I420, 8, 4).unwrap();
        gst_video::VideoCropMeta::add(fields, (x, y, 4, 2));
        let caps = "video/x-raw,format=I420,width=4,height=2,framerate=0/1".parse::<gst::Caps>().unwrap();
        gst::Sample::builder().buffer(&buffer).caps(&caps).build()
    };
    let scores = scores(None, 3, &[sample(0, 0), sample(2, 2), sample(4, 0)]);
    for (score, expected) in scores.iter().zip([0.0, 50.0, 100.0]) {
        near(*score, expected, 0.01);
    }
}
