// SPDX-License-Identifier: MPL-2.0

//! The finest scale: samples in, coefficients of 16 bits.
//!
//! The arithmetic is that of libvmaf's `integer_adm`: Copyright 2016-2026 Netflix, Inc., BSD-2-Clause-Patent
//! (`models/vmaf/LICENSE`).
#![expect(clippy::needless_range_loop, reason = "several arrays side by side, lane by lane")]

use super::super::plane::Plane;
use super::super::sides::Sides;
use super::super::taps::{OFFSET, REACH, interleave, pairs, vector};
use super::rows::{COSINE_SQUARED, Lanes, Part, Parts, Steps, bounded};
use super::wavelet::{Coefficients, FILTERS, Row, filtered, taken};
use crate::simd::{LANES, SimdLevel, whole_number};

/// 1/15, scaled by 2¹⁷.
const FIFTEENTH: i32 = 8738;
/// 1/30, scaled by 2¹⁷.
const THIRTIETH: i32 = 4369;
/// Rounding terms for weighted coefficients, by direction.
const ROUND: [i32; 3] = [16384, 16384, 65535];
/// Right shifts of weighted coefficients, by direction.
const SHIFT: [i32; 3] = [15, 15, 17];

/// Vertically filtered rows of both pictures: low-pass and high-pass.
#[derive(Default)]
pub struct FineRows([[Row<i16>; 2]; 2]);

/// The input of the finest scale.
pub struct Fine<'a> {
    pub pictures: [&'a Plane; 2],
    pub depth: u32,
    pub limit: f64,
    /// Weights of the three directions.
    pub weights: [i32; 3],
    pub rows: &'a mut FineRows,
    /// Right shifts of cubes.
    pub shifts: [u32; 3],
}

impl Steps for Fine<'_> {
    #[inline(always)]
    fn down<L: SimdLevel, S: Sides>(&mut self, level: L, row: usize) {
        let width = self.pictures[0].width;
        let middle = (OFFSET - (1 << (self.depth - 1))) as i16;
        for index in S::PICTURES {
            let (picture, out) = (self.pictures[index], &mut self.rows.0[index]);
            let [a, b, c, d] = taken(row, picture.height).map(|y| &picture.row(y)[REACH..]);
            out.iter_mut().for_each(|row| row.resize(width));
            let [low, high] = out;
            for x in (0..width).step_by(LANES) {
                let first = interleave(&centered(vector(a, x), middle), &centered(vector(b, x), middle));
                let second = interleave(&centered(vector(c, x), middle), &centered(vector(d, x), middle));
                for (filter, out) in FILTERS.iter().zip([&mut *low, &mut *high]) {
                    let sums = filtered(level, &first, &second, filter, 1 << (self.depth - 1));
                    let out = &mut out.at(x)[..LANES];
                    for lane in 0..LANES {
                        out[lane] = (sums[lane] >> self.depth) as i16;
                    }
                }
            }
            low.reflect(width);
            high.reflect(width);
        }
    }

    #[inline(always)]
    fn across<L: SimdLevel, S: Sides>(&self, level: L, column: usize) -> Coefficients {
        let mut found = Coefficients { low: [[0; LANES]; 2], detail: [[[0; LANES]; 3]; 2] };
        for picture in S::PICTURES {
            let [low, high] = &self.rows.0[picture];
            let (low, high) = (low.from(column), high.from(column));
            let low = [pairs(low), pairs(&low[2..])];
            let high = [pairs(high), pairs(&high[2..])];
            found.low[picture] = across(level, &low, 0);
            found.detail[picture][0] = across(level, &high, 0);
            found.detail[picture][1] = across(level, &low, 1);
            found.detail[picture][2] = across(level, &high, 1);
        }
        found
    }

    #[inline(always)]
    fn split<const PARTS: usize>(&self, detail: &[[Lanes; 3]; 2]) -> Parts<PARTS> {
        let [reference, distorted] = detail;
        let along = self.along(detail);
        let mut parts = [Part::default(); PARTS];
        for direction in 0..3 {
            let (own, theirs) = (&reference[direction], &distorted[direction]);
            let left = self.left(own, theirs, &along);
            let weight = self.weights[direction];
            let mut weighted = [[0; LANES]; 2];
            for lane in 0..LANES {
                weighted[0][lane] = left[lane] * weight;
                weighted[1][lane] = (theirs[lane] - left[lane]) * weight;
            }
            for part in 0..PARTS {
                mask(&mut parts[part], &weighted[1 - part], direction);
                for lane in 0..LANES {
                    parts[part].detail[direction][lane] = weighted[part][lane].abs();
                }
            }
        }
        parts
    }

    #[inline(always)]
    fn cubes(&self, coefficients: &Lanes) -> [u64; LANES] {
        let mut found = [0; LANES];
        for lane in 0..LANES {
            let size = coefficients[lane].unsigned_abs();
            found[lane] = u64::from(size * size) * u64::from(size);
        }
        found
    }

    #[inline(always)]
    fn masked(&self, detail: &Lanes, threshold: &Lanes, direction: usize) -> [i64; LANES] {
        let [shift_threshold, shift_square] = if direction < 2 { [10, 29] } else { [12, 30] };
        let shift = self.shifts[direction];
        let mut found = [0; LANES];
        for lane in 0..LANES {
            let rest = i64::from(detail[lane].wrapping_sub(threshold[lane] << shift_threshold).max(0));
            let square = ((rest * rest + (1 << (shift_square - 1))) >> shift_square) as i32;
            found[lane] = (i64::from(square) * rest + ((1 << shift) >> 1)) >> shift;
        }
        found
    }
}

impl Fine<'_> {
    /// −1 where the two pictures' detail points in the same direction, within a degree: all of it then counts as
    /// restored.
    #[inline(always)]
    fn along(&self, detail: &[[Lanes; 3]; 2]) -> Lanes {
        let [reference, distorted] = detail;
        let mut along = [0; LANES];
        for lane in 0..LANES {
            let (a, b) = (reference[0][lane], reference[1][lane]);
            let (c, d) = (distorted[0][lane], distorted[1][lane]);
            // In f32, as in libvmaf; the products are exact in f64.
            let both = f64::from((a * c).wrapping_add(b * d) as f32);
            let own = f64::from((a * a).wrapping_add(b * b) as f32);
            let theirs = f64::from((c * c).wrapping_add(d * d) as f32);
            along[lane] = -i32::from((both >= 0.0) & (both * both >= COSINE_SQUARED * own * theirs));
        }
        along
    }

    /// The restored part of the reference's detail.
    #[inline(always)]
    fn left(&self, own: &Lanes, theirs: &Lanes, along: &Lanes) -> Lanes {
        let (mut ratios, mut lefts) = ([0; LANES], [0; LANES]);
        for lane in 0..LANES {
            // 2³⁰ over the size, truncated: exact in f64, as is its product with 16 bits.
            let (own, theirs) = (own[lane], theirs[lane]);
            let reciprocal = f64::from(whole_number(1_073_741_824.0 / f64::from(own.abs().max(1))));
            let signed = f64::from(if own < 0 { -theirs } else { theirs });
            let ratio = (reciprocal * signed + 16384.0) * (1.0 / 32768.0);
            let ratio = if ratio < 32768.0 { ratio } else { 32768.0 };
            let ratio = if ratio > 0.0 { ratio } else { 0.0 };
            ratios[lane] = whole_number(ratio);
        }
        for lane in 0..LANES {
            ratios[lane] = if own[lane] == 0 { 32768 } else { ratios[lane] };
            lefts[lane] = (ratios[lane] * own[lane] + 16384) >> 15;
        }
        bounded([own, theirs, along], &ratios, lefts, self.limit)
    }
}

/// Adds what the weighted coefficients of one direction mask in the other part.
#[inline(always)]
fn mask(part: &mut Part, weighted: &Lanes, direction: usize) {
    for lane in 0..LANES {
        let shown = (weighted[lane] + ROUND[direction]) >> SHIFT[direction];
        let shown = i32::from(shown as i16).abs();
        let around = i32::from(((THIRTIETH * shown + 2048) >> 12) as i16);
        let at = i32::from(((FIFTEENTH * shown + 2048) >> 12) as i16);
        part.around[lane] += around;
        part.more_at[lane] += at - around;
    }
}

/// The horizontal filter, whose taps are in two lists of pairs.
#[inline(always)]
fn across<L: SimdLevel>(level: L, row: &[Lanes; 2], filter: usize) -> Lanes {
    let mut sums = filtered(level, &row[0], &row[1], &FILTERS[filter], 1 << 15);
    for lane in 0..LANES {
        sums[lane] >>= 16;
    }
    sums
}

/// Samples less the middle of their range.
#[inline(always)]
fn centered(row: &[i16; LANES], middle: i16) -> [i16; LANES] {
    let mut out = [0; LANES];
    for lane in 0..LANES {
        out[lane] = row[lane].wrapping_add(middle);
    }
    out
}
