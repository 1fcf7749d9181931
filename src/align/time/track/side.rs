// SPDX-License-Identifier: MPL-2.0

//! One side's frames, as the path sees them.

use std::collections::VecDeque;

use super::shift::{Grid, Shift};
use crate::align::time::signature::dot;
use crate::align::time::{CELLS, Signature, Timestamp};

/// From one frame to the next where nobody says, in ns.
const INTERVAL: i64 = 40_000_000;

/// A step back of more than this is a jump, not disorder, in ns.
const JUMP: i64 = 250_000_000;

/// A step between frames that is taken as the frame rate, in ns.
const RATES: std::ops::RangeInclusive<i64> = 1_000_000..=2_000_000_000;

/// How many earlier references a reference is compared with when it comes: those that paths may have been at.
const BEFORE: usize = 64;

/// How many references that are no longer needed are kept, for motion to be measured from.
pub(super) const KEPT: usize = 16;

/// A signature of length one (less if the picture shows next to nothing).
#[derive(Debug, Clone)]
pub(super) struct Unit {
    cells: Box<[f32]>,
    /// Squared length.
    pub square: f64,
}

/// Variance of cells that show nothing: one 8-bit code value, squared.
const NOTHING: f64 = 1.0 / (255.0 * 255.0);

impl Unit {
    /// Moved by its `half` of a translation between the streams.
    pub fn of(signature: &Signature, shift: Shift, half: Shift) -> Self {
        if !shift.is_none() {
            let cells: Box<[f32]> = Grid::of(signature).moved(shift, half).into();
            let square = dot(&cells, &cells);
            return Self { cells, square };
        }
        let cells = &signature.cells()[..];
        let square = dot(cells, cells) + NOTHING * CELLS as f64;
        let scale = square.sqrt().recip() as f32;
        let cells: Box<[f32]> = cells.iter().map(|cell| cell * scale).collect();
        let square = dot(&cells, &cells);
        Self { cells, square }
    }

    pub fn dot(&self, other: &Self) -> f64 {
        dot(&self.cells, &other.cells)
    }
}

/// Time that never falls.
///
/// A frame a little earlier than the one before is shown with it; after a jump back, or without a time stamp, time goes
/// on by one frame. What was added is taken out again of what users see.
#[derive(Debug, Default)]
pub(super) struct Time {
    last: Option<i64>,
    /// Added to running time.
    pub moved: i64,
    /// From one frame to the next, in ns; 0: not known.
    interval: i64,
}

impl Time {
    pub fn next(&mut self, stamp: Timestamp) -> i64 {
        let Some(last) = self.last else {
            let first = stamp.running.unwrap_or(0);
            if let Some(duration) = stamp.duration {
                self.interval = i64::try_from(duration).unwrap_or(INTERVAL).clamp(0, *RATES.end());
            }
            self.last = Some(first);
            return first;
        };
        let time = match stamp.running.map(|running| running.saturating_add(self.moved)) {
            Some(time) if time >= last => time,
            Some(time) if last.saturating_sub(time) <= JUMP => last,
            _ => {
                let time = last.saturating_add(self.interval());
                self.moved = stamp.running.map_or(self.moved, |running| time.saturating_sub(running));
                time
            }
        };
        let step = time.saturating_sub(last);
        if RATES.contains(&step) {
            // The shorter steps are the frame rate, longer ones are gaps.
            let now = self.interval();
            self.interval = if self.interval == 0 || step < now { step } else { now + (step.min(2 * now) - now) / 8 };
        }
        self.last = Some(time);
        time
    }

    /// From one frame to the next, in ns.
    pub fn interval(&self) -> i64 {
        if RATES.contains(&self.interval) { self.interval } else { INTERVAL }
    }

    pub fn last(&self) -> Option<i64> {
        self.last
    }
}

/// A reference frame.
#[derive(Debug)]
pub(super) struct Reference {
    pub time: i64,
    /// From the reference before, or to the next, in ns.
    pub interval: f64,
    pub signature: Option<Signature>,
    pub unit: Option<Unit>,
    /// Products with the references before, the nearest first.
    before: Vec<f64>,
}

/// The references held, by number.
#[derive(Debug, Default)]
pub(super) struct References {
    frames: VecDeque<Reference>,
    /// Number of the first one held.
    first: u64,
    pub time: Time,
    /// Of the distorted pictures.
    shift: Shift,
}

impl References {
    /// Returns its number.
    pub fn push(&mut self, stamp: Timestamp, signature: Option<Signature>) {
        let time = self.time.next(stamp);
        let interval = self.time.interval() as f64;
        self.frames.push_back(Reference { time, interval, signature, unit: None, before: Vec::new() });
        self.compute(self.frames.len() - 1);
    }

    /// Another translation of the distorted pictures.
    pub fn set_shift(&mut self, shift: Shift) {
        self.shift = shift;
        (0..self.frames.len()).for_each(|at| self.compute(at));
    }

    pub fn shift(&self) -> Shift {
        self.shift
    }

    fn compute(&mut self, at: usize) {
        let shift = self.shift;
        let unit = self.frames[at].signature.as_ref().map(|signature| Unit::of(signature, shift, shift.half(-1.0)));
        let product = |frame: &Reference| match (&frame.unit, &unit) {
            (Some(a), Some(b)) => a.dot(b),
            _ => 0.0,
        };
        let before = self.frames.range(..at).rev().take(BEFORE).map(product).collect();
        self.frames[at].before = before;
        self.frames[at].unit = unit;
    }

    pub fn get(&self, number: u64) -> Option<&Reference> {
        self.frames.get(usize::try_from(number.checked_sub(self.first)?).ok()?)
    }

    /// The number of the next to come.
    pub fn end(&self) -> u64 {
        self.first + self.frames.len() as u64
    }

    /// The first whose time is not before this.
    pub fn from(&self, time: i64) -> u64 {
        self.first + self.frames.partition_point(|frame| frame.time < time) as u64
    }

    /// The first whose time is after this.
    pub fn after(&self, time: i64) -> u64 {
        self.first + self.frames.partition_point(|frame| frame.time <= time) as u64
    }

    /// Product of two signatures.
    pub fn product(&self, a: u64, b: u64) -> Option<f64> {
        let (early, late) = (a.min(b), a.max(b));
        let frame = self.get(late)?;
        let unit = frame.unit.as_ref()?;
        let Some(distance) = (late - early).checked_sub(1) else { return Some(unit.square) };
        match frame.before.get(distance as usize) {
            Some(&product) => Some(product),
            None => Some(unit.dot(self.get(early)?.unit.as_ref()?)),
        }
    }

    /// Distance of two pictures, 0 to 2.
    pub fn distance(&self, a: u64, b: u64) -> Option<f64> {
        Some(0.5 * (self.product(a, a)? + self.product(b, b)?) - self.product(a, b)?)
    }

    /// Mean distance to the references before and after.
    pub fn step(&self, number: u64) -> f64 {
        let beside = [number.checked_sub(1), Some(number + 1)];
        let known = || beside.iter().filter_map(|other| self.distance(number, (*other)?));
        known().sum::<f64>() / known().count().max(1) as f64
    }

    /// Lets go of those with a smaller number.
    pub fn release(&mut self, number: u64) {
        let count = number.min(self.end()).saturating_sub(self.first);
        self.frames.drain(..count as usize);
        self.first += count;
    }
}

/// A distorted frame.
#[derive(Debug)]
pub(super) struct Distorted {
    pub number: u64,
    pub time: i64,
    pub signature: Option<Signature>,
    pub unit: Option<Unit>,
}

impl Distorted {
    pub fn new(number: u64, time: i64, signature: Option<Signature>, shift: Shift) -> Self {
        let unit = signature.as_ref().map(|signature| Unit::of(signature, shift, shift.half(1.0)));
        Self { number, time, signature, unit }
    }

    pub fn moved(self, shift: Shift) -> Self {
        Self::new(self.number, self.time, self.signature, shift)
    }
}
