// SPDX-License-Identifier: MPL-2.0

//! Which frames are scored: `interval` and `max-rate`.

/// Picks one frame in `interval`, and no more than `max_rate` a second of stream time.
#[derive(Debug, Default)]
pub struct RateLimiter {
    seen: u64,
    /// When the next frame may be scored, and when the last was.
    due: Option<(gst::ClockTime, gst::ClockTime)>,
}

/// Time stamps are rounded: a frame this early still meets its time.
const TOLERANCE: gst::ClockTime = gst::ClockTime::from_useconds(2);

impl RateLimiter {
    /// Whether the next frame is to be scored. `time` is its stream time; a frame without one is not held to the rate.
    pub fn pick(&mut self, time: Option<gst::ClockTime>, interval: u32, max_rate: gst::Fraction) -> bool {
        let turn = self.seen.is_multiple_of(u64::from(interval.max(1)));
        self.seen = self.seen.wrapping_add(1);
        turn && self.within_rate(time, max_rate)
    }

    fn within_rate(&mut self, time: Option<gst::ClockTime>, max_rate: gst::Fraction) -> bool {
        let period = crate::period(max_rate);
        let (Some(time), Some(period)) = (time, period) else { return true };
        if let Some((due, last)) = self.due {
            // Time that jumps back (a seek, a new segment) starts the schedule anew.
            if time >= last && time + TOLERANCE < due {
                return false;
            }
            // On schedule the next time counts from when this one was due, so that rates that do not divide the frame
            // rate are kept on average; after a gap it counts from now.
            let on_schedule = time >= last && time < due + period;
            self.due = Some((if on_schedule { due + period } else { time + period }, time));
        } else {
            self.due = Some((time + period, time));
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picked(interval: u32, rate: (i32, i32), times: impl Iterator<Item = u64>) -> Vec<usize> {
        let mut rate_limiter = RateLimiter::default();
        times
            .enumerate()
            .filter(|&(_, t)| {
                rate_limiter.pick(Some(gst::ClockTime::from_nseconds(t)), interval, gst::Fraction::new(rate.0, rate.1))
            })
            .map(|(n, _)| n)
            .collect()
    }

    #[test]
    fn one_in_n_from_the_first() {
        assert_eq!(picked(4, (0, 1), 0..10), [0, 4, 8]);
        assert_eq!(picked(1, (0, 1), 0..3), [0, 1, 2]);
        assert_eq!(picked(u32::MAX, (0, 1), 0..10), [0]);
    }

    #[test]
    fn a_rate_that_divides_the_frame_rate_is_met_in_spite_of_rounded_time_stamps() {
        let thirty = (0..31).map(|n| n * 1_000_000_000 / 30);
        assert_eq!(picked(1, (10, 1), thirty), [0, 3, 6, 9, 12, 15, 18, 21, 24, 27, 30]);
    }

    #[test]
    fn a_rate_that_does_not_is_met_on_average_and_never_exceeded() {
        let frames = (0..251).map(|n| n * 40_000_000);
        let picked = picked(1, (7, 1), frames);
        assert!((70..=71).contains(&picked.len()), "{} scores in 10 s at 7 a second", picked.len());
    }

    #[test]
    fn time_that_jumps_back_starts_anew() {
        assert_eq!(picked(1, (1, 1), [5_000_000_000, 5_100_000_000, 0, 100, 1_000_000_000].into_iter()), [0, 2, 4]);
    }

    #[test]
    fn a_gap_is_not_made_up_for() {
        let times = [0, 100, 10_000_000_000, 10_000_000_100, 10_500_000_000, 11_000_000_000];
        assert_eq!(picked(1, (1, 1), times.into_iter()), [0, 2, 5]);
    }

    #[test]
    fn frames_without_time_are_held_to_the_interval_only() {
        let mut rate_limiter = RateLimiter::default();
        let picked = (0..4).filter(|_| rate_limiter.pick(None, 2, gst::Fraction::new(1, 1))).count();
        assert_eq!(picked, 2);
    }
}
