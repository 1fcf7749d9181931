// SPDX-License-Identifier: MPL-2.0

//! One scale: distributes bands of rows, and converts their sums to restored detail and the reference's detail.
//!
//! The arithmetic is that of libvmaf's `integer_adm`: Copyright 2016-2026 Netflix, Inc., BSD-2-Clause-Patent
//! (`models/vmaf/LICENSE`).

use super::super::plane::{BAND, Plane};
use super::super::sides::Sides;
use super::coarse::Coarse;
use super::fine::Fine;
use super::kept::KeptRows;
use super::region::{Region, bits};
use super::rows::{Band, Lanes, Sums};
use super::sensitivity::Sensitivity;
use super::{AdmOptions, Detail, Scratch};
use crate::metrics::workers::Workers;
use crate::simd::LANES;
use std::marker::PhantomData;

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

    /// A row, padded to whole vectors.
    #[inline(always)]
    pub fn row(&self, y: usize) -> &[i32] {
        &self.data[y * self.stride..][..self.stride]
    }

    /// Size in bytes.
    pub fn bytes(&self) -> usize {
        size_of_val(&self.data[..])
    }

    fn bands(&mut self) -> impl Iterator<Item = LowRows<'_>> {
        let stride = self.stride;
        self.data.chunks_mut((stride * BAND).max(1)).map(move |data| LowRows { data, stride })
    }
}

/// Some rows of low-pass coefficients, for writing.
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

/// The input of a scale.
#[derive(Clone, Copy)]
pub enum Picture<'a> {
    /// Samples, and their depth in bits: the finest scale.
    Samples([&'a Plane; 2], u32),
    /// The low-pass coefficients of the previous scale.
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

/// A scale of a pair, and how it is measured.
pub struct Scale<'a> {
    index: usize,
    size: [usize; 2],
    region: Region,
    format: Format,
    options: &'a AdmOptions,
}

impl<'a> Scale<'a> {
    /// The scale of that index; 0 is the finest.
    pub fn new(picture: &Picture<'_>, index: usize, options: &'a AdmOptions) -> Self {
        let size @ [width, height] = picture.size();
        let region = Region::new(width, height);
        let format = Format::new(index, size, &region, options.sensitivities.at(index));
        Self { index, size, region, format, options }
    }

    /// The number of bands of rows.
    pub fn bands(&self) -> usize {
        self.size[1].div_ceil(BAND)
    }

    /// The sums of a scale, and the low-pass coefficients of the next one for the pictures that are processed.
    pub fn measure<'k, S: Sides>(
        &self,
        workers: &Workers,
        picture: &Picture<'_>,
        low: [Option<&mut Low>; 2],
        kept: impl Iterator<Item = KeptRows<'k>>,
    ) -> Sums {
        match self.options.added {
            false => self.measure_parts::<S, 1>(workers, picture, low, kept),
            true => self.measure_parts::<S, 2>(workers, picture, low, kept),
        }
    }

    fn measure_parts<'k, S: Sides, const PARTS: usize>(
        &self,
        workers: &Workers,
        picture: &Picture<'_>,
        low: [Option<&mut Low>; 2],
        kept: impl Iterator<Item = KeptRows<'k>>,
    ) -> Sums {
        let size @ [width, height] = self.size;
        let [reference, distorted] = low.map(|low| {
            let bands = low.into_iter().flat_map(|low| {
                low.resize(width, height);
                low.bands().map(Some)
            });
            bands.chain(std::iter::repeat_with(|| None))
        });
        let bands: Vec<_> = reference.zip(distorted).zip(kept).take(self.bands()).collect();
        debug_assert_eq!(bands.len(), self.bands(), "the kept data has another size");
        let Self { index: scale, region, format, options, .. } = self;
        let limit = options.gain_limit;
        let sums = workers.over(bands, width * height, |index, ((reference, distorted), kept), scratch| {
            let rows = index * BAND..((index + 1) * BAND).min(height);
            let Scratch { fine, coarse, ring } = scratch.vmaf.adm.get_or_insert_default();
            let (low, shifts, sides) = ([reference, distorted], format.rows, PhantomData::<S>);
            match *picture {
                Picture::Samples(pictures, depth) => {
                    let weights = options.sensitivities.fine;
                    let steps = Fine { pictures, depth, limit, weights, rows: fine, shifts: format.cubes };
                    let band = Band::<_, S, PARTS> { steps, sides, size, region, rows, shifts, low, kept, ring };
                    workers.level.run_whole(band)
                }
                Picture::Bands(pictures) => {
                    let shifts_of_cubes = [format.cubes[0], format.whole_cubes];
                    let weights = format.sensitivity.coarse();
                    let scale = *scale;
                    let steps = Coarse { pictures, scale, weights, limit, rows: coarse, shifts: shifts_of_cubes };
                    let band = Band::<_, S, PARTS> { steps, sides, size, region, rows, shifts, low, kept, ring };
                    workers.level.run_whole(band)
                }
            }
        });
        sums.into_iter().fold(Sums::default(), |total, band| total + band)
    }

    /// Converts sums to detail.
    pub fn detail(&self, sums: &Sums) -> Detail {
        self.format.detail(sums, self.region.count(), self.options.noise_weight)
    }
}

/// The fixed-point formats of a scale.
struct Format {
    sensitivity: Sensitivity,
    /// Right shifts of cubes of the parts, by direction.
    cubes: [u32; 3],
    /// Right shift of cubes of the reference's coefficients, at the coarser scales.
    whole_cubes: u32,
    /// Right shifts of the sums of a row: of the parts, and of the reference.
    rows: [u32; 2],
    /// Fractional bits that remain: of the parts by direction, and of the reference.
    parts: [i32; 3],
    whole: i32,
}

impl Format {
    fn new(scale: usize, [width, height]: [usize; 2], region: &Region, sensitivity: Sensitivity) -> Self {
        let row = bits(height);
        let signed = |bits: u32| bits as i32;
        if scale == 0 {
            let cube = |less: u32| bits(width).saturating_sub(less);
            let cubes = [cube(4), cube(4), cube(3)];
            let whole_row = bits(region.count()).saturating_sub(20);
            let points = [52, 52, 57];
            let parts = std::array::from_fn(|direction| points[direction] - signed(cubes[direction] + row));
            let whole = 18 - signed(whole_row);
            return Self { sensitivity, cubes, whole_cubes: 0, rows: [row, whole_row], parts, whole };
        }
        let cube = bits(width);
        let (whole_cubes, whole_row) = (bits(region.columns.len()), bits(region.rows.len()));
        let parts = [[45, 39, 36][scale - 1] - signed(cube + row); 3];
        let whole = [32, 27, 23][scale - 1] - signed(whole_cubes + whole_row);
        Self { sensitivity, cubes: [cube; 3], whole_cubes, rows: [row, whole_row], parts, whole }
    }

    /// Minkowski sums with exponent 3 over a region of `count` positions, plus the cube root of `count` ·
    /// `noise_weight`.
    fn detail(&self, sums: &Sums, count: usize, noise_weight: f64) -> Detail {
        let noise = ((count as f64 * noise_weight) as f32).powf(1.0 / 3.0);
        let mut detail = Detail::default();
        for direction in 0..3 {
            let weight = f64::powi(f64::from(self.sensitivity.0[direction]), 3);
            let part =
                |part: usize| (sums.parts[part][direction] as f64 / f64::powi(2.0, self.parts[direction])) as f32;
            let whole = (sums.whole[direction] as f64 / f64::powi(2.0, self.whole) * weight) as f32;
            detail.left += part(0).powf(1.0 / 3.0) + noise;
            detail.added += part(1).powf(1.0 / 3.0);
            detail.whole += whole.powf(1.0 / 3.0) + noise;
        }
        detail
    }
}
