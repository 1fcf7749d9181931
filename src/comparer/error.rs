// SPDX-License-Identifier: MPL-2.0

//! Errors of a comparison.

use super::side::Side;
use crate::align::space::SpaceError;
use crate::metrics::MetricsError;
use crate::picture::PictureError;
use crate::scorer::ScoreError;

/// Why two frames could not be compared, or two streams cannot be.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CompareError {
    /// The model takes a single picture.
    #[error("the model {0} judges a picture without its reference; there is nothing in it to compare with")]
    NoReferenceModel(String),
    /// The model expects a reference of other content, but the alignment searches for the same content.
    #[error(
        "the model {0} is a reduced-reference one, for references of other content: it needs the alignment `still`"
    )]
    ReducedReferenceModel(String),
    /// A frame's memory cannot be read.
    #[error("the {side} frame")]
    Picture {
        /// The side the frame belongs to.
        side: Side,
        /// The cause.
        #[source]
        error: PictureError,
    },
    /// The frames could not be brought to one size and place.
    #[error(transparent)]
    Space(#[from] SpaceError),
    /// The frames cannot be measured.
    #[error(transparent)]
    Measurements(#[from] MetricsError),
    /// The model returned no score.
    #[error(transparent)]
    Score(#[from] ScoreError),
    /// Something that should not happen, such as a panic in a frame's own code.
    #[error("comparing failed: {0}")]
    Internal(String),
}
