// SPDX-License-Identifier: MPL-2.0

//! The reference's detail at one scale, kept for other distorted pictures.

use super::rows::{Lanes, Sums};

/// Detail in three directions at 16 adjacent positions.
type Detail = [Lanes; 3];

/// Detail in the order in which bands are processed, and its sums.
#[derive(Default)]
pub struct Kept {
    bands: Vec<Vec<Detail>>,
    pub sums: Sums,
}

impl Kept {
    /// Bands to write, as many as given.
    pub fn write(&mut self, bands: usize) -> impl Iterator<Item = KeptRows<'_>> {
        self.bands.resize_with(bands, Vec::new);
        self.bands.iter_mut().map(|band| {
            band.clear();
            KeptRows::Written(band)
        })
    }

    /// Bands to read.
    pub fn read(&self) -> impl Iterator<Item = KeptRows<'_>> {
        self.bands.iter().map(|band| KeptRows::Read(band.iter()))
    }

    /// Size in bytes.
    pub fn bytes(&self) -> usize {
        self.bands.iter().map(|band| band.capacity() * size_of::<Detail>()).sum()
    }
}

/// Bands for which nothing is kept.
pub fn nothing<'a>() -> impl Iterator<Item = KeptRows<'a>> {
    std::iter::repeat_with(|| KeptRows::None)
}

/// Access to what is kept for a band.
pub enum KeptRows<'a> {
    /// Nothing is kept.
    None,
    /// For writing.
    Written(&'a mut Vec<Detail>),
    /// For reading.
    Read(std::slice::Iter<'a, Detail>),
}

impl KeptRows<'_> {
    /// Stores the detail at the next 16 positions.
    #[inline(always)]
    pub fn put(&mut self, detail: &Detail) {
        if let Self::Written(kept) = self {
            kept.push(*detail);
        }
    }

    /// Reads the detail at the next 16 positions.
    #[inline(always)]
    pub fn take(&mut self) -> Detail {
        match self {
            Self::Read(kept) => kept.next().copied().unwrap_or_default(),
            Self::None | Self::Written(_) => Detail::default(),
        }
    }
}
