// SPDX-License-Identifier: MPL-2.0

//! A band of rows of one scale: coefficients, restored and added detail, and the sums over both.
//!
//! The arithmetic is that of libvmaf's `integer_adm`: Copyright 2016-2026 Netflix, Inc., BSD-2-Clause-Patent
//! (`models/vmaf/LICENSE`). libvmaf sums the neighbors of each of the three directions separately. Integer sums do not
//! depend on the order, so here there is one sum of all directions, over 3×3 positions.
#![expect(clippy::needless_range_loop, reason = "several arrays side by side, lane by lane")]

use std::marker::PhantomData;
use std::ops::Range;

use super::super::sides::Sides;
use super::coarse::CoarseRows;
use super::fine::FineRows;
use super::kept::KeptRows;
use super::region::{Region, wider};
use super::scale::LowRows;
use super::wavelet::Coefficients;
use crate::simd::{Kernel, LANES, SimdLevel, whole_number};

/// A number for each of 16 adjacent positions.
pub type Lanes = [i32; LANES];

/// A part of the distorted picture's detail at 16 positions, and how the other part masks it.
#[derive(Clone, Copy)]
pub struct Part {
    /// How much the other part's detail at a position masks its neighbors, all directions together.
    pub around: Lanes,
    /// How much more it masks at the position itself.
    pub more_at: Lanes,
    /// The absolute weighted detail of this part, by direction.
    pub detail: [Lanes; 3],
}

impl Default for Part {
    #[inline(always)]
    fn default() -> Self {
        Self { around: [0; LANES], more_at: [0; LANES], detail: [[0; LANES]; 3] }
    }
}

/// The parts of the distorted picture's detail: restored detail, masked by added detail; and with two parts also added
/// detail, masked by restored detail.
pub type Parts<const PARTS: usize> = [Part; PARTS];

/// The arithmetic of a scale.
pub trait Steps {
    /// The vertical filter, for a row of coefficients.
    fn down<L: SimdLevel, S: Sides>(&mut self, level: L, row: usize);
    /// The horizontal filter of that row, for 16 coefficients starting at `column`. 0 for pictures that are not
    /// processed.
    fn across<L: SimdLevel, S: Sides>(&self, level: L, column: usize) -> Coefficients;
    /// Splits the distorted picture's detail into its parts.
    fn split<const PARTS: usize>(&self, detail: &[[Lanes; 3]; 2]) -> Parts<PARTS>;
    /// Cubes of the reference's coefficients.
    fn cubes(&self, coefficients: &Lanes) -> [u64; LANES];
    /// Cubes of a part's coefficients, reduced by the masking threshold before.
    fn masked(&self, detail: &Lanes, threshold: &Lanes, direction: usize) -> [i64; LANES];
}

/// Restored detail where it has the same direction in both pictures: amplified by up to `limit`, but no more than the
/// distorted picture has.
#[inline(always)]
pub fn bounded([own, theirs, along]: [&Lanes; 3], ratios: &Lanes, mut lefts: Lanes, limit: f64) -> Lanes {
    for lane in 0..LANES {
        let (own, theirs, left) = (own[lane], theirs[lane], lefts[lane]);
        let more = f64::from(left) * limit;
        let there = f64::from(theirs);
        let least = if more < there { more } else { there };
        let most = if more > there { more } else { there };
        let bounded = whole_number(if own > 0 { least } else { most });
        let is_bounded = along[lane] & -i32::from((ratios[lane] > 0) & (own != 0));
        lefts[lane] = bounded & is_bounded | left & !is_bounded;
    }
    lefts
}

/// Working memory.
#[derive(Default)]
pub struct Scratch {
    pub fine: FineRows,
    pub coarse: CoarseRows,
    pub ring: Ring,
}

/// Three rows.
#[derive(Default)]
pub struct Ring([Line; 3]);

/// A row, by part.
#[derive(Default)]
struct Line([PartLine; 2]);

/// A part's row. The positions before the first and after the last hold mirrored neighbors.
#[derive(Default)]
struct PartLine {
    around: Vec<i32>,
    more_at: Vec<i32>,
    detail: [Vec<i32>; 3],
}

impl PartLine {
    fn resize(&mut self, width: usize) {
        let length = width.next_multiple_of(LANES) + LANES;
        let all = [&mut self.around, &mut self.more_at].into_iter().chain(&mut self.detail);
        all.for_each(|numbers| numbers.resize(length, 0));
    }

    #[inline(always)]
    fn put(&mut self, column: usize, part: &Part) {
        self.around[1 + column..][..LANES].copy_from_slice(&part.around);
        self.more_at[column..][..LANES].copy_from_slice(&part.more_at);
        for (out, detail) in self.detail.iter_mut().zip(&part.detail) {
            out[column..][..LANES].copy_from_slice(detail);
        }
    }

    fn mirror(&mut self, width: usize) {
        self.around[0] = self.around[2.min(width)];
        self.around[1 + width] = self.around[width];
    }
}

/// Sums over some rows, by direction.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sums {
    /// Of the parts: of restored and of added detail.
    pub parts: [[i64; 3]; 2],
    /// Of the reference's detail.
    pub whole: [u64; 3],
}

impl std::ops::Add for Sums {
    type Output = Self;

    fn add(mut self, other: Self) -> Self {
        for direction in 0..3 {
            for part in 0..2 {
                self.parts[part][direction] += other.parts[part][direction];
            }
            self.whole[direction] += other.whole[direction];
        }
        self
    }
}

/// A band of rows of one scale. Added detail is summed only with two parts.
pub struct Band<'a, T, S, const PARTS: usize> {
    pub steps: T,
    pub sides: PhantomData<S>,
    /// Width and height of the scale's bands.
    pub size: [usize; 2],
    pub region: &'a Region,
    pub rows: Range<usize>,
    /// Right shifts of the sums of a row: of the parts, and of the reference.
    pub shifts: [u32; 2],
    /// The low-pass coefficients of these rows, for the pictures that are processed.
    pub low: [Option<LowRows<'a>>; 2],
    /// Where the reference's detail is written to or read from.
    pub kept: KeptRows<'a>,
    pub ring: &'a mut Ring,
}

impl<T: Steps, S: Sides, const PARTS: usize> Kernel for Band<'_, T, S, PARTS> {
    type Output = Sums;

    #[inline(always)]
    fn run<L: SimdLevel>(mut self, level: L) -> Sums {
        let [width, height] = self.size;
        let region = self.region;
        let lines = self.ring.0.iter_mut().flat_map(|line| &mut line.0[..PARTS]);
        lines.for_each(|line| line.resize(width));
        let counted = self.rows.start.max(region.rows.start)..self.rows.end.min(region.rows.end);
        let seen = if counted.is_empty() { counted.clone() } else { wider(&counted, height) };
        let all = if seen.is_empty() {
            self.rows.clone()
        } else {
            self.rows.start.min(seen.start)..self.rows.end.max(seen.end)
        };
        let mut sums = Sums::default();
        for row in all {
            // Without a next scale, rows outside the region are not needed.
            if !self.has_next() && !seen.contains(&row) {
                continue;
            }
            self.steps.down::<L, S>(level, row);
            self.row(level, row, seen.contains(&row), counted.contains(&row), &mut sums);
            if !S::DISTORTED {
                continue;
            }
            if row > 0 && counted.contains(&(row - 1)) {
                self.masked(row - 1, &mut sums);
            }
            if row + 1 == height && counted.contains(&row) {
                self.masked(row, &mut sums);
            }
        }
        sums
    }
}

impl<T: Steps, S: Sides, const PARTS: usize> Band<'_, T, S, PARTS> {
    /// Whether there is another scale.
    fn has_next(&self) -> bool {
        self.low.iter().any(Option::is_some)
    }

    /// Computes the coefficients of a row. Those in the region are split into parts if the row is `seen`, and summed if
    /// it is `counted`.
    #[inline(always)]
    fn row<L: SimdLevel>(&mut self, level: L, row: usize, seen: bool, counted: bool, sums: &mut Sums) {
        let width = self.size[0];
        let columns = wider(&self.region.columns, width);
        let has_next = self.has_next();
        let line = &mut self.ring.0[row % 3];
        let mut whole = [[0u64; LANES]; 3];
        for column in (0..width).step_by(LANES) {
            let inside = seen && column < columns.end && column + LANES > columns.start;
            if !inside && !has_next {
                continue;
            }
            let mut found = self.steps.across::<L, S>(level, column);
            if self.rows.contains(&row) {
                for picture in S::PICTURES {
                    if let Some(low) = &mut self.low[picture] {
                        low.put(row - self.rows.start, column, &found.low[picture]);
                    }
                }
            }
            if !inside {
                continue;
            }
            if !S::REFERENCE {
                found.detail[0] = self.kept.take();
            } else {
                if !S::DISTORTED {
                    self.kept.put(&found.detail[0]);
                }
                if counted {
                    let counted = inside_of(&self.region.columns, column);
                    for direction in 0..3 {
                        let cubes = self.steps.cubes(&found.detail[0][direction]);
                        for lane in 0..LANES {
                            whole[direction][lane] += cubes[lane] & i64::from(counted[lane]) as u64;
                        }
                    }
                }
            }
            if S::DISTORTED {
                let parts = self.steps.split::<PARTS>(&found.detail);
                for part in 0..PARTS {
                    line.0[part].put(column, &parts[part]);
                }
            }
        }
        line.0[..PARTS].iter_mut().for_each(|line| line.mirror(width));
        if counted && S::REFERENCE {
            for direction in 0..3 {
                let sum: u64 = whole[direction].iter().sum();
                sums.whole[direction] += (sum + ((1 << self.shifts[1]) >> 1)) >> self.shifts[1];
            }
        }
    }

    /// Sums the parts of a row whose neighbors are complete.
    #[inline(always)]
    fn masked(&mut self, row: usize, sums: &mut Sums) {
        for part in 0..PARTS {
            self.masked_part(part, row, &mut sums.parts[part]);
        }
    }

    #[inline(always)]
    fn masked_part(&mut self, part: usize, row: usize, sums: &mut [i64; 3]) {
        let height = self.size[1];
        let above = if row == 0 { 1.min(height - 1) } else { row - 1 };
        let below = (row + 1).min(height - 1);
        let [above, line, below] = [above, row, below].map(|row| &self.ring.0[row % 3].0[part]);
        let columns = &self.region.columns;
        let mut totals = [[0i64; LANES]; 3];
        for column in (columns.start..columns.end).step_by(LANES) {
            let counted = inside_of(columns, column);
            let mut threshold = take(&line.more_at, column);
            for around in [&above.around, &line.around, &below.around] {
                for shift in 0..3 {
                    let around = take(around, column + shift);
                    for lane in 0..LANES {
                        threshold[lane] = threshold[lane].wrapping_add(around[lane]);
                    }
                }
            }
            for direction in 0..3 {
                let own = take(&line.detail[direction], column);
                let found = self.steps.masked(&own, &threshold, direction);
                for lane in 0..LANES {
                    totals[direction][lane] += found[lane] & i64::from(counted[lane]);
                }
            }
        }
        for direction in 0..3 {
            let sum: i64 = totals[direction].iter().sum();
            sums[direction] += (sum + ((1 << self.shifts[0]) >> 1)) >> self.shifts[0];
        }
    }
}

/// 16 numbers starting at `at`; 0 beyond the last.
#[inline(always)]
fn take(numbers: &[i32], at: usize) -> Lanes {
    match numbers[at..].first_chunk() {
        Some(lanes) => *lanes,
        None => {
            let mut lanes = [0; LANES];
            lanes.iter_mut().zip(&numbers[at..]).for_each(|(lane, number)| *lane = *number);
            lanes
        }
    }
}

/// −1 for those of 16 positions that are in a range.
#[inline(always)]
fn inside_of(range: &Range<usize>, start: usize) -> Lanes {
    let (first, end) = (range.start.saturating_sub(start) as i32, range.end.saturating_sub(start) as i32);
    let mut inside = [0; LANES];
    for lane in 0..LANES as i32 {
        inside[lane as usize] = -i32::from((lane >= first) & (lane < end));
    }
    inside
}

/// The squared cosine of a degree in f32, as in libvmaf.
pub const COSINE_SQUARED: f64 = 0.999_695_4_f32 as f64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cosine_is_that_of_libvmaf() {
        let cosine = (std::f64::consts::PI / 180.0).cos();
        assert_eq!(COSINE_SQUARED, f64::from((cosine * cosine) as f32));
    }
}
