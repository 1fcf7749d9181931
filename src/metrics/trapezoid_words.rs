// SPDX-License-Identifier: MPL-2.0

//! Columns of windows of samples of 9 to 12 bits, two bytes each, for the trapezoidal rule.
//!
//! Their products do not fit 16 bits, so columns are summed in f32, of a, b, ab and a² + b² in units of 8-bit samples,
//! taken relative to 128. The products are still exact, with at most 24 bits. Sums have the same operations in the same
//! order at every level.
#![expect(clippy::needless_range_loop, reason = "several arrays side by side, lane by lane")]

use super::fused::fused;
use super::ssim_window::{Constants, RADIUS, WINDOW, gaussian};
use super::trapezoid::{self, Across, across, tiles};
use super::words::Place;
use crate::simd::{LANES, SimdLevel};

/// Columns per tile, chosen so that the working set stays in the first-level cache.
const TILE: usize = 128;
/// Columns of a tile with the same remainder modulo 4.
const QUARTER: usize = TILE / 4;

type Columns = trapezoid::Columns<{ QUARTER + LANES }>;
pub(super) type Rows<'a> = trapezoid::Rows<'a, [u8; 2]>;

/// A row, by moment and column modulo 4.
type Moments = [[[f32; QUARTER]; 4]; 4];

/// Working memory.
#[derive(Default)]
pub(super) struct Scratch(Box<Memory>);

#[repr(C, align(64))]
struct Memory {
    ring: [Slot; WINDOW + 1],
    /// Of this row of windows and of the previous one.
    columns: [Columns; 2],
}

#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Slot {
    moments: Moments,
    _apart: [f32; 5 * LANES],
}

impl Default for Memory {
    fn default() -> Self {
        let slot = Slot { moments: [[[0.0; QUARTER]; 4]; 4], _apart: [0.0; 5 * LANES] };
        Self { ring: [slot; WINDOW + 1], columns: [[[[0.0; QUARTER + LANES]; 4]; 4]; 2] }
    }
}

/// The weighted sum of SSIM over the windows that start in a band. The weights of all bands sum to the number of
/// windows.
#[inline(always)]
pub(super) fn sum<L: SimdLevel>(
    rows: Rows<'_>,
    places: [Place; 2],
    constants: Constants,
    scratch: &mut Scratch,
) -> f64 {
    let sides = gaussian().map(|weight| weight as f32);
    let mut total = 0.0;
    for (start, weights) in tiles(rows.width()) {
        let across = Across { sides, weights: &weights, constants, lift: 0.0 };
        total += tile::<L>(rows, start, places, across, &mut scratch.0);
    }
    total
}

#[inline(always)]
fn tile<L: SimdLevel>(
    rows: Rows<'_>,
    start: usize,
    places: [Place; 2],
    to_ssim: Across<'_, QUARTER>,
    memory: &mut Memory,
) -> f64 {
    let [reference, distorted] = rows.samples;
    let outputs = rows.outputs();
    let mut total = 0.0;
    let mut loaded = 0;
    for output in 0..outputs {
        while loaded < 2 * output + WINDOW {
            let columns = start..start + TILE;
            let samples = [&reference[loaded][columns.clone()], &distorted[loaded][columns]];
            products::<L>(samples, places, &mut memory.ring[loaded % (WINDOW + 1)].moments);
            loaded += 1;
        }
        // Freshly stored values can only be loaded at the width they were stored with, so the previous row is summed
        // first.
        let [now, before] = &mut memory.columns;
        let (now, before) = if output % 2 == 0 { (now, before) } else { (before, now) };
        down::<L>(&memory.ring, 2 * output, &to_ssim.sides, now);
        if output > 0 {
            total += rows.weight(output - 1) * f64::from(across::<L, QUARTER, _>(before, to_ssim));
        }
    }
    let sum = across::<L, QUARTER, _>(&memory.columns[(outputs + 1) % 2], to_ssim);
    total + rows.weight(outputs - 1) * f64::from(sum)
}

/// a, b, ab and a² + b² of a row of both pictures.
#[inline(always)]
fn products<L: SimdLevel>(samples: [&[[u8; 2]]; 2], places: [Place; 2], out: &mut Moments) {
    for block in 0..QUARTER / LANES {
        let a = quarters(samples[0], places[0], block);
        let b = quarters(samples[1], places[1], block);
        for quarter in 0..4 {
            let (a, b) = (&a[quarter], &b[quarter]);
            let [mut both, mut squares] = [[0.0; LANES]; 2];
            for lane in 0..LANES {
                both[lane] = a[lane] * b[lane];
                squares[lane] = fused::<L>(a[lane], a[lane], b[lane] * b[lane]);
            }
            for (moment, lanes) in out.iter_mut().zip([a, b, &both, &squares]) {
                moment[quarter].as_chunks_mut().0[block] = *lanes;
            }
        }
    }
}

/// Samples by column modulo 4.
#[inline(always)]
fn quarters(row: &[[u8; 2]], place: Place, block: usize) -> [[f32; LANES]; 4] {
    let samples = &row.as_chunks::<4>().0[block * LANES..(block + 1) * LANES];
    let factor = place.factor();
    let mut out = [[0.0; LANES]; 4];
    for lane in 0..LANES {
        for quarter in 0..4 {
            out[quarter][lane] = f32::from(place.sample(samples[lane][quarter])) * factor - 128.0;
        }
    }
    out
}

/// Columns of the windows whose first row is `top`.
#[inline(always)]
fn down<L: SimdLevel>(ring: &[Slot; WINDOW + 1], top: usize, weights: &[f32; RADIUS + 1], columns: &mut Columns) {
    let mut rows = [&ring[0].moments; WINDOW];
    for k in 0..WINDOW {
        rows[k] = &ring[(top + k) % (WINDOW + 1)].moments;
    }
    for moment in 0..4 {
        for quarter in 0..4 {
            for block in (0..QUARTER).step_by(LANES) {
                let at = |row: usize| &rows[row][moment][quarter][block..block + LANES];
                let mut sum = [0.0; LANES];
                for lane in 0..LANES {
                    sum[lane] = at(RADIUS)[lane] * weights[0];
                }
                for r in 1..=RADIUS {
                    for lane in 0..LANES {
                        sum[lane] = fused::<L>(at(RADIUS - r)[lane] + at(RADIUS + r)[lane], weights[r], sum[lane]);
                    }
                }
                columns[moment][quarter][block..block + LANES].copy_from_slice(&sum);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::Scalar;

    /// A gradient, a checkerboard and noise, in samples of that depth.
    fn picture(width: usize, height: usize, place: Place, noise: u32) -> Vec<[u8; 2]> {
        let mut state = noise + 1;
        let unit = 1u32 << (place.depth - 8);
        let sample = |i: usize| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let (x, y) = ((i % width) as u32, (i / width) as u32);
            let base = (40 + x / 16 + y / 12 + if x / 20 % 2 == y / 28 % 2 { 24 } else { 0 }) * unit;
            ((base + (state >> 16) * noise * unit / 65536) << place.shift) as u16
        };
        (0..width * height).map(sample).map(u16::to_le_bytes).collect()
    }

    /// SSIM of the window that starts at `x`, `y`, in f64.
    fn exact([a, b]: [&[&[[u8; 2]]]; 2], place: Place, constants: Constants, x: usize, y: usize) -> f64 {
        let weights = gaussian();
        let weight = |at: usize| weights[at.abs_diff(RADIUS)];
        let sample = |bytes: [u8; 2]| f64::from(place.sample(bytes)) * f64::from(place.factor());
        let [mut mean_a, mut mean_b, mut both, mut squares] = [0.0; 4];
        for (i, j) in (0..WINDOW).flat_map(|i| (0..WINDOW).map(move |j| (i, j))) {
            let (weight, a, b) = (weight(i) * weight(j), sample(a[y + i][x + j]), sample(b[y + i][x + j]));
            mean_a += weight * a;
            mean_b += weight * b;
            both += weight * a * b;
            squares += weight * (a * a + b * b);
        }
        let (c1, c2) = (f64::from(constants.c1), f64::from(constants.c2));
        let means = mean_a * mean_a + mean_b * mean_b;
        (2.0 * mean_a * mean_b + c1) * (2.0 * (both - mean_a * mean_b) + c2) / ((means + c1) * (squares - means + c2))
    }

    #[test]
    fn is_the_weighted_mean_of_every_second_window() {
        for (width, height, depth, shift, noise) in
            [(531, 87, 10, 0, 9), (532, 64, 10, 6, 40), (512, 75, 12, 4, 9), (513, 11, 9, 0, 20)]
        {
            let place = Place { shift, depth };
            let constants = Constants::new(f64::from((1u32 << depth) - 1) * f64::from(place.factor()), 128.0);
            let [a, b] = [1, noise].map(|noise| picture(width, height, place, noise));
            let [rows_a, rows_b] = [&a, &b].map(|all| all.chunks(width).collect::<Vec<_>>());
            let rows = Rows { samples: [&rows_a, &rows_b], first: 0, height };
            let found = sum::<Scalar>(rows, [place; 2], constants, &mut Scratch::default());
            let [mut expected, mut count] = [0.0; 2];
            for output in 0..rows.outputs() {
                for (start, weights) in tiles::<QUARTER>(width) {
                    for x in 0..2 * QUARTER {
                        let weight = f64::from(weights[x % 2][x / 2]) * rows.weight(output);
                        if weight > 0.0 {
                            expected += weight * exact(rows.samples, place, constants, start + 2 * x, 2 * output);
                            count += weight;
                        }
                    }
                }
            }
            let difference = (found - expected).abs() / count;
            assert!(difference < 2e-6, "{width}x{height}, {depth} bits: {difference:e}");
            assert!(expected / count < 0.98, "the pictures must differ");
        }
    }
}
