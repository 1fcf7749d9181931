// SPDX-License-Identifier: MPL-2.0

//! From a picture's planes to rows of resampled samples, one tile of all components at a time.

use std::ops::Range;

use super::filter::PackedFilter;
use super::kernels::{self, Columns, SLACK, Sample, TILE};
use crate::picture::{Component, Picture, PixelFormat};
use crate::simd::{LANES, SimdLevel};

/// Resamples some components of pictures of one format. Called by a [`Kernel`](crate::simd::Kernel).
#[derive(Debug, Clone)]
pub(crate) struct Sampler {
    planes: Vec<PlanePass>,
    /// Tables for rows and columns; components of equal subsampling share them.
    axes: Vec<PackedFilter>,
}

/// What is read from one plane.
#[derive(Debug, Clone)]
struct PlanePass {
    plane: usize,
    /// Whether a sample is a 16-bit word.
    wide: bool,
    shift: u32,
    /// Index of the table for its rows.
    vertical: usize,
    components: Vec<ComponentPass>,
}

/// What is read from one component; offset and step are in samples.
#[derive(Debug, Clone)]
struct ComponentPass {
    component: usize,
    offset: usize,
    step: usize,
    /// Index of the table for its columns.
    horizontal: usize,
}

/// Intermediate rows of one tile.
#[derive(Debug, Clone, Default)]
pub(crate) struct Scratch {
    /// `LANES` rows of a plane's samples after the vertical pass.
    rows: Vec<f32>,
    /// The samples of one component among them, if components are interleaved.
    picked: Vec<f32>,
    /// Either of them, transposed.
    columns: Vec<[f32; LANES]>,
    /// `LANES` rows of `TILE` samples for each component.
    components: Vec<f32>,
}

impl Scratch {
    /// Row `row` of a component as computed by [`Sampler::read`]; values after the requested columns are undefined.
    #[inline(always)]
    pub fn row(&self, component: usize, row: usize) -> &[f32] {
        let at = (component * LANES + row) * TILE;
        &self.components[at..at + TILE]
    }
}

impl Sampler {
    /// For the components `which` of `format`; `across` and `down` create the tables of a component, and are called
    /// once per subsampling.
    pub fn new(
        format: PixelFormat,
        which: Range<usize>,
        across: impl Fn(&Component) -> PackedFilter,
        down: impl Fn(&Component) -> PackedFilter,
    ) -> Self {
        let mut tables = Tables::default();
        let mut planes: Vec<PlanePass> = Vec::new();
        for (index, component) in format.components().iter().enumerate().take(which.end).skip(which.start) {
            let horizontal = tables.index((0, component.sub_x), || across(component));
            let vertical = tables.index((1, component.sub_y), || down(component));
            let plane = usize::from(component.plane);
            let pass = ComponentPass {
                component: index,
                offset: usize::from(component.offset) / component.bytes(),
                step: usize::from(component.step) / component.bytes(),
                horizontal,
            };
            match planes.iter_mut().find(|p| p.plane == plane && p.vertical == vertical) {
                Some(known) => known.components.push(pass),
                None => planes.push(PlanePass {
                    plane,
                    wide: component.bytes() == 2,
                    shift: u32::from(component.shift),
                    vertical,
                    components: vec![pass],
                }),
            }
        }
        Self { planes, axes: tables.axes }
    }

    /// The samples of each plane that the columns `outputs`, at most `TILE`, need.
    #[inline(always)]
    pub fn windows(&self, outputs: &Range<usize>) -> Windows {
        let mut windows = Windows::default();
        for (window, plane) in windows.0.iter_mut().zip(&self.planes) {
            *window = self.window(plane, outputs);
        }
        windows
    }

    /// Computes the `rows`, at most `LANES`, of the columns that the windows were made for.
    #[inline(always)]
    pub fn read<L: SimdLevel>(
        &self,
        level: L,
        picture: &Picture<'_>,
        windows: &Windows,
        outputs: &Range<usize>,
        rows: Range<usize>,
        scratch: &mut Scratch,
    ) {
        scratch.components.resize(3 * LANES * TILE, 0.0);
        for (window, plane) in windows.0.iter().zip(&self.planes) {
            if plane.wide {
                self.read_rows::<L, [u8; 2]>(picture, plane, window, rows.clone(), scratch);
            } else {
                self.read_rows::<L, u8>(picture, plane, window, rows.clone(), scratch);
            }
            for (component, &begin) in plane.components.iter().zip(&window.begins) {
                let (axis, outputs) = (&self.axes[component.horizontal], outputs.clone());
                let want = Columns { axis, outputs, first: begin, stride: window.stride(), rows: rows.len() };
                resample(level, component, window, want, scratch);
            }
        }
    }

    /// The samples of a plane that some output columns need.
    #[inline(always)]
    fn window(&self, plane: &PlanePass, outputs: &Range<usize>) -> Window {
        let mut window = Window { first: usize::MAX, ..Window::default() };
        for (c, begin) in plane.components.iter().zip(&mut window.begins) {
            let (first, end) = self.axes[c.horizontal].needs(outputs.start, outputs.len());
            *begin = first;
            window.first = window.first.min(c.offset + first * c.step);
            window.end = window.end.max(c.offset + (end - 1) * c.step + 1);
        }
        window
    }

    /// Vertical pass over a plane; components remain interleaved.
    #[inline(always)]
    fn read_rows<L: SimdLevel, S: Sample>(
        &self,
        picture: &Picture<'_>,
        plane: &PlanePass,
        window: &Window,
        rows: Range<usize>,
        scratch: &mut Scratch,
    ) {
        let stride = window.stride();
        scratch.rows.resize(scratch.rows.len().max(stride * LANES + SLACK), 0.0);
        let source = &picture.planes()[plane.plane];
        let vertical = &self.axes[plane.vertical];
        for (row, out) in rows.zip(scratch.rows.chunks_exact_mut(stride)) {
            let (start, weights) = vertical.row(row);
            let at = start * source.stride + window.first * size_of::<S>();
            let data = &source.data[at..];
            // Whole vectors if the memory extends far enough, so that there is no remainder.
            let last = weights.len().saturating_sub(1) * source.stride;
            let length = stride.min(data.len().saturating_sub(last) / size_of::<S>());
            kernels::vertical::<L, S>(data, source.stride, weights, plane.shift, &mut out[..length]);
        }
    }
}

/// Horizontal pass over a component.
#[inline(always)]
fn resample<L: SimdLevel>(
    level: L,
    component: &ComponentPass,
    window: &Window,
    mut want: Columns<'_>,
    scratch: &mut Scratch,
) {
    let Scratch { rows: source, picked, columns, components } = scratch;
    let (offset, step) = (component.offset + want.first * component.step - window.first, component.step);
    let source = if step == 1 {
        &source[offset..]
    } else {
        let length = (window.end - window.first - offset).div_ceil(step);
        let picked_stride = length.next_multiple_of(LANES);
        picked.resize(picked.len().max(picked_stride * LANES + SLACK), 0.0);
        for r in 0..want.rows {
            let row = &source[r * want.stride..][offset..window.end - window.first];
            kernels::pick(row, step, &mut picked[r * picked_stride..][..length]);
        }
        want.stride = picked_stride;
        &picked[..]
    };
    let out = &mut components[component.component * LANES * TILE..][..LANES * TILE];
    #[cfg(target_arch = "x86_64")]
    if let Some(avx512) = level.avx512()
        && super::avx512::horizontal(avx512.v4, &want, source, out)
    {
        return;
    }
    columns.resize(columns.len().max(want.stride), [0.0; LANES]);
    kernels::columns(source, want.stride, &mut columns[..want.stride]);
    kernels::horizontal::<L>(&want, columns, out);
}

/// The samples of each plane that some output columns need.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Windows([Window; 3]);

/// The samples of a plane that some output columns need, relative to the start of the row.
#[derive(Debug, Clone, Copy, Default)]
struct Window {
    first: usize,
    /// One past the last.
    end: usize,
    /// For each component, in the order of the plane's passes, its first sample in units of its own samples.
    begins: [usize; 3],
}

impl Window {
    /// Distance between intermediate rows.
    fn stride(&self) -> usize {
        (self.end - self.first).next_multiple_of(LANES)
    }
}

/// Tables by axis and subsampling, each created once.
#[derive(Default)]
struct Tables {
    keys: Vec<(u8, u8)>,
    axes: Vec<PackedFilter>,
}

impl Tables {
    fn index(&mut self, key: (u8, u8), make: impl FnOnce() -> PackedFilter) -> usize {
        self.keys.iter().position(|known| *known == key).unwrap_or_else(|| {
            self.keys.push(key);
            self.axes.push(make());
            self.keys.len() - 1
        })
    }
}
