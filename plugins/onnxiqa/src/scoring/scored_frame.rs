// SPDX-License-Identifier: MPL-2.0

//! Entries of scored frames, and of the frames that carry an earlier score.

use crate::messages::Structured;
use onnx_iqa::model::contract::Kind;
use onnx_iqa::record::{FrameRecord, Named, Partner, Place, State};
use onnx_iqa::scorer::{NoReferenceResult, Score};
use std::sync::{Arc, OnceLock};

/// Timestamps of a frame.
#[derive(Debug, Clone, Copy, Default)]
pub struct Times {
    /// Presentation timestamp.
    pub pts: Option<gst::ClockTime>,
    /// Running time.
    pub running: Option<gst::ClockTime>,
    /// Stream time.
    pub stream: Option<gst::ClockTime>,
    /// Duration, from the buffer or the caps.
    pub duration: Option<gst::ClockTime>,
}

impl Times {
    /// Computes the times of a buffer in a segment; `period` is the frame duration according to the caps.
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

    /// Window in which the frame counts.
    pub fn place(self) -> Place {
        let [running_time, duration] = [self.running, self.duration].map(|time| time.map(gst::ClockTime::nseconds));
        Place::Next { running_time, duration }
    }
}

/// Name and kind of the scoring model.
#[derive(Debug, Clone)]
pub struct ModelInfo {
    /// Model name from its contract.
    pub model: String,
    /// Whether the model needs a reference.
    pub kind: Kind,
}

impl Default for ModelInfo {
    fn default() -> Self {
        Self { model: String::new(), kind: Kind::NoReference }
    }
}

impl ModelInfo {
    /// Creates the record of a frame without a score.
    pub fn record(&self, state: State) -> FrameRecord {
        FrameRecord::new(&self.model, self.kind, state)
    }
}

/// Results for a frame.
#[derive(Debug, Default)]
pub struct FrameResult {
    /// Score of the model.
    pub score: Option<Score>,
    /// With a reference: the frame it was compared with.
    pub partner: Option<Partner>,
    /// Values of measures, by field name.
    pub measures: Vec<(&'static str, f64)>,
    /// Bit depth at which the measures compared the samples.
    pub depth: Option<u8>,
}

impl FrameResult {
    /// Creates the record of the frame; `latency` is the time from its arrival to its score.
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
        // The bit depth is only relevant for measures.
        let depth = measures.depth().filter(|_| !measures.is_empty());
        let measures = measures.iter().map(|(field, value)| (field.name, value)).collect();
        Self { score, measures, depth, ..Self::default() }
    }
}

#[derive(Debug)]
struct Inner {
    times: Times,
    record: FrameRecord,
    /// Structure attached to the scored frame.
    scored: OnceLock<gst::Structure>,
    /// Structure attached to frames that carry this score, without `age`.
    carried: OnceLock<gst::Structure>,
}

/// A scored frame: its record and the structures made from it, shared by the frames that carry the score.
#[derive(Debug, Clone)]
pub struct ScoredFrame(Arc<Inner>);

impl ScoredFrame {
    /// Creates the entry for a frame with these `times`; `latency` is the time from its arrival to its score.
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

    /// Times of the scored frame.
    pub fn times(&self) -> Times {
        self.0.times
    }

    /// Record of the scored frame.
    pub fn record(&self) -> &FrameRecord {
        &self.0.record
    }

    /// Structure for the scored frame itself.
    pub fn scored(&self) -> gst::Structure {
        self.0.scored.get_or_init(|| self.0.record.to_structure()).clone()
    }

    /// Structure for a later frame that carries this score.
    pub fn carried_by(&self, times: Times) -> gst::Structure {
        // A copy of a prepared structure: this is the only work for frames that are not scored.
        let mut structure = self.0.carried.get_or_init(|| self.unscored()).clone();
        if let Some((now, then)) = times.running.zip(self.0.times.running) {
            structure.set("age", now.saturating_sub(then).nseconds());
        }
        structure
    }

    /// The scored frame's structure, including the map, with the state of a frame that was not scored.
    fn unscored(&self) -> gst::Structure {
        let mut structure = self.scored();
        structure.set("state", State::Skipped.name());
        structure.remove_field("age");
        structure
    }
}
