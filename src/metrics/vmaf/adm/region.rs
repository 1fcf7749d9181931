// SPDX-License-Identifier: MPL-2.0

//! The part of a band that counts.

use std::ops::Range;

/// The share of a side at either end that does not count.
const BORDER: f64 = 0.1;

/// The part of a band that counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Region {
    pub columns: Range<usize>,
    pub rows: Range<usize>,
}

impl Region {
    /// Of a band of that size.
    pub fn new(width: usize, height: usize) -> Self {
        let side = |side: usize| {
            // Truncated, which gives 0 for short sides too.
            let border = (side as f64 * BORDER - 0.5) as usize;
            border..side - border
        };
        Self { columns: side(width), rows: side(height) }
    }

    /// The number of coefficients that count.
    pub fn count(&self) -> usize {
        self.columns.len() * self.rows.len()
    }
}

/// The range, extended by one at either end within the side.
pub fn wider(range: &Range<usize>, side: usize) -> Range<usize> {
    range.start.saturating_sub(1)..(range.end + 1).min(side)
}

/// The least integer whose power of two is not below `number`; ⌈log₂⌉ as in libvmaf.
pub fn bits(number: usize) -> u32 {
    number.next_power_of_two().trailing_zeros()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenth_is_excluded() {
        assert_eq!(Region::new(960, 540), Region { columns: 95..865, rows: 53..487 });
        assert_eq!(Region::new(5, 15), Region { columns: 0..5, rows: 1..14 });
        assert_eq!(wider(&(0..5), 5), 0..5);
        assert_eq!(wider(&(1..14), 15), 0..15);
        assert_eq!([1, 2, 3, 960, 1024, 1025].map(bits), [0, 1, 2, 10, 10, 11]);
    }
}
