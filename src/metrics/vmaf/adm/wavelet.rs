// SPDX-License-Identifier: MPL-2.0

//! Daubechies' four-tap wavelet in fixed point.
//!
//! The weights are those of libvmaf's `integer_adm`: Copyright 2016-2026 Netflix, Inc., BSD-2-Clause-Patent
//! (`models/vmaf/LICENSE`).

use crate::simd::{LANES, SimdLevel};

/// The low-pass and the high-pass filter, scaled by 2¹⁵. Taps are at the positions before, at and after an even one,
/// and the next one.
pub const FILTERS: [[i16; 4]; 2] = [[15826, 27411, 7345, -4240], [-4240, -7345, 27411, -15826]];

/// The coefficients at 16 adjacent positions, of both pictures.
pub struct Coefficients {
    /// The input of the next scale.
    pub low: [[i32; LANES]; 2],
    /// Horizontal, vertical and diagonal detail.
    pub detail: [[[i32; LANES]; 3]; 2],
}

/// Maps a position outside 0..side into it. As in libvmaf, the start is mirrored at the outermost sample, and the end
/// is mirrored with the outermost sample repeated.
pub fn reflected(at: isize, side: usize) -> usize {
    let at = at.unsigned_abs();
    if at >= side { (2 * side).saturating_sub(at + 1) } else { at }
}

/// The four source rows of a row of coefficients.
pub fn taken(row: usize, side: usize) -> [usize; 4] {
    [-1, 0, 1, 2].map(|tap| reflected(2 * row as isize + tap, side))
}

/// A row with padding outside the picture: one position before it, two after.
pub struct Row<T>(Vec<T>);

impl<T> Default for Row<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Copy + Default> Row<T> {
    /// Makes room for a row of that length, in whole vectors.
    pub fn resize(&mut self, width: usize) {
        self.0.resize(width.next_multiple_of(2 * LANES) + 2 * LANES + 3, T::default());
    }

    /// The row from `x` on, in whole vectors.
    #[inline(always)]
    pub fn at(&mut self, x: usize) -> &mut [T] {
        &mut self.0[x + 1..]
    }

    /// Fills the padding of a row of that length.
    pub fn reflect(&mut self, width: usize) {
        self.0[0] = self.0[1 + reflected(-1, width)];
        for x in width..width + 2 {
            self.0[1 + x] = self.0[1 + reflected(x as isize, width)];
        }
    }

    /// The inputs of the 16 coefficients from that one on: two positions each, and two more from the third number on.
    #[inline(always)]
    pub fn from(&self, coefficient: usize) -> &[T] {
        &self.0[2 * coefficient..][..2 * LANES + 2]
    }
}

/// A four-tap filter over two pairs of 16-bit neighbors, starting from `start`.
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
    fn low_pass_keeps_and_high_pass_removes_the_mean() {
        let sums = FILTERS.map(|filter| filter.iter().map(|&weight| i32::from(weight)).sum::<i32>());
        assert_eq!(sums, [46342, 0]);
    }
}
