// SPDX-License-Identifier: MPL-2.0

//! Small curve of a day's scores.

use crate::watch::history::Slice;
use serde::Serialize;
use std::fmt::Write as _;

/// Number of points, each covering 15 minutes.
const POINTS: i64 = 96;
const STEP: i64 = 900;
/// Size; stretched to the width of the tile.
const SIZE: (f64, f64) = (150.0, 44.0);

/// The curve as SVG.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Spark {
    /// The line, interrupted where nothing was scored.
    line: String,
    /// Periods without scores.
    gaps: String,
    /// Height of the alarm limit.
    limit: Option<f64>,
    /// Text alternative.
    label: String,
}

/// Curve of the day that ends at `now`, in seconds since 1970; `None` without scores.
pub fn spark(day: &[Slice], now: i64, limit: Option<f64>) -> Option<Spark> {
    let (width, height) = SIZE;
    let x = |point: i64| (point as f64 + 0.5) / POINTS as f64 * width;
    let y = |score: f64| height - 2.0 - score / 100.0 * (height - 4.0);
    let last = now.div_euclid(STEP);
    let first = last - POINTS + 1;
    let known = day.iter().map(|slice| slice.at.div_euclid(STEP)).min()?;
    let mut points = [Slice::default(); POINTS as usize];
    for slice in day {
        let point = usize::try_from(slice.at.div_euclid(STEP) - first).ok();
        if let Some(point) = point.and_then(|point| points.get_mut(point)) {
            *point += *slice;
        }
    }
    let (mut line, mut gaps, mut pen) = (String::new(), String::new(), 'M');
    for (point, sum) in (0..).zip(points) {
        match sum.mean() {
            Some(mean) => {
                let _ = write!(line, "{pen}{:.1} {:.1}", x(point), y(mean));
                // A single point is drawn as a dot.
                let _ = write!(line, "{}", if pen == 'M' { "h.1" } else { "" });
                pen = 'L';
            }
            None => {
                pen = 'M';
                if first + point > known {
                    let _ = write!(gaps, "M{:.1} 0v{height}", x(point));
                }
            }
        }
    }
    let lowest = day.iter().filter_map(|slice| slice.lowest).fold(f64::INFINITY, f64::min);
    let newest = day.iter().rev().find_map(Slice::mean)?;
    let mut label = format!("Score over 24 hours: lowest {lowest:.0}, last {newest:.0}");
    if let Some(limit) = limit {
        let _ = write!(label, "; dashed line at {limit:.0}");
    }
    Some(Spark { line, gaps, limit: limit.map(y), label })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scored(at: i64, score: f64) -> Slice {
        let mut slice = Slice { at, ..Slice::default() };
        slice.push(score);
        slice
    }

    #[test]
    fn a_gap_is_a_gap() {
        let now = 1_800_000_000;
        let day: Vec<_> = [-5, -4, -2, 0].map(|point| scored(now + point * STEP, 50.0)).into();
        let spark = spark(&day, now, Some(40.0)).expect("a curve");
        assert_eq!(spark.line.matches('M').count(), 3, "{spark:?}");
        assert_eq!(spark.line.matches('L').count(), 1, "{spark:?}");
        assert_eq!(spark.gaps.matches('M').count(), 2, "{spark:?}");
        assert!(spark.label.contains("lowest 50, last 50; dashed line at 40"), "{spark:?}");
    }

    #[test]
    fn nothing_scored_is_no_curve() {
        assert_eq!(spark(&[], 1_800_000_000, None), None);
        assert_eq!(spark(&[Slice { at: 1_799_999_000, ..Slice::default() }], 1_800_000_000, None), None);
    }
}
