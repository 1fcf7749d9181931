// SPDX-License-Identifier: MPL-2.0

//! Pictures that show what was measured. They are for viewing, never for measuring.
//!
//! * [`show`] – a frame as a screen shows it: full-range R'G'B' of 8 bits, of any size.
//! * [`difference`] – where two such pictures differ, amplified.
//! * [`ssim_map`] – how alike two frames are, tile by tile.

mod difference;
mod map;
mod show;

pub use difference::{DIFFERENCE_GAIN, difference};
pub use map::{MAP_WORST, ssim_map};
pub use show::{Shown, show};

use crate::align::space::SpaceError;
use crate::metrics::MetricsError;
use crate::picture::PictureError;
use crate::preprocess::PreprocessError;

/// Why a picture cannot be shown.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum EvidenceError {
    /// It cannot be converted.
    #[error("the picture cannot be shown")]
    Convert(#[from] PreprocessError),
    /// Its memory cannot be read.
    #[error("the picture cannot be read")]
    Picture(#[from] PictureError),
    /// Two pictures cannot be scaled to one size.
    #[error("the pictures cannot be brought together")]
    Space(#[from] SpaceError),
    /// Two pictures cannot be compared.
    #[error("the pictures cannot be compared")]
    Metrics(#[from] MetricsError),
    /// Shown pictures of different sizes.
    #[error(
        "one picture is shown with {}x{} pixels, the other with {}x{}: show both in one size",
        one[0], one[1], two[0], two[1]
    )]
    Sizes {
        /// Width and height.
        one: [u32; 2],
        /// Width and height.
        two: [u32; 2],
    },
}
