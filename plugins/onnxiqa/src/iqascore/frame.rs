// SPDX-License-Identifier: MPL-2.0

//! A frame between the pads and the state of its score.

use crate::scheduling::Payload;
use crate::scoring::Times;
use onnx_iqa::scorer::{NoReferenceResult, ScoreError};

/// Result for a frame.
#[derive(Debug)]
pub struct Finished {
    /// Times of the frame.
    pub times: Times,
    /// Score and measures, or the error.
    pub result: Result<NoReferenceResult, ScoreError>,
    /// Time from arrival to score.
    pub latency: gst::ClockTime,
}

/// State of a frame's score.
#[derive(Debug)]
pub enum Outcome {
    /// Not selected for scoring.
    Skipped,
    /// Being scored under this ticket: the frame waits for the result.
    Pending(u64),
    /// Scored, or failed.
    Finished(Finished),
    /// Being scored; the result is reported when finished and the frame does not wait for it (`mode=live`).
    ReportedApart,
}

/// A frame between the pads.
#[derive(Debug)]
pub struct Frame {
    /// The buffer.
    pub buffer: gst::Buffer,
    /// Times of the frame.
    pub times: Times,
    /// State of the score.
    pub outcome: Outcome,
}

impl Frame {
    /// Whether the frame waits for its score.
    pub fn waits(&self) -> bool {
        matches!(self.outcome, Outcome::Pending(_))
    }
}

impl Payload for Frame {
    fn bytes(&self) -> u64 {
        self.buffer.bytes()
    }
}
