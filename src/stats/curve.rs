// SPDX-License-Identifier: MPL-2.0

//! A long curve reduced to a few points.

/// A point of a reduced curve.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CurvePoint {
    /// Seconds.
    pub time: f64,
    /// `None` if the curve is interrupted here.
    pub value: Option<f32>,
}

/// A curve of at most `points` points that looks like the complete one: for each of equal intervals it has the smallest
/// and the largest value, and a point without value where frames between two of its points have none.
///
/// `times` are in seconds and must not decrease; a value that is not finite counts as none. Neighbors more than
/// `longest_step` seconds apart are not connected either. A curve that is short enough is returned unchanged. The
/// shorter of `times` and `values` determines the length.
#[must_use]
pub fn reduce(times: &[f64], values: &[f32], longest_step: f64, points: usize) -> Vec<CurvePoint> {
    let mut whole = Vec::new();
    for (&time, &value) in times.iter().zip(values) {
        let value = value.is_finite().then_some(value);
        let before = whole.last().copied();
        if let Some(CurvePoint { time: before, value: Some(_) }) = before
            && value.is_some()
            && time - before > longest_step
        {
            whole.push(CurvePoint { time: before.midpoint(time), value: None });
        }
        // One point stands for several consecutive frames without value.
        if value.is_some() || before.is_none_or(|before| before.value.is_some()) {
            whole.push(CurvePoint { time, value });
        }
    }
    let (Some(first), Some(last)) = (whole.first(), whole.last()) else { return whole };
    if whole.len() <= points {
        return whole;
    }
    let (start, span) = (first.time, last.time - first.time);
    // The smallest, the largest and an interruption.
    let buckets = (points / 3).max(1);
    let bucket = |time: f64| (((time - start) / span * buckets as f64) as usize).min(buckets - 1);
    let mut reduced = Vec::with_capacity(points);
    for part in whole.chunk_by(|a, b| bucket(a.time) == bucket(b.time)) {
        let valued = || part.iter().enumerate().filter_map(|(index, point)| Some((index, point.value?)));
        let least = valued().min_by(|a, b| a.1.total_cmp(&b.1));
        let greatest = valued().max_by(|a, b| a.1.total_cmp(&b.1));
        let gap = part.iter().position(|point| point.value.is_none());
        let mut kept: Vec<_> = [least.map(|l| l.0), greatest.map(|g| g.0), gap].into_iter().flatten().collect();
        kept.sort_unstable();
        kept.dedup();
        reduced.extend(kept.into_iter().filter_map(|index| part.get(index)));
    }
    reduced
}

/// The longest step between two frames that is not an interruption, in seconds: two and a half times the median step,
/// or a frame of `source_interval` seconds, whichever is longer. Infinite with fewer than three frames or without
/// `source_interval`, since frames may then have any length.
#[must_use]
pub fn longest_step(times: &[f64], source_interval: Option<f64>) -> f64 {
    let mut steps: Vec<_> =
        times.iter().zip(times.iter().skip(1)).map(|(a, b)| b - a).filter(|step| *step > 0.0).collect();
    let middle = steps.len() / 2;
    let (Some(interval), true) = (source_interval, steps.len() > 1) else { return f64::INFINITY };
    let (_, median, _) = steps.select_nth_unstable_by(middle, f64::total_cmp);
    2.5 * median.max(interval)
}

/// A part of a curve.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stretch {
    /// Seconds.
    pub start: f64,
    /// Seconds.
    pub end: f64,
    /// The smallest value; `None` if no frame has one.
    pub min: Option<f64>,
    /// The mean of its values.
    pub mean: Option<f64>,
    /// Frames without a value.
    pub without: usize,
}

/// The curve in `count` parts of equal length from `start` to `end` (seconds), for a table. Frames outside are ignored.
#[must_use]
pub fn stretches(times: &[f64], values: &[f32], start: f64, end: f64, count: usize) -> Vec<Stretch> {
    let length = (end - start) / count as f64;
    let frames = || times.iter().copied().zip(values.iter().map(|value| f64::from(*value)));
    let stretch = |index: usize| {
        let (from, last) = (start + length * index as f64, index + 1 == count);
        let to = if last { end } else { start + length * (index + 1) as f64 };
        // Times are in ascending order.
        let first = times.partition_point(|time| *time < from);
        let inside = frames().skip(first).take_while(|(time, _)| *time < to || last && *time <= to);
        let (mut min, mut sum, mut valued, mut without) = (f64::INFINITY, 0.0, 0usize, 0);
        for (_, value) in inside {
            if value.is_finite() {
                (min, sum, valued) = (min.min(value), sum + value, valued + 1);
            } else {
                without += 1;
            }
        }
        let some = valued > 0;
        Stretch { start: from, end: to, min: some.then_some(min), mean: some.then(|| sum / valued as f64), without }
    };
    (0..count).map(stretch).collect()
}

#[cfg(test)]
mod tests {
    use super::{CurvePoint, longest_step, reduce, stretches};

    fn times(frames: usize) -> Vec<f64> {
        (0..frames).map(|frame| frame as f64 * 0.04).collect()
    }

    #[test]
    fn a_short_curve_comes_back_whole() {
        let values = [3.0, f32::NAN, f32::NAN, 5.0];
        let reduced = reduce(&times(4), &values, f64::INFINITY, 4000);
        let found: Vec<_> = reduced.iter().map(|point| point.value).collect();
        assert_eq!(found, [Some(3.0), None, Some(5.0)], "one point stands for a run without values");
        assert_eq!(reduced[2].time, 0.12);
    }

    #[test]
    fn two_hours_keep_each_dip_peak_and_gap() {
        let frames = 180_000;
        let mut values: Vec<_> = (0..frames).map(|frame| 90.0 + (frame as f32 * 0.01).sin()).collect();
        values[70_001] = 12.0;
        values[123_456] = 99.0;
        values[90_000] = f32::NAN;
        values[150_000..160_000].fill(f32::NAN);
        let times = times(frames);
        let reduced = reduce(&times, &values, f64::INFINITY, 4000);
        assert!((2000..=4000).contains(&reduced.len()), "{}", reduced.len());
        assert!(reduced.is_sorted_by(|a, b| a.time < b.time));
        for frame in [70_001, 123_456] {
            assert!(reduced.contains(&CurvePoint { time: times[frame], value: Some(values[frame]) }));
        }
        let gaps: Vec<_> = reduced.iter().filter(|point| point.value.is_none()).map(|point| point.time).collect();
        assert_eq!(gaps, [times[90_000], times[150_000]]);
        let in_gap = |point: &&CurvePoint| (times[150_000]..times[159_999]).contains(&point.time);
        assert_eq!(reduced.iter().filter(in_gap).count(), 1, "no value within the long gap");
    }

    #[test]
    fn frames_that_are_missing_interrupt_the_curve() {
        let mut times = times(50);
        times.drain(20..30);
        let step = longest_step(&times, Some(0.04));
        assert!((step - 0.1).abs() < 1e-9);
        let reduced = reduce(&times, &[1.0; 40], step, 4000);
        assert_eq!(reduced.iter().filter(|point| point.value.is_none()).count(), 1);
        assert_eq!(reduced[20].value, None);
        // Half the source's rate is no interruption, nor is anything where the source has no rate.
        let half: Vec<_> = times.iter().step_by(2).copied().take(10).collect();
        assert!((longest_step(&half, Some(0.04)) - 0.2).abs() < 1e-9);
        assert_eq!(longest_step(&times, None), f64::INFINITY);
        assert_eq!(longest_step(&[0.0], Some(0.04)), f64::INFINITY);
    }

    #[test]
    fn stretches_have_every_frame_once() {
        let values: Vec<_> = (0..101).map(|frame| if frame == 30 { f32::NAN } else { frame as f32 }).collect();
        let table = stretches(&times(101), &values, 0.0, 4.0, 4);
        assert_eq!(table.len(), 4);
        assert_eq!((table[0].min, table[0].mean, table[0].without), (Some(0.0), Some(12.0), 0));
        assert_eq!((table[1].min, table[1].without), (Some(25.0), 1));
        assert_eq!((table[3].start, table[3].end, table[3].mean), (3.0, 4.0, Some(87.5)));
        let none = stretches(&[], &[], 0.0, 4.0, 1);
        assert_eq!((none[0].min, none[0].mean, none[0].without), (None, None, 0));
    }
}
