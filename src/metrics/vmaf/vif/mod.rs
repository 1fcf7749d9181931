// SPDX-License-Identifier: MPL-2.0

//! Visual information fidelity at four scales, in integers.
//!
//! Sheikh and Bovik, "Image information and visual quality", IEEE Trans. Image Processing 15(2), 2006, in the pixel
//! domain, with the arithmetic (rounding, shifts, limits) of libvmaf's `integer_vif`: Copyright 2016-2026 Netflix,
//! Inc., BSD-2-Clause-Patent (`models/vmaf/LICENSE`).
//!
//! The pictures are filtered vertically and then horizontally, by tile and two rows per step. Between the two, sums of
//! squares have 32 bits. Each half of 16 bits is filtered separately: (Σ c (2¹⁶ h + l) + 2¹⁵) / 2¹⁶ is Σ c h + (Σ c l +
//! 2¹⁵) / 2¹⁶, and neither sum needs more than 32 bits.

mod columns;
mod kept;
mod logarithm;
mod statistics;

pub use columns::Scratch;

use super::plane::{BAND, Plane};
use super::sides::{self, Both, Distorted, Sides};
use super::taps::{FILTERS, Taps};
use crate::metrics::workers::Workers;
use columns::Band;
use kept::{Kept, KeptRows};
use statistics::Sums;
use std::marker::PhantomData;

/// The number of scales.
pub const SCALES: usize = 4;

/// The fixed-point format of a scale, and its filters.
struct Format {
    /// The filter for the statistics.
    window: Taps,
    /// The filter for the next scale.
    half: Option<Taps>,
    /// Right shifts of vertical sums: of samples, and of squares.
    shifts: [u32; 2],
    /// Whether squares have more than 16 bits.
    wide: bool,
    /// The greatest gain that counts, at least 1.
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

/// What is computed from the reference alone, for all distorted pictures that are compared with it.
#[derive(Default)]
pub struct Reference {
    /// The smaller scales.
    scales: [Plane; SCALES - 1],
    windows: [Kept; SCALES],
}

impl Vif {
    /// VIF at the four scales; `limits` are the greatest gains that count. With `known` data of the reference, its half
    /// of the work is skipped.
    pub fn measure(
        &mut self,
        workers: &Workers,
        pictures: [&Plane; 2],
        known: Option<&Reference>,
        depth: u8,
        limits: [f64; SCALES],
    ) -> [f64; SCALES] {
        std::array::from_fn(|scale| {
            let format = Format::new(scale, depth, limits[scale]);
            let (done, next) = self.scales.split_at_mut(scale);
            let [own, distorted] = done.last().map_or(pictures, |[reference, distorted]| [reference, distorted]);
            let next = next.first_mut().map(|[reference, distorted]| [Some(reference), Some(distorted)]);
            let mut next = next.unwrap_or_default();
            let Some(known) = known else {
                return pass::<Both>(workers, [own, distorted], &format, next, nothing()).vif();
            };
            let reference = scale.checked_sub(1).map_or(own, |before| &known.scales[before]);
            let windows = &known.windows[scale];
            next[0] = None;
            let sums = pass::<Distorted>(workers, [reference, distorted], &format, next, windows.read());
            (sums + windows.sums).vif()
        })
    }
}

impl Reference {
    /// Computes the data of a picture whose samples have `depth` bits.
    pub fn fill(&mut self, workers: &Workers, picture: &Plane, depth: u8) {
        for (scale, windows) in self.windows.iter_mut().enumerate() {
            // The gain limit does not affect the reference's half.
            let format = Format::new(scale, depth, 1.0);
            let (done, next) = self.scales.split_at_mut(scale);
            let own = done.last().unwrap_or(picture);
            windows.resize(own.width, own.height);
            let next = [next.first_mut(), None];
            windows.sums = pass::<sides::Reference>(workers, [own; 2], &format, next, windows.write());
        }
    }

    /// Size in bytes.
    pub fn bytes(&self) -> usize {
        self.scales.iter().map(Plane::bytes).chain(self.windows.iter().map(Kept::bytes)).sum()
    }
}

fn nothing<'a>() -> impl Iterator<Item = KeptRows<'a>> {
    std::iter::repeat_with(|| KeptRows::None)
}

/// Processes a scale: sums its statistics and computes the next scale.
fn pass<'a, P: Sides>(
    workers: &Workers,
    pictures: [&Plane; 2],
    format: &Format,
    next: [Option<&mut Plane>; 2],
    kept: impl Iterator<Item = KeptRows<'a>>,
) -> Sums {
    let [width, height] = [pictures[0].width, pictures[0].height];
    let count = height.div_ceil(BAND);
    let halves = next.map(|plane| {
        // The last band may be a single row, which has none in the next scale.
        let bands = plane.into_iter().flat_map(|plane| {
            plane.resize(width / 2, height / 2);
            plane.bands(BAND / 2).map(Some)
        });
        bands.chain(std::iter::repeat_with(|| None))
    });
    let [reference, distorted] = halves;
    let bands: Vec<_> = reference.zip(distorted).zip(kept).take(count).collect();
    let sums = workers.over(bands, width * height, |index, ((reference, distorted), kept), scratch| {
        let rows = index * BAND..((index + 1) * BAND).min(height);
        let scratch = scratch.vmaf.vif.get_or_insert_default();
        let sides = PhantomData::<P>;
        let halves = [reference, distorted];
        workers.level.run_whole(Band { sides, pictures, format, rows, halves, kept, scratch })
    });
    sums.into_iter().fold(Sums::default(), |total, band| total + band)
}
