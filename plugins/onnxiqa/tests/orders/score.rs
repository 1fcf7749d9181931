// SPDX-License-Identifier: MPL-2.0

//! `iqascore`.

use super::common::{FRAME, ScorerGate, iqascore, mean_model, near, score_of, shade};
use super::driver::{Driver, frame, mark, segment};
use super::score_model::{Entry, Machine, Model, Network, Order, UNTIL_REFUSED};
use super::{ORDERS, config};
use gst::prelude::*;
use onnx_iqa::model::{self, Provider, Search};
use onnx_iqa_testkit as kit;
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest, prop_state_machine};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

/// Streams between which the orders switch: caps, and the bytes of a frame.
const STREAMS: [(&str, usize); 3] = [
    ("video/x-raw,format=RGB,width=4,height=2,framerate=25/1", 24),
    ("video/x-raw,format=RGB,width=2,height=4,framerate=0/1", 32),
    ("video/x-raw,format=GRAY8,width=4,height=1,framerate=25/1", 4),
];

/// The models, which stay open for all sequences.
struct Networks {
    paths: [PathBuf; 3],
    _open: Vec<Arc<model::Model>>,
    _dir: kit::TempDir,
}

fn network(which: Network) -> &'static Path {
    static NETWORKS: OnceLock<Networks> = OnceLock::new();
    let networks = NETWORKS.get_or_init(|| {
        let dir = kit::TempDir::new();
        let slow = kit::slow_model(dir.path(), "slow", 1);
        let paths = [mean_model(&dir), slow, kit::failing_model(dir.path(), "failing")];
        let open = paths.iter().map(|path| {
            let builder = model::Model::builder(path.to_str().unwrap()).search(Search::default());
            builder.provider(Provider::Cpu).threads(1).open().unwrap()
        });
        Networks { _open: open.collect(), paths, _dir: dir }
    });
    &networks.paths[which as usize]
}

struct Score {
    driver: Driver,
    gate: Option<ScorerGate>,
    path: &'static Path,
    frames: u64,
    caps: usize,
}

impl Score {
    fn new(model: &Model) -> Self {
        let setup = &model.setup;
        let path = network(setup.network);
        let element = iqascore(path)
            .property_from_str("mode", if setup.live { "live" } else { "every-frame" })
            .property("queue-size", setup.queue_size)
            .property("batch-size", setup.batch_size)
            .property("interval", setup.interval)
            .property_from_str("on-error", if setup.goes_on { "continue" } else { "stop" });
        let mut driver = Driver::new(element.build().unwrap(), &["sink"]);
        // After an error behind upstream's EOS.
        driver.ends_itself = true;
        let mut score = Self { driver, gate: None, path, frames: 0, caps: 0 };
        score.begin();
        score
    }

    fn begin(&mut self) {
        self.driver.tell(0, gst::event::StreamStart::new("orders"));
        self.tell_caps();
        self.driver.tell(0, segment());
    }

    fn tell_caps(&mut self) {
        let caps = STREAMS[self.caps].0.parse().unwrap();
        self.driver.tell(0, gst::event::Caps::new(&caps));
    }

    fn buffer(&mut self, broken: bool) -> gst::Buffer {
        let bytes = if broken { 1 } else { STREAMS[self.caps].1 };
        self.frames += 1;
        frame(self.frames - 1, bytes)
    }

    /// A seek from downstream, which upstream handles like a source.
    fn seek(&mut self, flush: bool) {
        let flags = if flush { gst::SeekFlags::FLUSH } else { gst::SeekFlags::empty() };
        let none = gst::ClockTime::NONE;
        let seek =
            gst::event::Seek::new(1.0, flags, gst::SeekType::Set, gst::ClockTime::ZERO, gst::SeekType::End, none);
        if flush {
            let events = self.driver.flush_events(segment());
            self.driver.rig.on_seek(move |_, feed| {
                feed.flush(events.clone());
                true
            });
        } else {
            self.driver.rig.on_seek(|_, _| true);
        }
        let sink = self.driver.rig.sink.clone();
        assert!(super::rig::bounded("a seek", move || sink.push_event(seek)), "the seek is refused");
        if !flush {
            self.driver.tell(0, segment());
        }
    }

    /// Pushes until upstream learns that downstream has ended the flow.
    fn fail(&mut self, flow: gst::FlowError) {
        // A segment that is still to come would cancel EOS.
        self.driver.hear(&[Vec::new()], &[0]);
        self.driver.rig.answer_next(flow);
        let numbers = self.frames..self.frames + UNTIL_REFUSED;
        self.frames = numbers.end;
        let bytes = STREAMS[self.caps].1;
        let push = move |pad: &gst::Pad| numbers.into_iter().find_map(|number| pad.push(frame(number, bytes)).err());
        let refused = self.driver.feed(0).later(push).wait("pushes until downstream's answer comes back");
        assert_eq!(refused, Some(flow), "downstream's answer as returned to upstream");
    }

    fn follow(&mut self, model: &Model, order: Order) {
        let driver = &mut self.driver;
        let custom = |name| gst::Structure::new_empty(name);
        match order {
            Order::Push { count, broken } => {
                for index in 0..count {
                    let buffer = self.buffer(broken && index + 1 == count);
                    self.driver.push(0, self.frames - 1, buffer);
                }
            }
            Order::Settle => {}
            Order::Hold => self.gate = Some(ScorerGate::new(self.path)),
            Order::Release => self.gate.take().into_iter().for_each(ScorerGate::release),
            Order::Block => driver.rig.block(true),
            Order::Unblock => driver.rig.block(false),
            Order::Flush => {
                let events = driver.flush_events(segment());
                driver.flush(0, events);
            }
            Order::Seek { flush } => self.seek(flush),
            Order::Segment => driver.tell(0, segment()),
            Order::Caps(caps) => {
                self.caps = caps;
                self.tell_caps();
            }
            Order::Gap => driver.tell(0, gst::event::Gap::builder(self.frames * FRAME).duration(FRAME).build()),
            Order::Tag => driver.tell(0, gst::event::Tag::new(gst::TagList::new())),
            Order::Custom => driver.tell(0, mark()),
            Order::OutOfBand => driver.tell_unnumbered(0, gst::event::CustomDownstreamOob::new(custom("overtakes"))),
            Order::Allocation => driver.ask(0, gst::query::Allocation::new(None, false).into(), false),
            Order::Drain => driver.ask(0, gst::query::Drain::new().into(), false),
            Order::Eos => driver.tell(0, gst::event::Eos::new()),
            Order::NewStream => self.begin(),
            Order::Restart { null } => {
                let state = if null { gst::State::Null } else { gst::State::Ready };
                driver.restart(state, std::slice::from_ref(&model.refusals));
                self.begin();
            }
            Order::Pause => driver.rig.state(gst::State::Paused),
            Order::Play => driver.rig.state(gst::State::Playing),
            Order::Unlink => driver.rig.unlink(),
            Order::Relink => driver.relink(),
            Order::Interval(interval) => {
                let element = driver.rig.element.clone();
                driver.feed(0).later(move |_| element.set_property("interval", interval));
            }
            Order::FrameMessages(wanted) => driver.rig.element.set_property("frame-messages", wanted),
            Order::Fail(flow) => self.fail(flow),
        }
    }

    /// Compares the output with the model; with `wait`, everything must have come and be counted.
    fn check(&mut self, model: &Model, wait: bool) {
        // Before the output is examined: a frame that comes in between must have been pushed.
        self.driver.compare(&model.promises, wait, check_entry);
        self.driver.hear(std::slice::from_ref(&model.refusals), if wait { &[0] } else { &[] });
        let errors = self.driver.rig.errors();
        assert!(errors.is_empty() || model.errors, "{errors:?}");
        if !wait {
            return;
        }
        let stat = |field| self.driver.rig.stat(field);
        if let Some(counts) = &model.counts {
            let counted = ["frames", "scored", "skipped", "failed"].map(stat);
            assert_eq!(counted, [counts.frames, counts.scored, counts.skipped, counts.failed], "the counts in stats");
        } else {
            let (left, came) = (stat("scored") + stat("skipped") + stat("failed"), self.driver.since_ready);
            assert!(left <= stat("frames"), "{left} of {} frames have left", stat("frames"));
            assert!(model.setup.live || left >= came, "{came} frames came, {left} are counted");
        }
    }
}

/// Asserts that the frame carries the entry of the model.
fn check_entry(number: u64, buffer: &gst::Buffer, expected: &Entry) {
    let entries = gstonnxiqa::meta::entries(buffer);
    let [(_, entry)] = &entries[..] else { panic!("the frame {number} has {} entries", entries.len()) };
    let state = entry.get::<&str>("state").expect("a state");
    let scored = entry.get::<u64>("scored-pts").ok().map(|pts| pts / FRAME.nseconds());
    if let Some(of) = scored {
        near(entry.get("score").unwrap(), score_of(shade(of)), 1e-3);
        assert_eq!(entry.get("age"), Ok((number - of) * FRAME.nseconds()), "the frame {number}: {entry}");
    }
    let is = |wanted: &str, of: Option<u64>| state == wanted && scored == of;
    let recent = |since: &u64| scored.is_none_or(|of| (*since..=number).contains(&of));
    let right = match expected {
        Entry::Scored => is("scored", Some(number)),
        Entry::Failed => is("failed", None),
        Entry::Skipped(newest) => is("skipped", *newest),
        Entry::Live { since } => state == "skipped" && recent(since),
        Entry::Any { since } => match state {
            "scored" => is("scored", Some(number)),
            "failed" => is("failed", None),
            _ => is("skipped", scored) && recent(since),
        },
    };
    assert!(right, "the frame {number} carries {entry}, expected: {expected:?}");
}

impl StateMachineTest for Score {
    type SystemUnderTest = Self;
    type Reference = Machine;

    fn init_test(model: &Model) -> Self {
        Self::new(model)
    }

    fn apply(mut score: Self, model: &Model, order: Order) -> Self {
        let settle = matches!(order, Order::Settle);
        score.follow(model, order);
        score.check(model, settle);
        score
    }

    fn teardown(mut score: Self, mut model: Model) {
        score.gate = None;
        score.driver.rig.block(false);
        model = Machine::apply(model, &Order::Release);
        score.check(&model, true);
    }
}

prop_state_machine! {
    #![proptest_config(config())]

    #[test]
    #[ignore = "at random: scripts/test-slow.sh"]
    fn iqascore_keeps_its_promises(sequential ORDERS => Score);
}
