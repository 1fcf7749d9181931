// SPDX-License-Identifier: MPL-2.0

//! From a picture's planes to rows of resampled samples, one component beside the other, a tile at a time.

use std::ops::Range;

use super::filter::Axis;
use super::kernels::{self, Columns, LANES, SLACK, Sample, SimdLevel, TILE};
use crate::picture::{Component, Picture, PixelFormat};

/// Resamples some components of pictures of one format. The loops of [`Work`] call it.
#[derive(Debug, Clone)]
pub(crate) struct Sampler {
    planes: Vec<PlanePass>,
    /// Tables for the rows and the columns; shared by components of equal subsampling.
    axes: Vec<Axis>,
}

/// What is taken from one plane.
#[derive(Debug, Clone)]
struct PlanePass {
    plane: usize,
    /// A sample is a 16-bit word.
    wide: bool,
    shift: u32,
    /// Index of the table for its rows.
    vertical: usize,
    components: Vec<ComponentPass>,
}

/// What is taken from one component; offset and step are in samples.
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
    /// The samples of one component among them, where components are interleaved.
    picked: Vec<f32>,
    /// Either, turned over.
    columns: Vec<[f32; LANES]>,
    /// `LANES` rows of `TILE` samples for each component.
    components: Vec<f32>,
}

impl Scratch {
    /// Row `row` of those that [`Sampler::read`] has made of a component; what lies behind the wanted columns means
    /// nothing.
    #[inline(always)]
    pub fn row(&self, component: usize, row: usize) -> &[f32] {
        let at = (component * LANES + row) * TILE;
        &self.components[at..at + TILE]
    }
}

impl Sampler {
    /// For the components `which` of `format`; `across` and `down` make the tables of a component, and are asked once
    /// for each subsampling.
    pub fn new(
        format: PixelFormat,
        which: Range<usize>,
        across: impl Fn(&Component) -> Axis,
        down: impl Fn(&Component) -> Axis,
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

    /// What the columns `outputs`, at most `TILE`, need of each plane.
    #[inline(always)]
    pub fn windows(&self, outputs: &Range<usize>) -> Windows {
        let mut windows = Windows::default();
        for (window, plane) in windows.0.iter_mut().zip(&self.planes) {
            *window = self.window(plane, outputs);
        }
        windows
    }

    /// Makes the `rows`, at most `LANES`, of the columns that the windows are for.
    #[inline(always)]
    pub fn read<I: SimdLevel>(
        &self,
        set: I,
        picture: &Picture<'_>,
        windows: &Windows,
        outputs: &Range<usize>,
        rows: Range<usize>,
        scratch: &mut Scratch,
    ) {
        scratch.components.resize(3 * LANES * TILE, 0.0);
        for (window, plane) in windows.0.iter().zip(&self.planes) {
            if plane.wide {
                self.read_rows::<I, [u8; 2]>(picture, plane, window, rows.clone(), scratch);
            } else {
                self.read_rows::<I, u8>(picture, plane, window, rows.clone(), scratch);
            }
            for (component, &begin) in plane.components.iter().zip(&window.begins) {
                let (axis, outputs) = (&self.axes[component.horizontal], outputs.clone());
                let want = Columns { axis, outputs, first: begin, stride: window.stride(), rows: rows.len() };
                resample(set, component, window, want, scratch);
            }
        }
    }

    /// What some output columns need of a plane.
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

    /// Vertical pass over a plane, components interleaved as they are.
    #[inline(always)]
    fn read_rows<I: SimdLevel, S: Sample>(
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
            // Whole vectors if the memory goes on, so that there is no rest.
            let last = weights.len().saturating_sub(1) * source.stride;
            let length = stride.min(data.len().saturating_sub(last) / size_of::<S>());
            kernels::vertical::<I, S>(data, source.stride, weights, plane.shift, &mut out[..length]);
        }
    }
}

/// Horizontal pass over a component.
#[inline(always)]
fn resample<I: SimdLevel>(
    set: I,
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
    if !set.horizontal(&want, source, out) {
        columns.resize(columns.len().max(want.stride), [0.0; LANES]);
        kernels::columns(source, want.stride, &mut columns[..want.stride]);
        kernels::horizontal::<I>(&want, columns, out);
    }
}

/// What some output columns need of each plane.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Windows([Window; 3]);

/// The samples of a plane that some output columns need; counted from the start of the row.
#[derive(Debug, Clone, Copy, Default)]
struct Window {
    first: usize,
    /// After the last.
    end: usize,
    /// For each component, in the order of the plane's passes, its first sample, counted in its own samples.
    begins: [usize; 3],
}

impl Window {
    /// From one intermediate row to the next.
    fn stride(&self) -> usize {
        (self.end - self.first).next_multiple_of(LANES)
    }
}

/// Tables by axis and subsampling, each made once.
#[derive(Default)]
struct Tables {
    keys: Vec<(u8, u8)>,
    axes: Vec<Axis>,
}

impl Tables {
    fn index(&mut self, key: (u8, u8), make: impl FnOnce() -> Axis) -> usize {
        self.keys.iter().position(|known| *known == key).unwrap_or_else(|| {
            self.keys.push(key);
            self.axes.push(make());
            self.keys.len() - 1
        })
    }
}

/// Something done with these loops, compiled once for each instruction set; a closure would not always be inlined, and
/// then be compiled for the oldest processor.
pub(crate) trait Work {
    /// Does it. To be marked `#[inline(always)]`.
    fn run<I: SimdLevel>(self, set: I);
}

/// Does `work` with the instruction set `arch`.
pub(crate) fn dispatch(arch: pulp::Arch, work: impl Work) {
    match arch {
        pulp::Arch::Scalar => work.run(kernels::Scalar),
        #[cfg(target_arch = "x86_64")]
        pulp::Arch::V4(set) => set.vectorize(OnAvx512(work, set)),
        arch => arch.dispatch(OnFma(work)),
    }
}

struct OnFma<W>(W);

impl<W: Work> pulp::WithSimd for OnFma<W> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        // Every instruction set that pulp picks beyond the plain one has fused multiply-add.
        self.0.run(kernels::Fma);
    }
}

/// The same with AVX-512's own horizontal pass.
#[cfg(target_arch = "x86_64")]
struct OnAvx512<W>(W, pulp::x86::V4);

#[cfg(target_arch = "x86_64")]
impl<W: Work> pulp::NullaryFnOnce for OnAvx512<W> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        self.0.run(self.1);
    }
}
