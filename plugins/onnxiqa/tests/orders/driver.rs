// SPDX-License-Identifier: MPL-2.0

//! Carries out orders on an element and compares the output with the model's promises.

use super::common::{FRAME, shade};
use super::promises::{Kind, Promises, What};
use super::rig::{Feed, Flow, Logged, PATIENCE, Pending, Rig};
use gst::prelude::*;
use std::collections::HashSet;
use std::fmt::Debug;
use std::time::Instant;

/// Work given to an upstream thread, and its result.
enum Told {
    Push {
        feed: usize,
        number: Option<u64>,
        result: Pending<Flow>,
        refusals: Vec<gst::FlowError>,
    },
    /// An event or a query.
    Other {
        feed: usize,
        what: String,
        result: Pending<bool>,
        may_fail: bool,
    },
}

/// An element in its rig, with the work given to it and the output so far.
pub struct Driver {
    pub rig: Rig,
    told: Vec<Told>,
    /// Events by their sequence number.
    known: Vec<(gst::Seqnum, What)>,
    /// The output that is not settled.
    came: Vec<(What, Option<gst::Buffer>)>,
    /// All frames that came out.
    frames: HashSet<u64>,
    /// Frames that came out since READY.
    pub since_ready: u64,
    /// Sticky events that came out since READY: a pad that is linked again gets them again.
    sticky: Vec<gst::Seqnum>,
    /// There was a flush or another link: pads send sticky events again that they could not deliver, or not to this
    /// pad.
    repeats: bool,
    /// Whether the element may send EOS on its own.
    pub ends_itself: bool,
    /// Whether the element negotiates: it sends its own caps and queries.
    pub negotiates: bool,
    /// The next event's number, as counted by the model.
    events: u32,
}

impl Driver {
    #[track_caller]
    pub fn new(element: gst::Element, inputs: &[&str]) -> Self {
        Self {
            rig: Rig::new(element, inputs),
            told: Vec::new(),
            known: Vec::new(),
            came: Vec::new(),
            frames: HashSet::new(),
            since_ready: 0,
            sticky: Vec::new(),
            repeats: false,
            ends_itself: false,
            negotiates: false,
            events: 0,
        }
    }

    pub fn feed(&self, feed: usize) -> &Feed {
        &self.rig.feeds[feed]
    }

    /// Gives the event the next number, by which the model identifies it.
    pub fn number(&mut self, event: gst::Event) -> gst::Event {
        self.known.push((event.seqnum(), What::Event(kind(&event), self.events)));
        self.events += 1;
        event
    }

    /// Sends an event that need not come out.
    pub fn tell_unnumbered(&mut self, feed: usize, event: gst::Event) {
        let what = format!("{event:?}");
        let result = self.feed(feed).later(move |pad| pad.push_event(event));
        self.told.push(Told::Other { feed, what, result, may_fail: false });
    }

    /// Sends an event with the next number.
    pub fn tell(&mut self, feed: usize, event: gst::Event) {
        let event = self.number(event);
        self.tell_unnumbered(feed, event);
    }

    /// Sends a query, which must be answered unless it `may_fail`.
    pub fn ask(&mut self, feed: usize, mut query: gst::Query, may_fail: bool) {
        let what = format!("{query:?}");
        let result = self.feed(feed).later(move |pad| pad.peer_query(query.make_mut()));
        self.told.push(Told::Other { feed, what, result, may_fail });
    }

    pub fn push(&mut self, feed: usize, number: u64, buffer: gst::Buffer) {
        let result = self.feed(feed).later(move |pad| pad.push(buffer));
        self.told.push(Told::Push { feed, number: Some(number), result, refusals: Vec::new() });
    }

    pub fn push_list(&mut self, feed: usize, list: gst::BufferList) {
        let result = self.feed(feed).later(move |pad| pad.push_list(list));
        self.told.push(Told::Push { feed, number: None, result, refusals: Vec::new() });
    }

    /// FLUSH_START, FLUSH_STOP, SEGMENT and a custom event, ahead of which all sticky events must come; all but the
    /// first with the next numbers.
    pub fn flush_events(&mut self, segment: gst::Event) -> Vec<gst::Event> {
        self.repeats = true;
        let numbered = [gst::event::FlushStop::new(true), segment, mark()].map(|event| self.number(event));
        std::iter::once(gst::event::FlushStart::new()).chain(numbered).collect()
    }

    /// Flushes that input, from a thread other than its streaming thread.
    #[track_caller]
    pub fn flush(&mut self, feed: usize, events: Vec<gst::Event>) {
        let feed = self.feed(feed).clone();
        super::rig::bounded("a flush", move || feed.flush(events));
    }

    /// To READY or NULL and back.
    #[track_caller]
    pub fn restart(&mut self, state: gst::State, refusals: &[Vec<gst::FlowError>]) {
        // Like sinks, which are the first to change their state.
        self.rig.block(false);
        self.rig.state(state);
        self.hear(refusals, &[0, 1]);
        // Unlisted work, such as the segment of a flush, is finished too.
        for feed in &self.rig.feeds {
            feed.later(|_| ()).wait("an upstream thread");
        }
        self.rig.errors();
        if !self.rig.sink.is_linked() {
            self.rig.relink();
        }
        self.rig.restart_pads();
        self.rig.state(gst::State::Playing);
    }

    #[track_caller]
    pub fn relink(&mut self) {
        self.repeats = true;
        self.rig.relink();
        self.tell(0, mark());
    }

    /// Records what has returned; everything on these inputs must return. `refusals`: what pushes on each input may
    /// return besides OK if they were in progress during the last order.
    #[track_caller]
    pub fn hear(&mut self, refusals: &[Vec<gst::FlowError>], inputs: &[usize]) {
        self.take_in(None);
        let (mut told, frames) = (std::mem::take(&mut self.told), &self.frames);
        told.retain_mut(|told| match told {
            Told::Push { feed, number, result, refusals: known } => {
                known.extend(&refusals[*feed]);
                let flow = if inputs.contains(feed) { Some(result.wait("a push")) } else { result.poll() };
                if let Some(Err(flow)) = flow {
                    assert!(known.contains(&flow), "the push of {number:?} returned {flow:?}, expected: {known:?}");
                    let dropped = matches!(flow, gst::FlowError::Flushing | gst::FlowError::NotLinked);
                    let came = number.is_some_and(|number| *feed == 0 && frames.contains(&number));
                    assert!(!(dropped && came), "{number:?} got {flow:?}, and came");
                }
                flow.is_none()
            }
            Told::Other { feed, what, result, may_fail } => {
                *may_fail |= !refusals[*feed].is_empty();
                let done = if inputs.contains(feed) { Some(result.wait(what)) } else { result.poll() };
                assert!(done != Some(false) || *may_fail, "{what} is refused");
                done.is_none()
            }
        });
        self.told = told;
    }

    fn known(&self, event: &gst::EventRef) -> Option<What> {
        self.known.iter().find(|(seqnum, _)| *seqnum == event.seqnum()).map(|(_, what)| *what)
    }

    fn is_own_end(&self, event: &gst::EventRef) -> bool {
        event.type_() == gst::EventType::Eos && self.known(event).is_none()
    }

    #[track_caller]
    fn take_in(&mut self, deadline: Option<Instant>) {
        for item in self.rig.take(deadline) {
            let item = match item {
                Logged::Query if self.negotiates => continue,
                Logged::Event(event) if self.negotiates && event.type_() == gst::EventType::Caps => continue,
                Logged::Query => (What::Query, None),
                Logged::Restart => {
                    self.sticky.clear();
                    self.since_ready = 0;
                    (What::Restart, None)
                }
                Logged::Buffer(buffer) => {
                    let number = frame_number(buffer.pts().expect("every frame has a time stamp"));
                    self.frames.insert(number);
                    self.since_ready += 1;
                    (What::Frame(number), Some(buffer))
                }
                // The element ends the stream itself if downstream does, or after an error.
                Logged::Event(event) if self.ends_itself && self.is_own_end(&event) => continue,
                Logged::Event(event) => {
                    let known = self.known(&event);
                    if event.is_sticky() {
                        if self.repeats && self.sticky.contains(&event.seqnum()) {
                            continue;
                        }
                        self.sticky.push(event.seqnum());
                    }
                    (known.unwrap_or_else(|| panic!("no input sent {event:?}")), None)
                }
            };
            self.came.push(item);
        }
    }

    /// Compares the output with the promises. `wait`: all required items are waited for, and then removed.
    #[track_caller]
    pub fn compare<E: Clone + Debug>(
        &mut self,
        promises: &Promises<E>,
        wait: bool,
        check: impl Fn(u64, &gst::Buffer, &E),
    ) {
        let deadline = Instant::now() + PATIENCE;
        self.take_in(None);
        loop {
            let whats: Vec<_> = self.came.iter().map(|(what, _)| *what).collect();
            let compared = promises.compare(&whats).unwrap_or_else(|error| panic!("{error}; came: {whats:?}"));
            let late = Instant::now() >= deadline;
            if wait && !compared.missing.is_empty() && !late {
                self.take_in(Some(deadline));
                continue;
            }
            for &(place, number, entry) in &compared.frames {
                if let (_, Some(buffer)) = &self.came[place] {
                    check(number, buffer, entry);
                }
            }
            if wait {
                assert!(compared.missing.is_empty(), "{:?} hang or are lost; came: {whats:?}", compared.missing);
                let settled = compared.settled;
                self.came.drain(..settled);
            }
            return;
        }
    }
}

/// Time stamps may differ by a multiple of this from the frame's own time, if a segment specifies it.
pub const SHIFT: gst::ClockTime = gst::ClockTime::from_seconds(1000);

/// The number of the frame with that time stamp.
pub fn frame_number(pts: gst::ClockTime) -> u64 {
    pts.nseconds() % SHIFT.nseconds() / FRAME.nseconds()
}

fn kind(event: &gst::EventRef) -> Kind {
    match event.type_() {
        gst::EventType::StreamStart => Kind::StreamStart,
        gst::EventType::Caps => Kind::Caps,
        gst::EventType::Segment => Kind::Segment,
        gst::EventType::Tag => Kind::Tag,
        gst::EventType::Gap => Kind::Gap,
        gst::EventType::Eos => Kind::Eos,
        gst::EventType::FlushStop => Kind::FlushStop,
        _ => Kind::Custom,
    }
}

/// A serialized event.
pub fn mark() -> gst::Event {
    gst::event::CustomDownstream::new(gst::Structure::new_empty("mark"))
}

pub fn segment() -> gst::Event {
    gst::event::Segment::new(&gst::FormattedSegment::<gst::ClockTime>::new())
}

/// The frame of that number: that many bytes of its gray.
pub fn frame(number: u64, bytes: usize) -> gst::Buffer {
    let mut buffer = gst::Buffer::from_mut_slice(vec![shade(number); bytes]);
    let fields = buffer.get_mut().expect("it is new");
    fields.set_pts(number * FRAME);
    fields.set_duration(FRAME);
    buffer
}
