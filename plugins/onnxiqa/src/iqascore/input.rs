// SPDX-License-Identifier: MPL-2.0

//! The way of frames in: which are scored, and where they wait meanwhile.

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

/// A frame that has just come.
struct Arrival {
    buffer: gst::Buffer,
    times: Times,
    /// When it came: the latency of its score counts from here.
    since: Instant,
    /// Whether it is its turn to be scored.
    selected: bool,
}

/// What upstream has said of its stream, and which of its frames are scored.
#[derive(Default)]
struct Arrivals {
    video: Option<Arc<Stream>>,
    segment: gst::FormattedSegment<gst::ClockTime>,
    selector: Selector,
    /// A frame's turn to be scored came while the scorer had no room: the next frame takes it (live mode).
    overdue: bool,
    /// Users have been told why scores of this stream are to be taken with care.
    cautioned: bool,
    /// The same of interlaced pictures among others.
    interlaced: bool,
    pace: Pace,
}

/// What comes through the sink pad.
pub struct Input {
    queue: Arc<Queue>,
    output: Arc<Output>,
    scores: Arc<Scores>,
    arrivals: Mutex<Arrivals>,
}

impl Input {
    /// Nothing has come yet.
    pub fn new(queue: Arc<Queue>, output: Arc<Output>, scores: Arc<Scores>) -> Self {
        Self { queue, output, scores, arrivals: Mutex::default() }
    }

    /// READY→PAUSED: forgets the stream before.
    pub fn restart(&self) {
        *lock(&self.arrivals) = Arrivals::default();
    }

    /// After a flush: time starts anew.
    pub fn discontinuity(&self) {
        let mut arrivals = lock(&self.arrivals);
        arrivals.segment = gst::FormattedSegment::default();
        arrivals.selector = Selector::default();
        arrivals.overdue = false;
        arrivals.pace.discontinuity();
    }

    /// How long a frame lasts, by the caps.
    pub fn frame_duration(&self) -> Option<gst::ClockTime> {
        lock(&self.arrivals).video.as_ref()?.frame_duration()
    }

    /// A frame comes, which is scored if it is its turn.
    ///
    /// # Errors
    /// When the flow has ended.
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

    /// The frame waits for its score if it is to have one, and upstream until there is room.
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

    /// Looks whether the scorer holds up a live source for good, which is said once.
    fn watch_pace(&self, element: &gst::Element, times: Times, held: bool) {
        let Some((now, running)) = element.current_running_time().zip(times.running) else { return };
        if !lock(&self.arrivals).pace.cannot_follow(held, now, running) || !is_live(element) {
            return;
        }
        lock(&self.arrivals).pace.settle();
        gst::element_warning!(
            element,
            gst::StreamError::Failed,
            ("frames come from a live source faster than they are scored, and mode=every-frame holds the source up: \
                 frames are lost or come ever later; set mode=live, or score fewer frames with interval or max-rate")
        );
    }

    /// The frame passes at once, with the newest score there is.
    fn pass_at_once(&self, element: &gst::Element, arrival: Arrival) -> Result<gst::FlowSuccess, gst::FlowError> {
        let Arrival { buffer, times, since, selected } = arrival;
        // Only events that wait for EOS to leave can be before it.
        self.queue.wait_until_idle()?;
        let has_room = self.queue.scorer_has_room();
        if !lock(&self.arrivals).is_due(selected, has_room) {
            return self.output.pass_frame(element, Frame { buffer, times, outcome: Outcome::Skipped });
        }
        // Before the frame is pushed: the scorer can be at work while it goes through the elements downstream.
        let turn = self.queue.score_apart(self.picture(&buffer), times, since)?;
        self.output.push_frame_in(turn, element, Frame { buffer, times, outcome: Outcome::ReportedApart })
    }

    /// The frame as the scorer wants it. What cannot be read fails there.
    fn picture(&self, buffer: &gst::Buffer) -> Box<dyn picture::Frame> {
        let Some(video) = lock(&self.arrivals).video.clone() else {
            return Box::new(Unreadable(PictureError::Unreadable("it came before its caps".into())));
        };
        match video.map(buffer.clone()) {
            Ok(frame) => Box::new(frame),
            Err(error) => Box::new(Unreadable(error)),
        }
    }

    /// New caps. Downstream is to ask for the latency again if frames last differently and are held.
    ///
    /// # Errors
    /// When the engine does not read such frames.
    pub fn set_caps(&self, element: &gst::Element, caps: &gst::CapsRef) -> Result<(), String> {
        let video = Stream::from_caps(caps)?;
        if let Some(assumed) = &video.assumed {
            gst::info!(CAT, obj = element, "the caps leave out the colorimetry; taken: {assumed}");
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

    /// A new segment.
    ///
    /// # Errors
    /// When it is not in time.
    pub fn set_segment(&self, segment: &gst::Segment) -> Result<(), String> {
        let Some(segment) = segment.downcast_ref::<gst::ClockTime>() else {
            return Err(format!("a segment in {:?}: scores need one in time", segment.format()));
        };
        lock(&self.arrivals).segment = segment.clone();
        Ok(())
    }
}

impl Arrivals {
    /// When the frame is shown, and whether it is its turn to be scored.
    fn select(&mut self, buffer: &gst::BufferRef, selection: SelectionSettings) -> (Times, bool) {
        let period = self.video.as_ref().and_then(|video| video.frame_duration());
        let times = Times::of(buffer, &self.segment, period);
        let time = times.stream.and_then(|time| i64::try_from(time.nseconds()).ok());
        (times, self.selector.pick(time, selection.selection()))
    }

    /// What is to be said, once, of the first interlaced frame of a stream that has both kinds.
    fn found_interlaced(&mut self, buffer: &gst::BufferRef) -> Option<Finding> {
        if self.interlaced {
            return None;
        }
        let text = self.video.as_ref()?.interlaced_among_others(buffer)?;
        self.interlaced = true;
        Some(text)
    }

    /// Whether a frame is scored now, in its own turn or in that of one before.
    fn is_due(&mut self, selected: bool, scorer_has_room: bool) -> bool {
        let due = self.overdue || selected;
        self.overdue = due && !scorer_has_room;
        due && scorer_has_room
    }
}

/// Whether upstream says that it is live.
fn is_live(element: &gst::Element) -> bool {
    let mut query = gst::query::Latency::new();
    element.static_pad("sink").is_some_and(|pad| pad.peer_query(&mut query)) && query.result().0
}
