// SPDX-License-Identifier: MPL-2.0

//! Whether the scorer keeps up with a live source.

/// How long frames are looked at before anything is said: a first inference takes longer, and what it has held up is
/// made up for.
const SPAN: gst::ClockTime = gst::ClockTime::from_seconds(2);
/// Frames that are looked at, at least.
const ENOUGH: u32 = 10;

/// A stretch of frames.
#[derive(Debug, Clone, Copy)]
struct Stretch {
    since: gst::ClockTime,
    /// How late the first frame came.
    late: gst::ClockTime,
    frames: u32,
    /// Frames that had to wait because those before them were not scored.
    held: u32,
}

/// Whether the scorer keeps up with a live source, by the frames that have to wait for it.
#[derive(Debug, Default)]
pub(super) struct Pace {
    stretch: Option<Stretch>,
    /// It was said that it does not.
    settled: bool,
}

impl Pace {
    /// A frame was let in. `held`: it had to wait because those before it are not scored yet; `now` is the element's
    /// running time, `running` the frame's. Whether the scorer cannot follow: for a while most frames have waited, and
    /// they come no earlier than at first, as they would after a hold-up that is being made up for.
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

    /// It has been said.
    pub(super) fn settle(&mut self) {
        self.settled = true;
    }

    /// Time starts anew.
    pub(super) fn discontinuity(&mut self) {
        self.stretch = None;
    }
}

#[cfg(test)]
mod tests {
    use super::Pace;

    const MS: fn(u64) -> gst::ClockTime = gst::ClockTime::from_mseconds;

    /// Whether it was found, with frames of these arrivals and running times, in milliseconds.
    fn found(held: impl Fn(u64) -> bool, frames: impl Iterator<Item = (u64, u64)>) -> bool {
        let mut pace = Pace::default();
        (0..).zip(frames).any(|(n, (now, running))| pace.cannot_follow(held(n), MS(now), MS(running)))
    }

    #[test]
    fn a_source_that_is_held_up_for_good() {
        // 25 frames a second are scored at 10 a second, and come later and later.
        assert!(found(|_| true, (0..40).map(|n| (n * 100, n * 40))));
        // The source drops what it cannot deliver: no frame comes later than another.
        assert!(found(|_| true, (0..40).map(|n| (n * 100, n * 100))));
    }

    #[test]
    fn a_source_that_is_followed() {
        // The queue is never full.
        assert!(!found(|_| false, (0..1000).map(|n| (n * 40, n * 40))));
        // Now and then a frame waits.
        assert!(!found(|n| n % 3 == 0, (0..1000).map(|n| (n * 40 + 7 * (n % 3), n * 40))));
        // The first inference took five seconds; what has come meanwhile waits for its turn, each less than the one
        // before.
        assert!(!found(|n| n < 200, (0..300).map(|n| ((5000 + n * 20).max(n * 40), n * 40))));
    }

    #[test]
    fn what_was_said_is_not_said_again() {
        let mut pace = Pace::default();
        pace.settle();
        assert!((0..100).all(|n| !pace.cannot_follow(true, MS(n * 100), MS(n * 40))));
    }
}
