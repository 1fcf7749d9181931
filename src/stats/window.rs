// SPDX-License-Identifier: MPL-2.0

//! Statistics over consecutive intervals of running time.

use super::{FieldRange, Pool};

/// Divides a stream into windows of running time and computes statistics for each.
///
/// A window opens with its first frame and is reported, once, by the first frame at or past its end; the windows of a
/// continuous stream are adjacent. Windows without frames are not reported. A frame that is late by less than a window
/// counts in the open window; an earlier one is taken as a new beginning: the open window is reported as it is, and the
/// next one opens there. Frames without a running time count in the window that is open, or opens next, and do not
/// advance time.
///
/// Memory is fixed, whatever the length of the window. The fifth percentile is exact to 1/10,000 of the field's range.
#[derive(Debug, Clone)]
pub struct WindowPools {
    span: u64,
    /// Start of the open window, in running time.
    start: Option<u64>,
    /// The latest running time in it.
    last: u64,
    pool: Pool,
    without: u64,
}

/// The statistics of one window.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct WindowStatistics {
    /// Its start, in nanoseconds of running time; `None` if none of its frames had one.
    pub start: Option<u64>,
    /// Its end, in nanoseconds of running time; for a window that was cut short by the end of the stream or a jump,
    /// that of its latest frame.
    pub end: Option<u64>,
    /// The mean of its values; `None`, like the next two, without values.
    pub mean: Option<f64>,
    /// The smallest value.
    pub min: Option<f64>,
    /// The fifth percentile of its values, by nearest rank.
    pub p5: Option<f64>,
    /// Frames with a value.
    pub scored: u64,
    /// Frames without one.
    pub skipped: u64,
}

impl WindowPools {
    /// Windows of `span` nanoseconds (0 counts as 1) of a field with that range.
    #[must_use]
    pub fn new(span: u64, range: FieldRange) -> Self {
        Self { span: span.max(1), start: None, last: 0, pool: Pool::new(range), without: 0 }
    }

    /// Changes the span; the open window ends this long after its start.
    pub fn set_span(&mut self, span: u64) {
        self.span = span.max(1);
    }

    /// The span, in nanoseconds.
    #[must_use]
    pub fn span(&self) -> u64 {
        self.span
    }

    /// Counts a frame at `running_time`, in nanoseconds, with its value if it has one; NaN and infinities count as
    /// none.
    ///
    /// Returns the previous window's statistics if the frame is the first of a new one.
    pub fn push(&mut self, running_time: Option<u64>, value: Option<f64>) -> Option<WindowStatistics> {
        let report = running_time.and_then(|now| self.advance(now));
        match value.filter(|value| value.is_finite()) {
            Some(value) => self.pool.push(value),
            None => self.without += 1,
        }
        report
    }

    /// Advances to `now` without counting a frame, as for a gap; returns the statistics of a window that has ended.
    pub fn advance(&mut self, now: u64) -> Option<WindowStatistics> {
        let Some(start) = self.start else {
            (self.start, self.last) = (Some(now), now);
            return None;
        };
        if now < start.saturating_sub(self.span) {
            let report = self.report(self.last);
            (self.start, self.last) = (Some(now), now);
            return report;
        }
        if now.saturating_sub(start) < self.span {
            self.last = self.last.max(now);
            return None;
        }
        let report = self.report(start.saturating_add(self.span));
        // On the grid of the previous windows, skipping those without frames.
        (self.start, self.last) = (Some(now - (now - start) % self.span), now);
        report
    }

    /// Ends the open window now, as at the end of the stream; `None` if no frame has arrived since the last report.
    pub fn finish(&mut self) -> Option<WindowStatistics> {
        let report = self.report(self.last);
        self.start = None;
        report
    }

    /// Drops the open window without a report, as after a flush.
    pub fn reset(&mut self) {
        self.pool.clear();
        (self.start, self.without) = (None, 0);
    }

    fn report(&mut self, end: u64) -> Option<WindowStatistics> {
        let (scored, skipped) = (self.pool.count(), self.without);
        if scored + skipped == 0 {
            return None;
        }
        let report = WindowStatistics {
            start: self.start,
            end: self.start.map(|_| end),
            mean: self.pool.mean(),
            min: self.pool.min(),
            p5: self.pool.percentile(5.0),
            scored,
            skipped,
        };
        self.pool.clear();
        self.without = 0;
        Some(report)
    }
}

#[cfg(test)]
mod tests {
    use super::{FieldRange, WindowPools, WindowStatistics};

    const S: u64 = 1_000_000_000;

    fn window() -> WindowPools {
        WindowPools::new(S, FieldRange::SCORE)
    }

    fn bounds(report: Option<WindowStatistics>) -> Option<(u64, u64, u64, u64)> {
        report.map(|r| (r.start.expect("start"), r.end.expect("end"), r.scored, r.skipped))
    }

    #[test]
    fn one_report_for_each_span() {
        let mut window = window();
        let mut reports: Vec<_> = (0..100u64)
            .filter_map(|i| window.push(Some(5 * S + i * S / 25), (i % 5 != 0).then_some(i as f64)))
            .collect();
        reports.extend(window.finish());
        // 100 frames at 25 a second: three windows are closed by a frame of the next, the fourth by the end.
        assert_eq!(reports.len(), 4);
        for (k, report) in reports.iter().enumerate() {
            let k = k as u64;
            assert_eq!(report.start, Some((5 + k) * S));
            assert_eq!((report.scored, report.skipped), (20, 5));
            let values: Vec<_> = (25 * k..25 * k + 25).filter(|i| i % 5 != 0).map(|i| i as f64).collect();
            assert_eq!(report.mean, Some(values.iter().sum::<f64>() / 20.0));
            assert_eq!((report.min, report.p5), (Some(values[0]), Some(values[0])));
        }
        assert_eq!(reports[0].end, Some(6 * S));
        assert_eq!(reports[3].end, Some(5 * S + 99 * S / 25));
    }

    #[test]
    fn the_end_belongs_to_the_next_window() {
        let mut window = window();
        assert_eq!(window.push(Some(0), Some(1.0)), None);
        assert_eq!(window.push(Some(S - 1), Some(1.0)), None);
        assert_eq!(bounds(window.push(Some(S), Some(9.0))), Some((0, S, 2, 0)));
        assert_eq!(bounds(window.finish()), Some((S, S, 1, 0)));
        assert_eq!(window.finish(), None);
    }

    #[test]
    fn windows_that_nothing_fell_into_are_passed_over_and_the_grid_is_kept() {
        let mut window = window();
        window.push(Some(0), Some(1.0));
        assert_eq!(bounds(window.push(Some(10 * S + 7), Some(2.0))), Some((0, S, 1, 0)));
        assert_eq!(bounds(window.push(Some(11 * S), Some(3.0))), Some((10 * S, 11 * S, 1, 0)));
        assert_eq!(bounds(window.advance(20 * S)), Some((11 * S, 12 * S, 1, 0)));
        assert_eq!(window.advance(40 * S), None);
        assert_eq!(window.finish(), None);
    }

    #[test]
    fn a_window_without_scores_says_so() {
        let mut window = window();
        window.push(Some(0), None);
        window.push(Some(1), Some(f64::NAN));
        let report = window.push(Some(S), None).expect("a report");
        assert_eq!((report.scored, report.skipped), (0, 2));
        assert_eq!((report.mean, report.min, report.p5), (None, None, None));
    }

    #[test]
    fn time_that_jumps_back_begins_anew_and_late_frames_do_not() {
        let mut window = window();
        window.push(Some(100 * S), Some(1.0));
        assert_eq!(window.push(Some(99 * S + 1), Some(2.0)), None, "late by less than a window");
        assert_eq!(bounds(window.push(Some(3 * S), Some(3.0))), Some((100 * S, 100 * S, 2, 0)));
        assert_eq!(bounds(window.push(Some(4 * S), Some(4.0))), Some((3 * S, 4 * S, 1, 0)));
        window.reset();
        assert_eq!(window.push(Some(50 * S), Some(5.0)), None);
        assert_eq!(bounds(window.finish()), Some((50 * S, 50 * S, 1, 0)));
    }

    #[test]
    fn frames_without_a_time_count_and_move_nothing() {
        let mut window = window();
        assert_eq!(window.push(None, Some(1.0)), None);
        assert_eq!(window.push(Some(7 * S), Some(2.0)), None);
        assert_eq!(window.push(None, None), None);
        assert_eq!(bounds(window.push(Some(8 * S), None)), Some((7 * S, 8 * S, 2, 1)));
        let mut timeless = window.clone();
        timeless.reset();
        timeless.push(None, Some(4.0));
        let report = timeless.finish().expect("a report");
        assert_eq!((report.start, report.end, report.mean), (None, None, Some(4.0)));
    }

    #[test]
    fn the_span_may_change_and_extremes_do_not_overflow() {
        let mut window = window();
        window.push(Some(0), Some(1.0));
        window.push(Some(S / 2), Some(1.0));
        window.set_span(S / 4);
        assert_eq!(bounds(window.push(Some(S / 2 + 1), Some(2.0))), Some((0, S / 4, 2, 0)));
        window.set_span(0);
        assert_eq!(window.span(), 1);
        assert!(window.push(Some(u64::MAX), Some(3.0)).is_some());
        window.set_span(u64::MAX);
        assert_eq!(window.push(Some(0), Some(4.0)), None);
        assert_eq!(bounds(window.finish()).map(|b| b.2), Some(2));
    }
}
