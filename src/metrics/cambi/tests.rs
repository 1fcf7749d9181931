// SPDX-License-Identifier: MPL-2.0

//! Compared with libvmaf frame by frame, with the definition pixel by pixel, and between levels.

mod libvmaf;

use super::options::{Bands, DIFFS};
use super::{Cambi, CambiOptions};
use crate::metrics::measurements::Missing;
use crate::metrics::range::Affine;
use crate::metrics::samples::Samples;
use crate::metrics::workers::Workers;
use crate::metrics::{Measures, Meter};
use crate::picture::{Colorimetry, Frame as _, OwnedFrame, PixelFormat};
use crate::simd::Level;

/// A picture of gradients in steps, with some noise in a part of it.
fn frame(format: PixelFormat, [width, height]: [u32; 2], seed: u32) -> OwnedFrame {
    let depth = format.components()[0].depth;
    let bytes = if depth > 8 { 2 } else { 1 };
    let sample = |i: u32| {
        let (x, y) = (i % width, i / width);
        let noise = (i.wrapping_mul(2_654_435_761) ^ seed.wrapping_mul(40_503)).wrapping_mul(2_246_822_519) >> 30;
        let noise = if (x / 50 + y / 40) % 3 == 0 { noise } else { 0 };
        let value =
            ((20 + (x + seed * 3) / 17 + y / 11 + noise).min(255) << (depth - 8)) | ((x / 9) % (1 << (depth - 8)));
        value.to_le_bytes().into_iter().take(bytes).collect::<Vec<_>>()
    };
    let planes = vec![((0..width * height).flat_map(sample).collect(), width as usize * bytes)];
    OwnedFrame { format, width, height, colorimetry: Colorimetry::SRGB, planes }
}

fn cambi(workers: &Workers, options: CambiOptions, frames: &[OwnedFrame]) -> Vec<f64> {
    let mut cambi = Cambi::new(options);
    let mut measure = |frame: &OwnedFrame| {
        let picture = frame.picture().unwrap();
        cambi.measure(workers, &Samples::new(&picture, 0, Affine::SAME).unwrap())
    };
    frames.iter().map(&mut measure).collect()
}

/// The options of Netflix's models of version 1.
fn of_models() -> CambiOptions {
    let halve_from = CambiOptions::speedup(1080);
    CambiOptions { halve_from, visible_luminance: 0.06, max: 17.0, ..CambiOptions::default() }
}

/// Same bits at every level, with any number of threads, whatever was measured before. Sizes have even and odd sides,
/// below and above a vector, a band and a tile of columns, at 8 and more bits.
#[test]
fn levels_and_threads_agree() {
    for (format, size, options) in [
        (PixelFormat::Gray8, [216, 22], CambiOptions::default()),
        (PixelFormat::Gray8, [23, 217], of_models()),
        (PixelFormat::Gray8, [517, 261], CambiOptions::default()),
        (PixelFormat::Gray10, [390, 290], CambiOptions { top_share: 0.1, max: 31.0, ..of_models() }),
        (PixelFormat::Gray10, [333, 251], CambiOptions { halve_from: Some(1), ..CambiOptions::default() }),
    ] {
        let frames = [1, 2].map(|seed| frame(format, size, seed));
        let expected = cambi(&Workers::new(1), options, &frames);
        assert!(expected[0] > 0.0 && expected[0] != expected[1], "{format} {size:?}: {expected:?}");
        for level in Level::all() {
            for threads in [1, 2, 3] {
                let mut workers = Workers::new(threads);
                workers.level = level;
                let found = cambi(&workers, options, &frames);
                assert_eq!(found, expected, "{}, {threads} threads, {format} {size:?}", level.name());
            }
        }
    }
}

/// Contrasts of all windows, computed directly from the paper's definition, without a sliding window.
#[test]
fn contrasts_are_those_of_the_definition() {
    let size = [97usize, 61];
    let sample = |i: usize| 300 + (i % size[0] / 13 + i / size[0] / 7) as u16;
    let bands = Bands::new(&CambiOptions::default());
    let none = bands.count() as u16;
    let level = |i: usize| if i % 11 == 3 || i / 500 == 4 { none } else { sample(i) - bands.lowest };
    let samples: Vec<_> = (0..size[0] * size[1]).map(level).collect();
    for reach in [3, 16, 30] {
        let count = |x: usize, y: usize, level: u16| {
            let rows = y.saturating_sub(reach)..(y + reach + 1).min(size[1]);
            let columns = x.saturating_sub(reach)..(x + reach + 1).min(size[0]);
            let row =
                |y: usize| samples[y * size[0]..][columns.clone()].iter().filter(|&&other| other == level).count();
            rows.map(row).sum::<usize>() as f32
        };
        let contrast = |x: usize, y: usize| {
            let own = samples[y * size[0] + x];
            let of = |diff: usize| {
                let [up, down] = [own + diff as u16 + 1, own - diff as u16 - 1].map(|level| count(x, y, level));
                let [own_count, other] = [count(x, y, own), up.max(down)];
                f32::from(bands.weights[usize::from(own)][diff]) * own_count * other * (1.0 / (own_count + other))
            };
            (0..DIFFS).map(of).fold(0.0, f32::max)
        };
        let places = (0..size[1]).flat_map(|y| (0..size[0]).map(move |x| (x, y)));
        let expected: Vec<_> =
            places.filter(|(x, y)| samples[y * size[0] + x] != none).map(|(x, y)| contrast(x, y)).collect();
        assert!(expected.iter().any(|contrast| *contrast > 1.0));
        for level in Level::all() {
            let levels = super::Levels { samples: &samples, width: size[0], height: size[1] };
            let scratch = &mut super::contrast::Scratch::default();
            let columns = 0..size[0];
            let found = super::Contrasts { levels, bands: &bands, reach, columns, scratch, out: Vec::new() };
            assert_eq!(level.run_whole(found), expected, "{}, {reach}", level.name());
        }
    }
}

/// Values from libvmaf's tests.
#[test]
fn thresholds_are_libvmafs() {
    let highest = |bands: &Bands, diff: usize| {
        let last = bands.weights.iter().rposition(|weights| weights[diff] > 0).unwrap();
        last + usize::from(bands.lowest)
    };
    let bands = Bands::new(&CambiOptions::default());
    assert_eq!([0, 1, 2, 3].map(|diff| highest(&bands, diff)), [178, 305, 432, 559]);
    assert_eq!(bands.lowest, 0);
    let dark = Bands::new(&of_models());
    assert!(dark.lowest > 0 && dark.weights[0] == [0; DIFFS], "{}", dark.lowest);
    assert_eq!(highest(&dark, 3), 559);
}

#[test]
fn flat_pictures_have_no_banding_and_noise_has_less_than_steps() {
    let workers = Workers::new(1);
    let flat = OwnedFrame { planes: vec![(vec![90; 320 * 240], 320)], ..frame(PixelFormat::Gray8, [320, 240], 1) };
    let steps = frame(PixelFormat::Gray8, [320, 240], 1);
    let mut noisy = steps.clone();
    noisy.planes[0].0.iter_mut().enumerate().for_each(|(i, sample)| *sample += (i * i / 7 % 5) as u8);
    let found = cambi(&workers, CambiOptions::default(), &[flat, steps, noisy]);
    assert_eq!(found[0], 0.0);
    assert!(found[1] > 1.0 && found[2] < found[1] / 4.0, "{found:?}");
}

/// CAMBI is that of the distorted picture, at its own depth; where there is none, the reason is given.
#[test]
fn the_measure_is_of_the_distorted_picture() {
    let [reference, distorted] = [1, 2].map(|seed| frame(PixelFormat::Gray8, [320, 240], seed));
    let expected = cambi(&Workers::new(1), CambiOptions::default(), std::slice::from_ref(&distorted))[0];
    let measure = |reference: &OwnedFrame, distorted: &OwnedFrame| {
        let mut meter = Meter::new(Measures::CAMBI, 1);
        meter.measure(&reference.picture().unwrap(), &distorted.picture().unwrap()).unwrap()
    };
    assert_eq!(measure(&reference, &distorted).cambi(), Some(expected));
    let deep = frame(PixelFormat::Gray10, [320, 240], 1);
    assert_eq!(measure(&deep, &distorted).cambi(), Some(expected), "whatever the reference's depth");
    for size in [[215, 215], [216, 21], [2170, 216]] {
        let small = frame(PixelFormat::Gray8, size, 1);
        let found = measure(&small, &small);
        let missing = Missing::Shape { measure: "cambi", size, takes: Cambi::TAKES };
        assert_eq!((found.cambi(), found.missing()), (None, &[missing][..]));
    }
    let rgb = OwnedFrame::rgb(320, 240, vec![0; 320 * 240 * 3]).unwrap();
    assert_eq!(measure(&rgb, &rgb).missing(), [Missing::Rgb { measure: "cambi" }]);
}
