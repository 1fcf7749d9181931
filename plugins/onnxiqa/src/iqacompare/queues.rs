// SPDX-License-Identifier: MPL-2.0

//! Input queues of the two sink pads, with a common memory limit.
//!
//! The pads' threads put frames and events in and wait for room; the source pad task takes them out. A side normally
//! holds a few frames. While the other side is empty and all work is done, it may hold more, up to the limit: the
//! missing frames may depend on them, as with an encoder with look-ahead.

use super::budget::Budget;
use super::frames::{Arrived, Item};
use super::wakeup::Wakeup;
use crate::lock;
use crate::scheduling::{Fifo, FlowState, Limit, task};
use onnx_iqa::comparer::Side;
use onnx_iqa::sharing::Lease;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

/// Maximum number of queued frames of a side while the other side has frames too.
pub(super) const FRAMES: usize = 4;
/// How long the other side may be silent before a side may hold more: at first, and later a multiple of the other
/// side's usual frame interval within this range. If a side is merely slower, the other one must not fill the memory.
const FIRST_PATIENCE: Duration = Duration::from_millis(500);
const PATIENCE: [Duration; 2] = [Duration::from_millis(100), Duration::from_secs(1)];
const INTERVALS: u32 = 4;
pub(super) type Flow = Result<gst::FlowSuccess, gst::FlowError>;

/// Decision of the task.
pub(super) enum Choice {
    /// Take the next item of this side.
    Take(Side),
    /// Take nothing.
    Rest(Rest),
}

/// Why the task takes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Rest {
    /// Sides that must deliver before the task can proceed.
    pub(super) starved: [bool; 2],
    /// Nothing is in progress.
    pub(super) idle: bool,
    /// No item of `distorted` is held.
    pub(super) drained: bool,
}

/// Conditions that interrupt the task.
pub(super) enum Interruption {
    None,
    /// The flow is stopped.
    Stopped,
    /// A seek is in progress.
    Seeking,
    /// These sides were flushed.
    Flushed([bool; 2]),
}

/// Result of queuing an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Given {
    Queued,
    /// Queued; the task had ended and must be restarted.
    Begins,
    /// The pad is flushing.
    Flushing,
    /// The flow has stopped for this reason.
    Refused(gst::FlowError),
}

/// What was dropped when the flow was stopped.
struct Stopped {
    /// EOS of `distorted` is among it.
    end_is_lost: bool,
    /// Number of reference frames.
    references: u64,
}

/// A side that cannot take its next frame because of the memory limit, while the other side is empty.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pressed {
    pub(super) side: Side,
    /// Memory needed by the waiting frame.
    pub(super) bytes: u64,
    /// Number of frames in that side's queue, and their memory.
    pub(super) frames: usize,
    pub(super) queued: u64,
}

struct Queue {
    /// This limit applies while the other side has frames too. Total memory is counted by the budget.
    items: Fifo<Arrived>,
    flushing: bool,
    /// Flushed, and the task has not handled it yet.
    flushed: bool,
    /// Memory needed by the frame that waits for room.
    waiting: Option<u64>,
    arrivals: Arrivals,
}

impl Default for Queue {
    fn default() -> Self {
        Self {
            items: Fifo::new(Limit::frames(FRAMES)),
            flushing: false,
            flushed: false,
            waiting: None,
            arrivals: Arrivals::default(),
        }
    }
}

/// Arrival times of a side's frames.
struct Arrivals {
    /// When the last frame was queued, or when the first one could arrive.
    last: Instant,
    /// Usual interval between frames; initially the time to the first frame, `None` before that.
    interval: Option<Duration>,
}

impl Default for Arrivals {
    fn default() -> Self {
        Self { last: Instant::now(), interval: None }
    }
}

impl Arrivals {
    /// A frame that arrived at `arrival` is now queued; the time it waited for room does not count.
    fn arrived(&mut self, arrival: Instant) {
        let interval = arrival.saturating_duration_since(self.last);
        self.interval = Some(self.interval.map_or(interval, |usual| (usual * 3 + interval) / 4));
        self.last = Instant::now();
    }

    /// How much longer the side may be silent.
    fn patience(&self, now: Instant) -> Duration {
        let [least, most] = PATIENCE;
        let patience = self.interval.map_or(FIRST_PATIENCE, |usual| (usual * INTERVALS).clamp(least, most));
        patience.saturating_sub(now.saturating_duration_since(self.last))
    }
}

struct Inner {
    queues: [Queue; 2],
    max_bytes: u64,
    /// The sides are independent: neither may hold more because the other is silent.
    independent: bool,
    /// Flow state of the distorted stream; the reference can be flushed separately.
    flow: FlowState,
    /// Number of reconfigure requests: a missing link found before the last one is no longer missing.
    links: u64,
    /// Number of seeks in progress: frames from before and after a seek may be mixed.
    seeks: usize,
    /// Why the task rests; `None` while it works or has not seen the newest item.
    rest: Option<Rest>,
}

impl Inner {
    /// Whether frames may enter.
    fn check(&self, side: Side) -> Result<(), gst::FlowError> {
        if self.queues[side as usize].flushing {
            return Err(gst::FlowError::Flushing);
        }
        self.flow.admits().map(|_| ())
    }

    fn stopped(&self) -> bool {
        self.queues[Side::Distorted as usize].flushing || self.flow != FlowState::Flowing
    }

    /// Whether a frame of this size exceeds the memory limit.
    fn is_over(&self, bytes: u64, held: u64) -> bool {
        held.saturating_add(bytes) > self.max_bytes
    }

    /// How long a frame has to wait for room: not at all, for a duration, or (`None`) indefinitely.
    fn room(&self, side: Side, bytes: u64, held: u64, now: Instant) -> Option<Duration> {
        let queue = &self.queues[side as usize];
        if !queue.items.has_frames() {
            return Some(Duration::ZERO);
        }
        if self.is_over(bytes, held) {
            return None;
        }
        if queue.items.has_room() {
            return Some(Duration::ZERO);
        }
        let starving =
            !self.independent && self.rest.is_some_and(|rest| rest.idle && rest.starved[other(side) as usize]);
        let more = starving && queue.items.bytes().saturating_add(bytes) <= self.max_bytes - reserve(self.max_bytes);
        more.then(|| self.queues[other(side) as usize].arrivals.patience(now))
    }

    /// Queues a frame. The task must run, unless a frame it cannot process is already queued.
    fn push_frame(&mut self, side: Side, frame: Arrived) {
        let queue = &mut self.queues[side as usize];
        if !queue.items.has_frames() {
            self.rest = None;
        }
        queue.waiting = None;
        queue.arrivals.arrived(frame.arrival);
        let grows = !queue.items.has_room();
        queue.items.push(Item::Frame(frame));
        if grows {
            // The other side's needs set the amount this side may hold from now on.
            queue.items.set_limit(Limit { frames: queue.items.len(), bytes: u64::MAX });
        }
    }
}

/// The two queues.
pub(super) struct Queues {
    inner: Mutex<Inner>,
    budget: Arc<Budget>,
    /// The task waits for this: work is available.
    work: Arc<Wakeup>,
    /// The pads' threads wait for this: room may be available.
    room: Arc<Wakeup>,
}

impl Default for Queues {
    fn default() -> Self {
        let room = Arc::<Wakeup>::default();
        let inner = Inner {
            queues: Default::default(),
            max_bytes: 0,
            independent: false,
            flow: FlowState::default(),
            links: 0,
            seeks: 0,
            rest: None,
        };
        Self { inner: Mutex::new(inner), budget: Budget::new(room.clone()), work: Arc::default(), room }
    }
}

impl Queues {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        lock(&self.inner)
    }

    /// Notifies the task about work.
    pub(super) fn work(&self) -> &Arc<Wakeup> {
        &self.work
    }

    /// Memory accounting of all frames of the element.
    pub(super) fn budget(&self) -> &Budget {
        &self.budget
    }

    /// READY→PAUSED: empties the queues and sets the memory limit. `independent`: neither side may hold more because
    /// the other is silent.
    pub(super) fn open(&self, max_bytes: u64, independent: bool) {
        let mut inner = self.lock();
        let old = inner.queues.each_mut().map(std::mem::take);
        for queue in &mut inner.queues {
            queue.items.set_limit(usual(max_bytes));
        }
        inner.max_bytes = max_bytes;
        inner.independent = independent;
        inner.rest = None;
        drop(inner);
        drop(old);
    }

    /// Enables data flow.
    pub(super) fn activate(&self) {
        let mut inner = self.lock();
        inner.flow.start();
        for queue in &mut inner.queues {
            queue.flushing = false;
        }
    }

    /// Disables data flow and ends all waits.
    pub(super) fn deactivate(&self) {
        let mut inner = self.lock();
        inner.flow.flush();
        for queue in &mut inner.queues {
            queue.flushing = true;
        }
        drop(inner);
        self.wake();
    }

    fn wake(&self) {
        self.work.tell();
        self.room.tell();
    }

    // Called by the pads' threads.

    /// Queues a frame when there is room.
    pub(super) fn push_frame(
        &self,
        side: Side,
        buffer: gst::Buffer,
        lease: Option<Lease>,
        seen: Option<gst::ClockTime>,
    ) -> Flow {
        let (arrival, bytes) = (Instant::now(), buffer.size() as u64);
        loop {
            let generation = self.room.generation();
            let mut inner = self.lock();
            if let Err(flow) = inner.check(side) {
                inner.queues[side as usize].waiting = None;
                return Err(flow);
            }
            let room = inner.room(side, bytes, self.budget.bytes(), Instant::now());
            if room == Some(Duration::ZERO) {
                let charge = self.budget.charge(side, bytes);
                inner.push_frame(side, Arrived { lease, buffer, arrival, seen, charge });
                drop(inner);
                self.work.tell();
                return Ok(gst::FlowSuccess::Ok);
            }
            let first = inner.queues[side as usize].waiting.replace(bytes).is_none();
            drop(inner);
            if first {
                // The task may have to make room.
                self.work.tell();
            }
            self.room.wait(generation, room);
        }
    }

    /// Queues a serialized event.
    pub(super) fn push_event(&self, side: Side, mut event: gst::Event) -> Given {
        loop {
            let generation = self.room.generation();
            let mut inner = self.lock();
            if inner.queues[side as usize].flushing {
                return Given::Flushing;
            }
            let before = inner.flow;
            if side == Side::Distorted {
                inner.flow.begin_stream(event.type_());
            }
            let begins = inner.flow != before;
            match inner.flow.admits() {
                Err(flow) if side != Side::Reference || !is_kept(&event, flow) => return Given::Refused(flow),
                _ => {}
            }
            let item = Item::Event(event);
            let items = &mut inner.queues[side as usize].items;
            if items.has_room_for_event() {
                items.push(item);
                inner.rest = None;
                drop(inner);
                self.work.tell();
                return if begins { Given::Begins } else { Given::Queued };
            }
            let Item::Event(again) = item else { return Given::Flushing };
            event = again;
            drop(inner);
            self.room.wait(generation, None);
        }
    }

    /// The error of an event that was refused.
    pub(super) fn refusal(&self, side: Side) -> gst::FlowError {
        let inner = self.lock();
        if inner.queues[side as usize].flushing { gst::FlowError::Flushing } else { inner.flow.refusal() }
    }

    /// Waits until all items of `distorted` have left; returns false if they cannot leave without more frames, or if
    /// the flow is being stopped.
    pub(super) fn wait_drained(&self) -> bool {
        loop {
            let generation = self.room.generation();
            let inner = self.lock();
            if inner.check(Side::Distorted).is_err() {
                return false;
            }
            match inner.rest {
                Some(rest) if rest.drained && inner.queues[Side::Distorted as usize].items.is_empty() => return true,
                Some(rest) if rest.idle => return false,
                _ => {}
            }
            drop(inner);
            self.room.wait(generation, None);
        }
    }

    /// FLUSH_START: ends the pad's waits.
    pub(super) fn flush_start(&self, side: Side) {
        self.lock().queues[side as usize].flushing = true;
        self.wake();
    }

    /// FLUSH_STOP: the queue is empty.
    pub(super) fn flush_stop(&self, side: Side) {
        let mut inner = self.lock();
        let max_bytes = inner.max_bytes;
        let queue = &mut inner.queues[side as usize];
        let old = queue.items.flush();
        queue.items.set_limit(usual(max_bytes));
        queue.flushing = false;
        queue.flushed = true;
        queue.waiting = None;
        queue.arrivals = Arrivals::default();
        inner.rest = None;
        if side == Side::Distorted {
            inner.flow.start();
        }
        drop(inner);
        drop(old);
        self.wake();
    }

    /// Begins a seek. Until it has reached both sides and the token is dropped, the task does nothing: frames from
    /// before and after the seek must not meet.
    pub(super) fn seek(&self) -> Seeking<'_> {
        self.lock().seeks += 1;
        Seeking(self)
    }

    /// Handles a reconfigure request; returns true if the task must be started.
    pub(super) fn relinked(&self) -> bool {
        let mut inner = self.lock();
        inner.links += 1;
        inner.flow.relink()
    }

    // Called by the task.

    /// Returns the condition that interrupts the task; each flush is returned once.
    pub(super) fn interruption(&self) -> Interruption {
        let mut inner = self.lock();
        if inner.stopped() {
            return Interruption::Stopped;
        }
        // A seek flushes one side after the other; both must be known before the first is handled.
        if inner.seeks > 0 {
            return Interruption::Seeking;
        }
        let flushed = inner.queues.each_mut().map(|queue| std::mem::take(&mut queue.flushed));
        if flushed.contains(&true) { Interruption::Flushed(flushed) } else { Interruption::None }
    }

    /// Pauses the pad's task if the flow is still stopped.
    pub(super) fn pause_if_stopped(&self, pad: &gst::Pad) {
        let inner = self.lock();
        if inner.stopped() {
            task::pause(pad, &inner);
        }
    }

    /// Takes the item that `choose` selects from the heads of both queues. `choose` is called under the lock.
    pub(super) fn take(&self, choose: impl FnOnce([Option<&Item>; 2]) -> Choice) -> Option<(Side, Item)> {
        let mut inner = self.lock();
        if inner.stopped() || inner.seeks > 0 || inner.queues.iter().any(|queue| queue.flushed) {
            return None;
        }
        let choice = choose(inner.queues.each_ref().map(|queue| queue.items.front()));
        let (taken, told) = match choice {
            Choice::Take(side) => {
                inner.rest = None;
                (inner.queues[side as usize].items.pop().map(|item| (side, item)), true)
            }
            Choice::Rest(rest) => (None, inner.rest.replace(rest) != Some(rest)),
        };
        drop(inner);
        if told {
            self.room.tell();
        }
        taken
    }

    /// Inspects the next item of a side.
    pub(super) fn peek<T>(&self, side: Side, look: impl FnOnce(&Item) -> Option<T>) -> Option<T> {
        self.lock().queues[side as usize].items.front().and_then(look)
    }

    /// Whether the memory limit prevents a side from growing while the other one is empty.
    pub(super) fn pressed(&self) -> Option<Pressed> {
        let inner = self.lock();
        let rest = inner.rest.filter(|rest| rest.idle)?;
        [Side::Reference, Side::Distorted].into_iter().find_map(|side| {
            let queue = &inner.queues[side as usize];
            let bytes = queue.waiting.filter(|_| rest.starved[other(side) as usize])?;
            let held = self.budget.bytes();
            let full = match inner.independent {
                true => inner.is_over(bytes, held),
                false => inner.room(side, bytes, held, Instant::now()).is_none(),
            };
            full.then_some(Pressed { side, bytes, frames: queue.items.len(), queued: queue.items.bytes() })
        })
    }

    /// Memory held by the queued frames.
    pub(super) fn bytes(&self) -> u64 {
        self.lock().queues.iter().map(|queue| queue.items.bytes()).sum()
    }

    /// Number of reconfigure requests so far.
    pub(super) fn links(&self) -> u64 {
        self.lock().links
    }

    /// Stops the flow for this reason. Returns whether EOS of `distorted` is among the dropped items; `None` if the
    /// flow was not stopped, because something else does that, or because the missing link was made after `links`
    /// requests.
    pub(super) fn stop(&self, flow: gst::FlowError, links: u64) -> Option<bool> {
        let stopped = self.stop_if(flow, |inner| flow != gst::FlowError::NotLinked || inner.links == links);
        stopped.map(|stopped| stopped.end_is_lost)
    }

    /// Ends the stream, unless another one has already arrived on `distorted`. Returns the number of references that
    /// were queued, which are later than its end.
    pub(super) fn end(&self) -> u64 {
        let nothing_more = |inner: &Inner| inner.queues[Side::Distorted as usize].items.is_empty();
        self.stop_if(gst::FlowError::Eos, nothing_more).map_or(0, |stopped| stopped.references)
    }

    fn stop_if(&self, flow: gst::FlowError, condition: impl FnOnce(&Inner) -> bool) -> Option<Stopped> {
        let mut inner = self.lock();
        if inner.stopped() || !condition(&inner) {
            return None;
        }
        inner.flow = FlowState::Stopped(flow);
        let [reference, distorted] = &mut inner.queues;
        let end_is_lost = distorted.items.has_eos();
        let old = [reference.items.stop_keeping_eos(), distorted.items.stop()];
        drop(inner);
        let references = old[0].iter().filter(|item| matches!(item, Item::Frame(_))).count() as u64;
        drop(old);
        self.wake();
        Some(Stopped { end_is_lost, references })
    }
}

/// A seek is in progress until this is dropped.
pub(super) struct Seeking<'a>(&'a Queues);

impl Drop for Seeking<'_> {
    fn drop(&mut self) {
        self.0.lock().seeks -= 1;
        self.0.wake();
    }
}

/// Whether an event of the reference is queued although the flow has stopped: if the other stream resumes or restarts,
/// the kind of reference must be known, and its end, which upstream does not repeat.
fn is_kept(event: &gst::Event, stopped: gst::FlowError) -> bool {
    event.type_() == gst::EventType::Eos || (stopped == gst::FlowError::Eos && event.is_sticky())
}

/// Limit of a queue that has not grown: fewer frames if they are large.
fn usual(max_bytes: u64) -> Limit {
    Limit { frames: FRAMES, bytes: max_bytes / 8 }
}

/// Memory that growing queues leave to the comparer, which otherwise could not pair anything.
pub(super) fn reserve(max_bytes: u64) -> u64 {
    max_bytes / 4
}

/// Returns the other side.
pub(super) fn other(side: Side) -> Side {
    match side {
        Side::Reference => Side::Distorted,
        Side::Distorted => Side::Reference,
    }
}
