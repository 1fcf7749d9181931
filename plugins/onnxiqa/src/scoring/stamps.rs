// SPDX-License-Identifier: MPL-2.0

//! Streams whose frames do not say when they are shown.

use onnx_iqa::record::{Cure, Finding};

/// Frames without a time stamp that are looked at: one alone may be a still.
const ENOUGH: u32 = 2;

/// Whether frames say when they are shown, as far as anything depends on it.
#[derive(Debug, Default)]
pub(super) struct Stamps {
    without: u32,
    /// A frame had a time stamp, or that none has was said.
    settled: bool,
}

impl Stamps {
    /// A frame came, with this time stamp. `has_rate`: scores are limited to so many a second; `has_windows`: windows
    /// or alarms were asked for. Gives what users are to be told, once.
    pub(super) fn seen(&mut self, pts: Option<gst::ClockTime>, has_rate: bool, has_windows: bool) -> Option<Finding> {
        self.settled |= pts.is_some();
        if self.settled {
            return None;
        }
        self.without = self.without.saturating_add(1);
        let mut follows = Vec::new();
        if has_rate {
            follows.push("max-rate has no effect and every frame is scored (interval still holds)");
        }
        if has_windows {
            follows.push("windows and alarms count frames by their durations, at 25 a second where caps say no rate");
        }
        if self.without < ENOUGH || follows.is_empty() {
            return None;
        }
        self.settled = true;
        let cause = format!("the frames have no time stamps: {}", follows.join("; "));
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
