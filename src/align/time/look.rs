// SPDX-License-Identifier: MPL-2.0

//! What `auto` looks at: a frame's picture on a coarse grid, and what has changed in it.
//!
//! The grid has 32 × 18 cells. A *change* is what is left of a picture after the best fit (gain and bias, by least
//! squares) of the picture before it has been taken away: neither fades nor flashes of the whole picture are changes,
//! and what does not move is gone. "Before" is the same time ago on both sides, whatever their frame rates. A change
//! is brought to length d/√(d² + n²) with n = [`NOISE`], so that every frame that moves counts about the same, and
//! coding noise does not.

use super::Signature;
use super::signature::COLUMNS as FINE_COLUMNS;
use crate::simd::{Kernel, LANES, SimdLevel, dispatch};

/// Cells in a row of the grid.
const COLUMNS: usize = 32;
/// Rows of the grid.
const ROWS: usize = 18;
/// Cells of the grid.
const CELLS: usize = COLUMNS * ROWS;

/// Cells that have neighbors on all sides.
const INNER: f64 = ((COLUMNS - 2) * (ROWS - 2)) as f64;

/// RMS change of coding noise in a cell, in 8-bit code values.
const NOISE: f64 = 0.5;

/// Variance of a picture without contrast, in 8-bit code values squared: too little to be compared with.
const FLAT: f64 = 4.0;

/// Zeros before and behind a change, so that it can be shifted.
const PADDING: usize = 16;

/// Translations of a picture, by a cell at most in each direction: left to right, row by row.
pub(super) const SHIFTS: usize = 9;

/// A frame as `auto` sees it.
#[derive(Debug, Clone)]
pub(super) struct Look {
    pub number: u64,
    pub running: i64,
    /// Without mean, in 8-bit code values.
    picture: Box<[f32; CELLS]>,
    /// Of the picture.
    variance: f64,
    /// Of the whole picture, in 8-bit code values.
    mean: f64,
    pub change: Option<Change>,
}

/// What is new in a picture.
#[derive(Debug, Clone)]
pub(super) struct Change {
    /// Rows of the grid one after another, without border (zero) for a distorted frame, between `PADDING` zeros.
    cells: Box<[f32; CELLS + 2 * PADDING]>,
    /// The square of its length, 0 to 1; without border.
    pub energy: f32,
    /// ln(1 + TI), with the temporal information in 8-bit code values.
    pub course: f32,
}

/// Which of two pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Reference,
    Distorted,
}

impl Look {
    pub fn new(number: u64, running: i64, signature: &Signature) -> Self {
        let mut picture = Box::new([0.0; CELLS]);
        for (row, out) in signature.cells().chunks_exact(2 * FINE_COLUMNS).zip(picture.chunks_exact_mut(COLUMNS)) {
            let (upper, lower) = row.split_at(FINE_COLUMNS);
            for ((out, upper), lower) in out.iter_mut().zip(upper.as_chunks::<2>().0).zip(lower.as_chunks::<2>().0) {
                *out = (upper[0] + upper[1] + lower[0] + lower[1]) * (255.0 / 4.0);
            }
        }
        let variance = picture.iter().map(|c| c * c).sum::<f32>() / CELLS as f32;
        Self { number, running, picture, variance: f64::from(variance), mean: signature.mean() * 255.0, change: None }
    }

    /// Whether it has anything to compare.
    pub fn shows_something(&self) -> bool {
        self.variance > FLAT
    }

    /// Zero-mean, normalized correlation with a reference's picture, translated by `shift`; without border.
    pub fn similarity(&self, reference: &Self, shift: usize) -> f64 {
        let by = (shift / 3 * COLUMNS + shift % 3) as isize - (COLUMNS + 1) as isize;
        let mut sums = [[0.0_f32; COLUMNS - 2]; 5];
        for row in 1..ROWS - 1 {
            let at = row * COLUMNS + 1;
            let a = &self.picture[at..at + COLUMNS - 2];
            let b = &reference.picture[at.wrapping_add_signed(by)..][..COLUMNS - 2];
            for (lane, (&a, &b)) in a.iter().zip(b).enumerate() {
                for (sum, term) in sums.iter_mut().zip([a, b, a * a, b * b, a * b]) {
                    sum[lane] += term;
                }
            }
        }
        let [a, b, aa, bb, ab] = sums.map(|lanes| f64::from(lanes.iter().sum::<f32>()) / INNER);
        // Half a code value, squared, is noise.
        (ab - a * b) / ((aa - a * a + 0.25).max(0.25) * (bb - b * b + 0.25).max(0.25)).sqrt()
    }

    /// What has changed since `before`.
    pub fn since(&self, before: &Self, role: Role) -> Change {
        let mut cells = Box::new([0.0_f32; CELLS + 2 * PADDING]);
        let (mut product, mut difference) = (0.0_f32, 0.0_f32);
        for (a, b) in self.picture.iter().zip(before.picture.iter()) {
            product += a * b;
            difference += (a - b) * (a - b);
        }
        let step = self.mean - before.mean;
        let course = (f64::from(difference) / CELLS as f64 + step * step).sqrt().ln_1p() as f32;
        let mut energy = 0.0;
        if self.shows_something() && before.shows_something() {
            let gain = (f64::from(product) / CELLS as f64 / before.variance) as f32;
            let out = &mut cells[PADDING..PADDING + CELLS];
            for ((out, a), b) in out.iter_mut().zip(self.picture.iter()).zip(before.picture.iter()) {
                *out = a - gain * b;
            }
            let mut square = 0.0_f32;
            for row in out[COLUMNS..CELLS - COLUMNS].chunks_exact(COLUMNS) {
                square += row[1..COLUMNS - 1].iter().map(|c| c * c).sum::<f32>();
            }
            let length = square + (INNER * NOISE * NOISE) as f32;
            energy = square / length;
            let scale = length.sqrt().recip();
            for cell in out.iter_mut() {
                *cell *= scale;
            }
            if role == Role::Distorted {
                for (row, cells) in out.chunks_exact_mut(COLUMNS).enumerate() {
                    if row == 0 || row == ROWS - 1 {
                        cells.fill(0.0);
                    }
                    (cells[0], cells[COLUMNS - 1]) = (0.0, 0.0);
                }
            }
        }
        Change { cells, energy, course }
    }
}

impl Change {
    /// Too little to be told from noise.
    pub fn is_nothing(&self) -> bool {
        self.energy < 0.05
    }

    /// Products with a reference's change at each translation.
    pub fn products(&self, reference: &Self) -> [f32; SHIFTS] {
        if self.is_nothing() || reference.is_nothing() {
            return [0.0; SHIFTS];
        }
        dispatch(Products(&self.cells, &reference.cells))
    }
}

struct Products<'a>(&'a [f32; CELLS + 2 * PADDING], &'a [f32; CELLS + 2 * PADDING]);

impl Kernel for Products<'_> {
    type Output = [f32; SHIFTS];

    #[inline(always)]
    fn run<L: SimdLevel>(self, _: L) -> [f32; SHIFTS] {
        const LENGTH: usize = CELLS - 2 * COLUMNS;
        let mine = &self.0[PADDING + COLUMNS..][..LENGTH];
        let mut out = [0.0; SHIFTS];
        for (row, out) in out.as_chunks_mut::<3>().0.iter_mut().enumerate() {
            // The distorted frame's border is zero: what wraps around at the ends of rows counts nothing.
            let theirs = &self.1[PADDING + row * COLUMNS - 1..][..LENGTH + 2];
            let mut sums = [[0.0_f32; LANES]; 3];
            for at in (0..LENGTH).step_by(LANES) {
                let a: &[f32] = &mine[at..at + LANES];
                let b: &[f32] = &theirs[at..at + LANES + 2];
                for (shift, sum) in sums.iter_mut().enumerate() {
                    for lane in 0..LANES {
                        sum[lane] += a[lane] * b[lane + shift];
                    }
                }
            }
            for (out, sum) in out.iter_mut().zip(&sums) {
                *out = sum.iter().sum();
            }
        }
        out
    }
}
