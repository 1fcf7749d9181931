// SPDX-License-Identifier: MPL-2.0

//! The source pad task: takes items from the queues, feeds the comparer and pushes downstream.

use super::category::CAT;
use super::context::Context;
use super::frames::{Item, Pending};
use super::input::{Input, Situation, begins};
use super::output::Output;
use super::queues::{Interruption, Pressed, other, reserve};
use super::streams::name;
use crate::messages::Structured as _;
use crate::scoring::warn;
use crate::{describe, lock};
use gst::prelude::*;
use onnx_iqa::comparer::{Comparer, Side};
use onnx_iqa::record::{Cure, Finding};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long nothing may move at the memory limit before action is taken. A slow side delivers in less time.
const PATIENCE: Duration = Duration::from_secs(1);

/// How long nothing may move after the warning before it becomes an error.
const GIVE_UP: Duration = Duration::from_secs(10);

/// State of a stall.
struct Stall {
    since: Instant,
    /// Number of frames in the full side's queue at that time.
    frames: usize,
    /// Whether the comparer was told to hold less.
    relieved: bool,
    /// Start of the time after which it becomes an error.
    countdown: Option<Instant>,
}

/// State of the task; accessed by nothing else while the task runs.
pub(super) struct Task {
    comparer: Arc<Comparer>,
    input: Input,
    output: Output,
    max_bytes: u64,
    /// Distorted frames below this number no longer wait.
    forced: u64,
    /// The reference was flushed separately: held frames leave with the references from before.
    emptying: bool,
    /// The flow was stopped by an error and frames were lost.
    broken: bool,
    stall: Option<Stall>,
    warned: bool,
}

impl Task {
    pub(super) fn new(comparer: Arc<Comparer>, max_bytes: u64, output: Output) -> Self {
        Self {
            comparer,
            input: Input::default(),
            output,
            max_bytes,
            forced: 0,
            emptying: false,
            broken: false,
            stall: None,
            warned: false,
        }
    }

    /// One iteration: does one thing, or waits for work.
    pub(super) fn round(&mut self, context: &Context<'_>) {
        let seen = context.queues.work().generation();
        let links = context.queues.links();
        let done = match context.queues.interruption() {
            Interruption::Stopped => {
                return context.queues.pause_if_stopped(&context.pads.src);
            }
            Interruption::Seeking => return context.queues.work().wait(seen, None),
            Interruption::Flushed(sides) => self.begin_anew(context, sides),
            Interruption::None if self.broken => self.resume(context),
            Interruption::None => self.advance(context, seen),
        };
        if let Err(flow) = done {
            self.stop(context, flow, links);
        }
    }

    fn advance(&mut self, context: &Context<'_>, seen: u64) -> Result<(), gst::FlowError> {
        if let Some(error) = self.comparer.failure() {
            gst::element_error!(context.element, gst::LibraryError::Failed, ("{}", describe(&error)));
            return Err(gst::FlowError::Error);
        }
        let input = &mut self.input;
        let paired = |number, frame: &Pending| input.paired(context, number, frame);
        if self.output.send_next(context, &self.comparer, paired)? {
            return Ok(());
        }
        if self.emptying {
            return self.empty(context, seen);
        }
        let due = context.deadline.due(context.element);
        if let Some(due) = due {
            self.force(due);
        }
        let situation = Situation {
            due,
            drained: self.output.fifo().is_empty(),
            full: !self.output.fifo().has_room_for_event(),
            over: context.queues.budget().bytes() > self.max_bytes,
        };
        match context.queues.take(|heads| self.input.choose(&self.comparer, heads, &situation)) {
            Some((side, item)) => {
                self.stall = None;
                // The queued frames are part of the memory limit.
                self.bound(self.max_bytes.saturating_sub(context.queues.bytes()));
                self.accept(context, side, item)
            }
            None => self.rest(context, seen),
        }
    }

    /// Handles an item taken from a queue.
    fn accept(&mut self, context: &Context<'_>, side: Side, item: Item) -> Result<(), gst::FlowError> {
        if self.input.ended(side) && begins(&item) {
            self.begin_anew(context, [side == Side::Reference, side == Side::Distorted])?;
        }
        match (side, item) {
            (Side::Reference, Item::Frame(frame)) => self.input.take_reference(context, &self.comparer, frame),
            (Side::Distorted, Item::Frame(frame)) => {
                let frame = self.input.take_distorted(context, &self.comparer, frame)?;
                self.output.push_frame(frame);
                Ok(())
            }
            (_, Item::Event(event)) => {
                self.input.take_event(context, &self.comparer, side, &event)?;
                if side == Side::Distorted {
                    self.output.push_event(event);
                }
                Ok(())
            }
        }
    }

    /// Live pipelines: releases frames that are due, with or without a match.
    fn force(&mut self, due: gst::ClockTime) {
        let forced = self.forced;
        let is_due = |frame: &&Pending| frame.number >= forced && frame.due.is_some_and(|time| time <= due);
        let last = self.output.fifo().frames().rev().find(is_due).map(|frame| frame.number);
        if let Some(through) = last {
            self.forced = through + 1;
            self.comparer.force(through);
        }
    }

    /// Nothing to do: waits for the comparer, the pads or the clock.
    fn rest(&mut self, context: &Context<'_>, seen: u64) -> Result<(), gst::FlowError> {
        self.check_outcomes(context)?;
        let next = self.next_due(context);
        let pressed = context.queues.pressed();
        if next.is_some() || pressed.is_some() {
            context.deadline.ask(context.pads.sinks());
        }
        context.deadline.wake_for(context.element, next);
        let limit = match pressed {
            Some(pressed) => self.stand_still(context, pressed)?,
            None => {
                self.stall = None;
                None
            }
        };
        context.queues.work().wait(seen, limit);
        Ok(())
    }

    /// Guards against waiting forever for a result that the engine has lost.
    fn check_outcomes(&self, context: &Context<'_>) -> Result<(), gst::FlowError> {
        let ended = self.emptying || (self.input.ended(Side::Reference) && self.input.ended(Side::Distorted));
        // An idle comparer has no more results.
        if !ended || !self.output.fifo().has_frames() || !self.comparer.idle() {
            return Ok(());
        }
        gst::element_error!(
            context.element,
            gst::LibraryError::Failed,
            ("internal error, please report it: a frame has no result")
        );
        Err(gst::FlowError::Error)
    }

    /// Running time from which the oldest waiting distorted frame may wait.
    fn next_due(&self, context: &Context<'_>) -> Option<gst::ClockTime> {
        let oldest = self.output.fifo().frames().find(|frame| frame.number >= self.forced);
        match oldest {
            Some(frame) => frame.due,
            None => context.queues.peek(Side::Distorted, |item| self.input.due(item)),
        }
    }

    /// Handles a stall at the memory limit while the other side is empty. Returns how long to wait.
    fn stand_still(&mut self, context: &Context<'_>, pressed: Pressed) -> Result<Option<Duration>, gst::FlowError> {
        let new = |relieved| Stall { since: Instant::now(), frames: pressed.frames, relieved, countdown: None };
        let stall = match &mut self.stall {
            Some(stall) if stall.frames == pressed.frames => stall,
            stall => stall.insert(new(false)),
        };
        let left = PATIENCE.saturating_sub(stall.since.elapsed());
        if !left.is_zero() {
            return Ok(Some(left));
        }
        if !stall.relieved {
            *stall = new(true);
            self.relieve(context, pressed);
            return Ok(Some(PATIENCE));
        }
        if context.deadline.live() {
            return Ok(None);
        }
        let countdown = *stall.countdown.get_or_insert_with(Instant::now);
        if !std::mem::replace(&mut self.warned, true) {
            warn(context.element, gst::StreamError::Failed, &standstill(pressed));
        }
        let left = GIVE_UP.saturating_sub(countdown.elapsed());
        if left.is_zero() {
            let mut finding = standstill(pressed);
            finding.cause = format!("nothing has moved for {} s: {}", GIVE_UP.as_secs(), finding.cause);
            let details = finding.to_structure();
            gst::element_error!(context.element, gst::StreamError::Failed, ("{finding}"), details: details);
            return Err(gst::FlowError::Error);
        }
        Ok(Some(left))
    }

    /// Makes room for the queues by reducing the comparer's search window, which is reported.
    fn relieve(&self, context: &Context<'_>, pressed: Pressed) {
        let queued = context.queues.bytes();
        let held = context.queues.budget().bytes().saturating_sub(queued);
        let room = self.max_bytes.saturating_sub(queued).saturating_sub(pressed.bytes);
        // In large steps, because each takes time.
        self.bound(room.min(held / 4 * 3));
    }

    /// Sets the comparer's memory limit.
    fn bound(&self, bytes: u64) {
        self.comparer.set_max_bytes(bytes.max(reserve(self.max_bytes)));
    }

    /// The reference has restarted: waits until the held frames of `distorted` have left.
    fn empty(&mut self, context: &Context<'_>, seen: u64) -> Result<(), gst::FlowError> {
        if !self.output.fifo().has_frames() {
            return self.renew(context);
        }
        self.check_outcomes(context)?;
        context.queues.work().wait(seen, None);
        Ok(())
    }

    /// Restarts these sides after a flush or EOS.
    fn begin_anew(&mut self, context: &Context<'_>, sides: [bool; 2]) -> Result<(), gst::FlowError> {
        gst::info!(CAT, obj = context.element, "Restarting: reference: {}, distorted: {}", sides[0], sides[1]);
        for side in [Side::Reference, Side::Distorted].into_iter().filter(|&side| sides[side as usize]) {
            self.input.begin(side);
        }
        let broken = std::mem::take(&mut self.broken);
        if sides[Side::Distorted as usize] {
            self.output.flush();
            lock(context.report).discontinuity();
        } else if broken {
            return self.resume(context);
        } else if self.output.fifo().has_frames() {
            self.comparer.end_reference();
            self.comparer.end_distorted();
            self.emptying = true;
            return Ok(());
        }
        self.renew(context)
    }

    /// Continues after an error of downstream. Upstream repeats neither caps nor segment.
    fn resume(&mut self, context: &Context<'_>) -> Result<(), gst::FlowError> {
        self.broken = false;
        self.input.resume();
        self.output.resume();
        lock(context.report).discontinuity();
        self.renew(context)
    }

    /// Continues with a new comparer.
    fn renew(&mut self, context: &Context<'_>) -> Result<(), gst::FlowError> {
        let changeable = context.setting(|settings| settings.changeable());
        let comparer = match context.session.renew(changeable, context.queues.work().clone()) {
            Ok(comparer) => comparer.ok_or(gst::FlowError::Flushing)?,
            Err(error) => {
                gst::element_error!(context.element, gst::LibraryError::Init, ("{}", describe(&error)));
                return Err(gst::FlowError::Error);
            }
        };
        self.input.renewed(&comparer);
        self.comparer = comparer;
        self.forced = 0;
        self.emptying = false;
        self.stall = None;
        Ok(())
    }

    /// Stops the flow because of downstream or of an error in this element. Both upstreams get the error with their
    /// next frame.
    fn stop(&mut self, context: &Context<'_>, flow: gst::FlowError, links: u64) {
        let Some(end_is_lost) = context.queues.stop(flow, links) else { return };
        gst::debug!(CAT, obj = context.element, "Flow stops: {flow:?}");
        let unheard = end_is_lost || self.input.ended(Side::Distorted);
        // Queued frames can no longer leave.
        self.broken = true;
        context.session.cancel();
        if flow == gst::FlowError::Eos {
            self.output.cut(context);
        }
        if matches!(flow, gst::FlowError::Flushing | gst::FlowError::Eos) {
            return;
        }
        if unheard && flow != gst::FlowError::Error {
            flow_error(context.element, flow);
        }
        if unheard || flow == gst::FlowError::Error {
            context.pads.src.push_event(gst::event::Eos::new());
        }
    }
}

/// Posts the flow error on behalf of an upstream that sends no more frames.
pub(super) fn flow_error(element: &gst::Element, flow: gst::FlowError) {
    gst::element_error!(
        element,
        gst::StreamError::Failed,
        ("Internal data stream error."),
        ["streaming stopped, reason {flow:?}"]
    );
}

fn standstill(pressed: Pressed) -> Finding {
    let (full, empty) = (name(pressed.side), name(other(pressed.side)));
    let cause = format!(
        "{full} holds {} frames ({} MiB), the limit set by max-bytes, and no frames arrive on {empty}",
        pressed.frames,
        pressed.queued >> 20
    );
    Finding::new("standstill", cause, Cure::HoldMore(empty.to_owned()))
}
