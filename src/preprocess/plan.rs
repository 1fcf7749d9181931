// SPDX-License-Identifier: MPL-2.0

//! A plan: everything about a conversion that depends only on the description of the frames.

use std::ops::Range;

use super::color_transform::{self, ColorTransform, normalization};
use super::eight_bit::{self, EightBit};
use super::error::{Described, PreprocessError};
use super::geometry::Resolved;
use super::kernels;
use super::layout::TensorLayout;
use crate::model::contract::{Input, Layout, Resize};
use crate::picture::{Colorimetry, Picture, PixelFormat};
use crate::resample::{self, FilterTable, Sampler, TILE, reflect};
use crate::simd::{Kernel, LANES, Level, SimdLevel};

/// Converts pictures of one description to an input's tensor.
///
/// It owns its tables and scratch memory: [`Plan::run`] allocates nothing after its first call.
#[derive(Debug, Clone)]
pub struct Plan {
    described: Described,
    crop: [usize; 2],
    /// Left and top of the crop in the tensor's picture.
    inset: [usize; 2],
    /// The size of that picture.
    size: [usize; 2],
    /// The value of each channel around the crop.
    border: Vec<f32>,
    layout: TensorLayout,
    sampler: Sampler,
    color_transform: ColorTransform,
    /// Scaling in 8 bits, after the color conversion.
    eight_bit: Option<EightBit>,
    level: Level,
    scratch: Scratch,
}

/// Intermediate rows of one tile.
#[derive(Debug, Clone, Default)]
struct Scratch {
    /// For each component.
    sampler: resample::Scratch,
    /// A row of each channel, before they are interleaved.
    channels: Vec<f32>,
    eight_bit: eight_bit::Scratch,
}

impl Plan {
    /// Computes how pictures of this description become `input`'s tensor.
    ///
    /// # Errors
    /// When the geometry or normalization is invalid by itself or for a frame of this size.
    pub fn new(
        input: &Input,
        format: PixelFormat,
        width: u32,
        height: u32,
        colorimetry: Colorimetry,
    ) -> Result<Self, PreprocessError> {
        let geometry = &input.geometry;
        let resolved = Resolved::new(geometry, [width, height], input.channels.count())?;
        let mut color_transform = ColorTransform::new(input, format, colorimetry)?;
        let table = |axis: usize, size: u32| {
            FilterTable::resample(size, resolved.scaled[axis], geometry.filter, geometry.antialias)
        };
        let mut border = border(input, colorimetry);
        let mut eight_bit = None;
        let (across, down) = if geometry.round {
            eight_bit = Some(EightBit::new(input, [table(0, width), table(1, height)], resolved.mirrored)?);
            color_transform = color_transform.in_bytes();
            border.iter_mut().for_each(|value| *value = (*value * 255.0).round() / 255.0);
            let whole = |size| FilterTable::resample(size, size, geometry.filter, false);
            (whole(width), whole(height))
        } else {
            (table(0, width).mirrored(resolved.mirrored[0]), table(1, height).mirrored(resolved.mirrored[1]))
        };
        let chroma_site = colorimetry.chroma_site;
        let sampler = Sampler::new(
            format,
            0..color_transform.components,
            |c| match c.sub_x {
                0 => across.pack(),
                sub => across.after(&FilterTable::interpolate(width, sub, chroma_site.cosited_x)).pack(),
            },
            |c| match c.sub_y {
                0 => down.pack(),
                sub => down.after(&FilterTable::interpolate(height, sub, chroma_site.cosited_y)).pack(),
            },
        );
        let layout = TensorLayout {
            crops: resolved.crop_origins.len(),
            channels: input.channels.count(),
            height: resolved.padded[1] as usize,
            width: resolved.padded[0] as usize,
            order: input.layout,
            scaled: if resolved.size == resolved.crop { resolved.mirrored } else { resolved.size },
            crop_origins: resolved.crop_origins,
        };
        Ok(Self {
            described: Described { format, width, height, colorimetry },
            crop: resolved.crop.map(|side| side as usize),
            inset: resolved.inset.map(|side| side as usize),
            size: resolved.size.map(|side| side as usize),
            border: normalization(input)?
                .iter()
                .zip(border)
                .map(|((mean, std), v)| ((v - mean) / std) as f32)
                .collect(),
            layout,
            sampler,
            color_transform,
            eight_bit,
            level: Level::best(),
            scratch: Scratch::default(),
        })
    }

    /// The same with a given instruction set.
    #[cfg(test)]
    pub(super) fn with_level(self, level: Level) -> Self {
        Self { level, ..self }
    }

    /// Whether the plan suits these pictures: same format, size and colorimetry.
    pub fn fits(&self, picture: &Picture<'_>) -> bool {
        self.described == describe(picture)
    }

    /// The layout of what [`Plan::run`] writes.
    pub fn layout(&self) -> &TensorLayout {
        &self.layout
    }

    /// Writes `picture` as the tensor: crop after crop, each (C, H, W) or (H, W, C).
    ///
    /// # Errors
    /// When the picture differs from what the plan was made for, or `out` does not have the length of the layout.
    pub fn run(&mut self, picture: &Picture<'_>, out: &mut [f32]) -> Result<(), PreprocessError> {
        if !self.fits(picture) {
            return Err(PreprocessError::Picture { expected: self.described, actual: describe(picture) });
        }
        if out.len() != self.layout.len() {
            return Err(PreprocessError::Output { expected: self.layout.len(), actual: out.len() });
        }
        let mut scratch = std::mem::take(&mut self.scratch);
        let work = Work { plan: self, picture, scratch: &mut scratch, out };
        self.level.run(work);
        self.scratch = scratch;
        Ok(())
    }

    #[inline(always)]
    fn write<L: SimdLevel>(&self, level: L, picture: &Picture<'_>, scratch: &mut Scratch, out: &mut [f32]) {
        scratch.channels.resize(TILE, 0.0);
        let size = self.layout.channels * self.layout.height * self.layout.width;
        if self.size != self.crop {
            out.chunks_exact_mut(size).for_each(|out| self.fill(out));
        }
        let Scratch { sampler, channels, eight_bit: bytes } = scratch;
        let source = [self.described.width as usize, self.described.height as usize];
        let (places, extent) = match &self.eight_bit {
            Some(_) => {
                bytes.begin(source, self.color_transform.channels());
                (&[[0, 0]][..], source)
            }
            None => (&self.layout.crop_origins[..], self.crop),
        };
        for (index, place) in places.iter().enumerate() {
            let corner = place.map(|at| at as usize);
            let mut sink = match &self.eight_bit {
                Some(_) => Sink::Bytes { row: channels, out: bytes },
                None => Sink::Crop { corner, scratch: channels, out: &mut out[index * size..][..size] },
            };
            self.sample(level, picture, corner, extent, sampler, &mut sink);
        }
        if let Some(eight_bit) = &self.eight_bit {
            eight_bit.scale(bytes);
            for (place, out) in self.layout.crop_origins.iter().zip(out.chunks_exact_mut(size)) {
                self.write_bytes(eight_bit, *place, bytes, out);
            }
        }
        out.chunks_exact_mut(size).for_each(|out| self.pad(out));
    }

    /// Computes the part of the sampler's output at `corner`, row by row of each tile.
    #[inline(always)]
    fn sample<L: SimdLevel>(
        &self,
        level: L,
        picture: &Picture<'_>,
        corner: [usize; 2],
        extent: [usize; 2],
        scratch: &mut resample::Scratch,
        sink: &mut Sink<'_>,
    ) {
        let [right, bottom] = [corner[0] + extent[0], corner[1] + extent[1]];
        let mut left = corner[0];
        while left < right {
            let columns = left..right.min(left + TILE);
            let windows = self.sampler.windows(&columns);
            let mut top = corner[1];
            while top < bottom {
                let rows = LANES.min(bottom - top);
                self.sampler.read(level, picture, &windows, &columns, top..top + rows, scratch);
                for r in 0..rows {
                    let components = [0, 1, 2].map(|component| scratch.row(component, r));
                    self.take(level, components, top + r, &columns, sink);
                }
                top += rows;
            }
            left = columns.end;
        }
    }

    /// Passes some columns of a row of components to their destination.
    #[inline(always)]
    fn take<L: SimdLevel>(
        &self,
        level: L,
        components: [&[f32]; 3],
        y: usize,
        columns: &Range<usize>,
        sink: &mut Sink<'_>,
    ) {
        match sink {
            Sink::Crop { corner: [left, top], scratch, out } => {
                let columns = columns.start - *left..columns.end - *left;
                self.transform_row(level, components, y - *top, columns, scratch, out);
            }
            Sink::Bytes { row, out } => {
                let row = &mut row[..columns.len()];
                for c in 0..self.color_transform.channels() {
                    kernels::transform_row(level, &self.color_transform, components, c, row);
                    out.store(c, y, columns.start, row);
                }
            }
        }
    }

    /// Some columns of row `y` of a crop.
    #[inline(always)]
    fn transform_row<L: SimdLevel>(
        &self,
        level: L,
        components: [&[f32]; 3],
        y: usize,
        columns: Range<usize>,
        scratch: &mut [f32],
        out: &mut [f32],
    ) {
        let TensorLayout { channels, height, width, .. } = self.layout;
        let (y, columns) = (y + self.inset[1], columns.start + self.inset[0]..columns.end + self.inset[0]);
        match self.layout.order {
            Layout::Nchw => {
                for c in 0..channels {
                    let row = (c * height + y) * width;
                    let out = &mut out[row + columns.start..row + columns.end];
                    kernels::transform_row(level, &self.color_transform, components, c, out);
                }
            }
            Layout::Nhwc => {
                let out = &mut out[(y * width + columns.start) * channels..(y * width + columns.end) * channels];
                for c in 0..channels {
                    kernels::transform_row(level, &self.color_transform, components, c, &mut scratch[..columns.len()]);
                    for (pixel, value) in out.chunks_exact_mut(channels).zip(&*scratch) {
                        pixel[c] = *value;
                    }
                }
            }
        }
    }

    /// A crop of the picture that was scaled in 8 bits.
    #[inline(always)]
    fn write_bytes(&self, eight_bit: &EightBit, place: [u32; 2], bytes: &eight_bit::Scratch, out: &mut [f32]) {
        let TensorLayout { channels, height, width, order, .. } = self.layout;
        for c in 0..channels {
            for y in 0..self.crop[1] {
                let row = eight_bit.row(bytes, c, place[1] as usize + y);
                let (x0, y) = (self.inset[0], y + self.inset[1]);
                let values = eight_bit.columns(place[0] as usize, self.crop[0]).map(|x| eight_bit.value(c, row[x]));
                match order {
                    Layout::Nchw => {
                        let start = (c * height + y) * width + x0;
                        out[start..].iter_mut().zip(values).for_each(|(out, value)| *out = value);
                    }
                    Layout::Nhwc => {
                        let start = (y * width + x0) * channels + c;
                        out[start..].iter_mut().step_by(channels).zip(values).for_each(|(out, value)| *out = value);
                    }
                }
            }
        }
    }

    /// Fills the tensor's picture with the border.
    fn fill(&self, out: &mut [f32]) {
        match self.layout.order {
            Layout::Nchw => {
                let planes = out.chunks_exact_mut(self.layout.height * self.layout.width);
                planes.zip(&self.border).for_each(|(plane, value)| plane.fill(*value));
            }
            Layout::Nhwc => {
                out.chunks_exact_mut(self.border.len()).for_each(|pixel| pixel.copy_from_slice(&self.border));
            }
        }
    }

    /// Mirrors a crop to the right and below, up to `multiple-of`.
    #[inline(always)]
    fn pad(&self, out: &mut [f32]) {
        let TensorLayout { channels, height, width, .. } = self.layout;
        let [crop_width, crop_height] = self.size;
        // An interleaved picture is a single plane of wider pixels.
        let (planes, pixel) = match self.layout.order {
            Layout::Nchw => (channels, 1),
            Layout::Nhwc => (1, channels),
        };
        let row = width * pixel;
        for plane in out.chunks_exact_mut(height * row).take(planes) {
            for line in plane.chunks_exact_mut(row).take(crop_height) {
                for x in crop_width..width {
                    let from = reflect(x as i64, crop_width as u32) as usize * pixel;
                    line.copy_within(from..from + pixel, x * pixel);
                }
            }
            for y in crop_height..height {
                let from = reflect(y as i64, crop_height as u32) as usize * row;
                plane.copy_within(from..from + row, y * row);
            }
        }
    }
}

/// The destination of rows of components.
enum Sink<'a> {
    /// A crop of the tensor, whose upper left corner this is.
    Crop { corner: [usize; 2], scratch: &'a mut [f32], out: &'a mut [f32] },
    /// The 8-bit picture.
    Bytes { row: &'a mut [f32], out: &'a mut eight_bit::Scratch },
}

/// [`Plan::write`] for one instruction set.
struct Work<'a, 'p> {
    plan: &'a Plan,
    picture: &'a Picture<'p>,
    scratch: &'a mut Scratch,
    out: &'a mut [f32],
}

impl Kernel for Work<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn run<L: SimdLevel>(self, level: L) {
        self.plan.write(level, self.picture, self.scratch, self.out);
    }
}

/// The value around the picture in each channel, from 0 to 1.
fn border(input: &Input, colorimetry: Colorimetry) -> Vec<f64> {
    let rgb = match input.geometry.scale {
        Some(Resize::Letterbox(letterbox)) => letterbox.color,
        _ => [0.0; 3],
    };
    color_transform::color(input, rgb, colorimetry)
}

fn describe(picture: &Picture<'_>) -> Described {
    Described {
        format: picture.format(),
        width: picture.width(),
        height: picture.height(),
        colorimetry: picture.colorimetry(),
    }
}
