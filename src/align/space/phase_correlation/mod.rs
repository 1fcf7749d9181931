// SPDX-License-Identifier: MPL-2.0

//! The translation between two streams: estimated from time to time, held in between.

mod estimate;
mod fit;
mod spectrum;
mod tiles;

use estimate::Estimator;

use super::part::Part;

/// Consecutive estimates before a translation counts as known.
const LEARNED: usize = 8;
/// Pairs between two estimates after that; before that, the most.
const PAUSE: u32 = 24;
/// The most estimates that are averaged.
const MEMORY: usize = 16;
/// Estimates of the same translation differ by no more, in reference pixels.
const NEAR: f64 = 0.19;
/// Consecutive estimates required to accept a different translation.
const CONFIRMED: usize = 3;

/// The translation of one stream relative to another.
#[derive(Debug, Default)]
pub(super) struct Translation {
    estimator: Estimator,
    /// In quarters of a reference pixel.
    in_force: Option<[i32; 2]>,
    /// The estimates it rests on, in reference pixels.
    known: Vec<[f64; 2]>,
    /// Estimates that contradict it.
    doubts: Vec<[f64; 2]>,
    /// Pairs until the next estimate.
    wait: u32,
    /// Consecutive estimates that could not be trusted.
    misses: u32,
}

impl Translation {
    /// Examines the next pair of frames if an estimate is due. Returns the translation in force, in quarters of a
    /// reference pixel.
    pub fn update(&mut self, reference: &Part<'_>, distorted: &Part<'_>, size: [u32; 2]) -> Option<[i32; 2]> {
        if self.wait > 0 {
            self.wait -= 1;
            return self.in_force;
        }
        let step = reference.placement.step;
        match self.estimator.estimate([reference, distorted], size) {
            Some(estimate) => {
                self.misses = 0;
                let shift = [0, 1].map(|axis| estimate.shift[axis] * step[axis]);
                if estimate.accumulated {
                    // It already contains the previous ones.
                    self.known.retain(|known| near(*known, shift));
                    self.known.iter_mut().for_each(|known| *known = shift);
                }
                self.learn(shift);
            }
            None => {
                self.misses += 1;
                // Texture may appear with the next frame, or never.
                self.wait =
                    if self.in_force.is_some() { PAUSE } else { (1u32 << (self.misses / 4).min(5)).min(PAUSE) - 1 };
            }
        }
        self.in_force
    }

    /// Something has changed: the next pair is examined.
    pub fn check(&mut self) {
        self.wait = 0;
    }

    fn learn(&mut self, shift: [f64; 2]) {
        if self.known.is_empty() || near(mean(&self.known), shift) {
            self.doubts.clear();
            if self.known.len() == MEMORY {
                self.known.remove(0);
            }
            self.known.push(shift);
        } else {
            if !self.doubts.is_empty() && !near(mean(&self.doubts), shift) {
                self.doubts.clear();
            }
            self.doubts.push(shift);
            if self.doubts.len() == CONFIRMED {
                self.known = std::mem::take(&mut self.doubts);
                self.in_force = None;
            }
        }
        let mean = mean(&self.known);
        let held = self.in_force.map(|quarters| quarters.map(|q| f64::from(q) / 4.0));
        // Kept once it is known, so that it does not alternate between two quarters.
        if self.known.len() <= LEARNED || held.is_none_or(|held| !near(held, mean)) {
            self.in_force = Some(mean.map(|pixels| (pixels * 4.0).round() as i32));
        }
        self.wait = if self.known.len() < LEARNED || !self.doubts.is_empty() { 0 } else { PAUSE };
    }
}

fn near(a: [f64; 2], b: [f64; 2]) -> bool {
    (0..2).all(|axis| (a[axis] - b[axis]).abs() <= NEAR)
}

fn mean(shifts: &[[f64; 2]]) -> [f64; 2] {
    [0, 1].map(|axis| shifts.iter().map(|shift| shift[axis]).sum::<f64>() / shifts.len().max(1) as f64)
}
