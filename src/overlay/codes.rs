// SPDX-License-Identifier: MPL-2.0

//! Colors as samples of a pixel format.

use crate::picture::{Colorimetry, Component, Family, FrameInfo, Range};

/// The least depth of limited range, to which its codes refer.
const BASE_DEPTH: u8 = 8;

/// A component's sample for a color: a weighted sum of R', G' and B' (0 to 255), plus an offset. It is linear, so
/// colors may be mixed before or after.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Code {
    weights: [f32; 3],
    offset: f32,
    most: f32,
}

impl Code {
    /// One per component of the format, in order.
    pub fn of(info: FrameInfo) -> impl Iterator<Item = (&'static Component, Self)> {
        let (format, colorimetry) = (info.format, info.colorimetry);
        let family = format.family();
        format
            .components()
            .iter()
            .enumerate()
            .map(move |(index, c)| (c, Self::new(family, index, c.depth, colorimetry)))
    }

    fn new(family: Family, index: usize, depth: u8, colorimetry: Colorimetry) -> Self {
        let (kr, kb) = colorimetry.matrix.weights();
        let kg = 1.0 - kr - kb;
        let chroma = |own: f64, weights: [f64; 3], first: bool| {
            let span = 2.0 * (1.0 - own);
            let [r, g, b] = weights.map(|weight| -weight / span);
            if first { [r, g, b + 1.0 / span] } else { [r + 1.0 / span, g, b] }
        };
        let luma = [kr, kg, kb];
        let weights = match (family, index) {
            (Family::Rgb, 0) => [1.0, 0.0, 0.0],
            (Family::Rgb, 1) => [0.0, 1.0, 0.0],
            (Family::Rgb, _) => [0.0, 0.0, 1.0],
            (Family::Yuv, 1) => chroma(kb, luma, true),
            (Family::Yuv, 2) => chroma(kr, luma, false),
            _ => luma,
        };
        let is_chroma = family == Family::Yuv && index > 0;
        let most = f64::from((1u32 << depth) - 1);
        let unit = f64::from(1u32 << depth.saturating_sub(BASE_DEPTH));
        let middle = f64::from(1u32 << (depth - 1));
        let (offset, scale) = match (colorimetry.range, is_chroma) {
            (Range::Full, false) => (0.0, most),
            (Range::Full, true) => (middle, most),
            (Range::Limited, false) => (16.0 * unit, 219.0 * unit),
            (Range::Limited, true) => (middle, 224.0 * unit),
        };
        let weights = weights.map(|weight| (weight * scale / 255.0) as f32);
        Self { weights, offset: offset as f32, most: most as f32 }
    }

    /// The sample, not rounded.
    pub fn exact(&self, [r, g, b]: [f32; 3]) -> f32 {
        let [wr, wg, wb] = self.weights;
        self.offset + wr * r + wg * g + wb * b
    }

    /// The sample, rounded.
    pub fn round(&self, color: [f32; 3]) -> u16 {
        (self.exact(color) + 0.5).clamp(0.0, self.most) as u16
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::{ChromaSite, Matrix, PixelFormat};

    fn codes(format: PixelFormat, matrix: Matrix, range: Range, rgb: [u8; 3]) -> Vec<u16> {
        let colorimetry = Colorimetry { matrix, range, chroma_site: ChromaSite::LEFT };
        let info = FrameInfo { format, width: 2, height: 2, colorimetry };
        Code::of(info).map(|(_, code)| code.round(rgb.map(f32::from))).collect()
    }

    /// The codes of color bars at 100 %, as ITU-R BT.709-6, BT.601-7 and BT.2020-2 give them.
    #[test]
    fn color_bars_have_their_codes() {
        use PixelFormat::{Gbr10, Gray8, I420, I420p10, Rgb};
        let (full, limited) = (Range::Full, Range::Limited);
        for (format, matrix, range, rgb, expected) in [
            (I420, Matrix::Bt709, limited, [255, 255, 255], vec![235, 128, 128]),
            (I420, Matrix::Bt709, limited, [255, 0, 0], vec![63, 102, 240]),
            (I420, Matrix::Bt709, limited, [0, 255, 0], vec![173, 42, 26]),
            (I420, Matrix::Bt709, limited, [0, 0, 255], vec![32, 240, 118]),
            (I420, Matrix::Bt601, limited, [255, 0, 0], vec![81, 90, 240]),
            (I420, Matrix::Bt601, full, [255, 255, 255], vec![255, 128, 128]),
            (I420p10, Matrix::Bt2020, limited, [255, 0, 0], vec![294, 387, 960]),
            (Gray8, Matrix::Bt709, limited, [0, 255, 0], vec![173]),
            (Rgb, Matrix::Bt709, full, [1, 2, 3], vec![1, 2, 3]),
            (Gbr10, Matrix::Bt709, limited, [255, 0, 255], vec![940, 64, 940]),
        ] {
            assert_eq!(codes(format, matrix, range, rgb), expected, "{format} {matrix:?} {range:?} {rgb:?}");
        }
    }
}
