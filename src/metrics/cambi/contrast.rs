// SPDX-License-Identifier: MPL-2.0

//! How strong the banding around each pixel is: its contrast, from the counts of sample values in a window around it.
//!
//! Each column has a histogram of the samples in the window's rows. Of the window's own histogram, only 16 neighboring
//! counts around the middle sample are kept. Along a row they are updated by adding the column that enters and
//! subtracting the one that leaves, as long as these 16 cover what the next pixel needs.

use super::options::{Bands, DIFFS};
use crate::simd::{Kernel, LANES, SimdLevel};

/// Neighboring counts of a window that are kept.
const SPAN: usize = LANES;
/// Counts that a pixel needs: of its own sample, and of those up to [`DIFFS`] below and above.
const NEEDED: usize = 2 * DIFFS + 1;
/// Index of the lowest sample's count in a column.
const FIRST: usize = 8;
/// Columns whose changes are checked together.
const ALIKE: usize = 16;
/// Pixels whose contrasts are computed together.
const TOGETHER: usize = 64;

/// Samples of a scale, less the lowest that matters; [`Bands::count`] marks a pixel that belongs to no band.
#[derive(Clone, Copy)]
pub struct Levels<'a> {
    pub samples: &'a [u16],
    pub width: usize,
    pub height: usize,
}

/// A thread's working memory.
#[derive(Default)]
pub struct Scratch {
    /// A histogram per column; those beyond the picture's borders are empty. Bytes suffice: no window has 256 rows.
    columns: Vec<u8>,
    /// An empty row.
    nothing: Vec<u16>,
}

/// The contrasts of some columns' pixels, from top to bottom; pixels that belong to no band are skipped.
pub struct Contrasts<'a> {
    pub levels: Levels<'a>,
    pub bands: &'a Bands,
    /// The window's radius.
    pub reach: usize,
    pub columns: std::ops::Range<usize>,
    pub scratch: &'a mut Scratch,
    pub out: Vec<f32>,
}

impl Kernel for Contrasts<'_> {
    type Output = Vec<f32>;

    #[inline(always)]
    fn run<L: SimdLevel>(self, level: L) -> Vec<f32> {
        let Self { levels, bands, reach, columns, scratch, mut out } = self;
        let side = 2 * reach + 1;
        let none = bands.count();
        // An odd number of cache lines, so that columns do not all map to the same cache sets.
        let stride = ((FIRST + none + SPAN).div_ceil(64) * 64) | 64;
        let Scratch { columns: histograms, nothing } = scratch;
        histograms.clear();
        histograms.resize((columns.len() + side - 1) * stride, 0);
        nothing.clear();
        nothing.resize(levels.width, none as u16);
        // Columns covered by the windows; `inside` starts at the first one within the picture.
        let reached = columns.start.saturating_sub(reach)..(columns.end + reach).min(levels.width);
        let inside = &mut histograms[(reached.start + reach - columns.start) * stride..];
        for y in 0..reach.min(levels.height) {
            move_down(inside, stride, &nothing[reached.clone()], &levels.row(y)[reached.clone()]);
        }
        out.clear();
        let mut batch = Batch::new(bands);
        for y in 0..levels.height {
            let row = |y: Option<usize>| y.filter(|y| *y < levels.height).map_or(&nothing[..], |y| levels.row(y));
            let [leaves, enters] = [row(y.checked_sub(reach + 1)), row(Some(y + reach))];
            let inside = &mut histograms[(reached.start + reach - columns.start) * stride..];
            move_down(inside, stride, &leaves[reached.clone()], &enters[reached.clone()]);
            let row = &levels.row(y)[columns.clone()];
            along(level, Histograms { counts: histograms, stride }, side, row, &mut batch, &mut out);
        }
        batch.finish(&mut out);
        out
    }
}

impl<'a> Levels<'a> {
    fn row(&self, y: usize) -> &'a [u16] {
        &self.samples[y * self.width..][..self.width]
    }
}

/// Replaces the row that leaves the windows by the one that enters.
#[inline(always)]
fn move_down(histograms: &mut [u8], stride: usize, leaves: &[u16], enters: &[u16]) {
    let (leaving, entering) = (leaves.as_chunks::<ALIKE>(), enters.as_chunks::<ALIKE>());
    let (parts, last) = histograms.split_at_mut(leaving.0.len() * ALIKE * stride);
    for (columns, (leaves, enters)) in parts.chunks_exact_mut(ALIKE * stride).zip(leaving.0.iter().zip(entering.0)) {
        // In flat parts of a picture, little changes.
        if leaves != enters {
            exchange(columns, stride, leaves, enters);
        }
    }
    exchange(last, stride, leaving.1, entering.1);
}

#[inline(always)]
fn exchange(histograms: &mut [u8], stride: usize, leaves: &[u16], enters: &[u16]) {
    for (column, (&leaves, &enters)) in histograms.chunks_exact_mut(stride).zip(leaves.iter().zip(enters)) {
        let column = &mut column[FIRST..];
        column[usize::from(leaves)] = column[usize::from(leaves)].wrapping_sub(1);
        column[usize::from(enters)] = column[usize::from(enters)].wrapping_add(1);
    }
}

#[derive(Clone, Copy)]
struct Histograms<'a> {
    counts: &'a [u8],
    stride: usize,
}

impl<'a> Histograms<'a> {
    /// Neighboring counts of a column.
    #[inline(always)]
    fn of(self, column: usize, start: usize) -> &'a [u8; SPAN] {
        self.counts[column * self.stride + start..].first_chunk().expect("a column is longer")
    }
}

/// Moves along a row.
#[inline(always)]
fn along<L: SimdLevel>(
    simd: L,
    histograms: Histograms<'_>,
    side: usize,
    row: &[u16],
    batch: &mut Batch<'_>,
    out: &mut Vec<f32>,
) {
    let none = batch.bands.count();
    let mut window = simd.no_counts();
    // The sample of the first count, and the pixel to which the counts belong.
    let (mut start, mut at) = (usize::MAX, 0);
    for (x, &level) in row.iter().enumerate() {
        let level = usize::from(level);
        if level == none {
            continue;
        }
        let needed = level + FIRST - DIFFS;
        let holds = needed >= start && needed + NEEDED <= start + SPAN;
        if holds && 2 * (x - at) <= side {
            while at < x {
                window = simd.count(window, histograms.of(at + side, start), histograms.of(at, start));
                at += 1;
            }
        } else {
            // Centers the kept range on the needed one.
            start = needed - (SPAN - NEEDED) / 2;
            window = simd.no_counts();
            for column in x..x + side {
                window = simd.count(window, histograms.of(column, start), &[0; SPAN]);
            }
            at = x;
        }
        if let Some(counts) = simd.counted(window)[needed - start..].first_chunk() {
            batch.add(counts, level, out);
        }
    }
}

/// Pixels whose contrasts are not computed yet.
struct Batch<'a> {
    bands: &'a Bands,
    pixels: usize,
    own: [[u16; DIFFS]; TOGETHER],
    other: [[u16; DIFFS]; TOGETHER],
    weights: [[u16; DIFFS]; TOGETHER],
}

impl<'a> Batch<'a> {
    #[inline(always)]
    fn new(bands: &'a Bands) -> Self {
        let zeros = [[0; DIFFS]; TOGETHER];
        Self { bands, pixels: 0, own: zeros, other: zeros, weights: zeros }
    }

    #[inline(always)]
    fn add(&mut self, counts: &[u16; NEEDED], level: usize, out: &mut Vec<f32>) {
        let n = self.pixels % TOGETHER;
        self.own[n] = [counts[DIFFS]; DIFFS];
        for diff in 0..DIFFS {
            self.other[n][diff] = counts[DIFFS - 1 - diff].max(counts[DIFFS + 1 + diff]);
        }
        self.weights[n] = self.bands.weights[level];
        self.pixels = n + 1;
        if self.pixels == TOGETHER {
            self.finish(out);
        }
    }

    #[inline(always)]
    fn finish(&mut self, out: &mut Vec<f32>) {
        let mut all = [0.0f32; DIFFS * TOGETHER];
        let [own, other, weights] = [&self.own, &self.other, &self.weights].map(|lanes| lanes.as_flattened());
        for (lane, contrast) in all.iter_mut().enumerate() {
            let [own, other, weight] = [own[lane], other[lane], weights[lane]].map(f32::from);
            *contrast = weight * own * other * (1.0 / (own + other));
        }
        let greater = |a: f32, b: f32| if a > b { a } else { b };
        let greatest = |lanes: &[f32; DIFFS]| greater(greater(lanes[0], lanes[1]), greater(lanes[2], lanes[3]));
        let pixels = std::mem::take(&mut self.pixels);
        out.extend(all.as_chunks().0.iter().take(pixels).map(greatest));
    }
}
