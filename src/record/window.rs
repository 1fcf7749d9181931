// SPDX-License-Identifier: MPL-2.0

//! Reports about parts of a stream.

use crate::stats::{AlarmChange, WindowStatistics};

/// The statistics of one window.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct Window {
    /// Frames with a value.
    pub scored: u64,
    /// Frames without one.
    pub skipped: u64,
    /// The field or attribute of the window.
    pub field: String,
    /// The mean of its values, in the field's unit like the next two; `None` without values.
    pub mean: Option<f64>,
    /// The smallest value.
    pub min: Option<f64>,
    /// The fifth percentile of its values, by nearest rank.
    pub p5: Option<f64>,
    /// Where the window began, in nanoseconds of running time; `None` if none of its frames had one.
    pub start: Option<u64>,
    /// Its end, in nanoseconds of running time.
    pub end: Option<u64>,
}

impl Window {
    /// A window of the field `field`.
    #[must_use]
    pub fn new(field: &str, statistics: &WindowStatistics) -> Self {
        let WindowStatistics { start, end, mean, min, p5, scored, skipped } = *statistics;
        Self { scored, skipped, field: field.to_owned(), mean, min, p5, start, end }
    }
}

/// An alarm was raised or has cleared.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct Alarm {
    /// Whether it is raised now.
    pub active: bool,
    /// The window's mean that caused this, in the field's unit.
    pub mean: f64,
    /// The field or attribute that it watches.
    pub field: String,
}

impl Alarm {
    /// An alarm on the field `field`.
    #[must_use]
    pub fn new(field: &str, change: AlarmChange) -> Self {
        Self { active: change.active, mean: change.mean, field: field.to_owned() }
    }
}
