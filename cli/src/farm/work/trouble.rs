// SPDX-License-Identifier: MPL-2.0

//! What a worker does if the server does not do what it is asked to.
//!
//! A server that is away is waited for. One that has no room may be emptied by someone who
//! sees the warning: the worker tries for a while, and then ends, so that its supervisor shows it as failed.

use crate::farm::queue::{Refusal, refusal};
use crate::media::lock;
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// Longest pause between attempts if the server is away, or has no room.
const LONGEST: [Duration; 2] = [Duration::from_secs(5), Duration::from_secs(30)];

/// How long a server may have no room.
const FULL: Duration = Duration::from_secs(15 * 60);

/// Since when the server has had no room.
#[derive(Debug, Default)]
pub struct Room {
    full: Mutex<Option<Instant>>,
}

/// What to do after an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Try again after this pause.
    Again(Duration),
    /// End: the server has had no room for too long.
    End,
}

impl Room {
    /// Something was stored.
    pub fn stored(&self) {
        *lock(&self.full) = None;
    }

    /// What to do after an error. `attempts`: how many have failed in a row.
    pub fn after(&self, error: &anyhow::Error, attempts: u32) -> Next {
        self.at(Instant::now(), refusal(error), attempts)
    }

    fn at(&self, now: Instant, refusal: Option<Refusal>, attempts: u32) -> Next {
        let is_full = refusal == Some(Refusal::Full);
        if is_full {
            let since = *lock(&self.full).get_or_insert(now);
            if now.saturating_duration_since(since) >= FULL {
                return Next::End;
            }
        }
        let exponent = attempts.saturating_sub(1).min(8);
        Next::Again(Duration::from_secs(1).saturating_mul(1 << exponent).min(LONGEST[usize::from(is_full)]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_a_full_server_is_not_waited_for_for_ever() {
        let (room, begun) = (Room::default(), Instant::now());
        let full = Some(Refusal::Full);
        let pauses = |refusal| [1, 2, 3, 4, 5, 6, 7].map(|attempts| room.at(begun, refusal, attempts));
        let expected = |seconds: [u64; 7]| seconds.map(|seconds| Next::Again(Duration::from_secs(seconds)));
        assert_eq!(pauses(None), expected([1, 2, 4, 5, 5, 5, 5]));
        assert_eq!(pauses(full), expected([1, 2, 4, 8, 16, 30, 30]));
        // A server that is away is waited for.
        assert_eq!(room.at(begun + 10 * FULL, None, u32::MAX), Next::Again(LONGEST[0]));
        assert_eq!(room.at(begun + FULL / 2, full, 9), Next::Again(LONGEST[1]));
        assert_eq!(room.at(begun + FULL, full, 9), Next::End);
        room.stored();
        assert_eq!(room.at(begun + FULL, full, 1), Next::Again(Duration::from_secs(1)));
    }
}
