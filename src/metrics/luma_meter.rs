// SPDX-License-Identifier: MPL-2.0

//! What a single picture shows: how bright it is, how much contrast it has, whether it moves.

use super::pair::{MIDDLE, Pair};
use super::range::{Kind, SampleRange};
use super::scale::Scale;
use crate::picture::{Picture, Range};

/// Luma below this fraction of full scale is dark.
pub const DARK: f64 = 0.1;

/// Luma of one picture. All values are fractions of full scale, from black (0) to white (1).
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct LumaMeasurements {
    /// The mean.
    pub mean: f64,
    /// The standard deviation over the picture.
    pub deviation: f64,
    /// The share of the picture that is [dark](DARK), 0 to 1.
    pub dark: f64,
    /// The mean absolute difference from the previous picture; `None` for the first picture, and after one of another
    /// size.
    pub motion: Option<f64>,
}

/// Measures the luma of a stream's pictures, one after another.
///
/// Samples of more than 8 bits are rounded to 8. The luma of one picture is kept.
///
/// ```
/// use onnx_iqa::metrics::LumaMeter;
/// use onnx_iqa::picture::{Frame, OwnedFrame};
///
/// let gray = |level| OwnedFrame::rgb(8, 8, vec![level; 8 * 8 * 3]);
/// let mut meter = LumaMeter::default();
/// let first = meter.measure(&gray(51)?.picture()?);
/// assert_eq!((first.deviation, first.dark, first.motion), (0.0, 0.0, None));
/// assert!((first.mean - 0.2).abs() < 1e-9);
/// let second = meter.measure(&gray(0)?.picture()?);
/// assert_eq!((second.dark, second.motion.map(|motion| (motion * 10.0).round())), (1.0, Some(2.0)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct LumaMeter {
    size: [u32; 2],
    /// The luma of the previous picture, row by row; empty before the first.
    before: Vec<u8>,
}

impl LumaMeter {
    /// Measures the next picture.
    pub fn measure(&mut self, picture: &Picture<'_>) -> LumaMeasurements {
        let size = [picture.width(), picture.height()];
        // A picture always has the same size and family as itself.
        let Ok(pair) = Pair::new(picture, picture) else { return LumaMeasurements::NOTHING };
        let luma = pair.luma();
        let knows_one = self.size == size && !self.before.is_empty();
        self.size = size;
        self.before.resize(luma.width * luma.height, 0);
        let (mut counts, mut differences) = ([0u64; 256], 0u64);
        let mut rows = Rows::new(&luma);
        for (y, before) in self.before.chunks_exact_mut(luma.width.max(1)).enumerate() {
            let row = rows.row(y);
            differences += difference(row, before);
            row.iter().for_each(|sample| counts[usize::from(*sample)] += 1);
            before.copy_from_slice(row);
        }
        let range = picture.colorimetry().range;
        let pixels = (luma.width * luma.height) as f64;
        let motion = knows_one.then(|| differences as f64 / pixels * scale(range).0);
        LumaMeasurements { motion, ..LumaMeasurements::of(&counts, range) }
    }

    /// Forgets the previous picture, for the start of a new stream.
    pub fn reset(&mut self) {
        self.before.clear();
    }
}

impl LumaMeasurements {
    const NOTHING: Self = Self { mean: 0.0, deviation: 0.0, dark: 0.0, motion: None };

    /// From the number of samples of each value.
    fn of(counts: &[u64; 256], range: Range) -> Self {
        let (gain, offset) = scale(range);
        let light = |sample: usize| (sample as f64 * gain + offset).clamp(0.0, 1.0);
        let total = counts.iter().sum::<u64>().max(1) as f64;
        let sum = |value: &dyn Fn(f64) -> f64| {
            counts.iter().enumerate().map(|(sample, count)| value(light(sample)) * *count as f64).sum::<f64>() / total
        };
        let mean = sum(&|light| light);
        let variance = sum(&|light| (light - mean) * (light - mean));
        let dark = sum(&|light| f64::from(u8::from(light < DARK)));
        Self { mean, deviation: variance.sqrt(), dark, motion: None }
    }
}

/// The conversion of 8-bit samples to fractions of full scale: gain and offset.
fn scale(range: Range) -> (f64, f64) {
    let full = SampleRange::new(Kind::Light, 8, Range::Full);
    let affine = SampleRange::new(Kind::Light, 8, range).to(&full);
    (affine.gain / 255.0, affine.offset / 255.0)
}

/// The rows of a picture's luma as bytes.
struct Rows<'a> {
    luma: &'a Scale<'a>,
    real: Vec<f32>,
    bytes: Vec<u8>,
}

impl<'a> Rows<'a> {
    fn new(luma: &'a Scale<'a>) -> Self {
        Self { luma, real: vec![0.0; luma.width], bytes: vec![0; luma.width] }
    }

    fn row(&mut self, y: usize) -> &[u8] {
        if let Some(row) = self.luma.stored.and_then(|[samples, _]| samples.bytes(y)) {
            return &row[..self.luma.width];
        }
        self.luma.sources[0].load(y, &mut self.real);
        for (byte, real) in self.bytes.iter_mut().zip(&self.real) {
            *byte = (real + MIDDLE as f32).round() as u8;
        }
        &self.bytes
    }
}

/// The sum of the absolute differences of two rows.
fn difference(one: &[u8], two: &[u8]) -> u64 {
    // 2¹⁶ differences of 8 bits sum to less than 2³².
    let chunks = one.chunks(1 << 16).zip(two.chunks(1 << 16));
    chunks.map(|(one, two)| u64::from(one.iter().zip(two).map(|(a, b)| u32::from(a.abs_diff(*b))).sum::<u32>())).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::{Colorimetry, Frame, Matrix, OwnedFrame, PixelFormat};

    fn limited(format: PixelFormat, luma: Vec<u8>) -> OwnedFrame {
        let colorimetry = Colorimetry { matrix: Matrix::Bt709, range: Range::Limited, ..Colorimetry::SRGB };
        let bytes = luma.len() / 8;
        let planes = vec![(luma, 4 * bytes), (vec![128; 2 * bytes], 2 * bytes), (vec![128; 2 * bytes], 2 * bytes)];
        OwnedFrame::new(format, 4, 2, planes, colorimetry).unwrap()
    }

    fn measured(meter: &mut LumaMeter, frame: &OwnedFrame) -> LumaMeasurements {
        meter.measure(&frame.picture().unwrap())
    }

    #[test]
    fn limited_range_is_taken_from_black_to_white() {
        let frame = limited(PixelFormat::I420, vec![16, 235, 16, 235, 16, 235, 16, 235]);
        let found = measured(&mut LumaMeter::default(), &frame);
        assert!((found.mean - 0.5).abs() < 1e-12 && (found.deviation - 0.5).abs() < 1e-12, "{found:?}");
        assert_eq!(found.dark, 0.5);
        // Samples below black count as black.
        let below = measured(&mut LumaMeter::default(), &limited(PixelFormat::I420, vec![3; 8]));
        assert_eq!((below.mean, below.dark), (0.0, 1.0));
    }

    #[test]
    fn ten_bits_give_the_values_of_eight() {
        let samples = [16u16, 60, 235, 100, 40, 41, 200, 199];
        let deep = samples.iter().flat_map(|sample| (sample * 4).to_le_bytes()).collect();
        let plain = samples.map(|sample| sample as u8).to_vec();
        let [one, two] = [limited(PixelFormat::I420, plain), limited(PixelFormat::I420p10, deep)];
        assert_eq!(measured(&mut LumaMeter::default(), &one), measured(&mut LumaMeter::default(), &two));
    }

    #[test]
    fn motion_is_the_difference_to_the_picture_before() {
        let mut meter = LumaMeter::default();
        let [one, other] =
            [vec![100; 8], [vec![100; 4], vec![122; 4]].concat()].map(|luma| limited(PixelFormat::I420, luma));
        assert_eq!(measured(&mut meter, &one).motion, None);
        assert_eq!(measured(&mut meter, &one).motion, Some(0.0));
        let moved = measured(&mut meter, &other).motion.unwrap();
        assert!((moved - 11.0 / 219.0).abs() < 1e-12, "{moved}");
        let small = OwnedFrame::rgb(2, 2, vec![0; 12]).unwrap();
        assert_eq!(measured(&mut meter, &small).motion, None, "another size");
        meter.reset();
        assert_eq!(measured(&mut meter, &small).motion, None);
    }
}
