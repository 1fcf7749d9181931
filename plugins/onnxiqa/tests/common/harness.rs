// SPDX-License-Identifier: MPL-2.0

//! An element between two pads of the test, for what `gst_check::Harness` cannot do: one list of frames, events and
//! queries in order of arrival downstream, control of downstream's flow returns and blocking, and pushes that may
//! block.

use super::upstream::{Answer, Upstream};
use super::{LIMIT, bounded};
use gst::EventView;
use gst::prelude::*;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Instant;

/// What came out downstream.
#[derive(Debug, Clone)]
pub enum Item {
    Buffer(gst::Buffer),
    Event(gst::Event),
    /// A serialized query.
    Query(gst::QueryType),
}

type Flow = Result<gst::FlowSuccess, gst::FlowError>;
struct Out {
    items: Mutex<Vec<Item>>,
    changed: Condvar,
    /// The answer to the nth buffer.
    flow: Mutex<Box<dyn FnMut(usize) -> Flow + Send>>,
    /// Whether buffers may pass.
    open: Mutex<bool>,
    opened: Condvar,
}

/// An element under test.
pub struct ElementHarness {
    pub element: gst::Element,
    pub bus: gst::Bus,
    /// The source of the element, or of its main stream. A harness dereferences to it.
    upstream: Upstream,
    /// Downstream's pad.
    pub sink: gst::Pad,
    out: Arc<Out>,
    below: Arc<Answer<gst::QueryRef>>,
}

impl ElementHarness {
    /// Links the element and sets it to PLAYING.
    #[track_caller]
    pub fn new(element: gst::Element) -> Self {
        let out = Arc::new(Out {
            items: Mutex::default(),
            changed: Condvar::new(),
            flow: Mutex::new(Box::new(|_| Ok(gst::FlowSuccess::Ok))),
            open: Mutex::new(true),
            opened: Condvar::new(),
        });
        let below: Arc<Answer<gst::QueryRef>> = Arc::new(Mutex::new(Box::new(|_| None)));
        let template = gst::PadTemplate::new(
            "downstream",
            gst::PadDirection::Sink,
            gst::PadPresence::Always,
            &gst::Caps::new_any(),
        )
        .unwrap();
        let (chained, evented, queried, answer) = (out.clone(), out.clone(), out.clone(), below.clone());
        let sink = gst::Pad::builder_from_template(&template)
            .chain_function(move |_, _, buffer| chained.chain(buffer))
            .event_function(move |_, _, event| {
                evented.add(Item::Event(event));
                true
            })
            .query_function(move |pad, parent, query| {
                if query.is_serialized() {
                    queried.add(Item::Query(query.type_()));
                }
                let answered = (answer.lock().unwrap())(query);
                answered.unwrap_or_else(|| gst::Pad::query_default(pad, parent, query))
            })
            .build();
        sink.set_active(true).unwrap();
        let upstream = Upstream::new(&element.static_pad("sink").or_else(|| element.static_pad("distorted")).unwrap());
        element.static_pad("src").unwrap().link(&sink).unwrap();
        let bus = gst::Bus::new();
        element.set_bus(Some(&bus));
        let harness = Self { element, bus, upstream, sink, out, below };
        harness.state(gst::State::Playing);
        harness
    }

    /// A harness in which a stream with these caps has started.
    #[track_caller]
    pub fn started(element: gst::Element, caps: &str) -> Self {
        let harness = Self::new(element);
        harness.start(caps);
        harness
    }

    /// Changes the state of the element within a time limit. The test's pads lose their sticky events, like those of a
    /// real pipeline.
    #[track_caller]
    pub fn state(&self, state: gst::State) {
        super::set_state(&self.element, state);
        if state <= gst::State::Ready {
            self.upstream.restart();
            self.sink.set_active(false).unwrap();
            self.sink.set_active(true).unwrap();
        }
    }

    /// Sets the answer to the nth buffer, from 0.
    pub fn answer_flow(&self, flow: impl FnMut(usize) -> Flow + Send + 'static) {
        *self.out.flow.lock().unwrap() = Box::new(flow);
    }

    /// Sets how downstream answers queries; `None` is the default handling.
    pub fn answer_below(&self, answer: impl Fn(&mut gst::QueryRef) -> Option<bool> + Send + 'static) {
        *self.below.lock().unwrap() = Box::new(answer);
    }

    /// From now on, a buffer is recorded downstream and then blocks there.
    pub fn block(&self) {
        *self.out.open.lock().unwrap() = false;
    }

    pub fn unblock(&self) {
        *self.out.open.lock().unwrap() = true;
        self.out.opened.notify_all();
    }

    /// Everything that has come out so far.
    pub fn items(&self) -> Vec<Item> {
        self.out.items.lock().unwrap().clone()
    }

    pub fn clear(&self) {
        self.out.items.lock().unwrap().clear();
    }

    /// Waits until the recorded items satisfy the condition.
    #[track_caller]
    pub fn wait_until(&self, what: &str, condition: impl Fn(&[Item]) -> bool) {
        let mut items = self.out.items.lock().unwrap();
        let deadline = Instant::now() + LIMIT;
        while !condition(&items) {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                let seen = describe(&items);
                drop(items);
                panic!("{what} did not arrive; received: {seen:?}");
            }
            items = self.out.changed.wait_timeout(items, left).unwrap().0;
        }
    }

    /// The first `count` frames that come out.
    #[track_caller]
    pub fn frames(&self, count: usize) -> Vec<gst::Buffer> {
        self.wait_until(&format!("{count} frames"), |items| buffers(items).count() >= count);
        buffers(&self.items()).cloned().collect()
    }

    /// Sends EOS, waits for it and returns all frames.
    #[track_caller]
    pub fn finish(&self) -> Vec<gst::Buffer> {
        assert!(self.event(gst::event::Eos::new()), "EOS is refused");
        self.wait_eos();
        buffers(&self.items()).cloned().collect()
    }

    #[track_caller]
    pub fn wait_eos(&self) {
        self.wait_until("EOS", |items| items.iter().any(|item| is_event(item, gst::EventType::Eos)));
    }

    /// The order of the output: `0`, `1` … for frames by number, names for events and queries.
    pub fn order(&self) -> Vec<String> {
        describe(&self.items())
    }

    /// The structures of all element messages so far, in order.
    pub fn messages(&self) -> Vec<gst::Structure> {
        std::iter::from_fn(|| self.bus.pop_filtered(&[gst::MessageType::Element]))
            .filter_map(|message| message.structure().map(ToOwned::to_owned))
            .collect()
    }

    /// The structures of the messages with that name.
    pub fn messages_named(&self, name: &str) -> Vec<gst::Structure> {
        self.messages().into_iter().filter(|structure| structure.name() == name).collect()
    }

    /// The next element message with that name; earlier ones are discarded.
    #[track_caller]
    pub fn message(&self, name: &str) -> gst::Structure {
        let limit = gst::ClockTime::try_from(LIMIT).unwrap();
        loop {
            let message = self.bus.timed_pop_filtered(limit, &[gst::MessageType::Element]);
            let message = message.unwrap_or_else(|| panic!("no message {name}"));
            if let Some(structure) = message.structure().filter(|structure| structure.name() == name) {
                return structure.to_owned();
            }
        }
    }

    /// The texts of all warnings so far; other messages are discarded.
    pub fn warnings(&self) -> Vec<String> {
        let texts = std::iter::from_fn(|| self.bus.pop_filtered(&[gst::MessageType::Warning]));
        texts.filter_map(|message| super::warning_text(&message)).collect()
    }

    /// The number of messages of that type so far; all messages are discarded.
    pub fn count(&self, kind: gst::MessageType) -> usize {
        std::iter::from_fn(|| self.bus.pop()).filter(|message| message.type_() == kind).count()
    }

    pub fn stats(&self) -> gst::Structure {
        self.element.property::<gst::Structure>("stats")
    }

    /// A number from `stats`.
    #[track_caller]
    pub fn stat(&self, field: &str) -> u64 {
        let stats = self.stats();
        stats.get(field).unwrap_or_else(|error| panic!("{stats}: {error}"))
    }
}

impl std::ops::Deref for ElementHarness {
    type Target = Upstream;

    fn deref(&self) -> &Upstream {
        &self.upstream
    }
}

impl Drop for ElementHarness {
    fn drop(&mut self) {
        self.unblock();
        if std::thread::panicking() {
            // A hanging element must not keep the test from failing.
            let element = self.element.clone();
            std::thread::spawn(move || element.set_state(gst::State::Null));
        } else {
            super::set_state(&self.element, gst::State::Null);
        }
    }
}

impl Out {
    fn add(&self, item: Item) {
        self.items.lock().unwrap().push(item);
        self.changed.notify_all();
    }

    fn chain(&self, buffer: gst::Buffer) -> Flow {
        let number = buffers(&self.items.lock().unwrap()).count();
        // Recorded and passed under one lock, so that `block` after a frame has been seen applies to the next one.
        let open = self.open.lock().unwrap();
        self.add(Item::Buffer(buffer));
        drop(self.opened.wait_while(open, |open| !*open).unwrap());
        (self.flow.lock().unwrap())(number)
    }
}

pub fn is_event(item: &Item, kind: gst::EventType) -> bool {
    matches!(item, Item::Event(event) if event.type_() == kind)
}

fn buffers(items: &[Item]) -> impl Iterator<Item = &gst::Buffer> {
    items.iter().filter_map(|item| match item {
        Item::Buffer(buffer) => Some(buffer),
        _ => None,
    })
}

fn describe(items: &[Item]) -> Vec<String> {
    let name = |item: &Item| match item {
        Item::Buffer(buffer) => match buffer.pts() {
            Some(pts) => (pts.nseconds() / super::FRAME.nseconds()).to_string(),
            None => "frame".to_owned(),
        },
        Item::Event(event) => match event.view() {
            EventView::CustomDownstream(_)
            | EventView::CustomDownstreamOob(_)
            | EventView::CustomDownstreamSticky(_) => {
                event.structure().map(|structure| structure.name().to_string()).unwrap_or_default()
            }
            _ => event.type_().to_string(),
        },
        Item::Query(kind) => kind.to_string(),
    };
    items.iter().map(name).collect()
}
