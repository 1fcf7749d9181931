// SPDX-License-Identifier: MPL-2.0

//! `iqacompare` between three pads of the test, and frames with known PSNR.

use super::{ElementHarness, FRAME, Pending, Upstream};
use gst::prelude::*;
use std::ops::Deref;

/// Frames of [`flat`].
pub const FLAT: &str = "video/x-raw,format=GRAY8,width=16,height=16,framerate=25/1";

/// The result of a push.
pub type Pushed = Pending<Result<gst::FlowSuccess, gst::FlowError>>;

/// Frame number `n`: 16×16 pixels of one gray, at 25 per second.
pub fn flat(n: u64, value: u8) -> gst::Buffer {
    let mut buffer = gst::Buffer::from_mut_slice(vec![value; 16 * 16]);
    let fields = buffer.get_mut().unwrap();
    fields.set_pts(n * FRAME);
    fields.set_duration(FRAME);
    buffer
}

/// The PSNR of two flat frames whose grays differ by that much.
pub fn psnr(difference: u8) -> f64 {
    if difference == 0 { 100.0 } else { 20.0 * (255.0 / f64::from(difference)).log10() }
}

/// An `iqacompare` called `q` that pairs by running time.
pub fn iqacompare() -> gst::element_factory::ElementBuilder<'static> {
    super::init();
    gst::ElementFactory::make("iqacompare").name("q").property_from_str("alignment", "pts").property("threads", 1u32)
}

/// Two sources, the element, and downstream. The harness itself is the source of the distorted stream.
pub struct Compare {
    harness: ElementHarness,
    pub reference: Upstream,
}

impl Deref for Compare {
    type Target = ElementHarness;

    fn deref(&self) -> &ElementHarness {
        &self.harness
    }
}

impl Compare {
    /// Links the element and sets it to PLAYING.
    #[track_caller]
    pub fn new(element: gst::Element) -> Self {
        let reference = Upstream::new(&element.static_pad("reference").unwrap());
        Self { harness: ElementHarness::new(element), reference }
    }

    /// Starts both streams with these caps.
    #[track_caller]
    pub fn started(element: gst::Element, caps: &str) -> Self {
        let compare = Self::new(element);
        compare.begin(caps);
        compare
    }

    /// Starts both streams.
    #[track_caller]
    pub fn begin(&self, caps: &str) {
        self.reference.start(caps);
        self.harness.start(caps);
    }

    /// Pushes frames on both sides, each on its own thread, without waiting.
    pub fn feed(
        &self,
        reference: impl IntoIterator<Item = gst::Buffer>,
        distorted: impl IntoIterator<Item = gst::Buffer>,
    ) -> Vec<Pushed> {
        let pushed = reference.into_iter().map(|buffer| self.reference.push_later(buffer));
        let mut pushed: Vec<_> = pushed.collect();
        pushed.extend(distorted.into_iter().map(|buffer| self.push_later(buffer)));
        pushed
    }

    /// Pushes frames with the same numbers on both sides; the distorted ones are brighter by `difference`.
    pub fn pairs(&self, numbers: std::ops::Range<u64>, difference: u8) -> Vec<Pushed> {
        let reference = numbers.clone().map(|n| flat(n, 100));
        self.feed(reference, numbers.map(|n| flat(n, 100 + difference)))
    }

    /// Sends EOS on the reference side, after what is pushed there.
    pub fn end_reference(&self) -> Pending<bool> {
        self.reference.later("EOS", |pad| pad.push_event(gst::event::Eos::new()))
    }

    /// Sends EOS on both sides; returns all frames that came out.
    #[track_caller]
    pub fn finish_both(&self) -> Vec<gst::Buffer> {
        let ended = self.end_reference();
        let frames = self.finish();
        ended.wait();
        frames
    }

    /// Asserts that the ledger is consistent and has these values.
    #[track_caller]
    pub fn assert_ledger(&self, expected: &[(&str, u64)]) {
        let get = |field| self.stat(field);
        assert_eq!(get("distorted"), get("matched") + get("duplicate") + get("unmatched"), "{}", self.stats());
        assert_eq!(get("reference"), get("matched") + get("dropped") + get("outside"), "{}", self.stats());
        for &(field, count) in expected {
            assert_eq!(get(field), count, "{field} of {}", self.stats());
        }
    }
}
