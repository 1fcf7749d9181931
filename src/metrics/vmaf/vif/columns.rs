// SPDX-License-Identifier: MPL-2.0

//! The filters over a band of rows: first vertical, then horizontal.
//!
//! The arithmetic is that of libvmaf's `integer_vif`: Copyright 2016-2026 Netflix, Inc., BSD-2-Clause-Patent
//! (`models/vmaf/LICENSE`).
#![expect(clippy::needless_range_loop, reason = "several arrays side by side, lane by lane")]

use std::marker::PhantomData;
use std::ops::Range;

use super::super::plane::{Plane, Rows};
use super::super::sides::Sides;
use super::super::taps::{COLUMNS, OFFSET, REACH, TILE, Tap, Taps, vector};
use super::Format;
use super::kept::KeptRows;
use super::statistics::{Statistics, Sums, Windows};
use crate::simd::{Kernel, LANES, SimdLevel};

/// Vectors of columns in a tile, including its borders.
const VECTORS: usize = COLUMNS / LANES;
/// Pairs of rows covered by the longest filter.
const PAIRS: usize = REACH + 1;
/// The reference and the distorted picture; the low halves of three products (of the reference with itself, of the
/// distorted picture with itself, and of both); and their high halves.
const PLANES: usize = 8;
/// How many of the planes are pictures.
const PICTURES: usize = 2;
/// How many planes come before the high halves.
const LOW: usize = 5;
/// The start of an unsigned sum: 0, less [`OFFSET`] times 2¹⁶.
const START: i32 = i32::MIN;

/// Working memory.
pub struct Scratch(Box<Memory>);

#[repr(C, align(64))]
struct Memory {
    /// Pairs of rows, interleaved, less [`OFFSET`].
    ring: [Slot; PAIRS],
    /// Two vertically filtered rows, less [`OFFSET`].
    rows: [Halves; 2],
    /// The same for the next scale.
    half: [[i16; COLUMNS]; 2],
}

impl Default for Scratch {
    fn default() -> Self {
        Self(Box::new(Memory {
            ring: [[[[0; LANES]; VECTORS]; PLANES]; PAIRS],
            rows: [[[0; COLUMNS]; PLANES]; 2],
            half: [[0; COLUMNS]; 2],
        }))
    }
}

/// A band of rows; the first row is even.
pub struct Band<'a, P> {
    pub sides: PhantomData<P>,
    pub pictures: [&'a Plane; 2],
    pub format: &'a Format,
    pub rows: Range<usize>,
    /// The rows of the next scale, for the pictures that are processed.
    pub halves: [Option<Rows<'a>>; 2],
    /// Where the reference's windows are written to or read from.
    pub kept: KeptRows<'a>,
    pub scratch: &'a mut Scratch,
}

impl<P: Sides> Kernel for Band<'_, P> {
    type Output = Sums;

    #[inline(always)]
    fn run<L: SimdLevel>(mut self, level: L) -> Sums {
        let width = self.pictures[0].width;
        let mut sums = Sums::default();
        for start in (0..width).step_by(TILE) {
            let mut statistics = Statistics::default();
            match self.format.wide {
                true => self.tile::<L, true>(level, start, &mut statistics),
                false => self.tile::<L, false>(level, start, &mut statistics),
            }
            sums = sums + statistics.sums();
        }
        for half in self.halves.iter_mut().flatten() {
            (0..half.count()).for_each(|y| half.mirror(y));
        }
        sums
    }
}

impl<P: Sides> Band<'_, P> {
    /// Processes the columns from `start` on.
    #[inline(always)]
    fn tile<L: SimdLevel, const WIDE: bool>(&mut self, level: L, start: usize, statistics: &mut Statistics) {
        let width = (self.pictures[0].width - start).min(TILE);
        let vectors = (width.next_multiple_of(2 * LANES) + 2 * REACH) / LANES;
        let reach = self.format.window.reach;
        let pairs = self.format.window.pairs();
        let first = self.rows.start as isize - reach as isize;
        for pair in 0..pairs - 1 {
            self.fill::<WIDE>(pair, first + 2 * pair as isize, start, vectors);
        }
        for step in 0..self.rows.len().div_ceil(2) {
            let newest = step + pairs - 1;
            self.fill::<WIDE>(newest % pairs, first + 2 * newest as isize, start, vectors);
            let oldest = step % pairs;
            self.down::<L, WIDE>(level, oldest, vectors);
            self.halve(level, step, oldest, start, width, vectors);
            let rows = (self.rows.len() - 2 * step).min(2);
            for row in 0..rows {
                self.along::<L, WIDE>(level, row, width, statistics);
            }
        }
    }

    /// Stores rows `y` and `y + 1`, with their products, in the ring.
    #[inline(always)]
    fn fill<const WIDE: bool>(&mut self, slot: usize, y: isize, start: usize, vectors: usize) {
        let rows = self.pictures.map(|picture| [picture.reflected_row(y), picture.reflected_row(y + 1)]);
        let slot = &mut self.scratch.0.ring[slot];
        for v in 0..vectors {
            let at = start + v * LANES;
            // No closures, because they would not always be inlined.
            let reference = [unsigned(vector(rows[0][0], at)), unsigned(vector(rows[0][1], at))];
            let distorted = [unsigned(vector(rows[1][0], at)), unsigned(vector(rows[1][1], at))];
            if P::REFERENCE {
                slot[0][v] = join(&reference[0], &reference[1]);
                put_products::<WIDE>(slot, v, 0, [&reference, &reference]);
            }
            if P::DISTORTED {
                slot[1][v] = join(&distorted[0], &distorted[1]);
                put_products::<WIDE>(slot, v, 1, [&distorted, &distorted]);
                put_products::<WIDE>(slot, v, 2, [&reference, &distorted]);
            }
        }
    }

    /// The vertical filter, for two rows.
    #[inline(always)]
    fn down<L: SimdLevel, const WIDE: bool>(&mut self, level: L, oldest: usize, vectors: usize) {
        let Memory { ring, rows, .. } = &mut *self.scratch.0;
        let [shift, shift_squares] = self.format.shifts;
        let window = &self.format.window;
        let pairs = window.pairs();
        let mut slots = [&ring[0]; PAIRS];
        for pair in 0..pairs {
            slots[pair] = &ring[(oldest + pair) % pairs];
        }
        let down = Down { level, slots: &slots, taps: &window.taps, shifts: [shift, shift_squares] };
        let mut v = 0;
        while v + 1 < vectors {
            down.vectors::<P, WIDE, 2>(rows, v);
            v += 2;
        }
        if v < vectors {
            down.vectors::<P, WIDE, 1>(rows, v);
        }
    }

    /// Computes the row of the next scale from the two rows.
    #[inline(always)]
    fn halve<L: SimdLevel>(
        &mut self,
        level: L,
        step: usize,
        oldest: usize,
        start: usize,
        width: usize,
        vectors: usize,
    ) {
        let Some(taps) = &self.format.half else { return };
        let Memory { ring, half, .. } = &mut *self.scratch.0;
        let pairs = self.format.window.pairs();
        let skipped = (self.format.window.reach - taps.reach) / 2;
        for picture in P::PICTURES {
            let Some(halves) = self.halves[picture].as_mut().filter(|halves| step < halves.count()) else { continue };
            for v in 0..vectors {
                let mut sums = level.sums(START);
                for tap in &taps.taps {
                    let slot = &ring[(oldest + skipped + tap.pair) % pairs];
                    sums = level.dot(&slot[picture][v], tap.weights[0], sums);
                }
                put(&mut half[picture], v, &rounded_lanes(&level.lanes(sums), self.format.shifts[0]));
            }
            let row = &mut halves.row(step)[start / 2..];
            let outputs = (width / 2).min(row.len());
            put_halves(level, taps, &half[picture], &mut row[..outputs]);
        }
    }

    /// The horizontal filter of a row, and the statistics of its windows.
    #[inline(always)]
    fn along<L: SimdLevel, const WIDE: bool>(
        &mut self,
        level: L,
        row: usize,
        width: usize,
        statistics: &mut Statistics,
    ) {
        let planes = &self.scratch.0.rows[row];
        let window = &self.format.window;
        for x in (0..width).step_by(2 * LANES) {
            let mut means = [[[0; LANES]; 2]; 2];
            let mut products = [[[0; LANES]; 2]; 3];
            for picture in P::PICTURES {
                let [sums] = window.across(level, [&planes[picture]], x + REACH, START);
                means[picture] = [unsigned_lanes(&sums[0]), unsigned_lanes(&sums[1])];
            }
            for product in P::PRODUCTS {
                let halves = [&planes[PICTURES + product][..], &planes[LOW + product][..]];
                let [low, high] = window.across(level, halves, x + REACH, START);
                products[product] = [wide(&high[0], &low[0], 16), wide(&high[1], &low[1], 16)];
            }
            for odd in 0..2 {
                // With an odd number, there is one more even position than odd ones.
                let inside = (width - x + 1 - odd) / 2;
                let reference = if P::REFERENCE {
                    let reference = Windows::new(level, means[0][odd], &products[0][odd]);
                    self.kept.put(&reference);
                    statistics.add_reference(level, &reference, inside);
                    reference
                } else {
                    self.kept.take()
                };
                if P::DISTORTED {
                    let products = [&products[1][odd], &products[2][odd]];
                    statistics.add_distorted(level, &reference, &means[1][odd], products, inside, self.format.limit);
                }
            }
        }
    }
}

/// A pair of rows in the ring: by plane and vector.
type Slot = [[[i32; LANES]; VECTORS]; PLANES];

/// A vertically filtered row, by plane.
type Halves = [[i16; COLUMNS]; PLANES];

/// Stores a product of two rows of both pictures in the ring.
#[inline(always)]
fn put_products<const WIDE: bool>(slot: &mut Slot, vector: usize, product: usize, [a, b]: [&[[u32; LANES]; 2]; 2]) {
    let (upper, lower) = (multiply::<WIDE>(&a[0], &b[0]), multiply::<WIDE>(&a[1], &b[1]));
    slot[PICTURES + product][vector] = join(&upper, &lower);
    if WIDE {
        slot[LOW + product][vector] = join(&high_half(&upper), &high_half(&lower));
    }
}

/// Stores a product in a vertically filtered row, in halves.
#[inline(always)]
fn put_square<const WIDE: bool>(
    row: &mut Halves,
    product: usize,
    vector: usize,
    [low, high]: [&[i32; LANES]; 2],
    shift: u32,
) {
    let square = if WIDE { wide(high, low, shift) } else { unsigned_lanes(low) };
    put(&mut row[PICTURES + product], vector, &square);
    put(&mut row[LOW + product], vector, &high_half(&square));
}

/// The vertical filter.
struct Down<'a, L> {
    level: L,
    /// Pairs of rows, from the first that the filter covers.
    slots: &'a [&'a Slot; PAIRS],
    taps: &'a [Tap],
    /// Right shifts of sums: of samples, and of squares.
    shifts: [u32; 2],
}

impl<L: SimdLevel> Down<'_, L> {
    /// Some vectors of all planes, from `v` on: an even row and the odd one after it. Several vectors share the loading
    /// of weights.
    #[inline(always)]
    fn vectors<P: Sides, const WIDE: bool, const VECTORS: usize>(&self, rows: &mut [Halves; 2], v: usize) {
        let [shift, shift_squares] = self.shifts;
        for picture in P::PICTURES {
            let found = self.sums::<VECTORS>(picture, v);
            for vector in 0..VECTORS {
                for row in 0..2 {
                    put(&mut rows[row][picture], v + vector, &rounded_lanes(&found[vector][row], shift));
                }
            }
        }
        for product in P::PRODUCTS {
            let low = self.sums::<VECTORS>(PICTURES + product, v);
            let high = if WIDE { self.sums::<VECTORS>(LOW + product, v) } else { [[[0; LANES]; 2]; VECTORS] };
            for vector in 0..VECTORS {
                for row in 0..2 {
                    let halves = [&low[vector][row], &high[vector][row]];
                    put_square::<WIDE>(&mut rows[row], product, v + vector, halves, shift_squares);
                }
            }
        }
    }

    /// The sums of a plane, around an even row and around the odd one after it.
    #[inline(always)]
    fn sums<const VECTORS: usize>(&self, plane: usize, v: usize) -> [[[i32; LANES]; 2]; VECTORS] {
        let mut sums = [[self.level.sums(START); 2]; VECTORS];
        for tap in self.taps {
            let two: &[[i32; LANES]] = &self.slots[tap.pair][plane][v..][..VECTORS];
            for vector in 0..VECTORS {
                sums[vector][0] = self.level.dot(&two[vector], tap.weights[0], sums[vector][0]);
                sums[vector][1] = self.level.dot(&two[vector], tap.weights[1], sums[vector][1]);
            }
        }
        let mut found = [[[0; LANES]; 2]; VECTORS];
        for vector in 0..VECTORS {
            found[vector] = [self.level.lanes(sums[vector][0]), self.level.lanes(sums[vector][1])];
        }
        found
    }
}

/// Samples with [`OFFSET`] added back.
#[inline(always)]
fn unsigned(samples: &[i16; LANES]) -> [u32; LANES] {
    let mut out = [0; LANES];
    for lane in 0..LANES {
        out[lane] = u32::from(samples[lane] as u16 ^ 0x8000);
    }
    out
}

/// The low halves of two rows in stored form, as vertical pairs.
#[inline(always)]
fn join(upper: &[u32; LANES], lower: &[u32; LANES]) -> [i32; LANES] {
    let mut out = [0; LANES];
    for lane in 0..LANES {
        out[lane] = ((upper[lane] & 0xffff | lower[lane] << 16) ^ 0x8000_8000) as i32;
    }
    out
}

#[inline(always)]
fn multiply<const WIDE: bool>(a: &[u32; LANES], b: &[u32; LANES]) -> [u32; LANES] {
    let mut out = [0; LANES];
    for lane in 0..LANES {
        out[lane] = match WIDE {
            true => a[lane].wrapping_mul(b[lane]),
            // With 8 bits, the product has 16.
            false => u32::from((a[lane] as u16).wrapping_mul(b[lane] as u16)),
        };
    }
    out
}

#[inline(always)]
fn high_half(numbers: &[u32; LANES]) -> [u32; LANES] {
    let mut out = [0; LANES];
    for lane in 0..LANES {
        out[lane] = numbers[lane] >> 16;
    }
    out
}

#[inline(always)]
fn unsigned_lanes(sums: &[i32; LANES]) -> [u32; LANES] {
    let mut out = [0; LANES];
    for lane in 0..LANES {
        out[lane] = sums[lane] as u32;
    }
    out
}

#[inline(always)]
fn rounded_lanes(sums: &[i32; LANES], shift: u32) -> [u32; LANES] {
    let mut out = [0; LANES];
    for lane in 0..LANES {
        out[lane] = rounded(sums[lane] as u32, shift);
    }
    out
}

/// Combines the sums of two halves and divides by a power of two.
#[inline(always)]
fn wide(high: &[i32; LANES], low: &[i32; LANES], shift: u32) -> [u32; LANES] {
    let mut out = [0; LANES];
    for lane in 0..LANES {
        out[lane] = ((high[lane] as u32) << (16 - shift)).wrapping_add(rounded(low[lane] as u32, shift));
    }
    out
}

/// Stores the low halves in a row.
#[inline(always)]
fn put(row: &mut [i16; COLUMNS], vector: usize, numbers: &[u32; LANES]) {
    let out = &mut row[vector * LANES..][..LANES];
    for lane in 0..LANES {
        out[lane] = stored(numbers[lane]);
    }
}

/// Filters every second position of a row.
#[inline(always)]
fn put_halves<L: SimdLevel>(level: L, taps: &Taps, row: &[i16; COLUMNS], out: &mut [i16]) {
    for (index, out) in out.chunks_mut(LANES).enumerate() {
        let sums = taps.across_even(level, row, index * 2 * LANES + REACH, START);
        let mut halves = [0; LANES];
        for lane in 0..LANES {
            halves[lane] = stored(rounded(sums[lane] as u32, 16));
        }
        out.copy_from_slice(&halves[..out.len()]);
    }
}

/// Divides by a power of two, rounding to nearest, halves up.
#[inline(always)]
fn rounded(number: u32, shift: u32) -> u32 {
    number.wrapping_add((1 << shift) >> 1) >> shift
}

/// The low 16 bits in stored form.
#[inline(always)]
fn stored(number: u32) -> i16 {
    (number as u16 ^ OFFSET as u16) as i16
}
