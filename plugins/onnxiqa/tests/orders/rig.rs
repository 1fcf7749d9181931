// SPDX-License-Identifier: MPL-2.0

//! An element between pads of the test, on which orders are carried out without waiting for their effect. Anything that
//! takes too long is a failure, so nothing here can hang.

use gst::EventView;
use gst::prelude::*;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, TryRecvError, channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};

/// Anything that takes longer hangs. Shorter than the other tests' limit, because shrinking repeats a hang many times.
pub const PATIENCE: Duration = Duration::from_secs(20);

pub type Flow = Result<gst::FlowSuccess, gst::FlowError>;

/// What came out downstream.
#[derive(Debug, Clone)]
pub enum Logged {
    Buffer(gst::Buffer),
    Event(gst::Event),
    /// A serialized query.
    Query,
    /// The element was in READY.
    Restart,
}

#[derive(Default)]
struct Downstream {
    log: Vec<Logged>,
    blocked: bool,
    /// The answer to the next buffer.
    answer: Option<gst::FlowError>,
    /// A buffer was answered with this, so none may follow.
    refuses: Option<gst::FlowError>,
    /// EOS has come after that answer.
    ended: bool,
    violation: Option<String>,
}

#[derive(Default)]
struct Out {
    state: Mutex<Downstream>,
    changed: Condvar,
}

impl Out {
    fn lock(&self) -> MutexGuard<'_, Downstream> {
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn chain(&self, buffer: gst::Buffer) -> Flow {
        let mut state = self.lock();
        if let Some(flow) = state.refuses {
            state.violation = Some(format!("{buffer:?} came after downstream's {flow:?}"));
        }
        state.log.push(Logged::Buffer(buffer));
        self.changed.notify_all();
        let mut state = self.changed.wait_while(state, |state| state.blocked).unwrap();
        match state.answer.take() {
            None => Ok(gst::FlowSuccess::Ok),
            Some(flow) => {
                state.refuses = Some(flow);
                Err(flow)
            }
        }
    }

    fn event(&self, event: gst::Event) {
        let mut state = self.lock();
        match event.view() {
            // Like a sink.
            EventView::FlushStart(_) => state.blocked = false,
            EventView::FlushStop(_) => state.refuses = None,
            EventView::Eos(_) => state.ended = state.refuses.is_some(),
            EventView::StreamStart(_) | EventView::Segment(_) if state.refuses == Some(gst::FlowError::Eos) => {
                state.refuses = None;
            }
            _ => {}
        }
        if event.is_serialized() {
            state.log.push(Logged::Event(event));
        }
        self.changed.notify_all();
    }
}

/// Work given to an upstream thread.
pub struct Pending<T>(Receiver<T>);

impl<T> Pending<T> {
    /// The result, within the time limit.
    #[track_caller]
    pub fn wait(&self, what: &str) -> T {
        self.0.recv_timeout(PATIENCE).unwrap_or_else(|error| match error {
            RecvTimeoutError::Timeout => panic!("{what} hangs"),
            RecvTimeoutError::Disconnected => panic!("{what}: the upstream thread is gone"),
        })
    }

    /// The result, if it is available.
    pub fn poll(&self) -> Option<T> {
        match self.0.try_recv() {
            Ok(result) => Some(result),
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Disconnected) => panic!("the upstream thread is gone"),
        }
    }
}

type Work = Box<dyn FnOnce() + Send>;
/// What upstream does with a seek on that input; returns whether it accepts.
type Seek = Box<dyn Fn(usize, &Feed) -> bool + Send + Sync>;

/// Feeds a pad: a pad of the test, and its streaming thread.
#[derive(Clone)]
pub struct Feed {
    pub src: gst::Pad,
    work: Sender<Work>,
}

impl Feed {
    fn new(input: usize, to: &gst::Pad, seek: Arc<Mutex<Option<Seek>>>) -> Self {
        let (work, orders) = channel::<Work>();
        let seeking = work.clone();
        let src = gst::Pad::builder(gst::PadDirection::Src)
            .event_function(move |pad, parent, event| {
                if event.type_() != gst::EventType::Seek {
                    return gst::Pad::event_default(pad, parent, event);
                }
                let feed = Feed { src: pad.clone(), work: seeking.clone() };
                seek.lock().unwrap().as_ref().is_some_and(|seek| seek(input, &feed))
            })
            .build();
        src.set_active(true).unwrap();
        src.link(to).unwrap();
        // The pad's event function keeps a sender, so the thread is told when to end.
        std::thread::spawn(move || orders.into_iter().for_each(|order| order()));
        Self { src, work }
    }

    /// Does something on the streaming thread, after all earlier work.
    pub fn later<T: Send + 'static>(&self, body: impl FnOnce(&gst::Pad) -> T + Send + 'static) -> Pending<T> {
        let (sender, receiver) = channel();
        let pad = self.src.clone();
        let order = move || {
            let _ = sender.send(body(&pad));
        };
        self.work.send(Box::new(order)).expect("the thread lives as long as the pad");
        Pending(receiver)
    }

    /// The flushing seek of a source: FLUSH_START immediately, the rest after the current work of the streaming thread.
    pub fn flush(&self, events: Vec<gst::Event>) {
        let mut events = events.into_iter();
        events.next().map(|start| self.src.push_event(start));
        events.next().map(|stop| self.later(move |pad| pad.push_event(stop)).wait("FLUSH_STOP"));
        self.later(move |pad| events.all(|event| pad.push_event(event)));
    }
}

/// The element between its pads.
pub struct Rig {
    pub element: gst::Element,
    pub bus: gst::Bus,
    pub feeds: Vec<Feed>,
    pub sink: gst::Pad,
    out: Arc<Out>,
    seek: Arc<Mutex<Option<Seek>>>,
}

impl Rig {
    /// Links the element and sets it to PLAYING.
    #[track_caller]
    pub fn new(element: gst::Element, inputs: &[&str]) -> Self {
        let out = Arc::<Out>::default();
        let (chained, evented, queried) = (out.clone(), out.clone(), out.clone());
        let template = gst::PadTemplate::new(
            "downstream",
            gst::PadDirection::Sink,
            gst::PadPresence::Always,
            &gst::Caps::new_any(),
        );
        let sink = gst::Pad::builder_from_template(&template.unwrap())
            .chain_function(move |_, _, buffer| chained.chain(buffer))
            .event_function(move |_, _, event| {
                evented.event(event);
                true
            })
            .query_function(move |pad, parent, query| {
                if query.is_serialized() {
                    queried.lock().log.push(Logged::Query);
                    queried.changed.notify_all();
                    return true;
                }
                gst::Pad::query_default(pad, parent, query)
            })
            .build();
        sink.set_active(true).unwrap();
        element.static_pad("src").unwrap().link(&sink).unwrap();
        let seek = Arc::<Mutex<Option<Seek>>>::default();
        let feeds = inputs.iter().enumerate();
        let feeds = feeds.map(|(n, name)| Feed::new(n, &element.static_pad(name).unwrap(), seek.clone())).collect();
        let bus = gst::Bus::new();
        element.set_bus(Some(&bus));
        let rig = Self { element, bus, feeds, sink, out, seek };
        rig.state(gst::State::Playing);
        rig
    }

    #[track_caller]
    pub fn state(&self, state: gst::State) {
        let element = self.element.clone();
        let reached = bounded(&format!("the change to {state:?}"), move || {
            element.set_state(state).is_ok() && element.state(gst::ClockTime::NONE).0.is_ok()
        });
        assert!(reached, "the change to {state:?} fails");
    }

    /// Pads of the test lose their sticky events, like those of a real pipeline in READY.
    pub fn restart_pads(&self) {
        for pad in self.feeds.iter().map(|feed| &feed.src).chain([&self.sink]) {
            pad.set_active(false).unwrap();
            pad.set_active(true).unwrap();
        }
        let mut state = self.out.lock();
        state.refuses = None;
        state.answer = None;
        state.log.push(Logged::Restart);
    }

    /// From now on, a buffer is logged and then blocks.
    pub fn block(&self, blocked: bool) {
        self.out.lock().blocked = blocked;
        self.out.changed.notify_all();
    }

    /// Answers the next buffer with this.
    pub fn answer_next(&self, flow: gst::FlowError) {
        let mut state = self.out.lock();
        (state.answer, state.ended) = (Some(flow), false);
    }

    /// Waits until the element has ended the stream because of [that answer](Self::answer_next); false if it hangs.
    pub fn end_after_answer(&self) -> impl FnOnce() -> bool + Send + use<> {
        let out = self.out.clone();
        move || {
            let (state, _) = out.changed.wait_timeout_while(out.lock(), PATIENCE / 2, |state| !state.ended).unwrap();
            state.ended
        }
    }

    /// Sets how upstream handles a seek.
    pub fn on_seek(&self, seek: impl Fn(usize, &Feed) -> bool + Send + Sync + 'static) {
        *self.seek.lock().unwrap() = Some(Box::new(seek));
    }

    pub fn unlink(&self) {
        self.element.static_pad("src").unwrap().unlink(&self.sink).unwrap();
    }

    #[track_caller]
    pub fn relink(&self) {
        let (src, sink) = (self.element.static_pad("src").unwrap(), self.sink.clone());
        bounded("a link", move || src.link(&sink)).unwrap();
    }

    /// The output since the last call; with a deadline, waits for something until then.
    #[track_caller]
    pub fn take(&self, deadline: Option<Instant>) -> Vec<Logged> {
        let mut state = self.out.lock();
        while let Some(deadline) = deadline.filter(|_| state.log.is_empty()) {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            state = self.out.changed.wait_timeout(state, left).unwrap().0;
        }
        if let Some(violation) = state.violation.take() {
            drop(state);
            panic!("{violation}");
        }
        std::mem::take(&mut state.log)
    }

    /// The texts of the errors posted since the last call.
    pub fn errors(&self) -> Vec<String> {
        let messages = std::iter::from_fn(|| self.bus.pop_filtered(&[gst::MessageType::Error]));
        let text = |message: gst::Message| match message.view() {
            gst::MessageView::Error(error) => format!("{} {:?}", error.error(), error.debug()),
            _ => String::new(),
        };
        messages.map(text).collect()
    }

    /// A number from `stats`.
    #[track_caller]
    pub fn stat(&self, field: &str) -> u64 {
        let stats = self.element.property::<gst::Structure>("stats");
        stats.get(field).unwrap_or_else(|error| panic!("{stats}: {error}"))
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        self.block(false);
        if std::thread::panicking() {
            // A hanging element must not keep the test from failing.
            let element = self.element.clone();
            std::thread::spawn(move || element.set_state(gst::State::Null));
        } else {
            self.state(gst::State::Null);
            // Messages on the bus hold the element, and the element holds the bus.
            self.bus.set_flushing(true);
        }
    }
}

/// Runs something that must end, on its own thread.
#[track_caller]
pub fn bounded<T: Send + 'static>(what: &str, body: impl FnOnce() -> T + Send + 'static) -> T {
    let (sender, receiver) = channel();
    std::thread::spawn(move || sender.send(body()));
    receiver.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("{what} hangs, or panics"))
}
