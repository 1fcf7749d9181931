// SPDX-License-Identifier: MPL-2.0

//! Results of the truth cases by kind, and the reliability of confidence.

use crate::ground_truth::{Case, SAME};
use crate::report::Run;
use crate::truth::Truth;
use onnx_iqa::align::time::{AlignmentEvent, Evidence, Pairing};
use std::collections::BTreeSet;
use std::ops::AddAssign;

/// Lower limits of the confidence bins.
pub const BINS: [f64; 3] = [0.9, 0.5, 0.0];

/// Counts over one case or several.
#[derive(Debug, Clone, Copy, Default)]
pub struct Counts {
    pub cases: usize,
    pub frames: usize,
    pub right: usize,
    /// Frames with a partner other than their own.
    pub wrong: usize,
    /// Wrong ones whose partner's picture differs from the right one by at most [`SAME`].
    pub close: usize,
    /// Frames without a partner although there is one.
    pub missing: usize,
    /// Frames with a partner although there is none.
    pub strangers: usize,
    /// Frames reported as repetitions that are none.
    pub repetitions: usize,
    /// Cases in which every frame has a partner, but fewer than 99 % were given one.
    pub silent: usize,
    /// How often a lost alignment was reported.
    pub lost: usize,
    /// Pairs based on time.
    pub by_time: usize,
    /// Right pairs and all pairs, by confidence.
    pub bins: [(usize, usize); BINS.len()],
    /// Right pairs of moving content: those with a confidence of at least 0.9, and all.
    pub moving: (usize, usize),
    /// Cases in which every frame has a partner: those with a warning that frames are missing, and all.
    pub complete: (usize, usize),
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.cases += other.cases;
        self.frames += other.frames;
        self.right += other.right;
        self.wrong += other.wrong;
        self.close += other.close;
        self.missing += other.missing;
        self.strangers += other.strangers;
        self.repetitions += other.repetitions;
        self.silent += other.silent;
        self.lost += other.lost;
        self.by_time += other.by_time;
        for (bin, other) in self.bins.iter_mut().zip(other.bins) {
            *bin = (bin.0 + other.0, bin.1 + other.1);
        }
        self.moving = (self.moving.0 + other.moving.0, self.moving.1 + other.moving.1);
        self.complete = (self.complete.0 + other.complete.0, self.complete.1 + other.complete.1);
    }
}

impl Counts {
    pub fn of(case: &Case, truths: &[Truth], run: &Run) -> Self {
        let mut counts = Self { cases: 1, frames: truths.len(), ..Self::default() };
        for (decision, truth) in run.decisions.iter().zip(truths) {
            let partner = decision.pairing.reference();
            let right = partner.is_some_and(|partner| truth.right.contains(&partner));
            match partner {
                None if truth.none => counts.right += 1,
                None => counts.missing += 1,
                Some(_) if right => counts.right += 1,
                Some(_) if truth.right.is_empty() => counts.strangers += 1,
                Some(partner) => {
                    counts.wrong += 1;
                    counts.close += usize::from(close(case, truth, partner));
                }
            }
            if partner.is_some() {
                counts.pair(decision.confidence, right, truth.moving);
                counts.by_time += usize::from(decision.evidence == Evidence::Time);
            }
            let repetition = matches!(decision.pairing, Pairing::Duplicate(_));
            counts.repetitions += usize::from(repetition && truth.fresh);
        }
        let paired = run.decisions.iter().filter(|decision| decision.pairing != Pairing::Unmatched).count();
        let all = truths.iter().all(|truth| !truth.none);
        counts.silent = usize::from(all && paired * 100 < truths.len() * 99);
        if all {
            let warned = is_incomplete(run.decisions.iter().map(|decision| decision.pairing));
            counts.complete = (usize::from(warned), 1);
        }
        let lost = |event: &&AlignmentEvent| matches!(event, AlignmentEvent::Lost { .. });
        counts.lost = run.events.iter().filter(lost).count();
        counts
    }

    fn pair(&mut self, confidence: f64, right: bool, moving: bool) {
        let bin = BINS.iter().position(|&from| confidence >= from).unwrap_or(BINS.len() - 1);
        self.bins[bin].0 += usize::from(right);
        self.bins[bin].1 += 1;
        if right && moving {
            self.moving.0 += usize::from(confidence >= 0.9);
            self.moving.1 += 1;
        }
    }

    pub fn right_percent(&self) -> f64 {
        percent(self.right, self.frames)
    }

    /// Percentage of right pairs in a bin; 100 if it is empty.
    pub fn reliability(&self, bin: usize) -> f64 {
        percent(self.bins[bin].0, self.bins[bin].1)
    }

    /// Percentage of the cases with a partner for every frame in which users are warned that frames are missing.
    pub fn warned_percent(&self) -> f64 {
        if self.complete.1 == 0 { 0.0 } else { percent(self.complete.0, self.complete.1) }
    }

    /// Percentage of the right pairs on moving content with a confidence of at least 0.9.
    pub fn sure_percent(&self) -> f64 {
        percent(self.moving.0, self.moving.1)
    }
}

/// Whether users are warned because of missing frames: more than 2 % of the distorted frames have no partner, or as
/// many references between the pairs are unmatched.
fn is_incomplete(pairings: impl ExactSizeIterator<Item = Pairing>) -> bool {
    let frames = pairings.len();
    let partners: Vec<Option<u64>> = pairings.map(Pairing::reference).collect();
    let unmatched = partners.iter().filter(|partner| partner.is_none()).count();
    let used: BTreeSet<u64> = partners.into_iter().flatten().collect();
    let between = used.first().zip(used.last()).map_or(0, |(first, last)| (last - first + 1) as usize);
    (unmatched + between - used.len()) * 50 > frames || used.is_empty()
}

fn percent(part: usize, whole: usize) -> f64 {
    if whole == 0 { 100.0 } else { 100.0 * part as f64 / whole as f64 }
}

fn close(case: &Case, truth: &Truth, partner: u64) -> bool {
    let source = |number: u64| case.reference[number as usize].source.signature();
    truth.right.iter().any(|&right| source(right).difference(&source(partner)) <= SAME)
}

/// The table of one half: a row per kind, and one for all.
pub fn print_kinds(half: &str, kinds: &[(&str, Counts)]) {
    let heads = ["cases", "frames", "right %", "wrong", "of them close", "missing", "false", "as repetition"];
    let more = ["silent cases", "lost", "by time %", "≥ 0.9 on moving %", "warned, of complete"];
    let mut table =
        format!("\n{half}\n\n| kind | {} | {} |\n|---{}|\n", heads.join(" | "), more.join(" | "), "|--:".repeat(13));
    let mut all = Counts::default();
    for (_, counts) in kinds {
        all += *counts;
    }
    for (kind, counts) in kinds.iter().copied().chain([("all", all)]) {
        let pairs = counts.bins.iter().map(|bin| bin.1).sum();
        let cells = [
            counts.cases.to_string(),
            counts.frames.to_string(),
            format!("{:.2}", counts.right_percent()),
            counts.wrong.to_string(),
            counts.close.to_string(),
            counts.missing.to_string(),
            counts.strangers.to_string(),
            counts.repetitions.to_string(),
            counts.silent.to_string(),
            counts.lost.to_string(),
            format!("{:.0}", percent(counts.by_time, pairs)),
            format!("{:.1}", counts.sure_percent()),
            format!("{} of {}", counts.complete.0, counts.complete.1),
        ];
        table += &format!("| {kind} | {} |\n", cells.join(" | "));
    }
    table += "\n| confidence | pairs | right | right % |\n|---|--:|--:|--:|\n";
    for (n, from) in BINS.iter().enumerate() {
        let to = if n == 0 { "1.0".to_owned() } else { format!("below {}", BINS[n - 1]) };
        let (right, pairs) = all.bins[n];
        table += &format!("| {from} to {to} | {pairs} | {right} | {:.2} |\n", all.reliability(n));
    }
    print!("{table}");
}
