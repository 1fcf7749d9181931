// SPDX-License-Identifier: MPL-2.0

//! The engine's view of a frame that the memory limit covers.

use super::budget::Charge;
use crate::video_frame::MappedFrame;
use onnx_iqa::picture::{Frame, Picture, PictureError};
use onnx_iqa::sharing::Lease;
use std::sync::Arc;

/// A frame owned by the comparer.
pub(super) struct CountedFrame {
    // Drop order: the lease first, then the memory, then its accounting.
    lease: Option<Lease>,
    frame: MappedFrame,
    _charge: Arc<Charge>,
}

impl CountedFrame {
    pub(super) fn new(frame: MappedFrame, lease: Option<Lease>, charge: Arc<Charge>) -> Self {
        // The memory does not identify how an unpacked picture was unpacked, so it cannot be shared.
        let lease = lease.filter(|_| frame.is_in_place());
        Self { lease, frame, _charge: charge }
    }
}

impl Frame for CountedFrame {
    fn picture(&self) -> Result<Picture<'_>, PictureError> {
        self.frame.picture()
    }

    fn lease(&self) -> Option<&Lease> {
        self.lease.as_ref()
    }
}
