// SPDX-License-Identifier: MPL-2.0

//! The reference's windows of a scale, kept for other distorted pictures: 8 bytes a pixel.

use super::super::plane::BAND;
use super::statistics::{Sums, Windows};
use crate::simd::LANES;

/// Means and variances of all windows, in the order in which bands of rows are processed, in whole vectors.
#[derive(Default)]
pub struct Kept {
    means: Vec<u32>,
    variances: Vec<i32>,
    /// Of a band.
    length: usize,
    /// What the windows sum up to.
    pub sums: Sums,
}

impl Kept {
    /// Makes room for a scale; what is in it is then of no use.
    pub fn resize(&mut self, width: usize, height: usize) {
        let row = width.next_multiple_of(2 * LANES);
        if (self.means.len(), self.length) != (row * height, (row * BAND).max(1)) {
            // At once, so that old and new are never there together.
            *self = Self::default();
            *self = Self {
                means: vec![0; row * height],
                variances: vec![0; row * height],
                length: (row * BAND).max(1),
                sums: Sums::default(),
            };
        }
    }

    /// Bands to be written.
    pub fn write(&mut self) -> impl Iterator<Item = KeptRows<'_>> {
        let (means, variances) =
            (self.means.chunks_mut(self.length.max(1)), self.variances.chunks_mut(self.length.max(1)));
        means.zip(variances).map(|(means, variances)| KeptRows::Written { means, variances })
    }

    /// Bands to be read.
    pub fn read(&self) -> impl Iterator<Item = KeptRows<'_>> {
        let (means, variances) = (self.means.chunks(self.length.max(1)), self.variances.chunks(self.length.max(1)));
        means.zip(variances).map(|(means, variances)| KeptRows::Read { means, variances })
    }

    /// Bytes that it holds.
    pub fn bytes(&self) -> usize {
        size_of_val(&self.means[..]) + size_of_val(&self.variances[..])
    }
}

/// What remains of a band.
pub enum KeptRows<'a> {
    /// Nothing is kept.
    None,
    /// To be written.
    Written { means: &'a mut [u32], variances: &'a mut [i32] },
    /// To be read.
    Read { means: &'a [u32], variances: &'a [i32] },
}

impl KeptRows<'_> {
    /// Keeps the next 16 windows.
    #[inline(always)]
    pub fn put(&mut self, windows: &Windows) {
        let Self::Written { means, variances } = self else { return };
        if let (Some((to, rest)), Some((variance, others))) = (
            std::mem::take(means).split_first_chunk_mut::<LANES>(),
            std::mem::take(variances).split_first_chunk_mut::<LANES>(),
        ) {
            (*to, *variance) = (windows.means, windows.variances);
            (*means, *variances) = (rest, others);
        }
    }

    /// The next 16 windows.
    #[inline(always)]
    pub fn take(&mut self) -> Windows {
        let mut windows = Windows { means: [0; LANES], variances: [0; LANES] };
        if let Self::Read { means, variances } = self
            && let (Some((from, rest)), Some((variance, others))) =
                (means.split_first_chunk::<LANES>(), variances.split_first_chunk::<LANES>())
        {
            windows = Windows { means: *from, variances: *variance };
            (*means, *variances) = (rest, others);
        }
        windows
    }
}
