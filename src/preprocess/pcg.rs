// SPDX-License-Identifier: MPL-2.0

//! O'Neill's PCG32, variant XSH-RR 64/32, as in the reference library `pcg-c-basic` (pcg-random.org).

/// The stream of the reference library's demonstration, so that its published numbers can be checked.
const STREAM: u64 = 54;
const MULTIPLIER: u64 = 6_364_136_223_846_793_005;

/// A small generator whose numbers are the same on every platform.
pub(super) struct Pcg32 {
    state: u64,
    increment: u64,
}

impl Pcg32 {
    /// `pcg32_srandom_r(seed, 54)`.
    pub fn new(seed: u64) -> Self {
        let mut generator = Self { state: 0, increment: STREAM << 1 | 1 };
        generator.next();
        generator.state = generator.state.wrapping_add(seed);
        generator.next();
        generator
    }

    /// `pcg32_random_r`.
    pub fn next(&mut self) -> u32 {
        let old = self.state;
        self.state = old.wrapping_mul(MULTIPLIER).wrapping_add(self.increment);
        ((((old >> 18) ^ old) >> 27) as u32).rotate_right((old >> 59) as u32)
    }

    /// `pcg32_boundedrand_r`: 0 to `bound - 1`, each equally likely; `bound` must not be 0.
    pub fn below(&mut self, bound: u32) -> u32 {
        let threshold = bound.wrapping_neg() % bound;
        loop {
            let drawn = self.next();
            if drawn >= threshold {
                return drawn % bound;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_the_published_numbers() {
        // pcg-c-basic, demonstration with seed 42 and stream 54, round 1.
        let mut generator = Pcg32::new(42);
        let drawn: Vec<u32> = (0..6).map(|_| generator.next()).collect();
        assert_eq!(drawn, [0xa15c_02b7, 0x7b47_f409, 0xba1d_3330, 0x83d2_f293, 0xbfa4_784b, 0xcbed_606e]);
    }

    #[test]
    fn stays_below_its_bound_and_reaches_everything() {
        let mut generator = Pcg32::new(0);
        let mut seen = [0; 7];
        for _ in 0..1000 {
            seen[generator.below(7) as usize] += 1;
        }
        assert!(seen.iter().all(|&n| n > 90), "{seen:?}");
        assert_eq!(generator.below(1), 0);
    }
}
