// SPDX-License-Identifier: MPL-2.0

//! A band of rows of a scale: coefficients, what is left and what was added, and the sums over both.
//!
//! The arithmetic is that of libvmaf's `integer_adm`: Copyright 2016-2026 Netflix, Inc., BSD-2-Clause-Patent
//! (`models/vmaf/LICENSE`). There each of the three directions' neighbors are summed up by themselves; whole numbers may
//! be added in any order, so that here there is one sum of all directions, over 3×3 places.
#![expect(clippy::needless_range_loop, reason = "several arrays side by side, lane by lane")]

use std::marker::PhantomData;
use std::ops::Range;

use super::coarse::CoarseRows;
use super::fine::FineRows;
use super::kept::{KeptRows, Stored};
use super::region::{Region, wider};
use super::scale::LowRows;
use super::wavelet::Coefficients;
use crate::simd::{Kernel, LANES, SimdLevel, whole_number};

/// A number of each of 16 places side by side.
pub type Lanes = [i32; LANES];

/// What the distorted picture's detail is made of, at 16 places.
pub struct Parts {
    /// What a place's added detail masks at its neighbors, all directions together.
    pub around: Lanes,
    /// How much more it masks at the place itself.
    pub more_at: Lanes,
    /// What is left of the reference's, weighted, without sign; by direction.
    pub left: [Lanes; 3],
}

impl Default for Parts {
    #[inline(always)]
    fn default() -> Self {
        Self { around: [0; LANES], more_at: [0; LANES], left: [[0; LANES]; 3] }
    }
}

/// What of a pair is worked on.
pub trait Part {
    /// Of the reference and the distorted picture, those that are filtered.
    const PICTURES: Range<usize>;
}

/// All of it.
pub struct Both;

/// What the reference alone gives.
pub struct Reference;

/// The rest.
pub struct Distorted;

impl Part for Both {
    const PICTURES: Range<usize> = 0..2;
}

impl Part for Reference {
    const PICTURES: Range<usize> = 0..1;
}

impl Part for Distorted {
    const PICTURES: Range<usize> = 1..2;
}

/// The arithmetic of a scale.
pub trait Steps {
    /// What a coefficient of the detail fits.
    type Stored: Stored;

    /// The filter down the columns, for a row of coefficients.
    fn down<L: SimdLevel, P: Part>(&mut self, level: L, row: usize);
    /// The filter along that row, for 16 coefficients from `column` on.
    fn across<L: SimdLevel, P: Part>(&self, level: L, column: usize) -> Coefficients;
    /// Takes the detail of the reference and of the distorted picture apart.
    fn split(&self, detail: &[[Lanes; 3]; 2]) -> Parts;
    /// What the reference's coefficients add to the detail there was.
    fn cubes(&self, coefficients: &Lanes) -> [u64; LANES];
    /// What coefficients add to the detail that is left, where so much is masked.
    fn masked(&self, left: &Lanes, threshold: &Lanes, direction: usize) -> [i64; LANES];
}

/// What is left of the reference's detail where it points the same way as the distorted picture's: up to `limit` times as
/// much, but no more than is there.
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

/// Three rows of places.
#[derive(Default)]
pub struct Ring([Line; 3]);

/// A row of places. Before the first and behind the last are their neighbors, which mirror what is inside.
#[derive(Default)]
struct Line {
    around: Vec<i32>,
    more_at: Vec<i32>,
    left: [Vec<i32>; 3],
}

impl Line {
    fn resize(&mut self, width: usize) {
        let length = width.next_multiple_of(LANES) + LANES;
        let all = [&mut self.around, &mut self.more_at].into_iter().chain(&mut self.left);
        all.for_each(|numbers| numbers.resize(length, 0));
    }

    #[inline(always)]
    fn put(&mut self, column: usize, parts: &Parts) {
        self.around[1 + column..][..LANES].copy_from_slice(&parts.around);
        self.more_at[column..][..LANES].copy_from_slice(&parts.more_at);
        for (out, left) in self.left.iter_mut().zip(&parts.left) {
            out[column..][..LANES].copy_from_slice(left);
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
    pub left: [i64; 3],
    pub whole: [u64; 3],
}

impl std::ops::Add for Sums {
    type Output = Self;

    fn add(mut self, other: Self) -> Self {
        for direction in 0..3 {
            self.left[direction] += other.left[direction];
            self.whole[direction] += other.whole[direction];
        }
        self
    }
}

/// A band of rows of a scale.
pub struct Band<'a, S: Steps, P> {
    pub part: PhantomData<P>,
    pub steps: S,
    /// Of the scale's bands.
    pub size: [usize; 2],
    pub region: &'a Region,
    pub rows: Range<usize>,
    /// By how many bits the sums of a row are shifted: of what is left, and of what there was.
    pub shifts: [u32; 2],
    /// The low-pass coefficients of these rows, of those pictures that are worked on.
    pub low: [Option<LowRows<'a>>; 2],
    /// Where the reference's detail is put, or taken from.
    pub kept: KeptRows<'a, S::Stored>,
    pub ring: &'a mut Ring,
}

impl<S: Steps, P: Part> Kernel for Band<'_, S, P> {
    type Output = Sums;

    #[inline(always)]
    fn run<L: SimdLevel>(mut self, level: L) -> Sums {
        let [width, height] = self.size;
        let region = self.region;
        self.ring.0.iter_mut().for_each(|line| line.resize(width));
        let counted = self.rows.start.max(region.rows.start)..self.rows.end.min(region.rows.end);
        let seen = if counted.is_empty() { counted.clone() } else { wider(&counted, height) };
        let all = if seen.is_empty() || P::PICTURES.end == 1 {
            self.rows.clone()
        } else {
            self.rows.start.min(seen.start)..self.rows.end.max(seen.end)
        };
        let mut sums = Sums::default();
        for row in all {
            // Without a next scale, rows outside the region are of no use.
            if self.is_last() && !seen.contains(&row) && !self.kept.wants(row) {
                continue;
            }
            self.steps.down::<L, P>(level, row);
            self.row(level, row, seen.contains(&row), counted.contains(&row), &mut sums);
            if P::PICTURES.end == 1 {
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

impl<S: Steps, P: Part> Band<'_, S, P> {
    /// Whether no scale follows.
    #[inline(always)]
    fn is_last(&self) -> bool {
        self.low.iter().all(Option::is_none)
    }

    /// The coefficients of a row, of which those in the region are taken apart if the row is `seen`, and summed up if it
    /// is `counted`.
    #[inline(always)]
    fn row<L: SimdLevel>(&mut self, level: L, row: usize, seen: bool, counted: bool, sums: &mut Sums) {
        let width = self.size[0];
        let columns = wider(&self.region.columns, width);
        let last = self.is_last();
        let seen = seen || self.kept.wants(row);
        let line = &mut self.ring.0[row % 3];
        let mut whole = [[0u64; LANES]; 3];
        for column in (0..width).step_by(LANES) {
            let inside = seen && column < columns.end && column + LANES > columns.start;
            if !inside && last {
                continue;
            }
            let mut found = self.steps.across::<L, P>(level, column);
            if self.rows.contains(&row) {
                for (low, found) in self.low.iter_mut().zip(&found.low) {
                    low.iter_mut().for_each(|low| low.put(row - self.rows.start, column, found));
                }
            }
            if !inside {
                continue;
            }
            self.kept.exchange(row, column, &mut found.detail[0]);
            if P::PICTURES.end == 2 {
                line.put(column, &self.steps.split(&found.detail));
            }
            if counted && P::PICTURES.start == 0 {
                let counted = inside_of(&self.region.columns, column);
                for direction in 0..3 {
                    let cubes = self.steps.cubes(&found.detail[0][direction]);
                    for lane in 0..LANES {
                        whole[direction][lane] += cubes[lane] & i64::from(counted[lane]) as u64;
                    }
                }
            }
        }
        line.mirror(width);
        if counted {
            for direction in 0..3 {
                let sum: u64 = whole[direction].iter().sum();
                sums.whole[direction] += (sum + ((1 << self.shifts[1]) >> 1)) >> self.shifts[1];
            }
        }
    }

    /// Sums up what is left in a row, when its neighbors are there.
    #[inline(always)]
    fn masked(&mut self, row: usize, sums: &mut Sums) {
        let height = self.size[1];
        let above = if row == 0 { 1.min(height - 1) } else { row - 1 };
        let below = (row + 1).min(height - 1);
        let [above, line, below] = [above, row, below].map(|row| &self.ring.0[row % 3]);
        let columns = &self.region.columns;
        let mut left = [[0i64; LANES]; 3];
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
                let own = take(&line.left[direction], column);
                let found = self.steps.masked(&own, &threshold, direction);
                for lane in 0..LANES {
                    left[direction][lane] += found[lane] & i64::from(counted[lane]);
                }
            }
        }
        for direction in 0..3 {
            let sum: i64 = left[direction].iter().sum();
            sums.left[direction] += (sum + ((1 << self.shifts[0]) >> 1)) >> self.shifts[0];
        }
    }
}

/// 16 numbers from a place on; 0 behind the last.
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

/// Which of 16 places are in a range: −1.
#[inline(always)]
fn inside_of(range: &Range<usize>, start: usize) -> Lanes {
    let (first, end) = (range.start.saturating_sub(start) as i32, range.end.saturating_sub(start) as i32);
    let mut inside = [0; LANES];
    for lane in 0..LANES as i32 {
        inside[lane as usize] = -i32::from((lane >= first) & (lane < end));
    }
    inside
}

/// The square of a degree's cosine, in f32, as libvmaf has it.
pub const COSINE_SQUARED: f64 = 0.999_695_4_f32 as f64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_degree_is_libvmafs() {
        let cosine = (std::f64::consts::PI / 180.0).cos();
        assert_eq!(COSINE_SQUARED, f64::from((cosine * cosine) as f32));
    }
}
