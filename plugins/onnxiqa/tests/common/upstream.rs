// SPDX-License-Identifier: MPL-2.0

//! A pad of the test that feeds an element from its own thread, like a source.

use super::{LIMIT, bounded};
use gst::prelude::*;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

type Flow = Result<gst::FlowSuccess, gst::FlowError>;
pub type Answer<Q> = Mutex<Box<dyn Fn(&mut Q) -> Option<bool> + Send>>;

/// Feeds one of an element's pads.
pub struct Upstream {
    /// Its pad.
    pub src: gst::Pad,
    work: Sender<Box<dyn FnOnce() + Send>>,
    above: Arc<Answer<gst::QueryRef>>,
}

/// Work for the upstream thread, which may be blocked in it.
pub struct Pending<T>(Receiver<T>, &'static str);

impl<T> Pending<T> {
    /// The result, within the time limit.
    #[track_caller]
    pub fn wait(&self) -> T {
        self.0.recv_timeout(LIMIT).unwrap_or_else(|error| panic!("{} has not returned: {error}", self.1))
    }

    /// Whether it still has not returned after that time.
    pub fn blocks(&self, time: Duration) -> bool {
        matches!(self.0.recv_timeout(time), Err(RecvTimeoutError::Timeout))
    }
}

impl Upstream {
    /// Links a new pad to that one.
    #[track_caller]
    pub fn new(to: &gst::Pad) -> Self {
        let above: Arc<Answer<gst::QueryRef>> = Arc::new(Mutex::new(Box::new(|_| None)));
        let answer = above.clone();
        let template =
            gst::PadTemplate::new("upstream", gst::PadDirection::Src, gst::PadPresence::Always, &gst::Caps::new_any())
                .unwrap();
        let src = gst::Pad::builder_from_template(&template)
            .query_function(move |pad, parent, query| {
                let answered = (answer.lock().unwrap())(query);
                answered.unwrap_or_else(|| gst::Pad::query_default(pad, parent, query))
            })
            .build();
        src.set_active(true).unwrap();
        src.link(to).unwrap();
        let (sender, work) = channel::<Box<dyn FnOnce() + Send>>();
        std::thread::spawn(move || work.into_iter().for_each(|job| job()));
        Self { src, work: sender, above }
    }

    /// The pad loses its sticky events, like in a real pipeline that stops.
    pub fn restart(&self) {
        self.src.set_active(false).unwrap();
        self.src.set_active(true).unwrap();
    }

    /// Starts a stream.
    #[track_caller]
    pub fn start(&self, caps: &str) {
        assert!(self.event(gst::event::StreamStart::new("test")));
        self.caps(caps);
        assert!(self.event(gst::event::Segment::new(&gst::FormattedSegment::<gst::ClockTime>::new())));
    }

    #[track_caller]
    pub fn caps(&self, caps: &str) {
        let caps = caps.parse::<gst::Caps>().unwrap();
        assert!(self.event(gst::event::Caps::new(&caps)), "{caps} is refused");
    }

    /// Does something on the upstream thread, which acts as the streaming thread.
    pub fn later<T: Send + 'static>(
        &self,
        what: &'static str,
        body: impl FnOnce(&gst::Pad) -> T + Send + 'static,
    ) -> Pending<T> {
        let (sender, receiver) = channel();
        let pad = self.src.clone();
        let job = Box::new(move || {
            let _ = sender.send(body(&pad));
        });
        self.work.send(job).unwrap();
        Pending(receiver, what)
    }

    pub fn push_later(&self, buffer: gst::Buffer) -> Pending<Flow> {
        self.later("a push", move |pad| pad.push(buffer))
    }

    #[track_caller]
    pub fn push(&self, buffer: gst::Buffer) -> Flow {
        self.push_later(buffer).wait()
    }

    #[track_caller]
    pub fn event(&self, event: gst::Event) -> bool {
        self.later("an event", move |pad| pad.push_event(event)).wait()
    }

    /// FLUSH_START, from a thread that is not upstream's streaming thread, then FLUSH_STOP and a segment.
    #[track_caller]
    pub fn flush(&self) {
        self.flush_start();
        self.flush_stop();
    }

    /// The first half of [`flush`](Self::flush).
    #[track_caller]
    pub fn flush_start(&self) {
        let pad = self.src.clone();
        assert!(bounded("FLUSH_START", move || pad.push_event(gst::event::FlushStart::new())));
    }

    /// The second half.
    #[track_caller]
    pub fn flush_stop(&self) {
        assert!(self.event(gst::event::FlushStop::new(true)));
        assert!(self.event(gst::event::Segment::new(&gst::FormattedSegment::<gst::ClockTime>::new())));
    }

    /// Sets how upstream answers queries; `None` is the default handling.
    pub fn answer_above(&self, answer: impl Fn(&mut gst::QueryRef) -> Option<bool> + Send + 'static) {
        *self.above.lock().unwrap() = Box::new(answer);
    }
}
