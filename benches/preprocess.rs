// SPDX-License-Identifier: MPL-2.0

//! Preparation of a tensor from an I420 frame, against converting the whole frame first.
//!
//! `cargo bench --bench preprocess` — everything on one core, ratios of medians of alternated runs.
//!
//! Two rivals, both of them well-kept crates: `yuv` (whole frame to R'G'B' of 8 bits, chroma interpolated), then
//! `fast_image_resize` (whole frame), then crop and normalize; once with everything in 8 bits until the crops are cut,
//! which rounds twice more than we do, once with the scaling in f32, which rounds once. A last column has the 8-bit
//! rival without chroma interpolation, which is the fastest there is, and gives other colors at edges.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};
use onnx_iqa::model::contract::{Channels, Crops, Input, Resize};
use onnx_iqa::picture::{ChromaSite, Colorimetry, Frame, Matrix, OwnedFrame, PixelFormat, Range};
use onnx_iqa::preprocess::Plan;
use yuv::{YuvPlanarImage, YuvRange, YuvStandardMatrix};

const MEAN: [f32; 3] = [0.485, 0.456, 0.406];
const STD: [f32; 3] = [0.229, 0.224, 0.225];
const CROP: usize = 224;

fn main() -> Result<()> {
    // `cargo test --benches` runs this too: once is enough then.
    let runs = if std::env::args().any(|argument| argument == "--bench") { 101 } else { 1 };
    println!("Five crops of 224x224 from an I420 frame to normalised f32 NCHW, one core, medians of {runs} runs\n");
    println!("| frame | geometry | this crate | 8 bit, whole frame | f32, whole frame | 8 bit, nearest chroma |");
    println!("|---|---|---:|---:|---:|---:|");
    for (name, width, height) in [("720p", 1280, 720), ("1080p", 1920, 1080), ("2160p", 3840, 2160)] {
        for short in [Some(512), None] {
            let times = measure(&frame(width, height), short, runs)?;
            let geometry = short.map_or("native".into(), |side| format!("short side {side}"));
            let [ours, eight, exact, nearest] = times.map(|time| time.as_secs_f64() * 1e3);
            let column = |time: f64| format!("{time:.2} ms = {:.1} x", time / ours);
            println!(
                "| {name} | {geometry} | {ours:.3} ms | {} | {} | {} |",
                column(eight),
                column(exact),
                column(nearest)
            );
        }
    }
    Ok(())
}

/// Something like a picture: gradients, and noise in luma. (Chroma is smooth, so that everybody's way of interpolating
/// it comes to the same and the tensors can be compared.)
fn frame(width: u32, height: u32) -> OwnedFrame {
    let plane = |width: u32, height: u32, noise: u32| {
        let mut state = 1u32;
        let sample = |i: u32| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (60 + (i % width) * 60 / width + (i / width) * 60 / height + (state >> 24) * noise / 256) as u8
        };
        ((0..width * height).map(sample).collect::<Vec<u8>>(), width as usize)
    };
    OwnedFrame {
        format: PixelFormat::I420,
        width,
        height,
        colorimetry: Colorimetry { matrix: Matrix::Bt709, range: Range::Limited, chroma_site: ChromaSite::CENTER },
        planes: vec![plane(width, height, 32), plane(width / 2, height / 2, 1), plane(width / 2, height / 2, 1)],
    }
}

fn measure(frame: &OwnedFrame, short: Option<u32>, runs: usize) -> Result<[Duration; 4]> {
    let mut input = Input::new("input", Channels::Rgb);
    input.mean = MEAN.map(f64::from).to_vec();
    input.std = STD.map(f64::from).to_vec();
    // Bilinear, antialiased, crops on a grid.
    input.geometry.scale = short.map(Resize::ShortSide);
    input.geometry.crop = Some([CROP as u32; 2]);
    input.geometry.crops = Crops::Count(5);
    let picture = frame.picture()?;
    let mut plan = Plan::new(&input, frame.format, frame.width, frame.height, frame.colorimetry)?;
    let layout = plan.layout().clone();
    let mut ours = vec![0.0; layout.len()];
    let mut whole = WholeFrame::new(frame, layout.scaled, layout.crop_origins.clone());
    let mut theirs = vec![0.0; layout.len()];
    let mut times: [Vec<Duration>; 4] = Default::default();
    for _ in 0..runs {
        times[0].push(timed(|| Ok(plan.run(&picture, &mut ours)?))?);
        times[1].push(timed(|| whole.eight_bit(true, &mut theirs))?);
        check(&ours, &theirs, 0.03)?;
        times[2].push(timed(|| whole.exact(&mut theirs))?);
        check(&ours, &theirs, 0.02)?;
        times[3].push(timed(|| whole.eight_bit(false, &mut theirs))?);
    }
    times.map(median).into_iter().collect::<Option<Vec<_>>>().and_then(|all| all.try_into().ok()).context("no runs")
}

/// The rivals must have done the same work: their mean distance from ours stays within that of rounding.
fn check(ours: &[f32], theirs: &[f32], allowed: f64) -> Result<()> {
    let apart = ours.iter().zip(theirs).map(|(a, b)| f64::from((a - b).abs())).sum::<f64>() / ours.len() as f64;
    anyhow::ensure!(apart < allowed, "the tensors differ by {apart} on average");
    Ok(())
}

fn timed(work: impl FnOnce() -> Result<()>) -> Result<Duration> {
    let start = Instant::now();
    work()?;
    Ok(start.elapsed())
}

fn median(mut times: Vec<Duration>) -> Option<Duration> {
    times.sort_unstable();
    times.get(times.len() / 2).copied()
}

/// The usual way: the whole frame to R'G'B', all of it scaled, then cut.
struct WholeFrame<'a> {
    frame: &'a OwnedFrame,
    scaled: [u32; 2],
    places: Vec<[u32; 2]>,
    rgb: Vec<u8>,
    rgb_float: Vec<u8>,
    resizer: Resizer,
    small: Image<'static>,
    small_float: Image<'static>,
}

impl<'a> WholeFrame<'a> {
    fn new(frame: &'a OwnedFrame, scaled: [u32; 2], places: Vec<[u32; 2]>) -> Self {
        let pixels = frame.width as usize * frame.height as usize;
        Self {
            frame,
            scaled,
            places,
            rgb: vec![0; pixels * 3],
            rgb_float: vec![0; pixels * 12],
            resizer: Resizer::new(),
            small: Image::new(scaled[0], scaled[1], PixelType::U8x3),
            small_float: Image::new(scaled[0], scaled[1], PixelType::F32x3),
        }
    }

    fn convert(&mut self, interpolate: bool) -> Result<()> {
        let [y, u, v] = [0, 1, 2].map(|i| &self.frame.planes[i]);
        let image = YuvPlanarImage {
            y_plane: &y.0,
            y_stride: y.1 as u32,
            u_plane: &u.0,
            u_stride: u.1 as u32,
            v_plane: &v.0,
            v_stride: v.1 as u32,
            width: self.frame.width,
            height: self.frame.height,
        };
        let convert = if interpolate { yuv::yuv420_to_rgb_bilinear } else { yuv::yuv420_to_rgb };
        convert(&image, &mut self.rgb, self.frame.width * 3, YuvRange::Limited, YuvStandardMatrix::Bt709)
            .map_err(|error| anyhow::anyhow!("{error:?}"))
    }

    fn unscaled(&self) -> bool {
        self.scaled == [self.frame.width, self.frame.height]
    }

    fn options() -> ResizeOptions {
        ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Bilinear))
    }

    fn eight_bit(&mut self, interpolate: bool, out: &mut [f32]) -> Result<()> {
        self.convert(interpolate)?;
        let row = self.scaled[0] as usize;
        if self.unscaled() {
            cut(&self.rgb, row, &self.places, |v| f32::from(v) * (1.0 / 255.0), out);
        } else {
            let source = ImageRef::new(self.frame.width, self.frame.height, &self.rgb, PixelType::U8x3)?;
            self.resizer.resize(&source, &mut self.small, &Self::options())?;
            cut(self.small.buffer(), row, &self.places, |v| f32::from(v) * (1.0 / 255.0), out);
        }
        Ok(())
    }

    fn exact(&mut self, out: &mut [f32]) -> Result<()> {
        self.convert(true)?;
        for (float, byte) in self.rgb_float.chunks_exact_mut(4).zip(&self.rgb) {
            float.copy_from_slice(&(f32::from(*byte) * (1.0 / 255.0)).to_ne_bytes());
        }
        let row = self.scaled[0] as usize;
        if self.unscaled() {
            cut(self.rgb_float.as_chunks::<4>().0, row, &self.places, f32::from_ne_bytes, out);
        } else {
            let source = ImageRef::new(self.frame.width, self.frame.height, &self.rgb_float, PixelType::F32x3)?;
            self.resizer.resize(&source, &mut self.small_float, &Self::options())?;
            cut(self.small_float.buffer().as_chunks::<4>().0, row, &self.places, f32::from_ne_bytes, out);
        }
        Ok(())
    }
}

/// Crops from interleaved pixels to normalized planes.
fn cut<T: Copy>(pixels: &[T], row: usize, places: &[[u32; 2]], value: impl Fn(T) -> f32, out: &mut [f32]) {
    for (place, out) in places.iter().zip(out.chunks_exact_mut(3 * CROP * CROP)) {
        let (red, rest) = out.split_at_mut(CROP * CROP);
        let (green, blue) = rest.split_at_mut(CROP * CROP);
        for y in 0..CROP {
            let at = ((place[1] as usize + y) * row + place[0] as usize) * 3;
            let line = y * CROP..(y + 1) * CROP;
            let targets = red[line.clone()].iter_mut().zip(&mut green[line.clone()]).zip(&mut blue[line]);
            for (((r, g), b), pixel) in targets.zip(pixels[at..at + CROP * 3].chunks_exact(3)) {
                *r = (value(pixel[0]) - MEAN[0]) * (1.0 / STD[0]);
                *g = (value(pixel[1]) - MEAN[1]) * (1.0 / STD[1]);
                *b = (value(pixel[2]) - MEAN[2]) * (1.0 / STD[2]);
            }
        }
    }
}
