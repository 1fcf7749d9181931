// SPDX-License-Identifier: MPL-2.0

//! Frames that several readers share.

use std::sync::Arc;

use crate::align::time::Timestamp;
use crate::picture::{Frame, OwnedFrame, Picture, PictureError, Rect};
use crate::sharing::Lease;

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
    /// The bytes that it holds, which [`Settings::max_bytes`](super::Settings::max_bytes) limits.
    pub bytes: u64,
}

impl TimedFrame {
    /// A frame that is shown at `stamp`; its bytes are those of its planes.
    pub fn new(stamp: Timestamp, frame: impl Frame + Sync + 'static) -> Self {
        Self::from((stamp, Arc::new(frame) as SharedFrame))
    }
}

impl From<(Timestamp, SharedFrame)> for TimedFrame {
    fn from((stamp, frame): (Timestamp, SharedFrame)) -> Self {
        // An unreadable frame counts as 0 bytes here; its outcome reports the error.
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

/// A frame that several comparers may have received: what is computed from it is shared among them.
pub(super) struct Leased {
    // The order matters: the memory outlives the lease.
    lease: Lease,
    frame: SharedFrame,
}

impl Leased {
    /// The frame with a lease on its memory: its own, or else one that identifies the memory by the frame's address.
    pub(super) fn over(frame: SharedFrame) -> SharedFrame {
        if frame.lease().is_some() {
            return frame;
        }
        let lease = Lease::new(&[Arc::as_ptr(&frame).cast::<()>() as usize]);
        Arc::new(Self { lease, frame })
    }
}

impl Frame for Leased {
    fn picture(&self) -> Result<Picture<'_>, PictureError> {
        self.frame.picture()
    }

    fn lease(&self) -> Option<&Lease> {
        Some(&self.lease)
    }
}

/// A part of a shared frame.
pub(super) struct Part {
    // The order matters: the memory outlives the lease.
    lease: Option<Lease>,
    frame: SharedFrame,
    /// `None`: the whole frame.
    rect: Option<Rect>,
}

impl Part {
    /// With a lease of its own if something is computed from it that others may need too.
    pub(super) fn new(frame: &SharedFrame, rect: Option<Rect>, leased: bool) -> Self {
        let words = rect.map(|rect| [rect.x, rect.y, rect.width, rect.height].map(u64::from));
        let lease =
            frame.lease().filter(|_| leased).map(|lease| lease.of_part(words.as_ref().map_or(&[], |words| &words[..])));
        Self { lease, frame: frame.clone(), rect }
    }
}

impl Frame for Part {
    fn picture(&self) -> Result<Picture<'_>, PictureError> {
        let whole = self.frame.picture()?;
        self.rect.map_or(Ok(whole), |rect| whole.crop(rect))
    }

    fn lease(&self) -> Option<&Lease> {
        self.lease.as_ref()
    }
}

/// A copy of a picture whose memory is reused for the next one.
pub(super) fn copy(picture: &Picture<'_>) -> OwnedFrame {
    OwnedFrame::from(picture)
}
