// SPDX-License-Identifier: MPL-2.0

//! A chroma plane at a sixteenth of its size, less its local mean.
//!
//! Of libvmaf's passes over the whole plane, only the parts whose results are used are computed: the low-pass filter
//! before the decimation covers 9 of 16 rows. Filters, tables and roundings are those of libvmaf's `speed.c` and
//! `vif_tools.c`: Copyright 2016-2026 Netflix, Inc., BSD-2-Clause-Patent (`models/vmaf/LICENSE`).

use super::BLOCK;

/// The factor by which a plane is reduced.
const REDUCTION: usize = 16;
/// Taps of the filters: before the decimation, and for the local mean.
const BEFORE: usize = 9;
const AROUND: usize = 3;

/// A reduced plane.
#[derive(Default)]
pub struct Reduced {
    data: Vec<f32>,
    width: usize,
    height: usize,
}

impl Reduced {
    /// The number of whole blocks, horizontally and vertically.
    pub fn blocks(&self) -> [usize; 2] {
        [self.width / BLOCK, self.height / BLOCK]
    }

    pub fn row(&self, y: usize) -> &[f32] {
        &self.data[y * self.width..][..self.width]
    }
}

/// How planes of a size are reduced.
#[derive(Debug, Clone, PartialEq)]
pub struct Reduction {
    /// Size of the plane.
    size: [usize; 2],
    /// Size after scaling.
    scaled: [usize; 2],
    /// The interpolation by column and row, if scaling changes the size.
    between: Option<[Vec<Between>; 2]>,
    before: [f32; BEFORE],
    around: [f32; AROUND],
}

/// Two neighbors, and the distance from the first.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Between {
    at: [usize; 2],
    share: f32,
}

impl Reduction {
    /// For planes of that size, which are first scaled by `scale`. `None` if a side of the result is shorter than a
    /// block.
    pub fn new(size: [usize; 2], scale: f64) -> Option<Self> {
        let scaled = size.map(|side| scaled(side, scale));
        if scaled.iter().any(|side| side / REDUCTION < BLOCK) {
            return None;
        }
        let between = (scaled != size).then(|| [0, 1].map(|axis| between(size[axis], scaled[axis])));
        // The deviation is two fifths of the number of taps: that for four halvings.
        let before = gaussian::<BEFORE>((2.0 * BEFORE as f64 / 5.0) as f32);
        Some(Self { size, scaled, between, before, around: gaussian::<AROUND>(AROUND as f32 / 5.0) })
    }

    /// Whether it is for planes of that size, at that scale.
    pub fn is_for(&self, size: [usize; 2], scale: f64) -> bool {
        self.size == size && self.scaled == size.map(|side| scaled(side, scale))
    }

    /// The shortest side of a plane that can be reduced.
    pub fn least(scale: f64) -> usize {
        (1..).find(|&side| scaled(side, scale) >= REDUCTION * BLOCK).unwrap_or(usize::MAX)
    }

    /// Reduces a plane whose rows `load` provides, in units of 8-bit samples less the middle of their range.
    pub fn reduce(&self, mut load: impl FnMut(usize, &mut [f32]), out: &mut Reduced) {
        let [width, height] = self.scaled;
        let [out_width, out_height] = [width / REDUCTION, height / REDUCTION];
        (out.width, out.height) = (out_width, out_height);
        out.data.resize(out_width * out_height, 0.0);
        let mut rows = Rows::new(self.size[0], width);
        let (mut sums, mut plane) = (vec![0.0f32; width], vec![0.0f32; out_width * out_height]);
        for (y, out) in plane.chunks_exact_mut(out_width).enumerate() {
            sums.fill(0.0);
            for (tap, weight) in self.before.iter().enumerate() {
                let at = mirrored((y * REDUCTION + tap) as isize - (BEFORE / 2) as isize, height);
                let row = rows.scaled(self.between.as_ref(), at, &mut load);
                sums.iter_mut().zip(row).for_each(|(sum, number)| *sum += weight * number);
            }
            for (x, out) in out.iter_mut().enumerate() {
                *out = filtered(&self.before, &sums, x * REDUCTION);
            }
        }
        self.less_mean(&plane, out);
    }

    /// Subtracts the weighted local mean from a reduced plane.
    fn less_mean(&self, plane: &[f32], out: &mut Reduced) {
        let Reduced { data, width, height } = out;
        let (width, height) = (*width, *height);
        let mut sums = vec![0.0f32; width];
        for (y, out) in data.chunks_exact_mut(width).enumerate() {
            sums.fill(0.0);
            for (tap, weight) in self.around.iter().enumerate() {
                let at = mirrored((y + tap) as isize - (AROUND / 2) as isize, height);
                let row = &plane[at * width..][..width];
                sums.iter_mut().zip(row).for_each(|(sum, number)| *sum += weight * number);
            }
            for (x, out) in out.iter_mut().enumerate() {
                *out = plane[y * width + x] - filtered(&self.around, &sums, x);
            }
        }
    }
}

/// The filter around a position in a row.
fn filtered<const TAPS: usize>(filter: &[f32; TAPS], row: &[f32], x: usize) -> f32 {
    let mut sum = 0.0;
    for (tap, weight) in filter.iter().enumerate() {
        let at = mirrored((x + tap) as isize - (TAPS / 2) as isize, row.len());
        sum += weight * row[at];
    }
    sum
}

/// The rows that were read last.
struct Rows {
    /// Of the plane.
    read: [(Option<usize>, Vec<f32>); 2],
    scaled: Vec<f32>,
}

impl Rows {
    fn new(width: usize, scaled: usize) -> Self {
        Self { read: [0, 1].map(|_| (None, vec![0.0; width])), scaled: vec![0.0; scaled] }
    }

    /// A row of the scaled plane.
    fn scaled(
        &mut self,
        between: Option<&[Vec<Between>; 2]>,
        y: usize,
        load: &mut impl FnMut(usize, &mut [f32]),
    ) -> &[f32] {
        let Some([columns, rows]) = between else {
            load(y, &mut self.read[0].1);
            return &self.read[0].1;
        };
        let Between { at: wanted, share: down } = rows[y];
        // Rows come from top to bottom, so the first of the two may already be loaded as the second.
        if self.read[1].0 == Some(wanted[0]) && self.read[0].0 != Some(wanted[0]) {
            self.read.swap(0, 1);
        }
        for ((number, row), wanted) in self.read.iter_mut().zip(wanted) {
            if *number != Some(wanted) {
                load(wanted, row);
                *number = Some(wanted);
            }
        }
        let [above, below] = [&self.read[0].1, &self.read[1].1];
        for (out, Between { at: [left, right], share: across }) in self.scaled.iter_mut().zip(columns) {
            *out = (1.0 - down) * (1.0 - across) * above[*left]
                + (1.0 - down) * across * above[*right]
                + down * (1.0 - across) * below[*left]
                + down * across * below[*right];
        }
        &self.scaled
    }
}

/// The length of a side after scaling.
fn scaled(side: usize, scale: f64) -> usize {
    (side as f64 * scale + 0.5) as usize
}

/// The neighbors of each position of a scaled side.
fn between(from: usize, to: usize) -> Vec<Between> {
    let ratio = from as f32 / to as f32;
    let place = |at: usize| {
        let place = ((at as f64 + 0.5) * f64::from(ratio) - 0.5) as f32;
        let at = [place.floor(), place.ceil()].map(|at| mirrored(at as isize, from));
        Between { at, share: place - at[0] as f32 }
    };
    (0..to).map(place).collect()
}

/// Maps a position outside a side into it, mirrored at the outermost one.
fn mirrored(at: isize, side: usize) -> usize {
    let at = at.unsigned_abs();
    if at >= side { (2 * side).saturating_sub(at + 2) } else { at }
}

/// A Gaussian's weights, whose sum is 1.
fn gaussian<const TAPS: usize>(deviation: f32) -> [f32; TAPS] {
    let deviation = f64::from(deviation);
    let density = |tap: usize| {
        let at = tap as f64 - (TAPS / 2) as f64;
        let height = (-0.5 * at / deviation * at / deviation).exp() as f32;
        height / (1.0 / (deviation * (2.0 * std::f64::consts::PI).sqrt())) as f32
    };
    let weights: [f32; TAPS] = std::array::from_fn(density);
    let mut sum = 0.0f32;
    weights.iter().for_each(|weight| sum += weight);
    weights.map(|weight| weight / sum)
}
