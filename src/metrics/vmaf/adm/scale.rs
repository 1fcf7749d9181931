// SPDX-License-Identifier: MPL-2.0

//! One scale: bands of rows are shared out, and their sums become the detail that is left and that there was.
//!
//! The arithmetic is that of libvmaf's `integer_adm`: Copyright 2016-2026 Netflix, Inc., BSD-2-Clause-Patent
//! (`models/vmaf/LICENSE`).

use std::marker::PhantomData;
use std::ops::Range;

use super::super::plane::{BAND, Plane};
use super::coarse::Coarse;
use super::fine::Fine;
use super::kept::{KeptRows, Stored};
use super::region::{Region, bits};
use super::rows::{Band, Lanes, Part, Sums};
use super::sensitivity::Sensitivity;
use super::{Detail, Scratch};
use crate::metrics::workers::Workers;
use crate::simd::LANES;

/// The share of a coefficient that counts even where there is none.
const NOISE: f64 = 1.0 / 32.0;

/// Low-pass coefficients.
#[derive(Default)]
pub struct Low {
    data: Vec<i32>,
    pub width: usize,
    pub height: usize,
    stride: usize,
}

impl Low {
    fn resize(&mut self, width: usize, height: usize) {
        let stride = width.next_multiple_of(LANES);
        if (self.width, self.height) != (width, height) {
            *self = Self { data: vec![0; stride * height], width, height, stride };
        }
    }

    /// A row, with whole vectors.
    #[inline(always)]
    pub fn row(&self, y: usize) -> &[i32] {
        &self.data[y * self.stride..][..self.stride]
    }

    fn bands(&mut self) -> impl Iterator<Item = LowRows<'_>> {
        let stride = self.stride;
        self.data.chunks_mut((stride * BAND).max(1)).map(move |data| LowRows { data, stride })
    }
}

/// Some rows of low-pass coefficients, to be written.
pub struct LowRows<'a> {
    data: &'a mut [i32],
    stride: usize,
}

impl LowRows<'_> {
    #[inline(always)]
    pub fn put(&mut self, row: usize, column: usize, lanes: &Lanes) {
        self.data[row * self.stride + column..][..LANES].copy_from_slice(lanes);
    }
}

/// The picture that a scale is made of.
#[derive(Clone, Copy)]
pub enum Picture<'a> {
    /// Samples: the finest scale.
    Samples(&'a Plane),
    /// The low-pass coefficients of the scale before.
    Band(&'a Low),
}

impl Picture<'_> {
    /// Width and height of the scale's bands.
    pub fn size(&self) -> [usize; 2] {
        let size = match self {
            Self::Samples(plane) => [plane.width, plane.height],
            Self::Band(low) => [low.width, low.height],
        };
        size.map(|side| side.div_ceil(2))
    }
}

/// A scale, and where the low-pass coefficients of those pictures go that are worked on: none where no scale follows.
pub struct Scale<'a> {
    pub scale: usize,
    /// Bits of the samples.
    pub depth: u8,
    /// The largest gain that counts.
    pub limit: f64,
    pub low: [Option<&'a mut Low>; 2],
}

/// Sums over the finest scale.
pub fn fine<'a, P: Part + Send + Sync>(
    workers: &Workers,
    pictures: [&Plane; 2],
    Scale { depth, limit, low, .. }: Scale<'_>,
    kept: impl Iterator<Item = KeptRows<'a, i16>>,
) -> Sums {
    let size = Picture::Samples(pictures[0]).size();
    let format = Format::new(0, size);
    bands(workers, size, low, kept, |Shared { rows, low, kept, scratch }| {
        let Scratch { fine: lines, ring, .. } = scratch;
        let steps = Fine { pictures, depth: u32::from(depth), limit, rows: lines, shifts: format.cubes };
        let (part, region, shifts) = (PhantomData::<P>, &format.region, format.rows);
        workers.level.run_whole(Band { part, steps, size, region, rows, shifts, low, kept, ring })
    })
}

/// Sums over a coarser scale.
pub fn coarse<'a, P: Part + Send + Sync>(
    workers: &Workers,
    pictures: [&Low; 2],
    Scale { scale, limit, low, .. }: Scale<'_>,
    kept: impl Iterator<Item = KeptRows<'a, i32>>,
) -> Sums {
    let size = Picture::Band(pictures[0]).size();
    let format = Format::new(scale, size);
    let weights = format.sensitivity.coarse();
    bands(workers, size, low, kept, |Shared { rows, low, kept, scratch }| {
        let Scratch { coarse: lines, ring, .. } = scratch;
        let shifts = [format.cubes[0], format.whole_cubes];
        let steps = Coarse { pictures, scale, weights, limit, rows: lines, shifts };
        let (part, region, shifts) = (PhantomData::<P>, &format.region, format.rows);
        workers.level.run_whole(Band { part, steps, size, region, rows, shifts, low, kept, ring })
    })
}

/// What a band is given.
struct Shared<'a, T> {
    rows: Range<usize>,
    low: [Option<LowRows<'a>>; 2],
    kept: KeptRows<'a, T>,
    scratch: &'a mut Scratch,
}

/// Shares the bands of a scale out and sums up what they give.
fn bands<'a, T: Stored + 'a>(
    workers: &Workers,
    size: [usize; 2],
    low: [Option<&mut Low>; 2],
    kept: impl Iterator<Item = KeptRows<'a, T>>,
    sum: impl Fn(Shared<'_, T>) -> Sums + Sync,
) -> Sums {
    let [width, height] = size;
    let lows = low.map(|low| {
        let bands = low.into_iter().flat_map(|low| {
            low.resize(width, height);
            low.bands().map(Some)
        });
        bands.chain(std::iter::repeat_with(|| None))
    });
    let [reference, distorted] = lows;
    let all: Vec<_> = reference.zip(distorted).zip(kept).take(height.div_ceil(BAND)).collect();
    let sums = workers.over(all, width * height, |index, ((reference, distorted), kept), scratch| {
        let rows = index * BAND..((index + 1) * BAND).min(height);
        let scratch = scratch.vmaf.adm.get_or_insert_default();
        sum(Shared { rows, low: [reference, distorted], kept, scratch })
    });
    sums.into_iter().fold(Sums::default(), |total, band| total + band)
}

/// Detail at a scale of that size, of its sums.
pub fn detail(scale: usize, size: [usize; 2], sums: &Sums) -> Detail {
    Format::new(scale, size).detail(sums)
}

/// The fixed-point formats of a scale.
struct Format {
    region: Region,
    sensitivity: Sensitivity,
    /// By how many bits cubes of what is left are shifted, by direction.
    cubes: [u32; 3],
    /// The same of the reference's coefficients, at the coarser scales.
    whole_cubes: u32,
    /// By how many bits the sums of a row are shifted: of what is left, and of what there was.
    rows: [u32; 2],
    /// How many bits are then behind the point: of what is left, by direction, and of what there was.
    left: [i32; 3],
    whole: i32,
}

impl Format {
    fn new(scale: usize, [width, height]: [usize; 2]) -> Self {
        let region = Region::new(width, height);
        let row = bits(height);
        let signed = |bits: u32| bits as i32;
        let sensitivity = Sensitivity::new(scale);
        if scale == 0 {
            let cube = |less: u32| bits(width).saturating_sub(less);
            let cubes = [cube(4), cube(4), cube(3)];
            let whole_row = bits(region.count()).saturating_sub(20);
            let left = [52, 52, 57].into_iter().zip(cubes).map(|(point, cube)| point - signed(cube + row));
            let left: Vec<_> = left.collect();
            let left = [left[0], left[1], left[2]];
            let whole = 18 - signed(whole_row);
            return Self { region, sensitivity, cubes, whole_cubes: 0, rows: [row, whole_row], left, whole };
        }
        let cube = bits(width);
        let (whole_cubes, whole_row) = (bits(region.columns.len()), bits(region.rows.len()));
        let left = [[45, 39, 36][scale - 1] - signed(cube + row); 3];
        let whole = [32, 27, 23][scale - 1] - signed(whole_cubes + whole_row);
        Self { region, sensitivity, cubes: [cube; 3], whole_cubes, rows: [row, whole_row], left, whole }
    }

    /// Minkowski sums of power 3 over the region.
    fn detail(&self, sums: &Sums) -> Detail {
        let noise = ((self.region.count() as f64 * NOISE) as f32).powf(1.0 / 3.0);
        let mut detail = Detail::default();
        for direction in 0..3 {
            let weight = f64::powi(f64::from(self.sensitivity.0[direction]), 3);
            let left = (sums.left[direction] as f64 / f64::powi(2.0, self.left[direction])) as f32;
            let whole = (sums.whole[direction] as f64 / f64::powi(2.0, self.whole) * weight) as f32;
            detail.left += left.powf(1.0 / 3.0) + noise;
            detail.whole += whole.powf(1.0 / 3.0) + noise;
        }
        detail
    }
}
