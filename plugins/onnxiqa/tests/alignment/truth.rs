// SPDX-License-Identifier: MPL-2.0

//! The right partners of each distorted frame of a truth case.

use crate::clips::Image;
use crate::ground_truth::{Case, Entry, SAME};
use std::collections::HashMap;
use std::sync::{LazyLock, Mutex};

/// The truth for one distorted frame.
#[derive(Debug, Clone, Default)]
pub struct Truth {
    /// The references that may be its partner, the true one first. Empty if there is none.
    pub right: Vec<u64>,
    /// It may be unmatched.
    pub none: bool,
    /// It shows something that the frames around its match do not show, so it can be distinguished from them.
    pub moving: bool,
    /// It is not a repetition: no earlier frame was compared with its partner.
    pub fresh: bool,
}

/// The greatest number of consecutive frames missing from the reference for which neighbors are accepted as partners.
const GAP: usize = 12;

/// A reference is right if it shows the frame's picture or the picture that the frame should show, or an equal one.
/// Frames that are missing from the reference may be compared with those before or after, or with nothing.
pub fn truths(case: &Case) -> Vec<Truth> {
    let prepared = Prepared::new(case);
    let mut before = None;
    let mut truths = Vec::new();
    for entry in &case.distorted {
        let mut truth = prepared.truth(entry);
        truth.fresh = entry.shows.is_some() && entry.shows != before && !truth.none;
        before = entry.shows;
        truths.push(truth);
    }
    truths
}

struct Prepared<'a> {
    reference: &'a [Entry],
    means: Vec<f64>,
}

impl<'a> Prepared<'a> {
    fn new(case: &'a Case) -> Self {
        let means = case.reference.iter().map(|entry| entry.source.signature().mean() * 255.0).collect();
        Self { reference: &case.reference, means }
    }

    fn truth(&self, entry: &Entry) -> Truth {
        let Some(shows) = entry.shows else { return Truth { none: true, ..Truth::default() } };
        let shown = [entry.shows, entry.due];
        let mean = entry.source.signature().mean() * 255.0;
        let exact = |r: &Entry| r.shows.is_some() && (shown.contains(&r.shows) || shown.contains(&r.due));
        let equal = |n: usize, r: &Entry| {
            r.shows.is_some() && (mean - self.means[n]).abs() <= SAME && equal(&entry.source, &r.source)
        };
        let numbers = || self.reference.iter().enumerate();
        let mut right: Vec<u64> = numbers().filter(|(_, r)| exact(r)).map(|(n, _)| n as u64).collect();
        // The frame that should be shown comes first.
        right.sort_by_key(|&n| self.reference[n as usize].due != entry.due);
        let found = !right.is_empty();
        right.extend(numbers().filter(|&(n, r)| !exact(r) && equal(n, r)).map(|(n, _)| n as u64));
        if right.is_empty() {
            return Truth { right: self.around(shows), none: true, ..Truth::default() };
        }
        let seen = !entry.damaged && entry.shows == entry.due;
        let moving = found && seen && self.moving(right[0] as usize);
        Truth { right, none: entry.optional, moving, fresh: false }
    }

    /// The references that show the pictures before and after one that is missing.
    fn around(&self, shows: usize) -> Vec<u64> {
        let numbers = || self.reference.iter().filter_map(|r| r.shows);
        let below = numbers().filter(|&n| n < shows).max();
        let above = numbers().filter(|&n| n > shows).min();
        match (below, above) {
            (Some(below), Some(above)) if above - below <= GAP + 1 => {
                let near = |r: &Entry| r.shows == Some(below) || r.shows == Some(above);
                let numbers = self.reference.iter().enumerate();
                numbers.filter(|(_, r)| near(r)).map(|(n, _)| n as u64).collect()
            }
            _ => Vec::new(),
        }
    }

    /// The reference differs from both neighbors by more than rounding.
    fn moving(&self, number: usize) -> bool {
        let here = self.reference[number].source.signature();
        let neighbors = [number.checked_sub(1), Some(number + 1)];
        let mut others = neighbors.iter().flatten().filter_map(|&n| self.reference.get(n)).peekable();
        others.peek().is_some() && others.all(|other| other.source.signature().difference(&here) > SAME)
    }
}

/// Whether two images are equal. The images are kept, because otherwise another could have the same address.
struct Compared {
    equal: bool,
    _images: [Image; 2],
}

static COMPARED: LazyLock<Mutex<HashMap<(usize, usize), Compared>>> = LazyLock::new(Mutex::default);

/// Whether pictures are equal: 60 dB or more between their luma. Computed once per pair.
fn equal(a: &Image, b: &Image) -> bool {
    if a.id() == b.id() {
        return true;
    }
    if (a.width, a.height) != (b.width, b.height) || a.signature().difference(&b.signature()) > SAME {
        return false;
    }
    let key = (a.id().min(b.id()), a.id().max(b.id()));
    if let Some(known) = COMPARED.lock().unwrap().get(&key) {
        return known.equal;
    }
    // 60 dB: a mean squared error of 255² / 10⁶.
    let limit = 255.0 * 255.0 * 1e-6 * (a.width * a.height) as f64;
    let square = |(&a, &b): (&u8, &u8)| u64::from(a.abs_diff(b)).pow(2);
    let sum: u64 = a.luma().iter().zip(b.luma()).map(square).sum();
    let equal = sum as f64 <= limit;
    COMPARED.lock().unwrap().insert(key, Compared { equal, _images: [a.clone(), b.clone()] });
    equal
}
