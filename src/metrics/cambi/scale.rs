// SPDX-License-Identifier: MPL-2.0

//! One scale: filters samples, selects those of bands, and computes the next scale's picture.

use super::options::Bands;
use super::{BAND, Plane};
use crate::metrics::workers::Workers;
use crate::simd::{Kernel, SimdLevel};

/// A thread's working memory.
#[derive(Default)]
pub struct Scratch {
    /// Horizontally filtered rows: row `y` is at `y % 3`.
    rows: [Vec<u16>; 3],
}

/// A picture of 10-bit samples, and its flat parts.
#[derive(Default)]
pub struct Scale {
    pub image: Plane<u16>,
    pub flat: Plane<u8>,
}

/// Every second column of every second row.
pub fn halve(scale: &Scale, next: &mut Scale) {
    next.resize(scale);
    for y in 0..next.image.height {
        every_second(scale.image.row(2 * y), next.image.row_mut(y));
        every_second(scale.flat.row(2 * y), next.flat.row_mut(y));
    }
}

#[inline(always)]
fn every_second<T: Copy>(row: &[T], out: &mut [T]) {
    let (pairs, rest) = row.as_chunks::<2>();
    pairs.iter().zip(&mut *out).for_each(|(pair, out)| *out = pair[0]);
    if let (Some(last), Some(out)) = (rest.first(), out.last_mut()) {
        *out = *last;
    }
}

impl Scale {
    fn resize(&mut self, whole: &Self) {
        let [width, height] = [whole.image.width, whole.image.height].map(|side| side.div_ceil(2));
        self.image.resize(width, height);
        self.flat.resize(width, height);
    }

    /// Computes the samples of bands, less the lowest, with [`Bands::count`] elsewhere; and the next scale.
    pub fn levels(&self, workers: &Workers, bands: &Bands, levels: &mut Plane<u16>, next: &mut Self) {
        let (width, height) = (self.image.width, self.image.height);
        levels.resize(width, height);
        next.resize(self);
        let rows = levels.data.chunks_mut(BAND * width);
        let half = BAND / 2 * next.image.width;
        let next = next.image.data.chunks_mut(half).zip(next.flat.data.chunks_mut(half));
        let items: Vec<_> = rows.zip(next).collect();
        workers.over(items, width * height, |index, (levels, next), scratch| {
            let scratch = &mut scratch.cambi.scale;
            workers.level.run(Levels { scale: self, bands, first: index * BAND, levels, next, scratch });
        });
    }
}

struct Levels<'a> {
    scale: &'a Scale,
    bands: &'a Bands,
    first: usize,
    levels: &'a mut [u16],
    next: (&'a mut [u16], &'a mut [u8]),
    scratch: &'a mut Scratch,
}

impl Kernel for Levels<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: SimdLevel>(self, _: L) {
        let Self { scale: Scale { image, flat }, bands, first, levels, next, scratch } = self;
        let (width, half) = (image.width, image.width.div_ceil(2));
        let (lowest, none) = (bands.lowest, bands.count() as u16);
        for y in first.saturating_sub(1)..(first + 1).min(image.height) {
            across(image.row(y), &mut scratch.rows[y % 3]);
        }
        let next_rows = next.0.chunks_exact_mut(half).zip(next.1.chunks_exact_mut(half));
        let mut next_rows = next_rows;
        for (y, out) in (first..).zip(levels.chunks_exact_mut(width)) {
            if y + 1 < image.height {
                across(image.row(y + 1), &mut scratch.rows[(y + 1) % 3]);
            }
            if y == 0 || y + 1 == image.height {
                // The outermost rows are not filtered.
                out.copy_from_slice(image.row(y));
            } else {
                let [a, b, c] = &scratch.rows;
                for (out, (a, (b, c))) in out.iter_mut().zip(a.iter().zip(b.iter().zip(c))) {
                    *out = mode(*a, *b, *c);
                }
            }
            if y % 2 == 0
                && let Some((image, part)) = next_rows.next()
            {
                every_second(out, image);
                every_second(flat.row(y), part);
            }
            for (out, flat) in out.iter_mut().zip(flat.row(y)) {
                let level = out.wrapping_sub(lowest);
                *out = if (*flat != 0) & (level < none) { level } else { none };
            }
        }
    }
}

/// Filters a row horizontally, except for its ends.
#[inline(always)]
fn across(row: &[u16], out: &mut Vec<u16>) {
    out.resize(row.len(), 0);
    out.copy_from_slice(row);
    let inner = row.iter().zip(row.iter().skip(1)).zip(row.iter().skip(2));
    for (out, ((left, own), right)) in out.iter_mut().skip(1).zip(inner) {
        *out = mode(*left, *own, *right);
    }
}

/// The value that at least two of the three have; the least if all differ.
#[inline(always)]
fn mode(a: u16, b: u16, c: u16) -> u16 {
    let others = if b == c { b } else { a.min(b).min(c) };
    if (a == b) | (a == c) { a } else { others }
}
