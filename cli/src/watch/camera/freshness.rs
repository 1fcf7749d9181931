// SPDX-License-Identifier: MPL-2.0

//! State of a camera from its connection and the age of its newest frame.

use crate::watch::status::State;
use std::time::{Duration, Instant};

/// A connection without frames is closed after this many timeouts.
const PATIENCE: u32 = 2;
/// Additional time for the first frame: connecting and waiting for a key frame.
const BEGINNING: Duration = Duration::from_secs(10);

/// State of a connection.
#[derive(Debug, Clone, Copy)]
pub struct Course {
    /// When it was started.
    pub begun: Instant,
    /// When data last arrived.
    pub moved: Option<Instant>,
    /// Whether a frame has been decoded.
    pub has_frame: bool,
    /// Whether unchanged frames arrive and this is monitored.
    pub frozen: bool,
}

/// Result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Waiting for the first frame.
    Waiting,
    /// The camera is in this state.
    In(State),
    /// No data arrives: the connection must be replaced.
    GiveUp,
}

impl Course {
    /// Evaluates the connection at `now`; a camera is stale after `timeout` without a frame.
    pub fn verdict(&self, now: Instant, timeout: Duration) -> Verdict {
        let patience = timeout * PATIENCE;
        let age = |since: Instant| now.saturating_duration_since(since);
        let Some(moved) = self.moved.filter(|_| self.has_frame) else {
            return if age(self.begun) > patience + BEGINNING { Verdict::GiveUp } else { Verdict::Waiting };
        };
        match age(moved) {
            age if age > patience => Verdict::GiveUp,
            age if age > timeout => Verdict::In(State::Stale),
            _ if self.frozen => Verdict::In(State::Stale),
            _ => Verdict::In(State::Live),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMEOUT: Duration = Duration::from_secs(5);

    fn after(seconds: u64, course: Course) -> Verdict {
        course.verdict(course.begun + Duration::from_secs(seconds), TIMEOUT)
    }

    fn new() -> Course {
        Course { begun: Instant::now(), moved: None, has_frame: false, frozen: false }
    }

    /// Data arrived at the start, and not since.
    fn with_frames(frozen: bool) -> Course {
        let course = new();
        Course { moved: Some(course.begun), has_frame: true, frozen, ..course }
    }

    #[test]
    fn a_first_frame_is_waited_for_a_while() {
        assert_eq!((after(0, new()), after(20, new())), (Verdict::Waiting, Verdict::Waiting));
        assert_eq!(after(21, new()), Verdict::GiveUp);
        // Packets arrive, but nothing can be decoded.
        let course = new();
        let course = Course { moved: Some(course.begun), ..course };
        assert_eq!((after(3, course), after(21, course)), (Verdict::Waiting, Verdict::GiveUp));
    }

    #[test]
    fn what_is_old_is_stale_and_then_given_up() {
        let course = with_frames(false);
        assert_eq!(after(5, course), Verdict::In(State::Live));
        assert_eq!(after(6, course), Verdict::In(State::Stale));
        assert_eq!(after(10, course), Verdict::In(State::Stale));
        assert_eq!(after(11, course), Verdict::GiveUp);
    }

    #[test]
    fn a_picture_that_does_not_change_is_not_live() {
        assert_eq!(after(1, with_frames(true)), Verdict::In(State::Stale));
    }
}
