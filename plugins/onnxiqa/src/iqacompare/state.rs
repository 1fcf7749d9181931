// SPDX-License-Identifier: MPL-2.0

//! What the aggregating thread works on. Others touch it only while that thread is stopped, or to look.

use super::fifo::Fifo;
use super::streams::Streams;
use crate::scoring::ModelInfo;
use onnx_iqa::align::time::Ledger;
use onnx_iqa::comparer::{Comparer, Side};
use std::collections::VecDeque;
use std::sync::Arc;

/// How many reference frames' time stamps are kept: of more than what can be held as pictures.
const REFERENCES: usize = 1 << 16;

/// When the reference's frames are shown, by number.
#[derive(Debug, Default)]
pub(super) struct References {
    first: u64,
    times: VecDeque<(Option<gst::ClockTime>, Option<i64>)>,
}

impl References {
    /// The next one's time stamp and running time.
    pub(super) fn push(&mut self, pts: Option<gst::ClockTime>, running: Option<i64>) {
        self.times.push_back((pts, running));
        if self.times.len() > REFERENCES {
            self.times.pop_front();
            self.first += 1;
        }
    }

    pub(super) fn get(&self, number: u64) -> Option<(Option<gst::ClockTime>, Option<i64>)> {
        let index = usize::try_from(number.checked_sub(self.first)?).ok()?;
        self.times.get(index).copied()
    }
}

/// What has been, and is to be, said downstream before the next frame.
#[derive(Default)]
pub(super) struct Announced {
    pub(super) caps: Option<gst::Caps>,
    /// Not sent yet.
    pub(super) caps_due: bool,
    /// Not sent yet.
    pub(super) segment: Option<gst::Event>,
    /// Events that came before there were caps.
    pub(super) early: Vec<gst::Event>,
    /// The summary was posted.
    pub(super) summary: bool,
    /// The end was sent, and nothing of the base class's may follow it.
    pub(super) end: bool,
}

pub(super) struct State {
    pub(super) comparer: Option<Arc<Comparer>>,
    pub(super) streams: Streams,
    pub(super) segments: [gst::FormattedSegment<gst::ClockTime>; 2],
    /// EOS has come.
    pub(super) ended: [bool; 2],
    /// The pad alone was flushed, and what came before is of another time.
    pub(super) flushed: [bool; 2],
    pub(super) fifo: Fifo,
    pub(super) references: References,
    /// Held by each reference frame that is in somebody's memory.
    pub(super) held: Arc<()>,
    /// Distorted frames below this number wait no longer.
    pub(super) forced: u64,
    /// Since when a frame without time stamp has been waiting on `distorted`; running time.
    pub(super) head_since: Option<gst::ClockTime>,
    pub(super) announced: Announced,
    pub(super) flow: Result<gst::FlowSuccess, gst::FlowError>,
    pub(super) model_info: Arc<ModelInfo>,
    /// The last frame failed: the next failure needs no warning of its own.
    pub(super) failing: bool,
    /// What became of the frames of comparers that are gone.
    pub(super) past: Ledger,
}

impl Default for State {
    fn default() -> Self {
        Self {
            comparer: None,
            streams: Streams::default(),
            segments: [gst::FormattedSegment::new(), gst::FormattedSegment::new()],
            ended: [false; 2],
            flushed: [false; 2],
            fifo: Fifo::default(),
            references: References::default(),
            held: Arc::default(),
            forced: 0,
            head_since: None,
            announced: Announced::default(),
            flow: Ok(gst::FlowSuccess::Ok),
            model_info: Arc::default(),
            failing: false,
            past: Ledger::default(),
        }
    }
}

impl State {
    /// All that came on `distorted` has left, and nothing more will come.
    pub(super) fn drained(&self) -> bool {
        self.ended[Side::Distorted as usize] && self.fifo.is_empty()
    }

    /// Puts another comparer in the place of the one so far, if any, which is given back: it must not be let go under
    /// the lock.
    pub(super) fn replace_comparer(&mut self, comparer: Option<Arc<Comparer>>) -> Option<Arc<Comparer>> {
        let before = std::mem::replace(&mut self.comparer, comparer);
        if let Some(before) = &before {
            // Of frames that a flush has dropped nothing was decided. They are not counted.
            add(&mut self.past, decided(before.ledger()));
        }
        self.references = References::default();
        self.forced = 0;
        self.head_since = None;
        self.flushed = [false; 2];
        before
    }

    /// Where all frames have gone since READY→PAUSED.
    pub(super) fn ledger(&self) -> Ledger {
        let mut ledger = self.past;
        if let Some(comparer) = &self.comparer {
            add(&mut ledger, comparer.ledger());
        }
        ledger
    }
}

fn decided(ledger: Ledger) -> Ledger {
    Ledger {
        distorted: ledger.matched + ledger.duplicate + ledger.unmatched,
        reference: ledger.matched + ledger.dropped + ledger.outside,
        ..ledger
    }
}

fn add(sum: &mut Ledger, more: Ledger) {
    sum.distorted += more.distorted;
    sum.reference += more.reference;
    sum.matched += more.matched;
    sum.duplicate += more.duplicate;
    sum.unmatched += more.unmatched;
    sum.dropped += more.dropped;
    sum.outside += more.outside;
}
