// SPDX-License-Identifier: MPL-2.0

//! The position of frames in time, including those without time stamps.

/// The duration of a frame without one: 25 per second, in nanoseconds.
const USUAL: u64 = 40_000_000;

/// The position of a frame among those that windows count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Place {
    /// It is the stream's next frame.
    Next {
        /// When it is shown, in nanoseconds of running time. `None`: it follows the previous frame, after that one's
        /// duration.
        running_time: Option<u64>,
        /// How long it is shown, in nanoseconds. `None`: as long as the previous frame, initially 1/25 s.
        duration: Option<u64>,
    },
    /// It has already gone downstream, and its result arrives only now: it counts at the stream's present position.
    Passed,
}

/// The next frame, of unknown duration.
impl From<Option<u64>> for Place {
    fn from(running_time: Option<u64>) -> Self {
        Self::Next { running_time, duration: None }
    }
}

/// The position of a stream.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Timeline {
    /// The latest frame's position and duration.
    latest: Option<(u64, u64)>,
}

impl Timeline {
    /// The position of that frame; `None` if no frame has arrived yet.
    pub(super) fn place(&mut self, place: Place) -> Option<u64> {
        if let Place::Next { running_time, duration } = place {
            let following = self.latest.map_or(0, |(at, lasts)| at.saturating_add(lasts));
            let lasts = duration.or(self.latest.map(|(_, lasts)| lasts)).unwrap_or(USUAL);
            self.latest = Some((running_time.unwrap_or(following), lasts));
        }
        self.latest.map(|(at, _)| at)
    }
}

#[cfg(test)]
mod tests {
    use super::{Place, Timeline};

    fn next(running_time: Option<u64>, duration: Option<u64>) -> Place {
        Place::Next { running_time, duration }
    }

    #[test]
    fn frames_without_a_time_follow_one_another() {
        let mut timeline = Timeline::default();
        assert_eq!(timeline.place(Place::Passed), None);
        let places = [next(None, None), next(None, Some(5)), next(None, None), next(None, None), Place::Passed];
        assert_eq!(
            places.map(|place| timeline.place(place)),
            [0, 40_000_000, 40_000_005, 40_000_010, 40_000_010].map(Some)
        );
    }

    #[test]
    fn a_time_counts_wherever_it_lies() {
        let mut timeline = Timeline::default();
        let places = [next(Some(100), Some(10)), next(None, None), next(Some(3), None), next(None, None)];
        assert_eq!(places.map(|place| timeline.place(place)), [100, 110, 3, 13].map(Some));
        timeline.place(next(Some(u64::MAX), None));
        assert_eq!(timeline.place(next(None, None)), Some(u64::MAX));
    }
}
