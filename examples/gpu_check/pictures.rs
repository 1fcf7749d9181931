// SPDX-License-Identifier: MPL-2.0

//! Pictures that are made: nothing has to travel to where the check runs.

use std::sync::Arc;

use anyhow::Result;
use onnx_iqa::picture::{Frame, OwnedFrame, Picture, PictureError};

/// A picture that many hold.
#[derive(Clone)]
pub struct Shared(Arc<OwnedFrame>);

impl Frame for Shared {
    fn picture(&self) -> Result<Picture<'_>, PictureError> {
        self.0.picture()
    }
}

/// A picture and its reference.
pub struct Pair {
    pub name: String,
    pub reference: Shared,
    pub distorted: Shared,
}

/// What is done to a picture.
#[derive(Clone, Copy)]
enum Distortion {
    Noise,
    Blocks,
    Dark,
}

/// Landscape, portrait, odd, small and large ones.
pub fn all(quick: bool) -> Result<Vec<Pair>> {
    const SIZES: [(u32, u32); 6] = [(1920, 1080), (720, 1280), (511, 383), (200, 160), (3840, 2160), (640, 640)];
    let mut pairs = Vec::new();
    for (index, &(width, height)) in SIZES.iter().take(if quick { 2 } else { SIZES.len() }).enumerate() {
        for (kind, distortion) in
            [("noise", Distortion::Noise), ("blocks", Distortion::Blocks), ("dark", Distortion::Dark)]
        {
            pairs.push(pair(format!("{width}x{height} {kind}"), width, height, index as u32, distortion)?);
        }
    }
    Ok(pairs)
}

/// One of 1080p.
pub fn full_hd() -> Result<Pair> {
    pair("1920x1080".to_owned(), 1920, 1080, 0, Distortion::Blocks)
}

fn pair(name: String, width: u32, height: u32, seed: u32, distortion: Distortion) -> Result<Pair> {
    let shared = |pixel: &dyn Fn(u32, u32) -> [u8; 3]| -> Result<Shared> {
        let pixels = (0..height).flat_map(|y| (0..width).flat_map(move |x| pixel(x, y))).collect();
        Ok(Shared(Arc::new(OwnedFrame::rgb(width, height, pixels)?)))
    };
    let scene = |x: u32, y: u32| scene(x, y, width, height, seed);
    let reference = shared(&scene)?;
    let distorted = match distortion {
        Distortion::Noise => shared(&|x, y| {
            let noise = f64::from(hash(x, y, seed) % 64) - 31.5;
            scene(x, y).map(|value| (f64::from(value) + noise) as u8)
        })?,
        Distortion::Blocks => shared(&|x, y| scene(x / 8 * 8, y / 8 * 8))?,
        Distortion::Dark => shared(&|x, y| scene(x, y).map(|value| value / 4))?,
    };
    Ok(Pair { name, reference, distorted })
}

/// Gradients, waves that become finer to one side, and edges.
fn scene(x: u32, y: u32, width: u32, height: u32, seed: u32) -> [u8; 3] {
    let (u, v) = (f64::from(x) / f64::from(width), f64::from(y) / f64::from(height));
    let wave = (u * u * 90.0 + f64::from(seed)).sin() * (v * 40.0).cos();
    let edge = if ((u * 7.0 + v * 5.0) as u32).is_multiple_of(2) { 40.0 } else { -40.0 };
    [u, v, 1.0 - u].map(|slope| (128.0 + 60.0 * (slope - 0.5) + 45.0 * wave + edge * 0.5) as u8)
}

fn hash(x: u32, y: u32, seed: u32) -> u32 {
    let mixed = x.wrapping_mul(2_654_435_761) ^ y.wrapping_mul(2_246_822_519) ^ seed.wrapping_mul(3_266_489_917);
    (mixed ^ (mixed >> 15)).wrapping_mul(2_654_435_761) >> 16
}
