// SPDX-License-Identifier: MPL-2.0

//! A field's value, if its type is known at run time only.

use super::names::{Named, PairingState, State};
use super::verdict::Verdict;
use crate::align::time::Evidence;
use crate::model::contract::Kind;
use crate::scorer::Map;
use std::sync::Arc;

/// The value of a field, in the forms that metadata, messages and logs share.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Value {
    /// Text, or the name of an enum's value.
    Text(String),
    /// A floating-point number.
    Double(f64),
    /// An integer that is not negative; times are in nanoseconds.
    Unsigned(u64),
    /// An integer.
    Integer(i64),
    /// True or false.
    Boolean(bool),
    /// Named values, in order.
    Values(Vec<(String, Value)>),
    /// A map of quality. It is large, so copies of records share it.
    Map(Arc<Map>),
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Self::Double(value)
    }
}

impl From<u64> for Value {
    fn from(value: u64) -> Self {
        Self::Unsigned(value)
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Integer(value)
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Boolean(value)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

impl From<Arc<Map>> for Value {
    fn from(value: Arc<Map>) -> Self {
        Self::Map(value)
    }
}

/// A value of another type is returned as the error.
impl TryFrom<Value> for f64 {
    type Error = Value;

    fn try_from(value: Value) -> Result<Self, Value> {
        match value {
            Value::Double(value) => Ok(value),
            // Text formats do not distinguish 60 from 60.0.
            Value::Unsigned(value) => Ok(value as f64),
            Value::Integer(value) => Ok(value as f64),
            other => Err(other),
        }
    }
}

/// A value of another type, or a negative one, is returned as the error.
impl TryFrom<Value> for u64 {
    type Error = Value;

    fn try_from(value: Value) -> Result<Self, Value> {
        match value {
            Value::Unsigned(value) => Ok(value),
            Value::Integer(integer) => integer.try_into().map_err(|_| value),
            other => Err(other),
        }
    }
}

/// A value of another type, or one that is too large, is returned as the error.
impl TryFrom<Value> for i64 {
    type Error = Value;

    fn try_from(value: Value) -> Result<Self, Value> {
        match value {
            Value::Integer(value) => Ok(value),
            Value::Unsigned(unsigned) => unsigned.try_into().map_err(|_| value),
            other => Err(other),
        }
    }
}

/// A value of another type is returned as the error.
impl TryFrom<Value> for bool {
    type Error = Value;

    fn try_from(value: Value) -> Result<Self, Value> {
        match value {
            Value::Boolean(value) => Ok(value),
            other => Err(other),
        }
    }
}

/// A value of another type is returned as the error.
impl TryFrom<Value> for String {
    type Error = Value;

    fn try_from(value: Value) -> Result<Self, Value> {
        match value {
            Value::Text(value) => Ok(value),
            other => Err(other),
        }
    }
}

/// A value of another type is returned as the error.
impl TryFrom<Value> for Arc<Map> {
    type Error = Value;

    fn try_from(value: Value) -> Result<Self, Value> {
        match value {
            Value::Map(value) => Ok(value),
            other => Err(other),
        }
    }
}

macro_rules! by_name {
    ($($enum:ty),+) => {
        $(
            impl From<$enum> for Value {
                fn from(value: $enum) -> Self {
                    value.name().into()
                }
            }

            /// Anything but one of the names is returned as the error.
            impl TryFrom<Value> for $enum {
                type Error = Value;

                fn try_from(value: Value) -> Result<Self, Value> {
                    match &value {
                        Value::Text(name) => <$enum>::from_name(name).ok_or(value),
                        _ => Err(value),
                    }
                }
            }
        )+
    };
}

by_name!(Kind, State, PairingState, Evidence, Verdict);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_change_their_sign_only_where_they_fit() {
        assert_eq!(i64::try_from(Value::Unsigned(5)), Ok(5));
        assert_eq!(i64::try_from(Value::Unsigned(u64::MAX)), Err(Value::Unsigned(u64::MAX)));
        assert_eq!(u64::try_from(Value::Integer(5)), Ok(5));
        assert_eq!(u64::try_from(Value::Integer(-5)), Err(Value::Integer(-5)));
        assert_eq!(f64::try_from(Value::Unsigned(60)), Ok(60.0));
        assert_eq!(f64::try_from(Value::Boolean(true)), Err(Value::Boolean(true)));
    }

    #[test]
    fn names_are_read_as_enums_and_other_words_come_back() {
        assert_eq!(State::try_from(Value::from("failed")), Ok(State::Failed));
        assert_eq!(State::try_from(Value::from("lost")), Err(Value::from("lost")));
        assert_eq!(Value::from(Kind::FullReference), Value::from("fr"));
    }
}
