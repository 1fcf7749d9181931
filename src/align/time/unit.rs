// SPDX-License-Identifier: MPL-2.0

//! The distance of two pictures, block by block.
//!
//! A signature is scaled to unit length and divided into 4 × 6 blocks of 16 × 6 cells, each without its mean. The
//! distance of two blocks is one minus their zero-mean, normalized correlation (ITU-T J.144, J.247): 0 for equal
//! pictures, about 1 for unrelated ones, whatever their gain and bias. Something that covers a part of the picture,
//! such as a caption, affects a few blocks and leaves the others unchanged.

use super::signature::{CELLS, COLUMNS, ROWS, dot};
use crate::simd::{Kernel, LANES, SimdLevel, dispatch};

/// Blocks of a picture.
pub(super) const BLOCKS: usize = ACROSS * DOWN;

/// Blocks across, then down.
const ACROSS: usize = COLUMNS / LANES;
const DOWN: usize = 6;

/// Cells of a block.
const SIZE: usize = CELLS / BLOCKS;

/// Variance of blank cells: one 8-bit code value, squared.
const NOTHING: f32 = 1.0 / (255.0 * 255.0);

/// Share of a picture, by its content, that two pictures must have in common to be alike.
const COMMON: f32 = 0.5;

/// Block distances below this are rounding errors.
pub(super) const ROUNDING: f32 = 2e-6;

/// Mean block distance up to which a picture repeats another one.
const REPEATED: f32 = 2e-4;

/// One number per block.
pub(super) type Blocks = [f32; BLOCKS];

/// Whether pictures at these distances show the same.
pub(super) fn is_repetition(distances: &Blocks) -> bool {
    distances.iter().sum::<f32>() < REPEATED * BLOCKS as f32
}

/// The least distance of each block; 0 if there are none.
pub(super) fn nearest(distances: impl Iterator<Item = Blocks>) -> Blocks {
    distances.reduce(|a, b| std::array::from_fn(|block| a[block].min(b[block]))).unwrap_or_default()
}

/// A signature of unit length (less if the picture is nearly blank), each block without its mean.
#[derive(Debug, Clone)]
pub(super) struct Unit {
    cells: Box<[f32]>,
    /// The squared length of each block.
    pub energy: Blocks,
    /// The squared length of a blank block.
    nothing: f32,
}

impl Unit {
    /// From the luma of [`CELLS`] cells without their mean.
    pub fn of(cells: &[f32]) -> Self {
        let square = dot(cells, cells) as f32 + NOTHING * CELLS as f32;
        let scale = square.sqrt().recip();
        let mut cells: Box<[f32]> = cells.iter().map(|cell| cell * scale).collect();
        for rows in cells.chunks_exact_mut(CELLS / DOWN) {
            let mut means = [0.0; ACROSS];
            for row in rows.chunks_exact(COLUMNS) {
                for (mean, block) in means.iter_mut().zip(row.chunks_exact(LANES)) {
                    *mean += block.iter().sum::<f32>() / SIZE as f32;
                }
            }
            for row in rows.chunks_exact_mut(COLUMNS) {
                for (mean, block) in means.iter().zip(row.chunks_exact_mut(LANES)) {
                    block.iter_mut().for_each(|cell| *cell -= mean);
                }
            }
        }
        let energy = dispatch(Products(&cells, &cells));
        Self { cells, energy, nothing: NOTHING * SIZE as f32 * scale * scale }
    }

    /// Products of the blocks of two pictures.
    pub fn products(&self, other: &Self) -> Blocks {
        dispatch(Products(&self.cells, &other.cells))
    }

    /// The distance of each block, 0 to 2.
    pub fn distances_to(&self, other: &Self) -> Blocks {
        self.distances(other, &self.products(other))
    }

    /// The same, given the products.
    pub fn distances(&self, other: &Self, products: &Blocks) -> Blocks {
        let nothing = (self.nothing * other.nothing).sqrt();
        std::array::from_fn(|b| {
            let lengths = (self.energy[b] + self.nothing) * (other.energy[b] + other.nothing);
            (1.0 - (products[b] + nothing) / lengths.sqrt()).max(0.0)
        })
    }

    /// The weight of each block by its content. No block counts as more than two.
    pub fn weights(&self, other: &Self) -> Blocks {
        let geometric = |b: usize| ((self.energy[b] + self.nothing) * (other.energy[b] + other.nothing)).sqrt();
        let weights: Blocks = std::array::from_fn(geometric);
        let most = 2.0 * weights.iter().sum::<f32>() / BLOCKS as f32;
        weights.map(|weight| weight.min(most))
    }

    /// The mean distance, 0 to 2, in the part of the picture that is most alike, and in all of it.
    pub fn far(&self, other: &Self, distances: &Blocks) -> [f64; 2] {
        let weights = self.weights(other);
        let all: f32 = weights.iter().sum();
        let whole = distances.iter().zip(&weights).map(|(distance, weight)| distance * weight).sum::<f32>() / all;
        let mut blocks: [(f32, f32); BLOCKS] = std::array::from_fn(|b| (distances[b], weights[b]));
        blocks.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        let enough = COMMON * all;
        let (mut sum, mut covered) = (0.0, 0.0);
        for (distance, weight) in blocks {
            let weight = weight.min(enough - covered);
            sum += distance * weight;
            covered += weight;
            if covered >= enough {
                break;
            }
        }
        [f64::from(sum / covered.max(f32::MIN_POSITIVE)), f64::from(whole)]
    }
}

/// A sum of products per block. A row of a block is as long as a vector.
struct Products<'a>(&'a [f32], &'a [f32]);

impl Kernel for Products<'_> {
    type Output = Blocks;

    #[inline(always)]
    fn run<L: SimdLevel>(self, _: L) -> Blocks {
        let mut out = [0.0; BLOCKS];
        let lanes = |cells: &'_ [f32]| cells.as_chunks::<LANES>().0.len();
        debug_assert_eq!((lanes(self.0), lanes(self.1)), (CELLS / LANES, CELLS / LANES));
        let [a, b] = [self.0, self.1].map(|cells| cells.as_chunks::<LANES>().0.as_chunks::<ACROSS>().0);
        let groups = a.chunks_exact(ROWS / DOWN).zip(b.chunks_exact(ROWS / DOWN));
        for ((a, b), out) in groups.zip(out.as_chunks_mut::<ACROSS>().0) {
            let mut sums = [[0.0_f32; LANES]; ACROSS];
            for (a, b) in a.iter().zip(b) {
                for block in 0..ACROSS {
                    for lane in 0..LANES {
                        sums[block][lane] += a[block][lane] * b[block][lane];
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

#[cfg(test)]
mod tests {
    use super::*;

    /// A picture of waves, which `phase` moves.
    fn waves(phase: f32) -> Vec<f32> {
        let wave =
            |at: usize| (0.7 * (at % COLUMNS) as f32 + phase).sin() * (0.9 * (at / COLUMNS) as f32 - phase).cos();
        (0..CELLS).map(|at| 0.1 * wave(at)).collect()
    }

    fn far(a: &[f32], b: &[f32]) -> f64 {
        let (a, b) = (Unit::of(a), Unit::of(b));
        a.far(&b, &a.distances_to(&b))[0]
    }

    #[test]
    fn gain_and_bias_do_not_count_and_neither_does_what_covers_a_part() {
        let picture = waves(0.0);
        let brighter: Vec<f32> = picture.iter().map(|cell| 0.5 * cell + 0.2).collect();
        assert!(far(&picture, &picture) < 1e-6 && far(&picture, &brighter) < 0.01);
        let mut covered = picture.clone();
        covered[CELLS / 4 * 3..].fill(0.4);
        assert!(far(&picture, &covered) < 0.05, "{}", far(&picture, &covered));
        assert!(far(&picture, &waves(1.5)) > 0.5);
    }

    #[test]
    fn pictures_that_show_nothing_are_alike_and_like_no_other() {
        let nothing = vec![0.0; CELLS];
        assert!(far(&nothing, &nothing) < 1e-6);
        assert!(far(&nothing, &waves(0.0)) > 0.5);
    }

    #[test]
    fn products_are_those_of_the_blocks() {
        let (a, b) = (Unit::of(&waves(0.3)), Unit::of(&waves(0.8)));
        let products = a.products(&b);
        let sum: f32 = (0..ROWS / DOWN)
            .flat_map(|y| (0..LANES).map(move |x| (2 * ROWS / DOWN + y) * COLUMNS + 32 + x))
            .map(|at| a.cells[at] * b.cells[at])
            .sum();
        assert!((products[2 * ACROSS + 2] - sum).abs() < 1e-6, "{} {sum}", products[10]);
    }
}
