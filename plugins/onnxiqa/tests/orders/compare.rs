// SPDX-License-Identifier: MPL-2.0

//! `iqacompare`.

use super::common::{FRAME, ScorerGate, iqacompare, near, psnr, shade};
use super::compare_model::{AHEAD, Entry, Input, MISSING, Machine, Model, Order, UNTIL_REFUSED};
use super::driver::{Driver, SHIFT, frame_number, mark};
use super::rig::PATIENCE;
use super::{ORDERS, config};
use gst::prelude::*;
use onnx_iqa::model::{self, Provider, Search};
use onnx_iqa_testkit as kit;
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest, prop_state_machine};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

const DISTORTED: usize = 0;
const REFERENCE: usize = 1;
/// All frames have one size; streams differ in their frame rate, which has no influence.
const SIDE: usize = 16;
const RATES: [&str; 2] = ["25/1", "0/1"];

/// The model, which stays open for all sequences.
fn network() -> &'static Path {
    static NETWORK: OnceLock<(PathBuf, Arc<model::Model>, kit::TempDir)> = OnceLock::new();
    let (path, ..) = NETWORK.get_or_init(|| {
        let dir = kit::TempDir::new();
        let path = kit::difference_model(dir.path(), "difference");
        let builder = model::Model::builder(path.to_str().unwrap()).search(Search::default());
        let open = builder.provider(Provider::Cpu).threads(1).open().unwrap();
        (path, open, dir)
    });
    path
}

struct Compare {
    driver: Driver,
    gate: Option<ScorerGate>,
    scores: bool,
    /// The next frames' numbers, by input.
    frames: [u64; 2],
    rates: [usize; 2],
    /// The number of segments so far, by input.
    segments: [u64; 2],
}

impl Compare {
    fn new(model: &Model) -> Self {
        let setup = &model.setup;
        // Beside the orders, which are printed too.
        println!("{setup:?}");
        let mut element = iqacompare()
            .property("queue-size", setup.queue_size)
            .property_from_str("measures", "psnr")
            .property_from_str("on-error", if setup.goes_on { "continue" } else { "stop" });
        if setup.scores {
            element = element.property("model", network().to_str().unwrap()).property_from_str("provider", "cpu");
        }
        if setup.tight {
            element = element.property("max-bytes", (24 * bytes(setup.scores)) as u64);
        }
        let mut driver = Driver::new(element.build().unwrap(), &["distorted", "reference"]);
        driver.ends_itself = true;
        let (scores, frames, rates) = (setup.scores, [0; 2], [0; 2]);
        let mut compare = Self { driver, gate: None, scores, frames, rates, segments: [0; 2] };
        compare.begin(REFERENCE);
        compare.begin(DISTORTED);
        compare
    }

    fn tell(&mut self, input: usize, event: gst::Event) {
        match input {
            DISTORTED => self.driver.tell(input, event),
            _ => self.driver.tell_unnumbered(input, event),
        }
    }

    fn begin(&mut self, input: usize) {
        self.tell(input, gst::event::StreamStart::new("orders"));
        self.tell_caps(input);
        self.tell_segment(input);
    }

    fn tell_caps(&mut self, input: usize) {
        let (format, rate) = (if self.scores { "RGB" } else { "GRAY8" }, RATES[self.rates[input]]);
        let caps = format!("video/x-raw,format={format},width={SIDE},height={SIDE},framerate={rate}");
        self.tell(input, gst::event::Caps::new(&caps.parse().unwrap()));
    }

    fn tell_segment(&mut self, input: usize) {
        let event = self.segment(input);
        self.tell(input, event);
    }

    /// A segment with its own time stamps; running time continues.
    fn segment(&mut self, input: usize) -> gst::Event {
        self.segments[input] += 1;
        let mut segment = gst::FormattedSegment::<gst::ClockTime>::new();
        segment.set_start(self.shift(input));
        gst::event::Segment::new(&segment)
    }

    fn shift(&self, input: usize) -> gst::ClockTime {
        self.segments[input] * SHIFT
    }

    /// The next frames on that input.
    fn next(&mut self, input: usize, count: u64) -> Vec<(u64, gst::Buffer)> {
        let numbers = self.frames[input]..self.frames[input] + count;
        self.frames[input] = numbers.end;
        let (shift, bytes) = (self.shift(input), bytes(self.scores));
        let buffer = |number: u64| {
            let value = if input == REFERENCE { reference_value(number) } else { distorted_value(number) };
            let mut buffer = gst::Buffer::from_mut_slice(vec![value; bytes]);
            let fields = buffer.get_mut().unwrap();
            fields.set_pts(number * FRAME + shift);
            fields.set_duration(FRAME);
            (number, buffer)
        };
        numbers.map(buffer).collect()
    }

    fn push(&mut self, input: usize, count: u64, broken: bool) {
        for (index, (number, mut buffer)) in (1..).zip(self.next(input, count)) {
            if broken && index == count {
                buffer.get_mut().unwrap().set_size(1);
            }
            self.driver.push(input, number, buffer);
        }
    }

    fn reference_up_to(&mut self, end: u64) {
        self.push(REFERENCE, end.saturating_sub(self.frames[REFERENCE]), false);
    }

    /// The events of a flush on that input.
    fn flush_events(&mut self, input: Input, model: &Model) -> Vec<gst::Event> {
        let segment = self.segment(input as usize);
        match input {
            Input::Distorted => self.driver.flush_events(segment),
            Input::Reference => {
                self.frames[REFERENCE] = model.reference;
                vec![gst::event::FlushStart::new(), gst::event::FlushStop::new(true), segment]
            }
        }
    }

    fn flush(&mut self, input: Input, model: &Model) {
        let events = self.flush_events(input, model);
        self.driver.flush(input as usize, events);
    }

    /// A seek from downstream, which both upstreams handle like sources.
    fn seek(&mut self, flush: bool, model: &Model) {
        let flags = if flush { gst::SeekFlags::FLUSH } else { gst::SeekFlags::empty() };
        let none = gst::ClockTime::NONE;
        let seek =
            gst::event::Seek::new(1.0, flags, gst::SeekType::Set, gst::ClockTime::ZERO, gst::SeekType::End, none);
        if flush {
            let events = [Input::Distorted, Input::Reference].map(|input| self.flush_events(input, model));
            self.driver.rig.on_seek(move |input, feed| {
                feed.flush(events[input].clone());
                true
            });
        } else {
            self.driver.rig.on_seek(|_, _| true);
        }
        let sink = self.driver.rig.sink.clone();
        assert!(super::rig::bounded("a seek", move || sink.push_event(seek)), "the seek is refused");
        if !flush {
            self.tell_segment(DISTORTED);
            self.tell_segment(REFERENCE);
        }
    }

    /// Pushes until the upstream of `distorted` learns that downstream has ended the flow.
    fn fail(&mut self, flow: gst::FlowError, model: &Model) {
        // A stream that is still to come would cancel EOS. The reference is as far as all earlier frames need it.
        self.reference_up_to(model.distorted - UNTIL_REFUSED + AHEAD);
        self.driver.hear(&[Vec::new(), Vec::new()], &[DISTORTED]);
        self.driver.rig.answer_next(flow);
        self.reference_up_to(model.reference);
        let mut frames = self.next(DISTORTED, UNTIL_REFUSED);
        let (_, last) = frames.pop().unwrap();
        let end = self.driver.rig.end_after_answer();
        // While the reference is silent for long, all of them may be queued before the first one leaves.
        let push = move |pad: &gst::Pad| {
            let refused = frames.into_iter().find_map(|(_, buffer)| pad.push(buffer).err());
            refused.or_else(|| end().then(|| pad.push(last).err()).flatten())
        };
        let refused = self.driver.feed(DISTORTED).later(push).wait("pushes until downstream's answer comes back");
        assert_eq!(refused, Some(flow), "downstream's answer as returned to upstream");
    }

    fn follow(&mut self, model: &Model, order: Order) {
        let custom = |name| gst::Structure::new_empty(name);
        match order {
            Order::Pairs(count) => {
                let from = self.frames[DISTORTED].max(self.frames[REFERENCE]);
                self.frames = [from; 2];
                self.push(REFERENCE, count, false);
                self.push(DISTORTED, count, false);
            }
            Order::Distorted { count, broken } => self.push(DISTORTED, count, broken),
            Order::Reference(count) => self.push(REFERENCE, count, false),
            Order::CatchUp => self.reference_up_to(model.reference),
            Order::Missing { told } => {
                if told {
                    let start = self.frames[REFERENCE] * FRAME + self.shift(REFERENCE);
                    let gap = gst::event::Gap::builder(start).duration(MISSING * FRAME).build();
                    self.driver.tell_unnumbered(REFERENCE, gap);
                }
                self.frames[REFERENCE] += MISSING;
            }
            Order::Settle => {}
            Order::Hold => self.gate = Some(ScorerGate::new(network())),
            Order::Release => self.gate.take().into_iter().for_each(ScorerGate::release),
            Order::Block => self.driver.rig.block(true),
            Order::Unblock => self.driver.rig.block(false),
            Order::Flush(input) => self.flush(input, model),
            Order::FlushBoth => {
                self.flush(Input::Distorted, model);
                self.flush(Input::Reference, model);
            }
            Order::Seek { flush } => self.seek(flush, model),
            Order::Segment => self.tell_segment(DISTORTED),
            Order::ReferenceSegment => self.tell_segment(REFERENCE),
            Order::Caps(input) => {
                self.rates[input as usize] ^= 1;
                self.tell_caps(input as usize);
            }
            Order::Gap => {
                let gap = gst::event::Gap::builder(self.frames[DISTORTED] * FRAME + self.shift(DISTORTED))
                    .duration(FRAME)
                    .build();
                self.tell(DISTORTED, gap);
            }
            Order::Tag => self.tell(DISTORTED, gst::event::Tag::new(gst::TagList::new())),
            Order::Custom => self.tell(DISTORTED, mark()),
            Order::OutOfBand => {
                self.driver.tell_unnumbered(DISTORTED, gst::event::CustomDownstreamOob::new(custom("overtakes")));
            }
            // It is not passed on if frames wait for the reference.
            Order::Query { drain: true } => self.driver.ask(DISTORTED, gst::query::Drain::new().into(), true),
            Order::Query { .. } => {
                self.driver.ask(DISTORTED, gst::query::Allocation::new(None, false).into(), true);
            }
            Order::ReferenceQuery => {
                self.driver.ask(REFERENCE, gst::query::Allocation::new(None, false).into(), false);
            }
            Order::Eos => self.tell(DISTORTED, gst::event::Eos::new()),
            Order::ReferenceEos => self.tell(REFERENCE, gst::event::Eos::new()),
            Order::NewStream(input) => self.begin(input as usize),
            Order::Restart { null } => {
                let state = if null { gst::State::Null } else { gst::State::Ready };
                self.driver.restart(state, &model.refusals);
                self.frames[REFERENCE] = model.reference;
                self.begin(REFERENCE);
                self.begin(DISTORTED);
            }
            Order::Pause => self.driver.rig.state(gst::State::Paused),
            Order::Play => self.driver.rig.state(gst::State::Playing),
            Order::Unlink => self.driver.rig.unlink(),
            Order::Relink => self.driver.relink(),
            Order::Window(wanted) => {
                let window = gst::ClockTime::from_mseconds(if wanted { 40 } else { 1000 });
                self.driver.rig.element.set_property("window", window);
            }
            Order::Fail(flow) => self.fail(flow, model),
        }
    }

    /// Compares the output with the model; with `wait`, everything must have come and be counted.
    fn check(&mut self, model: &Model, wait: bool) {
        self.driver.compare(&model.promises, wait, |number, buffer, entry| {
            check_entry(number, buffer, entry, model.setup.scores);
        });
        // The reference may be ahead, and then waits for the other stream.
        self.driver.hear(&model.refusals, if wait { &[DISTORTED] } else { &[] });
        let errors = self.driver.rig.errors();
        assert!(errors.is_empty() || model.errors, "{errors:?}");
        if !wait {
            return;
        }
        // A frame may come out slightly before its decision is in the ledger.
        let deadline = Instant::now() + PATIENCE;
        let since_ready = self.driver.since_ready;
        let stats = loop {
            let stats = self.driver.rig.element.property::<gst::Structure>("stats");
            if balance(&stats, since_ready, model.counted) || Instant::now() > deadline {
                break stats;
            }
            std::thread::yield_now();
        };
        let counted = model.counted;
        assert!(balance(&stats, since_ready, counted), "{since_ready} came, {counted:?} were pushed: {stats}");
    }
}

/// Whether every frame is counted once: `came` of `distorted` have come out, and, if known, `pushed` were pushed.
fn balance(stats: &gst::StructureRef, came: u64, pushed: Option<u64>) -> bool {
    let stat = |field| stats.get::<u64>(field).unwrap();
    let distorted = stat("distorted");
    distorted == stat("matched") + stat("duplicate") + stat("unmatched")
        && stat("reference") == stat("matched") + stat("dropped") + stat("outside")
        && distorted >= came
        && pushed.is_none_or(|pushed| distorted == pushed)
}

fn bytes(scores: bool) -> usize {
    SIDE * SIDE * if scores { 3 } else { 1 }
}

fn reference_value(number: u64) -> u8 {
    shade(number) / 2
}

/// How much brighter a distorted frame is than its partner.
fn difference(number: u64) -> u8 {
    (1 + number % 7) as u8
}

fn distorted_value(number: u64) -> u8 {
    reference_value(number) + difference(number)
}

/// Asserts that the frame carries the entry of the model.
fn check_entry(number: u64, buffer: &gst::Buffer, expected: &Entry, scores: bool) {
    let entries = gstonnxiqa::meta::entries(buffer);
    let [(_, entry)] = &entries[..] else { panic!("the frame {number} has {} entries", entries.len()) };
    let text = |field| entry.get::<&str>(field).unwrap_or("none");
    let partner = entry.get::<u64>("reference-pts").ok().map(gst::ClockTime::from_nseconds).map(frame_number);
    let matched = text("pairing") == "matched" && partner == Some(number);
    match expected {
        Entry::Matched => assert!(matched && text("state") == "scored", "the frame {number} carries {entry}"),
        Entry::Failed => assert!(matched && text("state") == "failed", "the frame {number} carries {entry}"),
        Entry::Any => {
            assert!(["matched", "duplicate", "unmatched"].contains(&text("pairing")), "{number} carries {entry}");
        }
    }
    if matched && text("state") == "scored" {
        let (field, value) = match scores {
            true => ("score", 100.0 - f64::from(difference(number)) / 2.55),
            false => ("psnr-y", psnr(difference(number))),
        };
        near(entry.get(field).unwrap(), value, 1e-3);
    }
}

impl StateMachineTest for Compare {
    type SystemUnderTest = Self;
    type Reference = Machine;

    fn init_test(model: &Model) -> Self {
        Self::new(model)
    }

    fn apply(mut compare: Self, model: &Model, order: Order) -> Self {
        compare.follow(model, order);
        compare.check(model, model.waits);
        compare
    }

    fn teardown(mut compare: Self, mut model: Model) {
        compare.gate = None;
        compare.driver.rig.block(false);
        model = Machine::apply(model, &Order::Release);
        if !model.linked {
            model = Machine::apply(model, &Order::Relink);
            compare.follow(&model, Order::Relink);
            compare.check(&model, false);
        }
        // Frames that still wait for the reference leave without it.
        if Machine::preconditions(&model, &Order::ReferenceEos) {
            compare.tell(REFERENCE, gst::event::Eos::new());
            model = Machine::apply(model, &Order::ReferenceEos);
        }
        compare.check(&model, true);
    }
}

prop_state_machine! {
    #![proptest_config(config())]

    #[test]
    #[ignore = "at random: scripts/test-slow.sh"]
    fn iqacompare_keeps_its_promises(sequential ORDERS => Compare);
}
