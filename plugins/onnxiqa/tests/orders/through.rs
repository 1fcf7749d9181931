// SPDX-License-Identifier: MPL-2.0

//! Carries out the orders that `iqalog` and `iqaoverlay` have in common.

use super::common::FRAME;
use super::driver::{Driver, mark, segment};
use super::through_model::{Model, Order, UNTIL_REFUSED};
use gst::prelude::*;

/// Frames: one gray, with a score or without.
pub const SIDE: usize = 96;

pub struct Through {
    pub driver: Driver,
    frames: u64,
    /// The rate in the caps, which is all that changes in them.
    rate: u32,
}

impl Through {
    pub fn new(driver: Driver) -> Self {
        let mut through = Self { driver, frames: 0, rate: 25 };
        through.begin();
        through
    }

    fn begin(&mut self) {
        self.driver.tell(0, gst::event::StreamStart::new("orders"));
        self.tell_caps();
        self.driver.tell(0, segment());
    }

    fn tell_caps(&mut self) {
        let caps = format!("video/x-raw,format=GRAY8,width={SIDE},height={SIDE},framerate={}/1", self.rate);
        self.driver.tell(0, gst::event::Caps::new(&caps.parse().unwrap()));
    }

    fn next(&mut self, count: u64, scored: bool) -> Vec<(u64, gst::Buffer)> {
        let numbers = self.frames..self.frames + count;
        self.frames = numbers.end;
        numbers.map(|number| (number, frame(number, scored))).collect()
    }

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

    fn fail(&mut self, flow: gst::FlowError) {
        // All earlier pushes return first, so that the error can only reach the pushes below.
        self.driver.hear(&[Vec::new()], &[0]);
        self.driver.rig.answer_next(flow);
        let frames = self.next(UNTIL_REFUSED, true);
        let push = move |pad: &gst::Pad| frames.into_iter().find_map(|(_, buffer)| pad.push(buffer).err());
        let refused = self.driver.feed(0).later(push).wait("pushes until downstream's answer comes back");
        assert_eq!(refused, Some(flow), "downstream's answer as returned to upstream");
    }

    /// `own` carries out orders that only this element has.
    pub fn follow(&mut self, model: &Model, order: &Order, own: impl Fn(&gst::Element, u32)) {
        let driver = &mut self.driver;
        let custom = |name| gst::Structure::new_empty(name);
        match *order {
            Order::Push { count, scored } => {
                for (number, buffer) in self.next(count, scored) {
                    self.driver.push(0, number, buffer);
                }
            }
            Order::PushList { count, scored } => {
                let list = self.next(count, scored).into_iter().map(|(_, buffer)| buffer).collect();
                self.driver.push_list(0, list);
            }
            Order::Settle => {}
            Order::Block => driver.rig.block(true),
            Order::Unblock => driver.rig.block(false),
            Order::Flush => {
                let events = driver.flush_events(segment());
                driver.flush(0, events);
            }
            Order::Seek { flush } => self.seek(flush),
            Order::Segment => driver.tell(0, segment()),
            Order::Caps => {
                self.rate = 75 - self.rate;
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
            Order::Own(which) => own(&driver.rig.element, which),
            Order::Fail(flow) => self.fail(flow),
        }
    }
}

/// The gray of all frames.
pub const GRAY: u8 = 128;

fn frame(number: u64, scored: bool) -> gst::Buffer {
    let mut buffer = gst::Buffer::from_mut_slice(vec![GRAY; SIDE * SIDE]);
    let fields = buffer.get_mut().expect("it is new");
    fields.set_pts(number * FRAME);
    fields.set_duration(FRAME);
    if scored {
        let entry = gst::Structure::builder("iqa-score")
            .field("model", "metaiqa")
            .field("kind", "nr")
            .field("state", "scored")
            .field("score", score(number))
            .field("scored-pts", (number * FRAME).nseconds())
            .field("age", 0u64)
            .field("latency", 1_000_000u64);
        gstonnxiqa::meta::attach(fields, "q", entry.build()).expect("the meta is registered");
    }
    buffer
}

/// The score of the frame of that number.
pub fn score(number: u64) -> f64 {
    (number % 100) as f64
}

/// Asserts that the frame carries its entry, or none.
pub fn check_entry(number: u64, buffer: &gst::Buffer, scored: bool) {
    let entries = gstonnxiqa::meta::entries(buffer);
    let scores: Vec<_> = entries.iter().map(|(_, entry)| entry.get::<f64>("score")).collect();
    let expected = if scored { vec![Ok(score(number))] } else { Vec::new() };
    assert_eq!(scores, expected, "what the frame {number} carries");
}
