// SPDX-License-Identifier: MPL-2.0

//! Access to a record's fields by name.

use super::field::{FIELDS, Field, FieldType};
use super::frame::FrameRecord;
use super::names::State;
use super::value::Value;

impl FrameRecord {
    /// Every field that has a value: those of [`FIELDS`] in their order, then [`other`](Self::other).
    ///
    /// The age of an earlier score that a frame carries comes last, as it always has in logs.
    pub fn fields(&self) -> impl Iterator<Item = (&str, Value)> {
        let carries = self.state == Some(State::Skipped);
        let is_late = move |field: &&Field| carries && field.name == "age";
        let known = FIELDS.iter().filter(move |field| !is_late(field)).chain(FIELDS.iter().filter(is_late));
        let known = known.filter_map(|field| Some((field.name, field.get(self)?)));
        known.chain(self.other.iter().map(|(name, value)| (name.as_str(), value.clone())))
    }

    /// Sets the field of that name. Fields that [`FIELDS`] lacks, or has with another type, go to
    /// [`other`](Self::other). NaN and infinities are ignored.
    pub fn set(&mut self, name: &str, value: Value) {
        let rest = match Field::named(name) {
            Some(field) => field.set(self, value).err(),
            None => finite(value),
        };
        let Some(value) = rest else { return };
        match self.other.iter_mut().find(|(known, _)| known == name) {
            Some((_, place)) => *place = value,
            None => self.other.push((name.to_owned(), value)),
        }
    }

    /// The fields that are measurements, for pools and logs: every floating-point number, but no times (which are
    /// integers) and no attributes.
    pub fn numbers(&self) -> impl Iterator<Item = (&str, f64)> {
        let known = FIELDS.iter().filter_map(|field| Some((field.name, field.number(self)?)));
        known.chain(self.other.iter().filter_map(|(name, value)| match value {
            Value::Double(number) => Some((name.as_str(), *number)),
            _ => None,
        }))
    }

    /// The value of a field that windows and alarms can watch: one of [`numbers`](Self::numbers), or an attribute.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<f64> {
        let number = Field::named(name).filter(|field| field.value_type == FieldType::Double);
        let attribute = || self.attributes.iter().find(|(known, _)| known == name).map(|&(_, value)| value);
        number.and_then(|field| field.number(self)).or_else(attribute)
    }
}

/// The value without NaN and infinities.
fn finite(value: Value) -> Option<Value> {
    match value {
        Value::Double(number) if !number.is_finite() => None,
        Value::Values(values) => {
            let values = values.into_iter().filter_map(|(name, value)| Some((name, finite(value)?))).collect();
            Some(Value::Values(values))
        }
        other => Some(other),
    }
}
