// SPDX-License-Identifier: MPL-2.0

//! What elements say of a whole stream: statistics, windows, alarms, the summary at the end. The sums are the engine's.

use super::report_settings::Settings;
use super::scored_frame::{ModelInfo, ScoredFrame, Times};
use crate::messages::Structured;
use gst::prelude::*;
use onnx_iqa::align::time::{Evidence, Ledger};
use onnx_iqa::record::{Message, Reporter, Summary};

/// Counts frames and scores, and makes the messages of it. It posts nothing itself, so that no handler runs under a
/// lock.
#[derive(Debug)]
pub struct Report {
    /// May change at any time.
    pub settings: Settings,
    reporter: Reporter,
}

impl Default for Report {
    fn default() -> Self {
        Self::new(Settings::default())
    }
}

impl Report {
    /// Nothing counted yet.
    pub fn new(settings: Settings) -> Self {
        Self { reporter: Reporter::new(settings.reporter()), settings }
    }

    /// Counts from nothing, as the element goes from READY to PAUSED.
    pub fn restart(&mut self) {
        self.reporter = Reporter::new(self.settings.reporter());
    }

    /// Time starts anew, as after a flush. The pools are over the whole stream and stay.
    pub fn discontinuity(&mut self) {
        self.reporter.discontinuity();
    }

    /// A frame came.
    pub fn arrived(&mut self) {
        self.reporter.arrived();
    }

    /// A frame has a partner, and what that rests on.
    pub fn paired(&mut self, evidence: Evidence) {
        self.reporter.paired(evidence);
    }

    /// A frame goes on that was not to be scored.
    pub fn skipped(&mut self, times: Times) -> Vec<gst::Structure> {
        structures(self.reporter().skipped(running(times)))
    }

    /// A frame has nothing to be compared with.
    pub fn unmatched(&mut self, times: Times) -> Vec<gst::Structure> {
        structures(self.reporter().unmatched(running(times)))
    }

    /// A frame could not be scored.
    pub fn failed(&mut self, times: Times) -> Vec<gst::Structure> {
        structures(self.reporter().failed(running(times)))
    }

    /// A score is finished.
    pub fn scored(&mut self, frame: &ScoredFrame) -> Vec<gst::Structure> {
        let times = frame.times();
        let mut messages = Vec::new();
        if self.settings.frame_messages {
            let mut message = frame.scored();
            for (field, time) in [("running-time", times.running), ("stream-time", times.stream)] {
                message.set_if_some(field, time.map(gst::ClockTime::nseconds));
            }
            messages.push(message);
        }
        messages.extend(structures(self.reporter().scored(running(times), frame.record())));
        messages
    }

    /// The stream ends: the last window, and the summary. `ledger` says what became of the frames of a comparison.
    pub fn finish(&mut self, model_info: &ModelInfo, ledger: Option<Ledger>) -> Vec<gst::Structure> {
        structures(self.reporter().finish(&model_info.model, model_info.kind, ledger))
    }

    /// The property `stats`; `ledger` says what frames of a comparison came and where they went.
    pub fn stats(&self, ledger: Option<Ledger>) -> gst::Structure {
        self.reporter.stats(ledger).to_structure()
    }

    /// The reporter, told what users want now.
    fn reporter(&mut self) -> &mut Reporter {
        self.settings.apply(&mut self.reporter.settings);
        &mut self.reporter
    }
}

fn running(times: Times) -> Option<u64> {
    times.running.map(gst::ClockTime::nseconds)
}

fn structures(messages: Vec<Message>) -> Vec<gst::Structure> {
    messages.iter().filter_map(crate::messages::message).collect()
}

/// Puts the summary among these messages, if there is one, into the event that ends the stream.
pub fn add_summary(element: &gst::Element, messages: &[gst::Structure], eos: &mut gst::Event) {
    if let Some(summary) = messages.iter().rev().find_map(|message| Summary::from_structure(message).ok()) {
        crate::messages::add_summary(eos, &element.name(), &summary);
    }
}

/// Posts an element's messages. Not under a lock: handlers run at once and may call back.
pub fn post(element: &gst::Element, messages: Vec<gst::Structure>) {
    for structure in messages {
        let _ = element.post_message(gst::message::Element::builder(structure).src(element).build());
    }
}
