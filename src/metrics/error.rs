// SPDX-License-Identifier: MPL-2.0

//! Why two pictures cannot be measured.

use crate::picture::PixelFormat;

/// Two pictures cannot be measured against each other.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MetricsError {
    /// Pictures of different sizes: one of them has to be scaled or cropped first.
    #[error(
        "the reference has {}x{} pixels, the distorted picture {}x{}: scale or crop one of them first",
        .reference[0], .reference[1], .distorted[0], .distorted[1]
    )]
    Size {
        /// Width and height.
        reference: [u32; 2],
        /// Width and height.
        distorted: [u32; 2],
    },
    /// R'G'B' and Y'CbCr or gray: samples are compared as stored, without applying a matrix.
    #[error(
        "the reference is {reference}, the distorted picture {distorted}: R'G'B' is only compared with R'G'B', \
         Y'CbCr and grey only with each other; convert one of them first"
    )]
    Family {
        /// Of the reference.
        reference: PixelFormat,
        /// Of the distorted picture.
        distorted: PixelFormat,
    },
    /// The measure does not exist for pictures this small.
    #[error("{measure} needs pictures of at least {least}x{least} pixels, these have {}x{}", .size[0], .size[1])]
    TooSmall {
        /// The measure.
        measure: &'static str,
        /// Width and height.
        size: [u32; 2],
        /// The least length of a side, in pixels.
        least: u32,
    },
}
