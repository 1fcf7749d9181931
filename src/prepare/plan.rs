//! A plan: everything about a conversion that depends on the frame's description alone.

use super::error::Described;
use super::geometry::{Resolved, reflect};
use super::loops::{self, LANES, Sample};
use super::mix::Mix;
use super::taps::{Axis, Band};
use super::{Layout, PrepareError};
use crate::model::contract::{Input, Layout as Order};
use crate::picture::{Colour, Picture, PixelFormat};

/// Columns of a crop that are worked on at a time, so that the intermediate rows stay in the nearest cache.
const TILE: usize = 256;

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
    /// The same, turned over.
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
        let (arch, mut scratch) = (self.arch, std::mem::take(&mut self.scratch));
        // Every instruction set that pulp picks beyond the plain one has fused multiply-add.
        match arch {
            pulp::Arch::Scalar => self.write::<false>(picture, &mut scratch, out),
            arch => arch.dispatch(Fused { plan: self, picture, scratch: &mut scratch, out }),
        }
        self.scratch = scratch;
        Ok(())
    }

    #[inline(always)]
    fn write<const FMA: bool>(&self, picture: &Picture<'_>, scratch: &mut Scratch, out: &mut [f32]) {
        let size = self.layout.channels * self.layout.height * self.layout.width;
        for (place, out) in self.layout.places.iter().zip(out.chunks_exact_mut(size)) {
            for left in (0..self.crop[0]).step_by(TILE) {
                let width = TILE.min(self.crop[0] - left);
                self.write_tile::<FMA>(picture, *place, left, width, scratch, out);
            }
            self.pad(out);
        }
    }

    /// The columns `left..left + width` of the crop at `place`.
    #[inline(always)]
    fn write_tile<const FMA: bool>(
        &self,
        picture: &Picture<'_>,
        place: [u32; 2],
        left: usize,
        width: usize,
        scratch: &mut Scratch,
        out: &mut [f32],
    ) {
        scratch.components.resize(3 * LANES * TILE, 0.0);
        scratch.channels.resize(3 * TILE, 0.0);
        let from = place[0] as usize + left;
        for top in (0..self.crop[1]).step_by(LANES) {
            let rows = LANES.min(self.crop[1] - top);
            let first_row = place[1] as usize + top;
            for plane in &self.planes {
                if plane.wide {
                    self.read::<[u8; 2], FMA>(picture, plane, first_row..first_row + rows, from..from + width, scratch);
                } else {
                    self.read::<u8, FMA>(picture, plane, first_row..first_row + rows, from..from + width, scratch);
                }
            }
            for r in 0..rows {
                let components: [&[f32]; 3] = std::array::from_fn(|c| {
                    let at = (c * LANES + r) * TILE;
                    &scratch.components[at..at + width]
                });
                self.mix_row::<FMA>(components, top + r, left, &mut scratch.channels, out);
            }
        }
    }

    /// The components of `plane`, resampled for some rows and columns of the scaled picture.
    #[inline(always)]
    fn read<S: Sample, const FMA: bool>(
        &self,
        picture: &Picture<'_>,
        plane: &PlanePass,
        rows: std::ops::Range<usize>,
        columns: std::ops::Range<usize>,
        scratch: &mut Scratch,
    ) {
        let needs = |c: &ComponentPass| self.axes[c.horizontal].needs(columns.start, columns.len());
        let first = plane.components.iter().map(|c| c.offset + needs(c).0 * c.step).min().unwrap_or(0);
        let end = plane.components.iter().map(|c| c.offset + (needs(c).1 - 1) * c.step + 1).max().unwrap_or(first);
        let stride = (end - first).next_multiple_of(LANES);
        scratch.rows.resize(scratch.rows.len().max(stride * LANES), 0.0);
        scratch.columns.resize(scratch.columns.len().max(stride), [0.0; LANES]);

        let source = &picture.planes()[plane.plane];
        let size = size_of::<S>();
        let (vertical, length) = (&self.axes[plane.vertical], end - first);
        for (row, out) in rows.zip(scratch.rows.chunks_exact_mut(stride)) {
            let (start, weights) = vertical.row(row);
            let samples = |i: usize| {
                let at = (start + i) * source.stride + first * size;
                S::row(&source.data[at..at + length * size])
            };
            loops::vertical::<S, FMA>(samples, weights, plane.shift, &mut out[..length]);
        }
        loops::columns(&scratch.rows, stride, &mut scratch.columns[..stride]);
        for c in &plane.components {
            let axis = &self.axes[c.horizontal];
            let begin = needs(c).0;
            let out = &mut scratch.components[c.component * LANES * TILE..][..LANES * TILE];
            let turned = &scratch.columns[c.offset + begin * c.step - first..];
            loops::horizontal::<FMA>(turned, c.step, axis, columns.clone(), begin, out, TILE);
        }
    }

    /// Row `y` of a crop from column `left` on.
    #[inline(always)]
    fn mix_row<const FMA: bool>(
        &self,
        components: [&[f32]; 3],
        y: usize,
        left: usize,
        scratch: &mut [f32],
        out: &mut [f32],
    ) {
        let (width, channels) = (components[0].len(), self.layout.channels);
        match self.order {
            Order::Nchw => {
                for c in 0..channels {
                    let at = (c * self.layout.height + y) * self.layout.width + left;
                    loops::mix_row::<FMA>(&self.mix, components, c, &mut out[at..at + width]);
                }
            }
            Order::Nhwc => {
                let at = (y * self.layout.width + left) * channels;
                let out = &mut out[at..at + width * channels];
                for c in 0..channels {
                    loops::mix_row::<FMA>(&self.mix, components, c, &mut scratch[..width]);
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

/// [`Plan::write`] for [`pulp::Arch::dispatch`]; a closure would not always be inlined, and then be compiled for the
/// oldest processor.
struct Fused<'a, 'p> {
    plan: &'a Plan,
    picture: &'a Picture<'p>,
    scratch: &'a mut Scratch,
    out: &'a mut [f32],
}

impl pulp::WithSimd for Fused<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        self.plan.write::<true>(self.picture, self.scratch, self.out);
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
