// SPDX-License-Identifier: MPL-2.0

//! A plan: everything about a conversion that depends on the frame's description alone.

use std::ops::Range;

use super::color_transform::ColorTransform;
use super::error::{Described, PreprocessError};
use super::geometry::Resolved;
use super::kernels;
use super::layout::TensorLayout;
use crate::model::contract::{Input, Layout};
use crate::picture::{Colorimetry, Picture, PixelFormat};
use crate::resample::{self, FilterTable, Sampler, TILE, reflect};
use crate::simd::{Kernel, LANES, Level, SimdLevel};

/// The way from pictures of one description to an input's tensor.
///
/// Owns its tables and its scratch memory: [`Plan::run`] allocates nothing after its first call.
#[derive(Debug, Clone)]
pub struct Plan {
    described: Described,
    crop: [usize; 2],
    layout: TensorLayout,
    sampler: Sampler,
    color_transform: ColorTransform,
    level: Level,
    scratch: Scratch,
}

/// Intermediate rows of one tile.
#[derive(Debug, Clone, Default)]
struct Scratch {
    /// Of each component.
    sampler: resample::Scratch,
    /// A row of each channel, before they are interleaved.
    channels: Vec<f32>,
}

impl Plan {
    /// Works out how pictures of this description become `input`'s tensor.
    ///
    /// # Errors
    /// When the geometry or normalization makes no sense in itself or for a frame of this size.
    pub fn new(
        input: &Input,
        format: PixelFormat,
        width: u32,
        height: u32,
        colorimetry: Colorimetry,
    ) -> Result<Self, PreprocessError> {
        let geometry = &input.geometry;
        let resolved = Resolved::new(geometry, [width, height], input.channels.count())?;
        let color_transform = ColorTransform::new(input, format, colorimetry)?;
        let scaling = |axis: usize, size: u32| {
            FilterTable::resample(size, resolved.scaled[axis], geometry.filter, geometry.antialias)
                .mirrored(resolved.mirrored[axis])
        };
        let (across, down) = (scaling(0, width), scaling(1, height));
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
            scaled: resolved.mirrored,
            crop_origins: resolved.crop_origins,
        };
        Ok(Self {
            described: Described { format, width, height, colorimetry },
            crop: resolved.crop.map(|side| side as usize),
            layout,
            sampler,
            color_transform,
            level: Level::best(),
            scratch: Scratch::default(),
        })
    }

    /// The same with another instruction set.
    #[cfg(test)]
    pub(super) fn with_level(self, level: Level) -> Self {
        Self { level, ..self }
    }

    /// Whether the plan is for such pictures: same format, size and colorimetry.
    pub fn fits(&self, picture: &Picture<'_>) -> bool {
        self.described == describe(picture)
    }

    /// What [`Plan::run`] writes.
    pub fn layout(&self) -> &TensorLayout {
        &self.layout
    }

    /// Writes `picture` as the tensor: crop after crop, each (C, H, W) or (H, W, C).
    ///
    /// # Errors
    /// When the picture is not what the plan was made for, or `out` not as long as the layout says.
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
        for (place, out) in self.layout.crop_origins.iter().zip(out.chunks_exact_mut(size)) {
            let mut left = 0;
            while left < self.crop[0] {
                let width = TILE.min(self.crop[0] - left);
                self.write_tile(level, picture, *place, left..left + width, scratch, out);
                left += width;
            }
            self.pad(out);
        }
    }

    /// Some columns of the crop at `place`.
    #[inline(always)]
    fn write_tile<L: SimdLevel>(
        &self,
        level: L,
        picture: &Picture<'_>,
        place: [u32; 2],
        columns: Range<usize>,
        scratch: &mut Scratch,
        out: &mut [f32],
    ) {
        let outputs = place[0] as usize + columns.start..place[0] as usize + columns.end;
        let windows = self.sampler.windows(&outputs);
        let mut top = 0;
        while top < self.crop[1] {
            let rows = LANES.min(self.crop[1] - top);
            let first = place[1] as usize + top;
            self.sampler.read(level, picture, &windows, &outputs, first..first + rows, &mut scratch.sampler);
            for r in 0..rows {
                let components = [0, 1, 2].map(|component| scratch.sampler.row(component, r));
                self.transform_row(level, components, top + r, columns.clone(), &mut scratch.channels, out);
            }
            top += rows;
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

    /// Mirrors a crop to the right and below, up to `multiple-of`.
    #[inline(always)]
    fn pad(&self, out: &mut [f32]) {
        let TensorLayout { channels, height, width, .. } = self.layout;
        let [crop_width, crop_height] = self.crop;
        // An interleaved picture is one plane of wider pixels.
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

fn describe(picture: &Picture<'_>) -> Described {
    Described {
        format: picture.format(),
        width: picture.width(),
        height: picture.height(),
        colorimetry: picture.colorimetry(),
    }
}
