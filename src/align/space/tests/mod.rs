// SPDX-License-Identifier: MPL-2.0

mod active_area;
mod letterbox;
mod orientation;
mod phase_correlation;
mod scaling;
mod scenes;

use super::Aligned;
use crate::picture::{ChromaSite, Colorimetry, Matrix, Picture, Range};

const LIMITED: Colorimetry =
    Colorimetry { matrix: Matrix::Bt709, range: Range::Limited, chroma_site: ChromaSite::LEFT };

/// The samples of one component.
fn samples(picture: &Picture<'_>, component: usize) -> Vec<Vec<u16>> {
    let c = picture.format().components()[component];
    let sample = |v: &[u8]| if c.bytes() == 1 { u16::from(v[0]) } else { u16::from_le_bytes([v[0], v[1]]) >> c.shift };
    let row = |y| picture.row(component, y).chunks(usize::from(c.step)).map(sample).collect();
    (0..c.height(picture.height())).map(row).collect()
}

/// Both pictures are of this size.
fn assert_size(aligned: &Aligned<'_>, size: [u32; 2]) {
    for picture in [&aligned.reference, &aligned.distorted] {
        assert_eq!([picture.width(), picture.height()], size);
    }
}
