// SPDX-License-Identifier: MPL-2.0

//! Against what Pillow and OpenCV make (testdata/make.py).

use super::{NONE, distance, input, rgb, tensor};
use crate::model::contract::{Channels, Filter, Geometry, Input, Resize};
use crate::picture::{Colorimetry, OwnedFrame, PixelFormat};

#[derive(serde::Deserialize)]
struct Reference {
    width: u32,
    height: u32,
    rgb: Vec<u8>,
    cases: Vec<Case>,
    rounded: Vec<Rounded>,
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
struct Rounded {
    filter: Filter,
    size: [u32; 2],
    values: Vec<u8>,
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

#[test]
fn rounding_is_that_of_pillow_within_a_step() {
    let reference = reference();
    // As make.py does: away from black and white, because Pillow also clamps between its passes.
    let soft = reference.rgb.iter().map(|v| 64 + v / 2).collect();
    let frame = OwnedFrame::rgb(reference.width, reference.height, soft).unwrap();
    for Rounded { filter, size, values } in reference.rounded {
        let geometry = Geometry { scale: Some(Resize::Size(size)), filter, round: true, ..NONE };
        let interleaved = Input { layout: crate::model::contract::Layout::Nhwc, ..rgb(geometry) };
        let ours = tensor(&interleaved, &frame);
        let mut equal = 0;
        for (ours, theirs) in ours.iter().zip(&values) {
            let step = ours * 255.0;
            assert!((step - step.round()).abs() < 1e-3, "{step} is no 8-bit value");
            assert!((step - f32::from(*theirs)).abs() < 1.001, "{filter:?} {size:?}: {step}, Pillow {theirs}");
            equal += usize::from((step - f32::from(*theirs)).abs() < 0.5);
        }
        // Not all, because Pillow also rounds between its passes.
        assert!(equal * 4 > values.len() * 3, "only {equal} of {} equal", values.len());
    }
}
