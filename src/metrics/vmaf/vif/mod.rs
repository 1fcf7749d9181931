// SPDX-License-Identifier: MPL-2.0

//! Visual information fidelity at four scales, in whole numbers.
//!
//! Sheikh and Bovik, "Image information and visual quality", IEEE Trans. Image Processing 15(2), 2006, in the pixel domain,
//! with the arithmetic (rounding, shifts, limits) of libvmaf's `integer_vif`: Copyright 2016-2026 Netflix, Inc.,
//! BSD-2-Clause-Patent (`models/vmaf/LICENSE`).
//!
//! The pictures are filtered down the columns and then along the rows, a tile at a time, two rows at a time. Sums of
//! squares have 32 bits between the two: each half of 16 bits is filtered by itself, for Σ c (2¹⁶ h + l) + 2¹⁵, divided by
//! 2¹⁶, is Σ c h + (Σ c l + 2¹⁵) / 2¹⁶, and neither sum takes more than 32 bits.

mod columns;
mod statistics;

pub use columns::Scratch;

use super::plane::{BAND, Plane};
use super::taps::{FILTERS, Taps};
use crate::metrics::workers::Workers;
use columns::Band;
use statistics::Sums;

/// How many scales there are.
pub const SCALES: usize = 4;

/// The fixed-point format of a scale, and its filters.
struct Format {
    /// What the statistics are taken with.
    window: Taps,
    /// What the next scale is made with.
    half: Option<Taps>,
    /// By how many bits sums down a column are shifted: of samples, and of squares.
    shifts: [u32; 2],
    /// Squares have more than 16 bits.
    wide: bool,
    /// The largest gain that counts, at least 1.
    limit: f64,
}

impl Format {
    fn new(scale: usize, depth: u8, limit: f64) -> Self {
        let depth = u32::from(depth);
        Self {
            window: Taps::new(FILTERS[scale]),
            half: FILTERS.get(scale + 1).map(|filter| Taps::new(filter)),
            shifts: if scale == 0 { [depth, 2 * (depth - 8)] } else { [16, 16] },
            wide: scale > 0 || depth > 8,
            limit,
        }
    }
}

/// Memory for the smaller scales, kept from pair to pair.
#[derive(Default)]
pub struct Vif {
    scales: [[Plane; 2]; SCALES - 1],
}

impl Vif {
    /// VIF of the four scales; `limits` are the largest gains that count.
    pub fn measure(
        &mut self,
        workers: &Workers,
        pictures: [&Plane; 2],
        depth: u8,
        limits: [f64; SCALES],
    ) -> [f64; SCALES] {
        let mut found = [0.0; SCALES];
        let mut done: [&Plane; 2] = pictures;
        let mut rest = &mut self.scales[..];
        for (scale, found) in found.iter_mut().enumerate() {
            let format = Format::new(scale, depth, limits[scale]);
            let next = rest.split_first_mut();
            let (next, after) = match next {
                Some((next, after)) => (Some(next), after),
                None => (None, Default::default()),
            };
            rest = after;
            let [reference, distorted] = done;
            let size = [reference.width, reference.height];
            let sums = match next {
                Some(planes) => {
                    planes.iter_mut().for_each(|plane| plane.resize(size[0] / 2, size[1] / 2));
                    let sums = pass(workers, [reference, distorted], &format, Some(planes));
                    done = [&planes[0], &planes[1]];
                    sums
                }
                None => pass(workers, [reference, distorted], &format, None),
            };
            *found = sums.vif();
        }
        found
    }
}

/// Goes over a scale: sums its statistics up and makes the next one.
fn pass(workers: &Workers, pictures: [&Plane; 2], format: &Format, next: Option<&mut [Plane; 2]>) -> Sums {
    let [width, height] = [pictures[0].width, pictures[0].height];
    let count = height.div_ceil(BAND);
    let halves: Vec<_> = match next {
        Some([reference, distorted]) => {
            let halves = reference.bands(BAND / 2).zip(distorted.bands(BAND / 2)).map(|(a, b)| Some([a, b]));
            // The last band may be a single row, which has none in the next scale.
            halves.chain(std::iter::repeat_with(|| None)).take(count).collect()
        }
        None => std::iter::repeat_with(|| None).take(count).collect(),
    };
    let sums = workers.over(halves, width * height, |index, halves, scratch| {
        let rows = index * BAND..((index + 1) * BAND).min(height);
        let scratch = scratch.vmaf.vif.get_or_insert_default();
        workers.level.run_whole(Band { pictures, format, rows, halves, scratch })
    });
    sums.into_iter().fold(Sums::default(), |total, band| total + band)
}
