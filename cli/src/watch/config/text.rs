// SPDX-License-Identifier: MPL-2.0

//! Values given as text.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, de};
use std::borrow::Cow;
use std::time::Duration;

/// Time such as `2s`, `500ms`, `1.5m` or `00:01:30`.
#[derive(Debug, Clone, Copy, PartialEq, JsonSchema)]
#[schemars(with = "String")]
pub struct Time(pub Duration);

/// Longer times are assumed to be mistakes.
const LONGEST: Duration = Duration::from_secs(7 * 24 * 3600);

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        let time = crate::args::duration(&text).map_err(de::Error::custom)?;
        if time > LONGEST {
            return Err(de::Error::custom("the maximum is seven days"));
        }
        Ok(Self(time))
    }
}
