// SPDX-License-Identifier: MPL-2.0

//! Scaling, compared with Pillow, and with what a linear gradient must become.

use super::scenes::{Random, frame};
use super::{LIMITED, assert_size, samples};
use crate::align::space::{Registration, Scale, SpaceError, SpatialAligner};
use crate::picture::{ChromaSite, Colorimetry, Family, Frame, OwnedFrame, PixelFormat, Rect};

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
    filter: String,
    size: [u32; 2],
    values: Vec<f32>,
}

#[derive(serde::Deserialize)]
struct Rounded {
    filter: String,
    size: [u32; 2],
    values: Vec<u8>,
}

/// What preprocess/testdata/make.py stored.
fn reference() -> Reference {
    serde_json::from_str(include_str!("../../../preprocess/testdata/resize.json")).unwrap()
}

fn flat(format: PixelFormat, size: [u32; 2], colorimetry: Colorimetry) -> OwnedFrame {
    frame(format, size, colorimetry, |index, _, _| f64::from(format.components()[index].max() / 2))
}

#[test]
fn scaling_is_that_of_pillow() {
    let reference = reference();
    let (width, height) = (reference.width, reference.height);
    let green: Vec<u8> = reference.rgb.chunks(3).map(|p| p[1]).collect();
    for depth in [8, 16] {
        let format = if depth == 8 { PixelFormat::Gray8 } else { PixelFormat::Gray16 };
        // 257: white is white at either depth.
        let unit = if depth == 8 { 1.0 } else { 257.0 };
        let source =
            frame(format, [width, height], LIMITED, |_, x, y| f64::from(green[(y * width + x) as usize]) * unit);
        let mut cases = 0;
        for case in reference.cases.iter().filter(|case| case.by == "Pillow" && case.filter == "bicubic") {
            let target = flat(format, case.size, LIMITED);
            let mut register = SpatialAligner::new(Scale::ToReference, Registration::None);
            let (target, source) = (target.picture().unwrap(), source.picture().unwrap());
            let aligned = register.align(&target, &source).unwrap();
            assert_size(&aligned, case.size);
            assert_eq!((aligned.distorted.format(), aligned.distorted.colorimetry()), (format, LIMITED));
            for (ours, theirs) in samples(&aligned.distorted, 0).concat().iter().zip(&case.values) {
                let theirs = f64::from(*theirs).clamp(0.0, 255.0) * unit;
                // Stored to 0.001.
                assert!((f64::from(*ours) - theirs).abs() < 0.5 + 0.002 * unit, "{:?}: {ours} {theirs}", case.size);
            }
            cases += 1;
        }
        assert!(cases > 4);
    }
    // Its own 8 bits, which it also rounds between the passes.
    let soft = reference.rgb.iter().map(|v| 64 + v / 2).collect();
    let source = OwnedFrame::rgb(width, height, soft).unwrap();
    for case in reference.rounded.iter().filter(|case| case.filter == "bicubic") {
        let target =
            OwnedFrame::rgb(case.size[0], case.size[1], vec![0; (case.size[0] * case.size[1] * 3) as usize]).unwrap();
        let mut register = SpatialAligner::new(Scale::ToReference, Registration::None);
        let (target, source) = (target.picture().unwrap(), source.picture().unwrap());
        let aligned = register.align(&target, &source).unwrap();
        for channel in 0..3 {
            let ours = samples(&aligned.distorted, channel).concat();
            let theirs: Vec<u8> = case.values.iter().skip(channel).step_by(3).copied().collect();
            let equal = ours.iter().zip(&theirs).filter(|(a, b)| **a == u16::from(**b)).count();
            assert!(ours.iter().zip(&theirs).all(|(a, b)| a.abs_diff(u16::from(*b)) <= 1));
            assert!(equal * 4 > ours.len() * 3, "{equal} of {}", ours.len());
        }
    }
}

/// A linear gradient along both axes, by the position in the picture (0 to 1), different in each component.
fn rising(format: PixelFormat, [width, height]: [u32; 2], colorimetry: Colorimetry) -> OwnedFrame {
    frame(format, [width, height], colorimetry, |index, x, y| {
        let c = format.components()[index];
        let place = |i: u32, sub: u8, cosited: bool, side: u32| {
            let middle = if cosited { 0.5 } else { f64::from(1u32 << sub) / 2.0 };
            (f64::from(i << sub) + middle) / f64::from(side)
        };
        let x = place(x, c.sub_x, colorimetry.chroma_site.cosited_x && c.sub_x > 0, width);
        let y = place(y, c.sub_y, colorimetry.chroma_site.cosited_y && c.sub_y > 0, height);
        let [across, down] = [[0.5, 0.25], [0.25, -0.375], [-0.25, 0.5]][index];
        let base = 0.5 - (across + down) / 2.0;
        f64::from(c.max()) * (base + across * x + down * y)
    })
}

#[test]
fn every_component_comes_to_lie_where_its_siting_says() {
    let sitings = [ChromaSite::CENTER, ChromaSite::LEFT, ChromaSite::TOP_LEFT];
    for &format in PixelFormat::ALL {
        for (i, chroma_site) in sitings.into_iter().enumerate() {
            let other = sitings[(i + 1) % 3];
            for (from, to) in [([64, 48], [96, 80]), ([120, 90], [64, 48]), ([65, 47], [99, 31])] {
                let source = rising(format, from, Colorimetry { chroma_site, ..LIMITED });
                let target = rising(format, to, Colorimetry { chroma_site: other, ..LIMITED });
                let mut register = SpatialAligner::new(Scale::ToReference, Registration::None);
                let (target, source) = (target.picture().unwrap(), source.picture().unwrap());
                let aligned = register.align(&target, &source).unwrap();
                assert_size(&aligned, to);
                let depth = format.components()[0].depth;
                assert!(aligned.distorted.format().components().iter().all(|c| c.depth == depth));
                for component in 0..format.components().len().min(3) {
                    let (expected, found) = (samples(&target, component), samples(&aligned.distorted, component));
                    assert_eq!((expected.len(), expected[0].len()), (found.len(), found[0].len()));
                    // A widened kernel keeps a slope only nearly; a wrong siting would be five times as far off.
                    let allowed = 1 + format.components()[component].max() / 2000;
                    // Where kernels are not cut off.
                    let edge = 6;
                    for y in edge..expected.len() - edge {
                        for x in edge..expected[0].len() - edge {
                            let apart = expected[y][x].abs_diff(found[y][x]);
                            assert!(
                                u32::from(apart) <= allowed,
                                "{format} {from:?} {to:?} {component} {x},{y}: {apart}"
                            );
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn sampling_that_differs_is_brought_to_the_references() {
    let size = [64, 48];
    let sampling = |format: PixelFormat| format.components().get(1).map(|c| (c.sub_x, c.sub_y));
    for &(reference, distorted) in &[
        (PixelFormat::I420, PixelFormat::Y444),
        (PixelFormat::Y444, PixelFormat::Nv12),
        (PixelFormat::P010, PixelFormat::Yuy2),
        (PixelFormat::Uyvy, PixelFormat::I420p10),
        (PixelFormat::P016, PixelFormat::Y444p16),
        (PixelFormat::Y41b, PixelFormat::Ayuv),
    ] {
        let (a, b) = (rising(reference, size, LIMITED), rising(distorted, size, LIMITED));
        let (a, b) = (a.picture().unwrap(), b.picture().unwrap());
        let mut register = SpatialAligner::new(Scale::None, Registration::None);
        let aligned = register.align(&a, &b).unwrap();
        assert_eq!(aligned.reference.planes()[0].data.as_ptr(), a.planes()[0].data.as_ptr());
        assert_eq!(sampling(aligned.distorted.format()), sampling(reference));
        // Luma is what it was, chroma what the reference has, at another depth.
        assert_eq!(samples(&aligned.distorted, 0), samples(&b, 0));
        let unit = f64::from(distorted.components()[1].max()) / f64::from(reference.components()[1].max());
        let (ours, theirs) = (samples(&aligned.distorted, 1), samples(&a, 1));
        for y in 3..ours.len() - 3 {
            for x in 3..ours[0].len() - 3 {
                let apart = (f64::from(ours[y][x]) - f64::from(theirs[y][x]) * unit).abs();
                assert!(apart <= 1.0 + unit, "{reference} {distorted} {x},{y}: {apart}");
            }
        }
    }
    // Nothing to align: only the order in memory differs.
    let (a, b) = (rising(PixelFormat::I420, size, LIMITED), rising(PixelFormat::Nv12, size, LIMITED));
    let (a, b) = (a.picture().unwrap(), b.picture().unwrap());
    let mut register = SpatialAligner::new(Scale::ToReference, Registration::None);
    let aligned = register.align(&a, &b).unwrap();
    assert_eq!(aligned.distorted.planes()[0].data.as_ptr(), b.planes()[0].data.as_ptr());
    assert_eq!(aligned.distorted.format(), PixelFormat::Nv12);
}

#[test]
fn the_rule_says_who_is_scaled() {
    let (large, small) = (rising(PixelFormat::I420, [96, 64], LIMITED), rising(PixelFormat::Y444, [48, 32], LIMITED));
    let (reference, distorted) = (large.picture().unwrap(), small.picture().unwrap());
    let mut register = SpatialAligner::new(Scale::ToReference, Registration::None);
    let aligned = register.align(&reference, &distorted).unwrap();
    assert_size(&aligned, [96, 64]);
    // The picture that is scaled takes on the other's chroma.
    assert_eq!(aligned.distorted.format(), PixelFormat::I420);
    assert_eq!((aligned.reference_crop, aligned.distorted_crop), (Rect::whole(96, 64), Rect::whole(48, 32)));
    let mut register = SpatialAligner::new(Scale::ToDistorted, Registration::None);
    let aligned = register.align(&reference, &distorted).unwrap();
    assert_size(&aligned, [48, 32]);
    assert_eq!(aligned.reference.format(), PixelFormat::Y444);
    assert_eq!(aligned.distorted.planes()[0].data.as_ptr(), distorted.planes()[0].data.as_ptr());
    let mut register = SpatialAligner::new(Scale::None, Registration::None);
    let error = register.align(&reference, &distorted).unwrap_err();
    assert_eq!(error, SpaceError::Sizes { reference: [96, 64], distorted: [48, 32], cropped: false });
    assert!(error.to_string().contains("96x64") && error.to_string().contains("`to-reference`"), "{error}");
}

#[test]
fn sizes_and_formats_may_change_from_frame_to_frame() {
    let mut register = SpatialAligner::new(Scale::ToReference, Registration::Crop);
    let mut random = Random(1);
    let sizes = [[1, 1], [2, 1], [1, 3], [5, 4], [33, 17], [64, 48], [257, 18]];
    for round in 0..400 {
        let mut pick = |n: usize| (random.next() % n as u64) as usize;
        let (a, b) = (sizes[pick(sizes.len())], sizes[pick(sizes.len())]);
        let (f, g) = (PixelFormat::ALL[pick(PixelFormat::ALL.len())], PixelFormat::ALL[pick(PixelFormat::ALL.len())]);
        let (reference, distorted) = (flat(f, a, LIMITED), flat(g, b, LIMITED));
        let (reference, distorted) = (reference.picture().unwrap(), distorted.picture().unwrap());
        let aligned = register.align(&reference, &distorted).unwrap();
        assert_size(&aligned, a);
        assert_eq!(aligned.distorted.format().family(), g.family(), "{round}");
        for index in 0..if g.family() == Family::Gray { 1 } else { 3 } {
            // Uniform areas stay uniform.
            let half = (aligned.distorted.format().components()[index].max() / 2) as u16;
            assert!(samples(&aligned.distorted, index).concat().iter().all(|&v| v == half), "{f} {a:?} {g} {b:?}");
        }
    }
}
