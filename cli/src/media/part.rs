// SPDX-License-Identifier: MPL-2.0

//! Part of a stream to decode.

/// A part of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Part {
    /// Start in stream time.
    pub start: gst::ClockTime,
    /// End in stream time.
    pub stop: Option<gst::ClockTime>,
}

impl Part {
    /// Whether this is the whole stream.
    pub fn is_all(self) -> bool {
        self == Self::default()
    }
}
