// SPDX-License-Identifier: MPL-2.0

//! Why two pictures could not be brought to one size and place.

use crate::picture::PictureError;

/// Two pictures cannot be aligned.
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
        /// Whether the sizes are those of the parts left after cropping.
        cropped: bool,
    },
    /// A part of a picture could not be read.
    #[error(transparent)]
    Picture(#[from] PictureError),
}
