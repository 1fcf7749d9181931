// SPDX-License-Identifier: MPL-2.0

use super::*;
use crate::picture::{ChromaSite, Colorimetry, Frame, Matrix, OwnedFrame, PixelFormat};

/// A smooth picture: luma at a place in 0..1 squared.
fn scene(x: f64, y: f64) -> f64 {
    0.5 + 0.3 * (7.0 * x + 2.0 * y).sin() * (5.0 * y).cos() + 0.15 * (23.0 * x - 11.0 * y).sin()
}

const LIMITED: Colorimetry =
    Colorimetry { matrix: Matrix::Bt601, range: Range::Limited, chroma_site: ChromaSite::LEFT };
const FULL: Colorimetry = Colorimetry { range: Range::Full, ..LIMITED };

/// `value` as a sample.
fn sample(component: &Component, range: Range, value: f64) -> u16 {
    let (black, span) = scale(component, range);
    (black + value * span).round().clamp(0.0, f64::from(component.max())) as u16
}

fn frame(
    format: PixelFormat,
    width: u32,
    height: u32,
    colorimetry: Colorimetry,
    luma: impl Fn(f64, f64) -> f64,
) -> OwnedFrame {
    let components = format.components();
    let mut planes = vec![(Vec::new(), 0); format.planes()];
    for component in components {
        let (_, stride) = &mut planes[usize::from(component.plane)];
        *stride =
            (*stride).max((component.width(width) as usize * usize::from(component.step) + 5).next_multiple_of(4));
    }
    for (index, component) in components.iter().enumerate() {
        let (data, stride) = &mut planes[usize::from(component.plane)];
        data.resize(data.len().max(*stride * component.height(height) as usize), 7);
        if format.family() != Family::Rgb && index > 0 {
            continue;
        }
        for y in 0..height {
            for x in 0..width {
                let place = [(f64::from(x) + 0.5) / f64::from(width), (f64::from(y) + 0.5) / f64::from(height)];
                let word = sample(component, colorimetry.range, luma(place[0], place[1])) << component.shift;
                let at =
                    y as usize * *stride + usize::from(component.offset) + x as usize * usize::from(component.step);
                data[at..at + component.bytes()].copy_from_slice(&word.to_le_bytes()[..component.bytes()]);
            }
        }
    }
    OwnedFrame { format, width, height, colorimetry, planes }
}

fn signature(format: PixelFormat, width: u32, height: u32, colorimetry: Colorimetry) -> Signature {
    Signature::of(&frame(format, width, height, colorimetry, scene).picture().unwrap())
}

#[test]
fn a_cell_is_the_mean_of_what_it_covers() {
    // 65 × 37 pixels: a cell begins and ends within pixels.
    let value = |x: u32, y: u32| ((x * 31 + y * 57 + x * y) % 200) as f64 / 255.0;
    let picture = frame(PixelFormat::Gray8, 65, 37, FULL, |x, y| value((x * 65.0) as u32, (y * 37.0) as u32));
    let signature = Signature::of(&picture.picture().unwrap());
    for (row, column) in [(0, 0), (0, 63), (35, 0), (17, 40), (35, 63)] {
        let mut expected = 0.0;
        for y in 0..37 {
            for x in 0..65 {
                let overlap = |at: u32, cell: f64, size: f64| {
                    ((cell + 1.0) * size).min(f64::from(at) + 1.0) - (cell * size).max(f64::from(at))
                };
                let [h, v] = [overlap(x, column as f64, 65.0 / 64.0), overlap(y, row as f64, 37.0 / 36.0)];
                expected += h.max(0.0) * v.max(0.0) * value(x, y);
            }
        }
        expected *= 64.0 / 65.0 * 36.0 / 37.0;
        let actual = f64::from(signature.cells()[row * COLUMNS + column]) + signature.mean();
        assert!((actual - expected).abs() < 1e-5, "cell {row}, {column}: {actual}, not {expected}");
    }
}

#[test]
fn every_format_and_range_gives_the_same() {
    let one = signature(PixelFormat::Gray16, 320, 180, FULL);
    for &format in PixelFormat::ALL {
        for colorimetry in [LIMITED, FULL] {
            let other = signature(format, 320, 180, colorimetry);
            assert!(one.difference(&other) < 0.1, "{format} {colorimetry:?}: {}", one.difference(&other));
            assert!(one.similarity(&other) > 0.9998, "{format}: {}", one.similarity(&other));
        }
    }
}

#[test]
fn luma_of_rgb_is_weighed_by_the_matrix() {
    let colorimetry = Colorimetry { matrix: Matrix::Bt709, ..FULL };
    let mut picture = OwnedFrame::rgb(70, 40, [255, 0, 0].repeat(70 * 40)).unwrap();
    picture.colorimetry = colorimetry;
    let red = Signature::of(&picture.picture().unwrap());
    assert!((red.mean() - 0.2126).abs() < 1e-5, "{}", red.mean());
}

#[test]
fn every_size_gives_the_same() {
    let one = signature(PixelFormat::I420, 1920, 1080, LIMITED);
    for (width, height) in [(1280, 720), (640, 360), (641, 359), (176, 144), (3840, 2162), (97, 61), (720, 1080)] {
        let other = signature(PixelFormat::I420, width, height, LIMITED);
        assert!(one.similarity(&other) > 0.999, "{width}x{height}: {}", one.similarity(&other));
        assert!(one.difference(&other) < 1.5, "{width}x{height}: {}", one.difference(&other));
    }
}

#[test]
fn the_smallest_and_odd_pictures_are_read() {
    for &format in PixelFormat::ALL {
        for (width, height) in [(1, 1), (1, 9), (9, 1), (3, 5), (63, 35), (64, 36)] {
            let flat = frame(format, width, height, FULL, |_, _| 0.4);
            let signature = Signature::of(&flat.picture().unwrap());
            assert!((signature.mean() - 0.4).abs() < 0.01, "{format} {width}x{height}: {}", signature.mean());
            assert!(signature.contrast() < 0.01, "{format} {width}x{height}: {}", signature.contrast());
        }
    }
}

#[test]
fn gain_and_bias_change_no_similarity() {
    let one = signature(PixelFormat::I420, 640, 360, LIMITED);
    let dark = frame(PixelFormat::I420, 640, 360, LIMITED, |x, y| 0.6 * scene(x, y) + 0.1);
    let other = Signature::of(&dark.picture().unwrap());
    assert!(one.similarity(&other) > 0.999, "{}", one.similarity(&other));
    assert!((one.difference(&other) - 255.0 * (0.4 * 0.5 - 0.1_f64).hypot(0.4 * one.contrast() / 255.0)).abs() < 3.0);
}

#[test]
fn nothing_looks_like_black() {
    let black = Signature::of(&frame(PixelFormat::I420, 64, 64, LIMITED, |_, _| 0.0).picture().unwrap());
    let shown = signature(PixelFormat::I420, 64, 64, LIMITED);
    assert!(black.similarity(&black).abs() < 1e-6, "{}", black.similarity(&black));
    assert!(black.similarity(&shown).abs() < 1e-6, "{}", black.similarity(&shown));
    assert_eq!(black.difference(&black), 0.0);
}

#[test]
fn what_is_skimmed_says_nearly_the_same_at_any_size() {
    let whole = signature(PixelFormat::Gray8, 640, 360, FULL);
    for [width, height] in [[64, 37], [320, 108], [480, 270], [640, 360], [1280, 720], [1920, 1080], [1280, 2159]] {
        let owned = frame(PixelFormat::Gray8, width, height, FULL, scene);
        let skimmed = Signature::skimmed(&owned.picture().unwrap());
        let alike = whole.similarity(&skimmed);
        assert!(alike > 0.999, "{width}x{height}: {alike}");
    }
}

/// Of 1080 rows every second is read, or every fifth: 15 and six in each cell.
#[test]
fn of_pictures_of_one_size_fewer_rows_are_read() {
    let mut weights = Vec::new();
    for (sampling, every, rows) in [(Sampling::Dense, 2, 15), (Sampling::Medium, 5, 6)] {
        assert_eq!(lines(1, 1080, sampling, &mut weights), (30, every));
        assert_eq!(weights, vec![1.0 / rows as f32; rows]);
        assert_eq!(lines(1, 200, sampling, &mut weights).1, 1);
    }
    let owned = frame(PixelFormat::Gray8, 1280, 1080, FULL, scene);
    let picture = owned.picture().unwrap();
    let alike = Signature::of(&picture).similarity(&Signature::sampled(&picture));
    assert!(alike > 0.999, "{alike}");
}

/// Of 108 rows the cells of row `r` are the mean of rows 3r to 3r + 2; of 216 rows, of every second of six.
#[test]
fn skimmed_rows_lie_evenly() {
    let mut weights = Vec::new();
    assert_eq!([0, 1, 35].map(|row| lines(row, 108, Sampling::Sparse, &mut weights)), [(0, 1), (3, 1), (105, 1)]);
    assert_eq!([0, 1, 35].map(|row| lines(row, 216, Sampling::Sparse, &mut weights)), [(1, 2), (7, 2), (211, 2)]);
    assert_eq!(weights, [1.0 / 3.0; 3]);
    // Of fewer rows all are read.
    assert_eq!(lines(1, 107, Sampling::Sparse, &mut weights), lines(1, 107, Sampling::Dense, &mut weights));
}
