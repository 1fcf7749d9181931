// SPDX-License-Identifier: MPL-2.0

//! Stream-level results: statistics, windows, alarms, warnings and the final summary. The engine computes them.

use super::report_settings::Settings;
use super::scored_frame::{ModelInfo, ScoredFrame, Times};
use super::stamps::Stamps;
use crate::messages::{self, Structured};
use gst::prelude::*;
use onnx_iqa::align::Suspicions;
use onnx_iqa::align::time::{Evidence, Ledger};
use onnx_iqa::metrics::{Missing, SwapDetector};
use onnx_iqa::record::{
    AlignmentChange, AlignmentEvent, Finding, FrameRecord, Message, Place, Reporter, Summary, Warning,
};

/// A message to post on the bus.
#[derive(Debug)]
pub enum Notice {
    /// An element message.
    Message(gst::Structure),
    /// A warning.
    Warning(Finding),
}

impl From<gst::Structure> for Notice {
    fn from(structure: gst::Structure) -> Self {
        Self::Message(structure)
    }
}

/// Fields that records of a session can have.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Fields {
    /// Fields and attributes available to windows and alarms.
    pub known: Vec<String>,
    /// Raw values that the model's contract maps to 0 and 100, smaller one first.
    pub raw_range: Option<[f64; 2]>,
    /// Name of the VMAF model, if VMAF is measured.
    pub vmaf_model: Option<String>,
    /// Hash of the model file, if there is a model.
    pub model_hash: Option<String>,
    /// Hash of the VMAF model file.
    pub vmaf_model_hash: Option<String>,
    /// Whether `alignment=still` is used.
    pub is_still: bool,
}

/// Counts frames and scores, and creates the resulting messages. It does not post them, so that no message handler runs
/// under a lock.
#[derive(Debug)]
pub struct Report {
    /// Current settings; may change at any time.
    pub settings: Settings,
    reporter: Reporter,
    stamps: Stamps,
    /// Whether the `not-found` event has been posted.
    not_found: bool,
}

impl Default for Report {
    fn default() -> Self {
        Self::new(Settings::default())
    }
}

impl Report {
    /// Creates a report with all counts at zero.
    pub fn new(settings: Settings) -> Self {
        let reporter = Reporter::new(settings.reporter());
        Self { reporter, settings, stamps: Stamps::default(), not_found: false }
    }

    /// Resets all counts at READY→PAUSED; `fields` describes what frames will carry.
    #[must_use = "contains warnings about the settings"]
    pub fn restart(&mut self, fields: Fields) -> Vec<Notice> {
        let mut settings = self.settings.reporter();
        (settings.known_fields, settings.raw_range) = (fields.known, fields.raw_range);
        (settings.vmaf_model, settings.vmaf_model_hash) = (fields.vmaf_model, fields.vmaf_model_hash);
        (settings.model_hash, settings.is_still) = (fields.model_hash, fields.is_still);
        self.reporter = Reporter::new(settings);
        self.stamps = Stamps::default();
        self.not_found = false;
        notices(self.reporter.check_settings())
    }

    /// Handles a discontinuity in time, such as a flush. Pools cover the whole stream and are kept.
    pub fn discontinuity(&mut self) {
        self.reporter.discontinuity();
    }

    /// A frame arrived. `has_rate`: whether `max-rate` is set.
    pub fn arrived(&mut self, times: Times, has_rate: bool) -> Vec<Notice> {
        self.reporter.arrived();
        self.stamps.seen(times.pts, has_rate, self.settings.looks_at_time()).map(Notice::Warning).into_iter().collect()
    }

    /// A frame was paired, with this evidence and confidence.
    pub fn paired(&mut self, evidence: Evidence, confidence: f64) {
        self.reporter.paired(evidence, confidence);
    }

    /// Adds evidence about which stream of a comparison is the source.
    pub fn set_swap_detector(&mut self, detector: SwapDetector) {
        self.reporter.set_swap_detector(detector);
    }

    /// Returns the warnings about a comparison's pairs that are due for the first time.
    pub fn check_pairs(&mut self, ledger: Ledger, suspicions: Suspicions) -> Vec<Notice> {
        let told = self.reporter.check_pairs(ledger, suspicions);
        self.with_event(told)
    }

    /// Sets what currently appears to prevent alignment, before the comparison ends.
    pub fn suspect(&mut self, suspicions: Suspicions) {
        self.reporter.suspect(suspicions);
    }

    /// A frame leaves that was not selected for scoring.
    pub fn skipped(&mut self, times: Times) -> Vec<Notice> {
        notices(self.reporter().skipped(times.place()))
    }

    /// A frame leaves that was measured but not selected for scoring.
    pub fn measured(&mut self, times: Times, record: &FrameRecord) -> Vec<Notice> {
        notices(self.reporter().measured(times.place(), record))
    }

    /// A frame has no matching reference frame.
    pub fn unmatched(&mut self, times: Times) -> Vec<Notice> {
        notices(self.reporter().unmatched(times.place()))
    }

    /// A frame lacks the result of a measure.
    pub fn lacks(&mut self, missing: &Missing) -> Vec<Notice> {
        notices(self.reporter.lacks(missing))
    }

    /// A frame could not be scored; `place` tells where this counts.
    pub fn failed(&mut self, place: Place) -> Vec<Notice> {
        notices(self.reporter().failed(place))
    }

    /// A frame leaves before its score is finished: it will be counted as [`Place::Passed`].
    pub fn passed(&mut self, times: Times) -> Vec<Notice> {
        notices(self.reporter().passed(times.place()))
    }

    /// A score is finished; `place` tells where it counts.
    pub fn scored(&mut self, frame: &ScoredFrame, place: Place) -> Vec<Notice> {
        let times = frame.times();
        let mut told = Vec::new();
        if self.settings.frame_messages {
            let mut message = frame.scored();
            for (field, time) in [("running-time", times.running), ("stream-time", times.stream)] {
                message.set_if_some(field, time.map(gst::ClockTime::nseconds));
            }
            told.push(message.into());
        }
        told.extend(notices(self.reporter().scored(place, frame.record())));
        told
    }

    /// Ends the stream: last window and summary. `ledger`: frame counts of a comparison.
    pub fn finish(&mut self, model_info: &ModelInfo, ledger: Option<Ledger>) -> Vec<Notice> {
        let told = self.reporter().finish(&model_info.model, model_info.kind, ledger);
        self.with_event(told)
    }

    /// Converts the reporter's messages to notices, adding the `not-found` alignment event once.
    fn with_event(&mut self, told: Vec<Message>) -> Vec<Notice> {
        let nothing = told.iter().any(|message| matches!(message, Message::Warning(Warning::NothingMatched { .. })));
        let is_news = nothing && !std::mem::replace(&mut self.not_found, true);
        let event = is_news.then(|| AlignmentEvent::new(AlignmentChange::NotFound).to_structure().into());
        event.into_iter().chain(notices(told)).collect()
    }

    /// Value of the `stats` property; `ledger`: frame counts of a comparison.
    pub fn stats(&self, ledger: Option<Ledger>) -> gst::Structure {
        self.reporter.stats(ledger).to_structure()
    }

    /// Adds the alarm state to the entry of a frame that is about to leave, if an alarm is set.
    pub fn add_alarm(&mut self, entry: &mut gst::Structure) {
        entry.set_if_some("alarm", self.reporter().alarm());
    }

    /// Returns the reporter with the current settings applied.
    fn reporter(&mut self) -> &mut Reporter {
        self.settings.apply(&mut self.reporter.settings);
        &mut self.reporter
    }
}

fn notices(told: Vec<Message>) -> Vec<Notice> {
    let notice = |message: &Message| match message {
        Message::Warning(warning) => Some(Notice::Warning(warning.finding())),
        message => messages::message(message).map(Notice::Message),
    };
    told.iter().filter_map(notice).collect()
}

/// Attaches the summary among these notices, if any, to the EOS event.
pub fn add_summary(element: &gst::Element, notices: &[Notice], eos: &mut gst::Event) {
    let summary = |notice: &Notice| match notice {
        Notice::Message(message) => Summary::from_structure(message).ok(),
        Notice::Warning(_) => None,
    };
    if let Some(summary) = notices.iter().rev().find_map(summary) {
        messages::add_summary(eos, &element.name(), &summary);
    }
}

/// Posts the notices. Must not be called under a lock: sync handlers run immediately and may call back.
pub fn post(element: &gst::Element, notices: Vec<Notice>) {
    for notice in notices {
        match notice {
            Notice::Message(structure) => {
                let _ = element.post_message(gst::message::Element::builder(structure).src(element).build());
            }
            Notice::Warning(finding) => warn(element, gst::StreamError::Failed, &finding),
        }
    }
}

/// Posts a warning with the finding as its details. Must not be called under a lock.
pub fn warn(element: &gst::Element, error: impl gst::MessageErrorDomain, finding: &Finding) {
    gst::element_warning!(element, error, ("{finding}"), details: finding.to_structure());
}
