// SPDX-License-Identifier: MPL-2.0

//! The offset along the decided pairs: where to search, and what users are told.

use crate::align::time::AlignmentEvent;

/// Consecutive pairs that must agree before an offset counts as found or changed.
const AGREE: usize = 8;

/// Consecutive frames without partner before the pictures count as lost.
const LOST: usize = 8;

/// Time between two reports of a slowly changing offset, in ns: at first, and at most.
const PAUSE: [i64; 2] = [1_000_000_000, 64_000_000_000];

/// A sudden change by more than this many reference frames is always reported.
const FAR: i64 = 4;

/// The development of the offset.
#[derive(Debug)]
pub(super) struct Course {
    center: i64,
    found: bool,
    /// Offsets of the last pairs: number, time, offset, confidence.
    pairs: std::collections::VecDeque<(u64, i64, i64, f64)>,
    /// The offsets that pairs agreed on, most recent last.
    before: std::collections::VecDeque<i64>,
    /// Frames without partner: how many in a row, and the number of the first.
    missing: (usize, u64),
    /// The offset last reported, as users see it.
    told: Option<i64>,
    told_lost: bool,
    /// When it was reported, and how long to wait before the next report.
    at: i64,
    pause: i64,
}

impl Course {
    pub fn new(offset: i64) -> Self {
        Self {
            center: offset,
            found: false,
            pairs: std::collections::VecDeque::new(),
            before: std::collections::VecDeque::new(),
            missing: (0, 0),
            told: None,
            told_lost: false,
            at: 0,
            pause: PAUSE[0],
        }
    }

    /// The center of the search.
    pub fn center(&self) -> i64 {
        self.center
    }

    /// Whether that offset was found.
    pub fn found(&self) -> bool {
        self.found
    }

    /// Whether the last frames have no partner.
    pub fn lost(&self) -> bool {
        self.missing.0 >= LOST
    }

    /// A frame was decided. `moved` is added to offsets that are reported; `interval` is that of the references.
    pub fn decided(
        &mut self,
        number: u64,
        time: i64,
        offset: Option<i64>,
        moved: i64,
        interval: i64,
        confidence: f64,
    ) -> Vec<AlignmentEvent> {
        let Some(offset) = offset else {
            self.missing = if self.missing.0 == 0 { (1, number) } else { (self.missing.0 + 1, self.missing.1) };
            if self.missing.0 == LOST {
                self.pairs.clear();
                let event = AlignmentEvent::Lost { distorted: self.missing.1 };
                if (self.found || self.told.is_none()) && !self.told_lost {
                    self.found = false;
                    self.told_lost = true;
                    return vec![event];
                }
            }
            return Vec::new();
        };
        self.missing.0 = 0;
        self.pairs.push_back((number, time, offset.saturating_add(moved), confidence));
        if self.pairs.len() > AGREE {
            self.pairs.pop_front();
        }
        let offsets = || self.pairs.iter().map(|pair| pair.2);
        let (Some(low), Some(high)) = (offsets().min(), offsets().max()) else { return Vec::new() };
        if self.pairs.len() < AGREE || high - low > interval + interval / 2 {
            return Vec::new();
        }
        let mut sorted: Vec<i64> = offsets().collect();
        sorted.sort_unstable();
        let middle = sorted[AGREE / 2];
        self.center = middle.saturating_sub(moved);
        self.found = true;
        let change = self.told.map_or(i64::MAX, |told| middle.saturating_sub(told).saturating_abs());
        let sudden = self.before.front().is_none_or(|&b| middle.saturating_sub(b).saturating_abs() > FAR * interval);
        self.before.push_back(middle);
        if self.before.len() > 3 * AGREE {
            self.before.pop_front();
        }
        let news = self.told_lost
            || (sudden && change > FAR * interval)
            || (2 * change > interval
                && !(low..=high).contains(&self.told.unwrap_or(i64::MAX))
                && time.saturating_sub(self.at) >= self.pause);
        if !news {
            if time.saturating_sub(self.at) > 4 * self.pause {
                self.pause = (self.pause / 2).max(PAUSE[0]);
            }
            return Vec::new();
        }
        // Continuous change is reported ever less often.
        let often = self.told.is_some() && time.saturating_sub(self.at) < 4 * self.pause;
        self.pause = if often { (2 * self.pause).min(PAUSE[1]) } else { PAUSE[0] };
        self.at = time;
        self.told_lost = false;
        let from = self.told.replace(middle);
        let first = self.pairs.front().map_or(number, |pair| pair.0);
        let confidence = self.pairs.iter().map(|pair| pair.3).sum::<f64>() / self.pairs.len() as f64;
        vec![AlignmentEvent::Offset { distorted: first, from, to: middle, confidence }]
    }
}
