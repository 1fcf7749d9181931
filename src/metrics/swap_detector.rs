// SPDX-License-Identifier: MPL-2.0

//! Compares the detail of a few pairs of a stream, spread evenly over it whatever its length.

use super::detail::Detail;

/// The greatest number of results that are kept.
const MOST: usize = 16;
/// At first, one pair in this many is compared.
const EVERY: u64 = 8;
/// With this many results and none against it, the outcome is certain before the end.
const SURE: usize = 12;
/// The share of the results that must agree, in percent.
const SHARE: usize = 80;
/// How much more visible the edges of blocks may be in the distorted pictures than in the references: where they are
/// more visible, the distorted pictures are the coded ones, and their additional detail is the codec's noise. Compared
/// with the median of the results.
const EDGES: f64 = 0.15;

/// Whether the [`Detail`] of a few pairs shows that two streams were swapped.
///
/// The first pair is compared, and then one in every so many. When the list of results is full, every second one is
/// dropped, and from then on only half as many pairs are compared. So the results always cover the whole stream, and
/// the longer it is, the less they cost. Which pairs are compared depends on their number alone.
#[derive(Debug, Clone, PartialEq)]
pub struct SwapDetector {
    /// Pairs so far.
    pairs: u64,
    every: u64,
    /// The result of each compared pair; `None` if it had none.
    kept: Vec<Option<Detail>>,
}

impl Default for SwapDetector {
    /// No pair so far.
    fn default() -> Self {
        Self { pairs: 0, every: EVERY, kept: Vec::new() }
    }
}

impl SwapDetector {
    /// Counts another pair. Returns whether it is to be compared, and its result [kept](Self::keep).
    pub fn next_is_due(&mut self) -> bool {
        let number = self.pairs;
        self.pairs += 1;
        number.is_multiple_of(self.every)
    }

    /// Keeps the result of a pair that was due; `None` if it had none.
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

    /// The number of results in which the distorted picture has detail that the reference lacks, and of all results.
    fn counts(&self) -> [usize; 2] {
        let found = || self.kept.iter().flatten();
        [found().filter(|detail| detail.is_the_distorteds()).count(), found().count()]
    }

    /// Whether the distorted pictures show more of the edges of blocks than the references.
    fn are_blocks(&self) -> bool {
        let mut edges: Vec<_> = self.kept.iter().flatten().map(|detail| detail.edges).collect();
        edges.sort_by(f64::total_cmp);
        edges.get(edges.len() / 2).is_some_and(|&median| median > EDGES)
    }

    /// Whether the distorted stream, so far, has detail that the reference lacks: the two may have been swapped.
    #[must_use]
    pub fn are_swapped(&self) -> bool {
        let [said, all] = self.counts();
        all > 0 && said * 100 >= all * SHARE && !self.are_blocks()
    }

    /// Whether this is certain, whatever the rest of the stream contains.
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

    /// Compares that many pairs, whose results `says` gives by number; returns the numbers of the compared pairs.
    fn run(detector: &mut SwapDetector, pairs: u64, says: impl Fn(u64) -> Option<bool>) -> Vec<u64> {
        let compared = |number: u64| {
            let is_due = detector.next_is_due();
            if is_due {
                detector.keep(says(number).map(detail));
            }
            is_due.then_some(number)
        };
        (0..pairs).filter_map(compared).collect()
    }

    #[test]
    fn the_longer_a_stream_the_fewer_pairs_are_compared() {
        let mut detector = SwapDetector::default();
        let at = run(&mut detector, 200_000, |_| Some(true));
        assert_eq!(at[..5], [0, 8, 16, 24, 32]);
        assert_eq!(at[15..18], [120, 128, 144], "every sixteenth from then on");
        assert!(at.len() < 150, "{}", at.len());
        assert!(detector.kept.len() >= MOST / 2 && detector.kept.len() < MOST);
        // The remaining results are equally spaced.
        let mut numbered = SwapDetector::default();
        run(&mut numbered, 300, |number| Some(number.is_multiple_of(64)));
        let says = numbered.kept.iter().map(|kept| kept.map(|detail| detail.is_the_distorteds()));
        assert!(says.enumerate().all(|(index, says)| says == Some(index % 2 == 0)), "{numbered:?}");
    }

    #[test]
    fn most_results_must_agree_and_before_the_end_all() {
        let of = |pairs, says: fn(u64) -> Option<bool>| {
            let mut detector = SwapDetector::default();
            run(&mut detector, pairs, says);
            (detector.are_swapped(), detector.are_surely_swapped())
        };
        assert_eq!(of(0, |_| Some(true)), (false, false));
        assert_eq!(of(1, |_| Some(true)), (true, false));
        assert_eq!(of(300, |_| None), (false, false));
        assert_eq!(of(88, |_| Some(true)), (true, false));
        assert_eq!(of(89, |_| Some(true)), (true, true));
        assert_eq!(of(40, |number| Some(number > 0)), (true, false), "four of five");
        assert_eq!(of(40, |number| Some(number > 8)), (false, false), "three of five");
        assert_eq!(of(40, |number| (number > 8).then_some(true)), (true, false), "two without a result");
    }

    #[test]
    fn a_stream_with_visible_blocks_is_the_coded_one() {
        let of = |blocks: u64| {
            let mut detector = SwapDetector::default();
            for number in 0..16 {
                detector.next_is_due();
                detector.keep(Some(Detail { edges: if number < blocks { 0.4 } else { 0.0 }, ..detail(true) }));
            }
            detector.are_swapped()
        };
        // A key frame may show them now and then.
        assert_eq!([0, 5, 12].map(of), [true, true, false]);
    }
}
