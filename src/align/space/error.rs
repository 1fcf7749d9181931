// SPDX-License-Identifier: MPL-2.0

//! What can be wrong with two pictures that are to lie on each other.

use crate::picture::PictureError;

/// Two pictures cannot be brought together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SpaceError {
    /// Sizes differ, and nothing may be scaled.
    #[error(
        "the reference is {}x{} pixels, the distorted picture {}x{}{}, and `scale` is `none`: set it to `to-reference` \
         or `to-distorted`, or bring both to one size",
        reference[0], reference[1], distorted[0], distorted[1], if *cropped { " without their black bars" } else { "" }
    )]
    Sizes {
        /// Width and height.
        reference: [u32; 2],
        /// Width and height.
        distorted: [u32; 2],
        /// They are those of the parts that are left after cropping.
        cropped: bool,
    },
    /// A part of a picture could not be taken.
    #[error(transparent)]
    Picture(#[from] PictureError),
}
