//! The search for a constant offset between two streams.
//!
//! For each candidate offset, a quarter of a reference frame apart, changes of distorted frames (see
//! [`look`](super::look)) are compared with those of the reference frames nearest in time. A candidate's score is
//! ¾ of the normalised correlation of all their changes, at the best of nine translations by up to a cell of the grid
//! (1/32 of the width, 1/18 of the height), plus ¼ of the correlation of the course of their temporal information
//! (ITU-T P.910, on the cells), ln(1 + TI), which no translation touches. This is the temporal registration of ITU-T
//! J.144 and J.247 (zero-mean correlation of pictures and of the TI series) made blind to what stands still.
//!
//! Each pair of frames is compared once, when the later of the two comes; old evidence fades.
//!
//! # When an offset is found
//! The best candidate has to reach a score, be ahead of all farther than a frame away by a margin, and of those one
//! frame away by a smaller one (neighbours do look alike), with so many moving pairs of frames ([`Demand`]). On real
//! clips (animation, sport, a talking head; x264 at CRF 45 of a quarter of the size, a shift of 16 of 640 pixels, gain
//! 0.7 with noise, 25 → 30, 25 → 50) no wrong offset met these demands, at any place and any length of 8 frames or
//! more; another film's best score was 0.15 after 8 pairs, 0.08 after 16. A scene that stands still, or repeats itself
//! within the range, does not meet them: the search waits.

use std::collections::VecDeque;

use super::look::{Look, Role, SHIFTS};

/// Candidates at most.
const CANDIDATES: i64 = 1 << 14;

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
    /// Ahead of those one frame away.
    beside: f32,
}

/// What will do although there is too little evidence for some offsets to be rivals: the streams have just begun.
const AT_ONCE: Demand = Demand { pairs: 8.0, score: 0.8, margin: 0.4, beside: 0.15 };

/// Any of these will do when all offsets could have been rivals.
const WITH_RIVALS: [Demand; 2] = [
    Demand { pairs: 8.0, score: 0.5, margin: 0.25, beside: 0.1 },
    Demand { pairs: 20.0, score: 0.25, margin: 0.1, beside: 0.05 },
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

/// An offset, found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Found {
    pub offset: i64,
    /// 0 to 1.
    pub confidence: f64,
    /// The best translation.
    pub shift: usize,
    /// Mean similarity of the pictures, as far as they show something.
    pub similarity: f64,
}

/// The table of candidates, made when both sides' frame rates are known.
#[derive(Debug)]
struct Table {
    /// Offset of the first candidate and from one to the next, in ns.
    first: i64,
    step: i64,
    candidates: Vec<Candidate>,
    /// From one reference frame to the next.
    interval: i64,
    /// How long ago "before" is.
    span: i64,
    /// Only each so many'th distorted frame is looked at.
    every: u64,
    /// Distorted frames that have been looked at.
    looked: u64,
    /// When evidence is halved.
    full: u64,
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
    centre: i64,
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
    pub fn new(centre: i64, range: u64) -> Self {
        // A day is more than anybody can hold.
        let range = range.min(86_400_000_000_000) as i64;
        Self {
            centre,
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

    pub fn centre(&self) -> i64 {
        self.centre
    }

    /// Looks elsewhere, or less far, from now on.
    pub fn set_window(&mut self, centre: i64, range: i64) {
        (self.centre, self.range) = (centre, range);
        self.restart(0);
    }

    /// Throws the evidence away and looks at the distorted frames from number `from` on.
    pub fn restart(&mut self, from: u64) {
        self.from = from;
        self.table = None;
        self.last.iter_mut().for_each(|last| *last = None);
        self.active = true;
        self.prepare();
    }

    /// Frames are kept, but not compared.
    pub fn rest(&mut self) {
        self.active = false;
        if let Some(table) = &mut self.table {
            table.candidates = Vec::new();
        }
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
            return self.prepare();
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
            return self.prepare();
        }
        self.change(Role::Distorted, self.distorted.len() - 1);
        self.all(self.distorted.len() - 1);
    }

    /// Lets go of what is out of the other side's reach.
    fn trim(&mut self) {
        const PAST: i64 = 2_000_000_000;
        let reach = self.range.saturating_add(PAST);
        let [reference, distorted] = [&self.references, &self.distorted].map(|side| side.back().map(|l| l.running));
        if let Some(now) = distorted.map(|now| now.saturating_add(self.centre).saturating_sub(reach)) {
            // One more, so that what follows has something before it.
            while self.references.len() > 1 && self.references[0].running < now {
                self.references.pop_front();
            }
        }
        let now = reference.map_or(i64::MIN, |now| now.saturating_sub(self.centre).saturating_sub(reach));
        let newest = distorted.map_or(i64::MIN, |now| now.saturating_sub(reach));
        while self.distorted.len() > 1 && self.distorted[0].running < now.max(newest) {
            self.distorted.pop_front();
            self.last.pop_front();
        }
        // Where one side does not come at all.
        const MOST: usize = 1 << 13;
        if self.references.len() > MOST {
            self.references.pop_front();
        }
    }

    /// Begins, if both sides' frame rates are known.
    fn prepare(&mut self) {
        let (Some(interval), Some(distorted)) = (self.interval(Role::Reference), self.interval(Role::Distorted)) else {
            return;
        };
        let interval = interval.max(1000);
        let reach = self.range.saturating_add(interval);
        let step = (interval / 4).max(reach / (CANDIDATES / 2)).max(1);
        let count = reach / step * 2 + 1;
        let pairs = (2 * self.range / interval).max(1) as u64;
        self.table = Some(Table {
            first: self.centre.saturating_sub(reach / step * step),
            step,
            candidates: vec![Candidate::default(); count as usize],
            interval,
            span: interval.max(distorted) / 4 * 3,
            every: pairs.div_ceil(250),
            looked: 0,
            full: (2 * pairs).clamp(100, 1000),
        });
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
            self.table = self.table.take().map(|table| Table { candidates: Vec::new(), ..table });
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
        let before = side[before].clone();
        side[index].compare(&before, role);
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
        if table.candidates.is_empty() || frame.number < self.from || !frame.number.is_multiple_of(table.every) {
            return;
        }
        let Some(earlier) = later.checked_sub(1) else { return };
        let Some(change) = &frame.change else { return };
        let pair = [&self.references[earlier], &self.references[later]];
        let [lower, upper] = pair.map(|r| r.running.saturating_sub(frame.running));
        let place = |offset: i64| {
            (offset.saturating_sub(table.first).div_euclid(table.step) + 1).clamp(0, table.candidates.len() as i64)
        };
        let bounds = [lower, i64::midpoint(lower, upper), upper].map(|offset| place(offset) as usize);
        if bounds[0] == bounds[2] {
            return;
        }
        // Once for each distorted frame that is in reach of the references.
        if self.last[index].is_none() {
            table.looked += 1;
        }
        let remembered = self.last[index].filter(|last| last.reference == pair[0].number).map(|last| last.products);
        for (side, reference) in pair.into_iter().enumerate() {
            let Some(other) = &reference.change else { continue };
            let products = match (side, remembered) {
                (0, Some(products)) => products,
                _ => change.products(other),
            };
            if side == 1 {
                self.last[index] = Some(Last { reference: reference.number, products });
            }
            let [x, y] = [change.course, other.course];
            let course = [x, y, x * x, y * y, x * y];
            for candidate in &mut table.candidates[bounds[side]..bounds[side + 1]] {
                candidate.pairs += 1.0;
                candidate.distorted += change.energy;
                candidate.reference += other.energy;
                candidate.products.iter_mut().zip(products).for_each(|(sum, product)| *sum += product);
                candidate.course.iter_mut().zip(course).for_each(|(sum, term)| *sum += term);
            }
        }
        if table.looked >= table.full {
            table.looked /= 2;
            for candidate in &mut table.candidates {
                candidate.pairs *= 0.5;
                candidate.distorted *= 0.5;
                candidate.reference *= 0.5;
                candidate.products.iter_mut().for_each(|sum| *sum *= 0.5);
                candidate.course.iter_mut().for_each(|sum| *sum *= 0.5);
            }
        }
    }

    /// The offset, if it can be told; `last`: a frame cannot wait any longer.
    pub fn find(&self, last: bool) -> Option<Found> {
        let table = self.table.as_ref().filter(|table| !table.candidates.is_empty())?;
        let scores: Vec<(f32, usize)> =
            table.candidates.iter().map(|c| if c.moving() < RIVAL { (f32::MIN, 0) } else { c.score() }).collect();
        let enough = |at: &usize| table.candidates[*at].moving() >= AT_LAST.pairs;
        let best = (0..scores.len()).filter(enough).max_by(|&a, &b| scores[a].0.total_cmp(&scores[b].0))?;
        let (score, shift) = scores[best];
        let frame = (table.interval / table.step).max(1) as usize;
        let highest = |far: &dyn Fn(usize) -> bool| {
            let chosen = scores.iter().enumerate().filter(|(at, _)| far(at.abs_diff(best)));
            chosen.map(|(_, score)| score.0).fold(0.0, f32::max)
        };
        let margin = score - highest(&|far| far > frame + frame / 4);
        let beside = score - highest(&|far| far > frame / 2 + frame / 4 && far <= frame + frame / 4);
        let pairs = table.candidates[best].moving();
        let meets = |d: &Demand| pairs >= d.pairs && score >= d.score && margin >= d.margin && beside >= d.beside;
        let unseen = table.candidates.iter().any(|c| c.moving() < RIVAL);
        if !meets(&AT_ONCE) && !((!unseen || last) && WITH_RIVALS.iter().any(meets)) && !(last && meets(&AT_LAST)) {
            if std::env::var("ZZ").is_ok() && last {
                eprintln!(
                    "best {} score {score} margin {margin} beside {beside} pairs {pairs}",
                    (table.first + best as i64 * table.step) / 1_000_000
                );
            }
            return None;
        }
        if std::env::var("ZZ").is_ok() {
            eprintln!(
                "FOUND {} score {score} margin {margin} beside {beside} pairs {pairs} last {last} unseen {unseen}",
                (table.first + best as i64 * table.step) / 1_000_000
            );
        }
        let alike = |at: &usize| at.abs_diff(best) <= frame && scores[*at].0 >= score - 0.02;
        let low = (0..=best).rev().take_while(alike).last().unwrap_or(best);
        let high = (best..scores.len()).take_while(alike).last().unwrap_or(best);
        let middle = table.first + (low + high) as i64 * table.step / 2;
        let offset = self.exact(middle, table.interval)?;
        if offset.abs_diff(self.centre) as i64 > self.range + table.interval / 4 {
            return None;
        }
        let similarity = self.similarity(offset, table.interval, shift)?;
        // The geometric mean; certain at twice of what is asked at last.
        let confidence = (f64::from(score / 0.7).min(1.0) * f64::from(margin / 0.3).min(1.0)).sqrt();
        Some(Found { offset, confidence, shift, similarity }).filter(|found| found.similarity > 0.4)
    }

    /// Whether changes say that an offset is wrong.
    pub fn denies(&self, offset: i64) -> bool {
        let Some(table) = &self.table else { return false };
        let at = offset.saturating_sub(table.first) / table.step;
        let candidate = usize::try_from(at).ok().and_then(|at| table.candidates.get(at));
        candidate.is_some_and(|c| c.moving() >= RIVAL && c.score().0 < AT_LAST.score)
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

    /// What the time stamps say about an offset that the pictures have told to a fraction of a frame.
    fn exact(&self, middle: i64, interval: i64) -> Option<i64> {
        let differences =
            self.pairs(middle, interval).map(|(frame, reference)| reference.running.saturating_sub(frame.running));
        let mut differences: Vec<i64> = differences.collect();
        differences.sort_unstable();
        let count = differences.len();
        let spread = differences.get(count * 9 / 10)?.abs_diff(differences[count / 10]) as i64;
        if spread < interval / 8 {
            // One rate, give or take rounding.
            return differences.get(count / 2).copied();
        }
        // Two rates: pairs whose times coincide at the offset. Of two as near the later: a repeated picture is behind
        // its time, never before it.
        differences
            .into_iter()
            .min_by_key(|&d| (d.abs_diff(middle) / (interval as u64 / 50).max(1), std::cmp::Reverse(d)))
    }

    /// Of the pictures at an offset.
    fn similarity(&self, offset: i64, interval: i64, shift: usize) -> Option<f64> {
        let pairs = self.pairs(offset, interval).filter(|(a, b)| a.shows_something() || b.shows_something());
        let (sum, count) = pairs.fold((0.0, 0), |(sum, n), (a, b)| (sum + a.similarity(b, shift), n + 1));
        (count > 0).then(|| sum / f64::from(count))
    }
}
