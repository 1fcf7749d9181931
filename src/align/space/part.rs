// SPDX-License-Identifier: MPL-2.0

//! The part of a picture that is used.

use super::placement::Placement;
use crate::picture::{Picture, Rect};

/// The part of one picture that is used.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part<'a> {
    /// Nothing outside of it is read.
    pub picture: Picture<'a>,
    /// Where the common picture lies in it.
    pub placement: Placement,
    /// The whole pixels that it covers in the original picture.
    pub crop: Rect,
}
