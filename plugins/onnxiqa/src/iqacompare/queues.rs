// SPDX-License-Identifier: MPL-2.0

//! What has come on the two sink pads and has not been looked at: one queue a side, bounded together in bytes.
//!
//! The pads' threads put frames and events in and wait for room; the task on the source pad takes them out. A side
//! normally holds a few frames. While the other side has nothing, and all work is done, it may hold more, up to the
//! bound: what the other side lacks may come of just these frames, as from an encoder that looks ahead.

use super::budget::Budget;
use super::frames::{Arrived, Item};
use super::wakeup::Wakeup;
use crate::lock;
use crate::scheduling::{Fifo, FlowState, Limit, task};
use onnx_iqa::comparer::Side;
use onnx_iqa::sharing::Lease;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

/// Frames that a side may hold while the other side has some, too.
pub(super) const FRAMES: usize = 4;
/// How long the other side may send nothing before a side holds more: at first, and later between these, as many times as
/// its frames are usually apart. A side that is only slower must not fill the memory with the other one's frames.
const FIRST_PATIENCE: Duration = Duration::from_millis(500);
const PATIENCE: [Duration; 2] = [Duration::from_millis(100), Duration::from_secs(1)];
const INTERVALS: u32 = 4;
pub(super) type Flow = Result<gst::FlowSuccess, gst::FlowError>;

/// What the task found to do.
pub(super) enum Choice {
    /// Take what that side has next.
    Take(Side),
    /// Nothing.
    Rest(Rest),
}

/// Why the task takes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Rest {
    /// The sides that have to deliver before anything can go on.
    pub(super) starved: [bool; 2],
    /// Nothing goes on by itself.
    pub(super) idle: bool,
    /// Of what came on `distorted` nothing is held.
    pub(super) drained: bool,
}

/// What keeps the task from its work.
pub(super) enum Interruption {
    None,
    /// The flow is stopped.
    Stopped,
    /// A seek is under way.
    Seeking,
    /// These sides were flushed.
    Flushed([bool; 2]),
}

/// What came of giving an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Given {
    Queued,
    /// Queued, and the task, which had ended, is to be started.
    Begins,
    /// The pad is flushing.
    Flushing,
    /// Nothing goes any more, for this reason.
    Refused(gst::FlowError),
}

/// A side that cannot take its next frame because the bound is reached, while the other side has nothing.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pressed {
    pub(super) side: Side,
    /// What the frame that waits needs.
    pub(super) bytes: u64,
    /// Frames in that side's queue, and what they hold.
    pub(super) frames: usize,
    pub(super) queued: u64,
}

struct Queue {
    /// Its limit holds while the other side has something, too. What all hold together is counted by the budget.
    items: Fifo<Arrived>,
    flushing: bool,
    /// Was flushed, which the task has not heard of.
    flushed: bool,
    /// What the frame that waits for room needs.
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

/// When a side's frames come.
struct Arrivals {
    /// When the last one was queued, or when the first could come.
    last: Instant,
    /// What usually lies between two frames, first from the beginning to the first one; none before that.
    interval: Option<Duration>,
}

impl Default for Arrivals {
    fn default() -> Self {
        Self { last: Instant::now(), interval: None }
    }
}

impl Arrivals {
    /// A frame that came at `arrival` is in its queue now; the time that it waited for room is none of upstream's.
    fn arrived(&mut self, arrival: Instant) {
        let interval = arrival.saturating_duration_since(self.last);
        self.interval = Some(self.interval.map_or(interval, |usual| (usual * 3 + interval) / 4));
        self.last = Instant::now();
    }

    /// How long the side may still be silent before that is unusual.
    fn patience(&self, now: Instant) -> Duration {
        let [least, most] = PATIENCE;
        let patience = self.interval.map_or(FIRST_PATIENCE, |usual| (usual * INTERVALS).clamp(least, most));
        patience.saturating_sub(now.saturating_duration_since(self.last))
    }
}

struct Inner {
    queues: [Queue; 2],
    max_bytes: u64,
    /// Neither side's frames come of the other's: none grows for the other's sake.
    independent: bool,
    /// Of the stream that goes through; the reference can be flushed by itself.
    flow: FlowState,
    /// Seeks that are under way: frames of before and after them may be mixed.
    seeks: usize,
    /// Of the task; none while it is at work, or has not seen what came last.
    rest: Option<Rest>,
}

impl Inner {
    /// Whether frames may come.
    fn check(&self, side: Side) -> Result<(), gst::FlowError> {
        if self.queues[side as usize].flushing {
            return Err(gst::FlowError::Flushing);
        }
        self.flow.admits().map(|_| ())
    }

    fn stopped(&self) -> bool {
        self.queues[Side::Distorted as usize].flushing || self.flow != FlowState::Flowing
    }

    /// Whether a frame of so many bytes is more than may be held.
    fn is_over(&self, bytes: u64, held: u64) -> bool {
        held.saturating_add(bytes) > self.max_bytes
    }

    /// How long a frame has to wait for room, if nothing changes: not at all, for a time, or (none) for ever.
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

    /// Puts a frame in. The task has to look, unless there was a frame that it could do nothing with.
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
            // What the other side needed once it needs again: that much may be held from now on.
            queue.items.set_limit(Limit { frames: queue.items.len(), bytes: u64::MAX });
        }
    }
}

/// The two queues.
pub(super) struct Queues {
    inner: Mutex<Inner>,
    budget: Arc<Budget>,
    /// The task waits for it: there is something to do.
    work: Arc<Wakeup>,
    /// The pads' threads wait for it: there may be room.
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

    /// What tells the task that there is something to do.
    pub(super) fn work(&self) -> &Arc<Wakeup> {
        &self.work
    }

    /// What all frames of the element hold.
    pub(super) fn budget(&self) -> &Budget {
        &self.budget
    }

    /// READY→PAUSED: nothing is there, and all may hold so many bytes. `independent`: neither side's frames come of the
    /// other's.
    pub(super) fn open(&self, max_bytes: u64, independent: bool) {
        let mut inner = self.lock();
        let old = inner.queues.each_mut().map(std::mem::take);
        for queue in &mut inner.queues {
            // Of large frames fewer.
            queue.items.set_limit(Limit { frames: FRAMES, bytes: max_bytes / 8 });
        }
        inner.max_bytes = max_bytes;
        inner.independent = independent;
        inner.rest = None;
        drop(inner);
        drop(old);
    }

    /// From now on frames may come.
    pub(super) fn activate(&self) {
        let mut inner = self.lock();
        inner.flow.start();
        for queue in &mut inner.queues {
            queue.flushing = false;
        }
    }

    /// Wakes every thread that waits; nothing comes in any more.
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

    // What the pads' threads do.

    /// Puts a frame in, when there is room for it.
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

    /// Puts a serialized event in.
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
            let (begins, is_sticky) = (inner.flow != before, event.is_sticky());
            let item = Item::Event(event);
            // What the reference is has to be known if the other stream begins anew.
            let kept = || side == Side::Reference && is_sticky && !item.is_eos();
            match inner.flow.admits() {
                Err(flow) if flow != gst::FlowError::Eos || !kept() => return Given::Refused(flow),
                _ => {}
            }
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

    /// Waits until all that came on `distorted` has left; false if it will not without more to compare with, or the
    /// flow is being stopped.
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

    /// FLUSH_START: what waits on that pad gives up.
    pub(super) fn flush_start(&self, side: Side) {
        self.lock().queues[side as usize].flushing = true;
        self.wake();
    }

    /// FLUSH_STOP: what came before is gone.
    pub(super) fn flush_stop(&self, side: Side) {
        let mut inner = self.lock();
        let queue = &mut inner.queues[side as usize];
        let old = queue.items.flush();
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

    /// A seek begins. Until it has reached both sides, and the token is dropped, the task does nothing: frames of before
    /// and after it must not meet.
    pub(super) fn seek(&self) -> Seeking<'_> {
        self.lock().seeks += 1;
        Seeking(self)
    }

    /// Downstream is linked now, perhaps; true if the task is to be started.
    pub(super) fn relinked(&self) -> bool {
        self.lock().flow.relink()
    }

    // What the task does.

    /// What the task has to heed before anything else; of flushes it hears once.
    pub(super) fn interruption(&self) -> Interruption {
        let mut inner = self.lock();
        if inner.stopped() {
            return Interruption::Stopped;
        }
        // It flushes one side after the other: what the first one's means is known after the second's.
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

    /// Takes what `choose` wants of what both sides have next. Runs it under the lock.
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

    /// What `distorted` has next.
    pub(super) fn peek<T>(&self, side: Side, look: impl FnOnce(&Item) -> Option<T>) -> Option<T> {
        self.lock().queues[side as usize].items.front().and_then(look)
    }

    /// Whether the bound keeps a side from growing while the other one is starved.
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

    /// What the queues themselves hold.
    pub(super) fn bytes(&self) -> u64 {
        self.lock().queues.iter().map(|queue| queue.items.bytes()).sum()
    }

    /// Nothing goes any more, for this reason. Gives whether the end of `distorted` is among what is dropped.
    pub(super) fn stop(&self, flow: gst::FlowError) -> bool {
        self.stop_if(flow, |_| true)
    }

    /// The stream has ended, unless another one has come already on `distorted`.
    pub(super) fn end(&self) {
        self.stop_if(gst::FlowError::Eos, |inner| inner.queues[Side::Distorted as usize].items.is_empty());
    }

    fn stop_if(&self, flow: gst::FlowError, condition: impl FnOnce(&Inner) -> bool) -> bool {
        let mut inner = self.lock();
        if inner.stopped() || !condition(&inner) {
            return false;
        }
        inner.flow = FlowState::Stopped(flow);
        let ended = inner.queues[Side::Distorted as usize].items.has_eos();
        let old = inner.queues.each_mut().map(|queue| queue.items.flush());
        drop(inner);
        drop(old);
        self.wake();
        ended
    }
}

/// A seek is under way as long as this lives.
pub(super) struct Seeking<'a>(&'a Queues);

impl Drop for Seeking<'_> {
    fn drop(&mut self) {
        self.0.lock().seeks -= 1;
        self.0.wake();
    }
}

/// What queues that grow leave to the comparer of what may be held: with nothing it could pair nothing.
pub(super) fn reserve(max_bytes: u64) -> u64 {
    max_bytes / 4
}

/// The other side.
pub(super) fn other(side: Side) -> Side {
    match side {
        Side::Reference => Side::Distorted,
        Side::Distorted => Side::Reference,
    }
}
