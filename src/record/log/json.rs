// SPDX-License-Identifier: MPL-2.0

//! Records and pools as JSON.

use crate::record::{FrameRecord, PooledField, Value};
use serde_json::{Map, Number, Value as Json};

/// A record as an object, its fields in order. Maps of quality, NaN and infinities are omitted.
pub(super) fn object(record: &FrameRecord) -> Map<String, Json> {
    record.fields().filter_map(|(name, value)| Some((name.to_owned(), json(value)?))).collect()
}

/// The record in an object. Values that records cannot hold (lists, null) are ignored.
pub(super) fn record(object: Map<String, Json>) -> FrameRecord {
    let mut record = FrameRecord::default();
    for (name, json) in object {
        if let Some(value) = value(json) {
            record.set(&name, value);
        }
    }
    record
}

/// A value as JSON; `None` if JSON or logs have no form for it.
pub(super) fn json(value: Value) -> Option<Json> {
    Some(match value {
        Value::Text(text) => text.into(),
        Value::Double(number) => Json::Number(Number::from_f64(number)?),
        Value::Unsigned(number) => number.into(),
        Value::Integer(number) => number.into(),
        Value::Boolean(truth) => truth.into(),
        Value::Values(values) => {
            Json::Object(values.into_iter().filter_map(|(name, value)| Some((name, json(value)?))).collect())
        }
        Value::Map(_) => return None,
    })
}

/// JSON as a value; `None` for null and lists.
pub(super) fn value(json: Json) -> Option<Value> {
    Some(match json {
        Json::Null | Json::Array(_) => return None,
        Json::Bool(truth) => truth.into(),
        Json::String(text) => text.into(),
        Json::Number(number) => match (number.as_u64(), number.as_i64()) {
            (Some(number), _) => number.into(),
            (None, Some(number)) => number.into(),
            (None, None) => number.as_f64()?.into(),
        },
        Json::Object(object) => {
            Value::Values(object.into_iter().filter_map(|(name, json)| Some((name, value(json)?))).collect())
        }
    })
}

/// A pool as an object: the count, if known, and the statistics.
pub(super) fn pool(pooled: &PooledField) -> Map<String, Json> {
    let count = pooled.count.map(|count| ("count".to_owned(), Json::from(count)));
    let statistics = pooled.statistics.iter().map(|(name, value)| (name.clone(), Json::from(*value)));
    count.into_iter().chain(statistics).collect()
}

/// The pool in an object.
pub(super) fn pooled(object: &Map<String, Json>) -> PooledField {
    let statistics = object.iter().filter(|(name, _)| *name != "count");
    let statistics = statistics.filter_map(|(name, value)| Some((name.clone(), value.as_f64()?))).collect();
    PooledField { count: object.get("count").and_then(Json::as_u64), statistics }
}
