// SPDX-License-Identifier: MPL-2.0

mod crop_origins;
mod encode;
mod formats;
mod resize;
mod tensors;

use super::Plan;
use crate::model::contract::{
    Channels, Crops, Filter, Geometry, Input, Layout, Resize, Role, Rounding, Sampling, Small,
};
use crate::picture::{Frame, OwnedFrame};
use crate::simd::Level;

/// No geometry: the frame as it is.
pub const NONE: Geometry = Geometry {
    scale: None,
    rounding: Rounding::Nearest,
    filter: Filter::Bilinear,
    antialias: true,
    round: false,
    crop: None,
    crops: Crops::Count(1),
    sampling: Sampling::Grid,
    small: Small::Upscale,
    multiple_of: 1,
    crops_axis: 0,
};

/// R'G'B' in 0..1, plane by plane.
pub fn rgb(geometry: Geometry) -> Input {
    input(Channels::Rgb, geometry)
}

pub fn input(channels: Channels, geometry: Geometry) -> Input {
    Input {
        tensor: "x".into(),
        role: Role::Distorted,
        layout: Layout::Nchw,
        channels,
        mean: vec![0.0; channels.count()],
        std: vec![1.0; channels.count()],
        geometry,
    }
}

pub fn resize(width: u32, height: u32) -> Geometry {
    Geometry { scale: Some(Resize::Size([width, height])), ..NONE }
}

pub fn crops(width: u32, height: u32, count: u32) -> Geometry {
    Geometry { crop: Some([width, height]), crops: Crops::Count(count), ..NONE }
}

pub fn plan(input: &Input, frame: &OwnedFrame) -> Plan {
    Plan::new(input, frame.format, frame.width, frame.height, frame.colorimetry).unwrap()
}

/// The tensor; every element must have been written, twice the same, and much the same on every instruction set.
pub fn tensor(input: &Input, frame: &OwnedFrame) -> Vec<f32> {
    let picture = frame.picture().unwrap();
    let mut plan = plan(input, frame);
    let mut out = vec![f32::NAN; plan.layout().len()];
    plan.run(&picture, &mut out).unwrap();
    assert!(out.iter().all(|v| v.is_finite()), "{} {}x{}: not all written", frame.format, frame.width, frame.height);
    let mut again = vec![f32::NAN; out.len()];
    plan.run(&picture, &mut again).unwrap();
    assert_eq!(out, again);
    for level in Level::all() {
        let mut other = vec![f32::NAN; out.len()];
        plan.clone().with_level(level).run(&picture, &mut other).unwrap();
        // A value on the border between two 8-bit steps may fall to either side.
        let allowed = if input.geometry.round { 1.001 / 255.0 } else { 1e-5 };
        let apart = distance(&out, &other);
        assert!(apart < allowed, "{} {level:?}: {apart}", frame.format);
    }
    out
}

/// The largest difference between two tensors.
pub fn distance(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    let apart = |(a, b): (&f32, &f32)| Some((a - b).abs()).filter(|d| !d.is_nan()).unwrap_or(f32::INFINITY);
    a.iter().zip(b).map(apart).fold(0.0, f32::max)
}
