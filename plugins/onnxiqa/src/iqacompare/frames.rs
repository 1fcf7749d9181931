// SPDX-License-Identifier: MPL-2.0

//! Frames as they wait: in the queues, and between the queues and downstream.

use super::budget::Charge;
use crate::scheduling::{self, Payload};
use crate::scoring::Times;
use onnx_iqa::sharing::Lease;
use std::sync::Arc;
use std::time::Instant;

/// A frame as it came.
pub(super) struct Arrived {
    /// Of the reference: on the buffer's memory, which outlives it.
    pub(super) lease: Option<Lease>,
    pub(super) buffer: gst::Buffer,
    pub(super) arrival: Instant,
    /// The element's running time at its arrival, if that has a clock.
    pub(super) seen: Option<gst::ClockTime>,
    pub(super) charge: Arc<Charge>,
}

impl Payload for Arrived {
    fn bytes(&self) -> u64 {
        self.buffer.bytes()
    }
}

/// What came on a pad, in order.
pub(super) type Item = scheduling::Item<Arrived>;

/// A distorted frame that the comparer has.
pub(super) struct Pending {
    /// The comparer's.
    pub(super) number: u64,
    pub(super) buffer: gst::Buffer,
    pub(super) times: Times,
    /// Running time, before the segment too.
    pub(super) running: Option<i64>,
    pub(super) arrival: Instant,
    /// In live pipelines: from when on it may wait for the latency; running time.
    pub(super) due: Option<gst::ClockTime>,
    pub(super) charge: Arc<Charge>,
}

impl Payload for Pending {
    fn bytes(&self) -> u64 {
        self.buffer.bytes()
    }
}
