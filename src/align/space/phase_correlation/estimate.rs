// SPDX-License-Identifier: MPL-2.0

//! The translation of one pair of pictures.

use std::f64::consts::TAU;

use rustfft::num_complex::{Complex32, Complex64};

use super::fit::{Fit, Term};
use super::spectrum::Spectrum;
use super::tiles::{self, TILES};
use crate::align::space::part::Part;
use crate::resample::Scratch;

/// Higher frequencies are aliasing and noise and are ignored. In cycles per pixel.
const MAX_FREQUENCY: f64 = 0.35;
/// Frequencies with fewer waves per tile are ignored too: they are artifacts of the window.
const MIN_WAVES: f64 = 2.5;
/// Because of the window, nine neighboring frequencies carry the information of this many independent ones. The inverse
/// is the coherence of noise with noise.
const INDEPENDENT: f64 = 3.6;
/// Standard deviation of a tile, in 8-bit codes, below which it has no texture.
const TEXTURE: f64 = 1.0;
/// The peak of the correlation must be at least this many times the highest value elsewhere.
const PEAK: f32 = 1.6;
/// Pixels around the peak that belong to it.
const FOOT: i32 = 5;
/// Least correlation coefficient of the pictures once the translation is undone.
const ALIKE: f64 = 0.5;
/// The largest standard error, in pixels.
const ERROR: f64 = 0.04;

/// How much the preceding pairs count when one pair alone is not enough.
const KEEP: f32 = 0.9;

/// The estimates of one pair and of the preceding pairs agree if they differ by no more, in pixels.
const AGREE: f64 = 0.4;

/// A translation that can be trusted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Estimate {
    /// How far the distorted content lies to the right and below, in pixels of the common picture.
    pub shift: [f64; 2],
    /// Whether it also rests on preceding pairs.
    pub accumulated: bool,
}

/// Estimates translations; keeps its tables, its memory and the sums of preceding pairs.
#[derive(Default)]
pub(super) struct Estimator {
    sums: Option<Sums>,
    scratch: Scratch,
    tiles: [Vec<f32>; 2],
    weighted: Vec<Complex32>,
    smooth: [Vec<f32>; 2],
}

/// Spectra of tiles at the same place, and of tiles moved apart by the translation in whole pixels.
struct Sums {
    /// Of this pair.
    now: Spectrum,
    coarse: Spectrum,
    fine: Spectrum,
    apart: [i32; 2],
}

impl std::fmt::Debug for Estimator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Estimator").field("side", &self.sums.as_ref().map(|s| s.now.side)).finish_non_exhaustive()
    }
}

impl Estimator {
    /// The translation between two parts of `size`, if there is enough texture to trust it: from this pair alone, or
    /// from this pair and the preceding ones.
    pub fn estimate(&mut self, parts: [&Part<'_>; 2], size: [u32; 2]) -> Option<Estimate> {
        let least = size[0].min(size[1]);
        let side = tiles::side(least)? as usize;
        let mut sums = match self.sums.take() {
            Some(known) if known.now.side == side => known,
            _ => {
                let [now, coarse, fine] = [0; 3].map(|_| Spectrum::new(side));
                Sums { now, coarse, fine, apart: [0, 0] }
            }
        };
        let found = self.estimate_with(&mut sums, parts, size);
        self.sums = Some(sums);
        found
    }

    fn estimate_with(&mut self, sums: &mut Sums, parts: [&Part<'_>; 2], size: [u32; 2]) -> Option<Estimate> {
        if self.gather(&mut sums.now, parts, size, [0, 0]) < TEXTURE * TEXTURE {
            return None;
        }
        sums.coarse.fade_into(KEEP, &sums.now);
        let alone = self.coarse(&mut sums.now);
        let apart = alone.or_else(|| self.coarse(&mut sums.coarse))?;
        // Between two pixels the peak alternates.
        if (0..2).any(|axis| (sums.apart[axis] - apart[axis]).abs() > 1) {
            sums.fine.clear();
            sums.apart = apart;
        }
        let apart = sums.apart;
        self.gather(&mut sums.now, parts, size, apart);
        sums.fine.fade_into(KEEP, &sums.now);
        let alone = alone.and_then(|_| self.fine(&sums.now, size, apart));
        let accumulated = self.fine(&sums.fine, size, apart);
        let agree = |a: [f64; 2], b: [f64; 2]| (0..2).all(|axis| (a[axis] - b[axis]).abs() < AGREE);
        match (alone, accumulated) {
            // Together they are more exact, unless this pair disagrees.
            (alone, Some(shift)) if alone.is_none_or(|alone| agree(alone, shift)) => {
                Some(Estimate { shift, accumulated: true })
            }
            (alone, _) => alone.map(|shift| Estimate { shift, accumulated: false }),
        }
    }

    /// Adds up the spectra of tiles that are `apart` pixels from each other. Returns the texture of the reference's
    /// tiles: their variance in 8-bit codes.
    fn gather(&mut self, spectrum: &mut Spectrum, parts: [&Part<'_>; 2], size: [u32; 2], apart: [i32; 2]) -> f64 {
        spectrum.clear();
        let side = spectrum.side as u32;
        // Tiles in one column share their columns, tiles in one row their rows.
        let [columns, rows] = [0, 1].map(|axis| {
            let origins = tiles::origins(size[axis], side, TILES[axis], apart[axis]);
            let of = |[reference, distorted]: [i32; 2]| {
                [tiles::axis(parts[0], axis, reference, side), tiles::axis(parts[1], axis, distorted, side)]
            };
            origins.into_iter().map(of).collect::<Vec<_>>()
        });
        let mut variance = 0.0;
        for down in &rows {
            for across in &columns {
                for (i, tile) in self.tiles.iter_mut().enumerate() {
                    tiles::read(parts[i], [&across[i], &down[i]], side, &mut self.scratch, tile);
                }
                let [reference, distorted] = &self.tiles;
                variance += tiles::variance(reference);
                spectrum.add(reference, distorted);
            }
        }
        let unit = f64::from(1u32 << (parts[0].picture.format().components()[0].depth - 8));
        variance / (columns.len() * rows.len()) as f64 / (unit * unit)
    }

    /// To whole pixels: the peak of the smoothed coherence transform (Knapp and Carter 1976), which for a single tile
    /// is phase correlation (Kuglin and Hines 1975).
    fn coarse(&mut self, spectrum: &mut Spectrum) -> Option<[i32; 2]> {
        let side = spectrum.side;
        self.weighted.clear();
        let powers = spectrum.reference.iter().zip(&spectrum.distorted);
        self.weighted.extend(spectrum.cross.iter().zip(powers).enumerate().map(|(at, (cross, (r, d)))| {
            let frequency = frequency(at, side);
            let far = (frequency[0].hypot(frequency[1]) / MAX_FREQUENCY).powi(2);
            let power = (f64::from(*r) * f64::from(*d)).sqrt();
            if power > 0.0 { *cross * ((-3.0 * far).exp() / power) as f32 } else { Complex32::default() }
        }));
        spectrum.correlation(&mut self.weighted);
        let reach = tiles::reach(side);
        let lags = || (-reach..=reach).flat_map(move |y| (-reach..=reach).map(move |x| [x, y]));
        let value = |[x, y]: [i32; 2]| {
            let wrap = |i: i32| i.rem_euclid(side as i32) as usize;
            self.weighted[wrap(y) * side + wrap(x)].re
        };
        let peak = lags().max_by(|&a, &b| value(a).total_cmp(&value(b)))?;
        let elsewhere = |lag: &[i32; 2]| (0..2).any(|axis| (lag[axis] - peak[axis]).abs() > FOOT);
        let second = lags().filter(elsewhere).map(value).fold(0.0, f32::max);
        let clear = value(peak) > PEAK * second;
        // At the rim it may be the flank of a peak outside.
        (clear && peak.iter().all(|lag| lag.abs() < reach)).then_some(peak)
    }

    /// To a fraction of a pixel: the slope of the cross spectrum's phase, weighted by its coherence (the maximum
    /// likelihood of Knapp and Carter 1976), with tiles that lie `coarse` apart.
    fn fine(&mut self, spectrum: &Spectrum, size: [u32; 2], coarse: [i32; 2]) -> Option<[f64; 2]> {
        let side = spectrum.side;
        let placed =
            [0, 1].map(|axis| coarse[axis].clamp(-tiles::room(size[axis], side), tiles::room(size[axis], side)));
        let rest = [0, 1].map(|axis| f64::from(coarse[axis] - placed[axis]));
        self.smooth(spectrum, rest);
        let chance = 1.0 / (INDEPENDENT * f64::from(spectrum.tiles));
        let terms: Vec<Term> = (0..side * side).filter_map(|at| self.term(at, side, chance)).collect();
        let fit = Fit::of(&terms, side)?;
        let [x, y] = fit.error;
        if x > ERROR || y > ERROR || fit.alike < ALIKE || fit.rest.iter().any(|rest| rest.abs() > 2.0) {
            return None;
        }
        Some([0, 1].map(|axis| f64::from(coarse[axis]) + fit.rest[axis]))
    }

    /// Adds up each frequency and its eight neighbors after undoing the remaining translation `rest` between the tiles,
    /// so that their phases hardly differ.
    fn smooth(&mut self, spectrum: &Spectrum, rest: [f64; 2]) {
        let side = spectrum.side;
        let turned = |at: usize| {
            let frequency = frequency(at, side);
            let angle = TAU * (frequency[0] * rest[0] + frequency[1] * rest[1]);
            spectrum.cross[at] * Complex32::from_polar(1.0, angle as f32)
        };
        let cross: Vec<Complex32> = match rest == [0.0, 0.0] {
            true => spectrum.cross.clone(),
            false => (0..side * side).map(turned).collect(),
        };
        box3(&cross, side, &mut self.weighted);
        box3(&spectrum.reference, side, &mut self.smooth[0]);
        box3(&spectrum.distorted, side, &mut self.smooth[1]);
    }

    /// The contribution of one frequency.
    fn term(&self, at: usize, side: usize, chance: f64) -> Option<Term> {
        let frequency = frequency(at, side);
        let distance = frequency[0].hypot(frequency[1]);
        // The other half is redundant.
        let half = frequency[0] > 0.0 || (frequency[0] == 0.0 && frequency[1] > 0.0);
        if !half || distance > MAX_FREQUENCY || distance * (side as f64) < MIN_WAVES {
            return None;
        }
        let cross = Complex64::new(f64::from(self.weighted[at].re), f64::from(self.weighted[at].im));
        let power = [0, 1].map(|i| f64::from(self.smooth[i][at]));
        let coherence = cross.norm_sqr() / (power[0] * power[1]);
        if !coherence.is_finite() {
            return None;
        }
        // Subtracts the coherence that unrelated pictures would have; the limit keeps a single frequency from
        // dominating.
        let coherence = ((coherence - chance) / (1.0 - chance)).clamp(0.0, 0.98);
        let weight = coherence / (1.0 - coherence);
        Some(Term { wave: frequency.map(|f| TAU * f), weight, phase: cross.arg(), common: cross.norm(), power })
    }
}

/// Cycles per pixel, across and down, of an element of a spectrum.
fn frequency(at: usize, side: usize) -> [f64; 2] {
    let signed = |i: usize| (if i > side / 2 { i as f64 - side as f64 } else { i as f64 }) / side as f64;
    [signed(at / side), signed(at % side)]
}

/// The sum of each element and its eight neighbors, wrapping around.
fn box3<T: Copy + Default + std::ops::Add<Output = T>>(values: &[T], side: usize, out: &mut Vec<T>) {
    let across = |row: usize, column: usize| {
        let row = &values[row * side..][..side];
        row[(column + side - 1) % side] + row[column] + row[(column + 1) % side]
    };
    let sums: Vec<T> = (0..side * side).map(|at| across(at / side, at % side)).collect();
    out.clear();
    out.extend((0..side * side).map(|at| {
        let (row, column) = (at / side, at % side);
        let line = |row: usize| sums[row % side * side + column];
        line(row + side - 1) + line(row) + line(row + 1)
    }));
}
