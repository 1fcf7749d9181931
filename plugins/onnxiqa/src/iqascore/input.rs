// SPDX-License-Identifier: MPL-2.0

//! Incoming frames: selection for scoring, and waiting for room.

use super::category::CAT;
use super::frame::{Frame, Outcome};
use super::output::Output;
use super::pace::Pace;
use super::queue::Queue;
use super::scores::Scores;
use super::settings::Mode;
use crate::lock;
use crate::scoring::{SelectionSettings, Times, warn};
use crate::video_frame::{Stream, Unreadable};
use gst::prelude::*;
use onnx_iqa::picture::{self, PictureError};
use onnx_iqa::record::Finding;
use onnx_iqa::scorer::Selector;
use std::sync::{Arc, Mutex};
use std::time::Instant;

/// A frame that has just arrived.
struct Arrival {
    buffer: gst::Buffer,
    times: Times,
    /// Arrival time, from which the latency of the score is measured.
    since: Instant,
    /// Whether the frame is selected for scoring.
    selected: bool,
}

/// State of the incoming stream and of frame selection.
#[derive(Default)]
struct Arrivals {
    video: Option<Arc<Stream>>,
    segment: gst::FormattedSegment<gst::ClockTime>,
    selector: Selector,
    /// A selected frame found the scorer full: the next frame is scored instead (live mode).
    overdue: bool,
    /// Whether the warning about the stream's properties has been posted.
    cautioned: bool,
    /// Whether the warning about interlaced frames in a mixed stream has been posted.
    interlaced: bool,
    pace: Pace,
}

/// Input side of the element.
pub struct Input {
    queue: Arc<Queue>,
    output: Arc<Output>,
    scores: Arc<Scores>,
    arrivals: Mutex<Arrivals>,
}

impl Input {
    /// Creates the initial state.
    pub fn new(queue: Arc<Queue>, output: Arc<Output>, scores: Arc<Scores>) -> Self {
        Self { queue, output, scores, arrivals: Mutex::default() }
    }

    /// READY→PAUSED: resets the stream state.
    pub fn restart(&self) {
        *lock(&self.arrivals) = Arrivals::default();
    }

    /// Resets the time-dependent state after a flush.
    pub fn discontinuity(&self) {
        let mut arrivals = lock(&self.arrivals);
        arrivals.segment = gst::FormattedSegment::default();
        arrivals.selector = Selector::default();
        arrivals.overdue = false;
        arrivals.pace.discontinuity();
    }

    /// Frame duration according to the caps.
    pub fn frame_duration(&self) -> Option<gst::ClockTime> {
        lock(&self.arrivals).video.as_ref()?.frame_duration()
    }

    /// Handles a frame; it is scored if selected.
    ///
    /// # Errors
    /// If the flow has ended.
    pub fn chain(
        &self,
        element: &gst::Element,
        buffer: gst::Buffer,
        selection: SelectionSettings,
    ) -> Result<gst::FlowSuccess, gst::FlowError> {
        let since = Instant::now();
        let mode = self.queue.enter()?;
        let mut arrivals = lock(&self.arrivals);
        let (times, selected) = arrivals.select(&buffer, selection);
        let interlaced = arrivals.found_interlaced(&buffer);
        drop(arrivals);
        self.scores.arrived(element, times, selection.has_rate());
        if let Some(found) = interlaced {
            warn(element, gst::StreamError::Format, &found);
        }
        let arrival = Arrival { buffer, times, since, selected };
        match mode {
            Mode::EveryFrame => self.hold(element, arrival),
            Mode::Live => self.pass_at_once(element, arrival),
        }
    }

    /// Queues the frame until its score is finished; blocks upstream until there is room.
    fn hold(&self, element: &gst::Element, arrival: Arrival) -> Result<gst::FlowSuccess, gst::FlowError> {
        let Arrival { buffer, times, since, selected } = arrival;
        let held = self.queue.wait_for_room()?;
        self.watch_pace(element, times, held);
        let frame = Frame { buffer, times, outcome: Outcome::Skipped };
        if !selected {
            return self.output.pass_frame(element, frame);
        }
        self.queue.hold(self.picture(&frame.buffer), frame, since)?;
        Ok(gst::FlowSuccess::Ok)
    }

    /// Warns once if scoring is too slow for a live source.
    fn watch_pace(&self, element: &gst::Element, times: Times, held: bool) {
        let Some((now, running)) = element.current_running_time().zip(times.running) else { return };
        if !lock(&self.arrivals).pace.cannot_follow(held, now, running) || !is_live(element) {
            return;
        }
        lock(&self.arrivals).pace.settle();
        gst::element_warning!(
            element,
            gst::StreamError::Failed,
            ("scoring is slower than the live source and mode=every-frame blocks it: frames are lost or increasingly \
                 late; set mode=live, or score fewer frames with interval or max-rate")
        );
    }

    /// Pushes the frame immediately with the newest score.
    fn pass_at_once(&self, element: &gst::Element, arrival: Arrival) -> Result<gst::FlowSuccess, gst::FlowError> {
        let Arrival { buffer, times, since, selected } = arrival;
        // Only events held until EOS leaves can be queued ahead of it.
        self.queue.wait_until_idle()?;
        let has_room = self.queue.scorer_has_room();
        if !lock(&self.arrivals).is_due(selected, has_room) {
            return self.output.pass_frame(element, Frame { buffer, times, outcome: Outcome::Skipped });
        }
        // Before the frame is pushed, so that the scorer works while downstream processes the frame.
        let turn = self.queue.score_apart(self.picture(&buffer), times, since)?;
        self.output.push_frame_in(turn, element, Frame { buffer, times, outcome: Outcome::ReportedApart })
    }

    /// The frame for the scorer. An unreadable frame fails in the scorer.
    fn picture(&self, buffer: &gst::Buffer) -> Box<dyn picture::Frame> {
        let Some(video) = lock(&self.arrivals).video.clone() else {
            return Box::new(Unreadable(PictureError::Unreadable("received a frame before caps".into())));
        };
        match video.map(buffer.clone()) {
            Ok(frame) => Box::new(frame),
            Err(error) => Box::new(Unreadable(error)),
        }
    }

    /// Handles new caps. The latency must be queried again if the frame duration has changed and frames are held.
    ///
    /// # Errors
    /// If the engine does not support the format.
    pub fn set_caps(&self, element: &gst::Element, caps: &gst::CapsRef) -> Result<(), String> {
        let video = Stream::from_caps(caps)?;
        if let Some(assumed) = &video.assumed {
            gst::info!(CAT, obj = element, "Colorimetry missing in caps, using {assumed}");
        }
        let caution = video.caution(true);
        let duration = video.frame_duration();
        let mut arrivals = lock(&self.arrivals);
        let told = arrivals.cautioned;
        arrivals.cautioned |= caution.is_some();
        let before = arrivals.video.replace(Arc::new(video));
        drop(arrivals);
        if let Some(caution) = caution.filter(|_| !told) {
            warn(element, gst::StreamError::Format, &caution);
        }
        let changed = before.is_none_or(|before| before.frame_duration() != duration);
        if changed && self.queue.mode() == Mode::EveryFrame {
            let _ = element.post_message(gst::message::Latency::builder().src(element).build());
        }
        Ok(())
    }

    /// Handles a new segment.
    ///
    /// # Errors
    /// If the segment is not in time format.
    pub fn set_segment(&self, segment: &gst::Segment) -> Result<(), String> {
        let Some(segment) = segment.downcast_ref::<gst::ClockTime>() else {
            return Err(format!("cannot score a segment in {:?} format, only in time format", segment.format()));
        };
        lock(&self.arrivals).segment = segment.clone();
        Ok(())
    }
}

impl Arrivals {
    /// Computes the times of a frame and whether it is selected for scoring.
    fn select(&mut self, buffer: &gst::BufferRef, selection: SelectionSettings) -> (Times, bool) {
        let period = self.video.as_ref().and_then(|video| video.frame_duration());
        let times = Times::of(buffer, &self.segment, period);
        let time = times.stream.and_then(|time| i64::try_from(time.nseconds()).ok());
        (times, self.selector.pick(time, selection.selection()))
    }

    /// Returns the warning about the first interlaced frame of a mixed stream, once.
    fn found_interlaced(&mut self, buffer: &gst::BufferRef) -> Option<Finding> {
        if self.interlaced {
            return None;
        }
        let text = self.video.as_ref()?.interlaced_among_others(buffer)?;
        self.interlaced = true;
        Some(text)
    }

    /// Whether a frame is scored now, either because it is selected or in place of an earlier one.
    fn is_due(&mut self, selected: bool, scorer_has_room: bool) -> bool {
        let due = self.overdue || selected;
        self.overdue = due && !scorer_has_room;
        due && scorer_has_room
    }
}

/// Whether upstream is live.
fn is_live(element: &gst::Element) -> bool {
    let mut query = gst::query::Latency::new();
    element.static_pad("sink").is_some_and(|pad| pad.peer_query(&mut query)) && query.result().0
}
