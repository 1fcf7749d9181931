// SPDX-License-Identifier: MPL-2.0

//! The settings of a comparer.

use crate::align::space::{Registration, Scale};
use crate::align::time;
use crate::metrics::{Measures, VmafModel};
use crate::scorer::Selection;
use std::sync::Arc;

/// What is compared, and how.
///
/// ```
/// let mut settings = onnx_iqa::comparer::Settings::default();
/// settings.measures |= onnx_iqa::metrics::Measures::MS_SSIM;
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Settings {
    /// Which frames correspond.
    pub time: time::Settings,
    /// Which picture is scaled when sizes differ.
    pub scale: Scale,
    /// Whether bars are cut and a translation is undone.
    pub registration: Registration,
    /// Which fidelity measures are computed; none under [`Alignment::Still`](time::Alignment::Still).
    pub measures: Measures,
    /// Which pairs the model scores; measures are taken on every pair.
    pub selection: Selection,
    /// The model of the measure `vmaf`; `None`: `vmaf_v0.6.1`.
    pub vmaf_model: Option<Arc<VmafModel>>,
    /// The limit for the frames of both sides together, in bytes.
    pub max_bytes: u64,
    /// Threads for measuring; 0 = one per core.
    pub threads: usize,
    /// Pairs that may be in progress.
    pub queue_size: usize,
}

impl Default for Settings {
    /// Alignment by times and pictures within two seconds, the distorted picture scaled to the reference's size, PSNR
    /// and SSIM, 512 MiB of frames, a thread per core, four pairs in progress, every pair scored.
    fn default() -> Self {
        Self {
            time: time::Settings::default(),
            scale: Scale::default(),
            registration: Registration::default(),
            measures: Measures::default(),
            selection: Selection::default(),
            vmaf_model: None,
            max_bytes: 512 << 20,
            threads: 0,
            queue_size: 4,
        }
    }
}
