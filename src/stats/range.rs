// SPDX-License-Identifier: MPL-2.0

//! The range of a field.

/// The range of a field's histogram in a pool, both ends included.
///
/// Values outside are counted in the first or last bin; means and extremes ignore the range.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FieldRange {
    /// The lower end, in the field's unit.
    pub low: f64,
    /// The upper end, in the field's unit; greater than `low`.
    pub high: f64,
}

impl FieldRange {
    /// 0 to 100: a score, and whatever a model's contract maps like one.
    pub const SCORE: Self = Self::new(0.0, 100.0);
    /// Up to ten seconds in nanoseconds: a bin is a millisecond wide.
    pub const TIME: Self = Self::new(0.0, 10e9);

    /// From `low` to `high`, in the field's unit; `high` is greater than `low`.
    #[must_use]
    pub const fn new(low: f64, high: f64) -> Self {
        Self { low, high }
    }
}
