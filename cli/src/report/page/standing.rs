// SPDX-License-Identifier: MPL-2.0

//! How a rendition stands: its verdict and its thresholds in one word.

use crate::report::data::Rendition;

/// What the page says of a rendition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// All thresholds were checked and met.
    Pass,
    /// One was missed.
    Fail,
    /// Nothing was asked of it.
    Measured,
    /// Too few frames found a partner for a pass.
    Partly,
    /// A threshold could not be checked.
    Unchecked,
    /// Its alignment is not trusted.
    NotMeasurable,
    /// It could not be read.
    Unreadable,
    /// The run ended before.
    Unfinished,
}

impl Standing {
    pub fn of(rendition: &Rendition) -> Self {
        let thresholds = &rendition.thresholds;
        match rendition.verdict.as_str() {
            "aligned" | "aligned-by-time" | "partly" => {
                if thresholds.iter().any(|threshold| threshold.met == Some(false)) {
                    Self::Fail
                } else if rendition.verdict == "partly" {
                    Self::Partly
                } else if thresholds.iter().any(|threshold| threshold.met.is_none()) {
                    Self::Unchecked
                } else if thresholds.is_empty() {
                    Self::Measured
                } else {
                    Self::Pass
                }
            }
            "failed" => Self::Unreadable,
            "interrupted" => Self::Unfinished,
            _ => Self::NotMeasurable,
        }
    }

    /// Whether its measures may be shown.
    pub fn trusted(self) -> bool {
        !matches!(self, Self::NotMeasurable | Self::Unreadable | Self::Unfinished)
    }

    pub fn word(self) -> &'static str {
        match self {
            Self::Pass => "Pass",
            Self::Fail => "Fail",
            Self::Measured => "Measured",
            Self::Partly => "Partly measured",
            Self::Unchecked => "Not checked",
            Self::NotMeasurable => "Not measurable",
            Self::Unreadable => "Not readable",
            Self::Unfinished => "Not measured",
        }
    }

    /// The icon in the page's sprite.
    pub fn icon(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Measured => "live",
            Self::Partly => "half",
            Self::Unchecked | Self::NotMeasurable => "unknown",
            Self::Unreadable => "warn",
            Self::Unfinished => "offline",
        }
    }

    /// The class that gives the color.
    pub fn class(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail | Self::Unreadable => "fail",
            Self::Measured | Self::Unfinished => "",
            Self::Partly | Self::Unchecked | Self::NotMeasurable => "unknown",
        }
    }
}
