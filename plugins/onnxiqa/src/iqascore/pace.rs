// SPDX-License-Identifier: MPL-2.0

//! Detects that scoring is too slow for a live source.

/// Observation time before a warning: the first inference takes longer, and the delay it causes is caught up later.
const SPAN: gst::ClockTime = gst::ClockTime::from_seconds(2);
/// Minimum number of observed frames.
const ENOUGH: u32 = 10;

/// A series of observed frames.
#[derive(Debug, Clone, Copy)]
struct Stretch {
    since: gst::ClockTime,
    /// Delay of the first frame.
    late: gst::ClockTime,
    frames: u32,
    /// Number of frames that waited for earlier frames to be scored.
    held: u32,
}

/// Detects that scoring is too slow, from the frames that have to wait.
#[derive(Debug, Default)]
pub(super) struct Pace {
    stretch: Option<Stretch>,
    /// Whether the warning has been posted.
    settled: bool,
}

impl Pace {
    /// Handles a frame. `held`: it had to wait because earlier frames are not scored yet; `now`: running time of the
    /// element; `running`: running time of the frame. Returns true if, over the observation time, most frames have
    /// waited and the delay has not decreased, as it would after a temporary stall.
    pub(super) fn cannot_follow(&mut self, held: bool, now: gst::ClockTime, running: gst::ClockTime) -> bool {
        if self.settled {
            return false;
        }
        let late = now.saturating_sub(running);
        let stretch = self.stretch.get_or_insert(Stretch { since: now, late, frames: 0, held: 0 });
        stretch.frames += 1;
        stretch.held += u32::from(held);
        let Stretch { since, late: at_first, frames, held } = *stretch;
        if now.saturating_sub(since) < SPAN || frames < ENOUGH {
            return false;
        }
        self.stretch = None;
        held > frames / 2 && late >= at_first
    }

    /// The warning has been posted.
    pub(super) fn settle(&mut self) {
        self.settled = true;
    }

    /// Restarts the observation after a discontinuity.
    pub(super) fn discontinuity(&mut self) {
        self.stretch = None;
    }
}

#[cfg(test)]
mod tests {
    use super::Pace;

    const MS: fn(u64) -> gst::ClockTime = gst::ClockTime::from_mseconds;

    /// Whether a slow scorer is detected for frames with these arrival and running times in milliseconds.
    fn found(held: impl Fn(u64) -> bool, frames: impl Iterator<Item = (u64, u64)>) -> bool {
        let mut pace = Pace::default();
        (0..).zip(frames).any(|(n, (now, running))| pace.cannot_follow(held(n), MS(now), MS(running)))
    }

    #[test]
    fn a_source_that_is_held_up_for_good() {
        // 25 frames per second are scored at 10 per second and arrive later and later.
        assert!(found(|_| true, (0..40).map(|n| (n * 100, n * 40))));
        // The source drops what it cannot deliver: the delay stays constant.
        assert!(found(|_| true, (0..40).map(|n| (n * 100, n * 100))));
    }

    #[test]
    fn a_source_that_is_followed() {
        // The queue is never full.
        assert!(!found(|_| false, (0..1000).map(|n| (n * 40, n * 40))));
        // A frame waits occasionally.
        assert!(!found(|n| n % 3 == 0, (0..1000).map(|n| (n * 40 + 7 * (n % 3), n * 40))));
        // The first inference took five seconds; the frames that arrived meanwhile wait, each for less time than the
        // one before.
        assert!(!found(|n| n < 200, (0..300).map(|n| ((5000 + n * 20).max(n * 40), n * 40))));
    }

    #[test]
    fn what_was_said_is_not_said_again() {
        let mut pace = Pace::default();
        pace.settle();
        assert!((0..100).all(|n| !pace.cannot_follow(true, MS(n * 100), MS(n * 40))));
    }
}
