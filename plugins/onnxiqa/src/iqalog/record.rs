// SPDX-License-Identifier: MPL-2.0

//! What one frame carries, as the log's formats need it.

use gst::glib;
use gst::prelude::*;
use serde_json::{Map, Value};

/// One frame of the log: times in nanoseconds, and what each element says of it, by the element's name.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Record {
    pub pts: Option<u64>,
    pub running_time: Option<u64>,
    pub scores: Map<String, Value>,
}

/// An element's entry as a JSON object, its fields in order. Quality maps, numbers that are none (NaN) and types that
/// a log has no form for are left out.
pub fn fields(entry: &gst::StructureRef) -> Value {
    Value::Object(entry.iter().filter_map(|(name, value)| Some((name.to_string(), json(value)?))).collect())
}

fn json(value: &glib::Value) -> Option<Value> {
    match value.type_() {
        glib::Type::F64 => number(value.get::<f64>().ok()?),
        glib::Type::F32 => number(value.get::<f32>().ok()?.into()),
        glib::Type::U64 => Some(value.get::<u64>().ok()?.into()),
        glib::Type::I64 => Some(value.get::<i64>().ok()?.into()),
        glib::Type::U32 => Some(value.get::<u32>().ok()?.into()),
        glib::Type::I32 => Some(value.get::<i32>().ok()?.into()),
        glib::Type::BOOL => Some(value.get::<bool>().ok()?.into()),
        glib::Type::STRING => Some(value.get::<Option<String>>().ok()??.into()),
        t if t == gst::Structure::static_type() => value.get::<gst::Structure>().ok().map(|entry| fields(&entry)),
        _ => None,
    }
}

fn number(value: f64) -> Option<Value> {
    serde_json::Number::from_f64(value).map(Value::Number)
}

#[cfg(test)]
mod tests {
    use super::fields;

    #[test]
    fn every_type_of_the_contract_and_what_has_no_form() {
        gst::init().expect("GStreamer");
        let entry = gst::Structure::builder("iqa-score")
            .field("model", "metaiqa")
            .field("score", 62.5)
            .field("raw", f64::NAN)
            .field("scored-pts", gst::ClockTime::from_seconds(4))
            .field("age", u64::MAX - 1)
            .field("offset", -5i64)
            .field("attributes", gst::Structure::builder("attributes").field("noise", 3.0).build())
            .field("map", gst::Sample::builder().build())
            .build();
        assert_eq!(
            fields(&entry).to_string(),
            concat!(
                r#"{"model":"metaiqa","score":62.5,"scored-pts":4000000000,"age":18446744073709551614,"#,
                r#""offset":-5,"attributes":{"noise":3.0}}"#
            )
        );
    }
}
