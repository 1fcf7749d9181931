// SPDX-License-Identifier: MPL-2.0

//! `round`: the frame as an 8-bit picture, scaled as Pillow does it: along the rows, rounded, along the columns,
//! rounded.

use super::color_transform::normalization;
use super::error::PreprocessError;
use crate::model::contract::Input;
use crate::resample::{FilterTable, WholeFilter, reflect};

/// Scales 8-bit channels and maps their values to the tensor.
#[derive(Debug, Clone)]
pub(super) struct EightBit {
    across: WholeFilter,
    down: WholeFilter,
    /// For each channel, the tensor's number for each of the 256 values.
    values: Vec<Vec<f32>>,
    /// The scaled picture is mirrored at its borders to this size.
    mirrored: [u32; 2],
}

/// 8-bit planes, one after the other.
#[derive(Debug, Clone, Default)]
pub(super) struct Scratch {
    source: Vec<u8>,
    /// Columns and rows of the source's planes.
    size: [usize; 2],
    channels: usize,
    /// After the horizontal pass.
    across: Vec<u8>,
    scaled: Vec<u8>,
    sums: Vec<i32>,
}

impl Scratch {
    /// Allocates memory for a frame.
    pub fn begin(&mut self, size: [usize; 2], channels: usize) {
        (self.size, self.channels) = (size, channels);
        self.source.resize(size[0] * size[1] * channels, 0);
    }

    /// Stores values from 0 to 255, starting at column `x`.
    #[inline(always)]
    pub fn store(&mut self, channel: usize, y: usize, x: usize, values: &[f32]) {
        let [width, height] = self.size;
        let row = &mut self.source[(channel * height + y) * width + x..][..values.len()];
        row.iter_mut().zip(values).for_each(|(out, value)| *out = (value + 0.5) as u8);
    }
}

impl EightBit {
    /// `tables` are those of rows and columns.
    pub fn new(input: &Input, tables: [FilterTable; 2], mirrored: [u32; 2]) -> Result<Self, PreprocessError> {
        let [across, down] = tables.map(|table| WholeFilter::new(&table));
        let value = |value: u8, mean: f64, std: f64| ((f64::from(value) / 255.0 - mean) / std) as f32;
        let values = |(mean, std)| (0..=u8::MAX).map(|v| value(v, mean, std)).collect();
        Ok(Self { across, down, values: normalization(input)?.into_iter().map(values).collect(), mirrored })
    }

    /// Scales the stored planes.
    #[inline(always)]
    pub fn scale(&self, scratch: &mut Scratch) {
        let Scratch { source, size: [width, height], channels, across, scaled, sums } = scratch;
        let [columns, rows] = [self.across.len(), self.down.len()];
        across.resize(columns * *height * *channels, 0);
        for (row, out) in source.chunks_exact(*width).zip(across.chunks_exact_mut(columns)) {
            self.across.across(row, out);
        }
        scaled.resize(columns * rows * *channels, 0);
        let planes = across.chunks_exact(columns * *height).zip(scaled.chunks_exact_mut(columns * rows));
        for (plane, out) in planes {
            for (y, out) in out.chunks_exact_mut(columns).enumerate() {
                self.down.down(plane, columns, y, sums, out);
            }
        }
    }

    /// Row `y` of the mirrored picture, before its columns are mirrored.
    pub fn row<'a>(&self, scratch: &'a Scratch, channel: usize, y: usize) -> &'a [u8] {
        let [columns, rows] = [self.across.len(), self.down.len()];
        let y = mirror(y, rows, self.mirrored[1]);
        &scratch.scaled[(channel * rows + y) * columns..][..columns]
    }

    /// The positions in such a row of the `width` columns from `left` on.
    pub fn columns(&self, left: usize, width: usize) -> impl Iterator<Item = usize> {
        let (columns, mirrored) = (self.across.len(), self.mirrored[0]);
        (left..left + width).map(move |x| mirror(x, columns, mirrored))
    }

    /// A value in the tensor.
    pub fn value(&self, channel: usize, value: u8) -> f32 {
        self.values[channel][usize::from(value)]
    }
}

/// The index in `length` samples, mirrored at their ends to `to` (half of the addition, rounded down, before the
/// first), of position `at`.
fn mirror(at: usize, length: usize, to: u32) -> usize {
    let before = (to as usize).saturating_sub(length) / 2;
    reflect(at as i64 - before as i64, length as u32) as usize
}
