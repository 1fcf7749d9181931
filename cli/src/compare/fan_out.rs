// SPDX-License-Identifier: MPL-2.0

//! Distributes the frames of the source to the comparison of every rendition.
//!
//! Each rendition has its own pipeline, with its own errors, EOS and clean-up. Frames enter it through a pad created
//! here that is linked to `iqacompare.reference`. Pushing provides back-pressure and immediately returns the reason why
//! a comparison accepts no more frames. A `tee` would combine these into one flow return, and an `appsrc` into an
//! endless queue. Frame memory is shared.

use crate::media::{lock, watch};
use anyhow::{Context as _, Result};
use gst::prelude::*;
use std::sync::{Arc, Mutex};

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
}

impl FanOut {
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
                    if !wanted {
                        probe.flow_res = Err(gst::FlowError::Eos);
                        return gst::PadProbeReturn::Handled;
                    }
                }
                Some(gst::PadProbeData::Event(event)) => {
                    if let gst::EventView::Segment(segment) = event.view() {
                        lock(&fan_out.state).segment = segment.segment().downcast_ref().cloned();
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

    /// Number of frames of the source.
    pub fn frames(&self) -> u64 {
        lock(&self.state).frames
    }
}
