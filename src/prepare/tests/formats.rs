//! The same picture in any two formats becomes the same tensor, to within the rounding of the formats.

use super::encode::{Scene, encode};
use super::{NONE, crops, distance, input, resize, rgb, tensor};
use crate::model::contract::{Channels, Crops, Filter, Geometry, Scale};
use crate::picture::{Colour, Family, Matrix, OwnedFrame, PixelFormat, Range, Siting};

const WIDTH: u32 = 93;
const HEIGHT: u32 = 71;

/// Smooth: its chroma changes by less than 0.004 from one pixel to the next.
fn scene(x: f64, y: f64) -> [f64; 3] {
    let (u, v) = (x / 93.0, y / 71.0);
    let luma = 0.5 + 0.2 * (3.0 * u + 2.0 * v).sin();
    [luma + 0.12 * (2.0 * u).cos(), luma - 0.05 * v, luma + 0.12 * (2.0 * v + u).sin()]
}

fn grey(x: f64, y: f64) -> [f64; 3] {
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
    let short = |filter| Geometry { scale: Some(Scale::ShortSide(40)), filter, ..crops(32, 32, 5) };
    vec![
        NONE,
        crops(32, 32, 5),
        crops(31, 17, 7),
        short(Filter::Bilinear),
        short(Filter::Bicubic),
        short(Filter::Area),
        Geometry { antialias: false, ..short(Filter::Bilinear) },
        Geometry { antialias: false, ..short(Filter::BicubicOpencv) },
        Geometry { scale: Some(Scale::ShortSide(90)), ..crops(64, 64, 2) },
        Geometry { multiple_of: 32, ..NONE },
    ]
}

#[test]
fn every_format_gives_the_same_tensor() {
    // Nothing is ideal, but 12 bits of full-range R'G'B' are near it.
    const IDEAL: PixelFormat = PixelFormat::Gbr12;
    let geometries = geometries();
    let expected = |scene: Scene<'_>| {
        let ideal = encode(scene, IDEAL, WIDTH, HEIGHT, Colour::SRGB);
        geometries.iter().map(|g| tensor(&rgb(g.clone()), &ideal)).collect::<Vec<_>>()
    };
    let (expected_colour, expected_grey) = (expected(&scene), expected(&grey));
    for &format in PixelFormat::ALL {
        let is_grey = format.family() == Family::Grey;
        for range in [Range::Limited, Range::Full] {
            for (matrix, siting) in [
                (Matrix::Bt601, Siting::CENTRE),
                (Matrix::Bt709, Siting::LEFT),
                (Matrix::Bt2020, Siting::TOP_LEFT),
                (Matrix::Smpte240m, Siting::LEFT),
                (Matrix::Fcc, Siting::CENTRE),
            ] {
                let colour = Colour { matrix, range, siting };
                let frame = encode(if is_grey { &grey } else { &scene }, format, WIDTH, HEIGHT, colour);
                let expected = if is_grey { &expected_grey } else { &expected_colour };
                for (geometry, expected) in geometries.iter().zip(expected) {
                    let apart = distance(&tensor(&rgb(geometry.clone()), &frame), expected);
                    let allowed =
                        tolerance(format, range, geometry.filter) + tolerance(IDEAL, Range::Full, geometry.filter);
                    assert!(apart <= allowed, "{format} {colour:?} {geometry:?}: {apart} > {allowed}");
                }
            }
        }
    }
}

#[test]
fn luma_and_grey_are_the_same_from_every_format() {
    let geometry = Geometry { scale: Some(Scale::ShortSide(40)), ..crops(32, 32, 5) };
    for channels in [Channels::Luma, Channels::Gray601] {
        let colour = Colour { matrix: Matrix::Bt709, range: Range::Limited, siting: Siting::LEFT };
        let ideal = encode(&scene, PixelFormat::Gbr12, WIDTH, HEIGHT, Colour::SRGB);
        let expected = tensor(&input(channels, geometry.clone()), &ideal);
        for &format in PixelFormat::ALL.iter().filter(|f| f.family() != Family::Grey) {
            let frame = encode(&scene, format, WIDTH, HEIGHT, colour);
            let apart = distance(&tensor(&input(channels, geometry.clone()), &frame), &expected);
            assert!(
                apart <= tolerance(format, Range::Limited, geometry.filter) + 0.0002,
                "{channels:?} {format}: {apart}"
            );
        }
        for format in [PixelFormat::Grey8, PixelFormat::Grey16] {
            let frame = encode(&grey, format, WIDTH, HEIGHT, colour);
            let luma = tensor(&input(Channels::Luma, NONE), &frame);
            assert_eq!(tensor(&input(channels, NONE), &frame), luma);
            let rgb = tensor(&rgb(NONE), &frame);
            assert_eq!(rgb, [&luma[..], &luma, &luma].concat());
        }
    }
}

/// Noise of little contrast, so that nothing is clamped; neighbours have nothing in common.
fn noise(format: PixelFormat, width: u32, height: u32, siting: Siting) -> OwnedFrame {
    let colour = Colour { matrix: Matrix::Bt709, range: Range::Limited, siting };
    let mut frame = encode(&|_, _| [0.5; 3], format, width, height, colour);
    let mut generator = crate::prepare::pcg::Pcg32::new(7);
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
                    point(x, c.sub_x, frame.colour.siting.cosited_x),
                    point(y, c.sub_y, frame.colour.siting.cosited_y),
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
        for siting in [Siting::CENTRE, Siting::LEFT, Siting::TOP_LEFT] {
            for (width, height) in [(46, 34), (37, 29), (7, 5), (1, 1), (2, 9)] {
                let frame = noise(format, width, height, siting);
                let whole = interpolated(&frame);
                for filter in [Filter::Nearest, Filter::Bilinear, Filter::Bicubic, Filter::BicubicOpencv, Filter::Area]
                {
                    for antialias in [true, false] {
                        for (w, h) in [(width, height), (19, 13), (60, 50), (3, 70)] {
                            let input = rgb(Geometry { filter, antialias, ..resize(w, h) });
                            let apart = distance(&tensor(&input, &frame), &tensor(&input, &whole));
                            assert!(apart < 1e-4, "{format} {siting:?} {width}x{height} {filter:?} {w}x{h}: {apart}");
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
        let colour = Colour { matrix: Matrix::Bt601, range: Range::Limited, siting: Siting::LEFT };
        let frame = encode(&scene, format, WIDTH, HEIGHT, colour);
        for scale in [None, Some(Scale::Size([351, 270])), Some(Scale::Size([50, 40]))] {
            let whole = Geometry { scale, ..NONE };
            let layout = super::plan(&rgb(whole.clone()), &frame).layout().clone();
            let everything = tensor(&rgb(whole), &frame);
            let tiled = Geometry { scale, crop: Some([21, 19]), crops: Crops::All { stride: [17, 13] }, ..NONE };
            let places = super::plan(&rgb(tiled.clone()), &frame).layout().places.clone();
            let parts = tensor(&rgb(tiled), &frame);
            for (place, part) in places.iter().zip(parts.chunks_exact(3 * 21 * 19)) {
                for (i, value) in part.iter().enumerate() {
                    let (c, y, x) = (i / (21 * 19), i / 21 % 19 + place[1] as usize, i % 21 + place[0] as usize);
                    let other = everything[(c * layout.height + y) * layout.width + x];
                    assert!((value - other).abs() < 1e-6, "{format} {scale:?} {place:?}");
                }
            }
        }
    }
}
