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
use super::{AdmOptions, Detail, Scratch};
use crate::metrics::workers::Workers;
use crate::simd::LANES;

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
    options: &AdmOptions,
    low: Option<&mut [Low; 2]>,
) -> Detail {
    match options.added {
        false => measure_parts::<1>(workers, picture, scale, options, low),
        true => measure_parts::<2>(workers, picture, scale, options, low),
    }
}

fn measure_parts<const PARTS: usize>(
    workers: &Workers,
    picture: &Picture<'_>,
    scale: usize,
    options: &AdmOptions,
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
    let format = Format::new(scale, size, &region, options.sensitivities.at(scale));
    let limit = options.gain_limit;
    let sums = workers.over(lows, width * height, |index, low, scratch| {
        let rows = index * BAND..((index + 1) * BAND).min(height);
        let Scratch { fine, coarse, ring } = scratch.vmaf.adm.get_or_insert_default();
        let (region, shifts) = (&region, format.rows);
        match *picture {
            Picture::Samples(pictures, depth) => {
                let weights = options.sensitivities.fine;
                let steps = Fine { pictures, depth, limit, weights, rows: fine, shifts: format.cubes };
                workers.level.run_whole(Band::<_, PARTS> { steps, size, region, rows, shifts, low, ring })
            }
            Picture::Bands(pictures) => {
                let shifts_of_cubes = [format.cubes[0], format.whole_cubes];
                let weights = format.sensitivity.coarse();
                let steps = Coarse { pictures, scale, weights, limit, rows: coarse, shifts: shifts_of_cubes };
                workers.level.run_whole(Band::<_, PARTS> { steps, size, region, rows, shifts, low, ring })
            }
        }
    });
    let sums = sums.into_iter().fold(Sums::default(), |total, band| total + band);
    format.detail(&sums, region.count(), options.noise_weight)
}

/// The fixed-point formats of a scale.
struct Format {
    sensitivity: Sensitivity,
    /// By how many bits cubes of the parts are shifted, by direction.
    cubes: [u32; 3],
    /// The same of the reference's coefficients, at the coarser scales.
    whole_cubes: u32,
    /// By how many bits the sums of a row are shifted: of the parts, and of what there was.
    rows: [u32; 2],
    /// How many bits are then behind the point: of the parts, by direction, and of what there was.
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

    /// Minkowski sums of power 3 over a region of so many places, of which `noise_weight` counts where there is
    /// nothing.
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
