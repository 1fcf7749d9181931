// SPDX-License-Identifier: MPL-2.0

//! The reference's detail at a scale, kept for other distorted pictures.

use super::rows::{Lanes, Sums};

/// Detail in three directions at 16 places side by side.
type Detail = [Lanes; 3];

/// Detail in the order in which bands of rows are processed, and its sums.
#[derive(Default)]
pub struct Kept {
    bands: Vec<Vec<Detail>>,
    pub sums: Sums,
}

impl Kept {
    /// So many bands, to be written.
    pub fn write(&mut self, bands: usize) -> impl Iterator<Item = KeptRows<'_>> {
        self.bands.resize_with(bands, Vec::new);
        self.bands.iter_mut().map(|band| {
            band.clear();
            KeptRows::Written(band)
        })
    }

    /// Bands to be read.
    pub fn read(&self) -> impl Iterator<Item = KeptRows<'_>> {
        self.bands.iter().map(|band| KeptRows::Read(band.iter()))
    }

    /// Bytes that it holds.
    pub fn bytes(&self) -> usize {
        self.bands.iter().map(|band| band.capacity() * size_of::<Detail>()).sum()
    }
}

/// Bands of which nothing is kept.
pub fn nothing<'a>() -> impl Iterator<Item = KeptRows<'a>> {
    std::iter::repeat_with(|| KeptRows::None)
}

/// What remains of a band.
pub enum KeptRows<'a> {
    /// Nothing is kept.
    None,
    /// To be written.
    Written(&'a mut Vec<Detail>),
    /// To be read.
    Read(std::slice::Iter<'a, Detail>),
}

impl KeptRows<'_> {
    /// Keeps the detail at the next 16 places.
    #[inline(always)]
    pub fn put(&mut self, detail: &Detail) {
        if let Self::Written(kept) = self {
            kept.push(*detail);
        }
    }

    /// The detail at the next 16 places.
    #[inline(always)]
    pub fn take(&mut self) -> Detail {
        match self {
            Self::Read(kept) => kept.next().copied().unwrap_or_default(),
            Self::None | Self::Written(_) => Detail::default(),
        }
    }
}
