// SPDX-License-Identifier: MPL-2.0

//! The sums for the luma fit.

use pulp::bytemuck::cast;

use super::words::Place;
use crate::simd::{LANES, SimdLevel};

/// Sums over pairs of luma samples.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct FitSums {
    pub a: f64,
    pub b: f64,
    pub aa: f64,
    pub ab: f64,
    /// Of (a − b)²; 0 only for equal pictures.
    pub sse: f64,
}

impl FitSums {
    /// Of two rows, with `start` subtracted from each sample.
    #[inline(always)]
    pub fn of(a: &[f32], b: &[f32], start: f32) -> Self {
        const WIDE: usize = 8;
        let mut sums = [[0.0f64; WIDE]; 5];
        let (blocks, rest) = a.as_chunks::<WIDE>();
        let (other, other_rest) = b.as_chunks::<WIDE>();
        for (a, b) in blocks.iter().zip(other) {
            for lane in 0..WIDE {
                add(&mut sums, lane, a[lane] - start, b[lane] - start);
            }
        }
        for (lane, (a, b)) in rest.iter().zip(other_rest).enumerate() {
            add(&mut sums, lane, a - start, b - start);
        }
        let [a, b, aa, ab, sse] = sums.map(|lanes| lanes.iter().sum());
        Self { a, b, aa, ab, sse }
    }

    /// Of two rows of bytes, unchanged and exact.
    #[inline(always)]
    pub fn of_bytes<L: SimdLevel>(level: L, a: &[u8], b: &[u8]) -> Self {
        let (blocks, rest) = a.as_chunks::<{ 4 * LANES }>();
        let (others, other_rest) = b.as_chunks::<{ 4 * LANES }>();
        let mut sums = Self::of_few(rest, other_rest);
        // In half a lane, 2⁷ times two bytes sum to less than 2¹⁶.
        for (blocks, others) in blocks.chunks(1 << 7).zip(others.chunks(1 << 7)) {
            let mut products = Products::new(level);
            let [mut first, mut second] = [[0u32; LANES]; 2];
            for (a, b) in blocks.iter().zip(others) {
                let (a, b): ([u32; LANES], [u32; LANES]) = (cast(*a), cast(*b));
                let [mut even_a, mut even_b, mut odd_a, mut odd_b] = [[0u32; LANES]; 4];
                for lane in 0..LANES {
                    (even_a[lane], even_b[lane]) = (a[lane] & 0xff_00ff, b[lane] & 0xff_00ff);
                    (odd_a[lane], odd_b[lane]) = (a[lane] >> 8 & 0xff_00ff, b[lane] >> 8 & 0xff_00ff);
                    first[lane] += even_a[lane] + odd_a[lane];
                    second[lane] += even_b[lane] + odd_b[lane];
                }
                products.add(level, &cast(even_a), &cast(even_b));
                products.add(level, &cast(odd_a), &cast(odd_b));
            }
            sums += products.sums(level, [halves(first), halves(second)]);
        }
        sums
    }

    /// Of two rows of samples of up to 12 bits, two bytes each, unchanged and exact.
    #[inline(always)]
    pub fn of_words<L: SimdLevel>(level: L, a: &[[u8; 2]], b: &[[u8; 2]], places: [Place; 2]) -> Self {
        let (blocks, rest) = a.as_chunks::<{ 2 * LANES }>();
        let (others, other_rest) = b.as_chunks::<{ 2 * LANES }>();
        let mut sums = Self::default();
        // 2⁶ times two products of 12 bits sum to less than 2³¹.
        for (blocks, others) in blocks.chunks(1 << 6).zip(others.chunks(1 << 6)) {
            let mut products = Products::new(level);
            let [mut first, mut second] = [level.sums(0); 2];
            for (a, b) in blocks.iter().zip(others) {
                let (a, b) = (places[0].pairs(a), places[1].pairs(b));
                first = level.dot(&a, 1 << 16 | 1, first);
                second = level.dot(&b, 1 << 16 | 1, second);
                products.add(level, &a, &b);
            }
            sums += products.sums(level, [first, second].map(|sums| total(level.lanes(sums))));
        }
        let [a, b] = [(rest, places[0]), (other_rest, places[1])].map(|(rest, place)| {
            let mut samples = [0u16; 2 * LANES];
            samples.iter_mut().zip(rest).for_each(|(out, sample)| *out = place.sample(*sample));
            samples
        });
        sums += Self::of_few(&a[..rest.len()], &b[..rest.len()]);
        sums
    }

    /// Of a few samples, exact.
    #[inline(always)]
    pub fn of_few<S: Copy + Into<i64>>(a: &[S], b: &[S]) -> Self {
        let [mut first, mut second, mut aa, mut ab, mut sse] = [0i64; 5];
        for (a, b) in a.iter().zip(b) {
            let (a, b): (i64, i64) = ((*a).into(), (*b).into());
            first += a;
            second += b;
            aa += a * a;
            ab += a * b;
            sse += (a - b) * (a - b);
        }
        Self { a: first as f64, b: second as f64, aa: aa as f64, ab: ab as f64, sse: sse as f64 }
    }

    /// Of the samples multiplied by `factor`.
    pub fn scaled(self, factor: f64) -> Self {
        let square = factor * factor;
        Self {
            a: self.a * factor,
            b: self.b * factor,
            aa: self.aa * square,
            ab: self.ab * square,
            sse: self.sse * square,
        }
    }

    /// The least-squares line b = gain · a + offset through `count` pairs; `None` if all a are the same.
    pub fn line(&self, count: f64) -> Option<(f64, f64)> {
        let spread = count * self.aa - self.a * self.a;
        // Equal samples leave 0 here, or a rounding error of f64.
        if spread <= 1e-13 * count * self.aa {
            return None;
        }
        let gain = (count * self.ab - self.a * self.b) / spread;
        Some((gain, (self.b - gain * self.a) / count))
    }
}

#[inline(always)]
fn add<const N: usize>(sums: &mut [[f64; N]; 5], lane: usize, a: f32, b: f32) {
    let (a, b) = (f64::from(a), f64::from(b));
    sums[0][lane] += a;
    sums[1][lane] += b;
    sums[2][lane] += a * a;
    sums[3][lane] += a * b;
    sums[4][lane] += (a - b) * (a - b);
}

impl std::ops::AddAssign for FitSums {
    fn add_assign(&mut self, other: Self) {
        self.a += other.a;
        self.b += other.b;
        self.aa += other.aa;
        self.ab += other.ab;
        self.sse += other.sse;
    }
}

/// Sums of a², b² and ab over pairs of 16-bit numbers.
struct Products<L: SimdLevel> {
    aa: L::Sums,
    bb: L::Sums,
    ab: L::Sums,
}

impl<L: SimdLevel> Products<L> {
    #[inline(always)]
    fn new(level: L) -> Self {
        Self { aa: level.sums(0), bb: level.sums(0), ab: level.sums(0) }
    }

    #[inline(always)]
    fn add(&mut self, level: L, a: &[i32; LANES], b: &[i32; LANES]) {
        self.aa = level.dot_pairs(a, a, self.aa);
        self.bb = level.dot_pairs(b, b, self.bb);
        self.ab = level.dot_pairs(a, b, self.ab);
    }

    /// Combines them with the sums of a and b.
    #[inline(always)]
    fn sums(self, level: L, [a, b]: [i64; 2]) -> FitSums {
        let [aa, bb, ab] = [self.aa, self.bb, self.ab].map(|sums| total(level.lanes(sums)));
        FitSums { a: a as f64, b: b as f64, aa: aa as f64, ab: ab as f64, sse: (aa + bb - 2 * ab) as f64 }
    }
}

#[inline(always)]
fn total(lanes: [i32; LANES]) -> i64 {
    let mut sum = 0;
    for lane in lanes {
        sum += i64::from(lane);
    }
    sum
}

/// The sum of 16-bit numbers, two per lane.
#[inline(always)]
fn halves(lanes: [u32; LANES]) -> i64 {
    let mut sum = 0;
    for lane in lanes {
        sum += i64::from(lane & 0xffff) + i64::from(lane >> 16);
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::{Kernel, Level};

    /// Samples of that many bits, including the greatest.
    fn samples(count: usize, depth: u32, seed: u32) -> Vec<u16> {
        let mut state = seed;
        let mut random = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state >> 16
        };
        let most = (1u32 << depth) - 1;
        (0..count).map(|i| if i % 3 > 0 { most } else { random() & most } as u16).collect()
    }

    struct Sums<'a>(&'a [u16], &'a [u16], Place);

    impl Kernel for Sums<'_> {
        type Output = FitSums;

        #[inline(always)]
        fn run<L: SimdLevel>(self, level: L) -> FitSums {
            let Self(a, b, place) = self;
            if place.depth == 8 {
                let [a, b] = [a, b].map(|row| row.iter().map(|sample| *sample as u8).collect::<Vec<_>>());
                return FitSums::of_bytes(level, &a, &b);
            }
            let [a, b] =
                [a, b].map(|row| row.iter().map(|sample| (sample << place.shift).to_le_bytes()).collect::<Vec<_>>());
            FitSums::of_words(level, &a, &b, [place; 2])
        }
    }

    #[test]
    fn are_exact_at_every_level_and_length() {
        for (depth, shift) in [(8, 0), (10, 0), (10, 6), (12, 0), (12, 4)] {
            for count in [0, 1, 31, 64, 1000, 8192, 8193, 20_001] {
                let (a, b) = (samples(count, depth, 1), samples(count, depth, 2));
                let expected = FitSums::of_few(&a, &b);
                for level in Level::all() {
                    let found = level.run_whole(Sums(&a, &b, Place { shift, depth }));
                    assert_eq!(found, expected, "{count} of {depth} bits, {}", level.name());
                }
            }
        }
    }
}
