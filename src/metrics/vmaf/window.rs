// SPDX-License-Identifier: MPL-2.0

//! Motion over time: which of the references' differences counts for a pair, and when it is known.
//!
//! A reference is compared with the previous one or, in a window of five frames, with the one before that. The lesser
//! of two successive differences counts, so it is known with the next pair. The first pairs have no difference: for
//! them, motion 2 is 0, and motion 3 is the first difference of the sequence. The rules are those of libvmaf's
//! `integer_motion`: Copyright 2016-2026 Netflix, Inc., BSD-2-Clause-Patent (`models/vmaf/LICENSE`).

/// Options of motion.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MotionOptions {
    /// The greatest difference that counts.
    pub most: f64,
    /// References are compared with the one two before: for high frame rates.
    pub five_frames: bool,
    /// Motion 3 is averaged with the previous pair's.
    pub averaged: bool,
}

impl Default for MotionOptions {
    /// libvmaf's defaults.
    fn default() -> Self {
        Self { most: 10_000.0, five_frames: false, averaged: false }
    }
}

impl MotionOptions {
    /// How many pictures back a reference is compared; also how many pairs the first one waits for.
    pub fn lag(&self) -> usize {
        if self.five_frames { 2 } else { 1 }
    }
}

/// The motion of a pair.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Motion {
    /// The lesser of two differences; 0 for the first pairs, which have none.
    pub motion2: f64,
    /// The same, with the first difference instead of 0 for the first pairs, and averaged if requested.
    pub motion3: f64,
}

/// A sequence of pairs.
#[derive(Debug, Default)]
pub struct Window {
    options: MotionOptions,
    /// Pairs so far.
    count: usize,
    /// The differences of the last two pairs.
    differences: [Option<f64>; 2],
    /// The last known motion, before averaging.
    before: f64,
}

impl Window {
    pub fn new(options: MotionOptions) -> Self {
        Self { options, ..Self::default() }
    }

    /// The number of pairs that are not complete.
    pub fn waiting(&self) -> usize {
        if self.count <= self.options.lag() { self.count } else { 1 }
    }

    /// Adds a pair, with the difference of its reference from the one [`lag`](MotionOptions::lag) pictures before;
    /// `None` if there is no such reference. Returns the motion of the pairs that are now complete, oldest first.
    pub fn push(&mut self, difference: Option<f64>) -> Vec<Motion> {
        let next = difference.map(|difference| difference.min(self.options.most));
        let lag = self.options.lag();
        let complete = match next {
            None => Vec::new(),
            // The first difference also applies to the first pairs.
            Some(next) if self.count == lag => {
                self.before = next;
                vec![Motion { motion2: 0.0, motion3: next }; lag]
            }
            Some(next) => {
                // The difference from the previous pair is that of the last pair or, with a lag of two, of the last but
                // one.
                let previous = self.differences[if self.options.five_frames { 0 } else { 1 }];
                let least = previous.map_or(next, |previous| previous.min(next));
                vec![self.smoothed(least)]
            }
        };
        self.count += 1;
        self.differences = [self.differences[1], next];
        complete
    }

    /// Ends the sequence. Returns the motion of the waiting pairs; the next pair starts a new sequence.
    pub fn finish(&mut self) -> Vec<Motion> {
        let complete = match self.differences[1] {
            None => vec![Motion::default(); self.waiting()],
            Some(own) => vec![self.smoothed(own)],
        };
        *self = Self::new(self.options);
        complete
    }

    fn smoothed(&mut self, motion: f64) -> Motion {
        let before = std::mem::replace(&mut self.before, motion);
        Motion { motion2: motion, motion3: if self.options.averaged { (motion + before) / 2.0 } else { motion } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All motion of a sequence with these differences, and how many pairs waited after each.
    fn run(options: MotionOptions, differences: &[f64]) -> (Vec<[f64; 2]>, Vec<usize>) {
        let mut window = Window::new(options);
        let (mut all, mut waiting) = (Vec::new(), Vec::new());
        for (number, difference) in differences.iter().enumerate() {
            all.extend(window.push((number >= options.lag()).then_some(*difference)));
            waiting.push(window.waiting());
            assert_eq!(all.len() + window.waiting(), number + 1);
        }
        all.extend(window.finish());
        assert_eq!((all.len(), window.waiting()), (differences.len(), 0));
        (all.iter().map(|motion| [motion.motion2, motion.motion3]).collect(), waiting)
    }

    #[test]
    fn the_lesser_difference_to_either_side_counts() {
        let options = MotionOptions { most: 18.0, ..MotionOptions::default() };
        assert_eq!(run(options, &[0.0]), (vec![[0.0, 0.0]], vec![1]));
        assert_eq!(run(options, &[0.0, 3.0]), (vec![[0.0, 3.0], [3.0, 3.0]], vec![1, 1]));
        let (found, waiting) = run(options, &[0.0, 3.0, 5.0, 2.0, 30.0]);
        assert_eq!(found, [[0.0, 3.0], [3.0, 3.0], [2.0, 2.0], [2.0, 2.0], [18.0, 18.0]]);
        assert_eq!(waiting, [1; 5]);
    }

    /// Pair n uses the differences from n − 3 to n − 1 and from n − 1 to n + 1; only the first pair waits for two.
    #[test]
    fn a_window_of_five_frames_waits_for_two_pairs() {
        let options = MotionOptions { most: 18.0, five_frames: true, averaged: true };
        assert_eq!(run(options, &[0.0]), (vec![[0.0, 0.0]], vec![1]));
        assert_eq!(run(options, &[0.0, 0.0]), (vec![[0.0, 0.0]; 2], vec![1, 2]));
        assert_eq!(run(options, &[0.0, 0.0, 4.0]), (vec![[0.0, 4.0], [0.0, 4.0], [4.0, 4.0]], vec![1, 2, 1]));
        let (found, waiting) = run(options, &[0.0, 0.0, 4.0, 8.0, 2.0, 30.0]);
        assert_eq!(found, [[0.0, 4.0], [0.0, 4.0], [8.0, 6.0], [2.0, 5.0], [8.0, 5.0], [18.0, 13.0]]);
        assert_eq!(waiting, [1, 2, 1, 1, 1, 1]);
    }

    #[test]
    fn a_new_sequence_can_start() {
        let mut window = Window::new(MotionOptions::default());
        for _ in 0..2 {
            assert_eq!(window.push(None), []);
            assert_eq!(window.push(Some(3.0)), [Motion { motion2: 0.0, motion3: 3.0 }]);
            assert_eq!(window.finish(), [Motion { motion2: 3.0, motion3: 3.0 }]);
        }
    }
}
