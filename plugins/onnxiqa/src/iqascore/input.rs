// SPDX-License-Identifier: MPL-2.0

//! The way of a frame: chain, the scorer, the task, the pad downstream.

use super::fifo::{Finished, Frame, Item, Outcome};
use super::imp::{CAT, IqaScore, Session};
use super::settings::Mode;
use super::state::State;
use crate::messages::Structured;
use crate::model::OnError;
use crate::scoring::{ScoredFrame, Times, report};
use crate::{describe, lock, meta};
use gst::prelude::*;
use gst::subclass::prelude::*;
use onnx_iqa::record::State::{Failed, Skipped};
use onnx_iqa::scorer::{Job, ScoreError};
use std::sync::{Arc, MutexGuard};
use std::time::Instant;

impl IqaScore {
    pub(super) fn chain(&self, buffer: gst::Buffer) -> Result<gst::FlowSuccess, gst::FlowError> {
        let arrival = Instant::now();
        let (interval, max_rate) = {
            let settings = lock(&self.settings);
            (settings.interval, settings.max_rate)
        };
        let mut state = self.shared.lock();
        state.check()?;
        let times = state.times(&buffer);
        let picked = state.rate_limiter.pick(times.stream, interval, max_rate);
        lock(&self.report).arrived();
        if state.mode == Mode::Live {
            return self.chain_live(state, buffer, times, arrival, picked);
        }

        while state.halting || state.fifo.frames() >= state.capacity {
            state = self.shared.wait(state);
            state.check()?;
        }
        if picked {
            return self.enqueue(state, buffer, times, arrival);
        }
        let frame = Frame { number: 0, buffer, times, outcome: Outcome::Skipped };
        if state.idle() {
            return self.push_directly(state, |imp| imp.deliver(frame));
        }
        state.fifo.push(Item::Frame(frame));
        self.shared.changed.notify_all();
        state.flow
    }

    /// Puts the frame where it waits for its score, and hands it to the scorer.
    pub(super) fn enqueue<'a>(
        &'a self,
        mut state: MutexGuard<'a, State>,
        buffer: gst::Buffer,
        times: Times,
        arrival: Instant,
    ) -> Result<gst::FlowSuccess, gst::FlowError> {
        let (number, job) = self.job(&mut state, &buffer, times, arrival);
        let (outcome, job) = match job {
            Ok(job) => (Outcome::Pending, Some(job)),
            Err(error) => (Outcome::Finished(Finished { times, result: Err(error), latency: elapsed(arrival) }), None),
        };
        state.fifo.push(Item::Frame(Frame { number, buffer, times, outcome }));
        if let Some(job) = job {
            state = self.submit(state, job);
        }
        self.shared.changed.notify_all();
        state.flow
    }

    /// The frame passes at once, with the newest score there is.
    pub(super) fn chain_live<'a>(
        &'a self,
        mut state: MutexGuard<'a, State>,
        buffer: gst::Buffer,
        times: Times,
        arrival: Instant,
        picked: bool,
    ) -> Result<gst::FlowSuccess, gst::FlowError> {
        // Only events that wait for EOS to leave can be before it.
        while !state.idle() {
            state = self.shared.wait(state);
            state.check()?;
        }
        state.overdue |= picked;
        let mut outcome = Outcome::Skipped;
        if state.overdue && state.in_flight < state.capacity {
            state.overdue = false;
            // It is counted when it is scored, or has failed.
            outcome = Outcome::Pending;
            match self.job(&mut state, &buffer, times, arrival) {
                // Before the frame is pushed: the scorer can be at work while it goes through the elements downstream.
                (_, Ok(job)) => state = self.submit(state, job),
                (_, Err(error)) => {
                    let finished = Finished { times, result: Err(error), latency: elapsed(arrival) };
                    state.finished.push_back(finished);
                    self.shared.changed.notify_all();
                }
            }
        }
        let frame = Frame { number: 0, buffer, times, outcome };
        self.push_directly(state, |imp| imp.deliver(frame))
    }

    pub(super) fn session(&self) -> Option<Arc<Session>> {
        lock(&self.session).clone()
    }

    /// The frame as the scorer wants it, and its number.
    pub(super) fn job(
        &self,
        state: &mut State,
        buffer: &gst::Buffer,
        times: Times,
        arrival: Instant,
    ) -> (u64, Result<Job, ScoreError>) {
        let number = state.submitted;
        state.submitted += 1;
        let Some(stream) = &state.stream else {
            return (number, Err(ScoreError::Internal("a frame came before its caps".into())));
        };
        let (shared, epoch) = (self.shared.clone(), state.epoch);
        let job = stream.map(buffer.clone()).map_err(ScoreError::from).map(|frame| Job {
            distorted: Box::new(frame),
            reference: None,
            done: Box::new(move |result| {
                shared.finish(epoch, number, Finished { times, result, latency: elapsed(arrival) });
            }),
        });
        (number, job)
    }

    /// Hands a job to the scorer. Under the lock: a job that came after a flush has cancelled its like would take the room of
    /// a later one.
    pub(super) fn submit<'a>(&'a self, mut state: MutexGuard<'a, State>, job: Job) -> MutexGuard<'a, State> {
        state.in_flight += 1;
        // No session: the element is being stopped, and nobody waits for the result.
        let Some(session) = self.session() else { return state };
        // The FIFO's bound is the scorer's capacity.
        let Err(job) = session.scorer.try_submit(job) else { return state };
        drop(state);
        (job.done)(Err(ScoreError::Internal("the scorer's queue is full".into())));
        self.shared.lock()
    }

    /// Runs `push` in this thread, while the task keeps still.
    pub(super) fn push_directly(
        &self,
        mut state: MutexGuard<'_, State>,
        push: impl FnOnce(&Self) -> Result<gst::FlowSuccess, gst::FlowError>,
    ) -> Result<gst::FlowSuccess, gst::FlowError> {
        state.pushing = true;
        drop(state);
        let flow = push(self);
        let mut state = self.shared.lock();
        state.pushing = false;
        self.shared.changed.notify_all();
        if state.flushing {
            return flow;
        }
        // In live mode the task may have found a failure in the meantime.
        state.flow = state.flow.and(flow);
        state.flow
    }

    /// One round of the task on the source pad.
    pub(super) fn run_task(&self) {
        let mut state = self.shared.lock();
        let item = loop {
            // At EOS from downstream frames are refused, but events still have to get there.
            if state.flushing || state.flow.is_err_and(|flow| flow != gst::FlowError::Eos) {
                // Under the lock: whoever clears these starts the task afterwards, and that must not be undone.
                let _ = self.src_pad.pause_task();
                return;
            }
            if let Some(finished) = state.finished.pop_front() {
                state.reporting = true;
                drop(state);
                let settled = self.settle(finished);
                self.shared.lock().reporting = false;
                if let Err(flow) = settled {
                    self.stopped(flow);
                }
                return;
            }
            let unreported = state.unreported();
            if !state.pushing
                && let Some(item) = state.fifo.pop_ready(unreported)
            {
                state.pushing = true;
                break item;
            }
            state = self.shared.wait(state);
        };
        self.shared.changed.notify_all();
        drop(state);

        let flow = match item {
            Item::Frame(frame) => self.deliver(frame),
            Item::Event(event) => {
                self.forward(event);
                Ok(gst::FlowSuccess::Ok)
            }
        };
        let mut state = self.shared.lock();
        state.pushing = false;
        self.shared.changed.notify_all();
        drop(state);
        if let Err(flow) = flow {
            self.stopped(flow);
        }
    }

    /// Downstream, or a failure of our own, ends the flow: upstream hears of it with its next buffer.
    pub(super) fn stopped(&self, flow: gst::FlowError) {
        let mut state = self.shared.lock();
        if state.flushing {
            return;
        }
        gst::debug!(CAT, imp = self, "flow stops: {flow:?}");
        // Nothing that still waits can leave.
        state.forget_frames();
        // Whoever hears of the end may begin anew at once. He must not before what is queued has been cancelled, or what he
        // queues would be.
        state.halting = true;
        drop(state);
        if let Some(session) = self.session() {
            session.scorer.cancel();
        }
        let mut state = self.shared.lock();
        state.halting = false;
        self.shared.changed.notify_all();
        if state.flushing {
            return;
        }
        state.flow = Err(flow);
        let unheard = state.fifo.has_eos();
        self.shared.changed.notify_all();
        drop(state);
        // After EOS no buffer of upstream's will meet the error: it has to be said here.
        if unheard && !matches!(flow, gst::FlowError::Flushing | gst::FlowError::Eos) {
            self.flow_error(flow);
        }
    }

    pub(super) fn flow_error(&self, flow: gst::FlowError) {
        if flow != gst::FlowError::Flushing && flow != gst::FlowError::Error {
            gst::element_imp_error!(
                self,
                gst::StreamError::Failed,
                ("Internal data stream error."),
                ["streaming stopped, reason {flow:?}"]
            );
        }
        self.src_pad.push_event(gst::event::Eos::new());
    }

    /// Reports a result and keeps it as the newest. An error ends the flow, unless users want to go on.
    pub(super) fn settle(&self, finished: Finished) -> Result<Option<ScoredFrame>, gst::FlowError> {
        let Finished { times, result, latency } = finished;
        match result {
            Ok(score) => {
                let model_info = self.shared.lock().model_info.clone();
                let scored = ScoredFrame::new(&model_info, times, score, latency);
                let mut state = self.shared.lock();
                state.failing = false;
                state.newest = Some(scored.clone());
                drop(state);
                let messages = lock(&self.report).scored(&scored);
                self.post(messages);
                Ok(Some(scored))
            }
            Err(ScoreError::Cancelled) => Err(gst::FlowError::Flushing),
            Err(error) => {
                let messages = lock(&self.report).failed(times);
                self.post(messages);
                if lock(&self.settings).model.on_error == OnError::Stop {
                    gst::element_imp_error!(self, gst::StreamError::Failed, ("{}", describe(&error)));
                    return Err(gst::FlowError::Error);
                }
                let first = !std::mem::replace(&mut self.shared.lock().failing, true);
                if first {
                    gst::element_imp_warning!(self, gst::StreamError::Failed, ("{}", describe(&error)));
                }
                gst::debug!(CAT, imp = self, "a frame failed: {}", describe(&error));
                Ok(None)
            }
        }
    }

    /// Lets a frame go, with what is known of it.
    pub(super) fn deliver(&self, frame: Frame) -> Result<gst::FlowSuccess, gst::FlowError> {
        let Frame { mut buffer, times, outcome, .. } = frame;
        let entry = if let Outcome::Finished(finished) = outcome {
            let scored = self.settle(finished)?;
            let model_info = self.shared.lock().model_info.clone();
            scored.map_or_else(|| model_info.record(Failed).to_structure(), |scored| scored.scored())
        } else {
            if matches!(outcome, Outcome::Skipped) {
                let messages = lock(&self.report).skipped(times);
                self.post(messages);
            }
            let state = self.shared.lock();
            let (newest, model_info) = (state.newest.clone(), state.model_info.clone());
            drop(state);
            newest.map_or_else(|| model_info.record(Skipped).to_structure(), |newest| newest.carried_by(times))
        };
        meta::attach(buffer.make_mut(), &self.obj().name(), entry).map_err(|error| {
            gst::element_imp_error!(self, gst::CoreError::Failed, ("{error}: is `IqaMeta` registered?"));
            gst::FlowError::Error
        })?;
        self.src_pad.push(buffer)
    }

    pub(super) fn post(&self, messages: Vec<gst::Structure>) {
        report::post(self.obj().upcast_ref(), messages);
    }

    pub(super) fn start_task(&self) -> bool {
        let element = self.obj().downgrade();
        self.src_pad
            .start_task(move || {
                if let Some(element) = element.upgrade() {
                    element.imp().guard((), Self::run_task);
                }
            })
            .inspect_err(|error| gst::error!(CAT, imp = self, "{error}"))
            .is_ok()
    }

    /// Runs `f` for GStreamer; a panic becomes an element error and ends the flow.
    pub(super) fn guard<T>(&self, fallback: T, f: impl FnOnce(&Self) -> T) -> T {
        let failed = |text: &str| {
            gst::element_imp_error!(self, gst::LibraryError::Failed, ("a bug in the element: {text}"));
            self.stopped(gst::FlowError::Error);
        };
        crate::guarded(fallback, failed, || f(self))
    }

    /// [`guard`](Self::guard) for a pad's functions.
    pub(super) fn guard_pad<T>(parent: Option<&gst::Object>, fallback: T, f: impl FnOnce(&Self) -> T) -> T {
        match parent.and_then(|parent| parent.downcast_ref::<super::IqaScore>()) {
            Some(element) => element.imp().guard(fallback, f),
            None => fallback,
        }
    }
}

fn elapsed(since: Instant) -> gst::ClockTime {
    gst::ClockTime::try_from(since.elapsed()).unwrap_or(gst::ClockTime::MAX)
}
