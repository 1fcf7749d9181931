// SPDX-License-Identifier: MPL-2.0

//! Conversion of two pictures' samples to one depth and range.

use crate::picture::Range;

/// What a sample represents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Y', R', G' or B'.
    Light,
    /// Cb or Cr.
    Chroma,
}

/// The scale of samples: the sample that represents 0, and its distance from the one that represents 1 (ITU-T H.273,
/// equations 20 to 31).
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct SampleRange {
    zero: f64,
    span: f64,
}

impl SampleRange {
    pub fn new(kind: Kind, depth: u8, range: Range) -> Self {
        let unit = f64::from(1u32 << (depth - 8));
        let middle = 128.0 * unit;
        let full = 256.0 * unit - 1.0;
        let (zero, span) = match (kind, range) {
            (Kind::Light, Range::Limited) => (16.0 * unit, 219.0 * unit),
            (Kind::Light, Range::Full) => (0.0, full),
            (Kind::Chroma, Range::Limited) => (middle, 224.0 * unit),
            (Kind::Chroma, Range::Full) => (middle, full),
        };
        Self { zero, span }
    }

    /// The conversion of samples on this scale to `other`.
    pub fn to(&self, other: &Self) -> Affine {
        let gain = other.span / self.span;
        Affine { gain, offset: other.zero - self.zero * gain }
    }
}

/// gain · sample + offset
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Affine {
    pub gain: f64,
    pub offset: f64,
}

impl Affine {
    /// The identity.
    pub const SAME: Self = Self { gain: 1.0, offset: 0.0 };

    /// This conversion, then minus `middle`, then times `factor`.
    pub fn centered(self, middle: f64, factor: f64) -> Self {
        Self { gain: self.gain * factor, offset: (self.offset - middle) * factor }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn light(depth: u8, range: Range) -> SampleRange {
        SampleRange::new(Kind::Light, depth, range)
    }

    fn apply(affine: Affine, sample: f64) -> f64 {
        affine.gain * sample + affine.offset
    }

    #[test]
    fn black_and_white_are_preserved() {
        for (from, black, white) in [(light(8, Range::Limited), 16.0, 235.0), (light(10, Range::Full), 0.0, 1023.0)] {
            let affine = from.to(&light(12, Range::Limited));
            assert!((apply(affine, black) - 256.0).abs() < 1e-9);
            assert!((apply(affine, white) - 3760.0).abs() < 1e-9);
        }
        let chroma =
            SampleRange::new(Kind::Chroma, 8, Range::Full).to(&SampleRange::new(Kind::Chroma, 10, Range::Limited));
        assert!((apply(chroma, 128.0) - 512.0).abs() < 1e-9);
        assert!((apply(chroma, 255.5) - 960.0).abs() < 1e-9);
    }

    #[test]
    fn limited_range_gains_depth_by_shifting() {
        let affine = light(8, Range::Limited).to(&light(10, Range::Limited));
        assert_eq!(affine, Affine { gain: 4.0, offset: 0.0 });
        assert_eq!(light(16, Range::Full).to(&light(16, Range::Full)), Affine::SAME);
    }
}
