// SPDX-License-Identifier: MPL-2.0

//! Squared differences and the sums that a luma fit needs.

use super::samples::Samples;

/// The squared difference of two components over rows, in units of the compared samples.
///
/// `same`: samples are compared as they are stored, and the result is exact.
#[inline(always)]
pub(super) fn sse(pair: [&Samples<'_>; 2], same: bool, rows: std::ops::Range<usize>, scratch: &mut Scratch) -> f64 {
    let width = pair[0].width();
    let mut total = 0.0;
    for y in rows {
        total += if same {
            exact(pair, width, y, scratch) as f64
        } else {
            let [a, b] = scratch.real(width);
            pair[0].load(y, a);
            pair[1].load(y, b);
            a.iter().zip(&*b).map(|(a, b)| f64::from(a - b) * f64::from(a - b)).sum()
        };
    }
    total
}

/// Rows that had to be taken out of a packed picture.
#[derive(Default)]
pub(super) struct Scratch {
    real: [Vec<f32>; 2],
    whole: [Vec<u16>; 2],
}

impl Scratch {
    fn real(&mut self, width: usize) -> [&mut [f32]; 2] {
        self.real.each_mut().map(|row| {
            row.resize(width, 0.0);
            row.as_mut_slice()
        })
    }

    fn whole(&mut self, width: usize) -> [&mut [u16]; 2] {
        self.whole.each_mut().map(|row| {
            row.resize(width, 0);
            row.as_mut_slice()
        })
    }
}

/// A row's squared differences.
#[inline(always)]
fn exact(pair: [&Samples<'_>; 2], width: usize, y: usize, scratch: &mut Scratch) -> u64 {
    if let [Some(a), Some(b)] = pair.map(|samples| samples.bytes(y)) {
        return bytes(a, b);
    }
    let [a, b] = scratch.whole(width);
    pair[0].whole(y, a);
    pair[1].whole(y, b);
    if pair[0].depth() <= 12 {
        // 128 squares of 12 bits sum to less than 2³².
        let sum = |a: &[u16], b: &[u16]| a.iter().zip(b).map(|(a, b)| square(*a, *b)).sum::<u32>();
        return a.chunks(128).zip(b.chunks(128)).map(|(a, b)| u64::from(sum(a, b))).sum();
    }
    a.iter().zip(&*b).map(|(a, b)| u64::from(square(*a, *b))).sum()
}

#[inline(always)]
fn square(a: u16, b: u16) -> u32 {
    let difference = u32::from(a.abs_diff(b));
    difference * difference
}

/// The squared differences of two rows of bytes.
#[inline(always)]
pub(super) fn bytes(a: &[u8], b: &[u8]) -> u64 {
    let mut total = 0;
    // 2¹⁵ squares of 8 bits sum to less than 2³¹.
    for (a, b) in a.chunks(1 << 15).zip(b.chunks(1 << 15)) {
        let mut sum = 0i32;
        for (a, b) in a.iter().zip(b) {
            let difference = i16::from(*a) - i16::from(*b);
            sum += i32::from(difference) * i32::from(difference);
        }
        total += u64::from(sum.unsigned_abs());
    }
    total
}

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
    /// Of two rows, less `start` each.
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

    /// Of two rows of bytes as they are, exact.
    #[inline(always)]
    pub fn of_bytes(a: &[u8], b: &[u8]) -> Self {
        let mut sums = Self::default();
        // 2¹⁵ products of 8 bits sum to less than 2³¹.
        for (a, b) in a.chunks(1 << 15).zip(b.chunks(1 << 15)) {
            let (mut first, mut second, mut aa, mut ab, mut sse) = (0u32, 0u32, 0i32, 0i32, 0i32);
            for (a, b) in a.iter().zip(b) {
                first += u32::from(*a);
                second += u32::from(*b);
                let (a, b) = (i16::from(*a), i16::from(*b));
                let difference = a - b;
                aa += i32::from(a) * i32::from(a);
                ab += i32::from(a) * i32::from(b);
                sse += i32::from(difference) * i32::from(difference);
            }
            sums.a += f64::from(first);
            sums.b += f64::from(second);
            sums.aa += f64::from(aa);
            sums.ab += f64::from(ab);
            sums.sse += f64::from(sse);
        }
        sums
    }

    /// The least-squares line b = gain · a + offset through `count` pairs; none when all a are the same.
    pub fn line(&self, count: f64) -> Option<(f64, f64)> {
        let spread = count * self.aa - self.a * self.a;
        // Equal samples leave nothing here, or what f64 rounds off.
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
