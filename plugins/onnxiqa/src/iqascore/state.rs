// SPDX-License-Identifier: MPL-2.0

//! What the pads, the task and the scorer's worker share.

use super::fifo::{Fifo, Finished};
use super::rate_limiter::RateLimiter;
use super::settings::Mode;
use crate::lock;
use crate::scoring::{ModelInfo, ScoredFrame, Times};
use crate::video_frame::Stream;
use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};

/// What the pads, the task and the scorer's worker share. The worker holds it instead of the element, so that the
/// element is never disposed of on the worker's thread.
#[derive(Default)]
pub(super) struct Shared {
    pub(super) state: Mutex<State>,
    /// Something in the state is other than it was.
    pub(super) changed: Condvar,
}

impl Shared {
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    pub(super) fn wait<'a>(&self, state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        self.changed.wait(state).unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// The scorer is done with a frame. Runs on the scorer's worker.
    pub(super) fn finish(&self, epoch: u64, number: u64, finished: Finished) {
        let mut state = self.lock();
        if state.epoch != epoch {
            return;
        }
        state.in_flight -= 1;
        match state.mode {
            Mode::EveryFrame => state.fifo.finish(number, finished),
            Mode::Live => state.finished.push_back(finished),
        }
        self.changed.notify_all();
    }
}

pub(super) struct State {
    pub(super) mode: Mode,
    /// Frames that may be between the pads.
    pub(super) capacity: usize,
    pub(super) fifo: Fifo,
    /// In live mode: results that have not been reported.
    pub(super) finished: VecDeque<Finished>,
    /// In live mode: a result is being reported.
    pub(super) reporting: bool,
    /// Frames with the scorer.
    pub(super) in_flight: usize,
    /// Counts flushes: results of an earlier epoch are of no interest.
    pub(super) epoch: u64,
    /// Frames handed to the scorer.
    pub(super) submitted: u64,
    /// A frame's turn to be scored came while the scorer had no room (live mode).
    pub(super) overdue: bool,
    /// The flow is being stopped: nothing may enter until what is with the scorer has been cancelled.
    pub(super) halting: bool,
    /// Some thread is pushing downstream.
    pub(super) pushing: bool,
    pub(super) flushing: bool,
    /// What downstream last answered.
    pub(super) flow: Result<gst::FlowSuccess, gst::FlowError>,
    pub(super) stream: Option<Arc<Stream>>,
    pub(super) segment: gst::FormattedSegment<gst::ClockTime>,
    pub(super) rate_limiter: RateLimiter,
    /// Which model scores, for what frames and messages say.
    pub(super) model_info: Arc<ModelInfo>,
    /// The newest finished score.
    pub(super) newest: Option<ScoredFrame>,
    /// The last frame failed: the next failure needs no warning of its own.
    pub(super) failing: bool,
}

impl Default for State {
    fn default() -> Self {
        Self {
            mode: Mode::default(),
            capacity: 1,
            fifo: Fifo::default(),
            finished: VecDeque::new(),
            reporting: false,
            in_flight: 0,
            epoch: 0,
            submitted: 0,
            overdue: false,
            halting: false,
            pushing: false,
            flushing: true,
            flow: Ok(gst::FlowSuccess::Ok),
            stream: None,
            segment: gst::FormattedSegment::new(),
            rate_limiter: RateLimiter::default(),
            model_info: Arc::default(),
            newest: None,
            failing: false,
        }
    }
}

impl State {
    /// Whether data may pass at all.
    pub(super) fn check(&self) -> Result<(), gst::FlowError> {
        if self.flushing {
            return Err(gst::FlowError::Flushing);
        }
        self.flow.map(|_| ())
    }

    /// Nothing waits before what comes now.
    pub(super) fn idle(&self) -> bool {
        self.fifo.is_empty() && !self.pushing && !self.halting
    }

    /// Drops the frames that wait; of what the scorer makes of them nobody hears.
    pub(super) fn forget_frames(&mut self) {
        self.fifo.drop_frames();
        self.finished.clear();
        self.epoch += 1;
        self.in_flight = 0;
    }

    /// There are results, or will be, that have not been reported: EOS waits for them.
    pub(super) fn unreported(&self) -> bool {
        self.in_flight > 0 || self.reporting || !self.finished.is_empty()
    }

    /// Forgets everything that was on its way.
    pub(super) fn flush(&mut self) {
        self.forget_frames();
        self.fifo.clear();
        // Nobody pushes while a flush ends, unless a panic has left it so.
        self.pushing = false;
        self.reporting = false;
        self.halting = false;
        self.overdue = false;
        self.rate_limiter = RateLimiter::default();
        self.newest = None;
        self.failing = false;
    }

    pub(super) fn times(&self, buffer: &gst::BufferRef) -> Times {
        let pts = buffer.pts();
        Times { pts, running: self.segment.to_running_time(pts), stream: self.segment.to_stream_time(pts) }
    }
}
