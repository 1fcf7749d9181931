// SPDX-License-Identifier: MPL-2.0

//! The expected output of `iqacompare`.

use super::promises::{Kind, Promises, What};
use super::score_model::Stream;
use proptest::prelude::*;
use proptest::strategy::Union;
use proptest_state_machine::ReferenceStateMachine;

/// The element's properties.
#[derive(Debug, Clone)]
pub struct Setup {
    /// Whether a model scores the pairs.
    pub scores: bool,
    pub queue_size: u32,
    /// `on-error=continue`.
    pub goes_on: bool,
    /// `max-bytes` is a few frames.
    pub tight: bool,
}

/// One of the two inputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Input {
    Distorted,
    Reference,
}

/// An operation on the element. None waits, unless stated.
#[derive(Debug, Clone)]
pub enum Order {
    /// Pushes frames of the same numbers on both inputs.
    Pairs(u64),
    /// Pushes frames of `distorted`; the last one is unreadable if `broken`.
    Distorted {
        count: u64,
        broken: bool,
    },
    Reference(u64),
    /// Pushes as many reference frames as are needed to decide about all distorted frames.
    CatchUp,
    /// Reference frames that are left out, with or without a GAP.
    Missing {
        told: bool,
    },
    /// Waits for all required items.
    Settle,
    /// Blocks the model.
    Hold,
    Release,
    /// Downstream does not return.
    Block,
    Unblock,
    Flush(Input),
    FlushBoth,
    /// Downstream seeks.
    Seek {
        flush: bool,
    },
    Segment,
    Caps(Input),
    Gap,
    Tag,
    Custom,
    /// An event that overtakes others.
    OutOfBand,
    /// ALLOCATION or DRAIN on `distorted`.
    Query {
        drain: bool,
    },
    ReferenceQuery,
    Eos,
    ReferenceEos,
    ReferenceSegment,
    /// A new stream on that input, with or without EOS of the previous one.
    NewStream(Input),
    Restart {
        null: bool,
    },
    Pause,
    Play,
    Unlink,
    Relink,
    /// A property that has no influence on pairs.
    Window(bool),
    /// Downstream answers the next frame with this; frames are pushed until upstream gets it.
    Fail(gst::FlowError),
}

/// The greatest number of frames that are pushed until upstream gets an error.
pub const UNTIL_REFUSED: u64 = 40;
/// The number of reference frames that are left out each time.
pub const MISSING: u64 = 2;
/// The number of reference frames beyond a distorted one that are needed to decide about it.
pub const AHEAD: u64 = 2;

/// What a distorted frame carries.
#[derive(Debug, Clone, PartialEq)]
pub enum Entry {
    /// Compared with the reference frame of the same number.
    Matched,
    /// The same, but one of the two is unreadable.
    Failed,
    /// Compared with any frame, or none.
    Any,
}

#[derive(Clone)]
pub struct Model {
    pub setup: Setup,
    pub promises: Promises<Entry>,
    pub stream: Stream,
    pub reference_ended: bool,
    /// A new stream of the reference, after EOS, may still be ahead: until it is seen, frames find no partner.
    restarting: bool,
    pub held: bool,
    pub blocked: bool,
    pub linked: bool,
    pub playing: bool,
    /// The next frames' numbers.
    pub distorted: u64,
    pub reference: u64,
    pub events: u32,
    /// What pushes on the inputs may return, besides OK, if they are in progress during the order.
    pub refusals: [Vec<gst::FlowError>; 2],
    /// Errors may be on the bus.
    pub errors: bool,
    /// Distorted frames since READY, if none was dropped.
    pub counted: Option<u64>,
    /// From this frame on, each distorted frame finds its partner, if that is pushed.
    sure_from: u64,
    /// Reference frames that are left out.
    missing: Vec<u64>,
    /// The number after the last reference frame that was pushed. One that is left out decides nothing, even if a GAP
    /// says so: distorted frames wait for the next frame.
    pushed: u64,
    /// Reference frames below this number may be lost when the comparer is replaced; `None`: not known which.
    kept_from: Option<u64>,
    /// The order waits like [`Order::Settle`], so that its effect is complete.
    pub waits: bool,
    /// Whether everything ahead of the order could leave.
    could_leave: bool,
}

/// Only the initial setup of a sequence is printed.
impl std::fmt::Debug for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.setup.fmt(f)
    }
}

impl Model {
    fn new(setup: Setup) -> Self {
        let mut model = Self {
            setup,
            promises: Promises::default(),
            stream: Stream::Flowing,
            reference_ended: false,
            restarting: false,
            held: false,
            blocked: false,
            linked: true,
            playing: true,
            distorted: 0,
            reference: 0,
            events: 0,
            refusals: Default::default(),
            errors: false,
            counted: Some(0),
            sure_from: 0,
            missing: Vec::new(),
            pushed: 0,
            kept_from: Some(0),
            waits: false,
            could_leave: true,
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
        self.promises.must(What::Event(kind, self.events));
        self.events += 1;
    }

    /// The comparer is replaced, and has been when the order ends.
    fn renewed(&mut self) {
        self.sure_from = if self.restarting { u64::MAX } else { self.distorted.max(self.reference) };
        self.kept_from = Some(self.reference);
    }

    /// The comparer is replaced when everything ahead on `distorted` has left; the order waits for that if it can.
    fn renewed_later(&mut self) {
        (self.sure_from, self.kept_from) = (u64::MAX, None);
        if self.is_free() && self.could_leave {
            self.renewed();
            self.waits = true;
            self.promises.settle();
        }
    }

    /// The reference frames below this number are pushed.
    fn push_reference(&mut self, end: u64) {
        if end > self.reference {
            (self.reference, self.pushed) = (end, end);
        }
    }

    /// These reference frames are left out.
    fn lack(&mut self, numbers: std::ops::Range<u64>) {
        self.missing.extend(numbers.clone());
        self.promises.revise(|number, entry| {
            if numbers.contains(&number) {
                *entry = Entry::Any;
            }
        });
    }

    fn flush_distorted(&mut self) {
        if self.promises.has_frames() {
            self.counted = None;
        }
        self.promises.flush(self.events);
        self.events += 1;
        self.event(Kind::Segment);
        self.event(Kind::Custom);
        self.refusals[0].push(gst::FlowError::Flushing);
        self.stream = Stream::Flowing;
        // Downstream returns at FLUSH_START.
        self.blocked = false;
        self.renewed();
    }

    fn flush_reference(&mut self) {
        self.refusals[1].push(gst::FlowError::Flushing);
        (self.reference_ended, self.restarting) = (false, false);
        self.promises.revise(|_, entry| *entry = Entry::Any);
        self.reference = self.distorted;
        self.pushed = self.reference;
        self.missing.clear();
        // The end of the previous distorted stream, if that is still ahead, drops references once more.
        if self.kept_from.is_some() {
            self.renewed();
        }
    }

    fn push_distorted(&mut self, broken: bool) {
        let number = self.distorted;
        self.distorted += 1;
        match self.stream {
            Stream::Refused(_) => return,
            _ if !self.linked => return self.promises.may(number, Entry::Any),
            _ => {}
        }
        let sure = number >= self.sure_from && !self.missing.contains(&number) && !self.reference_ended;
        if broken && !self.setup.goes_on {
            (self.stream, self.errors, self.counted) = (Stream::Refused(gst::FlowError::Error), true, None);
            return;
        }
        let entry = match (sure, broken) {
            (false, _) => Entry::Any,
            (true, false) => Entry::Matched,
            (true, true) => Entry::Failed,
        };
        if let Some(counted) = &mut self.counted {
            *counted += 1;
        }
        self.promises.frame(number, entry);
    }

    /// Whether nothing keeps frames from leaving.
    fn is_free(&self) -> bool {
        !self.held && !self.blocked
    }

    /// Whether all distorted frames can be decided.
    fn is_ahead(&self) -> bool {
        let needed = self.kept_from.map(|from| from.max(self.distorted) + AHEAD);
        self.reference_ended || needed.is_some_and(|needed| self.pushed >= needed)
    }

    fn allows(&self, order: &Order) -> bool {
        let flowing = self.stream == Stream::Flowing;
        let open = self.linked && !self.reference_ended;
        match order {
            Order::Pairs(_) => self.stream != Stream::Ended && !self.reference_ended,
            Order::Distorted { broken, .. } => {
                // It is undefined whether a frame without a partner is read.
                let partner = self.distorted + 8 < self.reference && self.distorted >= self.sure_from;
                self.stream != Stream::Ended
                    && (!broken || (flowing && self.linked && partner && self.missing.is_empty()))
            }
            Order::Reference(_) | Order::Missing { .. } => open,
            Order::CatchUp => open && !self.is_ahead() && self.kept_from.is_some(),
            Order::Settle => self.is_free() && self.is_ahead(),
            Order::Hold => self.setup.scores && !self.held,
            Order::Release => self.held,
            Order::Block => !self.blocked,
            Order::Unblock => self.blocked,
            Order::Flush(Input::Reference) => true,
            Order::Flush(Input::Distorted) | Order::FlushBoth => self.linked,
            Order::Seek { flush } => self.linked && (*flush || (flowing && !self.reference_ended)),
            Order::Segment => self.linked && flowing,
            Order::Caps(Input::Distorted) => self.linked && flowing,
            Order::Caps(Input::Reference) | Order::ReferenceSegment => open && flowing,
            Order::Gap | Order::Tag | Order::Custom | Order::Query { .. } => self.linked && flowing,
            Order::OutOfBand => self.linked,
            Order::ReferenceQuery => open,
            Order::Eos => self.linked && flowing,
            Order::ReferenceEos => open && (flowing || self.stream == Stream::Ended),
            Order::NewStream(Input::Distorted) => {
                self.linked && !matches!(self.stream, Stream::Refused(gst::FlowError::Error))
            }
            Order::NewStream(Input::Reference) => self.linked && flowing,
            Order::Pause => self.playing,
            Order::Play => !self.playing,
            Order::Unlink => self.linked && flowing,
            Order::Relink => !self.linked,
            Order::Fail(_) => self.linked && flowing && self.is_free() && !self.reference_ended,
            Order::Restart { .. } | Order::Window(_) => true,
        }
    }
}

pub struct Machine;

impl ReferenceStateMachine for Machine {
    type State = Model;
    type Transition = Order;

    fn init_state() -> BoxedStrategy<Model> {
        let setup = (prop::bool::weighted(0.3), 1..6u32, any::<bool>(), prop::bool::weighted(0.3));
        setup
            .prop_map(|(scores, queue_size, goes_on, tight)| Model::new(Setup { scores, queue_size, goes_on, tight }))
            .boxed()
    }

    fn transitions(model: &Model) -> BoxedStrategy<Order> {
        let mut options = Vec::new();
        let mut counted = |weight, order: fn(u64) -> Order| {
            if model.allows(&order(1)) {
                options.push((weight, (1..7u64).prop_map(order).boxed()));
            }
        };
        counted(30, Order::Pairs);
        counted(12, |count| Order::Distorted { count, broken: false });
        counted(3, |count| Order::Distorted { count, broken: true });
        counted(12, Order::Reference);
        let others = [
            (14, Order::CatchUp),
            (3, Order::Missing { told: false }),
            (3, Order::Missing { told: true }),
            (14, Order::Settle),
            (6, Order::Hold),
            (12, Order::Release),
            (5, Order::Block),
            (10, Order::Unblock),
            (4, Order::Flush(Input::Distorted)),
            (4, Order::Flush(Input::Reference)),
            (3, Order::FlushBoth),
            (5, Order::Seek { flush: true }),
            (3, Order::Seek { flush: false }),
            (3, Order::Segment),
            (4, Order::Caps(Input::Distorted)),
            (4, Order::Caps(Input::Reference)),
            (3, Order::Gap),
            (3, Order::Tag),
            (3, Order::Custom),
            (2, Order::OutOfBand),
            (3, Order::Query { drain: false }),
            (2, Order::Query { drain: true }),
            (2, Order::ReferenceQuery),
            (4, Order::Eos),
            (3, Order::ReferenceEos),
            (3, Order::ReferenceSegment),
            (3, Order::NewStream(Input::Distorted)),
            (3, Order::NewStream(Input::Reference)),
            (3, Order::Restart { null: false }),
            (2, Order::Restart { null: true }),
            (3, Order::Pause),
            (6, Order::Play),
            (3, Order::Unlink),
            (20, Order::Relink),
            (1, Order::Window(true)),
            (1, Order::Window(false)),
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
        model.refusals = Default::default();
        let ended_below = model.stream == Stream::Refused(gst::FlowError::Eos);
        (model.waits, model.could_leave) = (false, ended_below || model.is_ahead());
        match order {
            Order::Pairs(count) => {
                // Both sides continue from the one that is ahead.
                let from = model.distorted.max(model.reference);
                model.lack(model.reference..from);
                model.distorted = from;
                model.push_reference(from + count);
                (0..*count).for_each(|_| model.push_distorted(false));
            }
            Order::Distorted { count, broken } => {
                (0..*count).for_each(|index| model.push_distorted(*broken && index + 1 == *count));
            }
            Order::Reference(count) => model.push_reference(model.reference + count),
            Order::CatchUp => {
                let from = model.kept_from.unwrap_or(0).max(model.distorted);
                model.push_reference((from + AHEAD).max(model.reference + 1));
            }
            Order::Missing { .. } => {
                model.lack(model.reference..model.reference + MISSING);
                model.reference += MISSING;
            }
            Order::Settle => {
                model.waits = true;
                model.promises.settle();
            }
            Order::Hold => model.held = true,
            Order::Release => model.held = false,
            Order::Block => model.blocked = true,
            Order::Unblock => model.blocked = false,
            Order::Flush(Input::Distorted) => model.flush_distorted(),
            Order::Flush(Input::Reference) => model.flush_reference(),
            Order::FlushBoth | Order::Seek { flush: true } => {
                model.flush_distorted();
                model.flush_reference();
            }
            Order::Segment | Order::Seek { flush: false } => {
                model.event(Kind::Segment);
            }
            Order::Caps(Input::Distorted) => model.event(Kind::Caps),
            Order::Gap => model.event(Kind::Gap),
            Order::Tag => model.event(Kind::Tag),
            Order::Custom => model.event(Kind::Custom),
            Order::Query { .. } => model.promises.may_query(),
            Order::Eos => {
                model.event(Kind::Eos);
                model.stream = Stream::Ended;
            }
            Order::ReferenceEos => {
                let reference = model.reference;
                model.promises.revise(|number, entry| {
                    if number >= reference {
                        *entry = Entry::Any;
                    }
                });
                model.reference_ended = true;
                // It is not known whether the end is seen before or after frames of the other side.
                model.sure_from = u64::MAX;
            }
            Order::NewStream(Input::Distorted) => {
                model.begin();
                if model.stream != Stream::Flowing {
                    model.renewed_later();
                }
                model.stream = Stream::Flowing;
            }
            Order::NewStream(Input::Reference) => {
                // After EOS the comparison starts again, also for frames that have not been looked at yet.
                if std::mem::take(&mut model.reference_ended) {
                    model.promises.revise(|_, entry| *entry = Entry::Any);
                    (model.restarting, model.sure_from) = (true, u64::MAX);
                }
            }
            Order::Restart { .. } => {
                model.promises.restart();
                let all = vec![gst::FlowError::Flushing, gst::FlowError::Eos, gst::FlowError::NotLinked];
                model.refusals = [all.clone(), all];
                (model.stream, model.playing, model.blocked, model.linked) = (Stream::Flowing, true, false, true);
                (model.errors, model.counted) = (false, Some(0));
                (model.reference_ended, model.restarting) = (false, false);
                model.reference = model.distorted;
                model.pushed = model.reference;
                model.renewed();
                model.missing.clear();
                model.begin();
            }
            Order::Pause => model.playing = false,
            Order::Play => model.playing = true,
            Order::Unlink => {
                model.promises.loosen();
                // The references that are queued are dropped, but not a frame that waits for room and enters later.
                model.promises.revise(|_, entry| *entry = Entry::Any);
                (model.linked, model.counted) = (false, None);
                // If EOS is in transit, there is no other way to tell upstream.
                model.errors = true;
            }
            Order::Relink => {
                model.linked = true;
                model.promises.relink();
                model.event(Kind::Custom);
                // As with a flush of the reference.
                if model.kept_from.is_some() {
                    model.renewed();
                }
            }
            Order::Caps(Input::Reference)
            | Order::ReferenceSegment
            | Order::OutOfBand
            | Order::ReferenceQuery
            | Order::Window(_) => {}
            Order::Fail(flow) => {
                // Frames of an earlier stream may be the first to get the answer.
                model.promises.interrupt_frames();
                for _ in 0..UNTIL_REFUSED {
                    model.promises.prefix(model.distorted, Entry::Any);
                    model.distorted += 1;
                }
                model.push_reference(model.distorted + AHEAD);
                (model.stream, model.counted) = (Stream::Refused(*flow), None);
                model.errors |= *flow != gst::FlowError::Eos;
                (model.sure_from, model.kept_from) = (u64::MAX, None);
            }
        }
        if !model.linked {
            // A sticky event that is refused then is an error for the next frame.
            let errors = [gst::FlowError::NotLinked, gst::FlowError::Error];
            model.refusals.iter_mut().for_each(|refusals| refusals.extend(errors));
        }
        if let Stream::Refused(flow) = model.stream {
            model.refusals[0].push(flow);
            if flow != gst::FlowError::Eos {
                model.refusals[1].push(flow);
            }
        }
        model
    }
}
