// SPDX-License-Identifier: MPL-2.0

//! Whether one picture is the other turned or mirrored.
//!
//! Pictures are compared by their details on a square grid, where a quarter turn moves the same cells to other places.
//! Details are what remains of a cell after subtracting the mean of its surroundings. Unrelated pictures often agree in
//! their coarse structure, such as light above and dark below, but not in their details.

use crate::align::time::{CELLS, COLUMNS, ROWS, Signature};
use std::fmt;

/// Cells per side of the square grid.
const SIDE: usize = ROWS;
const SQUARE: usize = SIDE * SIDE;
/// How far the surroundings of a cell reach.
const REACH: usize = 3;
/// RMS of the details below which a picture is blank: one 8-bit code value.
const LEAST_DETAIL: f64 = 1.0 / 255.0;
/// The least number of cells over which the details must be spread. A picture with fewer, such as a ball on black,
/// looks the same in several orientations.
const LEAST_CELLS: f64 = 100.0;
/// Least correlation of the details of one picture in two codings.
const ALIKE: f64 = 0.7;
/// How far below it every other orientation must be, including upright.
const MARGIN: f64 = 0.25;

/// How the distorted picture is oriented relative to the reference, if not upright.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Orientation {
    /// Turned clockwise by 90°.
    Turned90,
    /// Turned by 180°.
    Turned180,
    /// Turned clockwise by 270°, which is counterclockwise by 90°.
    Turned270,
    /// Left and right are exchanged.
    MirroredHorizontally,
    /// Above and below are exchanged.
    MirroredVertically,
    /// Mirrored across the diagonal from the upper left to the lower right.
    Transposed,
    /// Mirrored across the diagonal from the upper right to the lower left.
    AntiTransposed,
}

impl Orientation {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Turned90,
        Self::Turned180,
        Self::Turned270,
        Self::MirroredHorizontally,
        Self::MirroredVertically,
        Self::Transposed,
        Self::AntiTransposed,
    ];

    /// The orientation in which the distorted pictures (the second of each pair) agree with their references clearly
    /// better than upright and than in any other orientation. `None` if there is no such orientation or the pictures
    /// cannot tell: they are blank, symmetric, or unrelated.
    ///
    /// Pairs should show the same moment as far as that is known. A single pair with much detail is enough.
    pub fn seen_in<'a>(pairs: impl Iterator<Item = (&'a Signature, &'a Signature)>) -> Option<Self> {
        let mut upright = Agreement::default();
        let mut turned = Self::ALL.map(|_| Agreement::default());
        let mut votes = [0usize; Self::ALL.len()];
        let mut count = 0;
        for (reference, distorted) in pairs {
            let (Some(reference), Some(distorted)) = (Details::of(reference), Details::of(distorted)) else { continue };
            upright.add(&reference, &distorted, |x, y| (x, y));
            let single = Self::ALL.map(|orientation| {
                let mut agreement = Agreement::default();
                agreement.add(&reference, &distorted, |x, y| orientation.source(x, y));
                agreement
            });
            if let Some(best) = best(&single) {
                votes[best] += 1;
            }
            turned.iter_mut().zip(&single).for_each(|(sum, one)| sum.merge(one));
            count += 1;
        }
        let winner = best(&turned)?;
        let found = turned[winner].correlation();
        let others = turned.iter().enumerate().filter(|&(index, _)| index != winner).map(|(_, other)| other);
        let next = others.chain([&upright]).map(Agreement::correlation).fold(f64::NEG_INFINITY, f64::max);
        // Three quarters of the pairs agree individually.
        let agreed = votes[winner] * 4 >= count * 3;
        (found >= ALIKE && next <= found - MARGIN && agreed).then(|| Self::ALL[winner])
    }

    /// The value of `video-direction` with which GStreamer's `videoflip` turns the distorted picture upright.
    #[must_use]
    pub fn video_direction(self) -> &'static str {
        match self {
            Self::Turned90 => "90l",
            Self::Turned180 => "180",
            Self::Turned270 => "90r",
            Self::MirroredHorizontally => "horiz",
            Self::MirroredVertically => "vert",
            Self::Transposed => "ul-lr",
            Self::AntiTransposed => "ur-ll",
        }
    }

    /// Where the distorted picture has the cell that the reference has at (column, row).
    fn source(self, x: usize, y: usize) -> (usize, usize) {
        const LAST: usize = SIDE - 1;
        match self {
            Self::Turned90 => (LAST - y, x),
            Self::Turned180 => (LAST - x, LAST - y),
            Self::Turned270 => (y, LAST - x),
            Self::MirroredHorizontally => (LAST - x, y),
            Self::MirroredVertically => (x, LAST - y),
            Self::Transposed => (y, x),
            Self::AntiTransposed => (LAST - y, LAST - x),
        }
    }
}

/// Completes "the distorted picture is …".
impl fmt::Display for Orientation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Turned90 => "turned by 90° clockwise",
            Self::Turned180 => "turned by 180°",
            Self::Turned270 => "turned by 270° clockwise (90° counterclockwise)",
            Self::MirroredHorizontally => "mirrored, left and right exchanged",
            Self::MirroredVertically => "mirrored, above and below exchanged",
            Self::Transposed => "mirrored across the diagonal from the upper left to the lower right",
            Self::AntiTransposed => "mirrored across the diagonal from the upper right to the lower left",
        })
    }
}

/// The one with the highest correlation.
fn best(agreements: &[Agreement]) -> Option<usize> {
    let correlations = agreements.iter().map(Agreement::correlation).enumerate();
    correlations
        .filter(|(_, correlation)| *correlation > 0.0)
        .max_by(|a, b| a.1.total_cmp(&b.1))
        .map(|(index, _)| index)
}

/// Accumulates a correlation.
#[derive(Debug, Clone, Copy, Default)]
struct Agreement {
    products: f64,
    squares: [f64; 2],
}

impl Agreement {
    /// Adds a pair; `source` maps a cell of the reference to the distorted picture.
    fn add(&mut self, reference: &Details, distorted: &Details, source: impl Fn(usize, usize) -> (usize, usize)) {
        let mut products = 0.0;
        for (index, cell) in reference.cells.iter().enumerate() {
            let (x, y) = source(index % SIDE, index / SIDE);
            products += f64::from(cell * distorted.cells[y * SIDE + x]);
        }
        // Every pair has the same weight, whatever its contrast.
        let scale = 1.0 / (reference.energy * distorted.energy).sqrt();
        self.products += products * scale;
        self.squares = [self.squares[0] + reference.energy * scale, self.squares[1] + distorted.energy * scale];
    }

    fn merge(&mut self, other: &Self) {
        self.products += other.products;
        self.squares = [self.squares[0] + other.squares[0], self.squares[1] + other.squares[1]];
    }

    fn correlation(&self) -> f64 {
        let norm = (self.squares[0] * self.squares[1]).sqrt();
        if norm > 0.0 { self.products / norm } else { 0.0 }
    }
}

/// The details of a picture on the square grid.
struct Details {
    cells: Box<[f32; SQUARE]>,
    /// The sum of their squares.
    energy: f64,
}

impl Details {
    /// `None` if the picture is blank.
    fn of(signature: &Signature) -> Option<Self> {
        let square = square(signature.cells());
        let mut cells = Box::new([0.0; SQUARE]);
        for (index, cell) in cells.iter_mut().enumerate() {
            *cell = square[index] - surroundings(&square, index % SIDE, index / SIDE);
        }
        let squares = || cells.iter().map(|&cell| f64::from(cell) * f64::from(cell));
        let energy: f64 = squares().sum();
        let fourth: f64 = squares().map(|square| square * square).sum();
        let shows = energy / SQUARE as f64 > LEAST_DETAIL * LEAST_DETAIL && energy * energy > LEAST_CELLS * fourth;
        shows.then_some(Self { cells, energy })
    }
}

/// Resamples the cells to as many columns as rows.
fn square(cells: &[f32; CELLS]) -> Box<[f32; SQUARE]> {
    let mut square = Box::new([0.0; SQUARE]);
    for (to, from) in square.chunks_exact_mut(SIDE).zip(cells.chunks_exact(COLUMNS)) {
        for (column, cell) in to.iter_mut().enumerate() {
            // Starts at column · 64/36, in units of 1/36 of a cell.
            let (begin, end) = (column * COLUMNS, (column + 1) * COLUMNS);
            let share = |at: usize| (end.min((at + 1) * SIDE) - begin.max(at * SIDE)) as f32;
            let sum: f32 = (begin / SIDE..end.div_ceil(SIDE)).map(|at| from[at] * share(at)).sum();
            *cell = sum / COLUMNS as f32;
        }
    }
    square
}

/// The mean of a cell and its neighbors, as far as they exist.
fn surroundings(square: &[f32; SQUARE], x: usize, y: usize) -> f32 {
    let range = |at: usize| at.saturating_sub(REACH)..(at + REACH + 1).min(SIDE);
    let sum: f32 = range(y).map(|row| square[row * SIDE..][range(x)].iter().sum::<f32>()).sum();
    sum / (range(x).len() * range(y).len()) as f32
}
