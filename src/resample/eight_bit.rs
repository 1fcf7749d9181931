// SPDX-License-Identifier: MPL-2.0

//! Resampling 8-bit samples to 8-bit samples, bit by bit as Pillow does it (`src/libImaging/Resample.c`): weights are
//! integers, and the result of each pass is rounded and clamped.

use super::filter::FilterTable;

/// Bits of a weight after the binary point: a sample has 8, and sums need two more and a sign.
const BITS: u32 = 32 - 8 - 2;
const HALF: i32 = 1 << (BITS - 1);

/// A [`FilterTable`] with integer weights.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WholeFilter {
    /// First input sample and weights of each output sample.
    rows: Vec<(usize, Vec<i32>)>,
}

impl WholeFilter {
    pub fn new(table: &FilterTable) -> Self {
        let whole = |weight: &f64| (weight * f64::from(1u32 << BITS)).round() as i32;
        let row = |(start, weights): &(u32, Vec<f64>)| (*start as usize, weights.iter().map(whole).collect());
        Self { rows: table.rows().iter().map(row).collect() }
    }

    /// Number of output samples.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Resamples a row.
    #[inline(always)]
    pub fn across(&self, row: &[u8], out: &mut [u8]) {
        for ((start, weights), out) in self.rows.iter().zip(out) {
            let samples = &row[*start..*start + weights.len()];
            let sum = samples.iter().zip(weights).map(|(&sample, weight)| i32::from(sample) * weight).sum::<i32>();
            *out = clamped(HALF + sum);
        }
    }

    /// Computes one row of a plane whose rows have `width` samples; `sums` is scratch memory.
    #[inline(always)]
    pub fn down(&self, plane: &[u8], width: usize, row: usize, sums: &mut Vec<i32>, out: &mut [u8]) {
        let (start, weights) = &self.rows[row];
        sums.clear();
        sums.resize(width, HALF);
        for (samples, &weight) in plane[start * width..].chunks_exact(width).zip(weights) {
            for (sum, &sample) in sums.iter_mut().zip(samples) {
                *sum += i32::from(sample) * weight;
            }
        }
        out.iter_mut().zip(&*sums).for_each(|(out, &sum)| *out = clamped(sum));
    }
}

#[inline(always)]
fn clamped(sum: i32) -> u8 {
    (sum >> BITS).clamp(0, 255) as u8
}
