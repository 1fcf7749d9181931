// SPDX-License-Identifier: MPL-2.0

//! Converts samples to 10 bits, and finds the flat parts of the picture.

use super::{BAND, Plane};
use crate::metrics::samples::Samples;
use crate::metrics::workers::Workers;
use crate::simd::{Kernel, SimdLevel};

/// Pixels from the center to the border of the square that must be flat.
const REACH: usize = 3;
/// The side of the square.
const SIDE: usize = 2 * REACH + 1;

/// A thread's working memory.
#[derive(Default)]
pub struct Scratch {
    /// Rows of stored samples.
    rows: [Vec<u16>; 2],
    /// Which pixels equal their neighbors, for as many rows as the square has.
    flat: Vec<u8>,
    /// Their number per column, with [`REACH`] zeros on either side.
    counts: Vec<u8>,
}

/// Converts a picture's samples to 10 bits. Samples of 8 bits become the sum of a 2×2 square, which also filters out
/// dither.
pub fn ten_bits(workers: &Workers, samples: &Samples<'_>, out: &mut Plane<u16>) {
    let (width, height) = (samples.width(), samples.height());
    out.resize(width, height);
    let bands: Vec<_> = out.data.chunks_mut(BAND * width).collect();
    workers.over(bands, width * height, |index, out, scratch| {
        let scratch = &mut scratch.cambi.prepare;
        workers.level.run(TenBits { samples, first: index * BAND, out, scratch });
    });
}

struct TenBits<'a> {
    samples: &'a Samples<'a>,
    first: usize,
    out: &'a mut [u16],
    scratch: &'a mut Scratch,
}

impl Kernel for TenBits<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: SimdLevel>(self, _: L) {
        let Self { samples, first, out, scratch } = self;
        let (width, last) = (samples.width(), samples.height() - 1);
        let depth = samples.depth();
        if depth > 8 {
            let shift = depth - 10;
            let half = (1u32 << shift) >> 1;
            for (y, out) in out.chunks_exact_mut(width).enumerate() {
                samples.whole(first + y, out);
                if shift > 0 {
                    out.iter_mut().for_each(|sample| *sample = ((u32::from(*sample) + half) >> shift) as u16);
                }
            }
            return;
        }
        let [upper, lower] = &mut scratch.rows;
        upper.resize(width, 0);
        lower.resize(width, 0);
        pairs(samples, first, lower);
        for (y, out) in out.chunks_exact_mut(width).enumerate() {
            std::mem::swap(upper, lower);
            // The last row is repeated below the picture.
            pairs(samples, (first + y + 1).min(last), lower);
            out.iter_mut().zip(upper.iter().zip(lower.iter())).for_each(|(out, (upper, lower))| *out = upper + lower);
        }
    }
}

/// The sum of each sample of a row and the one to its right; the last one is doubled.
#[inline(always)]
fn pairs(samples: &Samples<'_>, y: usize, out: &mut [u16]) {
    match samples.bytes(y) {
        Some(bytes) => {
            let bytes = &bytes[..out.len()];
            for (out, (own, right)) in out.iter_mut().zip(bytes.iter().zip(&bytes[1..])) {
                *out = u16::from(*own) + u16::from(*right);
            }
            if let (Some(out), Some(last)) = (out.last_mut(), bytes.last()) {
                *out = 2 * u16::from(*last);
            }
        }
        None => {
            samples.whole(y, out);
            for x in 0..out.len() {
                out[x] += out[(x + 1).min(out.len() - 1)];
            }
        }
    }
}

/// Which pixels lie in flat parts: 1 if enough pixels of the square around equal their right and lower neighbors, else
/// 0. Pixels beyond the borders do not count.
pub fn flat_parts(workers: &Workers, image: &Plane<u16>, out: &mut Plane<u8>) {
    out.resize(image.width, image.height);
    let least = least_flat(image.width, image.height) + 1;
    let bands: Vec<_> = out.data.chunks_mut(BAND * image.width).collect();
    workers.over(bands, image.width * image.height, |index, out, scratch| {
        let scratch = &mut scratch.cambi.prepare;
        workers.level.run(FlatParts { image, least, first: index * BAND, out, scratch });
    });
}

/// The number of the square's pixels that must be exceeded.
fn least_flat(width: usize, height: usize) -> u8 {
    let blocks = (width >> 6) * (height >> 6);
    let log = if blocks == 0 { 0 } else { blocks.next_power_of_two().trailing_zeros() };
    (((SIDE * SIDE) as i32 + 3 * (log as i32 - 11) - 1) >> 1).clamp(0, i32::from(u8::MAX) - 1) as u8
}

struct FlatParts<'a> {
    image: &'a Plane<u16>,
    least: u8,
    first: usize,
    out: &'a mut [u8],
    scratch: &'a mut Scratch,
}

impl Kernel for FlatParts<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: SimdLevel>(self, _: L) {
        let Self { image, least, first, out, scratch } = self;
        let width = image.width;
        let Scratch { flat, counts, .. } = scratch;
        flat.clear();
        flat.resize(SIDE * width, 0);
        counts.clear();
        counts.resize(width + 2 * REACH, 0);
        let counts_inside = REACH..REACH + width;
        // All rows of the first row's square but the lowest.
        for y in first.saturating_sub(REACH)..(first + REACH).min(image.height) {
            enter(image, y, &mut flat[y % SIDE * width..][..width], &mut counts[counts_inside.clone()]);
        }
        for (y, out) in (first..).zip(out.chunks_exact_mut(width)) {
            let place = (y + REACH) % SIDE * width..(y + REACH) % SIDE * width + width;
            if y + REACH < image.height {
                enter(image, y + REACH, &mut flat[place], &mut counts[counts_inside.clone()]);
            } else {
                leave(&mut flat[place], &mut counts[counts_inside.clone()]);
            }
            let columns: [_; SIDE] = std::array::from_fn(|column| &counts[column..column + width]);
            for (x, out) in out.iter_mut().enumerate() {
                *out = u8::from(columns.iter().map(|counts| counts[x]).sum::<u8>() >= least);
            }
        }
    }
}

/// Replaces the row that is one square's height above.
#[inline(always)]
fn enter(image: &Plane<u16>, y: usize, flat: &mut [u8], counts: &mut [u8]) {
    let row = image.row(y);
    let below = image.row((y + 1).min(image.height - 1));
    let last = row.len() - 1;
    // The last column is repeated beyond the right border.
    let right = row[1..].iter().zip(&row[..last]).zip(&below[..last]);
    for (((right, own), below), (flat, count)) in right.zip(flat[..last].iter_mut().zip(&mut counts[..last])) {
        let now = u8::from((own == right) & (own == below));
        *count = count.wrapping_add(now).wrapping_sub(*flat);
        *flat = now;
    }
    let now = u8::from(row[last] == below[last]);
    counts[last] = counts[last].wrapping_add(now).wrapping_sub(flat[last]);
    flat[last] = now;
}

/// Removes the oldest row when no row follows.
#[inline(always)]
fn leave(flat: &mut [u8], counts: &mut [u8]) {
    counts.iter_mut().zip(&*flat).for_each(|(count, flat)| *count -= flat);
    flat.fill(0);
}
