// SPDX-License-Identifier: MPL-2.0

//! The mean over the pixels with the strongest banding.

use crate::metrics::workers::Workers;

/// One less than the bits of 0.5, which is the least contrast other than 0.
const LEAST: u32 = 0x3eff_ffff;
/// Low bits that are ignored in the first search.
const COARSE: u32 = 14;
/// Number of bins, for contrasts up to 2¹⁶, which none reaches.
const PLACES: usize = ((0x4780_0000 - LEAST) >> COARSE) as usize;

/// The mean of the `count` greatest numbers; missing ones count as 0. Numbers must not be negative.
pub fn mean_of_greatest(workers: &Workers, parts: &[Vec<f32>], count: usize) -> f64 {
    let numbers = parts.iter().map(Vec::len).sum::<usize>();
    let sum = |limit: f32| -> f64 {
        workers.each(parts.len(), numbers, |part, _| sum_above(&parts[part], limit)).into_iter().sum()
    };
    if numbers <= count {
        return sum(0.0) / count as f64;
    }
    // Non-negative floats are ordered like their bits: search the upper bits first, then the lower ones.
    let upper = |bits: u32| ((bits >> COARSE) as usize).min(PLACES - 1);
    let (place, above) = find(&counts(workers, parts, PLACES, |bits| Some(upper(bits))), count);
    let lower = |bits: u32| (upper(bits) == place).then_some((bits & ((1 << COARSE) - 1)) as usize);
    let (rest, within) = find(&counts(workers, parts, 1 << COARSE, lower), count - above);
    let limit = match place | rest {
        0 => 0.0,
        _ => f32::from_bits(LEAST + ((place as u32) << COARSE) + rest as u32),
    };
    let equal = count - above - within;
    (sum(limit) + equal as f64 * f64::from(limit)) / count as f64
}

/// Counts the numbers in each bin; `place` maps the bits above [`LEAST`] to a bin.
fn counts(
    workers: &Workers,
    parts: &[Vec<f32>],
    places: usize,
    place: impl Fn(u32) -> Option<usize> + Sync,
) -> Vec<usize> {
    let numbers = parts.iter().map(Vec::len).sum();
    let counted = workers.each(parts.len(), numbers, |part, _| {
        let mut counts = vec![0u32; places];
        for number in &parts[part] {
            if let Some(place) = place(number.to_bits().saturating_sub(LEAST)) {
                counts[place] += 1;
            }
        }
        counts
    });
    let mut all = vec![0; places];
    for counts in counted {
        all.iter_mut().zip(counts).for_each(|(all, count)| *all += count as usize);
    }
    all
}

/// The bin of the `count`-th greatest number, and how many numbers are in greater bins.
fn find(counts: &[usize], count: usize) -> (usize, usize) {
    let mut above = 0;
    for (place, here) in counts.iter().enumerate().rev() {
        if above + here >= count {
            return (place, above);
        }
        above += here;
    }
    (0, above)
}

/// The sum of the numbers above a limit, in the same order at every level.
fn sum_above(numbers: &[f32], limit: f32) -> f64 {
    let mut sums = [0.0f64; 8];
    let (whole, rest) = numbers.as_chunks::<8>();
    for numbers in whole {
        for (sum, number) in sums.iter_mut().zip(numbers) {
            *sum += if *number > limit { f64::from(*number) } else { 0.0 };
        }
    }
    let rest: f64 = rest.iter().filter(|number| **number > limit).map(|number| f64::from(*number)).sum();
    sums.iter().sum::<f64>() + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Compared with sorting. Contrasts are 0, or at least 0.5.
    #[test]
    fn the_greatest_are_those_of_a_sorted_list() {
        let mut state = 1u32;
        let mut random = |n: u32| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) % n
        };
        for (parts, range) in [(1, 5), (3, 1 << 16), (4, 40)] {
            let parts: Vec<Vec<f32>> =
                (0..parts).map(|_| (0..500).map(|_| random(range) as f32 * 0.5).collect()).collect();
            let mut sorted: Vec<_> = parts.concat();
            sorted.sort_unstable_by(|a, b| b.total_cmp(a));
            for count in [1, 2, 499, 500, 501, 1499, 1500, 4000] {
                let expected = sorted.iter().take(count).map(|n| f64::from(*n)).sum::<f64>() / count as f64;
                for threads in [1, 2] {
                    let found = mean_of_greatest(&Workers::new(threads), &parts, count);
                    assert!((found - expected).abs() <= 1e-9 * expected, "{count}: {found}, not {expected}");
                }
            }
        }
    }
}
