// SPDX-License-Identifier: MPL-2.0

//! Motion: the difference of a reference picture from the previous one, both low-pass filtered.
//!
//! The arithmetic is that of libvmaf's `integer_motion`: Copyright 2016-2026 Netflix, Inc., BSD-2-Clause-Patent
//! (`models/vmaf/LICENSE`). The difference is filtered, which equals the difference of the filtered pictures.

use std::ops::Range;

use super::plane::{BAND, Plane};
use super::taps::{COLUMNS, FILTERS, REACH, TILE, Taps, interleave, vector};
use crate::metrics::workers::Workers;
use crate::simd::{Kernel, LANES, SimdLevel};

/// Vectors of columns in a tile, including its borders.
const VECTORS: usize = COLUMNS / LANES;
/// Pairs of rows covered by the filter of five taps.
const PAIRS: usize = 3;

/// The mean absolute difference of two pictures after a low-pass filter, in units of 8-bit samples.
pub fn difference(workers: &Workers, pictures: [&Plane; 2], depth: u8) -> f64 {
    let [width, height] = [pictures[0].width, pictures[0].height];
    let taps = Taps::new(FILTERS[2]);
    let sums = workers.each(height.div_ceil(BAND), width * height, |index, scratch| {
        let rows = index * BAND..((index + 1) * BAND).min(height);
        let scratch = scratch.vmaf.motion.get_or_insert_default();
        workers.level.run_whole(Band { pictures, taps: &taps, depth: u32::from(depth), rows, scratch })
    });
    sums.iter().sum::<u64>() as f64 / 256.0 / (width * height) as f64
}

/// Working memory.
pub struct Scratch(Box<Memory>);

#[repr(C, align(64))]
struct Memory {
    /// Differences of pairs of rows, interleaved.
    ring: [[[i32; LANES]; VECTORS]; PAIRS],
    /// Two vertically filtered rows: halved values, and the bit lost by halving.
    rows: [[[i16; COLUMNS]; 2]; 2],
}

impl Default for Scratch {
    fn default() -> Self {
        Self(Box::new(Memory { ring: [[[0; LANES]; VECTORS]; PAIRS], rows: [[[0; COLUMNS]; 2]; 2] }))
    }
}

/// A band of rows; the first row is even.
struct Band<'a> {
    pictures: [&'a Plane; 2],
    taps: &'a Taps,
    depth: u32,
    rows: Range<usize>,
    scratch: &'a mut Scratch,
}

impl Kernel for Band<'_> {
    type Output = u64;

    #[inline(always)]
    fn run<L: SimdLevel>(mut self, level: L) -> u64 {
        let width = self.pictures[0].width;
        let mut sum = 0;
        for start in (0..width).step_by(TILE) {
            sum += self.tile(level, start);
        }
        sum
    }
}

impl Band<'_> {
    /// Processes the columns from `start` on.
    #[inline(always)]
    fn tile<L: SimdLevel>(&mut self, level: L, start: usize) -> u64 {
        let width = (self.pictures[0].width - start).min(TILE);
        let vectors = (width.next_multiple_of(2 * LANES) + 2 * REACH) / LANES;
        let first = self.rows.start as isize - self.taps.reach as isize;
        let mut sum = 0;
        for pair in 0..PAIRS - 1 {
            self.fill(pair, first + 2 * pair as isize, start, vectors);
        }
        for step in 0..self.rows.len().div_ceil(2) {
            let newest = step + PAIRS - 1;
            self.fill(newest % PAIRS, first + 2 * newest as isize, start, vectors);
            self.down(level, step % PAIRS, vectors);
            for row in 0..(self.rows.len() - 2 * step).min(2) {
                sum += self.along(level, row, width);
            }
        }
        sum
    }

    /// Stores the differences of rows `y` and `y + 1` in the ring.
    #[inline(always)]
    fn fill(&mut self, slot: usize, y: isize, start: usize, vectors: usize) {
        let rows = self.pictures.map(|picture| [picture.reflected_row(y), picture.reflected_row(y + 1)]);
        for v in 0..vectors {
            let at = start + v * LANES;
            let mut two = [[0i16; LANES]; 2];
            for row in 0..2 {
                let (before, now) = (vector(rows[0][row], at), vector(rows[1][row], at));
                for lane in 0..LANES {
                    two[row][lane] = before[lane].wrapping_sub(now[lane]);
                }
            }
            self.scratch.0.ring[slot][v] = interleave(&two[0], &two[1]);
        }
    }

    /// The vertical filter, for two rows. Results have 17 bits.
    #[inline(always)]
    fn down<L: SimdLevel>(&mut self, level: L, oldest: usize, vectors: usize) {
        let Memory { ring, rows } = &mut *self.scratch.0;
        for v in 0..vectors {
            let start = 1 << (self.depth - 1);
            let (mut even, mut odd) = (level.sums(start), level.sums(start));
            for tap in &self.taps.taps {
                let two = &ring[(oldest + tap.pair) % PAIRS][v];
                even = level.dot(two, tap.weights[0], even);
                odd = level.dot(two, tap.weights[1], odd);
            }
            for (row, sums) in rows.iter_mut().zip([level.lanes(even), level.lanes(odd)]) {
                let [halves, lost] = row;
                let (halves, lost) = (&mut halves[v * LANES..][..LANES], &mut lost[v * LANES..][..LANES]);
                for lane in 0..LANES {
                    let number = sums[lane] >> self.depth;
                    halves[lane] = (number >> 1) as i16;
                    lost[lane] = (number & 1) as i16;
                }
            }
        }
    }

    /// The horizontal filter of a row, and the sum of its results.
    #[inline(always)]
    fn along<L: SimdLevel>(&mut self, level: L, row: usize, width: usize) -> u64 {
        let [halves, lost] = &self.scratch.0.rows[row];
        let mut total = [0u32; LANES];
        for x in (0..width).step_by(2 * LANES) {
            // Rounds the lost bits when they are halved.
            let [halves, lost] = self.taps.across(level, [halves, lost], x + REACH, 0);
            for odd in 0..2 {
                let inside = (width - x + 1 - odd) / 2;
                let (halves, lost) = (&halves[odd], &lost[odd]);
                for lane in 0..LANES {
                    let number = (halves[lane] + ((lost[lane] + (1 << 15)) >> 1)) >> 15;
                    total[lane] += if lane < inside { number.unsigned_abs() } else { 0 };
                }
            }
        }
        total.iter().map(|&lane| u64::from(lane)).sum()
    }
}
