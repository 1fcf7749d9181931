// SPDX-License-Identifier: MPL-2.0

//! What elements say of a whole stream: statistics, windows, alarms, warnings, the summary at the end. The sums are the
//! engine's.

use super::report_settings::Settings;
use super::scored_frame::{ModelInfo, ScoredFrame, Times};
use super::stamps::Stamps;
use crate::messages::{self, Structured};
use gst::prelude::*;
use onnx_iqa::align::Suspicions;
use onnx_iqa::align::time::{Evidence, Ledger};
use onnx_iqa::metrics::{DetailLooks, Missing};
use onnx_iqa::record::{
    AlignmentChange, AlignmentEvent, Finding, FrameRecord, Message, Place, Reporter, Summary, Warning,
};

/// What is told on the bus.
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

/// What the records of a session can hold.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Fields {
    /// The fields and attributes that windows and alarms can look at.
    pub known: Vec<String>,
    /// The raw values that the model's contract shows as 0 and as 100, the lesser one first.
    pub raw_range: Option<[f64; 2]>,
    /// The name of VMAF's model, if VMAF is measured.
    pub vmaf_model: Option<String>,
    /// What the model's file is told by, if there is a model.
    pub model_hash: Option<String>,
    /// What the file of VMAF's model is told by.
    pub vmaf_model_hash: Option<String>,
    /// References stand for frames whatever they show.
    pub is_still: bool,
}

/// Counts frames and scores, and makes the messages of it. It posts nothing itself, so that no handler runs under a
/// lock.
#[derive(Debug)]
pub struct Report {
    /// May change at any time.
    pub settings: Settings,
    reporter: Reporter,
    stamps: Stamps,
    /// That no two frames belong together was posted.
    not_found: bool,
}

impl Default for Report {
    fn default() -> Self {
        Self::new(Settings::default())
    }
}

impl Report {
    /// Nothing counted yet.
    pub fn new(settings: Settings) -> Self {
        let reporter = Reporter::new(settings.reporter());
        Self { reporter, settings, stamps: Stamps::default(), not_found: false }
    }

    /// Counts from nothing, as the element goes from READY to PAUSED; `fields` says what frames will carry.
    #[must_use = "it may be warned of settings"]
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

    /// Time starts anew, as after a flush. The pools are over the whole stream and stay.
    pub fn discontinuity(&mut self) {
        self.reporter.discontinuity();
    }

    /// A frame came. `has_rate` says whether users have asked for no more than so many scores a second.
    pub fn arrived(&mut self, times: Times, has_rate: bool) -> Vec<Notice> {
        self.reporter.arrived();
        self.stamps.seen(times.pts, has_rate, self.settings.looks_at_time()).map(Notice::Warning).into_iter().collect()
    }

    /// A frame has a partner, what that rests on, and how far it can be trusted.
    pub fn paired(&mut self, evidence: Evidence, confidence: f64) {
        self.reporter.paired(evidence, confidence);
    }

    /// What pairs so far say of which stream of a comparison is the source.
    pub fn look_at_detail(&mut self, looks: DetailLooks) {
        self.reporter.look_at_detail(looks);
    }

    /// What there is to warn of a comparison's pairs for the first time.
    pub fn look_at_pairs(&mut self, ledger: Ledger, suspicions: Suspicions) -> Vec<Notice> {
        let told = self.reporter.look_at_pairs(ledger, suspicions);
        self.with_event(told)
    }

    /// What seems to keep the streams of a comparison apart, before it ends.
    pub fn suspect(&mut self, suspicions: Suspicions) {
        self.reporter.suspect(suspicions);
    }

    /// A frame goes on that was not to be scored.
    pub fn skipped(&mut self, times: Times) -> Vec<Notice> {
        notices(self.reporter().skipped(times.place()))
    }

    /// A frame goes on that was measured, and not to be scored.
    pub fn measured(&mut self, times: Times, record: &FrameRecord) -> Vec<Notice> {
        notices(self.reporter().measured(times.place(), record))
    }

    /// A frame has nothing to be compared with.
    pub fn unmatched(&mut self, times: Times) -> Vec<Notice> {
        notices(self.reporter().unmatched(times.place()))
    }

    /// A frame lacks what a measure was to give.
    pub fn lacks(&mut self, missing: &Missing) -> Vec<Notice> {
        notices(self.reporter.lacks(missing))
    }

    /// A frame could not be scored; `place` is where that counts.
    pub fn failed(&mut self, place: Place) -> Vec<Notice> {
        notices(self.reporter().failed(place))
    }

    /// A frame goes on whose score is not there: it counts later, as [`Place::Passed`].
    pub fn passed(&mut self, times: Times) -> Vec<Notice> {
        notices(self.reporter().passed(times.place()))
    }

    /// A score is finished; `place` is where it counts.
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

    /// The stream ends: the last window, and the summary. `ledger` says what became of the frames of a comparison.
    pub fn finish(&mut self, model_info: &ModelInfo, ledger: Option<Ledger>) -> Vec<Notice> {
        let told = self.reporter().finish(&model_info.model, model_info.kind, ledger);
        self.with_event(told)
    }

    /// The notices of what is told. That no two frames belong together is an event of the alignment, too, once.
    fn with_event(&mut self, told: Vec<Message>) -> Vec<Notice> {
        let nothing = told.iter().any(|message| matches!(message, Message::Warning(Warning::NothingMatched { .. })));
        let is_news = nothing && !std::mem::replace(&mut self.not_found, true);
        let event = is_news.then(|| AlignmentEvent::new(AlignmentChange::NotFound).to_structure().into());
        event.into_iter().chain(notices(told)).collect()
    }

    /// The property `stats`; `ledger` says what frames of a comparison came and where they went.
    pub fn stats(&self, ledger: Option<Ledger>) -> gst::Structure {
        self.reporter.stats(ledger).to_structure()
    }

    /// Puts on what a frame is to carry whether the alarm is raised as it leaves, if an alarm is set.
    pub fn add_alarm(&mut self, entry: &mut gst::Structure) {
        entry.set_if_some("alarm", self.reporter().alarm());
    }

    /// The reporter, told what users want now.
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

/// Puts the summary among these notices, if there is one, into the event that ends the stream.
pub fn add_summary(element: &gst::Element, notices: &[Notice], eos: &mut gst::Event) {
    let summary = |notice: &Notice| match notice {
        Notice::Message(message) => Summary::from_structure(message).ok(),
        Notice::Warning(_) => None,
    };
    if let Some(summary) = notices.iter().rev().find_map(summary) {
        messages::add_summary(eos, &element.name(), &summary);
    }
}

/// Posts what an element tells. Not under a lock: handlers run at once and may call back.
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

/// Posts a warning, whose details are the finding itself. Not under a lock.
pub fn warn(element: &gst::Element, error: impl gst::MessageErrorDomain, finding: &Finding) {
    gst::element_warning!(element, error, ("{finding}"), details: finding.to_structure());
}
