// SPDX-License-Identifier: MPL-2.0

//! Delay before reconnecting to a camera.

use std::time::Duration;

/// Number of attempts with the delay [`FIRST`].
const QUICK: u32 = 5;
/// Delay of the first attempts.
const FIRST: Duration = Duration::from_secs(1);
/// Maximum delay.
const LONGEST: Duration = Duration::from_secs(60);
/// After receiving pictures for this long, previous failures are forgotten.
pub const GOOD: Duration = Duration::from_secs(15);

/// Counts failures and computes the delay after each: five times 1 s, then 1, 2, 4 … 60 s, but at most half of the time
/// since the last picture.
#[derive(Debug, Default)]
pub struct Backoff {
    failures: u32,
}

impl Backoff {
    /// Delay if another attempt is unlikely to help: accounts may be locked after a few wrong passwords.
    pub fn long_wait(&mut self, jitter: f64) -> Duration {
        self.failures = 0;
        LONGEST.mul_f64(1.0 - 0.2 * jitter.clamp(0.0, 1.0))
    }

    /// Computes the delay after a connection that provided pictures for a time and has been without pictures for
    /// `outage`. `jitter` ranges from 0 to 1 and shortens exponential delays by up to a fifth, so that cameras that
    /// failed together do not reconnect together.
    ///
    /// Because of the limit of half the outage, a camera that fails repeatedly but recovers quickly is contacted every
    /// second, and delays over 8 s only occur after 16 s without a picture.
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

    /// The delays of an outage without connection time.
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
