// SPDX-License-Identifier: MPL-2.0

//! Ordered queue of frames and events between pads.

use std::collections::VecDeque;

/// A queued frame.
pub trait Payload {
    /// Memory held by the frame.
    fn bytes(&self) -> u64;
}

impl Payload for gst::Buffer {
    fn bytes(&self) -> u64 {
        self.size() as u64
    }
}

/// A queue item.
#[derive(Debug)]
pub enum Item<F> {
    /// A frame with the element's state for it.
    Frame(F),
    /// A serialized event.
    Event(gst::Event),
}

impl<F> Item<F> {
    /// Whether this is an EOS event.
    pub fn is_eos(&self) -> bool {
        matches!(self, Self::Event(event) if event.type_() == gst::EventType::Eos)
    }

    /// Whether this is a sticky event.
    fn is_sticky(&self) -> bool {
        matches!(self, Self::Event(event) if event.is_sticky())
    }

    /// Whether this is a sticky event other than SEGMENT and EOS, which survives a flush.
    pub fn outlives_flush(&self) -> bool {
        let at_its_time = |event: &gst::Event| matches!(event.type_(), gst::EventType::Segment | gst::EventType::Eos);
        self.is_sticky() && !matches!(self, Self::Event(event) if at_its_time(event))
    }

    /// Returns the frame, if it is one.
    pub fn frame(&self) -> Option<&F> {
        match self {
            Self::Frame(frame) => Some(frame),
            Self::Event(_) => None,
        }
    }
}

/// Capacity of the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// Maximum number of frames.
    pub frames: usize,
    /// Maximum memory of the frames. A single frame is always accepted, whatever its size.
    pub bytes: u64,
}

impl Limit {
    /// Maximum number of events. Real streams have a handful; this protects against a broken upstream element.
    pub const EVENTS: usize = 4096;

    /// A limit on the number of frames only.
    pub fn frames(frames: usize) -> Self {
        Self { frames, bytes: u64::MAX }
    }
}

/// The queue between two pads.
///
/// The limit is enforced by the caller, which must wait for [`has_room`](Self::has_room) before pushing.
#[derive(Debug)]
pub struct Fifo<F> {
    items: VecDeque<Item<F>>,
    frames: usize,
    bytes: u64,
    limit: Limit,
}

impl<F> Fifo<F> {
    /// Creates an empty queue.
    pub fn new(limit: Limit) -> Self {
        Self { items: VecDeque::new(), frames: 0, bytes: 0, limit }
    }

    /// Changes the capacity. Queued items stay.
    pub fn set_limit(&mut self, limit: Limit) {
        self.limit = limit;
    }

    /// Whether another frame fits.
    pub fn has_room(&self) -> bool {
        self.frames == 0 || (self.frames < self.limit.frames && self.bytes < self.limit.bytes)
    }

    /// Whether another event fits.
    pub fn has_room_for_event(&self) -> bool {
        self.items.len() - self.frames < Limit::EVENTS
    }

    /// Number of queued frames.
    pub fn len(&self) -> usize {
        self.frames
    }

    /// Whether a frame is queued. [`is_empty`](Self::is_empty) also considers events.
    pub fn has_frames(&self) -> bool {
        self.frames > 0
    }

    /// Memory held by the queued frames.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Whether the queue contains neither frames nor events.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Whether an EOS event is queued.
    pub fn has_eos(&self) -> bool {
        self.items.iter().any(Item::is_eos)
    }

    /// Returns the next item.
    pub fn front(&self) -> Option<&Item<F>> {
        self.items.front()
    }

    /// Iterates over the queued frames, oldest first.
    pub fn frames(&self) -> impl DoubleEndedIterator<Item = &F> {
        self.items.iter().filter_map(Item::frame)
    }

    /// Iterates mutably over the queued frames. Their size must not change.
    pub fn frames_mut(&mut self) -> impl Iterator<Item = &mut F> {
        self.items.iter_mut().filter_map(|item| match item {
            Item::Frame(frame) => Some(frame),
            Item::Event(_) => None,
        })
    }

    /// Drops all frames and keeps the events, which belong to the stream.
    pub fn drop_frames(&mut self) {
        self.items.retain(|item| matches!(item, Item::Event(_)));
        (self.frames, self.bytes) = (0, 0);
    }

    /// Removes everything a flush discards: frames and non-sticky events. The removed items are returned so that the
    /// caller can drop them outside of a lock.
    pub fn flush(&mut self) -> VecDeque<Item<F>> {
        self.retain(Item::outlives_flush)
    }

    /// Removes everything that is lost when the flow stops without a flush. SEGMENT stays as well: upstream does not
    /// repeat it if the flow resumes.
    pub fn stop(&mut self) -> VecDeque<Item<F>> {
        self.retain(|item| item.is_sticky() && !item.is_eos())
    }

    /// Like [`stop`](Self::stop), for a stream that is only compared with: if it has ended, the one that flows again
    /// must know.
    pub fn stop_keeping_eos(&mut self) -> VecDeque<Item<F>> {
        self.retain(Item::is_sticky)
    }

    fn retain(&mut self, stays: impl Fn(&Item<F>) -> bool) -> VecDeque<Item<F>> {
        (self.frames, self.bytes) = (0, 0);
        let (stays, goes) = std::mem::take(&mut self.items).into_iter().partition(stays);
        self.items = stays;
        goes
    }

    /// Drops everything, as a flush does.
    pub fn clear(&mut self) {
        self.items.clear();
        (self.frames, self.bytes) = (0, 0);
    }
}

impl<F: Payload> Fifo<F> {
    /// Appends an item.
    pub fn push(&mut self, item: Item<F>) {
        if let Item::Frame(frame) = &item {
            self.frames += 1;
            self.bytes = self.bytes.saturating_add(frame.bytes());
        }
        self.items.push_back(item);
    }

    /// Removes the next item.
    pub fn pop(&mut self) -> Option<Item<F>> {
        let item = self.items.pop_front()?;
        if let Item::Frame(frame) = &item {
            self.frames -= 1;
            self.bytes = self.bytes.saturating_sub(frame.bytes());
        }
        Some(item)
    }

    /// Removes the next item if `leaves` accepts it.
    pub fn pop_if(&mut self, leaves: impl FnOnce(&Item<F>) -> bool) -> Option<Item<F>> {
        if leaves(self.items.front()?) { self.pop() } else { None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Payload for u64 {
        fn bytes(&self) -> u64 {
            *self
        }
    }

    fn eos() -> gst::Event {
        gst::init().expect("GStreamer");
        gst::event::Eos::new()
    }

    #[test]
    fn frames_and_events_leave_in_order() {
        let mut fifo = Fifo::new(Limit::frames(8));
        fifo.push(Item::Frame(1u64));
        fifo.push(Item::Event(eos()));
        fifo.push(Item::Frame(2));
        assert!(fifo.has_eos());
        assert_eq!((fifo.len(), fifo.bytes()), (2, 3));
        assert!(fifo.pop_if(Item::is_eos).is_none(), "a frame is next");
        assert!(matches!(fifo.pop(), Some(Item::Frame(1))));
        assert!(fifo.pop_if(Item::is_eos).is_some());
        assert!(matches!(fifo.pop(), Some(Item::Frame(2))));
        assert!(fifo.pop().is_none() && fifo.is_empty());
        assert_eq!(fifo.bytes(), 0);
    }

    #[test]
    fn room_is_bounded_by_frames_and_by_bytes() {
        let mut fifo = Fifo::new(Limit { frames: 3, bytes: 10 });
        fifo.push(Item::Frame(4));
        assert!(fifo.has_room());
        fifo.push(Item::Frame(6));
        assert!(!fifo.has_room(), "the bytes are used up");
        fifo.set_limit(Limit { frames: 2, bytes: 100 });
        assert!(!fifo.has_room(), "the frames are");
        fifo.set_limit(Limit { frames: 0, bytes: 0 });
        fifo.clear();
        assert!(fifo.has_room(), "one frame may always wait");
    }

    #[test]
    fn events_outlive_frames_that_are_dropped() {
        let mut fifo = Fifo::new(Limit::frames(8));
        fifo.push(Item::Frame(1u64));
        fifo.push(Item::Event(eos()));
        fifo.drop_frames();
        assert_eq!((fifo.len(), fifo.bytes(), fifo.has_eos()), (0, 0, true));
        fifo.clear();
        assert!(fifo.is_empty());
    }

    #[test]
    fn a_flush_leaves_what_says_what_the_stream_is() {
        let (mut fifo, end) = (Fifo::new(Limit::frames(8)), eos());
        fifo.push(Item::Event(gst::event::StreamStart::new("test")));
        fifo.push(Item::Event(gst::event::Segment::new(&gst::FormattedSegment::<gst::ClockTime>::new())));
        fifo.push(Item::Frame(1u64));
        fifo.push(Item::Event(gst::event::Gap::builder(gst::ClockTime::ZERO).build()));
        fifo.push(Item::Event(end));
        assert_eq!(fifo.flush().len(), 4);
        assert_eq!((fifo.len(), fifo.bytes(), fifo.has_eos()), (0, 0, false));
        assert!(matches!(fifo.pop(), Some(Item::Event(event)) if event.type_() == gst::EventType::StreamStart));
        assert!(fifo.is_empty());
    }

    #[test]
    fn a_stop_leaves_the_segment_too() {
        let (mut fifo, end) = (Fifo::new(Limit::frames(8)), eos());
        fifo.push(Item::Frame(1u64));
        fifo.push(Item::Event(gst::event::Segment::new(&gst::FormattedSegment::<gst::ClockTime>::new())));
        fifo.push(Item::Event(gst::event::Gap::builder(gst::ClockTime::ZERO).build()));
        fifo.push(Item::Event(end));
        assert_eq!(fifo.stop().len(), 3);
        assert!(matches!(fifo.pop(), Some(Item::Event(event)) if event.type_() == gst::EventType::Segment));
        assert!(fifo.is_empty());
    }

    #[test]
    fn a_stop_may_leave_the_end_too() {
        let (mut fifo, end) = (Fifo::new(Limit::frames(8)), eos());
        fifo.push(Item::Frame(1u64));
        fifo.push(Item::Event(end));
        assert_eq!(fifo.stop_keeping_eos().len(), 1);
        assert_eq!((fifo.len(), fifo.bytes(), fifo.has_eos()), (0, 0, true));
    }

    #[test]
    fn events_are_bounded() {
        let mut fifo = Fifo::<u64>::new(Limit::frames(1));
        for _ in 0..Limit::EVENTS {
            assert!(fifo.has_room_for_event());
            fifo.push(Item::Event(eos()));
        }
        assert!(!fifo.has_room_for_event());
        assert!(fifo.has_room());
    }
}
