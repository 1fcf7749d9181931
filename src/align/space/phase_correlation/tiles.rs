// SPDX-License-Identifier: MPL-2.0

//! The square tiles in which two pictures are compared.

use crate::align::space::part::Part;
use crate::align::space::placement::Grid;
use crate::picture::Family;
use crate::resample::{PackedFilter, Sampler, Scratch};
use crate::simd::{Kernel, LANES, SimdLevel, dispatch};

/// Rows and columns of a tile: the first that fits is used.
const SIDES: [u32; 5] = [128, 96, 64, 48, 32];
/// The largest translation in pixels; never more than three eighths of a tile.
const REACH: i32 = 34;
/// Most tiles across and down.
pub(super) const TILES: [u32; 2] = [4, 3];

/// Rows and columns of a tile in pictures whose smaller side is `least`. `None`: too small.
pub(super) fn side(least: u32) -> Option<u32> {
    SIDES.into_iter().find(|&side| side <= least)
}

/// The largest translation that tiles of this size can detect.
pub(super) fn reach(side: usize) -> i32 {
    REACH.min(3 * side as i32 / 8)
}

/// How far apart two tiles can lie.
pub(super) fn room(size: u32, side: usize) -> i32 {
    size as i32 - side as i32
}

/// Where tiles of the reference and of the distorted picture begin, `apart` from each other as far as there is room:
/// spread evenly, away from the borders, where a translated picture may be empty.
pub(super) fn origins(size: u32, side: u32, most: u32, apart: i32) -> Vec<[i32; 2]> {
    let room = room(size, side as usize);
    let margin = reach(side as usize).min(room / 4);
    // Half overlapping: the window makes them nearly independent anyway (Welch 1967).
    let count = (1 + (4 * (room - 2 * margin) + side as i32) / (2 * side as i32)).clamp(1, most as i32);
    let apart = apart.clamp(-room, room);
    let origin = |i: i32| {
        let at = if count == 1 { room / 2 } else { margin + i * (room - 2 * margin) / (count - 1) };
        let reference = (at - apart / 2).clamp((-apart).max(0), (room - apart).min(room));
        [reference, reference + apart]
    };
    (0..count).map(origin).collect()
}

/// The variance of a tile's samples.
pub(super) fn variance(tile: &[f32]) -> f64 {
    let mean = tile.iter().map(|v| f64::from(*v)).sum::<f64>() / tile.len() as f64;
    tile.iter().map(|v| (f64::from(*v) - mean).powi(2)).sum::<f64>() / tile.len() as f64
}

/// How `side` columns (0) or rows (1) from `place` of the common picture on are made from a part's luma.
pub(super) fn axis(part: &Part<'_>, axis: usize, place: i32, side: u32) -> PackedFilter {
    let placement = part.placement.from([f64::from(place); 2]);
    let inputs = [part.picture.width(), part.picture.height()][axis];
    Grid::FULL.filter(inputs, Grid::FULL, side, placement.origin[axis], placement.step[axis]).pack()
}

/// A square of a part's luma (or green); `axis` gives its columns and rows.
pub(super) fn read(
    part: &Part<'_>,
    [across, down]: [&PackedFilter; 2],
    side: u32,
    scratch: &mut Scratch,
    out: &mut Vec<f32>,
) {
    let format = part.picture.format();
    let component = if format.family() == Family::Rgb { 1 } else { 0 };
    let sampler = Sampler::new(format, component..component + 1, |_| across.clone(), |_| down.clone());
    out.resize((side * side) as usize, 0.0);
    dispatch(Read { sampler: &sampler, part, component, side: side as usize, scratch, out });
}

struct Read<'a, 'p> {
    sampler: &'a Sampler,
    part: &'a Part<'p>,
    component: usize,
    side: usize,
    scratch: &'a mut Scratch,
    out: &'a mut [f32],
}

impl Kernel for Read<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn run<L: SimdLevel>(self, level: L) {
        let Self { sampler, part, component, side, scratch, out } = self;
        let columns = 0..side;
        let windows = sampler.windows(&columns);
        for top in (0..side).step_by(LANES) {
            let rows = top..side.min(top + LANES);
            sampler.read(level, &part.picture, &windows, &columns, rows.clone(), scratch);
            for row in rows {
                out[row * side..][..side].copy_from_slice(&scratch.row(component, row - top)[..side]);
            }
        }
    }
}
