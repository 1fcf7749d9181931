// SPDX-License-Identifier: MPL-2.0

//! Which part of a stream is decoded.

/// A part of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Part {
    /// Its beginning in the stream's own time.
    pub start: gst::ClockTime,
    /// Its end.
    pub stop: Option<gst::ClockTime>,
}

impl Part {
    /// Whether it is all of the stream.
    pub fn is_all(self) -> bool {
        self == Self::default()
    }
}
