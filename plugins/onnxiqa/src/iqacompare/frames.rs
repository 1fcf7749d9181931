// SPDX-License-Identifier: MPL-2.0

//! Frames in the queues, and between the queues and downstream.

use super::budget::Charge;
use crate::scheduling::{self, Payload};
use crate::scoring::Times;
use crate::video_frame::Stream;
use onnx_iqa::sharing::Lease;
use std::sync::Arc;
use std::time::Instant;

/// A queued frame.
pub(super) struct Arrived {
    /// Reference only: lease on the buffer's memory, which outlives it.
    pub(super) lease: Option<Lease>,
    pub(super) buffer: gst::Buffer,
    pub(super) arrival: Instant,
    /// The element's running time at arrival, if it has a clock.
    pub(super) seen: Option<gst::ClockTime>,
    pub(super) charge: Arc<Charge>,
}

impl Payload for Arrived {
    fn bytes(&self) -> u64 {
        self.buffer.bytes()
    }
}

/// A queue item of a pad.
pub(super) type Item = scheduling::Item<Arrived>;

/// A distorted frame submitted to the comparer.
pub(super) struct Pending {
    /// Number assigned by the comparer.
    pub(super) number: u64,
    pub(super) stream: Arc<Stream>,
    pub(super) buffer: gst::Buffer,
    pub(super) times: Times,
    /// Running time, possibly before the segment.
    pub(super) running: Option<i64>,
    pub(super) arrival: Instant,
    /// Live only: running time from which the latency counts.
    pub(super) due: Option<gst::ClockTime>,
    pub(super) charge: Arc<Charge>,
}

impl Payload for Pending {
    fn bytes(&self) -> u64 {
        self.buffer.bytes()
    }
}
