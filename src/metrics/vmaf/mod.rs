// SPDX-License-Identifier: MPL-2.0

//! VMAF: Netflix's video multi-method assessment fusion.
//!
//! Li, Aaron, Katsavounidis, Moorthy and Manohara, "Toward a practical perceptual video quality metric", Netflix
//! Technology Blog, 2016. [VIF](vif), [ADM](adm) and [motion] are computed like libvmaf's `integer_vif`, `integer_adm`
//! and `integer_motion`, in the same fixed-point arithmetic; [chroma](speed) like its `speed_chroma`, in single
//! precision; and banding is [CAMBI](super::cambi). The [support-vector regression](svm) of a [model](VmafModel) maps
//! them to a score. The code is not libvmaf's, but its arithmetic (filters, tables, shifts, roundings, and the score's
//! transform) was taken from libvmaf's sources: Copyright 2016-2026 Netflix, Inc., BSD-2-Clause-Patent
//! (`models/vmaf/LICENSE`).

mod adm;
mod error;
mod extract;
mod measure;
mod model;
mod motion;
mod plane;
mod recycled;
mod sides;
mod speed;
mod svm;
mod taps;
mod vif;
mod window;

#[cfg(test)]
mod tests;

pub use error::{ModelErrorKind, VmafModelError};
pub(super) use measure::{VMAF, VmafMeasure};
pub use model::VmafModel;

/// The working memory of a thread.
#[derive(Default)]
pub(super) struct Scratch {
    pub vif: Option<vif::Scratch>,
    pub adm: Option<adm::Scratch>,
    pub motion: Option<motion::Scratch>,
}
