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
    /// 0 to 100: a score, and what a model's contract maps like it.
    pub const SCORE: Self = Self::new(0.0, 100.0);
    /// Up to ten seconds in nanoseconds: a bin is a millisecond wide.
    pub const TIME: Self = Self::new(0.0, 10e9);

    /// From `low` to `high`, in the field's unit; `high` is greater than `low`.
    #[must_use]
    pub const fn new(low: f64, high: f64) -> Self {
        Self { low, high }
    }
}
