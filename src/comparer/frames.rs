// SPDX-License-Identifier: MPL-2.0

//! Frames that several readers share.

use std::sync::Arc;

use crate::picture::{Frame, OwnedFrame, Picture, PictureError, Rect};

/// A frame that is held by the comparer, the model and whoever gave it, all at once.
pub type SharedFrame = Arc<dyn Frame + Sync>;

/// A part of a shared frame.
pub(super) struct Part {
    pub frame: SharedFrame,
    /// None: the whole.
    pub rect: Option<Rect>,
}

impl Frame for Part {
    fn picture(&self) -> Result<Picture<'_>, PictureError> {
        let whole = self.frame.picture()?;
        self.rect.map_or(Ok(whole), |rect| whole.crop(rect))
    }
}

/// A copy of a picture that lives only as long as the next one has not been made.
pub(super) fn copy(picture: &Picture<'_>) -> OwnedFrame {
    OwnedFrame::from(picture)
}
