// SPDX-License-Identifier: MPL-2.0

//! When something was: by the clock on the wall for people, by the steady clock for ages.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Serialize, Serializer};
use std::time::{Duration, Instant};

/// A moment. Ages come from the steady clock: a wall clock that is set forward or back makes nothing old or young.
#[derive(Debug, Clone, Copy, PartialEq, JsonSchema)]
#[schemars(with = "String")]
pub struct Moment {
    /// By the clock on the wall. Serialized as this alone, by RFC 3339.
    pub wall: Timestamp,
    /// By the steady clock.
    pub steady: Instant,
}

impl Moment {
    /// This moment.
    pub fn now() -> Self {
        Self { wall: Timestamp::now(), steady: Instant::now() }
    }

    /// How long ago it was.
    pub fn age(&self) -> Duration {
        self.steady.elapsed()
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.wall.serialize(serializer)
    }
}
