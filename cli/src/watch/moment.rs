// SPDX-License-Identifier: MPL-2.0

//! Points in time: wall clock for display, monotonic clock for ages.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Serialize, Serializer};
use std::time::{Duration, Instant};

/// A point in time. Ages are based on the monotonic clock, so that setting the wall clock does not change them.
#[derive(Debug, Clone, Copy, PartialEq, JsonSchema)]
#[schemars(with = "String")]
pub struct Moment {
    /// Wall clock time. Serialized as this alone, in RFC 3339 format.
    pub wall: Timestamp,
    /// Monotonic time.
    pub steady: Instant,
}

impl Moment {
    /// The current time.
    pub fn now() -> Self {
        Self { wall: Timestamp::now(), steady: Instant::now() }
    }

    /// Elapsed time.
    pub fn age(&self) -> Duration {
        self.steady.elapsed()
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.wall.serialize(serializer)
    }
}
