// SPDX-License-Identifier: MPL-2.0

//! CAMBI compared with libvmaf's values, with and without a reference.

use crate::pictures::{COLORIMETRY, hash};
use onnx_iqa::metrics::{Measures, Meter, NoReferenceMeasures, NoReferenceMeter};
use onnx_iqa::picture::{Frame as _, OwnedFrame, PixelFormat};

/// The values found by `cambi.py`.
#[derive(Debug, serde::Deserialize)]
struct Stored {
    /// Depth, width, height, the gradient to the right and down in 64ths of a sample, the height of a step, and the
    /// amplitude of the noise.
    case: [i64; 7],
    cambi: f64,
}

fn stored() -> Vec<Stored> {
    serde_json::from_str(include_str!("cambi.json")).unwrap()
}

/// Draws the picture of `cambi.py`.
fn draw([depth, width, height, right, down, step, noise]: [i64; 7]) -> OwnedFrame {
    let format = match depth {
        8 => PixelFormat::I420,
        10 => PixelFormat::I420p10,
        _ => PixelFormat::I420p12,
    };
    let bytes = if depth > 8 { 2 } else { 1 };
    let sample = |i: i64| {
        let (x, y) = (i % width, i / width);
        let value = (20 << (depth - 8)) + ((x * right + y * down) >> 6) / step * step;
        let grain = if (x / 64 + y / 64) % 2 == 1 { hash(x, y, 77) % (2 * noise + 1) - noise } else { 0 };
        (value + grain).clamp(0, (1 << depth) - 1)
    };
    let plane = |samples: Vec<i64>, width: i64| {
        let data = samples.iter().flat_map(|sample| sample.to_le_bytes().into_iter().take(bytes)).collect();
        (data, width as usize * bytes)
    };
    let half = [(width + 1) / 2, (height + 1) / 2];
    let chroma = || plane(vec![1 << (depth - 1); (half[0] * half[1]) as usize], half[0]);
    let planes = vec![plane((0..width * height).map(sample).collect(), width), chroma(), chroma()];
    OwnedFrame::new(format, width as u32, height as u32, planes, COLORIMETRY).unwrap()
}

/// libvmaf prints six digits after the decimal point.
#[test]
fn agrees_with_libvmaf() {
    let mut meter = Meter::new(Measures::CAMBI, 2);
    let mut no_reference =
        NoReferenceMeter::new(NoReferenceMeasures { cambi: true, ..NoReferenceMeasures::default() }, 2);
    assert!(stored().iter().filter(|stored| stored.cambi > 1.0).count() > 6, "several pictures must have banding");
    for stored in stored() {
        let frame = draw(stored.case);
        let picture = frame.picture().unwrap();
        let compared = meter.measure(&picture, &picture).unwrap();
        let found = compared.cambi().unwrap();
        assert!((found - stored.cambi).abs() <= 1e-6, "{found}: {stored:?}");
        assert_eq!(no_reference.measure(&picture).cambi(), Some(found), "{stored:?}");
    }
}
