// SPDX-License-Identifier: MPL-2.0

//! Status of a rendition: its verdict and thresholds combined.

use crate::report::data::Rendition;

/// Status of a rendition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// All thresholds were checked and met.
    Pass,
    /// A threshold was missed.
    Fail,
    /// No thresholds apply.
    Measured,
    /// Too few matched frames for a pass.
    Partly,
    /// A threshold could not be checked.
    Unchecked,
    /// The alignment is not trusted.
    NotMeasurable,
    /// It could not be read.
    Unreadable,
    /// The run ended before it was finished.
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

    /// Whether results may be shown.
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

    /// Icon in the page's sprite.
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

    /// CSS class for the color.
    pub fn class(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail | Self::Unreadable => "fail",
            Self::Measured | Self::Unfinished => "",
            Self::Partly | Self::Unchecked | Self::NotMeasurable => "unknown",
        }
    }
}
