// SPDX-License-Identifier: MPL-2.0

//! What all elements that score have in common.

pub mod report;
pub mod report_settings;
pub mod scored_frame;

pub use report::Report;
pub use scored_frame::{FrameResult, ModelInfo, ScoredFrame, Times};
