// SPDX-License-Identifier: MPL-2.0

//! Looks at the detail of a few pairs of a stream, spread evenly over it however long it becomes.

use super::detail::Detail;

/// Looks that are kept, at most.
const MOST: usize = 16;
/// At first one pair in so many is looked at.
const EVERY: u64 = 8;
/// Looks without one that says otherwise after which it is sure before the end.
const SURE: usize = 12;
/// The share of the looks that must say it, in percent.
const SHARE: usize = 80;
/// How much more the edges of blocks may show in the distorted pictures than in the reference's: those that show them more
/// are the coded ones, and what they have more is the coder's noise. The median of the looks.
const EDGES: f64 = 0.15;

/// What a few pairs' [`Detail`] says of which stream is the source.
///
/// The first pair is looked at, and then one in so many. When the looks are as many as are kept, every second one is
/// forgotten, and only half as many pairs are looked at from then on: so there are always some over the whole stream, and
/// the longer it is the less they cost. Nothing but the pairs decides which ones are looked at.
#[derive(Debug, Clone, PartialEq)]
pub struct DetailLooks {
    /// Pairs so far.
    pairs: u64,
    every: u64,
    /// What each look says. None: nothing.
    kept: Vec<Option<Detail>>,
}

impl Default for DetailLooks {
    /// No pair so far.
    fn default() -> Self {
        Self { pairs: 0, every: EVERY, kept: Vec::new() }
    }
}

impl DetailLooks {
    /// Another pair comes: whether it is to be looked at, and the look [kept](Self::keep).
    pub fn next_is_due(&mut self) -> bool {
        let number = self.pairs;
        self.pairs += 1;
        number.is_multiple_of(self.every)
    }

    /// What the pair that was to be looked at says; none if it says nothing.
    pub fn keep(&mut self, detail: Option<Detail>) {
        self.kept.push(detail);
        if self.kept.len() == MOST {
            let mut number = 0;
            self.kept.retain(|_| {
                number += 1;
                number % 2 == 1
            });
            self.every *= 2;
        }
    }

    /// The looks that say that the distorted picture has detail that the reference lacks, and all that say something.
    fn counts(&self) -> [usize; 2] {
        let looks = || self.kept.iter().flatten();
        [looks().filter(|detail| detail.is_the_distorteds()).count(), looks().count()]
    }

    /// Whether the distorted pictures show the edges of blocks, and the reference's do not, or less.
    fn are_blocks(&self) -> bool {
        let mut edges: Vec<_> = self.kept.iter().flatten().map(|detail| detail.edges).collect();
        edges.sort_by(f64::total_cmp);
        edges.get(edges.len() / 2).is_some_and(|&median| median > EDGES)
    }

    /// Whether the distorted stream has detail that the reference lacks, as far as it has come: what looks like this may
    /// have been given the wrong way round.
    #[must_use]
    pub fn are_swapped(&self) -> bool {
        let [said, all] = self.counts();
        all > 0 && said * 100 >= all * SHARE && !self.are_blocks()
    }

    /// Whether it is so without doubt, whatever the rest of the stream is.
    #[must_use]
    pub fn are_surely_swapped(&self) -> bool {
        let [said, all] = self.counts();
        said == all && all >= SURE && !self.are_blocks()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detail(more: bool) -> Detail {
        Detail { gain: 1.0, energy: if more { 1.5 } else { 0.8 }, placed: 9.0, edges: 0.0 }
    }

    /// Looks at so many pairs, of which `says` tells what they say by their number; gives the numbers that were looked at.
    fn look(looks: &mut DetailLooks, pairs: u64, says: impl Fn(u64) -> Option<bool>) -> Vec<u64> {
        let look = |number: u64| {
            let looked = looks.next_is_due();
            if looked {
                looks.keep(says(number).map(detail));
            }
            looked.then_some(number)
        };
        (0..pairs).filter_map(look).collect()
    }

    #[test]
    fn the_longer_a_stream_is_the_fewer_pairs_are_looked_at() {
        let mut looks = DetailLooks::default();
        let at = look(&mut looks, 200_000, |_| Some(true));
        assert_eq!(at[..5], [0, 8, 16, 24, 32]);
        assert_eq!(at[15..18], [120, 128, 144], "every sixteenth from then on");
        assert!(at.len() < 150, "{}", at.len());
        assert!(looks.kept.len() >= MOST / 2 && looks.kept.len() < MOST);
        // What is left was looked at in equal distances.
        let mut numbered = DetailLooks::default();
        look(&mut numbered, 300, |number| Some(number.is_multiple_of(64)));
        let says = numbered.kept.iter().map(|look| look.map(|detail| detail.is_the_distorteds()));
        assert!(says.enumerate().all(|(index, says)| says == Some(index % 2 == 0)), "{numbered:?}");
    }

    #[test]
    fn most_must_say_it_and_before_the_end_all() {
        let of = |pairs, says: fn(u64) -> Option<bool>| {
            let mut looks = DetailLooks::default();
            look(&mut looks, pairs, says);
            (looks.are_swapped(), looks.are_surely_swapped())
        };
        assert_eq!(of(0, |_| Some(true)), (false, false));
        assert_eq!(of(1, |_| Some(true)), (true, false));
        assert_eq!(of(300, |_| None), (false, false));
        assert_eq!(of(88, |_| Some(true)), (true, false));
        assert_eq!(of(89, |_| Some(true)), (true, true));
        assert_eq!(of(40, |number| Some(number > 0)), (true, false), "four of five");
        assert_eq!(of(40, |number| Some(number > 8)), (false, false), "three of five");
        assert_eq!(of(40, |number| (number > 8).then_some(true)), (true, false), "two that say nothing");
    }

    #[test]
    fn what_shows_blocks_is_the_coded_one() {
        let of = |blocks: u64| {
            let mut looks = DetailLooks::default();
            for number in 0..16 {
                looks.next_is_due();
                looks.keep(Some(Detail { edges: if number < blocks { 0.4 } else { 0.0 }, ..detail(true) }));
            }
            looks.are_swapped()
        };
        // A key frame now and then may show them.
        assert_eq!([0, 5, 12].map(of), [true, true, false]);
    }
}
