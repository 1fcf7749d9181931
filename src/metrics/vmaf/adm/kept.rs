// SPDX-License-Identifier: MPL-2.0

//! The reference's detail at a scale, kept for other distorted pictures: of the part that counts.

use std::ops::Range;

use super::super::plane::BAND;
use super::region::{Region, wider};
use super::rows::{Lanes, Sums};
use crate::simd::LANES;

/// What a coefficient is stored as.
pub trait Stored: Copy + Default + Send + Sync {
    /// A coefficient, which fits.
    fn of(number: i32) -> Self;
    /// The coefficient.
    fn number(self) -> i32;
}

impl Stored for i16 {
    #[inline(always)]
    fn of(number: i32) -> Self {
        number as Self
    }

    #[inline(always)]
    fn number(self) -> i32 {
        i32::from(self)
    }
}

impl Stored for i32 {
    #[inline(always)]
    fn of(number: i32) -> Self {
        number
    }

    #[inline(always)]
    fn number(self) -> i32 {
        self
    }
}

/// The detail of 16 places: three directions.
type Block<T> = [[T; LANES]; 3];

/// Which blocks there are.
#[derive(Clone)]
pub struct Layout {
    rows: Range<usize>,
    /// Number of the first block in a row.
    first: usize,
    /// How many a row has.
    blocks: usize,
}

impl Layout {
    #[inline(always)]
    fn index(&self, row: usize, column: usize) -> usize {
        (row - self.rows.start) * self.blocks + column / LANES - self.first
    }
}

/// The detail of a scale.
pub struct Kept<T> {
    detail: Vec<Block<T>>,
    layout: Layout,
    height: usize,
    /// What it sums up to.
    pub sums: Sums,
}

impl<T: Stored> Kept<T> {
    /// Room for a scale of that size.
    pub fn new([width, height]: [usize; 2]) -> Self {
        let region = Region::new(width, height);
        let (columns, rows) = (wider(&region.columns, width), wider(&region.rows, height));
        let first = columns.start / LANES;
        let layout = Layout { rows, first, blocks: columns.end.div_ceil(LANES) - first };
        let detail = vec![[[T::default(); LANES]; 3]; layout.rows.len() * layout.blocks];
        Self { detail, layout, height, sums: Sums::default() }
    }

    /// Bands to be written.
    pub fn write(&mut self) -> impl Iterator<Item = KeptRows<'_, T>> {
        let mut rest = &mut self.detail[..];
        let layout = &self.layout;
        (0..self.height).step_by(BAND).map(move |start| {
            let rows = start.max(layout.rows.start)..(start + BAND).min(layout.rows.end);
            let (detail, after) = std::mem::take(&mut rest).split_at_mut(rows.len() * layout.blocks);
            rest = after;
            KeptRows::Written { detail, layout: Layout { rows, ..layout.clone() } }
        })
    }

    /// The same for every band, to be read.
    pub fn read(&self) -> impl Iterator<Item = KeptRows<'_, T>> {
        std::iter::repeat_with(|| KeptRows::Read { detail: &self.detail, layout: self.layout.clone() })
    }

    /// Bytes that it holds.
    pub fn bytes(&self) -> usize {
        size_of_val(&self.detail[..])
    }
}

/// What is kept of the rows that a band looks at.
pub enum KeptRows<'a, T> {
    /// Nothing.
    None,
    /// To be written: those of the band.
    Written { detail: &'a mut [Block<T>], layout: Layout },
    /// To be read.
    Read { detail: &'a [Block<T>], layout: Layout },
}

impl<T: Stored> KeptRows<'_, T> {
    /// Whether the row is wanted of the reference.
    #[inline(always)]
    pub fn wants(&self, row: usize) -> bool {
        matches!(self, Self::Written { layout, .. } if layout.rows.contains(&row))
    }

    /// Keeps the reference's coefficients at 16 places, or gives what was kept of them.
    #[inline(always)]
    pub fn exchange(&mut self, row: usize, column: usize, coefficients: &mut [Lanes; 3]) {
        match self {
            Self::None => {}
            Self::Written { detail, layout } => {
                if let Some(block) = detail.get_mut(layout.index(row, column)) {
                    for (to, from) in block.iter_mut().zip(coefficients) {
                        for lane in 0..LANES {
                            to[lane] = T::of(from[lane]);
                        }
                    }
                }
            }
            Self::Read { detail, layout } => {
                if let Some(block) = detail.get(layout.index(row, column)) {
                    for (from, to) in block.iter().zip(coefficients) {
                        for lane in 0..LANES {
                            to[lane] = from[lane].number();
                        }
                    }
                }
            }
        }
    }
}
