// SPDX-License-Identifier: MPL-2.0

//! Code shared by the scoring elements: model and report properties, the open model, frame records, stream reports,
//! error handling and the panic guard.

mod failure;
mod guard;
mod labels;
pub mod measures;
mod model_settings;
pub mod report;
pub mod report_settings;
pub mod scored_frame;
mod selection_settings;
mod session;
mod stamps;

pub use failure::{Failures, OnError};
pub use guard::{Guarded, guard};
pub use labels::{Labels, open_analytics};
#[cfg(feature = "doc")]
pub use model_settings::Provider;
pub use model_settings::{ModelSettings, NO_MODEL};
pub use report::{Fields, Notice, Report, warn};
pub use scored_frame::{FrameResult, ModelInfo, ScoredFrame, Times};
pub use selection_settings::SelectionSettings;
pub use session::{Session, open_vmaf};
