// SPDX-License-Identifier: MPL-2.0

//! The values of one field over a whole stream.

use super::FieldRange;
use super::histogram::Histogram;
use super::sum::Sum;

/// The running pool of one field: of fixed size (160 kB once it has a value), whatever the number of values.
///
/// A pool of [`decibels`](Self::decibels) also has the value of the mean error: in a mean of decibels, a few very good
/// values hide bad ones; in the mean of the errors they do not.
///
/// Count, mean, harmonic mean and extremes are exact. Percentiles are by nearest rank from a histogram of 10,000 bins
/// over the field's range, and are the mean of their bin: off by less than a bin's width (0.01 of a score, or of a dB),
/// and exact if a bin received only one distinct value.
#[derive(Debug, Clone)]
pub struct Pool {
    count: u64,
    sum: Sum,
    /// The sum of 1 / (x + 1).
    inverse: Sum,
    /// The sum of 10^(−x / 10), if values are decibels.
    error: Option<Sum>,
    /// Whether x + 1 was positive for every value; otherwise a harmonic mean is meaningless.
    positive: bool,
    min: f64,
    max: f64,
    histogram: Option<Histogram>,
}

/// The statistics of a [`Pool`]. Values that do not exist are `None`, never NaN.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Statistics {
    /// The number of values; at least one.
    pub count: u64,
    /// The arithmetic mean.
    pub mean: f64,
    /// n / Σ(1 / (x + 1)) − 1, as in libvmaf; `None` if a value was −1 or less.
    pub harmonic_mean: Option<f64>,
    /// The 50th percentile by nearest rank; `None`, like all percentiles, if the pool has no range.
    pub median: Option<f64>,
    /// The smallest value.
    pub min: f64,
    /// The largest value.
    pub max: f64,
    /// The 1st percentile: one value in a hundred is not above it.
    pub p1: Option<f64>,
    /// The 5th percentile.
    pub p5: Option<f64>,
    /// The 10th percentile.
    pub p10: Option<f64>,
    /// For decibels: the value of the mean error, −10 log₁₀ of the mean of 10^(−x / 10). For PSNR this is the PSNR of
    /// the mean of the mean squared errors, which ffmpeg prints as `average`. `None` for other fields.
    pub of_mean_error: Option<f64>,
}

impl Statistics {
    /// The names of all statistics except the count, in the order of [`named`](Self::named).
    pub const NAMES: [&str; 9] = ["mean", "harmonic-mean", "median", "min", "max", "p1", "p5", "p10", "of-mean-error"];

    /// The available statistics, under the names of logs and messages, without the count.
    pub fn named(&self) -> impl Iterator<Item = (&'static str, f64)> + use<> {
        let Self { mean, harmonic_mean, median, min, max, p1, p5, p10, of_mean_error, .. } = *self;
        let values = [Some(mean), harmonic_mean, median, Some(min), Some(max), p1, p5, p10, of_mean_error];
        Self::NAMES.into_iter().zip(values).filter_map(|(name, value)| Some((name, value?)))
    }
}

impl Pool {
    /// An empty pool of a field with that range.
    #[must_use]
    pub fn new(range: FieldRange) -> Self {
        Self { histogram: Some(Histogram::new(range)), ..Self::unranged() }
    }

    /// An empty pool of a field with that range whose values are decibels of an error: it also has the value of the
    /// mean error.
    #[must_use]
    pub fn decibels(range: FieldRange) -> Self {
        Self { error: Some(Sum::default()), ..Self::new(range) }
    }

    /// An empty pool of a field without a fixed range: it has no percentiles.
    #[must_use]
    pub fn unranged() -> Self {
        Self {
            count: 0,
            sum: Sum::default(),
            inverse: Sum::default(),
            error: None,
            positive: true,
            min: f64::INFINITY,
            max: f64::NEG_INFINITY,
            histogram: None,
        }
    }

    /// Adds a value, in the field's unit. NaN and infinities are ignored.
    pub fn push(&mut self, value: f64) {
        self.push_cut(value, f64::INFINITY);
    }

    /// The same for a value that counts as at most `most`. The mean error uses the value before it is limited.
    pub fn push_cut(&mut self, value: f64, most: f64) {
        if !value.is_finite() {
            return;
        }
        if let Some(error) = &mut self.error {
            error.add(10f64.powf(value / -10.0));
        }
        let value = value.min(most);
        self.count += 1;
        self.sum.add(value);
        if value > -1.0 {
            self.inverse.add((value + 1.0).recip());
        } else {
            self.positive = false;
        }
        self.min = self.min.min(value);
        self.max = self.max.max(value);
        if let Some(histogram) = &mut self.histogram {
            histogram.push(value);
        }
    }

    /// The number of values.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The arithmetic mean; `None` without values.
    #[must_use]
    pub fn mean(&self) -> Option<f64> {
        // Rounding must not move the mean of equal values away from them.
        (self.count > 0).then(|| (self.sum.total() / self.count as f64).clamp(self.min, self.max))
    }

    /// The smallest value; `None` without values.
    #[must_use]
    pub fn min(&self) -> Option<f64> {
        (self.count > 0).then_some(self.min)
    }

    /// The largest value; `None` without values.
    #[must_use]
    pub fn max(&self) -> Option<f64> {
        (self.count > 0).then_some(self.max)
    }

    /// The value at the nearest rank ⌈`percent` / 100 · n⌉, `percent` from 0 to 100; `None` without values or range.
    #[must_use]
    pub fn percentile(&self, percent: f64) -> Option<f64> {
        let value = self.histogram.as_ref()?.percentile(percent)?;
        Some(value.max(self.min).min(self.max))
    }

    /// −10 log₁₀ of the mean of 10^(−x / 10); `None` without values, or if they are not decibels.
    #[must_use]
    pub fn of_mean_error(&self) -> Option<f64> {
        let error = self.error.filter(|_| self.count > 0)?;
        Some(-10.0 * (error.total() / self.count as f64).log10())
    }

    /// All statistics; `None` without values.
    #[must_use]
    pub fn statistics(&self) -> Option<Statistics> {
        let count = self.count as f64;
        let harmonic_mean =
            self.positive.then(|| (count / self.inverse.total() - 1.0).clamp(self.min.min(self.max), self.max));
        Some(Statistics {
            count: self.count,
            mean: self.mean()?,
            harmonic_mean,
            median: self.percentile(50.0),
            min: self.min,
            max: self.max,
            p1: self.percentile(1.0),
            p5: self.percentile(5.0),
            p10: self.percentile(10.0),
            of_mean_error: self.of_mean_error(),
        })
    }

    /// Clears all values and keeps the memory.
    pub fn clear(&mut self) {
        let mut histogram = self.histogram.take();
        if let Some(histogram) = &mut histogram {
            histogram.clear();
        }
        let error = self.error.map(|_| Sum::default());
        *self = Self { histogram, error, ..Self::unranged() };
    }
}

#[cfg(test)]
mod tests {
    use super::{FieldRange, Pool};

    /// Uniform in 0..1, the same in every run (Knuth's MMIX constants).
    fn noise(seed: u64) -> impl Iterator<Item = f64> {
        let mut state = seed;
        std::iter::repeat_with(move || {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (state >> 11) as f64 / (1u64 << 53) as f64
        })
    }

    fn nearest_rank(values: &[f64], percent: usize) -> f64 {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        sorted[(percent * sorted.len()).div_ceil(100).max(1) - 1]
    }

    fn pool(range: FieldRange, values: &[f64]) -> Pool {
        let mut pool = Pool::new(range);
        values.iter().for_each(|&value| pool.push(value));
        pool
    }

    #[test]
    fn percentiles_agree_with_sorting() {
        for (range, seed) in [(FieldRange::SCORE, 1), (FieldRange::new(-1.0, 1.0), 2), (FieldRange::TIME, 3)] {
            let width = (range.high - range.low) / 10_000.0;
            for length in [1, 2, 19, 20, 21, 99, 100, 101, 1000, 50_000] {
                let values: Vec<_> =
                    noise(seed).take(length).map(|x| range.low + x * x * (range.high - range.low)).collect();
                let pool = pool(range, &values);
                for percent in [0, 1, 5, 10, 50, 90, 99, 100] {
                    let expected = nearest_rank(&values, percent);
                    let given = pool.percentile(percent as f64).expect("values");
                    assert!((given - expected).abs() < width, "{range:?} n={length} p{percent}: {given} {expected}");
                }
            }
        }
    }

    #[test]
    fn few_values_come_back_exactly() {
        let values: Vec<_> = (0..=40).map(|i| f64::from(i) * 2.5).collect();
        let summary = pool(FieldRange::SCORE, &values).statistics().expect("values");
        // ⌈0.01 · 41⌉ = 1, ⌈0.05 · 41⌉ = 3, ⌈0.1 · 41⌉ = 5, ⌈0.5 · 41⌉ = 21
        assert_eq!(summary.p1, Some(0.0));
        assert_eq!(summary.p5, Some(5.0));
        assert_eq!(summary.p10, Some(10.0));
        assert_eq!(summary.median, Some(50.0));
        assert_eq!((summary.min, summary.max, summary.mean, summary.count), (0.0, 100.0, 50.0, 41));
    }

    #[test]
    fn the_ends_of_the_range_and_what_lies_beyond() {
        let all_best = pool(FieldRange::SCORE, &[100.0; 7]).statistics().expect("values");
        assert_eq!((all_best.median, all_best.p1, all_best.mean), (Some(100.0), Some(100.0), 100.0));
        let beyond = pool(FieldRange::SCORE, &[-3.0, 50.0, 250.0]);
        assert_eq!(beyond.percentile(1.0), Some(-3.0));
        assert_eq!(beyond.percentile(50.0), Some(50.0));
        assert_eq!(beyond.percentile(100.0), Some(250.0));
        assert_eq!((beyond.min(), beyond.max(), beyond.mean()), (Some(-3.0), Some(250.0), Some(99.0)));
    }

    #[test]
    fn harmonic_mean_is_libvmafs() {
        let summary = pool(FieldRange::SCORE, &[0.0, 1.0, 3.0]).statistics().expect("values");
        let expected = 3.0 / (1.0 + 0.5 + 0.25) - 1.0;
        assert!((summary.harmonic_mean.expect("positive") - expected).abs() < 1e-12);
        assert_eq!(pool(FieldRange::new(-1.0, 1.0), &[0.5, -1.0]).statistics().expect("values").harmonic_mean, None);
    }

    #[test]
    fn nothing_in_nothing_out() {
        let mut pool = Pool::new(FieldRange::SCORE);
        pool.push(f64::NAN);
        pool.push(f64::INFINITY);
        assert_eq!((pool.count(), pool.statistics(), pool.percentile(5.0), pool.mean()), (0, None, None, None));
        pool.push(3.0);
        pool.clear();
        assert_eq!((pool.count(), pool.statistics(), pool.percentile(5.0), pool.min()), (0, None, None, None));
        pool.push(9.0);
        assert_eq!(pool.statistics().expect("a value").median, Some(9.0));
    }

    #[test]
    fn without_a_range_there_are_no_percentiles() {
        let mut pool = Pool::unranged();
        [-7.0, 9.0].iter().for_each(|&value| pool.push(value));
        let names: Vec<_> = pool.statistics().expect("values").named().collect();
        assert_eq!(names, [("mean", 1.0), ("min", -7.0), ("max", 9.0)]);
    }

    #[test]
    fn the_mean_error_of_decibels_is_that_of_the_errors() {
        let mut pool = Pool::decibels(FieldRange::SCORE);
        // Errors of 1e-2, 1e-4 and, by the greatest value of the field, 1e-10.
        for value in [20.0, 40.0, 100.0] {
            pool.push_cut(value, 60.0);
        }
        let found = pool.statistics().expect("values");
        let expected = -10.0 * ((1e-2 + 1e-4 + 1e-10) / 3.0f64).log10();
        assert!((found.of_mean_error.expect("decibels") - expected).abs() < 1e-12, "{found:?}");
        assert_eq!((found.mean, found.max), (40.0, 60.0), "the values are cut");
        pool.clear();
        assert_eq!(pool.of_mean_error(), None);
        pool.push(30.0);
        assert!((pool.of_mean_error().expect("a value") - 30.0).abs() < 1e-12);
        assert_eq!(self::pool(FieldRange::SCORE, &[30.0]).of_mean_error(), None);
    }

    #[test]
    fn millions_of_values_cost_no_precision() {
        // 0.1 has no exact binary form: a plain sum of 5 million is off in the eighth digit.
        let mut pool = Pool::new(FieldRange::SCORE);
        let mut plain = 0.0;
        for _ in 0..5_000_000 {
            pool.push(0.1);
            plain += 0.1;
        }
        assert!((pool.sum.total() - 5e5).abs() < 1e-9 && (plain - 5e5_f64).abs() > 1e-7);
        assert_eq!(pool.mean(), Some(0.1));
        assert_eq!(pool.percentile(50.0), Some(0.1));
    }
}
