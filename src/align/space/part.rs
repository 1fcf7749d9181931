// SPDX-License-Identifier: MPL-2.0

//! What is taken of a picture.

use super::placement::Placement;
use crate::picture::{Picture, Rect};

/// What is taken of one picture.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part<'a> {
    /// Nothing outside of it is looked at.
    pub picture: Picture<'a>,
    /// Of the common picture in it.
    pub placement: Placement,
    /// The whole pixels that it covers, in the picture as it came.
    pub crop: Rect,
}
