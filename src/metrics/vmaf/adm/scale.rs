// SPDX-License-Identifier: MPL-2.0

//! One scale: bands of rows are shared out, and their sums become the detail that is left and that there was.
//!
//! The arithmetic is that of libvmaf's `integer_adm`: Copyright 2016-2026 Netflix, Inc., BSD-2-Clause-Patent
//! (`models/vmaf/LICENSE`).

use super::super::plane::{BAND, Plane};
use super::coarse::Coarse;
use super::fine::Fine;
use super::region::{Region, bits};
use super::rows::{Band, Lanes, Sums};
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

/// What a scale is made of.
#[derive(Clone, Copy)]
pub enum Picture<'a> {
    /// Samples of so many bits: the finest scale.
    Samples([&'a Plane; 2], u32),
    /// The low-pass coefficients of the scale before.
    Bands([&'a Low; 2]),
}

impl Picture<'_> {
    /// Width and height of the scale's bands.
    fn size(&self) -> [usize; 2] {
        let size = match self {
            Self::Samples([plane, _], _) => [plane.width, plane.height],
            Self::Bands([low, _]) => [low.width, low.height],
        };
        size.map(|side| side.div_ceil(2))
    }
}

/// Detail at a scale, and the low-pass coefficients of the next one.
pub fn measure(
    workers: &Workers,
    picture: &Picture<'_>,
    scale: usize,
    limit: f64,
    mut low: Option<&mut [Low; 2]>,
) -> Detail {
    let size @ [width, height] = picture.size();
    let count = height.div_ceil(BAND);
    let lows: Vec<_> = match &mut low {
        Some([reference, distorted]) => {
            reference.resize(width, height);
            distorted.resize(width, height);
            reference.bands().zip(distorted.bands()).map(|(a, b)| Some([a, b])).collect()
        }
        None => std::iter::repeat_with(|| None).take(count).collect(),
    };
    let region = Region::new(width, height);
    let format = Format::new(scale, size, &region);
    let sums = workers.over(lows, width * height, |index, low, scratch| {
        let rows = index * BAND..((index + 1) * BAND).min(height);
        let Scratch { fine, coarse, ring } = scratch.vmaf.adm.get_or_insert_default();
        let (region, shifts) = (&region, format.rows);
        match *picture {
            Picture::Samples(pictures, depth) => {
                let steps = Fine { pictures, depth, limit, rows: fine, shifts: format.cubes };
                workers.level.run_whole(Band { steps, size, region, rows, shifts, low, ring })
            }
            Picture::Bands(pictures) => {
                let shifts_of_cubes = [format.cubes[0], format.whole_cubes];
                let weights = format.sensitivity.coarse();
                let steps = Coarse { pictures, scale, weights, limit, rows: coarse, shifts: shifts_of_cubes };
                workers.level.run_whole(Band { steps, size, region, rows, shifts, low, ring })
            }
        }
    });
    let sums = sums.into_iter().fold(Sums::default(), |total, band| total + band);
    format.detail(&sums, region.count())
}

/// The fixed-point formats of a scale.
struct Format {
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
    fn new(scale: usize, [width, height]: [usize; 2], region: &Region) -> Self {
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
            return Self { sensitivity, cubes, whole_cubes: 0, rows: [row, whole_row], left, whole };
        }
        let cube = bits(width);
        let (whole_cubes, whole_row) = (bits(region.columns.len()), bits(region.rows.len()));
        let left = [[45, 39, 36][scale - 1] - signed(cube + row); 3];
        let whole = [32, 27, 23][scale - 1] - signed(whole_cubes + whole_row);
        Self { sensitivity, cubes: [cube; 3], whole_cubes, rows: [row, whole_row], left, whole }
    }

    /// Minkowski sums of power 3 over a region of so many places.
    fn detail(&self, sums: &Sums, count: usize) -> Detail {
        let noise = ((count as f64 * NOISE) as f32).powf(1.0 / 3.0);
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
