// SPDX-License-Identifier: MPL-2.0

//! The offset, outside the search range, at which the pictures of two unmatched streams agree.
//!
//! Of each stream a picture every tenth of a second is kept as a [`Post`], over ten times the search range. While
//! frames find no partners, every second frame of one stream is compared with the posts of the other. A post whose
//! picture appears once, and clearly, indicates an offset; if several indicate the same one, it is the result. Content
//! that repeats or stands still indicates nothing.

use std::collections::VecDeque;

use super::Signature;
use super::unit::Unit;

/// Posts per stream: 2 MB.
const POSTS: usize = 200;

/// Least time between two posts, in ns.
const SPACING: i64 = 100_000_000;

/// How many search ranges the posts cover.
const RANGES: i64 = 10;

/// Distance ([`Unit::far`]) up to which a picture matches a post, and how much farther all others must be: a factor,
/// and a difference.
const ALIKE: f64 = 0.12;
const TIMES: f64 = 2.0;
const MORE: f64 = 0.03;

/// Pictures this near in time to the best match are not rivals, in ns.
const AROUND: i64 = 500_000_000;

/// Pictures a post must be compared with before it counts.
const SEEN: u32 = 12;

/// How far offsets that agree may differ, in ns; then how many must agree: a number, and a share of all.
const AGREE: i64 = 100_000_000;
const ENOUGH: usize = 5;
const SHARE: f64 = 0.6;

/// Comparisons before the search is given up: at 25 frames per second in both streams together, two minutes.
const PATIENCE: u32 = 3000;

/// Which stream a picture belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::align) enum Of {
    Reference,
    Distorted,
}

/// A picture that is kept, and what of the other stream comes near it.
#[derive(Debug)]
struct Post {
    time: i64,
    unit: Unit,
    /// The nearest so far: its distance and time.
    best: (f64, i64),
    /// Distance of the nearest picture that is not around the best one.
    rest: f64,
    /// How many were compared.
    seen: u32,
}

impl Post {
    fn compare(&mut self, time: i64, unit: &Unit) {
        let [far, _] = self.unit.far(unit, &self.unit.distances_to(unit));
        self.seen = self.seen.saturating_add(1);
        let (nearest, at) = self.best;
        let is_another = time.saturating_sub(at).saturating_abs() > AROUND;
        if far < nearest {
            self.best = (far, time);
            if is_another {
                self.rest = self.rest.min(nearest);
            }
        } else if is_another {
            self.rest = self.rest.min(far);
        }
    }

    /// When the other stream shows the same picture, if it does so exactly once.
    fn shown(&self) -> Option<i64> {
        let (far, at) = self.best;
        (self.seen >= SEEN && far <= ALIKE && self.rest >= TIMES * far + MORE).then_some(at)
    }
}

/// Searches for a far offset.
#[derive(Debug)]
pub(in crate::align) struct Beyond {
    spacing: i64,
    /// Of the reference, then of the distorted stream.
    posts: [VecDeque<Post>; 2],
    pushed: [u64; 2],
    compared: u32,
}

impl Beyond {
    /// For a search range, in ns.
    pub fn new(range: u64) -> Self {
        let range = i64::try_from(range).unwrap_or(i64::MAX);
        let spacing = (range / POSTS as i64).saturating_mul(RANGES).max(SPACING);
        Self { spacing, posts: Default::default(), pushed: [0; 2], compared: 0 }
    }

    /// Adds a picture of one stream. `lost`: frames find no partners at present.
    pub fn push(&mut self, of: Of, time: i64, signature: &Signature, lost: bool) {
        if !lost {
            self.compared = 0;
        }
        let [reference, distorted] = &mut self.posts;
        let (own, others) = match of {
            Of::Reference => (reference, distorted),
            Of::Distorted => (distorted, reference),
        };
        let pushed = &mut self.pushed[of as usize];
        *pushed += 1;
        let compares = lost && pushed.is_multiple_of(2) && self.compared < PATIENCE;
        let keeps = own.back().is_none_or(|last| time.saturating_sub(last.time).saturating_abs() >= self.spacing);
        if !compares && !keeps {
            return;
        }
        let unit = Unit::of(signature.cells());
        if compares {
            self.compared += 1;
            others.iter_mut().for_each(|post| post.compare(time, &unit));
        }
        if keeps {
            if own.len() == POSTS {
                own.pop_front();
            }
            own.push_back(Post { time, unit, best: (f64::INFINITY, time), rest: f64::INFINITY, seen: 0 });
        }
    }

    /// Reference minus distorted running time at which the pictures agree, in ns, if they clearly do.
    pub fn offset(&self) -> Option<i64> {
        let [reference, distorted] = &self.posts;
        let of_reference = reference.iter().filter_map(|post| Some(post.time.saturating_sub(post.shown()?)));
        let of_distorted = distorted.iter().filter_map(|post| Some(post.shown()?.saturating_sub(post.time)));
        let mut offsets: Vec<i64> = of_reference.chain(of_distorted).collect();
        offsets.sort_unstable();
        let agreeing = |from: usize| {
            let least = offsets[from];
            offsets[from..].partition_point(|offset| offset.saturating_sub(least) <= AGREE)
        };
        let (from, count) = (0..offsets.len()).map(|from| (from, agreeing(from))).max_by_key(|&(_, count)| count)?;
        let clear = count >= ENOUGH && count as f64 >= SHARE * offsets.len() as f64;
        clear.then(|| offsets[from + count / 2])
    }
}

#[cfg(test)]
mod tests;
