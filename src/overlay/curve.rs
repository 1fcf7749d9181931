// SPDX-License-Identifier: MPL-2.0

//! A curve of recent values.

use super::canvas::{Canvas, Rgba};
use super::history::{GAP, History, SPAN};

/// The limits of the curve's axis: multiples of `step`, at least two steps apart, that enclose all values.
pub fn axis(history: &History, step: f64) -> [f64; 2] {
    let values = || history.points().map(|(_, value)| value);
    let (low, high) = (values().fold(f64::INFINITY, f64::min), values().fold(f64::NEG_INFINITY, f64::max));
    if !low.is_finite() || !high.is_finite() || step <= 0.0 {
        return [0.0, 2.0 * step];
    }
    let (low, high) = ((low / step).floor() * step, (high / step).ceil() * step);
    if high - low > 1.5 * step {
        [low, high]
    } else {
        let high = high.max(2.0 * step);
        [high - 2.0 * step, high]
    }
}

/// Draws the curve into a rectangle (left, top, right, bottom), with the newest value at its right border.
pub fn draw(canvas: &mut Canvas, [left, top, right, bottom]: [f32; 4], history: &History, axis: [f64; 2], color: Rgba) {
    let Some((newest, _)) = history.last() else { return };
    let (width, height) = (right - left, bottom - top);
    let span = (axis[1] - axis[0]).max(f64::MIN_POSITIVE);
    let place = |(at, value): (u64, f64)| {
        let back = newest.saturating_sub(at) as f64 / SPAN as f64;
        let up = ((value - axis[0]) / span).clamp(0.0, 1.0);
        (right - 0.5 - (back as f32) * (width - 1.0), bottom - up as f32 * height)
    };
    // The part of each column that the curve covers, from its highest to its lowest point.
    let first = left.ceil() as i32;
    let mut columns = vec![None::<(f32, f32)>; (right.floor() - left.ceil()).max(0.0) as usize];
    let mut reach = |x: i32, y: f32| {
        let column = usize::try_from(x - first).ok().and_then(|index| columns.get_mut(index));
        if let Some(column) = column {
            let (high, low) = column.unwrap_or((y, y));
            *column = Some((high.min(y), low.max(y)));
        }
    };
    let mut before = None::<(u64, f64)>;
    for point in history.points() {
        let (x, y) = place(point);
        reach(x.floor() as i32, y);
        if let Some(last) = before.filter(|&(at, _)| point.0.saturating_sub(at) <= GAP) {
            let (from, level) = place(last);
            for column in (from.floor() as i32)..(x.floor() as i32) {
                // Where the line crosses the border between this column and the next.
                let border = (column + 1) as f32;
                let share = if x > from { ((border - from) / (x - from)).clamp(0.0, 1.0) } else { 1.0 };
                let crossing = level + (y - level) * share;
                reach(column, crossing);
                reach(column + 1, crossing);
            }
        }
        before = Some(point);
    }
    let half = (height / 30.0).clamp(0.75, 3.0);
    let [r, g, b, _] = color;
    for (x, column) in (first..).zip(columns) {
        let Some((high, low)) = column else { continue };
        canvas.fill_column(x, low, bottom, [r, g, b, 56]);
        canvas.fill_column(x, (high - half).max(top - half), (low + half).min(bottom + half), color);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history(points: &[(u64, f64)]) -> History {
        let mut history = History::default();
        points.iter().for_each(|&(seconds, value)| history.push(seconds * 1_000_000_000, value));
        history
    }

    #[test]
    fn axes_are_round_and_never_flat() {
        let axis = |values: &[f64]| {
            let points: Vec<_> = values.iter().enumerate().map(|(at, &value)| (at as u64, value)).collect();
            super::axis(&history(&points), 10.0)
        };
        assert_eq!(axis(&[61.0, 78.0]), [60.0, 80.0]);
        assert_eq!(axis(&[71.0, 72.0]), [60.0, 80.0]);
        assert_eq!(axis(&[3.0, 96.0]), [0.0, 100.0]);
        assert_eq!(axis(&[0.0, 0.0]), [0.0, 20.0]);
        assert_eq!(axis(&[100.0]), [80.0, 100.0]);
        assert_eq!(axis(&[]), [0.0, 20.0]);
    }

    /// The rows of a column that the curve itself covers.
    fn rows(canvas: &Canvas, x: usize) -> Vec<u32> {
        (0..canvas.height()).filter(|&y| canvas.row(y)[x][3] > 150).collect()
    }

    #[test]
    fn the_newest_is_at_the_right_and_gaps_stay_open() {
        let mut canvas = Canvas::new(31, 20, [0; 4]);
        let history = history(&[(0, 20.0), (10, 0.0), (12, 0.0), (28, 10.0), (30, 20.0)]);
        draw(&mut canvas, [0.0, 0.0, 31.0, 20.0], &history, [0.0, 20.0], [255; 4]);
        assert!(rows(&canvas, 30).contains(&0), "20 is at the top: {:?}", rows(&canvas, 30));
        assert!(rows(&canvas, 28).contains(&10), "10 is in the middle: {:?}", rows(&canvas, 28));
        assert!(rows(&canvas, 11).contains(&19), "0 is at the bottom: {:?}", rows(&canvas, 11));
        assert!(rows(&canvas, 20).is_empty(), "nothing is known of the time between");
        // A falling line covers every row on its way.
        let mut covered: Vec<_> = (28..31).flat_map(|x| rows(&canvas, x)).collect();
        covered.sort_unstable();
        covered.dedup();
        assert_eq!(covered, (0..=10).collect::<Vec<_>>());
    }

    #[test]
    fn no_rectangle_is_too_small() {
        for side in [0.0, 0.3, 1.0, 2.0] {
            let mut canvas = Canvas::new(2, 2, [0; 4]);
            let history = history(&[(0, 1.0), (1, 2.0)]);
            draw(&mut canvas, [0.0, 0.0, side, side], &history, [0.0, 20.0], [255; 4]);
            draw(&mut canvas, [0.0, 0.0, side, side], &History::default(), [0.0, 0.0], [255; 4]);
        }
    }
}
