// SPDX-License-Identifier: MPL-2.0

//! The same picture in any two formats becomes the same tensor, to within the rounding of the formats.

use super::encode::{Scene, encode};
use super::{NONE, crops, distance, input, resize, rgb, tensor};
use crate::model::contract::{Channels, Crops, Filter, Geometry, Resize};
use crate::picture::{ChromaSite, Colorimetry, Family, Matrix, OwnedFrame, PixelFormat, Range};

const WIDTH: u32 = 93;
const HEIGHT: u32 = 71;

/// Smooth: its chroma changes by less than 0.004 from one pixel to the next.
fn scene(x: f64, y: f64) -> [f64; 3] {
    let (u, v) = (x / 93.0, y / 71.0);
    let luma = 0.5 + 0.2 * (3.0 * u + 2.0 * v).sin();
    [luma + 0.12 * (2.0 * u).cos(), luma - 0.05 * v, luma + 0.12 * (2.0 * v + u).sin()]
}

fn gray(x: f64, y: f64) -> [f64; 3] {
    [0.5 + 0.3 * (x / 31.0 + y / 17.0).sin(); 3]
}

/// How far rounding to the format's samples and interpolating its chroma can move a channel.
fn tolerance(format: PixelFormat, range: Range, filter: Filter) -> f32 {
    let levels = if range == Range::Full { 255.0 } else { 219.0 };
    let bits = format.components().iter().map(|c| c.depth).min().unwrap_or(8);
    let half = 0.5 / (levels * f32::from(1u16 << (bits - 8)));
    // |Y'| + 1.8 |Cb| or so; the widest row of the matrices has 1.88.
    let rounding = if format.family() == Family::Yuv { half * 2.9 } else { half };
    let subsampled = format.components().iter().any(|c| c.sub_x + c.sub_y > 0);
    // Cubic kernels have negative weights: errors of opposite signs add up, in each direction.
    let gain: f32 = match filter {
        Filter::Bicubic => 1.25,
        Filter::BicubicOpencv => 1.375,
        _ => 1.0,
    };
    rounding * gain * gain + if subsampled { 0.006 } else { 0.0 } + 1e-5
}

fn geometries() -> Vec<Geometry> {
    let short = |filter| Geometry { scale: Some(Resize::ShortSide(40)), filter, ..crops(32, 32, 5) };
    vec![
        NONE,
        crops(32, 32, 5),
        crops(31, 17, 7),
        short(Filter::Bilinear),
        short(Filter::Bicubic),
        short(Filter::Area),
        Geometry { antialias: false, ..short(Filter::Bilinear) },
        Geometry { antialias: false, ..short(Filter::BicubicOpencv) },
        Geometry { scale: Some(Resize::ShortSide(90)), ..crops(64, 64, 2) },
        Geometry { multiple_of: 32, ..NONE },
    ]
}

#[test]
fn every_format_gives_the_same_tensor() {
    // Nothing is ideal, but 12 bits of full-range R'G'B' are near it.
    const IDEAL: PixelFormat = PixelFormat::Gbr12;
    let geometries = geometries();
    let expected = |scene: Scene<'_>| {
        let ideal = encode(scene, IDEAL, WIDTH, HEIGHT, Colorimetry::SRGB);
        geometries.iter().map(|g| tensor(&rgb(g.clone()), &ideal)).collect::<Vec<_>>()
    };
    let (expected_color, expected_gray) = (expected(&scene), expected(&gray));
    for &format in PixelFormat::ALL {
        let is_gray = format.family() == Family::Gray;
        for range in [Range::Limited, Range::Full] {
            for (matrix, chroma_site) in [
                (Matrix::Bt601, ChromaSite::CENTER),
                (Matrix::Bt709, ChromaSite::LEFT),
                (Matrix::Bt2020, ChromaSite::TOP_LEFT),
                (Matrix::Smpte240m, ChromaSite::LEFT),
                (Matrix::Fcc, ChromaSite::CENTER),
            ] {
                let colorimetry = Colorimetry { matrix, range, chroma_site };
                let frame = encode(if is_gray { &gray } else { &scene }, format, WIDTH, HEIGHT, colorimetry);
                let expected = if is_gray { &expected_gray } else { &expected_color };
                for (geometry, expected) in geometries.iter().zip(expected) {
                    let apart = distance(&tensor(&rgb(geometry.clone()), &frame), expected);
                    let allowed =
                        tolerance(format, range, geometry.filter) + tolerance(IDEAL, Range::Full, geometry.filter);
                    assert!(apart <= allowed, "{format} {colorimetry:?} {geometry:?}: {apart} > {allowed}");
                }
            }
        }
    }
}

#[test]
fn luma_and_gray_are_the_same_from_every_format() {
    let geometry = Geometry { scale: Some(Resize::ShortSide(40)), ..crops(32, 32, 5) };
    for channels in [Channels::Luma, Channels::Gray601] {
        let colorimetry = Colorimetry { matrix: Matrix::Bt709, range: Range::Limited, chroma_site: ChromaSite::LEFT };
        let ideal = encode(&scene, PixelFormat::Gbr12, WIDTH, HEIGHT, Colorimetry::SRGB);
        let expected = tensor(&input(channels, geometry.clone()), &ideal);
        for &format in PixelFormat::ALL.iter().filter(|f| f.family() != Family::Gray) {
            let frame = encode(&scene, format, WIDTH, HEIGHT, colorimetry);
            let apart = distance(&tensor(&input(channels, geometry.clone()), &frame), &expected);
            assert!(
                apart <= tolerance(format, Range::Limited, geometry.filter) + 0.0002,
                "{channels:?} {format}: {apart}"
            );
        }
        for format in [PixelFormat::Gray8, PixelFormat::Gray16] {
            let frame = encode(&gray, format, WIDTH, HEIGHT, colorimetry);
            let luma = tensor(&input(Channels::Luma, NONE), &frame);
            assert_eq!(tensor(&input(channels, NONE), &frame), luma);
            let rgb = tensor(&rgb(NONE), &frame);
            assert_eq!(rgb, [&luma[..], &luma, &luma].concat());
        }
    }
}

/// Noise of little contrast, so that nothing is clamped; neighbors have nothing in common.
fn noise(format: PixelFormat, width: u32, height: u32, chroma_site: ChromaSite) -> OwnedFrame {
    let colorimetry = Colorimetry { matrix: Matrix::Bt709, range: Range::Limited, chroma_site };
    let mut frame = encode(&|_, _| [0.5; 3], format, width, height, colorimetry);
    let mut generator = crate::preprocess::pcg::Pcg32::new(7);
    for (data, _) in &mut frame.planes {
        data.iter_mut().for_each(|v| *v = 110 + generator.below(36) as u8);
    }
    frame
}

/// The same picture with its chroma interpolated over the whole frame, in 16 bits, written down naively.
fn interpolated(frame: &OwnedFrame) -> OwnedFrame {
    let (width, height) = (frame.width as usize, frame.height as usize);
    let mut planes = Vec::new();
    for (c, (data, stride)) in frame.format.components().iter().zip(&frame.planes) {
        let (columns, rows) = (c.width(frame.width) as usize, c.height(frame.height) as usize);
        let at = |x: i64, y: i64| {
            f64::from(data[y.clamp(0, rows as i64 - 1) as usize * stride + x.clamp(0, columns as i64 - 1) as usize])
        };
        let point = |i: usize, sub: u8, cosited: bool| match (sub, cosited) {
            (0, _) => i as f64,
            (sub, true) => i as f64 / f64::from(1 << sub),
            (sub, false) => (i as f64 + 0.5) / f64::from(1 << sub) - 0.5,
        };
        let mut out = Vec::new();
        for y in 0..height {
            for x in 0..width {
                let (u, v) = (
                    point(x, c.sub_x, frame.colorimetry.chroma_site.cosited_x),
                    point(y, c.sub_y, frame.colorimetry.chroma_site.cosited_y),
                );
                let (i, j) = (u.floor() as i64, v.floor() as i64);
                let (a, b) = (u - u.floor(), v - v.floor());
                let value = (at(i, j) * (1.0 - a) + at(i + 1, j) * a) * (1.0 - b)
                    + (at(i, j + 1) * (1.0 - a) + at(i + 1, j + 1) * a) * b;
                out.extend(((value * 256.0).round() as u16).to_le_bytes());
            }
        }
        planes.push((out, width * 2));
    }
    OwnedFrame { format: PixelFormat::Y444p16, planes, ..frame.clone() }
}

#[test]
fn chroma_is_that_of_a_whole_frame_interpolated_first() {
    for format in [PixelFormat::I420, PixelFormat::Y42b, PixelFormat::Y41b] {
        for chroma_site in [ChromaSite::CENTER, ChromaSite::LEFT, ChromaSite::TOP_LEFT] {
            for (width, height) in [(46, 34), (37, 29), (7, 5), (1, 1), (2, 9)] {
                let frame = noise(format, width, height, chroma_site);
                let whole = interpolated(&frame);
                for filter in [Filter::Nearest, Filter::Bilinear, Filter::Bicubic, Filter::BicubicOpencv, Filter::Area]
                {
                    for antialias in [true, false] {
                        for (w, h) in [(width, height), (19, 13), (60, 50), (3, 70)] {
                            let input = rgb(Geometry { filter, antialias, ..resize(w, h) });
                            let apart = distance(&tensor(&input, &frame), &tensor(&input, &whole));
                            assert!(
                                apart < 1e-4,
                                "{format} {chroma_site:?} {width}x{height} {filter:?} {w}x{h}: {apart}"
                            );
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn a_crop_is_that_part_of_the_whole() {
    for format in [PixelFormat::I420, PixelFormat::Yuy2, PixelFormat::P010, PixelFormat::Bgrx] {
        let colorimetry = Colorimetry { matrix: Matrix::Bt601, range: Range::Limited, chroma_site: ChromaSite::LEFT };
        let frame = encode(&scene, format, WIDTH, HEIGHT, colorimetry);
        for scale in [None, Some(Resize::Size([351, 270])), Some(Resize::Size([50, 40]))] {
            let whole = Geometry { scale, ..NONE };
            let layout = super::plan(&rgb(whole.clone()), &frame).layout().clone();
            let everything = tensor(&rgb(whole), &frame);
            let tiled = Geometry { scale, crop: Some([21, 19]), crops: Crops::All { stride: [17, 13] }, ..NONE };
            let crop_origins = super::plan(&rgb(tiled.clone()), &frame).layout().crop_origins.clone();
            let parts = tensor(&rgb(tiled), &frame);
            for (place, part) in crop_origins.iter().zip(parts.chunks_exact(3 * 21 * 19)) {
                for (i, value) in part.iter().enumerate() {
                    let (c, y, x) = (i / (21 * 19), i / 21 % 19 + place[1] as usize, i % 21 + place[0] as usize);
                    let other = everything[(c * layout.height + y) * layout.width + x];
                    assert!((value - other).abs() < 1e-6, "{format} {scale:?} {place:?}");
                }
            }
        }
    }
}
