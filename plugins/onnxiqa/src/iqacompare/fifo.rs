// SPDX-License-Identifier: MPL-2.0

//! What has come on `distorted` and has not left, in order.

use crate::scoring::Times;
use std::collections::VecDeque;
use std::time::Instant;

/// A distorted frame on its way through.
#[derive(Debug)]
pub struct Frame {
    /// The comparer's.
    pub number: u64,
    pub buffer: gst::Buffer,
    pub times: Times,
    /// Running time, before the segment too.
    pub running: Option<i64>,
    pub arrival: Instant,
    /// In live pipelines: from when on it may wait for `latency`; running time.
    pub due: Option<gst::ClockTime>,
}

/// What leaves in the order in which it came.
#[derive(Debug)]
pub enum Item {
    Frame(Frame),
    Gap(gst::ClockTime, Option<gst::ClockTime>),
    Caps(gst::Caps),
    Segment(gst::FormattedSegment<gst::ClockTime>, gst::Event),
    Event(gst::Event),
}

/// The items between the pads. The comparer bounds the frames; the others come between frames.
#[derive(Debug, Default)]
pub struct Fifo {
    items: VecDeque<Item>,
    frames: usize,
}

impl Fifo {
    pub fn push(&mut self, item: Item) {
        self.frames += usize::from(matches!(item, Item::Frame(_)));
        self.items.push_back(item);
    }

    /// Whether what comes next is a frame, which has to wait for its outcome.
    pub fn frame_is_next(&self) -> bool {
        matches!(self.items.front(), Some(Item::Frame(_)))
    }

    pub fn pop(&mut self) -> Option<Item> {
        let item = self.items.pop_front()?;
        self.frames -= usize::from(matches!(item, Item::Frame(_)));
        Some(item)
    }

    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// How many frames there are.
    pub fn len(&self) -> usize {
        self.frames
    }

    pub fn frames(&self) -> impl Iterator<Item = &Frame> {
        self.items.iter().filter_map(|item| match item {
            Item::Frame(frame) => Some(frame),
            _ => None,
        })
    }

    /// Frames go, as when their pad is flushed; what belongs to the stream itself stays.
    pub fn drop_frames(&mut self) {
        self.items.retain(|item| !matches!(item, Item::Frame(_) | Item::Gap(..)));
        self.frames = 0;
    }

    pub fn clear(&mut self) {
        self.items.clear();
        self.frames = 0;
    }
}
