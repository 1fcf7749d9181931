// SPDX-License-Identifier: MPL-2.0

//! VMAF: Netflix's video multi-method assessment fusion.
//!
//! Li, Aaron, Katsavounidis, Moorthy and Manohara, "Toward a practical perceptual video quality metric", Netflix
//! Technology Blog, 2016. [VIF](vif), [ADM](adm) and [motion] are taken as libvmaf's `integer_vif`, `integer_adm` and
//! `integer_motion` take them, in the same fixed-point arithmetic, [chroma](speed) as its `speed_chroma` does in single
//! precision, and banding is [CAMBI](super::cambi); a [support-vector regression](svm) of a [model](VmafModel) makes a
//! score of them. No code is libvmaf's. What its arithmetic is (filters, tables, shifts,
//! roundings, and the score's transform) was read in its sources: Copyright 2016-2026 Netflix, Inc.,
//! BSD-2-Clause-Patent (`models/vmaf/LICENSE`).

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

/// A thread's working memory.
#[derive(Default)]
pub(super) struct Scratch {
    pub vif: Option<vif::Scratch>,
    pub adm: Option<adm::Scratch>,
    pub motion: Option<motion::Scratch>,
}
