// SPDX-License-Identifier: MPL-2.0

//! The three coarser scales: low-pass coefficients in, coefficients of 32 bits.
//!
//! The arithmetic is that of libvmaf's `integer_adm`: Copyright 2016-2026 Netflix, Inc., BSD-2-Clause-Patent
//! (`models/vmaf/LICENSE`). Roundings in libvmaf that look like mistakes are kept: half a unit is subtracted before a
//! neighbor's share is truncated, and a whole unit is added to a square.
#![expect(clippy::needless_range_loop, reason = "several arrays side by side, lane by lane")]

use super::super::sides::Sides;
use super::rows::{COSINE_SQUARED, Lanes, Part, Parts, Steps, bounded};
use super::scale::Low;
use super::wavelet::{Coefficients, FILTERS, Row, filtered, taken};
use crate::simd::{LANES, SimdLevel, whole_number};

/// 1/15, scaled by 2³².
const FIFTEENTH: i64 = 286_331_153;
/// 1/30, scaled by 2³².
const THIRTIETH: i64 = 143_165_577;
/// Right shifts of vertical sums, by scale.
const DOWN: [u32; 3] = [0, 16, 16];
/// Right shifts of horizontal sums, by scale.
const ACROSS: [u32; 3] = [15, 16, 15];
/// Right shifts of squares of the reference's coefficients, by scale.
const SQUARE: [u32; 3] = [31, 30, 31];

/// Vertically filtered rows of both pictures: low-pass and high-pass.
#[derive(Default)]
pub struct CoarseRows([[Row<i32>; 2]; 2]);

/// The input of a coarser scale.
pub struct Coarse<'a> {
    pub pictures: [&'a Low; 2],
    /// 1 to 3.
    pub scale: usize,
    pub weights: [i64; 3],
    pub limit: f64,
    pub rows: &'a mut CoarseRows,
    /// Right shifts of cubes: of restored detail, and of the reference's coefficients.
    pub shifts: [u32; 2],
}

impl Steps for Coarse<'_> {
    #[inline(always)]
    fn down<L: SimdLevel, S: Sides>(&mut self, level: L, row: usize) {
        let width = self.pictures[0].width;
        let shift = DOWN[self.scale - 1];
        for index in S::PICTURES {
            let (picture, out) = (self.pictures[index], &mut self.rows.0[index]);
            let rows = taken(row, picture.height).map(|y| picture.row(y));
            out.iter_mut().for_each(|row| row.resize(width));
            let [low, high] = out;
            for x in (0..width).step_by(LANES) {
                let taps = [lanes(rows[0], x), lanes(rows[1], x), lanes(rows[2], x), lanes(rows[3], x)];
                let (below, above);
                if self.scale == 1 {
                    // Output of the finest scale has 16 bits.
                    let (first, second) = (pairs(&taps[0], &taps[1]), pairs(&taps[2], &taps[3]));
                    below = filtered(level, &first, &second, &FILTERS[0], 0);
                    above = filtered(level, &first, &second, &FILTERS[1], 0);
                } else {
                    below = level.filter_wide(&taps, &FILTERS[0], shift);
                    above = level.filter_wide(&taps, &FILTERS[1], shift);
                }
                low.at(x)[..LANES].copy_from_slice(&below);
                high.at(x)[..LANES].copy_from_slice(&above);
            }
            low.reflect(width);
            high.reflect(width);
        }
    }

    #[inline(always)]
    fn across<L: SimdLevel, S: Sides>(&self, level: L, column: usize) -> Coefficients {
        let mut found = Coefficients { low: [[0; LANES]; 2], detail: [[[0; LANES]; 3]; 2] };
        let shift = ACROSS[self.scale - 1];
        for picture in S::PICTURES {
            let [low, high] = &self.rows.0[picture];
            let (low, high) = (taken_in(low.from(column)), taken_in(high.from(column)));
            found.low[picture] = level.filter_row_wide(low, &FILTERS[0], shift);
            found.detail[picture][0] = level.filter_row_wide(high, &FILTERS[0], shift);
            found.detail[picture][1] = level.filter_row_wide(low, &FILTERS[1], shift);
            found.detail[picture][2] = level.filter_row_wide(high, &FILTERS[1], shift);
        }
        found
    }

    #[inline(always)]
    fn split<const PARTS: usize>(&self, detail: &[[Lanes; 3]; 2]) -> Parts<PARTS> {
        let [reference, distorted] = detail;
        let along = along(detail);
        let mut parts = [Part::default(); PARTS];
        for direction in 0..3 {
            let (own, theirs) = (&reference[direction], &distorted[direction]);
            let left = self.left(own, theirs, &along);
            let weight = self.weights[direction];
            let mut weighted = [left, [0; LANES]];
            for lane in 0..LANES {
                weighted[1][lane] = theirs[lane].wrapping_sub(left[lane]);
            }
            for lane in 0..LANES {
                for weighted in &mut weighted {
                    weighted[lane] = ((weight * i64::from(weighted[lane]) + (1 << 27)) >> 28) as i32;
                }
            }
            for part in 0..PARTS {
                mask(&mut parts[part], &weighted[1 - part]);
                for lane in 0..LANES {
                    parts[part].detail[direction][lane] = weighted[part][lane].wrapping_abs();
                }
            }
        }
        parts
    }

    #[inline(always)]
    fn cubes(&self, coefficients: &Lanes) -> [u64; LANES] {
        let (square, cube) = (SQUARE[self.scale - 1], self.shifts[1]);
        let mut found = [0; LANES];
        for lane in 0..LANES {
            let size = u64::from(coefficients[lane].unsigned_abs());
            let squared = (size * size + (1 << square)) >> square;
            // Both have 32 bits.
            found[lane] = ((squared & 0xffff_ffff) * size + ((1 << cube) >> 1)) >> cube;
        }
        found
    }

    #[inline(always)]
    fn masked(&self, detail: &Lanes, threshold: &Lanes, _: usize) -> [i64; LANES] {
        let shift = self.shifts[0];
        let mut found = [0; LANES];
        for lane in 0..LANES {
            let rest = i64::from(detail[lane].wrapping_sub(threshold[lane]).max(0));
            let square = ((rest * rest + (1 << 29)) >> 30) as i32;
            found[lane] = (i64::from(square) * rest + ((1 << shift) >> 1)) >> shift;
        }
        found
    }
}

impl Coarse<'_> {
    /// The restored part of the reference's detail.
    #[inline(always)]
    fn left(&self, own: &Lanes, theirs: &Lanes, along: &Lanes) -> Lanes {
        let (mut shifts, mut reciprocals, mut signed) = ([0u32; LANES], [0i32; LANES], [0i32; LANES]);
        for lane in 0..LANES {
            let size = own[lane].unsigned_abs();
            // Larger numbers are rounded to their first 15 bits.
            let zeros = size.leading_zeros();
            shifts[lane] = 17u32.saturating_sub(zeros);
            let short = (size + ((1 << shifts[lane]) >> 1)) >> shifts[lane];
            reciprocals[lane] = short.max(1) as i32;
            signed[lane] = if own[lane] < 0 { theirs[lane].wrapping_neg() } else { theirs[lane] };
        }
        for lane in 0..LANES {
            reciprocals[lane] = whole_number(1_073_741_824.0 / f64::from(reciprocals[lane]));
        }
        let (mut ratios, mut lefts) = ([0i32; LANES], [0i32; LANES]);
        for lane in 0..LANES {
            let product = i64::from(reciprocals[lane]) * i64::from(signed[lane]);
            let ratio = (product + (1i64 << (14 + shifts[lane]))) >> (15 + shifts[lane]);
            ratios[lane] = ratio.clamp(0, 32768) as i32;
        }
        for lane in 0..LANES {
            ratios[lane] = if own[lane] == 0 { 32768 } else { ratios[lane] };
            lefts[lane] = ((i64::from(ratios[lane]) * i64::from(own[lane]) + 16384) >> 15) as i32;
        }
        bounded([own, theirs, along], &ratios, lefts, self.limit)
    }
}

/// Adds what the weighted coefficients of one direction mask in the other part.
#[inline(always)]
fn mask(part: &mut Part, weighted: &Lanes) {
    for lane in 0..LANES {
        let shown = i64::from(weighted[lane].wrapping_abs());
        let around = ((THIRTIETH * shown - (1 << 31)) >> 32) as i32;
        let at = ((FIFTEENTH * shown - (1 << 31)) >> 32) as i32;
        part.around[lane] = part.around[lane].wrapping_add(around);
        part.more_at[lane] = part.more_at[lane].wrapping_add(at.wrapping_sub(around));
    }
}

/// −1 where the two pictures' detail points in the same direction, within a degree: all of it then counts as restored.
#[inline(always)]
fn along(detail: &[[Lanes; 3]; 2]) -> Lanes {
    let [reference, distorted] = detail;
    let mut along = [0; LANES];
    for lane in 0..LANES {
        let (a, b) = (i64::from(reference[0][lane]), i64::from(reference[1][lane]));
        let (c, d) = (i64::from(distorted[0][lane]), i64::from(distorted[1][lane]));
        // In f32, as in libvmaf; the products are exact in f64.
        let both = f64::from((a * c).wrapping_add(b * d) as f32);
        let own = f64::from((a * a).wrapping_add(b * b) as f32);
        let theirs = f64::from((c * c).wrapping_add(d * d) as f32);
        along[lane] = -i32::from((both >= 0.0) & (both * both >= COSINE_SQUARED * own * theirs));
    }
    along
}

/// 16 numbers starting at `at`.
#[inline(always)]
fn lanes(row: &[i32], at: usize) -> Lanes {
    row[at..].first_chunk().copied().unwrap_or([0; LANES])
}

/// Pairs of 16-bit numbers, one from each row.
#[inline(always)]
fn pairs(upper: &Lanes, lower: &Lanes) -> Lanes {
    let mut out = [0; LANES];
    for lane in 0..LANES {
        out[lane] = upper[lane] & 0xffff | lower[lane] << 16;
    }
    out
}

/// The inputs of 16 coefficients of a row.
#[inline(always)]
fn taken_in(row: &[i32]) -> &[i32; 2 * LANES + 2] {
    row.first_chunk().unwrap_or(&[0; 2 * LANES + 2])
}
