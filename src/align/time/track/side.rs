//! One side's frames, as the path sees them.

use std::collections::VecDeque;

use crate::align::time::signature::dot;
use crate::align::time::{CELLS, Signature, Stamp};

/// From one frame to the next where nobody says, in ns.
const INTERVAL: i64 = 40_000_000;

/// A step back of more than this is a jump, not disorder, in ns.
const JUMP: i64 = 250_000_000;

/// A step between frames that is taken as the frame rate, in ns.
const RATES: std::ops::RangeInclusive<i64> = 1_000_000..=2_000_000_000;

/// How many earlier references a reference is compared with.
pub(super) const BEFORE: usize = 16;

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
    pub fn of(signature: &Signature) -> Self {
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
    pub fn next(&mut self, stamp: Stamp) -> i64 {
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
}

impl References {
    /// Returns its number.
    pub fn push(&mut self, stamp: Stamp, signature: Option<&Signature>) -> u64 {
        let time = self.time.next(stamp);
        let unit = signature.map(Unit::of);
        let product = |frame: &Reference| match (&frame.unit, &unit) {
            (Some(a), Some(b)) => a.dot(b),
            _ => 0.0,
        };
        let before = self.frames.iter().rev().take(BEFORE).map(product).collect();
        self.frames.push_back(Reference { time, interval: self.time.interval() as f64, unit, before });
        self.end() - 1
    }

    pub fn get(&self, number: u64) -> Option<&Reference> {
        self.frames.get(usize::try_from(number.checked_sub(self.first)?).ok()?)
    }

    /// The number of the first held.
    pub fn first(&self) -> u64 {
        self.first
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
    pub unit: Option<Unit>,
}
