// SPDX-License-Identifier: MPL-2.0

//! Synthetic pictures. Those of real clips are in the plugin's tests, where there is a decoder.

use super::super::Orientation;
use super::LIMITED;
use super::scenes::{Random, Scene, frame};
use crate::align::time::Signature;
use crate::picture::{Frame, PixelFormat};

/// A luma picture, row by row.
type Luma = Vec<Vec<f64>>;

fn signature(luma: &Luma) -> Signature {
    let size = [luma[0].len() as u32, luma.len() as u32];
    let owned = frame(PixelFormat::Gray8, size, LIMITED, |_, x, y| luma[y as usize][x as usize]);
    Signature::of(&owned.picture().expect("a picture"))
}

/// The result for `pictures` that were modified by `distorted`.
fn seen(pictures: &[Luma], distorted: impl Fn(&Luma) -> Luma) -> Option<Orientation> {
    let pairs: Vec<_> = pictures.iter().map(|luma| (signature(luma), signature(&distorted(luma)))).collect();
    Orientation::seen_in(pairs.iter().map(|(reference, distorted)| (reference, distorted)))
}

/// The picture modified pixel by pixel, following the documentation of the enum alone.
fn turned(luma: &Luma, orientation: Orientation) -> Luma {
    let rows = |luma: &Luma| luma.iter().rev().cloned().collect::<Luma>();
    let columns = |luma: &Luma| luma.iter().map(|row| row.iter().rev().copied().collect()).collect::<Luma>();
    let transpose = |luma: &Luma| (0..luma[0].len()).map(|x| luma.iter().map(|row| row[x]).collect()).collect::<Luma>();
    match orientation {
        // The lower left corner moves to the upper left: rows from the bottom up become columns.
        Orientation::Turned90 => transpose(&rows(luma)),
        Orientation::Turned180 => rows(&columns(luma)),
        Orientation::Turned270 => rows(&transpose(luma)),
        Orientation::MirroredHorizontally => columns(luma),
        Orientation::MirroredVertically => rows(luma),
        Orientation::Transposed => transpose(luma),
        Orientation::AntiTransposed => rows(&columns(&transpose(luma))),
    }
}

fn scenes(count: u64) -> Vec<Luma> {
    (0..count).map(|seed| Scene::new(seed + 7).values([320, 180], [0.0, 0.0])).collect()
}

#[test]
fn every_orientation_is_told() {
    for orientation in Orientation::ALL {
        for pictures in [scenes(1), scenes(5)] {
            assert_eq!(seen(&pictures, |luma| turned(luma, orientation)), Some(orientation));
        }
        let random = std::cell::RefCell::new(Random(3));
        let noisy = |luma: &Luma| {
            let mut out = turned(luma, orientation);
            let random = &mut *random.borrow_mut();
            out.iter_mut().flatten().for_each(|value| *value = 0.8 * *value + 30.0 + 12.0 * random.normal());
            out
        };
        assert_eq!(seen(&scenes(3), noisy), Some(orientation), "with noise, gain and bias");
    }
}

#[test]
fn upright_pictures_raise_no_alarm() {
    assert_eq!(seen(&scenes(5), Luma::clone), None);
    let stripes: Luma =
        (0..180).map(|y| (0..320).map(|_| if y / 20 % 2 == 0 { 40.0 } else { 200.0 }).collect()).collect();
    assert_eq!(seen(&[stripes], Luma::clone), None);
}

#[test]
fn symmetric_flat_and_empty_pictures_raise_no_alarm() {
    // Symmetric from left to right: mirrored, it is the same.
    let symmetric = |luma: &Luma| -> Luma {
        luma.iter().map(|row| (0..row.len()).map(|x| row[x.min(row.len() - 1 - x)]).collect()).collect()
    };
    let pictures: Vec<_> = scenes(3).iter().map(symmetric).collect();
    assert_eq!(seen(&pictures, |luma| turned(luma, Orientation::MirroredHorizontally)), None);
    for value in [0.0, 16.0, 128.0] {
        assert_eq!(seen(&[vec![vec![value; 320]; 180]], Luma::clone), None);
    }
    // A gradient alone, and a ball on black that is on the other side.
    let slope: Luma = (0..180).map(|_| (0..320).map(|x| f64::from(x) * 0.7).collect()).collect();
    assert_eq!(seen(&[slope], |luma| turned(luma, Orientation::MirroredHorizontally)), None);
    let ball: Luma = (0..180i32)
        .map(|y| (0..320i32).map(|x| if (x - 60).pow(2) + (y - 50).pow(2) < 400 { 235.0 } else { 16.0 }).collect())
        .collect();
    assert_eq!(seen(&[ball], |luma| turned(luma, Orientation::MirroredHorizontally)), None);
    assert_eq!(Orientation::seen_in(std::iter::empty()), None);
}

#[test]
fn unrelated_pictures_raise_no_alarm() {
    let pictures: Vec<_> = scenes(24).iter().map(signature).collect();
    for reference in &pictures {
        for distorted in pictures.iter().filter(|&other| !std::ptr::eq(other, reference)) {
            assert_eq!(Orientation::seen_in(std::iter::once((reference, distorted))), None);
        }
    }
}
