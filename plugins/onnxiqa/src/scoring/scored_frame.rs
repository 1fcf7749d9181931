// SPDX-License-Identifier: MPL-2.0

//! What an element says of a frame, and of the frames that carry its score.

use crate::messages::Structured;
use onnx_iqa::model::contract::Kind;
use onnx_iqa::record::{FrameRecord, Named, Partner, Place, State};
use onnx_iqa::scorer::{NoReferenceResult, Score};
use std::sync::{Arc, OnceLock};

/// When a frame is shown.
#[derive(Debug, Clone, Copy, Default)]
pub struct Times {
    /// Its time stamp.
    pub pts: Option<gst::ClockTime>,
    /// In running time.
    pub running: Option<gst::ClockTime>,
    /// In stream time.
    pub stream: Option<gst::ClockTime>,
    /// How long, by the frame itself or its caps.
    pub duration: Option<gst::ClockTime>,
}

impl Times {
    /// Those of a buffer in a segment, whose caps say that a frame lasts for `period`.
    pub fn of(
        buffer: &gst::BufferRef,
        segment: &gst::FormattedSegment<gst::ClockTime>,
        period: Option<gst::ClockTime>,
    ) -> Self {
        let pts = buffer.pts();
        Self {
            pts,
            running: segment.to_running_time(pts),
            stream: segment.to_stream_time(pts),
            duration: buffer.duration().or(period),
        }
    }

    /// Where windows count the frame.
    pub fn place(self) -> Place {
        let [running_time, duration] = [self.running, self.duration].map(|time| time.map(gst::ClockTime::nseconds));
        Place::Next { running_time, duration }
    }
}

/// Which model scores, and what it looks at.
#[derive(Debug, Clone)]
pub struct ModelInfo {
    /// The model's name, by its contract.
    pub model: String,
    /// Whether it compares with a reference.
    pub kind: Kind,
}

impl Default for ModelInfo {
    fn default() -> Self {
        Self { model: String::new(), kind: Kind::NoReference }
    }
}

impl ModelInfo {
    /// The record of a frame without a score.
    pub fn record(&self, state: State) -> FrameRecord {
        FrameRecord::new(&self.model, self.kind, state)
    }
}

/// What was found out about a frame.
#[derive(Debug, Default)]
pub struct FrameResult {
    /// The model's score.
    pub score: Option<Score>,
    /// With a reference: the frame it was compared with.
    pub partner: Option<Partner>,
    /// Numbers beside the model's, under their fields' names.
    pub measures: Vec<(&'static str, f64)>,
    /// Bits of the samples that measures compared.
    pub depth: Option<u8>,
}

impl FrameResult {
    /// What is said of the frame, `latency` after its arrival.
    pub fn record(self, model_info: &ModelInfo, state: State, latency: gst::ClockTime) -> FrameRecord {
        let Self { score, partner, measures, depth } = self;
        let mut record = model_info.record(state);
        if let Some(score) = score {
            record.set_score(score);
        }
        if let Some(partner) = partner {
            record.set_partner(partner);
        }
        record.measures = measures;
        record.depth = depth.map(u64::from);
        record.latency = Some(latency.nseconds());
        record
    }
}

impl From<NoReferenceResult> for FrameResult {
    fn from(NoReferenceResult { score, measures }: NoReferenceResult) -> Self {
        // What bits a frame has tells nobody anything who measures nothing.
        let depth = measures.depth().filter(|_| !measures.is_empty());
        let measures = measures.iter().map(|(field, value)| (field.name, value)).collect();
        Self { score, measures, depth, ..Self::default() }
    }
}

#[derive(Debug)]
struct Inner {
    times: Times,
    record: FrameRecord,
    /// What the frame itself carries.
    scored: OnceLock<gst::Structure>,
    /// What other frames carry, but for the age.
    carried: OnceLock<gst::Structure>,
}

/// A frame that was scored: its record and the structures made of it, shared by the frames that carry it.
#[derive(Debug, Clone)]
pub struct ScoredFrame(Arc<Inner>);

impl ScoredFrame {
    /// What `model_info`'s model, and the measures beside it, found out about the frame shown at `times`, `latency`
    /// after its arrival.
    pub fn new(
        model_info: &ModelInfo,
        times: Times,
        frame_result: impl Into<FrameResult>,
        latency: gst::ClockTime,
    ) -> Self {
        let mut record = frame_result.into().record(model_info, State::Scored, latency);
        record.scored_pts = times.pts.map(gst::ClockTime::nseconds);
        record.age = Some(0);
        Self(Arc::new(Inner { times, record, scored: OnceLock::new(), carried: OnceLock::new() }))
    }

    /// When the frame is shown.
    pub fn times(&self) -> Times {
        self.0.times
    }

    /// What is said of the frame.
    pub fn record(&self) -> &FrameRecord {
        &self.0.record
    }

    /// What the scored frame itself carries.
    pub fn scored(&self) -> gst::Structure {
        self.0.scored.get_or_init(|| self.0.record.to_structure()).clone()
    }

    /// What a later frame carries that was not scored.
    pub fn carried_by(&self, times: Times) -> gst::Structure {
        // Copied rather than made: this is all the work there is for a frame that is not scored.
        let mut structure = self.0.carried.get_or_init(|| self.unscored()).clone();
        if let Some((now, then)) = times.running.zip(self.0.times.running) {
            structure.set("age", now.saturating_sub(then).nseconds());
        }
        structure
    }

    /// The scored frame's structure, with the map in it, as one of a frame that was not scored.
    fn unscored(&self) -> gst::Structure {
        let mut structure = self.scored();
        structure.set("state", State::Skipped.name());
        structure.remove_field("age");
        structure
    }
}
