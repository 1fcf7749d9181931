// SPDX-License-Identifier: MPL-2.0

//! Channels, order of dimensions, normalization, range, and what a plan refuses.

use super::encode::encode;
use super::{NONE, crops, distance, input, plan, resize, rgb, tensor};
use crate::model::contract::{Channels, Filter, Geometry, Input, Layout};
use crate::picture::{ChromaSite, Colorimetry, Frame, Matrix, OwnedFrame, Picture, PixelFormat, Plane, Range};
use crate::preprocess::PreprocessError;

fn colors() -> OwnedFrame {
    let pixels = (0..19 * 11 * 3).map(|i: u32| (i * 89 % 251) as u8).collect();
    OwnedFrame::rgb(19, 11, pixels).unwrap()
}

#[test]
fn eight_bit_pixels_arrive_exactly() {
    let frame = colors();
    let interleaved = tensor(&Input { layout: Layout::Nhwc, ..rgb(NONE) }, &frame);
    let expected: Vec<f32> = frame.planes[0].0.iter().map(|&v| f32::from(v) / 255.0).collect();
    assert!(distance(&interleaved, &expected) < 1e-6);
}

#[test]
fn orders_of_dimensions_and_channels_hold_the_same_numbers() {
    let frame = colors();
    for geometry in [NONE, resize(300, 40), Geometry { multiple_of: 16, ..crops(9, 10, 5) }] {
        let input = Input { mean: vec![0.1, 0.2, 0.3], std: vec![0.5, 1.0, 2.0], ..rgb(geometry) };
        let planar = tensor(&input, &frame);
        let interleaved = tensor(&Input { layout: Layout::Nhwc, ..input.clone() }, &frame);
        let layout = plan(&input, &frame).layout().clone();
        let area = layout.width * layout.height;
        for (a, b) in planar.chunks_exact(3 * area).zip(interleaved.chunks_exact(3 * area)) {
            assert!((0..3 * area).all(|i| a[i % 3 * area + i / 3] == b[i]));
        }
        let swapped =
            Input { channels: Channels::Bgr, mean: vec![0.3, 0.2, 0.1], std: vec![2.0, 1.0, 0.5], ..input.clone() };
        for (a, b) in planar.chunks_exact(3 * area).zip(tensor(&swapped, &frame).chunks_exact(3 * area)) {
            let (red, rest) = a.split_at(area);
            let (green, blue) = rest.split_at(area);
            assert_eq!([blue, green, red].concat(), b);
        }
    }
}

#[test]
fn normalization_is_that_of_the_contract() {
    let frame = OwnedFrame::rgb(1, 1, vec![255, 51, 0]).unwrap();
    let input = Input { mean: vec![0.5, 0.1, 0.25], std: vec![0.5, 0.2, 0.125], ..rgb(NONE) };
    assert!(distance(&tensor(&input, &frame), &[1.0, 0.5, -2.0]) < 1e-6);
    // Bytes: mean 0, std 1/255.
    let bytes = Input { std: vec![1.0 / 255.0; 3], ..rgb(NONE) };
    assert!(distance(&tensor(&bytes, &frame), &[255.0, 51.0, 0.0]) < 1e-4);
}

#[test]
fn luma_is_the_frames_own_and_gray_is_bt601s() {
    let frame = OwnedFrame {
        colorimetry: Colorimetry { matrix: Matrix::Bt709, ..Colorimetry::SRGB },
        ..OwnedFrame::rgb(1, 1, vec![255, 51, 0]).unwrap()
    };
    let luma = tensor(&input(Channels::Luma, NONE), &frame);
    assert!(distance(&luma, &[0.2126 + 0.7152 * 0.2]) < 1e-6);
    let gray = tensor(&input(Channels::Gray601, NONE), &frame);
    assert!(distance(&gray, &[0.299 + 0.587 * 0.2]) < 1e-6);
}

#[test]
fn known_samples_of_limited_range_become_known_colors() {
    // Red at 100 % in BT.601 and BT.709, from ITU-R BT.601's and BT.709's quantization.
    for (matrix, [y, cb, cr]) in [(Matrix::Bt601, [81, 90, 240]), (Matrix::Bt709, [63, 102, 240])] {
        let colorimetry = Colorimetry { matrix, range: Range::Limited, chroma_site: ChromaSite::LEFT };
        let planes = vec![(vec![y], 1), (vec![cb], 1), (vec![cr], 1)];
        let frame = OwnedFrame { format: PixelFormat::I420, width: 1, height: 1, colorimetry, planes };
        let pixel = tensor(&rgb(NONE), &frame);
        assert!(distance(&pixel, &[1.0, 0.0, 0.0]) < 0.006, "{matrix:?}: {pixel:?}");
    }
    let limited = Colorimetry { range: Range::Limited, ..Colorimetry::SRGB };
    let frame = OwnedFrame { colorimetry: limited, ..OwnedFrame::rgb(2, 1, vec![16, 235, 126, 0, 255, 20]).unwrap() };
    let expected = [0.0, 0.0, 1.0, 1.0, 110.0 / 219.0, 4.0 / 219.0];
    assert!(distance(&tensor(&rgb(NONE), &frame), &expected) < 1e-6);
}

#[test]
fn values_are_clamped_and_rounded_as_an_8_bit_picture_is() {
    let scene = |x: f64, y: f64| [0.5 + 0.5 * (x * 2.1).sin(), 0.5 + 0.5 * (y * 1.7).cos(), (x + y) / 60.0];
    for channels in [Channels::Rgb, Channels::Luma, Channels::Gray601] {
        let frame = encode(&scene, PixelFormat::I420p10, 33, 21, Colorimetry::SRGB);
        let plain = Geometry { filter: Filter::Bicubic, ..resize(50, 40) };
        let rounded = Geometry { round: true, ..plain.clone() };
        let (plain, rounded) = (tensor(&input(channels, plain), &frame), tensor(&input(channels, rounded), &frame));
        assert!(plain.iter().all(|v| (0.0..=1.0).contains(v)));
        assert!(rounded.iter().all(|v| (v * 255.0 - (v * 255.0).round()).abs() < 1e-3));
        // Nothing is scaled: what is rounded is what the other tensor has.
        let [plain, rounded] = [false, true].map(|round| tensor(&input(channels, Geometry { round, ..NONE }), &frame));
        for (plain, rounded) in plain.iter().zip(&rounded) {
            assert!((rounded - plain).abs() < 0.5001 / 255.0, "{rounded} {plain}");
        }
    }
}

#[test]
fn rows_may_lie_anywhere_and_the_last_needs_no_padding() {
    let tight = colors();
    let mut spaced = Vec::new();
    for row in tight.planes[0].0.chunks(57) {
        spaced.extend_from_slice(row);
        spaced.extend_from_slice(&[99; 13]);
    }
    spaced.truncate(spaced.len() - 13);
    let frame = OwnedFrame { planes: vec![(spaced, 70)], ..tight.clone() };
    for geometry in [NONE, resize(7, 30), crops(5, 4, 5)] {
        assert_eq!(tensor(&rgb(geometry.clone()), &frame), tensor(&rgb(geometry), &tight));
    }
    // A one-row picture may have a stride of 0.
    let row = [Plane { data: &[1, 2, 3, 4, 5, 6], stride: 0 }];
    let picture = Picture::new(PixelFormat::Rgb, 2, 1, &row, Colorimetry::SRGB).unwrap();
    let mut plan = super::Plan::new(&rgb(NONE), PixelFormat::Rgb, 2, 1, Colorimetry::SRGB).unwrap();
    let mut out = [0.0; 6];
    plan.run(&picture, &mut out).unwrap();
    assert!(distance(&out, &[1.0, 4.0, 2.0, 5.0, 3.0, 6.0].map(|v| v / 255.0)) < 1e-6);
}

#[test]
fn alpha_and_padding_bits_are_never_looked_at() {
    let scene = |x: f64, y: f64| [x / 40.0, y / 40.0, 0.3];
    for format in [PixelFormat::Ayuv, PixelFormat::Argb, PixelFormat::Bgrx, PixelFormat::P010, PixelFormat::P012] {
        let frame = encode(&scene, format, 20, 10, Colorimetry::SRGB);
        let mut other = frame.clone();
        for (data, stride) in &mut other.planes {
            for (i, byte) in data.iter_mut().enumerate() {
                let in_row = i % *stride;
                let read = match format {
                    PixelFormat::P010 if in_row % 2 == 0 => 0b1100_0000,
                    PixelFormat::P012 if in_row % 2 == 0 => 0b1111_0000,
                    PixelFormat::P010 | PixelFormat::P012 => 0xff,
                    PixelFormat::Ayuv | PixelFormat::Argb if in_row % 4 == 0 => 0,
                    PixelFormat::Bgrx if in_row % 4 == 3 => 0,
                    _ => 0xff,
                };
                *byte = (*byte & read) | (!*byte & !read);
            }
        }
        assert_ne!(frame.planes, other.planes);
        for geometry in [NONE, resize(7, 7)] {
            assert_eq!(tensor(&rgb(geometry.clone()), &frame), tensor(&rgb(geometry), &other), "{format}");
        }
    }
}

#[test]
fn a_plan_refuses_what_it_was_not_made_for() {
    let frame = colors();
    let mut plan = plan(&rgb(crops(4, 4, 2)), &frame);
    let picture = frame.picture().unwrap();
    assert!(plan.fits(&picture));
    let mut out = vec![0.0; 95];
    assert_eq!(plan.run(&picture, &mut out), Err(PreprocessError::Output { expected: 96, actual: 95 }));
    out.push(0.0);
    assert_eq!(plan.run(&picture, &mut out), Ok(()));

    let others = [
        OwnedFrame { format: PixelFormat::Bgr, ..frame.clone() },
        OwnedFrame { width: 18, ..frame.clone() },
        OwnedFrame { height: 10, ..frame.clone() },
        OwnedFrame { colorimetry: Colorimetry { range: Range::Limited, ..Colorimetry::SRGB }, ..frame.clone() },
    ];
    for other in &others {
        let picture = other.picture().unwrap();
        assert!(!plan.fits(&picture));
        let error = plan.run(&picture, &mut out).unwrap_err();
        assert!(error.to_string().contains("RGB 19x11 (Bt709, Full, "), "{error}");
    }
}

#[test]
fn normalizations_that_make_no_sense_are_named() {
    let frame = colors();
    let new = |input: &Input| {
        super::Plan::new(input, frame.format, frame.width, frame.height, frame.colorimetry).unwrap_err()
    };
    let short = Input { std: vec![1.0], ..rgb(NONE) };
    assert_eq!(new(&short), PreprocessError::Channels { key: "std", expected: 3, actual: 1 });
    let zero = Input { std: vec![1.0, 0.0, 1.0], ..rgb(NONE) };
    assert_eq!(new(&zero), PreprocessError::Normalization { key: "std", channel: 1, value: 0.0 });
    let infinite = Input { mean: vec![f64::INFINITY, 0.0, 0.0], ..rgb(NONE) };
    assert!(matches!(new(&infinite), PreprocessError::Normalization { key: "mean", channel: 0, .. }));
}
