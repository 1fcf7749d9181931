// SPDX-License-Identifier: MPL-2.0

//! The texture of a picture: entropy and variance of each of its blocks, by a common model.
//!
//! A block of 5×5 samples is modeled as a Gaussian scale mixture: a Gaussian with the covariance of all blocks, times a
//! factor per block, which is its variance; see [`speed`](super) for the source.

use super::eigenvalues::{NOTHING, eigenvalues};
use super::linear::solve;
use super::reduce::Reduced;
use super::{BLOCK, ELEMENTS, Matrix};
use crate::simd::{Kernel, SimdLevel};

/// Products that are summed in parallel.
const SUMS: usize = 8;

/// By block, row by row.
pub struct Texture {
    pub entropies: Vec<f32>,
    pub variances: Vec<f32>,
    /// Whether the covariance has an inverse. If not, variances are 0.
    pub regular: bool,
}

/// Computes the texture of a reduced picture; `noise` is the standard deviation of the neural noise.
pub struct Look<'a> {
    pub picture: &'a Reduced,
    pub noise: f32,
}

impl Kernel for Look<'_> {
    type Output = Texture;

    #[inline(always)]
    fn run<L: SimdLevel>(self, _: L) -> Texture {
        let Self { picture, noise } = self;
        let [across, down] = picture.blocks();
        let count = across * down;
        let covariance = covariance(picture);
        let eigenvalues = eigenvalues(&covariance);
        let columns = columns(picture);
        let regular = eigenvalues.iter().all(|&value| f64::from(value) >= NOTHING);
        let solved = if regular { solve(&covariance, &columns, count) } else { None };
        let mut variances = vec![0.0f32; count];
        let regular = solved.is_some();
        for (own, solved) in
            columns.chunks_exact(count).zip(solved.iter().flat_map(|solved| solved.chunks_exact(count)))
        {
            for ((variance, own), solved) in variances.iter_mut().zip(own).zip(solved) {
                *variance += solved * own / ELEMENTS as f32;
            }
        }
        let constant = (2.0 * std::f64::consts::PI * std::f64::consts::E).log2();
        let mut entropies = vec![0.0f32; count];
        for value in eigenvalues.map(|value| if value < 0.0 { 0.0 } else { value }) {
            for (entropy, variance) in entropies.iter_mut().zip(&variances) {
                let bits = f64::from(value * variance + noise).log2() + constant;
                *entropy = (f64::from(*entropy) + bits) as f32;
            }
        }
        Texture { entropies, variances, regular }
    }
}

/// The samples of each block: a row for each position in the block, with one sample per block.
fn columns(picture: &Reduced) -> Vec<f32> {
    let [across, down] = picture.blocks();
    let mut out = Vec::with_capacity(ELEMENTS * across * down);
    for place in 0..ELEMENTS {
        let (row, column) = (place / BLOCK, place % BLOCK);
        for block in 0..down {
            let numbers = picture.row(block * BLOCK + row).iter().skip(column).step_by(BLOCK);
            out.extend(numbers.take(across));
        }
    }
    out
}

/// The covariance of the 25 positions of a block, over all blocks at any offset within the rows and columns of whole
/// blocks.
#[inline(always)]
fn covariance(picture: &Reduced) -> Matrix {
    let [width, height] = picture.blocks().map(|blocks| blocks * BLOCK - BLOCK + 1);
    let count = (width * height) as f32;
    let means = means(picture, width, height).map(|sum| sum / count);
    // The samples at each position of the block, less their mean, in f64; rows are padded with zeros.
    let stride = width.next_multiple_of(SUMS);
    let mut met = vec![0.0f64; ELEMENTS * stride * height];
    for (place, met) in met.chunks_exact_mut(stride * height).enumerate() {
        let mean = f64::from(means[place]);
        for (y, met) in met.chunks_exact_mut(stride).enumerate() {
            let row = &picture.row(place / BLOCK + y)[place % BLOCK..][..width];
            met.iter_mut().zip(row).for_each(|(met, number)| *met = f64::from(*number) - mean);
        }
    }
    let met: Vec<_> = met.chunks_exact(stride * height).collect();
    let mut covariance = [[0.0; ELEMENTS]; ELEMENTS];
    for a in 0..ELEMENTS {
        for b in 0..=a {
            let found = (product(met[a], met[b]) / (width * height) as f64) as f32;
            covariance[a][b] = found;
            covariance[b][a] = found;
        }
    }
    covariance
}

/// The sum at each position of a block. Added one after another in f32, as in libvmaf.
#[inline(always)]
fn means(picture: &Reduced, width: usize, height: usize) -> [f32; ELEMENTS] {
    let mut sums = [0.0f32; ELEMENTS];
    for y in 0..height {
        for row in 0..BLOCK {
            let numbers = picture.row(y + row);
            let sums: &mut [f32] = &mut sums[row * BLOCK..][..BLOCK];
            for place in numbers.windows(BLOCK).take(width) {
                sums.iter_mut().zip(place).for_each(|(sum, number)| *sum += number);
            }
        }
    }
    sums
}

/// The sum of products, which is the same at every level: the number of partial sums is fixed, and nothing is fused.
#[inline(always)]
fn product(a: &[f64], b: &[f64]) -> f64 {
    let mut sums = [0.0f64; SUMS];
    for (a, b) in a.as_chunks::<SUMS>().0.iter().zip(b.as_chunks::<SUMS>().0) {
        for lane in 0..SUMS {
            sums[lane] += a[lane] * b[lane];
        }
    }
    sums.iter().sum()
}
