// SPDX-License-Identifier: MPL-2.0

//! R'G'B' as Y'CbCr, to compare it with pictures stored that way.

use super::{Colorimetry, Component, Family, OwnedFrame, Picture, PixelFormat, Range};

/// The least depth of limited range, to which its codes refer.
const BASE_DEPTH: u8 = 8;

/// An R'G'B' picture as Y'CbCr 4:4:4 with the matrix and range of `to`, rounded once to samples of at least `depth`
/// bits, or its own depth if greater.
///
/// Chroma is not subsampled: the comparison resamples it together with everything else. `None` if the picture is not
/// R'G'B', or has a depth for which no planar 4:4:4 format exists.
#[must_use]
pub fn y_cb_cr(picture: &Picture<'_>, to: Colorimetry, depth: u8) -> Option<OwnedFrame> {
    let own = picture.format().components();
    let (Family::Rgb, [red, green, blue, ..]) = (picture.format().family(), own) else { return None };
    let depth = depth.max(red.depth);
    let format = match depth {
        8 => PixelFormat::Y444,
        10 => PixelFormat::Y444p10,
        12 => PixelFormat::Y444p12,
        16 => PixelFormat::Y444p16,
        _ => return None,
    };
    let read = [red, green, blue].map(|component| Reader::new(component, picture.colorimetry().range));
    let code = Code::new(to, depth);
    let (width, height) = (picture.width() as usize, picture.height());
    let sample = if depth > 8 { 2 } else { 1 };
    let stride = width * sample;
    let mut planes = vec![(vec![0; stride * height as usize], stride); 3];
    for y in 0..height {
        let rows = [0, 1, 2].map(|component| picture.row(component, y));
        let from = y as usize * stride;
        let mut made = planes.iter_mut().map(|(data, _)| data.get_mut(from..from + stride));
        let (Some(Some(luma)), Some(Some(cb)), Some(Some(cr))) = (made.next(), made.next(), made.next()) else {
            return None;
        };
        let made = luma.chunks_exact_mut(sample).zip(cb.chunks_exact_mut(sample)).zip(cr.chunks_exact_mut(sample));
        for (x, ((luma, cb), cr)) in made.enumerate() {
            let [r, g, b] = [0, 1, 2].map(|index: usize| read[index].at(rows[index], x));
            let samples = code.of(r, g, b);
            for (place, sample) in [luma, cb, cr].into_iter().zip(samples) {
                // Little-endian: for a byte, the low one.
                place.copy_from_slice(&sample.to_le_bytes()[..place.len()]);
            }
        }
    }
    Some(OwnedFrame { format, width: picture.width(), height, colorimetry: to, planes })
}

/// Reads a component's samples as 0 (black) to 1 (full scale).
struct Reader {
    step: usize,
    wide: bool,
    shift: u8,
    scale: f32,
    black: f32,
}

impl Reader {
    fn new(component: &Component, range: Range) -> Self {
        let (black, scale) = match range {
            Range::Full => (0.0, 1.0 / component.max() as f32),
            Range::Limited => {
                let unit = (1u32 << (component.depth - BASE_DEPTH)) as f32;
                (16.0 * unit, 1.0 / (219.0 * unit))
            }
        };
        let (step, wide) = (usize::from(component.step), component.bytes() == 2);
        Self { step, wide, shift: component.shift, scale, black }
    }

    #[inline]
    fn at(&self, row: &[u8], x: usize) -> f32 {
        let place = x * self.step;
        let stored = if self.wide { u16::from_le_bytes([row[place], row[place + 1]]) } else { u16::from(row[place]) };
        (f32::from(stored >> self.shift) - self.black) * self.scale
    }
}

/// Computes Y'CbCr samples.
struct Code {
    weights: [f32; 3],
    /// Offset and scale of luma, then of chroma.
    luma: [f32; 2],
    chroma: [f32; 2],
    /// Chroma is divided by this first: 2 (1 − K).
    spans: [f32; 2],
    most: f32,
}

impl Code {
    fn new(to: Colorimetry, depth: u8) -> Self {
        let (kr, kb) = to.matrix.weights();
        let most = ((1u32 << depth) - 1) as f32;
        let middle = (1u32 << (depth - 1)) as f32;
        let unit = (1u32 << (depth - BASE_DEPTH)) as f32;
        let (luma, chroma) = match to.range {
            Range::Full => ([0.0, most], [middle, most]),
            Range::Limited => ([16.0 * unit, 219.0 * unit], [middle, 224.0 * unit]),
        };
        let weights = [kr, 1.0 - kr - kb, kb].map(|weight| weight as f32);
        Self { weights, luma, chroma, spans: [2.0 * (1.0 - kb), 2.0 * (1.0 - kr)].map(|span| span as f32), most }
    }

    #[inline]
    fn of(&self, r: f32, g: f32, b: f32) -> [u16; 3] {
        let y = self.weights[0] * r + self.weights[1] * g + self.weights[2] * b;
        let code = |[offset, scale]: [f32; 2], value: f32| (offset + scale * value + 0.5).clamp(0.0, self.most) as u16;
        [code(self.luma, y), code(self.chroma, (b - y) / self.spans[0]), code(self.chroma, (r - y) / self.spans[1])]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::{ChromaSite, Frame as _, Matrix};

    const BT709: Colorimetry =
        Colorimetry { matrix: Matrix::Bt709, range: Range::Limited, chroma_site: ChromaSite::LEFT };

    /// The first pixel's samples.
    fn first(frame: &OwnedFrame) -> [u16; 3] {
        let sample = |(data, _): &(Vec<u8>, usize)| match frame.format {
            PixelFormat::Y444 => u16::from(data[0]),
            _ => u16::from_le_bytes([data[0], data[1]]),
        };
        [sample(&frame.planes[0]), sample(&frame.planes[1]), sample(&frame.planes[2])]
    }

    fn of(rgb: [u8; 3], to: Colorimetry, depth: u8) -> [u16; 3] {
        let frame = OwnedFrame::rgb(1, 1, rgb.to_vec()).unwrap();
        first(&y_cb_cr(&frame.picture().unwrap(), to, depth).unwrap())
    }

    /// The codes of BT.709's and BT.601's color bars at 100 %, as ITU-R BT.709-6 and BT.601-7 give them.
    #[test]
    fn color_bars_have_their_codes() {
        for (rgb, expected) in [
            ([255, 255, 255], [235, 128, 128]),
            ([0, 0, 0], [16, 128, 128]),
            ([255, 0, 0], [63, 102, 240]),
            ([0, 255, 0], [173, 42, 26]),
            ([0, 0, 255], [32, 240, 118]),
        ] {
            assert_eq!(of(rgb, BT709, 8), expected, "{rgb:?}");
        }
        let bt601 = Colorimetry { matrix: Matrix::Bt601, ..BT709 };
        assert_eq!(of([255, 0, 0], bt601, 8), [81, 90, 240]);
        let full = Colorimetry { range: Range::Full, ..bt601 };
        assert_eq!(of([255, 255, 255], full, 8), [255, 128, 128]);
        // 235 << 2: lifted to the other's depth without repeating bits.
        assert_eq!(of([255, 255, 255], BT709, 10), [940, 512, 512]);
    }

    #[test]
    fn every_r_g_b_format_is_read() {
        for &format in PixelFormat::ALL.iter().filter(|format| format.family() == Family::Rgb) {
            let mut planes = vec![(vec![0; 64], 32); format.planes()];
            for (component, value) in format.components().iter().zip([200u32, 100, 50]) {
                let value = (value << (component.depth - 8)) << component.shift;
                for x in 0..2 {
                    let place = usize::from(component.offset) + x * usize::from(component.step);
                    let bytes = (value as u16).to_le_bytes();
                    let plane = &mut planes[usize::from(component.plane)].0;
                    plane[place..place + component.bytes()].copy_from_slice(&bytes[..component.bytes()]);
                }
            }
            let colorimetry = Colorimetry { range: Range::Limited, ..Colorimetry::SRGB };
            let frame = OwnedFrame { format, width: 2, height: 1, colorimetry, planes };
            let made = y_cb_cr(&frame.picture().unwrap(), BT709, 8).unwrap_or_else(|| panic!("{format:?}"));
            // Limited to limited: Y' of 200, 100, 50 is their weighted sum.
            let unit = 1u32 << (format.components()[0].depth - 8);
            let expected = 0.2126 * 200.0 + 0.7152 * 100.0 + 0.0722 * 50.0;
            let [luma, ..] = first(&made);
            assert!((f64::from(luma) / f64::from(unit) - expected).abs() <= 0.5, "{format:?}: {luma}");
        }
        let gray = OwnedFrame::new(PixelFormat::Gray8, 1, 1, vec![(vec![9], 1)], BT709).unwrap();
        assert!(y_cb_cr(&gray.picture().unwrap(), BT709, 8).is_none());
    }
}
