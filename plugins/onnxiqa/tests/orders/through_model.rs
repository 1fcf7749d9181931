// SPDX-License-Identifier: MPL-2.0

//! The expected output of `iqalog` and `iqaoverlay`: they have no queue, and everything passes as it comes.

use super::promises::{Kind, Promises, What};
use super::score_model::Stream;
use proptest::prelude::*;
use proptest::strategy::Union;
use proptest_state_machine::ReferenceStateMachine;

/// An operation on the element. None waits, unless stated.
#[derive(Debug, Clone)]
pub enum Order {
    /// Pushes frames with or without a score.
    Push {
        count: u64,
        scored: bool,
    },
    /// The same as one list.
    PushList {
        count: u64,
        scored: bool,
    },
    /// Waits for all required items.
    Settle,
    /// Downstream does not return.
    Block,
    Unblock,
    Flush,
    /// Downstream seeks.
    Seek {
        flush: bool,
    },
    Segment,
    Caps,
    Gap,
    Tag,
    Custom,
    /// An event that overtakes others.
    OutOfBand,
    Allocation,
    Drain,
    Eos,
    /// A new stream without EOS of the previous one.
    NewStream,
    Restart {
        null: bool,
    },
    Pause,
    Play,
    Unlink,
    Relink,
    /// An operation that only this element has.
    Own(u32),
    /// Downstream answers the next frame with this; frames are pushed until upstream gets it.
    Fail(gst::FlowError),
}

/// The greatest number of frames that are pushed until upstream gets an error.
pub const UNTIL_REFUSED: u64 = 40;

/// The state of a frame when it was pushed.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    pub scored: bool,
    /// No frame since the last flush had a score.
    pub clean: bool,
}

#[derive(Clone)]
pub struct Model {
    /// A variant of the element's properties.
    pub variant: u32,
    /// The element negotiates: it sends its own caps and queries.
    negotiates: bool,
    pub promises: Promises<Entry>,
    pub stream: Stream,
    pub blocked: bool,
    pub linked: bool,
    pub playing: bool,
    /// The number of the next frame, and of the next event.
    pub frames: u64,
    pub events: u32,
    /// What pushes may return, besides OK, if they are in progress during the order.
    pub refusals: Vec<gst::FlowError>,
    /// Frames with scores that were pushed since READY.
    pub scored: Vec<u64>,
    /// Whether the element received all of these.
    pub exact: bool,
    clean: bool,
}

/// Only the initial setup of a sequence is printed.
impl std::fmt::Debug for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "variant {}", self.variant)
    }
}

impl Model {
    fn new(variant: u32, negotiates: bool) -> Self {
        let mut model = Self {
            variant,
            negotiates,
            promises: Promises::default(),
            stream: Stream::Flowing,
            blocked: false,
            linked: true,
            playing: true,
            frames: 0,
            events: 0,
            refusals: Vec::new(),
            scored: Vec::new(),
            exact: true,
            clean: true,
        };
        model.begin();
        model
    }

    fn begin(&mut self) {
        for kind in [Kind::StreamStart, Kind::Caps, Kind::Segment] {
            self.event(kind);
        }
    }

    fn event(&mut self, kind: Kind) {
        if !(self.negotiates && kind == Kind::Caps) {
            self.promises.must(What::Event(kind, self.events));
        }
        self.events += 1;
    }

    fn flush(&mut self) {
        self.exact &= !self.promises.has_frames();
        self.promises.flush(self.events);
        self.events += 1;
        self.event(Kind::Segment);
        self.event(Kind::Custom);
        self.refusals.push(gst::FlowError::Flushing);
        (self.stream, self.clean) = (Stream::Flowing, true);
        // Downstream returns at FLUSH_START.
        self.blocked = false;
    }

    fn push(&mut self, count: u64, scored: bool) {
        self.clean &= !scored;
        let entry = Entry { scored, clean: self.clean };
        for number in self.frames..self.frames + count {
            if self.linked {
                self.promises.frame(number, entry.clone());
            } else {
                self.promises.may(number, entry.clone());
            }
            if scored {
                self.scored.push(number);
            }
        }
        self.frames += count;
    }

    fn allows(&self, order: &Order) -> bool {
        let flowing = self.stream == Stream::Flowing;
        let heard = self.stream == Stream::Refused(gst::FlowError::Eos);
        match order {
            Order::Push { .. } | Order::PushList { .. } => flowing,
            Order::Settle => !self.blocked,
            Order::Block => !self.blocked,
            Order::Unblock => self.blocked,
            Order::Flush => self.linked,
            Order::Seek { flush } => self.linked && (*flush || flowing),
            Order::Segment | Order::Gap | Order::Tag | Order::Custom | Order::Eos => self.linked && (flowing || heard),
            Order::Caps | Order::Allocation | Order::Drain => self.linked && flowing,
            Order::OutOfBand => self.linked,
            Order::NewStream => self.linked && !matches!(self.stream, Stream::Refused(gst::FlowError::Error)),
            Order::Pause => self.playing,
            Order::Play => !self.playing,
            Order::Unlink => self.linked && flowing,
            Order::Relink => !self.linked,
            Order::Fail(_) => self.linked && flowing && !self.blocked,
            Order::Restart { .. } | Order::Own(_) => true,
        }
    }
}

/// The model of an element, which may negotiate.
pub struct Machine<const NEGOTIATES: bool>;

impl<const NEGOTIATES: bool> ReferenceStateMachine for Machine<NEGOTIATES> {
    type State = Model;
    type Transition = Order;

    fn init_state() -> BoxedStrategy<Model> {
        (0..4u32).prop_map(|variant| Model::new(variant, NEGOTIATES)).boxed()
    }

    fn transitions(model: &Model) -> BoxedStrategy<Order> {
        let mut options = Vec::new();
        if model.allows(&Order::Push { count: 1, scored: true }) {
            let push = (1..7u64, prop::bool::weighted(0.8));
            options.push((35, push.prop_map(|(count, scored)| Order::Push { count, scored }).boxed()));
            let push = (1..4u64, prop::bool::weighted(0.8));
            options.push((5, push.prop_map(|(count, scored)| Order::PushList { count, scored }).boxed()));
        }
        let others = [
            (12, Order::Settle),
            (5, Order::Block),
            (10, Order::Unblock),
            (6, Order::Flush),
            (3, Order::Seek { flush: true }),
            (3, Order::Seek { flush: false }),
            (4, Order::Segment),
            (5, Order::Caps),
            (3, Order::Gap),
            (3, Order::Tag),
            (3, Order::Custom),
            (2, Order::OutOfBand),
            (2, Order::Allocation),
            (2, Order::Drain),
            (4, Order::Eos),
            (3, Order::NewStream),
            (3, Order::Restart { null: false }),
            (2, Order::Restart { null: true }),
            (3, Order::Pause),
            (6, Order::Play),
            (3, Order::Unlink),
            (20, Order::Relink),
            (3, Order::Own(0)),
            (3, Order::Own(1)),
            (2, Order::Fail(gst::FlowError::Error)),
            (2, Order::Fail(gst::FlowError::Eos)),
        ];
        let allowed = others.into_iter().filter(|(_, order)| model.allows(order));
        options.extend(allowed.map(|(weight, order)| (weight, Just(order).boxed())));
        Union::new_weighted(options).boxed()
    }

    fn preconditions(model: &Model, order: &Order) -> bool {
        model.allows(order)
    }

    fn apply(mut model: Model, order: &Order) -> Model {
        model.promises.next();
        model.refusals.clear();
        match order {
            Order::Push { count, scored } | Order::PushList { count, scored } => model.push(*count, *scored),
            Order::Settle => model.promises.settle(),
            Order::Block => model.blocked = true,
            Order::Unblock => model.blocked = false,
            Order::Flush | Order::Seek { flush: true } => model.flush(),
            Order::Segment | Order::Seek { flush: false } => {
                model.event(Kind::Segment);
                model.stream = Stream::Flowing;
            }
            Order::Caps => model.event(Kind::Caps),
            Order::Gap => model.event(Kind::Gap),
            Order::Tag => model.event(Kind::Tag),
            Order::Custom => model.event(Kind::Custom),
            Order::Allocation | Order::Drain if model.negotiates => {}
            Order::Allocation | Order::Drain => model.promises.must(What::Query),
            Order::Eos => {
                model.event(Kind::Eos);
                model.stream = Stream::Ended;
            }
            Order::NewStream => {
                model.begin();
                model.stream = Stream::Flowing;
            }
            Order::Restart { .. } => {
                model.promises.restart();
                model.refusals = vec![gst::FlowError::Flushing, gst::FlowError::Eos, gst::FlowError::NotLinked];
                (model.stream, model.playing, model.blocked, model.linked) = (Stream::Flowing, true, false, true);
                (model.clean, model.exact) = (true, true);
                model.scored.clear();
                model.begin();
            }
            Order::Pause => model.playing = false,
            Order::Play => model.playing = true,
            Order::Unlink => {
                model.promises.loosen();
                model.linked = false;
            }
            Order::Relink => {
                model.linked = true;
                model.promises.relink();
                model.event(Kind::Custom);
            }
            Order::OutOfBand | Order::Own(_) => {}
            Order::Fail(flow) => {
                let flow = *flow;
                model.promises.interrupt(|what| !matches!(what, What::Frame(_)));
                model.clean = false;
                let entry = Entry { scored: true, clean: false };
                for _ in 0..UNTIL_REFUSED {
                    model.promises.prefix(model.frames, entry.clone());
                    model.scored.push(model.frames);
                    model.frames += 1;
                }
                (model.stream, model.exact) = (Stream::Refused(flow), false);
            }
        }
        if !model.linked {
            model.refusals.push(gst::FlowError::NotLinked);
        }
        if let Stream::Refused(flow) = model.stream {
            model.refusals.push(flow);
        }
        model
    }
}
