// SPDX-License-Identifier: MPL-2.0

//! An encoder for tests: from R'G'B' as a function of the place to samples in any format.

use crate::picture::{Colorimetry, Component, Family, OwnedFrame, PixelFormat, Range};

/// Bytes that no conversion may look at.
const UNSEEN: u8 = 0xa5;

/// R', G', B' in 0..1 at a place in pixels; the center of the first pixel is (0, 0).
pub type Scene<'a> = &'a dyn Fn(f64, f64) -> [f64; 3];

/// The scene in a format, each component taken at the place where its samples are.
pub fn encode(scene: Scene<'_>, format: PixelFormat, width: u32, height: u32, colorimetry: Colorimetry) -> OwnedFrame {
    let mut strides = vec![0; format.planes()];
    let mut rows = vec![0; format.planes()];
    for c in format.components() {
        let plane = usize::from(c.plane);
        let row = usize::from(c.offset) + c.width(width) as usize * usize::from(c.step) + usize::from(c.step);
        // A multiple of 2 with room to spare.
        strides[plane] = strides[plane].max(row.next_multiple_of(2) + 6);
        rows[plane] = rows[plane].max(c.height(height) as usize);
    }
    let mut planes: Vec<(Vec<u8>, usize)> = strides.iter().zip(&rows).map(|(s, r)| (vec![UNSEEN; s * r], *s)).collect();
    for (index, c) in format.components().iter().enumerate() {
        let (data, stride) = &mut planes[usize::from(c.plane)];
        for y in 0..c.height(height) {
            for x in 0..c.width(width) {
                let place = |i: u32, sub: u8, cosited: bool| {
                    let middle = if cosited { 0.0 } else { f64::from((1 << sub) - 1) / 2.0 };
                    f64::from(i << sub) + middle
                };
                let rgb = scene(
                    place(x, c.sub_x, colorimetry.chroma_site.cosited_x),
                    place(y, c.sub_y, colorimetry.chroma_site.cosited_y),
                );
                let at = y as usize * *stride + usize::from(c.offset) + x as usize * usize::from(c.step);
                let word = sample(rgb, index, c, format.family(), colorimetry) << c.shift;
                data[at..at + c.bytes()].copy_from_slice(&word.to_le_bytes()[..c.bytes()]);
            }
        }
    }
    OwnedFrame { format, width, height, colorimetry, planes }
}

/// The sample of one component; ITU-R BT.601, BT.709 and H.273's formulas.
fn sample(rgb: [f64; 3], index: usize, c: &Component, family: Family, colorimetry: Colorimetry) -> u16 {
    let (red, blue) = colorimetry.matrix.weights();
    let luma = red * rgb[0] + (1.0 - red - blue) * rgb[1] + blue * rgb[2];
    let chroma = match (family, index) {
        (Family::Yuv, 1) => Some((rgb[2] - luma) / (2.0 * (1.0 - blue))),
        (Family::Yuv, 2) => Some((rgb[0] - luma) / (2.0 * (1.0 - red))),
        _ => None,
    };
    let value = if family == Family::Rgb { rgb[index] } else { luma };
    let step = f64::from(1u32 << (c.depth - 8));
    let code = match (colorimetry.range, chroma) {
        (Range::Full, None) => value * f64::from(c.max()),
        (Range::Full, Some(chroma)) => chroma * f64::from(c.max()) + 128.0 * step,
        (Range::Limited, None) => (219.0 * value + 16.0) * step,
        (Range::Limited, Some(chroma)) => (224.0 * chroma + 128.0) * step,
    };
    code.round().clamp(0.0, f64::from(c.max())) as u16
}
