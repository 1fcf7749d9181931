// SPDX-License-Identifier: MPL-2.0

//! Sums of the spectra of pairs of tiles.

use std::sync::Arc;

use rustfft::num_complex::Complex32;
use rustfft::{Fft, FftPlanner};

/// Two-dimensional transforms of pairs of square tiles, and the sums of their cross and power spectra.
///
/// Both tiles of a pair are real, so one complex transform serves both.
pub(super) struct Spectrum {
    /// Rows and columns of a tile.
    pub side: usize,
    /// Pairs added so far; faded ones count partially.
    pub tiles: f32,
    forward: Arc<dyn Fft<f32>>,
    inverse: Arc<dyn Fft<f32>>,
    /// Hann window.
    window: Vec<f32>,
    pair: Vec<Complex32>,
    turned: Vec<Complex32>,
    scratch: Vec<Complex32>,
    /// Σ D · R*: the common power at each frequency, with the phase by which D lags behind.
    pub cross: Vec<Complex32>,
    /// Σ |R|².
    pub reference: Vec<f32>,
    /// Σ |D|².
    pub distorted: Vec<f32>,
}

impl Spectrum {
    pub fn new(side: usize) -> Self {
        let mut planner = FftPlanner::new();
        let (forward, inverse) = (planner.plan_fft_forward(side), planner.plan_fft_inverse(side));
        let scratch = forward.get_inplace_scratch_len().max(inverse.get_inplace_scratch_len());
        let (zero, count) = (Complex32::default(), side * side);
        let hann = |i: usize| (std::f32::consts::PI * (i as f32 + 0.5) / side as f32).sin().powi(2);
        Self {
            side,
            tiles: 0.0,
            forward,
            inverse,
            window: (0..side).map(hann).collect(),
            pair: vec![zero; count],
            turned: vec![zero; count],
            scratch: vec![zero; scratch],
            cross: vec![zero; count],
            reference: vec![0.0; count],
            distorted: vec![0.0; count],
        }
    }

    /// Forgets all tiles.
    pub fn clear(&mut self) {
        self.tiles = 0.0;
        self.cross.fill(Complex32::default());
        self.reference.fill(0.0);
        self.distorted.fill(0.0);
    }

    /// Adds the sums of `other` to the present ones, which fade by the factor `keep`.
    pub fn fade_into(&mut self, keep: f32, other: &Self) {
        self.tiles = self.tiles * keep + other.tiles;
        self.cross.iter_mut().zip(&other.cross).for_each(|(sum, new)| *sum = *sum * keep + new);
        self.reference.iter_mut().zip(&other.reference).for_each(|(sum, new)| *sum = *sum * keep + new);
        self.distorted.iter_mut().zip(&other.distorted).for_each(|(sum, new)| *sum = *sum * keep + new);
    }

    /// Adds a pair of tiles.
    pub fn add(&mut self, reference: &[f32], distorted: &[f32]) {
        let side = self.side;
        self.tiles += 1.0;
        let mean = |tile: &[f32]| tile.iter().sum::<f32>() / tile.len() as f32;
        let (mean_reference, mean_distorted) = (mean(reference), mean(distorted));
        for (i, out) in self.pair.iter_mut().enumerate() {
            let window = self.window[i / side] * self.window[i % side];
            *out = Complex32::new(reference[i] - mean_reference, distorted[i] - mean_distorted) * window;
        }
        transform(&*self.forward, side, &mut self.pair, &mut self.turned, &mut self.scratch);
        // Transposed now, as the sums are: horizontal frequencies in the rows.
        for row in 0..side {
            for column in 0..side {
                let at = row * side + column;
                let here = self.pair[at];
                let there = self.pair[(side - row) % side * side + (side - column) % side].conj();
                let (r, d) = ((here + there) * 0.5, (here - there) * Complex32::new(0.0, -0.5));
                self.cross[at] += d * r.conj();
                self.reference[at] += r.norm_sqr();
                self.distorted[at] += d.norm_sqr();
            }
        }
    }

    /// The correlation of a cross spectrum, computed in place; lag (x, y) is at `[y][x]`, negative lags count from the
    /// end.
    pub fn correlation(&mut self, weighted: &mut [Complex32]) {
        transform(&*self.inverse, self.side, weighted, &mut self.turned, &mut self.scratch);
    }
}

/// Transforms rows, then columns; the result is transposed.
fn transform(
    fft: &dyn Fft<f32>,
    side: usize,
    values: &mut [Complex32],
    turned: &mut [Complex32],
    scratch: &mut [Complex32],
) {
    fft.process_with_scratch(values, scratch);
    for (i, out) in turned.iter_mut().enumerate() {
        *out = values[i % side * side + i / side];
    }
    fft.process_with_scratch(turned, scratch);
    values.copy_from_slice(turned);
}
