// SPDX-License-Identifier: MPL-2.0

//! Frames that are being scored, and results that no frame waits for.

use super::frame::Finished;
use super::settings::Mode;
use std::collections::VecDeque;

/// Identifies the frame of a result.
#[derive(Debug, Clone, Copy)]
pub struct Ticket {
    /// Number of the frame handed to the scorer.
    pub number: u64,
    epoch: u64,
}

/// Frames that are being scored and, in live mode, results that have not been reported.
#[derive(Debug)]
pub struct Jobs {
    mode: Mode,
    /// Maximum number of frames being scored.
    limit: usize,
    in_flight: usize,
    handed_over: u64,
    /// Incremented by flushes and stops: results of an earlier epoch are ignored.
    epoch: u64,
    results: VecDeque<Finished>,
    /// A result has been taken and is being reported.
    reporting: bool,
}

impl Jobs {
    /// Creates an empty set.
    pub fn new(mode: Mode, limit: usize) -> Self {
        Self { mode, limit, in_flight: 0, handed_over: 0, epoch: 0, results: VecDeque::new(), reporting: false }
    }

    /// Continues with a new session; results of the previous one are ignored.
    pub fn restart(&mut self, mode: Mode, limit: usize) {
        self.forget();
        (self.mode, self.limit) = (mode, limit);
    }

    /// Current mode.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// Maximum number of frames being scored.
    pub fn limit(&self) -> usize {
        self.limit
    }

    /// Whether another frame may be submitted.
    pub fn has_room(&self) -> bool {
        self.in_flight < self.limit
    }

    /// A frame is submitted to the scorer.
    pub fn begin(&mut self) -> Ticket {
        let ticket = self.next_ticket();
        self.handed_over += 1;
        self.in_flight += 1;
        ticket
    }

    /// Ticket of the next frame.
    pub(super) fn next_ticket(&self) -> Ticket {
        Ticket { number: self.handed_over, epoch: self.epoch }
    }

    /// The scorer has finished a frame; returns false if the result is stale.
    pub fn end(&mut self, ticket: Ticket) -> bool {
        let current = ticket.epoch == self.epoch;
        self.in_flight -= usize::from(current);
        current
    }

    /// Keeps a result until it is reported. At most as many results wait as frames were in flight.
    pub fn keep(&mut self, finished: Finished) {
        self.results.push_back(finished);
    }

    /// Takes the next result to be reported; the caller must call [`reported`](Self::reported) afterwards.
    pub fn take(&mut self) -> Option<Finished> {
        let finished = self.results.pop_front()?;
        self.reporting = true;
        Some(finished)
    }

    /// The result that was taken has been reported.
    pub fn reported(&mut self) {
        self.reporting = false;
    }

    /// Whether results are pending or unreported: EOS waits for them.
    pub fn unreported(&self) -> bool {
        self.in_flight > 0 || self.reporting || !self.results.is_empty()
    }

    /// Invalidates everything that is being scored.
    pub fn forget(&mut self) {
        self.results.clear();
        self.in_flight = 0;
        self.epoch += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scoring::Times;
    use onnx_iqa::scorer::ScoreError;

    #[test]
    fn results_of_an_earlier_epoch_are_ignored() {
        let mut jobs = Jobs::new(Mode::Live, 1);
        let before = jobs.begin();
        assert!(!jobs.has_room() && jobs.unreported());
        jobs.forget();
        let after = jobs.begin();
        assert!(!jobs.end(before));
        assert!(!jobs.has_room(), "the frame of now is still in flight");
        assert!(jobs.end(after) && jobs.has_room());
        assert!(before.number < after.number);
    }

    #[test]
    fn a_result_is_unreported_until_its_report_is_over() {
        let mut jobs = Jobs::new(Mode::Live, 1);
        let ticket = jobs.begin();
        assert!(jobs.end(ticket));
        let (times, latency) = (Times::default(), gst::ClockTime::ZERO);
        jobs.keep(Finished { times, result: Err(ScoreError::Cancelled), latency });
        assert!(jobs.unreported());
        assert!(jobs.take().is_some() && jobs.unreported());
        jobs.reported();
        assert!(!jobs.unreported());
    }
}
