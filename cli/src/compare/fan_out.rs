// SPDX-License-Identifier: MPL-2.0

//! Distributes the frames of the source to the comparison of every rendition.
//!
//! Each rendition has its own pipeline, with its own errors, EOS and clean-up. Frames enter it through a pad created
//! here that is linked to `iqacompare.reference`. Pushing provides back-pressure and immediately returns the reason why
//! a comparison accepts no more frames. A `tee` would combine these into one flow return, and an `appsrc` into an
//! endless queue. Frame memory is shared.
//!
//! Where a rendition ends before the source, how many frames its comparison has accepted by then depends on timing. The
//! source therefore goes on for a while after the last comparison has ended, so that its frames can be counted.

use crate::media::{lock, watch};
use anyhow::{Context as _, Result};
use gst::prelude::*;
use std::sync::{Arc, Mutex};

/// How long the source goes on after the last comparison accepts no more frames, in nanoseconds of running time.
pub const TAIL: u64 = 10_000_000_000;

/// Distributes frames.
#[derive(Debug, Clone, Default)]
pub struct FanOut {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    /// `None` if it accepts no more frames.
    pads: Vec<Option<gst::Pad>>,
    segment: Option<gst::FormattedSegment<gst::ClockTime>>,
    /// Earliest running time of a frame, in nanoseconds.
    begin: Option<u64>,
    /// Running time of the latest frame, in nanoseconds.
    position: Option<u64>,
    /// Latest end of a frame in running time.
    end: Option<u64>,
    frames: u64,
    /// Stream time minus running time of the first frame, in nanoseconds.
    stream_offset: i64,
    /// Whether the source goes on for [`TAIL`].
    has_tail: bool,
    /// Running time at which the tail ends, once it has begun.
    limit: Option<u64>,
    /// Whether the source was stopped here.
    stopped: bool,
    /// Whether it has ended by itself.
    ended: bool,
}

impl FanOut {
    /// Without comparisons yet. `has_tail`: whether the source goes on for [`TAIL`] after the last of them.
    pub fn new(has_tail: bool) -> Self {
        Self { state: Arc::new(Mutex::new(State { has_tail, ..State::default() })) }
    }

    /// Links a comparison.
    ///
    /// # Errors
    /// If the pads cannot be linked.
    pub fn add(&self, reference: &gst::Pad) -> Result<()> {
        let pad = gst::Pad::new(gst::PadDirection::Src);
        pad.set_active(true)?;
        pad.link(reference).context("cannot link iqacompare's reference pad")?;
        lock(&self.state).pads.push(Some(pad));
        Ok(())
    }

    /// Forwards everything that arrives at `pad`, a sink's pad, to all comparisons.
    pub fn attach(&self, pad: &gst::Pad) {
        let fan_out = self.clone();
        let mask = gst::PadProbeType::BUFFER | gst::PadProbeType::EVENT_DOWNSTREAM;
        pad.add_probe(mask, move |_, probe| {
            match &probe.data {
                Some(gst::PadProbeData::Buffer(buffer)) => {
                    let buffer = buffer.clone();
                    fan_out.note(&buffer);
                    let wanted = fan_out.each(|pad| pad.push(buffer.clone()).is_ok());
                    // No comparison accepts more: the source stops.
                    if !wanted && !fan_out.goes_on() {
                        probe.flow_res = Err(gst::FlowError::Eos);
                        return gst::PadProbeReturn::Handled;
                    }
                }
                Some(gst::PadProbeData::Event(event)) => {
                    match event.view() {
                        gst::EventView::Segment(segment) => {
                            lock(&fan_out.state).segment = segment.segment().downcast_ref().cloned();
                        }
                        gst::EventView::Eos(_) => {
                            let mut state = lock(&fan_out.state);
                            // A demuxer that is stopped sends one too.
                            state.ended |= !state.stopped;
                        }
                        _ => {}
                    }
                    let event = event.clone();
                    // A refused event does not end a stream; the next frame returns the error.
                    fan_out.each(|pad| {
                        pad.push_event(event.clone());
                        true
                    });
                }
                _ => {}
            }
            gst::PadProbeReturn::Ok
        });
    }

    /// Calls `push` for every active comparison, without the lock because pushing blocks. Comparisons for which it
    /// returns false become inactive. Returns whether any is still active.
    fn each(&self, mut push: impl FnMut(&gst::Pad) -> bool) -> bool {
        let pads = lock(&self.state).pads.clone();
        let mut any = false;
        for (index, pad) in pads.iter().enumerate() {
            let Some(pad) = pad else { continue };
            if push(pad) {
                any = true;
            } else if let Some(place) = lock(&self.state).pads.get_mut(index) {
                *place = None;
            }
        }
        any
    }

    /// Whether the source goes on although no comparison accepts its frames.
    fn goes_on(&self) -> bool {
        let mut state = lock(&self.state);
        let end = state.end.filter(|_| state.has_tail);
        let limit = end.map(|end| *state.limit.get_or_insert(end.saturating_add(TAIL)));
        state.stopped |= end.is_none_or(|end| limit.is_none_or(|limit| end > limit));
        !state.stopped
    }

    fn note(&self, buffer: &gst::BufferRef) {
        let mut state = lock(&self.state);
        state.frames += 1;
        if state.frames == 1 {
            let offset = state.segment.as_ref().and_then(|segment| watch::stream_offset(segment, buffer));
            state.stream_offset = offset.unwrap_or(0);
        }
        let running = state.segment.as_ref().and_then(|segment| segment.to_running_time(buffer.pts()));
        if let Some(running) = running {
            state.position = Some(running.nseconds());
            state.begin = Some(state.begin.map_or(running.nseconds(), |begin| begin.min(running.nseconds())));
            let end = running + buffer.duration().unwrap_or_default();
            state.end = state.end.max(Some(end.nseconds()));
        }
    }

    /// Running time of the source's latest frame, in nanoseconds.
    pub fn position(&self) -> Option<u64> {
        lock(&self.state).position
    }

    /// Running time of the source's first frame, in nanoseconds.
    pub fn begin(&self) -> Option<u64> {
        lock(&self.state).begin
    }

    /// End of the source's latest frame, in nanoseconds of running time.
    pub fn end(&self) -> Option<u64> {
        lock(&self.state).end
    }

    /// Stream time minus running time of the source, in nanoseconds.
    pub fn stream_offset(&self) -> i64 {
        lock(&self.state).stream_offset
    }

    /// Whether nothing more follows.
    pub fn is_over(&self) -> bool {
        let state = lock(&self.state);
        state.ended || state.stopped
    }

    /// Number of all frames, and their end in nanoseconds of running time, if the source has ended by itself.
    pub fn total(&self) -> Option<(u64, u64)> {
        let state = lock(&self.state);
        Some((state.frames, state.end?)).filter(|_| state.ended)
    }

    /// Number of frames of the source so far.
    pub fn frames(&self) -> u64 {
        lock(&self.state).frames
    }
}
