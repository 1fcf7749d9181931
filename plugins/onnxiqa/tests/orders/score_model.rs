// SPDX-License-Identifier: MPL-2.0

//! The expected output of `iqascore`.

use super::promises::{Kind, Promises, What};
use proptest::prelude::*;
use proptest::strategy::Union;
use proptest_state_machine::ReferenceStateMachine;

/// The model used for scoring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Network {
    Fast,
    Slow,
    /// Loads, and fails in every run.
    Failing,
}

/// The element's properties.
#[derive(Debug, Clone)]
pub struct Setup {
    pub network: Network,
    pub live: bool,
    pub queue_size: u32,
    pub batch_size: u32,
    pub interval: u32,
    /// `on-error=continue`.
    pub goes_on: bool,
}

/// An operation on the element. None waits, unless stated.
#[derive(Debug, Clone)]
pub enum Order {
    /// Pushes frames; the last one is unreadable if `broken`.
    Push {
        count: u64,
        broken: bool,
    },
    /// Waits for all required items.
    Settle,
    /// Blocks the scorer.
    Hold,
    Release,
    /// Downstream does not return.
    Block,
    Unblock,
    Flush,
    /// Downstream seeks.
    Seek {
        flush: bool,
    },
    Segment,
    Caps(usize),
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
    /// The property `interval`, between two frames.
    Interval(u32),
    FrameMessages(bool),
    /// Downstream answers the next frame with this; frames are pushed until upstream gets it.
    Fail(gst::FlowError),
}

/// The greatest number of frames that are pushed until upstream gets an error.
pub const UNTIL_REFUSED: u64 = 40;

/// What a frame carries.
#[derive(Debug, Clone, PartialEq)]
pub enum Entry {
    Scored,
    /// Not selected; the newest score is that of this frame.
    Skipped(Option<u64>),
    Failed,
    /// Some score of a frame from this one on, or none.
    Any {
        since: u64,
    },
    /// The same, and not scored itself.
    Live {
        since: u64,
    },
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Stream {
    Flowing,
    Ended,
    /// Downstream, or the element itself, has ended the flow with this.
    Refused(gst::FlowError),
}

/// Frames since READY by their state.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Counts {
    pub frames: u64,
    pub scored: u64,
    pub skipped: u64,
    pub failed: u64,
}

#[derive(Clone)]
pub struct Model {
    pub setup: Setup,
    pub promises: Promises<Entry>,
    pub stream: Stream,
    pub held: bool,
    pub blocked: bool,
    pub linked: bool,
    pub playing: bool,
    pub caps: usize,
    /// The number of the next frame, and of the next event.
    pub frames: u64,
    pub events: u32,
    /// What pushes may return, besides OK, if they are in progress during the order.
    pub refusals: Vec<gst::FlowError>,
    /// Errors may be on the bus.
    pub errors: bool,
    /// `None` once frames with an unknown fate have been dropped.
    pub counts: Option<Counts>,
    interval: u32,
    /// Frames since the selection started.
    seen: u64,
    newest: Option<u64>,
    /// Frames have been refused or lost, so it is not known which ones are selected.
    unsure: bool,
    /// The first frame since the last flush.
    since: u64,
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
            interval: setup.interval,
            setup,
            promises: Promises::default(),
            stream: Stream::Flowing,
            held: false,
            blocked: false,
            linked: true,
            playing: true,
            caps: 0,
            frames: 0,
            events: 0,
            refusals: Vec::new(),
            errors: false,
            counts: Some(Counts::default()),
            seen: 0,
            newest: None,
            unsure: false,
            since: 0,
        };
        model.begin();
        model
    }

    /// STREAM_START, CAPS and SEGMENT.
    fn begin(&mut self) {
        for kind in [Kind::StreamStart, Kind::Caps, Kind::Segment] {
            self.event(kind);
        }
    }

    fn event(&mut self, kind: Kind) {
        self.promises.must(What::Event(kind, self.events));
        self.events += 1;
    }

    fn discontinuity(&mut self) {
        (self.seen, self.newest, self.unsure, self.since) = (0, None, false, self.frames);
    }

    /// Frames in transit are dropped.
    fn interrupted(&mut self) {
        if self.promises.has_frames() {
            self.counts = None;
        }
    }

    fn flush(&mut self) {
        self.interrupted();
        self.promises.flush(self.events);
        self.events += 1;
        self.event(Kind::Segment);
        self.event(Kind::Custom);
        self.discontinuity();
        self.refusals.push(gst::FlowError::Flushing);
        self.stream = Stream::Flowing;
        // Downstream returns at FLUSH_START.
        self.blocked = false;
    }

    fn push(&mut self, broken: bool) {
        let number = self.frames;
        self.frames += 1;
        match self.stream {
            // The result of an earlier frame may end the flow at any time.
            Stream::Refused(gst::FlowError::Error) if self.setup.live => {
                return self.promises.prefix(number, Entry::Live { since: self.since });
            }
            Stream::Refused(_) => return,
            _ if !self.linked => return self.promises.may(number, Entry::Any { since: self.since }),
            _ => {}
        }
        let selected = self.seen.is_multiple_of(u64::from(self.interval));
        self.seen += 1;
        let fails = selected && (broken || self.setup.network == Network::Failing);
        if fails && !self.setup.goes_on {
            // In live mode, the frame itself and some later ones have left by then.
            if self.setup.live {
                self.promises.interrupt(|_| false);
                self.promises.prefix(number, Entry::Live { since: self.since });
            }
            (self.stream, self.errors, self.counts) = (Stream::Refused(gst::FlowError::Error), true, None);
            return;
        }
        let entry = match (self.setup.live, self.unsure) {
            (true, _) => Entry::Live { since: self.since },
            (_, true) => Entry::Any { since: self.since },
            _ if fails => Entry::Failed,
            _ if selected => Entry::Scored,
            _ => Entry::Skipped(self.newest),
        };
        if entry == Entry::Scored {
            self.newest = Some(number);
        }
        if self.unsure || self.setup.live {
            self.counts = None;
        }
        if let Some(counts) = &mut self.counts {
            counts.frames += 1;
            match entry {
                Entry::Scored => counts.scored += 1,
                Entry::Failed => counts.failed += 1,
                _ => counts.skipped += 1,
            }
        }
        self.promises.frame(number, entry);
    }

    /// Whether nothing keeps frames from leaving.
    fn is_free(&self) -> bool {
        !self.held && !self.blocked
    }

    fn allows(&self, order: &Order) -> bool {
        let flowing = self.stream == Stream::Flowing;
        let heard = self.stream == Stream::Refused(gst::FlowError::Eos);
        match order {
            Order::Push { broken, .. } => {
                self.stream != Stream::Ended && (!broken || (flowing && self.linked && !self.unsure))
            }
            Order::Settle => self.is_free(),
            Order::Hold => !self.held && self.setup.network != Network::Failing,
            Order::Release => self.held,
            Order::Block => !self.blocked,
            Order::Unblock => self.blocked,
            Order::Flush => self.linked,
            Order::Seek { flush } => self.linked && (*flush || flowing),
            Order::Segment => self.linked && (flowing || heard),
            Order::Caps(caps) => self.linked && flowing && *caps != self.caps,
            Order::Gap | Order::Tag | Order::Custom => self.linked && (flowing || heard),
            Order::OutOfBand => self.linked,
            Order::Allocation | Order::Drain => self.linked && flowing,
            Order::Eos => self.linked && (flowing || heard),
            Order::NewStream => self.linked && !matches!(self.stream, Stream::Refused(gst::FlowError::Error)),
            Order::Pause => self.playing,
            Order::Play => !self.playing,
            Order::Unlink => self.linked && flowing,
            Order::Relink => !self.linked,
            Order::Fail(_) => self.linked && flowing && self.is_free(),
            Order::Restart { .. } | Order::Interval(_) | Order::FrameMessages(_) => true,
        }
    }
}

pub struct Machine;

impl ReferenceStateMachine for Machine {
    type State = Model;
    type Transition = Order;

    fn init_state() -> BoxedStrategy<Model> {
        let network = prop_oneof![6 => Just(Network::Fast), 2 => Just(Network::Slow), 1 => Just(Network::Failing)];
        let numbers = (1..6u32, prop_oneof![Just(1u32), Just(3u32)], prop_oneof![3 => Just(1u32), 2 => Just(3u32)]);
        let setup = (network, prop::bool::weighted(0.25), numbers, any::<bool>());
        setup
            .prop_map(|(network, live, (queue_size, batch_size, interval), goes_on)| {
                let goes_on = goes_on || network == Network::Failing;
                Model::new(Setup { network, live, queue_size, batch_size, interval, goes_on })
            })
            .boxed()
    }

    fn transitions(model: &Model) -> BoxedStrategy<Order> {
        let push = (1..7u64, prop::bool::weighted(0.06)).prop_map(|(count, broken)| Order::Push { count, broken });
        let whole = (1..7u64).prop_map(|count| Order::Push { count, broken: false });
        let mut options = Vec::new();
        if model.allows(&Order::Push { count: 1, broken: true }) {
            options.push((40, push.boxed()));
        } else if model.allows(&Order::Push { count: 1, broken: false }) {
            options.push((40, whole.boxed()));
        }
        let others = [
            (12, Order::Settle),
            (7, Order::Hold),
            (12, Order::Release),
            (5, Order::Block),
            (10, Order::Unblock),
            (6, Order::Flush),
            (3, Order::Seek { flush: true }),
            (3, Order::Seek { flush: false }),
            (4, Order::Segment),
            (3, Order::Caps(0)),
            (3, Order::Caps(1)),
            (3, Order::Caps(2)),
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
            (3, Order::Interval(1)),
            (3, Order::Interval(2)),
            (1, Order::FrameMessages(true)),
            (1, Order::FrameMessages(false)),
            (2, Order::Fail(gst::FlowError::Error)),
            (2, Order::Fail(gst::FlowError::Eos)),
        ];
        options.extend(
            others
                .into_iter()
                .filter(|(_, order)| model.allows(order))
                .map(|(weight, order)| (weight, Just(order).boxed())),
        );
        Union::new_weighted(options).boxed()
    }

    fn preconditions(model: &Model, order: &Order) -> bool {
        model.allows(order)
    }

    fn apply(mut model: Model, order: &Order) -> Model {
        model.promises.next();
        model.refusals.clear();
        match order {
            Order::Push { count, broken } => {
                (0..*count).for_each(|index| model.push(*broken && index + 1 == *count));
            }
            Order::Settle => model.promises.settle(),
            Order::Hold => model.held = true,
            Order::Release => model.held = false,
            Order::Block => model.blocked = true,
            Order::Unblock => model.blocked = false,
            Order::Flush | Order::Seek { flush: true } => model.flush(),
            Order::Segment | Order::Seek { flush: false } => {
                model.event(Kind::Segment);
                model.stream = if model.stream == Stream::Ended { Stream::Ended } else { Stream::Flowing };
            }
            Order::Caps(caps) => {
                model.caps = *caps;
                model.event(Kind::Caps);
            }
            Order::Gap => model.event(Kind::Gap),
            Order::Tag => model.event(Kind::Tag),
            Order::Custom => model.event(Kind::Custom),
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
                (model.errors, model.counts) = (false, Some(Counts::default()));
                model.discontinuity();
                model.begin();
            }
            Order::Pause => model.playing = false,
            Order::Play => model.playing = true,
            Order::Unlink => {
                model.interrupted();
                model.promises.loosen();
                // The frame that was to be scored may be among those that are dropped.
                // Since when its scores count is not known either: some of them may have left.
                let since = 0;
                model.promises.revise(|_, entry| {
                    if matches!(entry, Entry::Skipped(_)) {
                        *entry = Entry::Any { since };
                    }
                });
                (model.linked, model.unsure, model.counts) = (false, true, None);
                // If EOS is in transit, there is no other way to tell upstream.
                model.errors = true;
            }
            Order::Relink => {
                model.linked = true;
                model.promises.relink();
                model.event(Kind::Custom);
            }
            Order::Interval(interval) => model.interval = *interval,
            Order::OutOfBand | Order::FrameMessages(_) => {}
            Order::Fail(flow) => {
                let flow = *flow;
                let passes = |what| flow == gst::FlowError::Eos && matches!(what, What::Event(..));
                model.promises.interrupt(passes);
                for _ in 0..UNTIL_REFUSED {
                    model.promises.prefix(model.frames, Entry::Any { since: model.since });
                    model.frames += 1;
                }
                (model.stream, model.unsure, model.counts) = (Stream::Refused(flow), true, None);
                model.errors |= flow != gst::FlowError::Eos;
            }
        }
        if !model.linked {
            // A sticky event that is refused then is an error for the next frame.
            model.refusals.extend([gst::FlowError::NotLinked, gst::FlowError::Error]);
        }
        if let Stream::Refused(flow) = model.stream {
            model.refusals.push(flow);
        }
        model
    }
}
