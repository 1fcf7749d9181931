// SPDX-License-Identifier: MPL-2.0

//! The luma of two pictures, at one scale.

use super::samples::{Luma, Samples};

/// Rows per band. A thread works on one band; its last windows reach into the next one. Even, so that every second row
/// of a picture is every second row of its bands.
pub(super) const BAND: usize = 64;

/// Where a scale's luma comes from, centered and in units of 8-bit samples.
#[derive(Clone, Copy)]
pub(super) enum Source<'a> {
    /// A picture.
    Picture(Luma<'a>),
    /// A halved picture, row by row.
    Plane(&'a [f32]),
}

impl Source<'_> {
    /// Loads row `y`; `out` has the length of a row.
    #[inline(always)]
    pub fn load(&self, y: usize, out: &mut [f32]) {
        match self {
            Self::Picture(luma) => luma.load(y, out),
            Self::Plane(plane) => out.copy_from_slice(&plane[y * out.len()..][..out.len()]),
        }
    }
}

/// The luma of one scale of both pictures.
#[derive(Clone, Copy)]
pub(super) struct Scale<'a> {
    pub sources: [Source<'a>; 2],
    /// The same as stored, if it is integers of up to 12 bits that need no conversion.
    pub stored: Option<[Samples<'a>; 2]>,
    pub width: usize,
    pub height: usize,
}

impl Scale<'_> {
    /// The step of an 8-bit sample, in units of the [stored](Self::stored) samples.
    pub fn unit(&self) -> f64 {
        self.stored.map_or(1.0, |[samples, _]| f64::from(1u32 << (samples.depth() - 8)))
    }

    /// How many bands there are.
    pub fn bands(&self) -> usize {
        self.height.div_ceil(BAND)
    }

    /// How many pixels there are.
    pub fn pixels(&self) -> usize {
        self.width * self.height
    }

    /// The shorter side.
    pub fn shorter_side(&self) -> usize {
        self.width.min(self.height)
    }
}
