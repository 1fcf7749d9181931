// SPDX-License-Identifier: MPL-2.0

//! Against what Pillow and OpenCV make (testdata/make.py).

use super::{NONE, distance, input, rgb, tensor};
use crate::model::contract::{Channels, Filter, Geometry, Input, Layout, Letterbox, LetterboxAt, Resize};
use crate::picture::{Colorimetry, OwnedFrame, PixelFormat};

#[derive(serde::Deserialize)]
struct Reference {
    width: u32,
    height: u32,
    rgb: Vec<u8>,
    cases: Vec<Case>,
    eight_bit: Vec<EightBit>,
    colour: [u8; 3],
    letterboxes: Vec<Boxed>,
}

#[derive(serde::Deserialize)]
struct Case {
    by: String,
    filter: Filter,
    antialias: bool,
    size: [u32; 2],
    values: Vec<f32>,
}

#[derive(serde::Deserialize)]
struct EightBit {
    filter: Filter,
    size: [u32; 2],
    /// In hexadecimal.
    values: String,
}

#[derive(serde::Deserialize)]
struct Boxed {
    at: LetterboxAt,
    size: [u32; 2],
    /// In hexadecimal.
    values: String,
}

fn reference() -> Reference {
    serde_json::from_str(include_str!("../testdata/resize.json")).unwrap()
}

#[test]
fn filters_are_those_of_pillow_and_opencv() {
    let reference = reference();
    let frame = OwnedFrame {
        format: PixelFormat::Gray8,
        width: reference.width,
        height: reference.height,
        colorimetry: Colorimetry::SRGB,
        planes: vec![(reference.rgb.chunks(3).map(|p| p[1]).collect(), reference.width as usize)],
    };
    for Case { by, filter, antialias, size, values } in reference.cases {
        let geometry = Geometry { scale: Some(Resize::Size(size)), filter, antialias, ..NONE };
        let ours: Vec<f32> = tensor(&input(Channels::Luma, geometry), &frame);
        // Bicubic overshoots; a tensor, like an 8-bit picture, does not.
        let theirs: Vec<f32> = values.iter().map(|v| (v / 255.0).clamp(0.0, 1.0)).collect();
        let apart = distance(&ours, &theirs);
        assert!(apart < 2e-5, "{by} {filter:?} antialias={antialias} {size:?}: {apart}");
    }
}

fn unhex(text: &str) -> Vec<u8> {
    text.as_bytes().chunks(2).map(|digits| u8::from_str_radix(str::from_utf8(digits).unwrap(), 16).unwrap()).collect()
}

/// What becomes of the 8-bit picture, in whole numbers.
fn bytes(reference: &Reference, geometry: Geometry) -> Vec<u8> {
    let frame = OwnedFrame::rgb(reference.width, reference.height, reference.rgb.clone()).unwrap();
    let ours = tensor(&Input { layout: Layout::Nhwc, ..rgb(geometry) }, &frame);
    let byte = |value: &f32| {
        let step = value * 255.0;
        assert!((step - step.round()).abs() < 1e-3, "{step} is no 8-bit value");
        step.round() as u8
    };
    ours.iter().map(byte).collect()
}

#[test]
fn rounded_pictures_are_those_of_pillow_bit_by_bit() {
    let reference = reference();
    assert_eq!(reference.eight_bit.len(), 21);
    for EightBit { filter, size, values } in &reference.eight_bit {
        let geometry = Geometry { scale: Some(Resize::Size(*size)), filter: *filter, round: true, ..NONE };
        assert_eq!(bytes(&reference, geometry), unhex(values), "{filter:?} {size:?}");
    }
}

#[test]
fn letterboxes_are_those_of_pillow() {
    let reference = reference();
    let color = reference.colour.map(|v| f64::from(v) / 255.0);
    for Boxed { at, size, values } in &reference.letterboxes {
        let letterbox = Letterbox { size: *size, color, at: *at };
        let scaled =
            Geometry { scale: Some(Resize::Letterbox(letterbox)), filter: Filter::Bicubic, round: true, ..NONE };
        let values = unhex(values);
        assert_eq!(bytes(&reference, scaled.clone()), values, "{at:?} {size:?}");
    }
}

#[test]
fn a_letterbox_holds_the_scaled_picture_and_its_color() {
    let reference = reference();
    let frame = OwnedFrame::rgb(reference.width, reference.height, reference.rgb.clone()).unwrap();
    let color = [1.0, 0.5, 0.25];
    // 23x17 in 32x32: 17 · 32 / 23 = 23.7; in 30x40 at the top: 17 · 30 / 23 = 22.2; in 46x20: 23 · 20 / 17 = 27.1.
    for (size, at, scaled, [left, top]) in [
        ([32, 32], LetterboxAt::Center, [32, 24], [0, 4]),
        ([30, 40], LetterboxAt::TopLeft, [30, 22], [0, 0]),
        ([46, 20], LetterboxAt::Center, [27, 20], [9, 0]),
    ] {
        for layout in [Layout::Nchw, Layout::Nhwc] {
            let scale = |scale| {
                let geometry = Geometry { scale: Some(scale), filter: Filter::Lanczos, ..NONE };
                let bgr = input(Channels::Bgr, geometry);
                tensor(&Input { mean: vec![0.5; 3], std: vec![0.25; 3], layout, ..bgr }, &frame)
            };
            let (ours, inside) = (scale(Resize::Letterbox(Letterbox { size, color, at })), scale(Resize::Size(scaled)));
            let place = |[width, height]: [u32; 2], c: u32, x: u32, y: u32| match layout {
                Layout::Nchw => ((c * height + y) * width + x) as usize,
                Layout::Nhwc => ((y * width + x) * 3 + c) as usize,
            };
            for c in 0..3 {
                for (x, y) in (0..size[1]).flat_map(|y| (0..size[0]).map(move |x| (x, y))) {
                    let within = (left..left + scaled[0]).contains(&x) && (top..top + scaled[1]).contains(&y);
                    let expected = match within {
                        true => inside[place(scaled, c, x - left, y - top)],
                        // Blue first.
                        false => ((color[2 - c as usize] - 0.5) / 0.25) as f32,
                    };
                    let apart = ours[place(size, c, x, y)] - expected;
                    assert!(apart.abs() < 1e-6, "{size:?} {layout:?} {c} {x} {y}: {apart}");
                }
            }
        }
    }
}

#[test]
fn a_letterbox_is_gray_where_the_tensor_is() {
    let frame = OwnedFrame::rgb(4, 2, vec![0; 24]).unwrap();
    let letterbox = Letterbox { size: [4, 4], color: [1.0, 0.5, 0.0], at: LetterboxAt::TopLeft };
    let geometry = Geometry { scale: Some(Resize::Letterbox(letterbox)), ..NONE };
    for (channels, expected) in [(Channels::Gray601, 0.299 + 0.587 / 2.0), (Channels::Luma, 0.2126 + 0.7152 / 2.0)] {
        let ours = tensor(&input(channels, geometry.clone()), &frame);
        assert!(distance(&ours, &[[0.0; 8], [expected; 8]].concat()) < 1e-6, "{channels:?} {ours:?}");
    }
}
