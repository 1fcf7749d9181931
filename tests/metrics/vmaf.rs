// SPDX-License-Identifier: MPL-2.0

//! VMAF compared with libvmaf's values, for pairs in the order of a stream.

use crate::pictures::{COLORIMETRY, Case, cases};
use onnx_iqa::metrics::{Measurements, Measures, Meter, Missing, VmafModel};
use onnx_iqa::picture::{Frame as _, OwnedFrame, PixelFormat};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The values found by `vmaf.py`.
#[derive(serde::Deserialize)]
struct Stored {
    case: usize,
    scores: BTreeMap<String, [f64; 3]>,
}

fn stored() -> Vec<Stored> {
    serde_json::from_str(include_str!("vmaf.json")).unwrap()
}

fn frames(case: &Case) -> [OwnedFrame; 2] {
    case.draw().map(|picture| picture.frame(picture.planar().unwrap(), COLORIMETRY, 5))
}

fn meter(model: &str, threads: usize) -> Meter {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/models");
    let model = VmafModel::open(model, &[folder.into()]).unwrap();
    Meter::with_vmaf_model(Measures::VMAF, threads, Arc::new(model))
}

/// Measures pairs one after another; returns the measurements of each when they are complete.
fn run(meter: &mut Meter, pairs: &[[&OwnedFrame; 2]]) -> Vec<Measurements> {
    let mut all: Vec<Measurements> = Vec::new();
    let mut complete = 0;
    for [reference, distorted] in pairs {
        all.push(meter.measure(&reference.picture().unwrap(), &distorted.picture().unwrap()).unwrap());
        assert_eq!(meter.waits(), meter.waiting() > 0);
        while all.len() - complete > meter.waiting() {
            all[complete].complete(meter.late());
            complete += 1;
        }
    }
    all[complete..].iter_mut().for_each(|found| found.complete(meter.finish()));
    all
}

/// libvmaf prints six digits after the decimal point; the required tolerance is 0.005. VMAF 1 exists only if
/// pictures are large enough.
#[test]
fn agrees_with_libvmaf() {
    let cases = cases();
    for Stored { case, scores } in stored() {
        let case = &cases[case];
        let [a, b] = frames(case);
        for (model, expected) in scores {
            // The same meter again: earlier pairs must not matter.
            let mut meter = meter(&model, 2);
            for _ in 0..if case.width < 200 { 2 } else { 1 } {
                let found = run(&mut meter, &[[&a, &b], [&b, &a], [&a, &b]]);
                for (number, (found, expected)) in found.iter().zip(expected).enumerate() {
                    let found = found.vmaf().unwrap();
                    assert!(
                        (found - expected).abs() < 2e-6,
                        "frame {number}, {model}: {found}, not {expected}: {case:?}"
                    );
                }
            }
        }
    }
}

/// A change of size ends a sequence: the previous pair is its last, and the next pair starts a new one.
#[test]
fn another_size_starts_a_new_sequence() {
    let (cases, stored) = (cases(), stored());
    let [first, second] = [&stored[0], &stored[2]];
    let [one, other] = [first, second].map(|stored| frames(&cases[stored.case]));
    assert_ne!(one[0].width, other[0].width);
    let mut meter = meter("vmaf_v0.6.1", 1);
    let found = run(&mut meter, &[[&one[0], &one[1]], [&other[0], &other[1]], [&other[1], &other[0]]]);
    let alone = |stored: &Stored| stored.scores["vmaf_v0.6.1"];
    // The first frame of a sequence has no motion, whatever follows.
    for (found, expected) in [(&found[0], alone(first)[0]), (&found[1], alone(second)[0])] {
        assert!((found.vmaf().unwrap() - expected).abs() < 2e-6, "{found:?}, not {expected}");
    }
}

/// Pictures that are too small for libvmaf have no VMAF.
#[test]
fn a_missing_vmaf_has_a_reason() {
    let mut case = cases()[0].clone();
    let mut meter = meter("vmaf_v0.6.1", 1);
    let mut missing = |case: &Case| {
        let [a, b] = case.draw_unchecked().map(|picture| picture.frame(picture.planar().unwrap(), COLORIMETRY, 0));
        let found = run(&mut meter, &[[&a, &b]]);
        (found[0].vmaf().is_some(), found[0].missing().to_vec())
    };
    for (size, there) in [([33, 33], true), ([32, 64], false), ([64, 32], false), ([16, 16], false)] {
        [case.width, case.height] = size;
        let (found, why) = missing(&case);
        assert_eq!(found, there, "{size:?}");
        assert_eq!(why.is_empty(), there);
        assert!(why.iter().all(|why| matches!(why, Missing::TooSmall { measure: "vmaf", least: 33, .. })), "{why:?}");
    }
    (case.depth, case.layout, case.width, case.height) = (16, "yuv444".to_owned(), 64, 64);
    let (found, why) = missing(&case);
    assert!(!found && matches!(why[..], [Missing::TooDeep { depth: 16, most: 12, .. }]), "{why:?}");
    let rgb = OwnedFrame::rgb(64, 64, vec![90; 64 * 64 * 3]).unwrap();
    let found = run(&mut meter, &[[&rgb, &rgb]]);
    assert!(found[0].vmaf().is_none() && matches!(found[0].missing(), [Missing::Rgb { .. }]));
}

/// VMAF 1 also depends on chroma and banding.
#[test]
fn a_missing_vmaf_1_has_a_reason() {
    let mut case = cases()[0].clone();
    let mut missing = |model: &str, layout: &str, size: [u32; 2]| {
        (case.layout, [case.width, case.height]) = (layout.to_owned(), size);
        let [a, b] = case.draw_unchecked().map(|picture| picture.frame(picture.planar().unwrap(), COLORIMETRY, 0));
        let found = run(&mut meter(model, 1), &[[&a, &b]]);
        assert_eq!(found[0].vmaf().is_some(), found[0].missing().is_empty());
        found[0].missing().to_vec()
    };
    let model = "vmaf_v1.0.16_3d0h";
    assert_eq!(missing(model, "yuv420", [216, 160]), []);
    assert_eq!(missing(model, "yuv444", [216, 80]), []);
    assert_eq!(
        missing(model, "yuv420", [217, 159]),
        [Missing::SmallChroma { measure: "vmaf", size: [108, 79], least: 80 }]
    );
    assert_eq!(missing("vmaf_v1.0.16_3d0h_2160", "yuv420", [318, 318]), []);
    assert_eq!(
        missing("vmaf_v1.0.16_3d0h_2160", "yuv420", [400, 316]),
        [Missing::SmallChroma { measure: "vmaf", size: [200, 158], least: 159 }]
    );
    assert!(matches!(missing(model, "yuv444", [100, 100])[..], [Missing::Shape { measure: "vmaf", .. }]));
    let gray = |seed: u8| {
        let data = (0..300 * 300u32).map(|i| (i % 251) as u8 ^ seed).collect();
        OwnedFrame {
            format: PixelFormat::Gray8,
            width: 300,
            height: 300,
            colorimetry: COLORIMETRY,
            planes: vec![(data, 300)],
        }
    };
    let found = run(&mut meter(model, 1), &[[&gray(0), &gray(3)]]);
    assert_eq!(found[0].missing(), [Missing::NoChroma { measure: "vmaf" }]);
}

/// Only the pictures affect the values, not the number of threads or other measures.
#[test]
fn threads_and_other_measures_change_nothing() {
    let case = &cases()[stored()[0].case];
    let [a, b] = frames(case);
    let pairs = [[&a, &b], [&b, &b]];
    let scores = |meter: &mut Meter| run(meter, &pairs).iter().map(|found| found.vmaf().unwrap()).collect::<Vec<_>>();
    let expected = scores(&mut Meter::new(Measures::VMAF, 1));
    assert_eq!(scores(&mut Meter::new(Measures::VMAF, 3)), expected);
    assert_eq!(scores(&mut Meter::new(Measures::all(), 2)), expected);
    let order: Vec<_> =
        run(&mut Meter::new(Measures::all(), 1), &pairs)[0].iter().map(|(field, _)| field.name).collect();
    let vmaf = order.iter().position(|name| *name == "vmaf").unwrap();
    assert_eq!(order[vmaf..], ["vmaf", "cambi", "gain", "bias"], "in the registry's order, though it came last");
}
