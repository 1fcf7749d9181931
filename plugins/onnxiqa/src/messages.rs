// SPDX-License-Identifier: MPL-2.0

//! Conversion between records and `gst::Structure`: frame metadata, element messages and the `stats` property.
//!
//! Structure and field names are public interface. The fields of a frame record come from [`FIELDS`](record::FIELDS).

use gst::glib;
use gst::prelude::*;
use gst_video::prelude::*;
use onnx_iqa::align::time::Ledger;
use onnx_iqa::record::{
    self, Alarm, AlignmentChange, AlignmentEvent, Finding, FrameRecord, Message, Named, PooledField, StreamStats,
    Summary, Value, Window,
};
use onnx_iqa::scorer::Map;
use onnx_iqa::stats::Statistics;

mod finding;

const ATTRIBUTES: &str = "attributes";
/// Summary field that holds the findings, with cause and cure as separate fields.
const FINDINGS: &str = "findings";
/// End-of-stream event field that holds the summary of each upstream element, by element name.
const SUMMARIES: &str = "iqa-summaries";

/// A record that can be converted to and from a structure.
///
/// Equivalent to `From<&Self> for gst::Structure` and `TryFrom<&gst::StructureRef> for Self`, which the orphan rule
/// does not allow here: both types are foreign.
pub trait Structured: Sized {
    /// The structure's name.
    const NAME: &'static str;

    /// Converts the record to a structure. Missing values become absent fields.
    fn to_structure(&self) -> gst::Structure;

    /// Reads the record from a structure whose name has already been checked.
    ///
    /// # Errors
    /// If a mandatory field is missing or has an unexpected type.
    fn read(structure: &gst::StructureRef) -> Result<Self, MessageError>;

    /// Reads the record from a structure.
    ///
    /// # Errors
    /// If the structure has another name, or a mandatory field is missing or has an unexpected type.
    fn from_structure(structure: &gst::StructureRef) -> Result<Self, MessageError> {
        if structure.name() != Self::NAME {
            return Err(MessageError::Name { expected: Self::NAME, found: structure.name().to_string() });
        }
        Self::read(structure)
    }
}

/// Error returned when a structure cannot be converted to a record.
#[derive(Debug, thiserror::Error, PartialEq)]
#[non_exhaustive]
pub enum MessageError {
    /// The structure has another name.
    #[error("expected a structure {expected}, got {found}")]
    Name {
        /// Expected structure name.
        expected: &'static str,
        /// Actual structure name.
        found: String,
    },
    /// A mandatory field is missing.
    #[error("{structure}: field {field} is missing or has an unexpected type")]
    Field {
        /// Structure name.
        structure: String,
        /// Name of the missing field.
        field: &'static str,
    },
    /// A field holds an unknown enum nick.
    #[error("{structure}: unknown value {found} for field {field}")]
    Word {
        /// Structure name.
        structure: String,
        /// Field name.
        field: &'static str,
        /// Value of the field.
        found: String,
    },
}

/// Converts a reporter message to a structure; `None` for message kinds unknown to this version.
pub fn message(message: &Message) -> Option<gst::Structure> {
    match message {
        Message::Window(window) => Some(window.to_structure()),
        Message::Alarm(alarm) => Some(alarm.to_structure()),
        Message::Summary(summary) => Some(summary.to_structure()),
        _ => None,
    }
}

impl Structured for FrameRecord {
    const NAME: &'static str = "iqa-score";

    fn to_structure(&self) -> gst::Structure {
        let mut structure = gst::Structure::new_empty(Self::NAME);
        for (name, value) in self.fields() {
            if let Some(value) = send_value(value) {
                structure.set_value(name, value);
            }
        }
        structure
    }

    fn read(structure: &gst::StructureRef) -> Result<Self, MessageError> {
        Ok(frame_record(structure, true))
    }
}

/// Reads a frame record from a structure of any name. Fields without a record equivalent are ignored. Maps are copied
/// only if `with_map` is set, because copying is expensive.
pub fn frame_record(structure: &gst::StructureRef, with_map: bool) -> FrameRecord {
    let mut record = FrameRecord::default();
    for (name, value) in structure.iter() {
        if let Some(value) = engine_value(value, with_map) {
            record.set(name, value);
        }
    }
    record
}

impl Structured for Window {
    const NAME: &'static str = "iqa-window";

    fn to_structure(&self) -> gst::Structure {
        gst::Structure::builder(Self::NAME)
            .field("scored", self.scored)
            .field("skipped", self.skipped)
            .field("field", &self.field)
            .field_if_some("mean", self.mean)
            .field_if_some("min", self.min)
            .field_if_some("p5", self.p5)
            .field_if_some("start", self.start)
            .field_if_some("end", self.end)
            .build()
    }

    fn read(structure: &gst::StructureRef) -> Result<Self, MessageError> {
        let mut window = Self::default();
        window.scored = required(structure, "scored")?;
        window.skipped = required(structure, "skipped")?;
        window.field = required(structure, "field")?;
        window.mean = structure.get("mean").ok();
        window.min = structure.get("min").ok();
        window.p5 = structure.get("p5").ok();
        window.start = structure.get("start").ok();
        window.end = structure.get("end").ok();
        Ok(window)
    }
}

impl Structured for Alarm {
    const NAME: &'static str = "iqa-alarm";

    fn to_structure(&self) -> gst::Structure {
        gst::Structure::builder(Self::NAME)
            .field("active", self.active)
            .field("mean", self.mean)
            .field("field", &self.field)
            .build()
    }

    fn read(structure: &gst::StructureRef) -> Result<Self, MessageError> {
        let mut alarm = Self::default();
        alarm.active = required(structure, "active")?;
        alarm.mean = required(structure, "mean")?;
        alarm.field = required(structure, "field")?;
        Ok(alarm)
    }
}

impl Structured for AlignmentEvent {
    const NAME: &'static str = "iqa-alignment";

    fn to_structure(&self) -> gst::Structure {
        let structure = gst::Structure::builder(Self::NAME).field("event", self.change.name());
        let structure = match self.change {
            AlignmentChange::Found { to, confidence } => structure.field("to", to).field("confidence", confidence),
            AlignmentChange::Changed { from, to, confidence } => {
                structure.field("to", to).field("confidence", confidence).field("from", from)
            }
            AlignmentChange::Shrunk { window } => structure.field("window", window),
            _ => structure,
        };
        structure.field_if_some("pts", self.pts).field_if_some("running-time", self.running_time).build()
    }

    fn read(structure: &gst::StructureRef) -> Result<Self, MessageError> {
        let to = || required(structure, "to");
        let confidence = || required(structure, "confidence");
        let event: String = required(structure, "event")?;
        let change = match event.as_str() {
            "found" => AlignmentChange::Found { to: to()?, confidence: confidence()? },
            "changed" => {
                AlignmentChange::Changed { from: required(structure, "from")?, to: to()?, confidence: confidence()? }
            }
            "lost" => AlignmentChange::Lost,
            "not-found" => AlignmentChange::NotFound,
            "shrunk" => AlignmentChange::Shrunk { window: required(structure, "window")? },
            _ => {
                let structure = structure.name().to_string();
                return Err(MessageError::Word { structure, field: "event", found: event });
            }
        };
        let mut event = Self::new(change);
        event.pts = structure.get("pts").ok();
        event.running_time = structure.get("running-time").ok();
        Ok(event)
    }
}

impl Structured for Summary {
    const NAME: &'static str = "iqa-summary";

    fn to_structure(&self) -> gst::Structure {
        let mut summary = gst::Structure::builder(Self::NAME)
            .field_if_some("model", self.model.as_ref())
            .field_if_some("model-hash", self.model_hash.as_ref())
            .field_if_some("vmaf-model", self.vmaf_model.as_ref())
            .field_if_some("vmaf-model-hash", self.vmaf_model_hash.as_ref())
            .field_if_some("kind", self.kind.map(Named::name))
            .field("scored", self.scored)
            .field("skipped", self.skipped)
            .field("failed", self.failed)
            .build();
        set_ledger(&mut summary, self.ledger);
        if let Some(verdict) = self.verdict {
            summary.set("verdict", verdict.name());
            summary.set("reasons", gst::Array::new(&self.reasons));
            summary.set(FINDINGS, gst::Array::new(self.findings.iter().map(Structured::to_structure)));
        }
        set_pools(&mut summary, &self.fields);
        if !self.attributes.is_empty() {
            let mut attributes = gst::Structure::new_empty(ATTRIBUTES);
            set_pools(&mut attributes, &self.attributes);
            summary.set(ATTRIBUTES, attributes);
        }
        summary
    }

    fn read(structure: &gst::StructureRef) -> Result<Self, MessageError> {
        let mut summary = Self::default();
        summary.model = structure.get("model").ok();
        summary.model_hash = structure.get("model-hash").ok();
        summary.vmaf_model = structure.get("vmaf-model").ok();
        summary.vmaf_model_hash = structure.get("vmaf-model-hash").ok();
        summary.kind = word(structure, "kind")?;
        summary.scored = required(structure, "scored")?;
        summary.skipped = required(structure, "skipped")?;
        summary.failed = required(structure, "failed")?;
        summary.ledger = ledger(structure);
        summary.verdict = word(structure, "verdict")?;
        if let Ok(reasons) = structure.get::<gst::Array>("reasons") {
            summary.reasons = reasons.iter().filter_map(|reason| reason.get::<String>().ok()).collect();
        }
        if let Ok(findings) = structure.get::<gst::Array>(FINDINGS) {
            let structures = findings.iter().filter_map(|finding| finding.get::<gst::Structure>().ok());
            summary.findings = structures.filter_map(|finding| Finding::from_structure(&finding).ok()).collect();
        }
        summary.fields = pools(structure);
        if let Ok(attributes) = structure.get::<gst::Structure>(ATTRIBUTES) {
            summary.attributes = pools(&attributes);
        }
        Ok(summary)
    }
}

/// Attaches an element's summary to an end-of-stream event, for log elements downstream, which cannot see bus messages.
/// The event keeps its type and sequence, and queues and encoders forward it unchanged.
pub fn add_summary(event: &mut gst::Event, element: &str, summary: &Summary) {
    let structure = event.make_mut().structure_mut();
    let known = structure.get::<gst::Structure>(SUMMARIES).ok();
    let mut summaries = known.unwrap_or_else(|| gst::Structure::new_empty(SUMMARIES));
    summaries.set(element, summary.to_structure());
    structure.set(SUMMARIES, summaries);
}

/// Returns the summaries in an end-of-stream event, each with its element name.
pub fn summaries(event: &gst::EventRef) -> Vec<(String, Summary)> {
    let summaries = event.structure().and_then(|structure| structure.get::<gst::Structure>(SUMMARIES).ok());
    let entries = summaries.iter().flat_map(|summaries| summaries.iter());
    let read = entries.filter_map(|(element, value)| {
        let structure = value.get::<gst::Structure>().ok()?;
        Some((element.to_string(), Summary::from_structure(&structure).ok()?))
    });
    read.collect()
}

impl Structured for StreamStats {
    const NAME: &'static str = "iqa-stats";

    fn to_structure(&self) -> gst::Structure {
        let mut stats = gst::Structure::builder(Self::NAME).field_if_some("frames", self.frames).build();
        set_ledger(&mut stats, self.ledger);
        stats.set("scored", self.scored);
        stats.set("skipped", self.skipped);
        stats.set("failed", self.failed);
        for (name, value) in [("mean", self.mean), ("min", self.min), ("p5", self.p5), ("last", self.last)] {
            stats.set_if_some(name, value);
        }
        stats.set_if_some("latency-mean", self.latency_mean);
        stats.set_if_some("latency-p99", self.latency_p99);
        stats
    }

    fn read(structure: &gst::StructureRef) -> Result<Self, MessageError> {
        let mut stats = Self::default();
        stats.frames = structure.get("frames").ok();
        stats.ledger = ledger(structure);
        stats.scored = required(structure, "scored")?;
        stats.skipped = required(structure, "skipped")?;
        stats.failed = required(structure, "failed")?;
        stats.mean = structure.get("mean").ok();
        stats.min = structure.get("min").ok();
        stats.p5 = structure.get("p5").ok();
        stats.last = structure.get("last").ok();
        stats.latency_mean = structure.get("latency-mean").ok();
        stats.latency_p99 = structure.get("latency-p99").ok();
        Ok(stats)
    }
}

fn set_ledger(structure: &mut gst::Structure, ledger: Option<Ledger>) {
    for (name, count) in ledger.into_iter().flat_map(record::ledger_counts) {
        structure.set(name, count);
    }
}

/// Returns `None` if the structure contains none of the ledger counts.
fn ledger(structure: &gst::StructureRef) -> Option<Ledger> {
    let mut ledger = Ledger::default();
    let found = structure.iter().filter(|(name, value)| {
        value.get::<u64>().is_ok_and(|count| record::set_ledger_count(&mut ledger, name, count))
    });
    (found.count() > 0).then_some(ledger)
}

fn set_pools(structure: &mut gst::Structure, pools: &[(String, PooledField)]) {
    for (name, pooled) in pools {
        let mut pool = gst::Structure::new_empty("pool");
        for (statistic, value) in &pooled.statistics {
            pool.set(statistic.as_str(), value);
        }
        structure.set(name.as_str(), pool);
    }
}

/// Returns the pooled statistics: every field whose value is a structure.
fn pools(structure: &gst::StructureRef) -> Vec<(String, PooledField)> {
    let structures = structure.iter().filter_map(|(name, value)| Some((name, value.get::<gst::Structure>().ok()?)));
    let pools = structures.filter(|(_, pool)| pool.name() == "pool");
    pools.map(|(name, pool)| (name.to_string(), pooled(&pool))).collect()
}

fn pooled(pool: &gst::StructureRef) -> PooledField {
    let mut pooled = PooledField::default();
    pooled.statistics =
        Statistics::NAMES.iter().filter_map(|&name| Some((name.to_owned(), pool.get(name).ok()?))).collect();
    pooled
}

/// Returns the value of a mandatory field.
fn required<'a, T: glib::value::FromValue<'a>>(
    structure: &'a gst::StructureRef,
    field: &'static str,
) -> Result<T, MessageError> {
    let value = structure.value(field).ok().and_then(|value| value.get().ok());
    value.ok_or_else(|| MessageError::Field { structure: structure.name().to_string(), field })
}

/// Returns the value of an optional field that holds an enum nick.
fn word<T: Named>(structure: &gst::StructureRef, field: &'static str) -> Result<Option<T>, MessageError> {
    let Ok(found) = structure.get::<String>(field) else { return Ok(None) };
    let structure = || structure.name().to_string();
    T::from_name(&found).map(Some).ok_or_else(|| MessageError::Word { structure: structure(), field, found })
}

/// Converts an engine value to a GStreamer value; `None` for value kinds unknown to this version.
fn send_value(value: Value) -> Option<glib::SendValue> {
    Some(match value {
        Value::Text(text) => text.to_send_value(),
        Value::Double(number) => number.to_send_value(),
        Value::Unsigned(number) => number.to_send_value(),
        Value::Integer(number) => number.to_send_value(),
        Value::Boolean(truth) => truth.to_send_value(),
        Value::Values(values) => {
            let mut structure = gst::Structure::new_empty(ATTRIBUTES);
            for (name, value) in values {
                structure.set_value(name, send_value(value)?);
            }
            structure.to_send_value()
        }
        Value::Map(map) => sample(&map)?.to_send_value(),
        _ => return None,
    })
}

/// Converts a GStreamer value to an engine value; `None` if records cannot hold it.
fn engine_value(value: &glib::Value, with_map: bool) -> Option<Value> {
    match value.type_() {
        glib::Type::F64 => value.get::<f64>().ok().map(Value::from),
        glib::Type::F32 => value.get::<f32>().ok().map(|number| Value::Double(number.into())),
        glib::Type::U64 => value.get::<u64>().ok().map(Value::from),
        glib::Type::I64 => value.get::<i64>().ok().map(Value::from),
        glib::Type::U32 => value.get::<u32>().ok().map(|number| Value::Unsigned(number.into())),
        glib::Type::I32 => value.get::<i32>().ok().map(|number| Value::Integer(number.into())),
        glib::Type::BOOL => value.get::<bool>().ok().map(Value::from),
        glib::Type::STRING => value.get::<Option<String>>().ok()?.map(Value::from),
        t if t == gst::Structure::static_type() => {
            let structure = value.get::<gst::Structure>().ok()?;
            let values = structure.iter().filter_map(|(name, v)| Some((name.to_string(), engine_value(v, with_map)?)));
            Some(Value::Values(values.collect()))
        }
        t if with_map && t == gst::Sample::static_type() => {
            map(&value.get::<gst::Sample>().ok()?).map(|map| Value::Map(map.into()))
        }
        _ => None,
    }
}

/// Converts a quality map to a GRAY8 sample: 0 = worst, 255 = best.
fn sample(map: &Map) -> Option<gst::Sample> {
    let info = gst_video::VideoInfo::builder(gst_video::VideoFormat::Gray8, map.width, map.height).build().ok()?;
    let stride = usize::try_from(*info.stride().first()?).ok()?;
    let mut padded = vec![0; info.size()];
    for (to, from) in padded.chunks_mut(stride).zip(map.data.chunks(map.width as usize)) {
        to.get_mut(..from.len())?.copy_from_slice(from);
    }
    let caps = info.to_caps().ok()?;
    Some(gst::Sample::builder().buffer(&gst::Buffer::from_mut_slice(padded)).caps(&caps).build())
}

/// Converts a GRAY8 sample to a quality map.
pub(crate) fn map(sample: &gst::Sample) -> Option<Map> {
    let info = gst_video::VideoInfo::from_caps(sample.caps()?).ok()?;
    if info.format() != gst_video::VideoFormat::Gray8 {
        return None;
    }
    let frame = gst_video::VideoFrameRef::from_buffer_ref_readable(sample.buffer()?, &info).ok()?;
    let stride = usize::try_from(*frame.plane_stride().first()?).ok().filter(|&stride| stride > 0)?;
    let (width, height) = (info.width() as usize, info.height() as usize);
    let mut data = Vec::with_capacity(width * height);
    for row in frame.plane_data(0).ok()?.chunks(stride).take(height) {
        data.extend_from_slice(row.get(..width)?);
    }
    (data.len() == width * height).then_some(Map { width: info.width(), height: info.height(), data })
}

#[cfg(test)]
mod tests;
