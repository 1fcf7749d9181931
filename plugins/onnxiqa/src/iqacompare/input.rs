// SPDX-License-Identifier: MPL-2.0

//! The way of the frames in: from the pads, in the order in which the comparer wants them.

use super::fifo::{Frame, Item};
use super::imp::{CAT, IqaCompare};
use super::latency::clock_time;
use super::output::End;
use super::streams::name;
use crate::scoring::Times;
use crate::video_frame::{Held, Stream, Unreadable};
use gst::prelude::*;
use gst::subclass::prelude::*;
use gst_base::prelude::*;
use onnx_iqa::align::time::Timestamp;
use onnx_iqa::comparer::{Comparer, SharedFrame, Side};
use std::sync::Arc;
use std::time::Instant;

/// What came of looking for a frame to give to the comparer.
enum Fed {
    /// One was given.
    One,
    /// None can be before something else has come, for which the base class waits.
    Waiting,
    /// There are frames, or all have come, and it is the comparer's turn.
    Busy,
}

/// What a pad has to offer.
enum Head {
    Nothing,
    Frame(Timestamp),
    /// Nothing comes until then.
    Gap(Timestamp),
}

impl Head {
    fn stamp(&self) -> Option<Timestamp> {
        match self {
            Self::Nothing => None,
            Self::Frame(stamp) | Self::Gap(stamp) => Some(*stamp),
        }
    }
}

impl IqaCompare {
    /// Every pad that has not ended has something, or, in live pipelines, a frame can wait no longer.
    pub(super) fn aggregate(&self, timeout: bool) -> Result<gst::FlowSuccess, gst::FlowError> {
        let latency = self.obj().latency();
        gst::trace!(CAT, imp = self, "aggregating, timeout: {timeout}");
        loop {
            let seen = self.signal.generation();
            if !self.restart_flushed()? {
                return Ok(gst::FlowSuccess::Ok);
            }
            self.deliver()?;
            match self.finish() {
                End::Reached => return Err(gst::FlowError::Eos),
                End::Near if self.signal.wait(seen) => continue,
                End::Near => return Ok(gst::FlowSuccess::Ok),
                End::Ahead => {}
            }
            if let Some(latency) = latency {
                self.force_due(latency);
            }
            match self.feed(latency.filter(|_| timeout))? {
                Fed::One => {}
                Fed::Waiting => return Ok(gst::FlowSuccess::Ok),
                Fed::Busy => {
                    if !self.signal.wait(seen) {
                        return Ok(gst::FlowSuccess::Ok);
                    }
                }
            }
        }
    }

    /// Gives the comparer a frame. With a `deadline`, a distorted one that has waited so long is given in any case.
    fn feed(&self, deadline: Option<gst::ClockTime>) -> Result<Fed, gst::FlowError> {
        let [reference, distorted] = [Side::Reference, Side::Distorted].map(|side| self.head(side));
        let state = self.state();
        let Some(comparer) = state.comparer.clone() else { return Ok(Fed::Waiting) };
        let (ended, drained) = (state.ended, state.drained());
        drop(state);
        if matches!(distorted, Head::Gap(_)) {
            return self.take(&comparer, Side::Distorted);
        }
        if matches!(reference, Head::Frame(_)) && ended[Side::Reference as usize] {
            // It has begun anew without a flush.
            self.state().flushed[Side::Reference as usize] = true;
            return Ok(Fed::One);
        }
        let wanted = comparer.wants(reference.stamp(), distorted.stamp());
        match wanted {
            Some(Side::Reference) if reference.stamp().is_some() => return self.take(&comparer, Side::Reference),
            Some(Side::Distorted) if distorted.stamp().is_some() => return self.take(&comparer, Side::Distorted),
            _ => {}
        }
        if let (Some(latency), Head::Frame(stamp), Head::Nothing) = (deadline, &distorted, &reference)
            && self.head_is_due(latency)
        {
            // As if the reference's next frame were far ahead: the answer is then whether there is room.
            let [never, now] = [i64::MAX, 0].map(|running| Some(Timestamp { running: Some(running), ..*stamp }));
            return match comparer.wants(never, now) {
                Some(_) => self.take(&comparer, Side::Distorted),
                None => Ok(Fed::Busy),
            };
        }
        if ended == [true, true] && comparer.idle() && !drained && self.state().fifo.frame_is_next() {
            // Outcomes may have come since they were looked for.
            if !self.deliver_one()? {
                gst::element_imp_error!(
                    self,
                    gst::LibraryError::Failed,
                    ("a bug in the engine: a frame has no outcome")
                );
                return Err(gst::FlowError::Error);
            }
            return Ok(Fed::One);
        }
        // Otherwise the base class would be back at once.
        let offers = [(&reference, &self.reference), (&distorted, &self.distorted)];
        let ready = offers.iter().all(|(head, pad)| head.stamp().is_some() || pad.is_eos());
        Ok(if ready { Fed::Busy } else { Fed::Waiting })
    }

    fn head(&self, side: Side) -> Head {
        let Some(buffer) = self.pad(side).peek_buffer() else { return Head::Nothing };
        let state = self.state();
        let segment = &state.segments[side as usize];
        if is_gap(&buffer) {
            let end = buffer.pts().map(|start| start.saturating_add(buffer.duration().unwrap_or(gst::ClockTime::ZERO)));
            return Head::Gap(Timestamp { running: running(segment, end), duration: None });
        }
        let period = state.streams.get(side).and_then(|stream| stream.frame_duration());
        let duration = buffer.duration().or(period).map(gst::ClockTime::nseconds);
        Head::Frame(Timestamp { running: running_time(segment, &buffer), duration })
    }

    /// Takes what a pad offers.
    fn take(&self, comparer: &Comparer, side: Side) -> Result<Fed, gst::FlowError> {
        let Head::Frame(stamp) = self.head(side) else {
            let gap = self.pad(side).pop_buffer();
            if let (Side::Distorted, Some(gap)) = (side, gap)
                && let Some(start) = gap.pts()
            {
                self.state().fifo.push(Item::Gap(start, gap.duration()));
            }
            return Ok(Fed::One);
        };
        let Some(buffer) = self.pad(side).pop_buffer() else { return Ok(Fed::One) };
        let state = self.state();
        let Some(stream) = state.streams.get(side).cloned() else {
            drop(state);
            gst::element_imp_error!(self, gst::CoreError::Negotiation, ("frames came on {} before caps", name(side)));
            return Err(gst::FlowError::NotNegotiated);
        };
        let held = match side {
            Side::Reference => Arc::strong_count(&state.held) - 1,
            Side::Distorted => state.fifo.len(),
        };
        drop(state);
        gst::log!(CAT, obj = self.pad(side), "{stamp:?} {buffer:?}");
        let buffer = self.own(buffer, held);
        match side {
            Side::Reference => self.take_reference(comparer, &stream, stamp, &buffer),
            Side::Distorted => self.take_distorted(comparer, &stream, stamp, buffer),
        }
        Ok(Fed::One)
    }

    fn take_reference(&self, comparer: &Comparer, stream: &Stream, stamp: Timestamp, buffer: &gst::Buffer) {
        let hold = self.state().held.clone();
        let frame = map(comparer, stream, buffer, Some(hold));
        // Numbers are given in order, by this thread alone.
        comparer.push_reference(stamp, buffer.size() as u64, frame);
        self.state().references.push(buffer.pts(), stamp.running);
    }

    fn take_distorted(&self, comparer: &Comparer, stream: &Stream, stamp: Timestamp, buffer: gst::Buffer) {
        let arrival = Instant::now();
        let due = stamp.running.map(clock_time).or_else(|| self.obj().current_running_time());
        let frame = map(comparer, stream, &buffer, None);
        let number = comparer.push_distorted(stamp, buffer.size() as u64, frame);
        let mut state = self.state();
        state.head_since = None;
        let segment = &state.segments[Side::Distorted as usize];
        let pts = buffer.pts();
        let times = Times { pts, running: segment.to_running_time(pts), stream: segment.to_stream_time(pts) };
        state.fifo.push(Item::Frame(Frame { number, buffer, times, running: stamp.running, arrival, due }));
    }

    /// The buffer, or a copy of it if it is of a pool that has not many: upstream would wait for those that are held
    /// here.
    fn own(&self, buffer: gst::Buffer, held: usize) -> gst::Buffer {
        // What upstream fills and what is between counts, too.
        const ELSEWHERE: usize = 3;
        if crate::video_frame::pool_limit(&buffer).is_none_or(|limit| held + ELSEWHERE < limit) {
            return buffer;
        }
        gst::trace!(CAT, imp = self, "copying a frame: {held} of its pool are held");
        buffer.copy_deep().unwrap_or(buffer)
    }

    /// After a flush of one pad alone, starts anew; false if the flow is being stopped.
    fn restart_flushed(&self) -> Result<bool, gst::FlowError> {
        let mut state = self.state();
        let [reference, distorted] = std::mem::take(&mut state.flushed);
        let comparer = state.comparer.clone();
        if distorted {
            state.fifo.drop_frames();
        }
        drop(state);
        if !reference && !distorted {
            return Ok(true);
        }
        gst::info!(CAT, imp = self, "starting anew: reference flushed: {reference}, distorted flushed: {distorted}");
        if let Some(comparer) = comparer.filter(|_| !distorted) {
            // What is held of `distorted` leaves with what there is of the reference's former time.
            comparer.end_reference();
            comparer.end_distorted();
            loop {
                let seen = self.signal.generation();
                self.deliver()?;
                if self.state().fifo.is_empty() {
                    break;
                }
                if !self.signal.wait(seen) {
                    self.state().flushed = [reference, distorted];
                    return Ok(false);
                }
            }
        }
        if reference {
            self.state().ended[Side::Reference as usize] = false;
        }
        self.renew()?;
        Ok(true)
    }
}

/// The frame as the comparer wants it.
fn map(comparer: &Comparer, stream: &Stream, buffer: &gst::Buffer, hold: Option<Arc<()>>) -> Option<SharedFrame> {
    comparer.needs_frames().then(|| match stream.map(buffer.clone()) {
        Ok(frame) => Arc::new(Held { frame, hold }) as SharedFrame,
        Err(error) => Arc::new(Unreadable(error)),
    })
}

/// As the base class makes them of GAP events.
fn is_gap(buffer: &gst::BufferRef) -> bool {
    buffer.size() == 0 && buffer.flags().contains(gst::BufferFlags::GAP | gst::BufferFlags::DROPPABLE)
}

/// When the buffer is shown, in running time, before the segment too.
pub(super) fn running_time(segment: &gst::FormattedSegment<gst::ClockTime>, buffer: &gst::BufferRef) -> Option<i64> {
    running(segment, buffer.pts())
}

fn running(segment: &gst::FormattedSegment<gst::ClockTime>, time: Option<gst::ClockTime>) -> Option<i64> {
    let running = segment.to_running_time_full(time?)?;
    let nseconds = i64::try_from(running.abs().nseconds()).ok()?;
    Some(if running.is_negative() { -nseconds } else { nseconds })
}
