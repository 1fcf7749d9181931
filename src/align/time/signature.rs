// SPDX-License-Identifier: MPL-2.0

//! What alignment in time keeps of a picture: the means of its luma in 64 × 36 cells.
//!
//! The grid covers the whole picture whatever its size and shape, so that all renditions of a source have the same
//! signature. Luma ranges from black 0 to white 1, so that limited and full range, 8 and 16 bits agree. Cells are
//! stored without their mean. Pictures are compared by zero-mean, normalized correlation ([`Signature::similarity`]),
//! which neither gain nor bias changes, as in the temporal registration of ITU-T J.144 and J.247. Change between two
//! pictures is measured by the RMS of their difference ([`Signature::difference`]), the temporal information of ITU-T
//! P.910 computed on the cells.
//!
//! The cost is the memory that is read. In pictures of more than 1079 rows only every second, third, … row is read, so
//! that at least 540 remain: 15 per cell. Pictures of one size are affected alike by sparser reading, so six rows per
//! cell are enough for them. Where still less will do, three are read, at the same relative positions whatever the
//! height.

use crate::picture::{Component, Family, Picture, Range};
use crate::resample::{self, Sample};
use crate::simd::{Kernel, LANES, SimdLevel, dispatch};

/// Cells in a row of the grid.
pub const COLUMNS: usize = 64;
/// Rows of the grid.
pub const ROWS: usize = 36;
/// Cells of the grid.
pub const CELLS: usize = COLUMNS * ROWS;

/// Rows per cell that [`Sampling::Sparse`] reads.
const FEW: usize = 3;

/// How many rows of a picture are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sampling {
    /// At least 540.
    Dense,
    /// At least 216.
    Medium,
    /// 108.
    Sparse,
}

/// Variance of the cells below which a picture is blank: half an 8-bit code value, squared.
const NOTHING: f64 = (0.5 / 255.0) * (0.5 / 255.0);

/// A small picture of a frame's luma.
#[derive(Clone, PartialEq)]
pub struct Signature {
    /// Luma of each cell, row by row, without their mean; the distance from black to white is 1.
    cells: Box<[f32; CELLS]>,
    mean: f32,
    /// The variance of the cells.
    variance: f64,
}

impl Signature {
    /// Reads a picture; the grid covers all of it.
    pub fn of(picture: &Picture<'_>) -> Self {
        Self::read(picture, Sampling::Dense)
    }

    /// The same from at least six rows per cell: enough to distinguish pictures of one size.
    pub fn sampled(picture: &Picture<'_>) -> Self {
        Self::read(picture, Sampling::Medium)
    }

    /// The same from three rows per cell: at 1080 rows a fifth of the work. Small details are sampled, not averaged, so
    /// pictures of different sizes become slightly less alike; for pictures of one size it is as good.
    pub fn skimmed(picture: &Picture<'_>) -> Self {
        Self::read(picture, Sampling::Sparse)
    }

    fn read(picture: &Picture<'_>, sampling: Sampling) -> Self {
        let mut cells = Box::new([0.0; CELLS]);
        dispatch(Read { picture, cells: &mut cells, sampling });
        Self::from_cells(cells)
    }

    /// From the luma of the cells, 0 black to 1 white, row by row.
    pub fn from_cells(mut cells: Box<[f32; CELLS]>) -> Self {
        let mean = cells.iter().map(|&c| f64::from(c)).sum::<f64>() / CELLS as f64;
        for cell in cells.iter_mut() {
            *cell -= mean as f32;
        }
        let variance = dot(&cells[..], &cells[..]) / CELLS as f64;
        Self { cells, mean: mean as f32, variance }
    }

    /// Luma of each cell, row by row, without their [mean](Self::mean); the distance from black to white is 1.
    pub fn cells(&self) -> &[f32; CELLS] {
        &self.cells
    }

    /// Mean luma, 0 black to 1 white.
    pub fn mean(&self) -> f64 {
        f64::from(self.mean)
    }

    /// The standard deviation of the cells, in 8-bit code values of full range.
    pub fn contrast(&self) -> f64 {
        self.variance.sqrt() * 255.0
    }

    /// How alike two pictures look: zero-mean, normalized correlation, −1 to 1.
    ///
    /// A variance of half a code value, squared, counts as noise of either picture, so that nothing resembles a blank
    /// picture.
    pub fn similarity(&self, other: &Self) -> f64 {
        let covariance = dot(&self.cells[..], &other.cells[..]) / CELLS as f64;
        covariance / ((self.variance + NOTHING) * (other.variance + NOTHING)).sqrt()
    }

    /// The RMS of the differences between the cells, in 8-bit code values of full range; a change of brightness counts.
    ///
    /// Between a frame and the previous one, this is the temporal information.
    pub fn difference(&self, other: &Self) -> f64 {
        let step = f64::from(self.mean) - f64::from(other.mean);
        (square_difference(&self.cells[..], &other.cells[..]) / CELLS as f64 + step * step).sqrt() * 255.0
    }
}

impl std::fmt::Debug for Signature {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Signature {{ mean: {}, contrast: {} }}", self.mean, self.contrast())
    }
}

/// A sum of 16 products in parallel, which fit vector registers.
struct Dot<'a>(&'a [f32], &'a [f32]);

impl Dot<'_> {
    #[inline(always)]
    fn sum(&self, of: impl Fn(f32, f32) -> f32) -> f64 {
        let (a, b) = (self.0.as_chunks::<LANES>().0, self.1.as_chunks::<LANES>().0);
        let mut total = 0.0;
        // Sums of 64 in single precision, so that later terms do not lose their last digits against a large sum.
        for (a, b) in a.chunks(4).zip(b.chunks(4)) {
            let mut sum = [0.0; LANES];
            for (a, b) in a.iter().zip(b) {
                for lane in 0..LANES {
                    sum[lane] += of(a[lane], b[lane]);
                }
            }
            total += f64::from(total_of(&sum));
        }
        total
    }
}

/// The sum of all lanes, in the order in which registers are folded.
#[inline(always)]
fn total_of(sum: &[f32; LANES]) -> f32 {
    let mut half = [0.0; LANES / 2];
    for lane in 0..LANES / 2 {
        half[lane] = sum[lane] + sum[lane + LANES / 2];
    }
    let quarter = [half[0] + half[4], half[1] + half[5], half[2] + half[6], half[3] + half[7]];
    (quarter[0] + quarter[2]) + (quarter[1] + quarter[3])
}

impl Kernel for Dot<'_> {
    type Output = f64;

    #[inline(always)]
    fn run<L: SimdLevel>(self, _: L) -> f64 {
        self.sum(|a, b| a * b)
    }
}

struct SquareDifference<'a>(Dot<'a>);

impl Kernel for SquareDifference<'_> {
    type Output = f64;

    #[inline(always)]
    fn run<L: SimdLevel>(self, _: L) -> f64 {
        self.0.sum(|a, b| (a - b) * (a - b))
    }
}

/// The sum of products of two slices of equal length, a multiple of 16.
pub(super) fn dot(a: &[f32], b: &[f32]) -> f64 {
    dispatch(Dot(a, b))
}

/// The sum of squared differences of two slices of equal length, a multiple of 16.
pub(super) fn square_difference(a: &[f32], b: &[f32]) -> f64 {
    dispatch(SquareDifference(Dot(a, b)))
}

struct Read<'a, 'p> {
    picture: &'a Picture<'p>,
    cells: &'a mut [f32; CELLS],
    sampling: Sampling,
}

impl Kernel for Read<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn run<L: SimdLevel>(self, _: L) {
        self.read::<L>();
    }
}

impl Read<'_, '_> {
    #[inline(always)]
    fn read<L: SimdLevel>(self) {
        let Self { picture, cells, sampling } = self;
        let (kr, kb) = picture.colorimetry().matrix.weights();
        let weights: &[f64] = match picture.format().family() {
            Family::Rgb => &[kr, 1.0 - kr - kb, kb],
            Family::Yuv | Family::Gray => &[1.0],
        };
        let mut sums = Vec::new();
        for (index, (component, &weight)) in picture.format().components().iter().zip(weights).enumerate() {
            let (black, span) = scale(component, picture.colorimetry().range);
            let (gain, offset) = ((weight / span) as f32, (weight * black / span) as f32);
            if component.bytes() == 1 {
                let take = |cell: usize, mean: f32| cells[cell] += mean * gain - offset;
                means::<L, u8>(picture, index, component, sampling, &mut sums, take);
            } else {
                let take = |cell: usize, mean: f32| cells[cell] += mean * gain - offset;
                means::<L, [u8; 2]>(picture, index, component, sampling, &mut sums, take);
            }
        }
    }
}

/// Black, and the distance to white, of a luma or R'G'B' sample.
fn scale(component: &Component, range: Range) -> (f64, f64) {
    let unit = f64::from(component.depth).exp2() / 256.0;
    match range {
        Range::Limited => (16.0 * unit, 219.0 * unit),
        Range::Full => (0.0, f64::from(component.max())),
    }
}

/// Calls `take` with each cell's number and the mean of its samples. `sums` is scratch memory.
#[inline(always)]
fn means<L: SimdLevel, S: Sample>(
    picture: &Picture<'_>,
    index: usize,
    component: &Component,
    sampling: Sampling,
    sums: &mut Vec<f32>,
    mut take: impl FnMut(usize, f32),
) {
    let height = component.height(picture.height()) as usize;
    let width = component.width(picture.width()) as usize;
    let plane = picture.planes()[usize::from(component.plane)];
    let step = usize::from(component.step) / component.bytes();
    let length = picture.row(index, 0).len() / component.bytes();
    let columns = (step == 1).then(|| Columns::of(width));
    sums.resize(length + columns.as_ref().map_or(0, |columns| columns.vectors * LANES), 0.0);
    let mut weights = Vec::new();
    for row in 0..ROWS {
        let (first, every) = lines(row, height, sampling, &mut weights);
        let data = &plane.data[first * plane.stride + usize::from(component.offset)..];
        resample::vertical::<L, S>(
            data,
            every * plane.stride,
            &weights,
            u32::from(component.shift),
            &mut sums[..length],
        );
        for column in 0..COLUMNS {
            let mean = match &columns {
                Some(columns) => columns.mean(column, sums),
                None => Span::of(column, COLUMNS, width).mean(sums, step),
            };
            take(row * COLUMNS + column, mean);
        }
    }
}

/// The rows of a picture that are read for a row of cells: the first, and their distance; sets the weight of each.
fn lines(row: usize, height: usize, sampling: Sampling, weights: &mut Vec<f32>) -> (usize, usize) {
    weights.clear();
    if sampling == Sampling::Sparse && height >= FEW * ROWS {
        weights.resize(FEW, 1.0 / FEW as f32);
        // Each in the middle of its part of the cell, as nearly as equally spaced rows can be.
        return ((2 * FEW * row + 1) * height / (2 * FEW * ROWS), height / (FEW * ROWS));
    }
    let enough = if sampling == Sampling::Medium { 216 } else { 540 };
    let every = (height / enough).max(1);
    let span = Span::of(row, ROWS, height.div_ceil(every));
    weights.extend((span.first..span.end).map(|y| span.share(y)));
    (span.first * every, every)
}

/// The weight of each sample of a row in the means of the grid's columns, for contiguous samples.
struct Columns {
    /// The first sample of each column.
    first: [usize; COLUMNS],
    /// The same number for each column.
    vectors: usize,
    /// The weights of the samples from the first on; 0 beyond the column's end.
    weights: Vec<f32>,
}

impl Columns {
    fn of(width: usize) -> Self {
        let spans: [Span; COLUMNS] = std::array::from_fn(|column| Span::of(column, COLUMNS, width));
        let vectors = spans.iter().map(|span| (span.end - span.first).div_ceil(LANES)).max().unwrap_or(1);
        let mut weights = vec![0.0; COLUMNS * vectors * LANES];
        for (span, weights) in spans.iter().zip(weights.chunks_exact_mut(vectors * LANES)) {
            let count = span.end - span.first;
            weights[..count].fill((span.to - span.from).recip());
            weights[0] = span.share(span.first);
            weights[count - 1] = span.share(span.end - 1);
        }
        Self { first: spans.map(|span| span.first), vectors, weights }
    }

    /// `samples` must be followed by as many more as [`vectors`](Self::vectors) hold, whatever their values.
    #[inline(always)]
    fn mean(&self, column: usize, samples: &[f32]) -> f32 {
        let samples = samples[self.first[column]..].as_chunks::<LANES>().0;
        let weights = self.weights[column * self.vectors * LANES..].as_chunks::<LANES>().0;
        let mut sum = [0.0; LANES];
        for (samples, weights) in samples.iter().zip(weights).take(self.vectors) {
            for lane in 0..LANES {
                sum[lane] += samples[lane] * weights[lane];
            }
        }
        total_of(&sum)
    }
}

/// The samples that a cell covers along one axis.
struct Span {
    first: usize,
    /// One past the last.
    end: usize,
    from: f32,
    to: f32,
}

impl Span {
    #[inline(always)]
    fn of(cell: usize, cells: usize, samples: usize) -> Self {
        let (from, to) = (cell * samples, (cell + 1) * samples);
        let [first, end] = [from / cells, to.div_ceil(cells)];
        Self { first, end, from: from as f32 / cells as f32, to: to as f32 / cells as f32 }
    }

    /// The weight of sample `at` in the mean.
    #[inline(always)]
    fn share(&self, at: usize) -> f32 {
        (self.to.min((at + 1) as f32) - self.from.max(at as f32)) / (self.to - self.from)
    }

    /// The mean of samples that are `step` apart.
    #[inline(always)]
    fn mean(&self, samples: &[f32], step: usize) -> f32 {
        let last = self.end - 1;
        let mut sum = samples[self.first * step] * self.share(self.first);
        if last > self.first {
            sum += samples[last * step] * self.share(last);
        }
        if last > self.first + 1 {
            // Several sums in parallel: a single one would wait for each addition.
            let inner = &samples[(self.first + 1) * step..(last - 1) * step + 1];
            let mut sums = [0.0; LANES];
            for (at, pixel) in inner.chunks(step).enumerate() {
                sums[at % LANES] += pixel[0];
            }
            sum += sums.iter().sum::<f32>() / (self.to - self.from);
        }
        sum
    }
}

#[cfg(test)]
mod tests;
