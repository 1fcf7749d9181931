// SPDX-License-Identifier: MPL-2.0

//! Squared differences.

use super::samples::Samples;

/// The sum of squared differences of two components over rows, in units of the compared samples.
///
/// `same`: samples are compared as stored, and the result is exact.
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

/// Rows that had to be copied from a packed picture.
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

/// The squared differences of a row.
#[inline(always)]
fn exact(pair: [&Samples<'_>; 2], width: usize, y: usize, scratch: &mut Scratch) -> u64 {
    if let [Some(a), Some(b)] = pair.map(|samples| samples.bytes(y)) {
        return bytes(a, b);
    }
    let [a, b] = scratch.whole(width);
    pair[0].whole(y, a);
    pair[1].whole(y, b);
    if pair[0].depth() <= 12 {
        return words(a, b);
    }
    a.iter().zip(&*b).map(|(a, b)| u64::from(square(*a, *b))).sum()
}

/// The squared differences of two rows of samples of up to 12 bits.
#[inline(always)]
fn words(a: &[u16], b: &[u16]) -> u64 {
    let mut total = 0;
    // 128 squares of 12 bits sum to less than 2³¹.
    for (a, b) in a.chunks(128).zip(b.chunks(128)) {
        let mut sum = 0i32;
        for (a, b) in a.iter().zip(b) {
            let difference = *a as i16 - *b as i16;
            sum += i32::from(difference) * i32::from(difference);
        }
        total += u64::from(sum.unsigned_abs());
    }
    total
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
