// SPDX-License-Identifier: MPL-2.0

//! libvmaf's low-pass filters, arranged for [`SimdLevel::dot`](crate::simd::SimdLevel::dot), which takes two neighbors
//! each.
//!
//! The weights are those of libvmaf's `integer_vif` and `integer_motion`: Copyright 2016-2026 Netflix, Inc.,
//! BSD-2-Clause-Patent (`models/vmaf/LICENSE`).

use crate::simd::{LANES, SimdLevel};

/// Outputs per tile, chosen so that the working set stays in the first-level cache.
pub const TILE: usize = 128;
/// The greatest number of columns that a filter covers on either side of its center.
pub const REACH: usize = 8;
/// Columns covered by the outputs of a tile.
pub const COLUMNS: usize = TILE + 2 * REACH;
/// Subtracted from samples, so that 16 bits fit signed numbers.
pub const OFFSET: i32 = 1 << 15;

/// Gaussians of 17, 9, 5 and 3 taps whose weights sum to 2¹⁶. The first is VIF's at scale 0. Each of the others is
/// VIF's at its scale, and also the filter used to halve the picture for that scale. Motion uses the third.
pub static FILTERS: [&[i32]; 4] = [
    &[489, 935, 1640, 2640, 3896, 5274, 6547, 7455, 7784, 7455, 6547, 5274, 3896, 2640, 1640, 935, 489],
    &[1244, 3663, 7925, 12590, 14692, 12590, 7925, 3663, 1244],
    &[3571, 16004, 26386, 16004, 3571],
    &[10904, 43728, 10904],
];

/// Two neighbors in a filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tap {
    /// Index of the pair; 0 is the first that the filter covers.
    pub pair: usize,
    /// Their weights in the filter around an even position and around the odd position after it, in two halves each.
    pub weights: [i32; 2],
}

/// A filter around an even position and around the odd position after it, over pairs that start at even positions.
#[derive(Debug, Clone)]
pub struct Taps {
    pub taps: Vec<Tap>,
    /// Distance from the first covered position to the even one in the center.
    pub reach: usize,
}

impl Taps {
    /// A filter with an odd number of taps whose weights are below 2¹⁶. A weight that does not fit 15 bits is split
    /// into two taps.
    pub fn new(filter: &[i32]) -> Self {
        let half = filter.len() / 2;
        let reach = half.next_multiple_of(2);
        let weight = |pair: usize, odd: usize, second: usize| {
            let at = (2 * pair + second + half).checked_sub(reach + odd);
            at.and_then(|at| filter.get(at)).copied().unwrap_or(0)
        };
        let mut taps = Vec::new();
        for pair in 0..=reach {
            let whole = [0, 1].map(|odd| [0, 1].map(|second| weight(pair, odd, second)));
            let part = |share: fn(i32) -> i32| Tap {
                pair,
                weights: whole.map(|two| share(two[0]) & 0xffff | share(two[1]) << 16),
            };
            let fits = |weight: i32| weight <= i32::from(i16::MAX);
            if whole.iter().flatten().all(|&weight| fits(weight)) {
                taps.push(part(|weight| weight));
            } else {
                taps.push(part(|weight| if weight > i32::from(i16::MAX) { weight / 2 } else { weight }));
                taps.push(part(|weight| if weight > i32::from(i16::MAX) { weight - weight / 2 } else { 0 }));
            }
        }
        taps.retain(|tap| tap.weights != [0; 2]);
        Self { taps, reach }
    }

    /// The number of covered pairs.
    pub fn pairs(&self) -> usize {
        self.reach + 1
    }

    /// The filter at 16 even positions and at the odd positions after them, in rows whose first even position is at
    /// `column`; sums begin with `start`. Rows that are filtered together share the loading of weights.
    #[inline(always)]
    pub fn across<L: SimdLevel, const ROWS: usize>(
        &self,
        level: L,
        rows: [&[i16]; ROWS],
        column: usize,
        start: i32,
    ) -> [[[i32; LANES]; 2]; ROWS] {
        let mut seen = rows;
        let mut sums = [[level.sums(start); 2]; ROWS];
        for row in 0..ROWS {
            seen[row] = &rows[row][column - self.reach..][..2 * (LANES + self.reach)];
        }
        for tap in &self.taps {
            for row in 0..ROWS {
                let two = pairs(&seen[row][2 * tap.pair..]);
                sums[row][0] = level.dot(&two, tap.weights[0], sums[row][0]);
                sums[row][1] = level.dot(&two, tap.weights[1], sums[row][1]);
            }
        }
        let mut found = [[[0; LANES]; 2]; ROWS];
        for row in 0..ROWS {
            found[row] = [level.lanes(sums[row][0]), level.lanes(sums[row][1])];
        }
        found
    }

    /// The filter at 16 even positions only.
    #[inline(always)]
    pub fn across_even<L: SimdLevel>(&self, level: L, row: &[i16], column: usize, start: i32) -> [i32; LANES] {
        let row = &row[column - self.reach..][..2 * (LANES + self.reach)];
        let mut sums = level.sums(start);
        for tap in &self.taps {
            sums = level.dot(&pairs(&row[2 * tap.pair..]), tap.weights[0], sums);
        }
        level.lanes(sums)
    }
}

/// 16 pairs of neighbors.
#[inline(always)]
pub fn pairs(row: &[i16]) -> [i32; LANES] {
    let row: &[i16; 2 * LANES] = row.first_chunk().unwrap_or(&[0; 2 * LANES]);
    pulp::bytemuck::cast(*row)
}

/// Maps a position outside 0..side into it, mirrored at the outermost sample, which is not repeated.
pub fn reflected(at: isize, side: usize) -> usize {
    let last = side.saturating_sub(1);
    let at = at.unsigned_abs();
    if at > last { (2 * last).saturating_sub(at) } else { at }
}

/// Interleaves two rows: pairs of vertically adjacent samples.
#[inline(always)]
pub fn interleave(upper: &[i16; LANES], lower: &[i16; LANES]) -> [i32; LANES] {
    let mut out = [0; LANES];
    for lane in 0..LANES {
        out[lane] = i32::from(upper[lane] as u16) | i32::from(lower[lane]) << 16;
    }
    out
}

/// 16 samples starting at `at`.
#[inline(always)]
pub fn vector(row: &[i16], at: usize) -> &[i16; LANES] {
    row[at..].first_chunk().unwrap_or(&[0; LANES])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::Scalar;

    #[test]
    fn weights_sum_to_a_power_of_two() {
        for filter in FILTERS {
            assert_eq!(filter.iter().sum::<i32>(), 65536);
            assert!(Taps::new(filter).reach <= REACH);
        }
    }

    /// Compared with plain sums, at every position of a row.
    #[test]
    fn pairs_agree_with_single_taps() {
        let row: Vec<i16> = (0..96i32).map(|x| (x * x * 7919 % 65_000 - 32_500) as i16).collect();
        for filter in FILTERS {
            let taps = Taps::new(filter);
            let [found] = taps.across(Scalar, [&row], 16, 5);
            for place in 0..2 * LANES {
                let at = |tap: usize| i32::from(row[16 + place + tap - filter.len() / 2]);
                let sum =
                    filter.iter().enumerate().fold(5i32, |sum, (tap, c)| sum.wrapping_add(c.wrapping_mul(at(tap))));
                assert_eq!(found[place % 2][place / 2], sum, "{} taps, place {place}", filter.len());
            }
            assert_eq!(taps.across_even(Scalar, &row, 16, 5), found[0]);
        }
    }

    #[test]
    fn positions_are_mirrored_at_the_outermost_sample() {
        let at: Vec<_> = [-2, -1, 0, 4, 5, 6].iter().map(|&at| reflected(at, 5)).collect();
        assert_eq!(at, [2, 1, 0, 4, 3, 2]);
        assert_eq!(reflected(-3, 1), 0);
    }
}
