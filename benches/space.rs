// SPDX-License-Identifier: MPL-2.0

//! What alignment in space costs for a pair of 1080p frames.
//!
//! `cargo bench --bench space` — everything on one core, medians; scaling beside `fast_image_resize`, a well-kept crate
//! that scales the same planes with the same kernel, 8 bits to 8 bits.

use std::hint::black_box;
use std::time::{Duration, Instant};

use anyhow::Result;
use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};
use onnx_iqa::align::space::{Letterbox, Registration, Scale, SpatialAligner};
use onnx_iqa::picture::{ChromaSite, Colorimetry, Frame, Matrix, OwnedFrame, PixelFormat, Range};

const SIZE: [u32; 2] = [1920, 1080];

fn main() -> Result<()> {
    // `cargo test --benches` runs this too: once is enough then.
    let runs = if std::env::args().any(|argument| argument == "--bench") { 101 } else { 1 };
    println!("A pair of I420 frames, the reference 1920x1080, one core, medians of {runs} runs\n");
    println!("| step | time |\n|---|---:|");
    bars(runs)?;
    nothing(runs)?;
    for size in [[1280, 720], [640, 360], [3840, 2160]] {
        scaling(size, runs)?;
    }
    shift(runs)
}

fn line(step: &str, time: Duration) {
    println!("| {step} | {:.3} ms |", time.as_secs_f64() * 1e3);
}

fn median<T>(runs: usize, mut run: impl FnMut() -> Result<T>) -> Result<Duration> {
    let mut times = Vec::new();
    for _ in 0..runs {
        let start = Instant::now();
        black_box(run()?);
        times.push(start.elapsed());
    }
    times.sort();
    Ok(times[times.len() / 2])
}

/// A value between 0 and 1 without a pattern at each point of a grid.
fn grain(x: i64, y: i64) -> f64 {
    let mixed = (x.wrapping_mul(0x9e37_79b9) ^ y.wrapping_mul(0x85eb_ca6b)).wrapping_mul(0x27d4_eb2f_1656_67c5);
    f64::from((mixed >> 40) as u8) / 255.0
}

/// Smooth between the points of a grid, so many pixels wide.
fn texture(x: f64, y: f64, wide: f64) -> f64 {
    let (x, y) = (x / wide, y / wide);
    let (column, row) = (x.floor(), y.floor());
    let ease = |t: f64| t * t * (3.0 - 2.0 * t);
    let (s, t) = (ease(x - column), ease(y - row));
    let at = |i: i64, j: i64| grain(column as i64 + i, row as i64 + j);
    (at(0, 0) * (1.0 - s) + at(1, 0) * s) * (1.0 - t) + (at(0, 1) * (1.0 - s) + at(1, 1) * s) * t
}

/// Coarse and fine grain, `moved` to the right by so many pixels, black above and below `letterbox` rows.
fn frame([width, height]: [u32; 2], moved: f64, letterbox: u32) -> OwnedFrame {
    let plane = |sub: u32, black: u8| {
        let (width, height) = (width / sub, height / sub);
        let mut data = Vec::new();
        for y in 0..height {
            for x in 0..width {
                let (across, down) = (f64::from(x * sub) - moved, f64::from(y * sub));
                let value = 50.0 + 100.0 * texture(across, down, 29.0) + 50.0 * texture(across, down, 4.0);
                let bar = y * sub < letterbox || y * sub >= height * sub - letterbox;
                data.push(if bar { black } else { value as u8 });
            }
        }
        (data, width as usize)
    };
    OwnedFrame {
        format: PixelFormat::I420,
        width,
        height,
        colorimetry: Colorimetry { matrix: Matrix::Bt709, range: Range::Limited, chroma_site: ChromaSite::LEFT },
        planes: vec![plane(1, 16), plane(2, 128), plane(2, 128)],
    }
}

fn bars(runs: usize) -> Result<()> {
    for (name, letterbox) in [("no bars", 0), ("letterbox 2.39:1", 138)] {
        let frame = frame(SIZE, 0.0, letterbox);
        let picture = frame.picture()?;
        let mut bars = Letterbox::new();
        line(&format!("bars of one stream, first frame, {name}"), median(1, || Ok(bars.update(&picture)))?);
        line(&format!("bars of one stream, {name}"), median(runs, || Ok(bars.update(&picture)))?);
    }
    Ok(())
}

fn nothing(runs: usize) -> Result<()> {
    let frame = frame(SIZE, 0.0, 0);
    let picture = frame.picture()?;
    let mut register = SpatialAligner::new(Scale::ToReference, Registration::Crop);
    register.align(&picture, &picture)?;
    line("nothing to do", median(runs, || Ok(register.align(&picture, &picture)?.shift))?);
    Ok(())
}

fn scaling(size: [u32; 2], runs: usize) -> Result<()> {
    let (reference, distorted) = (frame(SIZE, 0.0, 0), frame(size, 0.0, 0));
    let (a, b) = (reference.picture()?, distorted.picture()?);
    let mut register = SpatialAligner::new(Scale::ToReference, Registration::None);
    register.align(&a, &b)?;
    let ours = median(runs, || Ok(register.align(&a, &b)?.shift))?;
    line(&format!("scaling from {}x{}", size[0], size[1]), ours);
    let mut resizer = Resizer::new();
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::CatmullRom));
    let mut made: Vec<_> = [1, 2, 2].map(|sub| Image::new(SIZE[0] / sub, SIZE[1] / sub, PixelType::U8)).into();
    let theirs = median(runs, || {
        for ((plane, sub), made) in distorted.planes.iter().zip([1, 2, 2]).zip(&mut made) {
            let source = ImageRef::new(size[0] / sub, size[1] / sub, &plane.0, PixelType::U8)?;
            resizer.resize(&source, made, &options)?;
        }
        Ok(())
    })?;
    line(&format!("the same by fast_image_resize ({:.2} x)", theirs.as_secs_f64() / ours.as_secs_f64()), theirs);
    Ok(())
}

fn shift(runs: usize) -> Result<()> {
    for (name, moved) in [("a quarter pixel", 3.25), ("whole pixels", 4.0)] {
        let (reference, distorted) = (frame(SIZE, 0.0, 0), frame(SIZE, moved, 0));
        let (a, b) = (reference.picture()?, distorted.picture()?);
        let mut register = SpatialAligner::new(Scale::None, Registration::Shift);
        let mut times = Vec::new();
        for _ in 0..runs.max(4) * 2 {
            let start = Instant::now();
            let found = register.align(&a, &b)?.shift;
            times.push(start.elapsed());
            anyhow::ensure!(found == Some([moved, 0.0]), "found {found:?}");
        }
        // The first eight pairs are looked at, then every 25th.
        let mut looked: Vec<_> = times[1..7].to_vec();
        looked.sort();
        line(&format!("looking for a translation and undoing it, {name}"), looked[3]);
        if runs > 1 {
            let mean = times[8..].iter().sum::<Duration>() / (times.len() - 8) as u32;
            line(&format!("the same on average, once it is known, {name}"), mean);
            let mut held = times[8..].to_vec();
            held.sort();
            line(&format!("undoing it, {name}"), held[held.len() / 2]);
        }
    }
    Ok(())
}
