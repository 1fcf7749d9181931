// SPDX-License-Identifier: MPL-2.0

//! Detection of streams without timestamps.

use onnx_iqa::record::{Cure, Finding};

/// Number of frames without a timestamp before warning: a single one may be a still image.
const ENOUGH: u32 = 2;

/// Tracks whether frames have timestamps, as far as any feature depends on them.
#[derive(Debug, Default)]
pub(super) struct Stamps {
    without: u32,
    /// Whether a frame had a timestamp, or the warning has been posted.
    settled: bool,
}

impl Stamps {
    /// Handles a frame with this timestamp and returns the warning, once. `has_rate`: whether `max-rate` is set;
    /// `has_windows`: whether windows or alarms are in use.
    pub(super) fn seen(&mut self, pts: Option<gst::ClockTime>, has_rate: bool, has_windows: bool) -> Option<Finding> {
        self.settled |= pts.is_some();
        if self.settled {
            return None;
        }
        self.without = self.without.saturating_add(1);
        let mut follows = Vec::new();
        if has_rate {
            follows.push("max-rate has no effect and every frame selected by interval is scored");
        }
        if has_windows {
            follows.push("windows and alarms use frame durations, or 25 fps if the caps have no frame rate");
        }
        if self.without < ENOUGH || follows.is_empty() {
            return None;
        }
        self.settled = true;
        let cause = format!("the frames have no timestamps: {}", follows.join("; "));
        Some(Finding::new("no-times", cause, Cure::Stamp))
    }
}

#[cfg(test)]
mod tests {
    use super::Stamps;

    #[test]
    fn two_frames_without_a_stamp_are_enough_where_it_matters_and_it_is_said_once() {
        let mut stamps = Stamps::default();
        assert!((0..9).all(|_| stamps.seen(None, false, false).is_none()), "nothing depends on it");
        let text = stamps.seen(None, true, false).expect("max-rate depends on it").to_string();
        assert!(text.contains("max-rate") && !text.contains("alarms"), "{text}");
        assert!(stamps.seen(None, true, true).is_none());

        let mut stamps = Stamps::default();
        assert!(stamps.seen(None, false, true).is_none(), "one may be a still");
        assert!(stamps.seen(None, false, true).is_some_and(|found| found.to_string().contains("alarms")));
    }

    #[test]
    fn one_stamp_is_enough_to_say_nothing() {
        let mut stamps = Stamps::default();
        let stamp = Some(gst::ClockTime::ZERO);
        let said = [None, stamp, None, None, None].map(|pts| stamps.seen(pts, true, true));
        assert!(said.iter().all(Option::is_none), "{said:?}");
    }
}
