// SPDX-License-Identifier: MPL-2.0

//! What has come on `distorted`, is being looked at and has not left, in order.

use super::budget::Charge;
use super::queues::outlives_flush;
use crate::report::Times;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

/// A distorted frame on its way through.
pub(super) struct Frame {
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

/// What leaves in the order in which it came.
pub(super) enum Item {
    Frame(Box<Frame>),
    Event(gst::Event),
}

/// The items between the queues and downstream.
#[derive(Default)]
pub(super) struct Fifo {
    items: VecDeque<Item>,
    frames: usize,
}

impl Fifo {
    pub(super) fn push(&mut self, item: Item) {
        self.frames += usize::from(matches!(item, Item::Frame(_)));
        self.items.push_back(item);
    }

    pub(super) fn front(&self) -> Option<&Item> {
        self.items.front()
    }

    pub(super) fn pop(&mut self) -> Option<Item> {
        let item = self.items.pop_front()?;
        self.frames -= usize::from(matches!(item, Item::Frame(_)));
        Some(item)
    }

    pub(super) fn len(&self) -> usize {
        self.items.len()
    }

    pub(super) fn frames(&self) -> impl DoubleEndedIterator<Item = &Frame> {
        self.items.iter().filter_map(|item| match item {
            Item::Frame(frame) => Some(&**frame),
            Item::Event(_) => None,
        })
    }

    pub(super) fn has_frames(&self) -> bool {
        self.frames > 0
    }

    /// As a flush does: what belongs to the stream itself stays.
    pub(super) fn flush(&mut self) {
        self.items.retain(|item| matches!(item, Item::Event(event) if outlives_flush(event)));
        self.frames = 0;
    }
}
