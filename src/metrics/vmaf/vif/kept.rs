// SPDX-License-Identifier: MPL-2.0

//! The reference's windows at one scale, kept for other distorted pictures: 8 bytes per pixel.

use super::super::plane::BAND;
use super::statistics::{Sums, Windows};
use crate::simd::LANES;

/// Means and variances of all windows, in the order in which bands are processed, in whole vectors.
#[derive(Default)]
pub struct Kept {
    means: Vec<u32>,
    variances: Vec<i32>,
    /// Length of a band.
    length: usize,
    /// The sums over the windows.
    pub sums: Sums,
}

impl Kept {
    /// Makes room for a scale; the content is then undefined.
    pub fn resize(&mut self, width: usize, height: usize) {
        let row = width.next_multiple_of(2 * LANES);
        if (self.means.len(), self.length) != (row * height, (row * BAND).max(1)) {
            // Freed first, so that old and new memory never exist together.
            *self = Self::default();
            *self = Self {
                means: vec![0; row * height],
                variances: vec![0; row * height],
                length: (row * BAND).max(1),
                sums: Sums::default(),
            };
        }
    }

    /// Bands for writing.
    pub fn write(&mut self) -> impl Iterator<Item = KeptRows<'_>> {
        let (means, variances) =
            (self.means.chunks_mut(self.length.max(1)), self.variances.chunks_mut(self.length.max(1)));
        means.zip(variances).map(|(means, variances)| KeptRows::Written { means, variances })
    }

    /// Bands for reading.
    pub fn read(&self) -> impl Iterator<Item = KeptRows<'_>> {
        let (means, variances) = (self.means.chunks(self.length.max(1)), self.variances.chunks(self.length.max(1)));
        means.zip(variances).map(|(means, variances)| KeptRows::Read { means, variances })
    }

    /// Size in bytes.
    pub fn bytes(&self) -> usize {
        size_of_val(&self.means[..]) + size_of_val(&self.variances[..])
    }
}

/// Access to what is kept for a band.
pub enum KeptRows<'a> {
    /// Nothing is kept.
    None,
    /// For writing.
    Written { means: &'a mut [u32], variances: &'a mut [i32] },
    /// For reading.
    Read { means: &'a [u32], variances: &'a [i32] },
}

impl KeptRows<'_> {
    /// Stores the next 16 windows.
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

    /// Reads the next 16 windows.
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
