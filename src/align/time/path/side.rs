// SPDX-License-Identifier: MPL-2.0

//! The frames of one side, as the path sees them.

use std::collections::VecDeque;

use super::shift::{Grid, Shift};
use crate::align::time::intervals::Intervals;
use crate::align::time::unit::{Blocks, Unit, nearest};
use crate::align::time::{Signature, Timestamp};

/// Frame interval if nothing states one, in ns.
const INTERVAL: i64 = 40_000_000;

/// A step back by more than this is a jump, not disorder, in ns.
const JUMP: i64 = 250_000_000;

/// A step between frames that counts as a frame rate, in ns.
const RATES: std::ops::RangeInclusive<i64> = 1_000_000..=2_000_000_000;

/// A step below this fraction of a frame is none.
const SAME: i64 = 8;

/// How many earlier references a new reference is compared with: those that paths may have been at.
const BEFORE: usize = 16;

/// How many references are kept beyond need, so that motion can be measured from them.
pub(super) const KEPT: usize = 16;

/// A signature, moved by its `half` of a translation between the streams.
fn unit(signature: &Signature, shift: Shift, half: Shift) -> Unit {
    if shift.is_none() {
        return Unit::of(signature.cells());
    }
    Unit::of(&Grid::of(signature).moved(shift, half))
}

/// Time that increases from frame to frame.
///
/// Where a time stamp does not increase, or is missing, time advances by one frame. What is added after a jump back is
/// subtracted again from what users see.
#[derive(Debug, Default)]
pub(super) struct Time {
    last: Option<i64>,
    /// The last time stamp.
    stamp: Option<i64>,
    /// Added to running time.
    pub moved: i64,
    /// Frame interval in ns, of the first frame by its duration; 0: unknown.
    interval: i64,
    steps: Intervals,
}

impl Time {
    pub fn next(&mut self, stamp: Timestamp) -> i64 {
        let Some(last) = self.last else {
            let first = stamp.running.unwrap_or(0);
            if let Some(duration) = stamp.duration {
                self.interval = i64::try_from(duration).unwrap_or(INTERVAL).clamp(0, *RATES.end());
            }
            self.last = Some(first);
            self.stamp = stamp.running;
            return first;
        };
        let next = last.saturating_add(self.interval());
        let same =
            stamp.running.zip(self.stamp).is_some_and(|(a, b)| a.saturating_sub(b).abs() < self.interval() / SAME);
        self.stamp = stamp.running.or(self.stamp);
        let time = match stamp.running.map(|running| running.saturating_add(self.moved)) {
            // Shown together with the previous one: not a usable time. The next one may be.
            Some(_) if same => next,
            Some(time) if time > last.saturating_add(self.interval() / SAME) => time,
            Some(time) if last.saturating_sub(time) <= JUMP => next,
            _ => {
                self.moved = stamp.running.map_or(self.moved, |running| next.saturating_sub(running));
                next
            }
        };
        let step = time.saturating_sub(last);
        self.steps.push(u64::try_from(step).unwrap_or(0));
        if let Some(median) = self.steps.median() {
            self.interval = median as i64;
        }
        self.last = Some(time);
        time
    }

    /// The frame interval, in ns.
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
    /// Time since the previous reference, or to the next, in ns.
    pub interval: f64,
    pub signature: Option<Signature>,
    pub unit: Option<Unit>,
    /// Products with previous references, the nearest first.
    before: Vec<Blocks>,
}

/// The references held, by number.
#[derive(Debug, Default)]
pub(super) struct References {
    frames: VecDeque<Reference>,
    /// Number of the first one held.
    first: u64,
    pub time: Time,
    /// No more will arrive.
    pub ended: bool,
    /// The translation of the distorted pictures.
    shift: Shift,
}

impl References {
    /// Adds a reference.
    pub fn push(&mut self, stamp: Timestamp, signature: Option<Signature>) {
        let time = self.time.next(stamp);
        let interval = self.time.interval() as f64;
        self.frames.push_back(Reference { time, interval, signature, unit: None, before: Vec::new() });
        self.compute(self.frames.len() - 1);
    }

    /// A new translation of the distorted pictures.
    pub fn set_shift(&mut self, shift: Shift) {
        self.shift = shift;
        (0..self.frames.len()).for_each(|at| self.compute(at));
    }

    pub fn shift(&self) -> Shift {
        self.shift
    }

    fn compute(&mut self, at: usize) {
        let shift = self.shift;
        let unit = self.frames[at].signature.as_ref().map(|signature| unit(signature, shift, shift.half(-1.0)));
        // Frames without a picture are never partners, so their products are not used.
        let product = |frame: &Reference| match (&frame.unit, &unit) {
            (Some(a), Some(b)) => a.products(b),
            _ => Blocks::default(),
        };
        let before = self.frames.range(..at).rev().take(BEFORE).map(product).collect();
        self.frames[at].before = before;
        self.frames[at].unit = unit;
    }

    pub fn get(&self, number: u64) -> Option<&Reference> {
        self.frames.get(usize::try_from(number.checked_sub(self.first)?).ok()?)
    }

    /// How many are held.
    #[cfg(test)]
    pub fn len(&self) -> usize {
        self.frames.len()
    }

    /// The number of the next reference to arrive.
    pub fn end(&self) -> u64 {
        self.first + self.frames.len() as u64
    }

    /// The first whose time is not before `time`.
    pub fn from(&self, time: i64) -> u64 {
        self.first + self.frames.partition_point(|frame| frame.time < time) as u64
    }

    /// The first whose time is after `time`.
    pub fn after(&self, time: i64) -> u64 {
        self.first + self.frames.partition_point(|frame| frame.time <= time) as u64
    }

    /// The one nearest to a time, if it is within half a frame.
    pub fn nearest(&self, time: i64) -> Option<u64> {
        let after = self.from(time);
        let distance = |r: u64| Some((self.get(r)?.time.abs_diff(time), r));
        let (far, near) = [after.checked_sub(1), Some(after)].into_iter().flatten().filter_map(distance).min()?;
        (far as f64 <= 0.55 * self.get(near)?.interval).then_some(near)
    }

    /// Products of two pictures.
    pub fn products(&self, a: u64, b: u64) -> Option<Blocks> {
        let (early, late) = (a.min(b), a.max(b));
        let frame = self.get(late)?;
        let unit = frame.unit.as_ref()?;
        let Some(distance) = (late - early).checked_sub(1) else { return Some(unit.energy) };
        match frame.before.get(distance as usize) {
            Some(products) => Some(*products),
            None => Some(unit.products(self.get(early)?.unit.as_ref()?)),
        }
    }

    /// Distances of two pictures.
    pub fn distances(&self, a: u64, b: u64) -> Option<Blocks> {
        let products = self.products(a, b)?;
        Some(self.get(a)?.unit.as_ref()?.distances(self.get(b)?.unit.as_ref()?, &products))
    }

    /// The distance of two pictures as a whole, 0 to 2.
    pub fn distance(&self, a: u64, b: u64) -> Option<f64> {
        let products = self.products(a, b)?.iter().sum::<f32>();
        let energy = |r: u64| Some(self.get(r)?.unit.as_ref()?.energy.iter().sum::<f32>());
        Some(f64::from(0.5 * (energy(a)? + energy(b)?) - products).max(0.0))
    }

    /// Distances to the nearer of the previous and the next reference. An encoder's key frame, which is far from the
    /// previous frame in a static scene, is not motion.
    pub fn step(&self, number: u64) -> Blocks {
        let beside = [number.checked_sub(1), Some(number + 1)];
        nearest(beside.into_iter().filter_map(|other| self.distances(number, other?)))
    }

    /// Drops those with a smaller number.
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
        let unit = signature.as_ref().map(|signature| unit(signature, shift, shift.half(1.0)));
        Self { number, time, signature, unit }
    }

    pub fn moved(self, shift: Shift) -> Self {
        Self::new(self.number, self.time, self.signature, shift)
    }
}
