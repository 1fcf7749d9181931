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

/// Counts failures, and says what to wait after each: five times 1 s, then 1, 2, 4 … 60 s.
#[derive(Debug, Default)]
pub struct Backoff {
    failures: u32,
}

impl Backoff {
    /// A connection has ended that gave pictures for so long. Says what to wait; `jitter` is from 0 to 1.
    ///
    /// The waits that double are shorter by up to a fifth of the jitter: cameras that fail together do not come back
    /// together. So a wait of more than 8 s comes only after more than 15 s: 5 × 1 + 0.8 × (1 + 2 + 4 + 8) = 17.
    pub fn wait(&mut self, pictures: Duration, jitter: f64) -> Duration {
        if pictures >= GOOD {
            self.failures = 0;
        }
        self.failures = self.failures.saturating_add(1);
        let Some(doubled) = self.failures.checked_sub(QUICK + 1) else { return FIRST };
        let wait = FIRST.saturating_mul(1u32.checked_shl(doubled.min(16)).unwrap_or(u32::MAX)).min(LONGEST);
        wait.mul_f64(1.0 - 0.2 * jitter.clamp(0.0, 1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waits(jitter: f64) -> Vec<f64> {
        let mut backoff = Backoff::default();
        (0..14).map(|_| backoff.wait(Duration::ZERO, jitter).as_secs_f64()).collect()
    }

    #[test]
    fn five_quick_ones_then_twice_as_long_each_time() {
        let expected = [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0, 60.0];
        assert_eq!(waits(0.0), expected);
    }

    #[test]
    fn more_than_eight_seconds_are_waited_only_after_fifteen() {
        for jitter in [0.0, 0.5, 1.0] {
            let waits = waits(jitter);
            let first = waits.iter().position(|wait| *wait > 8.0).expect("one is longer");
            assert!(waits[..first].iter().sum::<f64>() > 15.0, "{waits:?}");
        }
    }

    #[test]
    fn pictures_for_a_while_make_it_forget() {
        let mut backoff = Backoff::default();
        for _ in 0..9 {
            backoff.wait(Duration::from_secs(14), 0.0);
        }
        assert!(backoff.wait(Duration::from_secs(14), 0.0) > FIRST);
        assert_eq!(backoff.wait(GOOD, 0.0), FIRST);
    }
}
