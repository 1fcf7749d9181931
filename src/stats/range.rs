// SPDX-License-Identifier: MPL-2.0

//! Between what values a field lies.

/// The values that a field is spread over in a pool's histogram, both ends included.
///
/// Values outside are counted in the first or last bin; means and extremes do not know of the range.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FieldRange {
    /// The least value, in the field's unit.
    pub low: f64,
    /// The greatest value, in the field's unit; greater than `low`.
    pub high: f64,
}

impl FieldRange {
    /// `score`, and what a model's contract maps like it: its attributes. 0 to 100.
    pub const SCORE: Self = Self { low: 0.0, high: 100.0 };
    /// `psnr` and `psnr-y`, in dB, which are limited to 100.
    pub const PSNR: Self = Self { low: 0.0, high: 100.0 };
    /// `ssim` and `ms-ssim`: a correlation, negative where structures are inverted.
    pub const SSIM: Self = Self { low: -1.0, high: 1.0 };
    /// `confidence`.
    pub const CONFIDENCE: Self = Self { low: 0.0, high: 1.0 };
    /// `latency` and `age`: up to ten seconds in nanoseconds, so a bin is a millisecond wide.
    pub const TIME: Self = Self { low: 0.0, high: 10e9 };

    /// The range of a field of `iqa-score` by its name; `None` where there is none that holds for every model and
    /// stream (`raw`, `shift-x`, `gain` …).
    ///
    /// ```
    /// use onnx_iqa::pool::FieldRange;
    /// assert_eq!(FieldRange::of("psnr-y"), Some(FieldRange::PSNR));
    /// assert_eq!(FieldRange::of("raw"), None);
    /// ```
    #[must_use]
    pub fn of(field: &str) -> Option<Self> {
        Some(match field {
            "score" => Self::SCORE,
            "psnr" | "psnr-y" => Self::PSNR,
            "ssim" | "ms-ssim" => Self::SSIM,
            "confidence" => Self::CONFIDENCE,
            "latency" | "age" => Self::TIME,
            _ => return None,
        })
    }
}
