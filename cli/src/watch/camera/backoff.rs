// SPDX-License-Identifier: MPL-2.0

//! How long a camera is left alone before it is asked again.

use std::time::Duration;

/// So many times it is asked again after [`FIRST`].
const QUICK: u32 = 5;
/// The wait of these.
const FIRST: Duration = Duration::from_secs(1);
/// No wait is longer.
const LONGEST: Duration = Duration::from_secs(60);
/// After pictures for so long, all that failed before is forgotten.
pub const GOOD: Duration = Duration::from_secs(15);

/// Counts failures, and says what to wait after each: five times 1 s, then 1, 2, 4 … 60 s, but no longer than half of
/// the time for which no picture has come.
#[derive(Debug, Default)]
pub struct Backoff {
    failures: u32,
}

impl Backoff {
    /// What to wait where trying again will hardly help: accounts are locked after a few wrong passwords.
    pub fn long_wait(&mut self, jitter: f64) -> Duration {
        self.failures = 0;
        LONGEST.mul_f64(1.0 - 0.2 * jitter.clamp(0.0, 1.0))
    }

    /// A connection has ended that gave pictures for so long, and none has come for `outage`. Says what to wait;
    /// `jitter` is from 0 to 1, and shortens waits that double by up to a fifth: cameras that fail together do not
    /// come back together.
    ///
    /// By the half, a camera that fails again and again, and is soon back each time, is asked every second; and more
    /// than 8 s are waited only after 16 s without a picture.
    pub fn wait(&mut self, pictures: Duration, outage: Duration, jitter: f64) -> Duration {
        if pictures >= GOOD {
            self.failures = 0;
        }
        self.failures = self.failures.saturating_add(1);
        let Some(doubled) = self.failures.checked_sub(QUICK + 1) else { return FIRST };
        let wait = FIRST.saturating_mul(1u32.checked_shl(doubled.min(16)).unwrap_or(u32::MAX)).min(LONGEST);
        wait.min(outage / 2).max(FIRST).mul_f64(1.0 - 0.2 * jitter.clamp(0.0, 1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The waits of an outage, with nothing between them.
    fn waits(jitter: f64) -> Vec<Duration> {
        let (mut backoff, mut outage) = (Backoff::default(), Duration::ZERO);
        let mut wait = || {
            let wait = backoff.wait(Duration::ZERO, outage, jitter);
            outage += wait;
            wait
        };
        (0..16).map(|_| wait()).collect()
    }

    #[test]
    fn five_quick_ones_then_longer_and_longer() {
        let waits = waits(0.0);
        assert_eq!(waits[..6], [FIRST; 6]);
        assert!(
            waits[6..].iter().zip(&waits[5..]).all(|(wait, before)| wait > before || *wait == LONGEST),
            "{waits:?}"
        );
        assert_eq!(waits[15], LONGEST);
    }

    #[test]
    fn more_than_eight_seconds_are_waited_only_after_fifteen() {
        for jitter in [0.0, 0.5, 1.0] {
            let waits = waits(jitter);
            let first = waits.iter().position(|wait| *wait > Duration::from_secs(8)).expect("one is longer");
            assert!(waits[..first].iter().sum::<Duration>() > Duration::from_secs(15), "{waits:?}");
        }
    }

    #[test]
    fn one_that_is_soon_back_each_time_is_asked_every_second() {
        let mut backoff = Backoff::default();
        for _ in 0..40 {
            assert_eq!(backoff.wait(Duration::from_secs(1), Duration::from_secs(2), 0.0), FIRST);
        }
    }

    #[test]
    fn pictures_for_a_while_make_it_forget() {
        let (mut backoff, long) = (Backoff::default(), Duration::from_secs(1000));
        for _ in 0..9 {
            backoff.wait(Duration::from_secs(14), long, 0.0);
        }
        assert!(backoff.wait(Duration::from_secs(14), long, 0.0) > FIRST);
        assert_eq!(backoff.wait(GOOD, long, 0.0), FIRST);
    }
}
