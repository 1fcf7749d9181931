// SPDX-License-Identifier: MPL-2.0

//! What an element says of a frame.

use crate::meta;
use onnx_iqa::scorer::{Map, Score};
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
}

/// Who scores.
#[derive(Debug, Clone, Default)]
pub struct ModelInfo {
    /// The model's name, by its contract.
    pub model: String,
    /// `nr` or `fr`.
    pub kind: &'static str,
}

impl ModelInfo {
    /// What a frame without a score carries.
    pub fn entry(&self, state: &str) -> gst::Structure {
        gst::Structure::builder(meta::ENTRY)
            .field("model", &self.model)
            .field("kind", self.kind)
            .field("state", state)
            .build()
    }
}

/// Which frame of the reference a frame was compared with.
#[derive(Debug, Clone, Copy)]
pub struct Partner {
    /// `matched`, `duplicate` or `unmatched`.
    pub pairing: &'static str,
    /// 0 to 1.
    pub confidence: f64,
    /// The reference frame's time stamp.
    pub pts: Option<gst::ClockTime>,
    /// Its running time minus the distorted frame's, in nanoseconds.
    pub offset: Option<i64>,
}

impl Partner {
    /// Adds to an entry what there is to say of the partner.
    pub fn describe(&self, entry: &mut gst::Structure) {
        if let Some(pts) = self.pts {
            entry.set("reference-pts", pts.nseconds());
        }
        if let Some(offset) = self.offset {
            entry.set("offset", offset);
        }
        entry.set("pairing", self.pairing);
        entry.set("confidence", self.confidence);
    }
}

/// What was found out about a frame.
#[derive(Debug, Default)]
pub struct FrameResult {
    /// The model's score.
    pub score: Option<Score>,
    /// With a reference: the frame it was compared with.
    pub partner: Option<Partner>,
    /// Numbers beside the model's, under the contract's names.
    pub measures: Vec<(&'static str, f64)>,
}

impl From<Score> for FrameResult {
    fn from(score: Score) -> Self {
        Self { score: Some(score), ..Self::default() }
    }
}

#[derive(Debug)]
struct Inner {
    times: Times,
    latency: gst::ClockTime,
    /// Everything that is one number, under the contract's names.
    numbers: Vec<(&'static str, f64)>,
    partner: Option<Partner>,
    values: Vec<(String, f64)>,
    attributes: Option<gst::Structure>,
    map: Option<gst::Sample>,
    /// What frames carry that were not scored, but for the age. An entry is of one element and so of one subject.
    carried: OnceLock<gst::Structure>,
}

/// What is known of a frame, shared by the frames that carry it.
#[derive(Debug, Clone)]
pub struct Entry(Arc<Inner>);

impl Entry {
    /// What was found out about the frame shown at `times`, `latency` after its arrival.
    pub fn new(times: Times, frame_result: impl Into<FrameResult>, latency: gst::ClockTime) -> Self {
        let FrameResult { score, partner, measures } = frame_result.into();
        let mut numbers = Vec::with_capacity(measures.len() + 3);
        let (mut values, mut map) = (Vec::new(), None);
        if let Some(score) = score {
            numbers.extend([("score", score.score), ("raw", score.raw)]);
            values = score.attributes;
            map = score.map.and_then(sample);
        }
        numbers.extend(partner.map(|partner| ("confidence", partner.confidence)));
        numbers.extend(measures);
        let attributes = (!values.is_empty()).then(|| {
            let mut attributes = gst::Structure::new_empty("attributes");
            for (name, value) in &values {
                attributes.set(name.as_str(), value);
            }
            attributes
        });
        Self(Arc::new(Inner { times, latency, numbers, partner, values, attributes, map, carried: OnceLock::new() }))
    }

    /// From arrival to score.
    pub fn latency(&self) -> gst::ClockTime {
        self.0.latency
    }

    /// When the frame is shown.
    pub fn times(&self) -> Times {
        self.0.times
    }

    /// The value of a field that windows and alarms can look at: one of [`numbers`](Self::numbers), or an attribute.
    pub fn value(&self, field: &str) -> Option<f64> {
        let number = self.0.numbers.iter().find(|(name, _)| *name == field).map(|&(_, value)| value);
        number.or_else(|| self.0.values.iter().find(|(name, _)| name == field).map(|&(_, value)| value))
    }

    /// The numbers that pools count, under the contract's names.
    pub fn numbers(&self) -> &[(&'static str, f64)] {
        &self.0.numbers
    }

    /// What else the model gave, 0 to 100.
    pub fn attributes(&self) -> &[(String, f64)] {
        &self.0.values
    }

    /// What the scored frame itself carries.
    pub fn scored(&self, model_info: &ModelInfo) -> gst::Structure {
        self.structure(model_info, "scored", Some(gst::ClockTime::ZERO))
    }

    /// What a later frame carries that was not scored.
    pub fn carried_by(&self, times: Times, model_info: &ModelInfo) -> gst::Structure {
        // Copied rather than made: this is all the work there is for a frame that is not scored.
        let mut entry = self.0.carried.get_or_init(|| self.structure(model_info, "skipped", None)).clone();
        if let Some((now, then)) = times.running.zip(self.0.times.running) {
            entry.set("age", now.saturating_sub(then).nseconds());
        }
        entry
    }

    fn structure(&self, model_info: &ModelInfo, state: &str, age: Option<gst::ClockTime>) -> gst::Structure {
        let inner = &*self.0;
        let mut entry = model_info.entry(state);
        let scores = |name: &str| matches!(name, "score" | "raw");
        for (name, value) in inner.numbers.iter().filter(|(name, _)| scores(name)) {
            entry.set(*name, value);
        }
        // Fields that do not exist are left out: GST_CLOCK_TIME_NONE would read as a time.
        for (field, time) in [("scored-pts", inner.times.pts), ("age", age), ("latency", Some(inner.latency))] {
            if let Some(time) = time {
                entry.set(field, time.nseconds());
            }
        }
        if let Some(attributes) = &inner.attributes {
            entry.set("attributes", attributes);
        }
        if let Some(map) = &inner.map {
            entry.set("map", map);
        }
        if let Some(partner) = &inner.partner {
            partner.describe(&mut entry);
        }
        for (name, value) in inner.numbers.iter().filter(|(name, _)| !scores(name)) {
            entry.set(*name, value);
        }
        entry
    }
}

/// A map of quality as a GRAY8 picture: 0 = worst, 255 = best.
fn sample(map: Map) -> Option<gst::Sample> {
    let info = gst_video::VideoInfo::builder(gst_video::VideoFormat::Gray8, map.width, map.height).build().ok()?;
    let width = map.width as usize;
    let stride = usize::try_from(*info.stride().first()?).ok()?;
    let mut padded = vec![0; info.size()];
    for (to, from) in padded.chunks_mut(stride).zip(map.data.chunks(width)) {
        to.get_mut(..from.len())?.copy_from_slice(from);
    }
    let caps = info.to_caps().ok()?;
    Some(gst::Sample::builder().buffer(&gst::Buffer::from_mut_slice(padded)).caps(&caps).build())
}
