// SPDX-License-Identifier: MPL-2.0

//! The table of candidate offsets: evidence for each, and whether one of them is right.
//!
//! # When an offset is found
//! The best candidate has to reach a score, be ahead of all farther than a frame away by a margin, and of those one
//! frame away by a smaller one (neighbors do look alike), with so many moving pairs of frames ([`Demand`]). The demands
//! are set from three clips (animation, sport, a talking head) against themselves: as x264 makes them of a quarter of
//! the size at CRF 45, moved by 16 of 640 pixels, with gain 0.7 and noise, at 30 and 50 frames a second. From anywhere in
//! the clips and after any length from 8 frames on, no wrong offset scored 0.35, was ahead by 0.15 and of its neighbors
//! by 0.08; another film's best score was 0.15 after 8 pairs and 0.08 after 16. A scene that stands still, or repeats
//! itself within the range, meets no demand: the search waits.

use super::look::{Change, SHIFTS};

/// Candidates at most.
const CANDIDATES: i64 = 1 << 14;

/// References in reach up to which each distorted frame is compared with all of them; up to twice as many, every second
/// frame is, and so on.
const COMPARED: u64 = 250;

/// What each score is brought down by with few pairs: so many that agree in nothing.
const DOUBT: f32 = 1.0;

/// The part of temporal information in a score.
const COURSE: f32 = 0.25;

/// Variance of ln(1 + TI) that is noise.
const COURSE_NOISE: f32 = 0.02;

/// Moving pairs below which a candidate is no rival.
const RIVAL: f32 = 3.0;

/// What a found offset has to meet.
#[derive(Debug, Clone, Copy)]
struct Demand {
    /// Moving pairs of frames.
    pairs: f32,
    score: f32,
    /// Ahead of all candidates that are farther than a frame away.
    margin: f32,
    /// Ahead of those one frame away; a quarter of what the score lacks of 1 is enough.
    beside: f32,
}

impl Demand {
    fn is_met(&self, pairs: f32, score: f32, margin: f32, beside: f32) -> bool {
        let beside_enough = self.beside.min((1.0 - score) / 4.0);
        pairs >= self.pairs && score >= self.score && margin >= self.margin && beside >= beside_enough
    }
}

/// What will do although there is too little evidence for some offsets to be rivals: the streams have just begun.
const AT_ONCE: Demand = Demand { pairs: 8.0, score: 0.8, margin: 0.4, beside: 0.15 };

/// Any of these will do when all offsets could have been rivals.
const WITH_RIVALS: [Demand; 3] = [
    Demand { pairs: 8.0, score: 0.5, margin: 0.25, beside: 0.1 },
    Demand { pairs: 20.0, score: 0.25, margin: 0.1, beside: 0.05 },
    Demand { pairs: 40.0, score: 0.25, margin: 0.1, beside: 0.04 },
];

/// What will do when a frame cannot wait longer.
const AT_LAST: Demand = Demand { pairs: 5.0, score: 0.35, margin: 0.15, beside: 0.08 };

/// Evidence for one offset.
#[derive(Debug, Clone, Copy, Default)]
struct Candidate {
    pairs: f32,
    /// Sums of products at each translation, and of energies.
    products: [f32; SHIFTS],
    distorted: f32,
    reference: f32,
    /// Sums of the courses: of each, of squares, of products.
    course: [f32; 5],
}

impl Candidate {
    fn moving(&self) -> f32 {
        (self.distorted * self.reference).sqrt()
    }

    fn fade(&mut self) {
        let Self { pairs, products, distorted, reference, course } = self;
        let sums = products.iter_mut().chain(course).chain([pairs, distorted, reference]);
        sums.for_each(|sum| *sum *= 0.5);
    }

    fn score(&self) -> (f32, usize) {
        let (mut shift, mut best) = (0, f32::MIN);
        for (at, &product) in self.products.iter().enumerate() {
            if product > best {
                (shift, best) = (at, product);
            }
        }
        let n = self.pairs.max(1.0);
        let [x, y, xx, yy, xy] = self.course.map(|sum| sum / n);
        let noise = COURSE_NOISE * (1.0 + 8.0 / n);
        let course = (xy - x * y) / ((xx - x * x).max(0.0) + noise).sqrt() / ((yy - y * y).max(0.0) + noise).sqrt();
        ((1.0 - COURSE) * best / (self.moving() + DOUBT) + COURSE * course, shift)
    }
}

/// The table of candidates.
#[derive(Debug)]
pub(super) struct Table {
    /// Offset of the first candidate and from one to the next, in ns.
    first: i64,
    step: i64,
    candidates: Vec<Candidate>,
    /// From one reference frame to the next.
    pub interval: i64,
    /// How long ago "before" is, with some leeway.
    pub span: i64,
    /// Only each so many'th distorted frame is looked at.
    pub every: u64,
    /// Distorted frames that have been looked at.
    looked: u64,
    /// When evidence is halved.
    full: u64,
}

/// The candidate that is right.
#[derive(Debug, Clone, Copy)]
pub(super) struct Peak {
    /// The middle of the offsets that make the same pairs, in ns.
    pub middle: i64,
    /// The best translation.
    pub shift: usize,
    /// 0 to 1.
    pub confidence: f64,
}

impl Table {
    /// For offsets up to `range` from `center`; `intervals` are from one frame to the next, references first. All in ns.
    pub fn new(center: i64, range: i64, intervals: [i64; 2]) -> Self {
        let interval = intervals[0].max(1000);
        let reach = range.saturating_add(interval);
        let step = (interval / 4).max(reach / (CANDIDATES / 2)).max(1);
        let count = reach / step * 2 + 1;
        let pairs = (2 * range / interval).max(1) as u64;
        Self {
            first: center.saturating_sub(reach / step * step),
            step,
            candidates: vec![Candidate::default(); count as usize],
            interval,
            span: interval.max(intervals[1]) / 4 * 3,
            every: pairs.div_ceil(COMPARED),
            looked: 0,
            full: (2 * pairs).clamp(100, 1000),
        }
    }

    /// No more evidence is wanted; the rates stay known.
    pub fn close(&mut self) {
        self.candidates = Vec::new();
    }

    pub fn is_closed(&self) -> bool {
        self.candidates.is_empty()
    }

    /// The candidates above one offset, up to another.
    pub fn between(&self, lower: i64, upper: i64) -> std::ops::Range<usize> {
        let after = |offset: i64| {
            let place = offset.saturating_sub(self.first).div_euclid(self.step).saturating_add(1);
            place.clamp(0, self.candidates.len() as i64) as usize
        };
        after(lower)..after(upper)
    }

    /// A pair of frames speaks for or against some candidates.
    pub fn add(&mut self, candidates: std::ops::Range<usize>, pair: [&Change; 2], products: [f32; SHIFTS]) {
        let [change, other] = pair;
        let [x, y] = [change.course, other.course];
        let course = [x, y, x * x, y * y, x * y];
        for candidate in &mut self.candidates[candidates] {
            candidate.pairs += 1.0;
            candidate.distorted += change.energy;
            candidate.reference += other.energy;
            candidate.products.iter_mut().zip(products).for_each(|(sum, product)| *sum += product);
            candidate.course.iter_mut().zip(course).for_each(|(sum, term)| *sum += term);
        }
    }

    /// Another distorted frame is looked at; old evidence fades.
    pub fn count(&mut self) {
        self.looked += 1;
        if self.looked >= self.full {
            self.looked /= 2;
            for candidate in &mut self.candidates {
                candidate.fade();
            }
        }
    }

    /// The offset, if it can be told; `last`: a frame cannot wait any longer.
    pub fn judge(&self, last: bool) -> Option<Peak> {
        let scores: Vec<(f32, usize)> =
            self.candidates.iter().map(|c| if c.moving() < RIVAL { (f32::MIN, 0) } else { c.score() }).collect();
        let enough = |at: &usize| self.candidates[*at].moving() >= AT_LAST.pairs;
        let best = (0..scores.len()).filter(enough).max_by(|&a, &b| scores[a].0.total_cmp(&scores[b].0))?;
        let (score, shift) = scores[best];
        let frame = (self.interval / self.step).max(1) as usize;
        // Offsets that make the same pairs score the same: what counts is the middle between the first and the last.
        let alike = |at: &usize| at.abs_diff(best) <= frame && scores[*at].0 >= score - 0.02;
        let low = (0..=best).rev().take_while(alike).last().unwrap_or(best);
        let high = (best..scores.len()).take_while(alike).last().unwrap_or(best);
        let highest = |halves: std::ops::RangeInclusive<usize>| {
            let chosen = scores.iter().enumerate().filter(|(at, _)| halves.contains(&(2 * at).abs_diff(low + high)));
            chosen.map(|(_, score)| score.0).fold(0.0, f32::max)
        };
        let margin = score - highest(3 * frame + 1..=usize::MAX);
        let beside = score - highest(3 * frame / 2..=5 * frame / 2);
        let pairs = self.candidates[best].moving();
        let meets = |demand: &Demand| demand.is_met(pairs, score, margin, beside);
        let unseen = self.candidates.iter().any(|c| c.moving() < RIVAL);
        if !meets(&AT_ONCE) && !((!unseen || last) && WITH_RIVALS.iter().any(meets)) && !(last && meets(&AT_LAST)) {
            return None;
        }
        let middle = self.first + (low + high) as i64 * self.step / 2;
        // The geometric mean; certain at twice of what is asked at last.
        let confidence = (f64::from(score / 0.7).min(1.0) * f64::from(margin / 0.3).min(1.0)).sqrt();
        Some(Peak { middle, shift, confidence })
    }

    /// Whether changes say that an offset is wrong.
    pub fn denies(&self, offset: i64) -> bool {
        let at = offset.saturating_sub(self.first) / self.step;
        let candidate = usize::try_from(at).ok().and_then(|at| self.candidates.get(at));
        candidate.is_some_and(|c| c.moving() >= RIVAL && c.score().0 < AT_LAST.score)
    }
}
