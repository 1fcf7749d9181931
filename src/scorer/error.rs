// SPDX-License-Identifier: MPL-2.0

//! Why a picture has no score.

use crate::picture::PictureError;
use crate::preprocess::PreprocessError;

/// Why a picture has no score.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ScoreError {
    /// The frame's memory cannot be read.
    #[error(transparent)]
    Picture(#[from] PictureError),
    /// The frame cannot be converted to the model's tensor.
    #[error("the frame cannot be prepared for the model")]
    Preprocess(#[from] PreprocessError),
    /// A reference that is missing, unexpected, or does not match.
    #[error("{0}")]
    Reference(String),
    /// ONNX Runtime failed.
    #[error("the model failed: {0}")]
    Run(String),
    /// The model's output is not what the contract says.
    #[error("the output \"{tensor}\" {problem}")]
    Output {
        /// The ONNX output.
        tensor: String,
        /// The rest of the sentence.
        problem: String,
    },
    /// The model returned NaN or an infinity.
    #[error("the output \"{tensor}\" is not finite ({value})")]
    NotFinite {
        /// The ONNX output.
        tensor: String,
        /// That value.
        value: f64,
    },
    /// Cancelled before it was scored.
    #[error("cancelled")]
    Cancelled,
    /// Something that should not happen, such as a panic in a frame's own code.
    #[error("scoring failed: {0}")]
    Internal(String),
}
