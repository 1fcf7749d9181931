//! A plan: everything about a conversion that depends on the frame's description alone.

use std::ops::Range;

use super::error::Described;
use super::geometry::{Resolved, reflect};
use super::loops::{self, Columns, LANES, SLACK, Sample, Set, TILE};
use super::mix::Mix;
use super::taps::{Axis, Band};
use super::{Layout, PrepareError};
use crate::model::contract::{Input, Layout as Order};
use crate::picture::{Colour, Picture, PixelFormat};

/// The way from pictures of one description to an input's tensor.
///
/// Owns its tables and its scratch memory: [`Plan::run`] allocates nothing after its first call.
#[derive(Debug, Clone)]
pub struct Plan {
    described: Described,
    order: Order,
    crop: [usize; 2],
    layout: Layout,
    planes: Vec<PlanePass>,
    /// Tables for the rows, then for the columns; shared by components of equal subsampling.
    axes: Vec<Axis>,
    mix: Mix,
    arch: pulp::Arch,
    scratch: Scratch,
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
struct Scratch {
    /// `LANES` rows of a plane's samples after the vertical pass.
    rows: Vec<f32>,
    /// The samples of one component among them, where components are interleaved.
    picked: Vec<f32>,
    /// Either, turned over.
    columns: Vec<[f32; LANES]>,
    /// `LANES` rows of `TILE` samples for each component.
    components: Vec<f32>,
    /// A row of each channel, before they are interleaved.
    channels: Vec<f32>,
}

impl Plan {
    /// Works out how pictures of this description become `input`'s tensor.
    ///
    /// # Errors
    /// When the geometry or normalisation makes no sense in itself or for a frame of this size.
    pub fn new(
        input: &Input,
        format: PixelFormat,
        width: u32,
        height: u32,
        colour: Colour,
    ) -> Result<Self, PrepareError> {
        let geometry = &input.geometry;
        let resolved = Resolved::new(geometry, [width, height], input.channels.count())?;
        let mix = Mix::new(input, format, colour)?;
        let scaling = |axis: usize, size: u32| {
            Band::resample(size, resolved.scaled[axis], geometry.filter, geometry.antialias)
                .mirrored(resolved.mirrored[axis])
        };
        let (across, down) = (scaling(0, width), scaling(1, height));
        let mut tables = Tables::default();
        let mut planes: Vec<PlanePass> = Vec::new();
        for (index, component) in format.components()[..mix.components].iter().enumerate() {
            let (sub_x, sub_y) = (component.sub_x, component.sub_y);
            let horizontal = tables.index((0, sub_x), || {
                if sub_x == 0 {
                    across.pack()
                } else {
                    across.after(&Band::interpolate(width, sub_x, colour.siting.cosited_x)).pack()
                }
            });
            let vertical = tables.index((1, sub_y), || {
                if sub_y == 0 {
                    down.pack()
                } else {
                    down.after(&Band::interpolate(height, sub_y, colour.siting.cosited_y)).pack()
                }
            });
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
        let layout = Layout {
            crops: resolved.places.len(),
            channels: input.channels.count(),
            height: resolved.padded[1] as usize,
            width: resolved.padded[0] as usize,
            layout: input.layout,
            scaled: resolved.mirrored,
            places: resolved.places,
        };
        Ok(Self {
            described: Described { format, width, height, colour },
            order: input.layout,
            crop: resolved.crop.map(|side| side as usize),
            layout,
            planes,
            axes: tables.axes,
            mix,
            arch: pulp::Arch::new(),
            scratch: Scratch::default(),
        })
    }

    /// The same with another instruction set.
    #[cfg(test)]
    pub(super) fn with_arch(self, arch: pulp::Arch) -> Self {
        Self { arch, ..self }
    }

    /// Whether the plan is for such pictures: same format, size and colorimetry.
    pub fn fits(&self, picture: &Picture<'_>) -> bool {
        self.described == describe(picture)
    }

    /// What [`Plan::run`] writes.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Writes `picture` as the tensor: crop after crop, each (C, H, W) or (H, W, C).
    ///
    /// # Errors
    /// When the picture is not what the plan was made for, or `out` not as long as the layout says.
    pub fn run(&mut self, picture: &Picture<'_>, out: &mut [f32]) -> Result<(), PrepareError> {
        if !self.fits(picture) {
            return Err(PrepareError::Picture { expected: self.described, actual: describe(picture) });
        }
        if out.len() != self.layout.len() {
            return Err(PrepareError::Output { expected: self.layout.len(), actual: out.len() });
        }
        let mut scratch = std::mem::take(&mut self.scratch);
        let work = Work { plan: self, picture, scratch: &mut scratch, out };
        match self.arch {
            pulp::Arch::Scalar => work.write(loops::Plain),
            #[cfg(target_arch = "x86_64")]
            pulp::Arch::V4(set) => set.vectorize(OnAvx512(work, set)),
            arch => arch.dispatch(work),
        }
        self.scratch = scratch;
        Ok(())
    }

    #[inline(always)]
    fn write<I: Set>(&self, set: I, picture: &Picture<'_>, scratch: &mut Scratch, out: &mut [f32]) {
        scratch.components.resize(3 * LANES * TILE, 0.0);
        scratch.channels.resize(TILE, 0.0);
        let size = self.layout.channels * self.layout.height * self.layout.width;
        for (place, out) in self.layout.places.iter().zip(out.chunks_exact_mut(size)) {
            let mut left = 0;
            while left < self.crop[0] {
                let width = TILE.min(self.crop[0] - left);
                self.write_tile(set, picture, *place, left..left + width, scratch, out);
                left += width;
            }
            self.pad(out);
        }
    }

    /// Some columns of the crop at `place`.
    #[inline(always)]
    fn write_tile<I: Set>(
        &self,
        set: I,
        picture: &Picture<'_>,
        place: [u32; 2],
        columns: Range<usize>,
        scratch: &mut Scratch,
        out: &mut [f32],
    ) {
        let outputs = place[0] as usize + columns.start..place[0] as usize + columns.end;
        let mut windows = [Window::default(); 3];
        for (window, plane) in windows.iter_mut().zip(&self.planes) {
            *window = self.window(plane, &outputs);
        }
        let mut top = 0;
        while top < self.crop[1] {
            let rows = LANES.min(self.crop[1] - top);
            let first = place[1] as usize + top;
            for (window, plane) in windows.iter().zip(&self.planes) {
                if plane.wide {
                    self.read_rows::<I, [u8; 2]>(picture, plane, window, first..first + rows, scratch);
                } else {
                    self.read_rows::<I, u8>(picture, plane, window, first..first + rows, scratch);
                }
                for (component, &begin) in plane.components.iter().zip(&window.begins) {
                    let (axis, outputs) = (&self.axes[component.horizontal], outputs.clone());
                    let want = Columns { axis, outputs, first: begin, stride: window.stride(), rows };
                    self.resample(set, component, window, want, scratch);
                }
            }
            for r in 0..rows {
                let row = |component: usize| {
                    let at = (component * LANES + r) * TILE;
                    &scratch.components[at..at + TILE]
                };
                let components = [row(0), row(1), row(2)];
                self.mix_row(set, components, top + r, columns.clone(), &mut scratch.channels, out);
            }
            top += rows;
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
    fn read_rows<I: Set, S: Sample>(
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
            loops::vertical::<I, S>(data, source.stride, weights, plane.shift, &mut out[..length]);
        }
    }

    /// Horizontal pass over a component.
    #[inline(always)]
    fn resample<I: Set>(
        &self,
        set: I,
        component: &ComponentPass,
        window: &Window,
        mut want: Columns<'_>,
        scratch: &mut Scratch,
    ) {
        let Scratch { rows: source, picked, columns, components, .. } = scratch;
        let (offset, step) = (component.offset + want.first * component.step - window.first, component.step);
        let source = if step == 1 {
            &source[offset..]
        } else {
            let length = (window.end - window.first - offset).div_ceil(step);
            let picked_stride = length.next_multiple_of(LANES);
            picked.resize(picked.len().max(picked_stride * LANES + SLACK), 0.0);
            for r in 0..want.rows {
                let row = &source[r * want.stride..][offset..window.end - window.first];
                loops::pick(row, step, &mut picked[r * picked_stride..][..length]);
            }
            want.stride = picked_stride;
            &picked[..]
        };
        let out = &mut components[component.component * LANES * TILE..][..LANES * TILE];
        if !set.horizontal(&want, source, out) {
            columns.resize(columns.len().max(want.stride), [0.0; LANES]);
            loops::columns(source, want.stride, &mut columns[..want.stride]);
            loops::horizontal::<I>(&want, columns, out);
        }
    }

    /// Some columns of row `y` of a crop.
    #[inline(always)]
    fn mix_row<I: Set>(
        &self,
        set: I,
        components: [&[f32]; 3],
        y: usize,
        columns: Range<usize>,
        scratch: &mut [f32],
        out: &mut [f32],
    ) {
        let Layout { channels, height, width, .. } = self.layout;
        match self.order {
            Order::Nchw => {
                for c in 0..channels {
                    let row = (c * height + y) * width;
                    let out = &mut out[row + columns.start..row + columns.end];
                    loops::mix_row(set, &self.mix, components, c, out);
                }
            }
            Order::Nhwc => {
                let out = &mut out[(y * width + columns.start) * channels..(y * width + columns.end) * channels];
                for c in 0..channels {
                    loops::mix_row(set, &self.mix, components, c, &mut scratch[..columns.len()]);
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
        let Layout { channels, height, width, .. } = self.layout;
        let [crop_width, crop_height] = self.crop;
        // An interleaved picture is one plane of wider pixels.
        let (planes, pixel) = match self.order {
            Order::Nchw => (channels, 1),
            Order::Nhwc => (1, channels),
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

/// [`Plan::write`] for [`pulp::Arch::dispatch`]; a closure would not always be inlined, and then be compiled for the
/// oldest processor.
struct Work<'a, 'p> {
    plan: &'a Plan,
    picture: &'a Picture<'p>,
    scratch: &'a mut Scratch,
    out: &'a mut [f32],
}

impl Work<'_, '_> {
    #[inline(always)]
    fn write<I: Set>(self, set: I) {
        self.plan.write(set, self.picture, self.scratch, self.out);
    }
}

impl pulp::WithSimd for Work<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        // Every instruction set that pulp picks beyond the plain one has fused multiply-add.
        self.write(loops::Fused);
    }
}

/// The same with AVX-512's own horizontal pass.
#[cfg(target_arch = "x86_64")]
struct OnAvx512<'a, 'p>(Work<'a, 'p>, pulp::x86::V4);

#[cfg(target_arch = "x86_64")]
impl pulp::NullaryFnOnce for OnAvx512<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        self.0.write(self.1);
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

fn describe(picture: &Picture<'_>) -> Described {
    Described { format: picture.format(), width: picture.width(), height: picture.height(), colour: picture.colour() }
}
