// SPDX-License-Identifier: MPL-2.0

//! Daubechies' wavelet of four taps, in fixed point.
//!
//! The weights are those of libvmaf's `integer_adm`: Copyright 2016-2026 Netflix, Inc., BSD-2-Clause-Patent
//! (`models/vmaf/LICENSE`).

use crate::simd::{LANES, SimdLevel};

/// The low-pass and the high-pass filter, 2¹⁵ times as large. A coefficient takes in the places before, at and after an
/// even one, and the one after that.
pub const FILTERS: [[i16; 4]; 2] = [[15826, 27411, 7345, -4240], [-4240, -7345, 27411, -15826]];

/// The coefficients of 16 places side by side, in both pictures.
pub struct Coefficients {
    /// What the next scale is made of.
    pub low: [[i32; LANES]; 2],
    /// Horizontal, vertical and diagonal detail.
    pub detail: [[[i32; LANES]; 3]; 2],
}

/// Where a place lies that is outside 0..side. At the beginning the outermost sample is the mirror, at the end it is
/// repeated, which is what libvmaf does.
pub fn reflected(at: isize, side: usize) -> usize {
    let at = at.unsigned_abs();
    if at >= side { (2 * side).saturating_sub(at + 1) } else { at }
}

/// The four rows that a row of coefficients is made of.
pub fn taken(row: usize, side: usize) -> [usize; 4] {
    [-1, 0, 1, 2].map(|tap| reflected(2 * row as isize + tap, side))
}

/// A row with what lies outside the picture: one place before it, two behind.
pub struct Row<T>(Vec<T>);

impl<T> Default for Row<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Copy + Default> Row<T> {
    /// Room for a row so long, and whole vectors of it.
    pub fn resize(&mut self, width: usize) {
        self.0.resize(width.next_multiple_of(2 * LANES) + 2 * LANES + 3, T::default());
    }

    /// From the place `x` on, whole vectors.
    #[inline(always)]
    pub fn at(&mut self, x: usize) -> &mut [T] {
        &mut self.0[x + 1..]
    }

    /// Completes a row of that length.
    pub fn reflect(&mut self, width: usize) {
        self.0[0] = self.0[1 + reflected(-1, width)];
        for x in width..width + 2 {
            self.0[1 + x] = self.0[1 + reflected(x as isize, width)];
        }
    }

    /// What the 16 coefficients from that one on take in: two places each, and from the third number on two more each.
    #[inline(always)]
    pub fn from(&self, coefficient: usize) -> &[T] {
        &self.0[2 * coefficient..][..2 * LANES + 2]
    }
}

/// A filter of four taps over two pairs of neighbors, of 16 bits each, beginning with a number.
#[inline(always)]
pub fn filtered<L: SimdLevel>(
    level: L,
    first: &[i32; LANES],
    second: &[i32; LANES],
    filter: &[i16; 4],
    start: i32,
) -> [i32; LANES] {
    let weights = |low: i16, high: i16| i32::from(low as u16) | i32::from(high) << 16;
    let sums = level.dot(first, weights(filter[0], filter[1]), level.sums(start));
    level.lanes(level.dot(second, weights(filter[2], filter[3]), sums))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn borders_are_those_of_libvmaf() {
        assert_eq!(taken(0, 7), [1, 0, 1, 2]);
        assert_eq!(taken(3, 7), [5, 6, 6, 5]);
        assert_eq!(taken(2, 6), [3, 4, 5, 5]);
    }

    #[test]
    fn filters_keep_and_drop_the_mean() {
        let sums = FILTERS.map(|filter| filter.iter().map(|&weight| i32::from(weight)).sum::<i32>());
        assert_eq!(sums, [46342, 0]);
    }
}
