// SPDX-License-Identifier: MPL-2.0

//! Picture quality: a frame goes in as a borrowed picture, becomes a tensor, becomes numbers, becomes a score.
//!
//! [`Picture`] is a frame as it lies in memory, [`Model`] an ONNX file with its contract, [`Scorer`] a queue in front
//! of the model, [`Score`] what comes out. [`Comparer`] sets one stream beside another: aligned in time and space, measured
//! by fidelity measures, and scored by models that take a reference.

pub mod align;
pub mod comparer;
pub mod metrics;
pub mod model;
pub mod picture;
pub mod preprocess;
mod resample;
pub mod scorer;
mod simd;
pub mod stats;

pub use comparer::Comparer;
pub use metrics::{psnr, ssim};
pub use model::Model;
pub use picture::Picture;
pub use scorer::{Score, Scorer};

/// What a panic says.
#[doc(hidden)]
pub fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("a panic without words").to_owned()
}
