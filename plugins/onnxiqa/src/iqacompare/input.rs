// SPDX-License-Identifier: MPL-2.0

//! Input side: passes the queued items to the comparer in the order it needs.

use super::budget::Charge;
use super::category::CAT;
use super::context::Context;
use super::counted_frame::CountedFrame;
use super::frames::{Arrived, Item, Pending};
use super::queues::{Choice, Rest};
use super::references::{ReferenceTime, References};
use super::settings::Settings;
use super::streams::{Streams, name};
use crate::scoring::{Times, warn};
use crate::video_frame::{Stream, Unreadable};
use gst::prelude::*;
use onnx_iqa::align::time::Timestamp;
use onnx_iqa::comparer::{Comparer, SharedFrame, Side};
use onnx_iqa::sharing::Lease;
use std::sync::Arc;

type Segment = gst::FormattedSegment<gst::ClockTime>;

/// Next item of a side.
enum Head {
    Nothing,
    Frame(Timestamp),
    /// Reference only: no frame arrives before this time.
    Gap(Timestamp),
    Event,
}

impl Head {
    fn stamp(&self) -> Option<Timestamp> {
        match self {
            Self::Nothing | Self::Event => None,
            Self::Frame(stamp) | Self::Gap(stamp) => Some(*stamp),
        }
    }
}

/// Conditions, beside the items, that determine the next item.
pub(super) struct Situation {
    /// Distorted frames up to this running time are due.
    pub(super) due: Option<gst::ClockTime>,
    /// Nothing is held between the queues and downstream.
    pub(super) drained: bool,
    /// No more events may be queued.
    pub(super) full: bool,
    /// The memory limit is exceeded.
    pub(super) over: bool,
}

/// State of the two streams up to the items taken.
pub(super) struct Input {
    streams: Streams,
    segments: [Segment; 2],
    ended: [bool; 2],
    references: References,
    /// The last reference, if `alignment=still`.
    standing: Option<Standing>,
    /// The reference from before the stream restarted, until a picture arrives: a seek may go beyond the only one.
    former: Option<Standing>,
}

/// A reference frame as submitted to the comparer.
struct Standing {
    stream: Arc<Stream>,
    stamp: Timestamp,
    buffer: gst::Buffer,
    charge: Arc<Charge>,
}

impl Default for Input {
    fn default() -> Self {
        Self {
            streams: Streams::default(),
            segments: [Segment::new(), Segment::new()],
            ended: [false; 2],
            references: References::default(),
            standing: None,
            former: None,
        }
    }
}

impl Input {
    /// Whether that side has ended.
    pub(super) fn ended(&self, side: Side) -> bool {
        self.ended[side as usize]
    }

    /// Restarts a side, keeping its caps.
    pub(super) fn begin(&mut self, side: Side) {
        self.segments[side as usize] = Segment::new();
        self.ended[side as usize] = false;
        if side == Side::Reference {
            self.former = self.standing.take().or(self.former.take());
        }
    }

    /// The flow resumes after it was stopped: the streams are the same.
    pub(super) fn resume(&mut self) {
        self.ended[Side::Distorted as usize] = false;
    }

    /// Continues with a new comparer.
    pub(super) fn renewed(&mut self, comparer: &Comparer) {
        self.references = References::default();
        comparer.set_one_size(self.streams.one_size());
        if let Some(standing) = self.standing.take() {
            self.let_stand(comparer, standing);
        }
        for side in [Side::Reference, Side::Distorted] {
            if self.ended(side) {
                end(comparer, side);
            }
        }
    }

    /// Returns the times of the reference frame with which a distorted frame was compared. The first pair of two
    /// streams shows how these differ.
    pub(super) fn paired(&mut self, context: &Context<'_>, number: u64, frame: &Pending) -> Option<ReferenceTime> {
        let (times, reference) = self.references.get(number)?;
        let (crops, is_still) = context.setting(|settings| (settings.registration.crops(), settings.is_still()));
        for warning in self.streams.paired([reference, &frame.stream], crops, is_still) {
            warn(context.element, gst::StreamError::Format, &warning);
        }
        Some(*times)
    }

    /// Chooses the next item.
    pub(super) fn choose(&self, comparer: &Comparer, heads: [Option<&Item>; 2], situation: &Situation) -> Choice {
        let [reference, distorted] = heads;
        let due = distorted.and_then(|item| self.due(item)).zip(situation.due);
        let due = due.is_some_and(|(frame, limit)| frame <= limit);
        let reference = reference.map_or(Head::Nothing, |item| self.head(Side::Reference, item));
        let distorted_item = distorted;
        let distorted = distorted.map_or(Head::Nothing, |item| self.head(Side::Distorted, item));
        match (&reference, &distorted) {
            (Head::Event, _) => return Choice::Take(Side::Reference),
            // A new stream waits until the previous one has left.
            (_, Head::Event) if self.ended[1] && !situation.drained && distorted_item.is_some_and(begins) => {}
            (_, Head::Event) if !situation.full => return Choice::Take(Side::Distorted),
            _ => {}
        }
        let idle = comparer.idle();
        let missing = [&reference, &distorted].map(|head| matches!(head, Head::Nothing));
        let starved = [0, 1].map(|side| idle && missing[side] && !self.ended[side]);
        let rest = Choice::Rest(Rest { starved, idle, drained: situation.drained });
        // Memory beyond the limit must be released, if possible, before more is taken.
        if situation.over && !idle {
            return rest;
        }
        match comparer.next_side(reference.stamp(), distorted.stamp()) {
            Some(Side::Reference) if reference.stamp().is_some() => return Choice::Take(Side::Reference),
            Some(Side::Distorted) if distorted.stamp().is_some() => return Choice::Take(Side::Distorted),
            _ => {}
        }
        if let (true, Head::Frame(stamp), Head::Nothing) = (due, &distorted, &reference) {
            // Treated as if the next reference frame were far ahead: the answer then tells whether there is room.
            let [never, now] = [i64::MAX, 0].map(|running| Some(Timestamp { running: Some(running), ..*stamp }));
            if comparer.next_side(never, now).is_some() {
                return Choice::Take(Side::Distorted);
            }
        }
        rest
    }

    fn head(&self, side: Side, item: &Item) -> Head {
        match item {
            Item::Frame(frame) => Head::Frame(self.stamp(side, &frame.buffer)),
            Item::Event(event) => match event.view() {
                gst::EventView::Gap(gap) if side == Side::Reference => {
                    let (start, duration) = gap.get();
                    let end = start.saturating_add(duration.unwrap_or(gst::ClockTime::ZERO));
                    Head::Gap(Timestamp { running: running(&self.segments[side as usize], Some(end)), duration: None })
                }
                _ => Head::Event,
            },
        }
    }

    fn stamp(&self, side: Side, buffer: &gst::BufferRef) -> Timestamp {
        let period = self.streams.get(side).and_then(|stream| stream.frame_duration());
        let duration = buffer.duration().or(period).map(gst::ClockTime::nseconds);
        Timestamp { running: running(&self.segments[side as usize], buffer.pts()), duration }
    }

    /// Running time from which the latency of a queued distorted frame counts: for a frame without a timestamp, that of
    /// its arrival.
    pub(super) fn due(&self, item: &Item) -> Option<gst::ClockTime> {
        let Item::Frame(frame) = item else { return None };
        let running = running(&self.segments[Side::Distorted as usize], frame.buffer.pts());
        running.map(clock_time).or(frame.seen)
    }

    /// Takes a frame of the reference.
    ///
    /// # Errors
    /// If no caps have arrived. The element error has been posted.
    pub(super) fn take_reference(
        &mut self,
        context: &Context<'_>,
        comparer: &Comparer,
        mut frame: Arrived,
    ) -> Result<(), gst::FlowError> {
        let lease = frame.lease.take();
        let stream = self.stream(context, Side::Reference)?;
        self.look_at(context, Side::Reference, &frame.buffer);
        let stamp = self.stamp(Side::Reference, &frame.buffer);
        gst::log!(CAT, obj = context.pads.reference, "{stamp:?} {:?}", frame.buffer);
        let Arrived { buffer, charge, .. } = frame;
        let reference = Standing { stream, stamp, buffer, charge };
        self.give_reference(comparer, &reference, lease);
        self.standing = context.setting(Settings::is_still).then_some(reference);
        self.former = None;
        Ok(())
    }

    /// Submits a reference that this comparer or a previous one was given.
    fn let_stand(&mut self, comparer: &Comparer, reference: Standing) {
        self.give_reference(comparer, &reference, None);
        self.standing = Some(reference);
    }

    fn give_reference(&mut self, comparer: &Comparer, reference: &Standing, lease: Option<Lease>) {
        let Standing { stream, stamp, buffer, charge } = reference;
        // Numbers are assigned in order, by this thread only.
        let bytes = held(stream, buffer, charge);
        comparer.push_reference(*stamp, bytes, shared(comparer, stream, buffer, charge, lease));
        self.references.push((buffer.pts(), stamp.running), stream.clone());
    }

    /// Takes a distorted frame and returns it in the state in which it waits for its result.
    ///
    /// # Errors
    /// If no caps have arrived. The element error has been posted.
    pub(super) fn take_distorted(
        &mut self,
        context: &Context<'_>,
        comparer: &Comparer,
        frame: Arrived,
    ) -> Result<Pending, gst::FlowError> {
        let stream = self.stream(context, Side::Distorted)?;
        self.look_at(context, Side::Distorted, &frame.buffer);
        let stamp = self.stamp(Side::Distorted, &frame.buffer);
        gst::log!(CAT, obj = context.pads.distorted, "{stamp:?} {:?}", frame.buffer);
        let due = stamp.running.map(clock_time).or(frame.seen);
        let shared = shared(comparer, &stream, &frame.buffer, &frame.charge, None);
        let segment = &self.segments[Side::Distorted as usize];
        let times = Times::of(&frame.buffer, segment, stream.frame_duration());
        let time = times.stream.and_then(|time| i64::try_from(time.nseconds()).ok());
        let number = comparer.push_distorted_at(stamp, time, held(&stream, &frame.buffer, &frame.charge), shared);
        let Arrived { buffer, arrival, charge, .. } = frame;
        let has_rate = context.setting(|settings| settings.has_model() && settings.selection.has_rate());
        context.report(|report| report.arrived(times, has_rate));
        Ok(Pending { number, stream, buffer, times, running: stamp.running, arrival, due, charge })
    }

    /// Warns about the first interlaced frame of a mixed stream.
    fn look_at(&mut self, context: &Context<'_>, side: Side, buffer: &gst::BufferRef) {
        if let Some(found) = self.streams.found_interlaced(side, buffer) {
            warn(context.element, gst::StreamError::Format, &found);
        }
    }

    fn stream(&self, context: &Context<'_>, side: Side) -> Result<Arc<Stream>, gst::FlowError> {
        self.streams.get(side).cloned().ok_or_else(|| {
            let text = format!("{}: received a frame before caps", name(side));
            gst::element_error!(context.element, gst::CoreError::Negotiation, ("{text}"));
            gst::FlowError::NotNegotiated
        })
    }

    /// Handles the stream information of an event.
    ///
    /// # Errors
    /// If the streams cannot be compared. The element error has been posted.
    pub(super) fn take_event(
        &mut self,
        context: &Context<'_>,
        comparer: &Comparer,
        side: Side,
        event: &gst::EventRef,
    ) -> Result<(), gst::FlowError> {
        use gst::EventView;
        match event.view() {
            EventView::Caps(caps) => {
                self.set_caps(context, side, caps.caps())?;
                comparer.set_one_size(self.streams.one_size());
            }
            EventView::Segment(segment) => {
                // Other formats have been refused.
                if let Some(segment) = segment.segment().downcast_ref() {
                    self.segments[side as usize] = segment.clone();
                }
            }
            EventView::Eos(_) => {
                gst::debug!(CAT, obj = context.element, "EOS on {}", name(side));
                self.ended[side as usize] = true;
                if let Some(former) = self.former.take_if(|_| side == Side::Reference) {
                    self.let_stand(comparer, former);
                }
                end(comparer, side);
            }
            _ => {}
        }
        Ok(())
    }

    fn set_caps(&mut self, context: &Context<'_>, side: Side, caps: &gst::CapsRef) -> Result<(), gst::FlowError> {
        let (has_model, crops, is_still) =
            context.setting(|settings| (settings.has_model(), settings.registration.crops(), settings.is_still()));
        let remarks = self.streams.set(side, caps, has_model, crops, is_still).map_err(|error| {
            gst::element_error!(context.element, gst::CoreError::Negotiation, ("{}: {error}", name(side)));
            gst::FlowError::NotNegotiated
        })?;
        let main_field = self.streams.main_field(context.setting(Settings::main_field));
        crate::lock(context.report).settings.main_field = main_field;
        self.set_next_pairs(context);
        for assumed in remarks.assumed {
            gst::info!(CAT, obj = context.element, "{assumed}");
        }
        for warning in remarks.warnings {
            warn(context.element, gst::StreamError::Format, &warning);
        }
        Ok(())
    }

    /// Sets the wait for the pairs the VMAF model needs: one frame duration of `distorted` each.
    fn set_next_pairs(&self, context: &Context<'_>) {
        let pairs = context.session.following_pairs();
        let Some(stream) = self.streams.get(Side::Distorted).filter(|_| pairs > 0) else { return };
        let wait = stream.frame_duration().unwrap_or(NEXT_PAIR) * u64::from(pairs);
        if context.deadline.set_next_pairs(wait) {
            let _ = context.element.post_message(gst::message::Latency::builder().src(context.element).build());
        }
    }
}

/// Assumed interval between pairs if the caps have no frame rate.
const NEXT_PAIR: gst::ClockTime = gst::ClockTime::from_mseconds(40);

/// Whether the item begins a stream.
pub(super) fn begins(item: &Item) -> bool {
    matches!(item, Item::Event(event) if event.type_() == gst::EventType::StreamStart)
}

fn end(comparer: &Comparer, side: Side) {
    match side {
        Side::Reference => comparer.end_reference(),
        Side::Distorted => comparer.end_distorted(),
    }
}

/// Memory the frame holds in the comparer, which is added to its charge.
fn held(stream: &Stream, buffer: &gst::Buffer, charge: &Charge) -> u64 {
    let bytes = stream.bytes(buffer);
    charge.set(bytes);
    bytes
}

/// Wraps the frame for the comparer.
fn shared(
    comparer: &Comparer,
    stream: &Stream,
    buffer: &gst::Buffer,
    charge: &Arc<Charge>,
    lease: Option<Lease>,
) -> Option<SharedFrame> {
    comparer.needs_frames().then(|| match stream.map(buffer.clone()) {
        Ok(mapped) => Arc::new(CountedFrame::new(mapped, lease, charge.clone())) as SharedFrame,
        Err(error) => Arc::new(Unreadable(error)),
    })
}

/// Running time, possibly before the segment.
fn running(segment: &Segment, time: Option<gst::ClockTime>) -> Option<i64> {
    let running = segment.to_running_time_full(time?)?;
    let nseconds = i64::try_from(running.abs().nseconds()).ok()?;
    Some(if running.is_negative() { -nseconds } else { nseconds })
}

/// Running times before the segment count as zero.
fn clock_time(running: i64) -> gst::ClockTime {
    gst::ClockTime::from_nseconds(u64::try_from(running).unwrap_or(0))
}
