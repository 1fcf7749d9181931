// SPDX-License-Identifier: MPL-2.0

//! When a translation between the streams is looked for, and on which frames.

use super::row::{LAG, State};
use super::shift::{self, Pyramid, Shift};
use super::side::Distorted;
use super::{REGISTER, Tracker};

/// Distance below which pictures are equal, so that there is no translation.
const EQUAL: f64 = 1e-5;

impl Tracker {
    /// Looks for a translation between the streams; true if there is another one now.
    pub(super) fn register(&mut self, must: bool, best: State) -> bool {
        let count = self.rows.len() - self.decided;
        let due = count >= self.registered + REGISTER[1] || (must && self.registered == 0 && count >= LAG);
        if !due {
            return false;
        }
        self.registered = count;
        let pairs = self.course_of(best, self.decided);
        let distances = pairs.iter().filter_map(|&(index, r)| self.rows[index].distance(r, &self.references));
        if pairs.len() == count && distances.sum::<f64>() < EQUAL * count as f64 {
            return false;
        }
        let rows = self.rows.range(self.rows.len() - count.min(REGISTER[0])..);
        let distorted: Vec<(i64, Pyramid)> =
            rows.filter_map(|row| Some((row.frame.time, Pyramid::of(row.frame.signature.as_ref()?)))).collect();
        let (Some((from, _)), Some((to, _))) = (distorted.first(), distorted.last()) else { return false };
        let first = self.references.from(self.reach(*from));
        let end = self.references.after(to.saturating_add(self.ahead()));
        let pyramid = |r| Some(Pyramid::of(self.references.get(r)?.signature.as_ref()?));
        let reference: Vec<Option<Pyramid>> = (first..end).map(pyramid).collect();
        let interval = self.references.time.interval();
        let candidate = |offset: i64| -> Vec<(&Pyramid, &Pyramid)> {
            let pair = |(time, pyramid)| {
                let nearest = self.references.from(i64::saturating_add(time, offset - interval / 2));
                let near = self.references.get(nearest).is_some_and(|r| r.time - time - offset <= interval);
                let at = usize::try_from(nearest.checked_sub(first)?).ok()?;
                Some((pyramid, reference.get(at).filter(|_| near)?.as_ref()?))
            };
            distorted.iter().map(|(time, pyramid)| (*time, pyramid)).filter_map(pair).collect()
        };
        let range = self.range.min(self.window) / interval;
        let offsets = (-range..=range).map(|n| self.course.center() + n * interval);
        let candidates: Vec<_> =
            offsets.map(candidate).filter(|pairs| 3 * pairs.len() >= 2 * distorted.len()).collect();
        let steps = (first..end.saturating_sub(1)).filter_map(|r| self.references.distance(r, r + 1));
        let (sum, number) = steps.fold((0.0, 0u32), |(sum, number), step| (sum + step, number + 1));
        let shift = shift::search(&candidates, sum / f64::from(number.max(1))).unwrap_or_default();
        let other = shift != self.references.shift();
        if other {
            self.rebuild(shift);
        }
        other
    }

    /// Measures the translation again on decided pairs.
    pub(super) fn follow(&mut self) {
        let pyramids = self.rows.range(..self.decided).filter_map(|row| {
            let partner = self.references.get(row.settled?)?.signature.as_ref()?;
            Some((Pyramid::of(row.frame.signature.as_ref()?), Pyramid::of(partner)))
        });
        let pyramids: Vec<_> = pyramids.collect();
        let pairs: Vec<_> = pyramids.iter().map(|(d, r)| (d, r)).collect();
        if let Some(shift) = shift::follow(&pairs, self.references.shift()) {
            self.rebuild(shift);
        }
    }

    /// Compares all pictures again, with another translation between them.
    pub(super) fn rebuild(&mut self, shift: Shift) {
        self.references.set_shift(shift);
        let undecided = self.rows.split_off(self.decided);
        let history = std::mem::take(&mut self.rows);
        for mut row in history {
            let empty = Distorted::new(row.frame.number, row.frame.time, None, shift);
            let frame = std::mem::replace(&mut row.frame, empty);
            row.compare(frame.moved(shift), &self.references);
            self.rows.push_back(row);
        }
        if let Some(row) = self.rows.back_mut() {
            let state = self.state;
            row.prune(|other, _| other == state);
        }
        self.waiting = std::mem::take(&mut self.waiting).into_iter().map(|frame| frame.moved(shift)).collect();
        for row in undecided {
            self.extend(row.frame.moved(shift));
        }
    }
}
