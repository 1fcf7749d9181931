// SPDX-License-Identifier: MPL-2.0

//! A frame between the pads, and how far its score is.

use crate::scheduling::Payload;
use crate::scoring::Times;
use onnx_iqa::scorer::{NoReferenceResult, ScoreError};

/// What was found out about a frame.
#[derive(Debug)]
pub struct Finished {
    /// When the frame is shown.
    pub times: Times,
    /// Its score and measures, or why it has none.
    pub result: Result<NoReferenceResult, ScoreError>,
    /// From arrival to score.
    pub latency: gst::ClockTime,
}

/// How far a frame's score is.
#[derive(Debug)]
pub enum Outcome {
    /// Not selected to be scored.
    Skipped,
    /// With the scorer, under this number: the frame waits for it.
    Pending(u64),
    /// Scored, or failed.
    Finished(Finished),
    /// With the scorer: the result is reported when it is there, and the frame does not wait for it (`mode=live`).
    ReportedApart,
}

/// A frame on its way through.
#[derive(Debug)]
pub struct Frame {
    /// As it came.
    pub buffer: gst::Buffer,
    /// When it is shown.
    pub times: Times,
    /// How far its score is.
    pub outcome: Outcome,
}

impl Frame {
    /// Whether it has to wait for its score.
    pub fn waits(&self) -> bool {
        matches!(self.outcome, Outcome::Pending(_))
    }
}

impl Payload for Frame {
    fn bytes(&self) -> u64 {
        self.buffer.bytes()
    }
}
