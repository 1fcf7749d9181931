// SPDX-License-Identifier: MPL-2.0

//! Samples of two bytes.

use pulp::bytemuck::cast;

use crate::simd::LANES;

/// Where a sample lies in its two bytes (little-endian).
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    /// Number of bits below the sample.
    pub shift: u32,
    /// Number of bits of the sample.
    pub depth: u32,
}

impl Place {
    /// The sample.
    #[inline(always)]
    pub fn sample(self, bytes: [u8; 2]) -> u16 {
        u16::from_le_bytes(bytes) >> self.shift & self.mask()
    }

    /// The step of a sample, in units of 8-bit samples; the depth must be at least 8.
    #[inline(always)]
    pub fn factor(self) -> f32 {
        1.0 / (1u32 << (self.depth - 8)) as f32
    }

    /// Samples packed in pairs, the first in the lower half.
    #[inline(always)]
    pub fn pairs(self, bytes: &[[u8; 2]; 2 * LANES]) -> [i32; LANES] {
        let mask = u32::from(self.mask());
        let mask = mask << 16 | mask;
        let mut pairs: [i32; LANES] = cast(*bytes);
        for lane in &mut pairs {
            *lane = (u32::from_le(*lane as u32) >> self.shift & mask) as i32;
        }
        pairs
    }

    /// The bits of a shifted sample.
    #[inline(always)]
    pub fn mask(self) -> u16 {
        ((1u32 << self.depth) - 1) as u16
    }
}
