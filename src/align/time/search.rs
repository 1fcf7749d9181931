// SPDX-License-Identifier: MPL-2.0

//! The search for a constant offset between two streams.
//!
//! For each candidate offset, a quarter of a reference frame apart, changes of distorted frames (see
//! [`look`](super::look)) are compared with those of the reference frames nearest in time. A candidate's score is
//! ¾ of the normalized correlation of all their changes, at the best of nine translations by up to a cell of the grid
//! (1/32 of the width, 1/18 of the height), plus ¼ of the correlation of the course of their temporal information
//! (ITU-T P.910, on the cells), ln(1 + TI), which no translation touches. This is the temporal registration of ITU-T
//! J.144 and J.247 (zero-mean correlation of pictures and of the TI series) made blind to what stands still.
//!
//! Each pair of frames is compared once, when the later of the two comes; old evidence fades.
//!
//! Whether an offset is right is said in [`table`](super::table).

use std::collections::VecDeque;

use super::look::{Look, Role, SHIFTS};
use super::table::{Peak, Table};

/// Pictures whose similarity is below this are not of one film, however they move.
const ALIKE: f64 = 0.4;

/// An offset, found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Found {
    pub offset: i64,
    /// 0 to 1.
    pub confidence: f64,
    /// The best translation.
    pub shift: usize,
    /// Similarity of the pictures, as far as they show something: the upper quartile.
    pub similarity: f64,
}

/// A distorted frame's comparison with the newest reference.
#[derive(Debug, Clone, Copy)]
struct Last {
    reference: u64,
    products: [f32; SHIFTS],
}

/// Both sides' recent frames, and the evidence of what they have in common.
#[derive(Debug)]
pub(super) struct Search {
    center: i64,
    range: i64,
    pub references: VecDeque<Look>,
    pub distorted: VecDeque<Look>,
    last: VecDeque<Option<Last>>,
    /// Distorted frames from this number on are evidence.
    from: u64,
    /// As told by the frames' durations.
    durations: [Option<u64>; 2],
    table: Option<Table>,
    active: bool,
}

impl Search {
    pub fn new(center: i64, range: u64) -> Self {
        // A day is more than anybody can hold.
        let range = range.min(86_400_000_000_000) as i64;
        Self {
            center,
            range,
            references: VecDeque::new(),
            distorted: VecDeque::new(),
            last: VecDeque::new(),
            from: 0,
            durations: [None; 2],
            table: None,
            active: true,
        }
    }

    pub fn range(&self) -> i64 {
        self.range
    }

    pub fn center(&self) -> i64 {
        self.center
    }

    /// Looks elsewhere, or less far, from the next restart on.
    pub fn set_window(&mut self, center: i64, range: i64) {
        (self.center, self.range) = (center, range);
    }

    /// Throws the evidence away and looks at the distorted frames from number `from` on.
    pub fn restart(&mut self, from: u64) {
        self.from = from;
        self.table = None;
        self.last.iter_mut().for_each(|last| *last = None);
        self.active = true;
        self.preprocess();
    }

    /// Frames are kept, but not compared.
    pub fn rest(&mut self) {
        self.active = false;
        self.table.iter_mut().for_each(Table::close);
    }

    /// Frames of a time that is over.
    pub fn forget(&mut self, role: Role) {
        match role {
            Role::Reference => self.references.clear(),
            Role::Distorted => {
                self.distorted.clear();
                self.last.clear();
            }
        }
        if self.active {
            self.restart(self.from);
        }
    }

    /// From one frame to the next, in ns.
    pub fn interval(&self, role: Role) -> Option<i64> {
        let (frames, duration) = match role {
            Role::Reference => (&self.references, self.durations[0]),
            Role::Distorted => (&self.distorted, self.durations[1]),
        };
        let gaps = frames.iter().zip(frames.iter().skip(1)).map(|(a, b)| b.running.saturating_sub(a.running));
        let mut gaps: Vec<i64> = gaps.take(15).filter(|&gap| gap > 0).collect();
        gaps.sort_unstable();
        let told = || duration.and_then(|d| i64::try_from(d).ok()).filter(|&d| d > 0);
        gaps.get(gaps.len() / 2).copied().or_else(told)
    }

    pub fn push_reference(&mut self, look: Look, duration: Option<u64>) {
        self.durations[0] = duration.or(self.durations[0]);
        // A frame that comes late can be paired, but says nothing about changes.
        if self.references.back().is_some_and(|last| last.running >= look.running) {
            return;
        }
        self.references.push_back(look);
        self.trim();
        if self.table.is_none() {
            return self.preprocess();
        }
        self.change(Role::Reference, self.references.len() - 1);
        for index in 0..self.distorted.len() {
            self.gap(index, self.references.len() - 1);
        }
    }

    pub fn push_distorted(&mut self, look: Look, duration: Option<u64>) {
        self.durations[1] = duration.or(self.durations[1]);
        if self.distorted.back().is_some_and(|last| last.running >= look.running) {
            return;
        }
        self.distorted.push_back(look);
        self.last.push_back(None);
        self.trim();
        if self.table.is_none() {
            return self.preprocess();
        }
        self.change(Role::Distorted, self.distorted.len() - 1);
        self.all(self.distorted.len() - 1);
    }

    /// Lets go of what no distorted frame can need that waits for as long as it may, or is watched.
    fn trim(&mut self) {
        const PAST: i64 = 2_000_000_000;
        // Where one side does not come at all.
        const MOST: usize = 1 << 13;
        let Some(newest) = self.distorted.back().map(|frame| frame.running) else {
            if self.references.len() > MOST {
                self.references.pop_front();
            }
            return;
        };
        let oldest = newest.saturating_sub(self.range).saturating_sub(PAST);
        while self.distorted[0].running < oldest || self.distorted.len() > MOST {
            self.distorted.pop_front();
            self.last.pop_front();
        }
        let first = oldest.saturating_add(self.center).saturating_sub(self.range);
        while self.references.len() > MOST || (self.references.len() > 1 && self.references[0].running < first) {
            self.references.pop_front();
        }
    }

    /// Begins, if both sides' frame rates are known.
    fn preprocess(&mut self) {
        let (Some(interval), Some(distorted)) = (self.interval(Role::Reference), self.interval(Role::Distorted)) else {
            return;
        };
        self.table = Some(Table::new(self.center, self.range, [interval, distorted]));
        for index in 0..self.references.len() {
            self.change(Role::Reference, index);
        }
        for index in 0..self.distorted.len() {
            self.change(Role::Distorted, index);
        }
        if self.active {
            for index in 0..self.distorted.len() {
                self.all(index);
            }
        } else {
            // Changes are wanted all the same.
            self.table.iter_mut().for_each(Table::close);
        }
    }

    /// Finds out what has changed in a frame.
    fn change(&mut self, role: Role, index: usize) {
        let Some(table) = &self.table else { return };
        let side = match role {
            Role::Reference => &mut self.references,
            Role::Distorted => &mut self.distorted,
        };
        let limit = side[index].running.saturating_sub(table.span);
        let Some(before) = (0..index).rev().find(|&at| side[at].running <= limit) else { return };
        side[index].change = Some(side[index].since(&side[before], role));
    }

    /// Compares a distorted frame with all references that are there.
    fn all(&mut self, index: usize) {
        for reference in 1..self.references.len() {
            self.gap(index, reference);
        }
    }

    /// Adds what a distorted frame says about the offsets that bring it between two references: to the nearer one's
    /// account.
    fn gap(&mut self, index: usize, later: usize) {
        let Some(table) = &mut self.table else { return };
        let frame = &self.distorted[index];
        if table.is_closed() || frame.number < self.from || !frame.number.is_multiple_of(table.every) {
            return;
        }
        let Some(earlier) = later.checked_sub(1) else { return };
        let Some(change) = &frame.change else { return };
        let pair = [&self.references[earlier], &self.references[later]];
        let [lower, upper] = pair.map(|r| r.running.saturating_sub(frame.running));
        let middle = i64::midpoint(lower, upper);
        let parts = [table.between(lower, middle), table.between(middle, upper)];
        if parts.iter().all(std::ops::Range::is_empty) {
            return;
        }
        if self.last[index].is_none() {
            table.count();
        }
        let remembered = self.last[index].filter(|last| last.reference == pair[0].number).map(|last| last.products);
        for ((side, reference), part) in pair.into_iter().enumerate().zip(parts) {
            let Some(other) = &reference.change else { continue };
            let products = match (side, remembered) {
                (0, Some(products)) => products,
                _ => change.products(other),
            };
            if side == 1 {
                self.last[index] = Some(Last { reference: reference.number, products });
            }
            table.add(part, [change, other], products);
        }
    }

    /// The offset, if it can be told; `last`: a frame cannot wait any longer.
    pub fn find(&self, last: bool) -> Option<Found> {
        let table = self.table.as_ref().filter(|table| !table.is_closed())?;
        let Peak { middle, shift, confidence } = table.judge(last)?;
        let offset = self.exact(middle, table.interval, shift)?;
        if offset.abs_diff(self.center) > (self.range + table.interval / 4) as u64 {
            return None;
        }
        let similarity = self.similarity(offset, table.interval, shift)?;
        (similarity > ALIKE).then_some(Found { offset, confidence, shift, similarity })
    }

    /// Whether changes say that an offset is wrong.
    pub fn denies(&self, offset: i64) -> bool {
        self.table.as_ref().is_some_and(|table| table.denies(offset))
    }

    /// Distorted frames that are evidence, each with the reference nearest to it at an offset, if that is within half
    /// of `interval`.
    fn pairs(&self, offset: i64, interval: i64) -> impl Iterator<Item = (&Look, &Look)> {
        self.distorted.iter().filter(|frame| frame.number >= self.from).filter_map(move |frame| {
            let reference = self.nearest(frame.running.saturating_add(offset))?;
            let far = reference.running.abs_diff(frame.running.saturating_add(offset));
            (far <= interval as u64 / 2).then_some((frame, reference))
        })
    }

    /// The reference nearest to a time.
    pub fn nearest(&self, time: i64) -> Option<&Look> {
        let after = self.references.partition_point(|r| r.running < time);
        let around = [after.checked_sub(1), Some(after)].into_iter().flatten();
        around.filter_map(|at| self.references.get(at)).min_by_key(|r| r.running.abs_diff(time))
    }

    /// What the time stamps say about an offset that changes have told to a fraction of a frame.
    fn exact(&self, middle: i64, interval: i64, shift: usize) -> Option<i64> {
        let differences = self.pairs(middle, interval).map(|(a, b)| b.running.saturating_sub(a.running));
        let mut differences: Vec<i64> = differences.collect();
        differences.sort_unstable();
        let count = differences.len();
        let spread = differences.get(count * 9 / 10)?.abs_diff(differences[count / 10]) as i64;
        if spread < interval / 8 {
            // One rate, give or take rounding.
            return differences.get(count / 2).copied();
        }
        // Two rates: at the offset the times of some pairs coincide. A picture that is repeated has not changed: which
        // frames it belongs to, only the pictures themselves say.
        differences.dedup_by_key(|difference| *difference / (interval / 24).max(1));
        let alike = |&offset: &i64| {
            let pairs = self.pairs(offset, interval).map(|(a, b)| a.similarity(b, shift));
            let (sum, count) = pairs.fold((0.0, 0.0), |(sum, count), similarity| (sum + similarity, count + 1.0));
            sum / f64::max(count, 1.0)
        };
        differences.into_iter().map(|offset| (alike(&offset), offset)).max_by(|a, b| a.0.total_cmp(&b.0)).map(|a| a.1)
    }

    /// Of the pictures at an offset: the upper quartile, as some of them may not belong together.
    fn similarity(&self, offset: i64, interval: i64, shift: usize) -> Option<f64> {
        let pairs = self.pairs(offset, interval).filter(|(a, b)| a.shows_something() || b.shows_something());
        let mut similarities: Vec<f64> = pairs.map(|(a, b)| a.similarity(b, shift)).collect();
        similarities.sort_unstable_by(f64::total_cmp);
        similarities.get(similarities.len() * 3 / 4).copied()
    }
}
