// SPDX-License-Identifier: MPL-2.0

//! Resampling a picture in its own depth.

use std::ops::Range;

use super::placement::{Grid, Placement};
use crate::picture::{
    ChromaSite, Colorimetry, Component, Family, Frame, OwnedFrame, Picture, PictureError, PixelFormat,
};
use crate::resample::{Sampler, Scratch, TILE};
use crate::simd::{Kernel, LANES, SimdLevel, dispatch};

/// What a picture is resampled to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Target {
    pub placement: Placement,
    pub size: [u32; 2],
    /// log2 of the chroma subsampling; meaningless without chroma.
    pub sampling: [u8; 2],
    /// The siting of the resampled chroma.
    pub chroma_site: ChromaSite,
}

/// Subsampling of a format's chroma; 4:4:4 where there is none.
pub(super) fn sampling(format: PixelFormat) -> [u8; 2] {
    match (format.family(), format.components()) {
        (Family::Yuv, [_, chroma, ..]) => [chroma.sub_x, chroma.sub_y],
        _ => [0, 0],
    }
}

/// The format of this family and depth with that subsampling; planar if one exists.
fn planar(format: PixelFormat, sampling: [u8; 2]) -> Option<PixelFormat> {
    let depth = format.components()[0].depth;
    let suits = |f: &PixelFormat| {
        let same = f.family() == format.family() && f.components().iter().all(|c| c.depth == depth && c.shift == 0);
        same && self::sampling(*f) == sampling
    };
    let of_its_own = |f: &PixelFormat| f.planes() == f.components().len();
    let all = || PixelFormat::ALL.iter().copied().filter(suits);
    all().find(of_its_own).or_else(|| all().next())
}

/// Resamples pictures of one kind to another; keeps tables and memory from frame to frame.
#[derive(Debug, Default)]
pub(super) struct Resampler {
    plan: Option<ResamplePlan>,
    scratch: Scratch,
}

#[derive(Debug)]
struct ResamplePlan {
    of: (PixelFormat, u32, u32, Colorimetry),
    to: Target,
    /// Luma or R'G'B', then chroma: the components and their sampler.
    groups: Vec<(Range<usize>, Sampler)>,
    made: OwnedFrame,
}

impl Resampler {
    /// Resamples `picture` as `to` says: bicubic (a = −½), antialiased, each component from its own siting to the
    /// target's, rounded and clamped to its depth. If no format has the wanted subsampling at this depth (4:1:1 above 8
    /// bits), the subsampling stays.
    pub fn run(&mut self, picture: &Picture<'_>, to: Target) -> Result<Picture<'_>, PictureError> {
        let of = (picture.format(), picture.width(), picture.height(), picture.colorimetry());
        let plan = match self.plan.take().filter(|plan| plan.of == of && plan.to == to) {
            Some(plan) => plan,
            None => ResamplePlan::new(picture, to),
        };
        let plan = self.plan.insert(plan);
        let run = Run { groups: &plan.groups, picture, made: &mut plan.made, scratch: &mut self.scratch };
        dispatch(run);
        plan.made.picture()
    }
}

impl ResamplePlan {
    fn new(picture: &Picture<'_>, to: Target) -> Self {
        let (source, colorimetry) = (picture.format(), picture.colorimetry());
        let format = planar(source, to.sampling).or_else(|| planar(source, sampling(source))).unwrap_or(source);
        let components = source.components().len().min(3);
        let luma = if source.family() == Family::Yuv { 1 } else { components };
        let groups = [0..luma, luma..components].into_iter().filter(|group| !group.is_empty());
        let made = format.components();
        let sampler = |group: Range<usize>| {
            let target = made[group.start];
            let axis = |component: &Component, axis: usize| {
                let (from, onto) =
                    (Grid::of(component, colorimetry.chroma_site, axis), Grid::of(&target, to.chroma_site, axis));
                let (inputs, outputs) = match axis {
                    0 => (component.width(picture.width()), target.width(to.size[0])),
                    _ => (component.height(picture.height()), target.height(to.size[1])),
                };
                from.filter(inputs, onto, outputs, to.placement.origin[axis], to.placement.step[axis]).pack()
            };
            (group.clone(), Sampler::new(source, group, |c| axis(c, 0), |c| axis(c, 1)))
        };
        Self {
            of: (source, picture.width(), picture.height(), colorimetry),
            to,
            groups: groups.map(sampler).collect(),
            made: blank(format, to.size, Colorimetry { chroma_site: to.chroma_site, ..colorimetry }),
        }
    }
}

/// A picture of zeros.
fn blank(format: PixelFormat, [width, height]: [u32; 2], colorimetry: Colorimetry) -> OwnedFrame {
    let mut planes = vec![(Vec::new(), 0); format.planes()];
    for c in format.components() {
        let stride = (c.width(width) as usize * usize::from(c.step)).next_multiple_of(64);
        planes[usize::from(c.plane)] = (vec![0; stride * c.height(height) as usize], stride);
    }
    OwnedFrame { format, width, height, colorimetry, planes }
}

struct Run<'a, 'p> {
    groups: &'a [(Range<usize>, Sampler)],
    picture: &'a Picture<'p>,
    made: &'a mut OwnedFrame,
    scratch: &'a mut Scratch,
}

impl Kernel for Run<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn run<L: SimdLevel>(self, level: L) {
        let Self { groups, picture, made, scratch } = self;
        for (group, sampler) in groups {
            let first = made.format.components()[group.start];
            let (width, height) = (first.width(made.width) as usize, first.height(made.height) as usize);
            for left in (0..width).step_by(TILE) {
                let columns = left..width.min(left + TILE);
                let windows = sampler.windows(&columns);
                for top in (0..height).step_by(LANES) {
                    let rows = top..height.min(top + LANES);
                    sampler.read(level, picture, &windows, &columns, rows.clone(), scratch);
                    for (index, c) in made.format.components().iter().enumerate().take(group.end).skip(group.start) {
                        let (plane, stride) = &mut made.planes[usize::from(c.plane)];
                        let step = usize::from(c.step);
                        for row in rows.clone() {
                            let start = row * *stride + usize::from(c.offset) + left * step;
                            let out = &mut plane[start..row * *stride + *stride];
                            store(&scratch.row(index, row - top)[..columns.len()], c, out);
                        }
                    }
                }
            }
        }
    }
}

/// Rounds to the component's depth.
#[inline(always)]
fn store(row: &[f32], component: &Component, out: &mut [u8]) {
    let max = component.max() as f32;
    // 2²³: from here on a float has no fraction, and its lowest bits are the integer.
    let round = |v: f32| (v.max(0.0).min(max) + 8_388_608.0).to_bits() as u16;
    match (component.bytes(), usize::from(component.step)) {
        (1, 1) => out.iter_mut().zip(row).for_each(|(out, &v)| *out = round(v) as u8),
        (1, step) => out.chunks_mut(step).zip(row).for_each(|(out, &v)| out[0] = round(v) as u8),
        (_, 2) => out.as_chunks_mut::<2>().0.iter_mut().zip(row).for_each(|(out, &v)| *out = round(v).to_le_bytes()),
        (_, step) => {
            out.chunks_mut(step).zip(row).for_each(|(out, &v)| out[..2].copy_from_slice(&round(v).to_le_bytes()));
        }
    }
}
