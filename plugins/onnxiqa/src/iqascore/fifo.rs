// SPDX-License-Identifier: MPL-2.0

//! What waits between the pads, in order: frames whose scores are not there yet, and the events behind them.

use crate::scoring::Times;
use onnx_iqa::scorer::{Score, ScoreError};
use std::collections::VecDeque;

/// What the scorer made of a frame.
#[derive(Debug)]
pub struct Finished {
    pub times: Times,
    pub result: Result<Score, ScoreError>,
    /// From arrival to score.
    pub latency: gst::ClockTime,
}

/// How far a frame's score is.
#[derive(Debug)]
pub enum Outcome {
    /// Not to be scored.
    Skipped,
    /// With the scorer.
    Pending,
    /// Scored, or failed.
    Finished(Finished),
}

/// A frame on its way through.
#[derive(Debug)]
pub struct Frame {
    /// Counts the frames handed to the scorer.
    pub number: u64,
    pub buffer: gst::Buffer,
    pub times: Times,
    pub outcome: Outcome,
}

/// What leaves in the order in which it came.
#[derive(Debug)]
pub enum Item {
    Frame(Frame),
    Event(gst::Event),
}

impl Item {
    pub fn is_eos(&self) -> bool {
        matches!(self, Self::Event(event) if event.type_() == gst::EventType::Eos)
    }
}

/// The items between the pads. Its owner bounds the frames; events come only between frames.
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

    /// Takes the first item if it need not wait: for its score, or, as EOS, for results that are still `unreported`.
    pub fn pop_ready(&mut self, unreported: bool) -> Option<Item> {
        let ready = match self.items.front()? {
            Item::Frame(frame) => !matches!(frame.outcome, Outcome::Pending),
            item => !(item.is_eos() && unreported),
        };
        if !ready {
            return None;
        }
        let item = self.items.pop_front()?;
        self.frames -= usize::from(matches!(item, Item::Frame(_)));
        Some(item)
    }

    /// Hands the frame of that number its result, unless it has left.
    pub fn finish(&mut self, number: u64, finished: Finished) {
        let waiting = self.items.iter_mut().find_map(|item| match item {
            Item::Frame(frame) if frame.number == number && matches!(frame.outcome, Outcome::Pending) => Some(frame),
            _ => None,
        });
        if let Some(frame) = waiting {
            frame.outcome = Outcome::Finished(finished);
        }
    }

    pub fn frames(&self) -> usize {
        self.frames
    }

    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    pub fn has_eos(&self) -> bool {
        self.items.iter().any(Item::is_eos)
    }

    /// Frames that nobody downstream wants any more go, events stay.
    pub fn drop_frames(&mut self) {
        self.items.retain(|item| matches!(item, Item::Event(_)));
        self.frames = 0;
    }

    pub fn clear(&mut self) {
        self.items.clear();
        self.frames = 0;
    }
}
