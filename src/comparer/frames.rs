// SPDX-License-Identifier: MPL-2.0

//! Frames that several readers share.

use std::sync::Arc;

use crate::align::time::Timestamp;
use crate::picture::{Frame, OwnedFrame, Picture, PictureError, Rect};

/// A frame that the comparer, the model and the caller hold at once.
pub type SharedFrame = Arc<dyn Frame + Sync>;

/// A frame of one of two streams that [`Comparer::run`](super::Comparer::run) compares.
#[derive(Clone)]
#[non_exhaustive]
pub struct TimedFrame {
    /// When it is shown.
    pub stamp: Timestamp,
    /// The frame.
    pub frame: SharedFrame,
    /// Bytes that it holds, which [`Settings::max_bytes`](super::Settings::max_bytes) bounds.
    pub bytes: u64,
}

impl TimedFrame {
    /// A frame that is shown at `stamp`, and holds as many bytes as its planes.
    pub fn new(stamp: Timestamp, frame: impl Frame + Sync + 'static) -> Self {
        Self::from((stamp, Arc::new(frame) as SharedFrame))
    }
}

impl From<(Timestamp, SharedFrame)> for TimedFrame {
    fn from((stamp, frame): (Timestamp, SharedFrame)) -> Self {
        // What cannot be read weighs nothing here; its outcome says why.
        let bytes = frame.picture().map_or(0, |picture| picture.planes().iter().map(|plane| plane.data.len()).sum());
        Self { stamp, frame, bytes: bytes as u64 }
    }
}

impl From<(Timestamp, OwnedFrame)> for TimedFrame {
    fn from((stamp, frame): (Timestamp, OwnedFrame)) -> Self {
        Self::new(stamp, frame)
    }
}

impl std::fmt::Debug for TimedFrame {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TimedFrame").field("stamp", &self.stamp).field("bytes", &self.bytes).finish_non_exhaustive()
    }
}

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
