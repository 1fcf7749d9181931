// SPDX-License-Identifier: MPL-2.0

//! What the frames of both sides weigh, counted as long as anything of the element holds them.

use super::wakeup::Wakeup;
use crate::video_frame::MappedFrame;
use onnx_iqa::comparer::Side;
use onnx_iqa::picture::{Frame, Picture, PictureError};
use onnx_iqa::sharing::Lease;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// Counts bytes and frames. A frame that is in several places at once counts once.
pub(super) struct Budget {
    bytes: AtomicU64,
    frames: [AtomicUsize; 2],
    /// Told of every frame that is let go.
    room: Arc<Wakeup>,
}

impl Budget {
    pub(super) fn new(room: Arc<Wakeup>) -> Arc<Self> {
        Arc::new(Self { bytes: AtomicU64::default(), frames: Default::default(), room })
    }

    /// Counts a frame until all that is cloned of the charge is dropped.
    pub(super) fn charge(self: &Arc<Self>, side: Side, bytes: u64) -> Arc<Charge> {
        self.bytes.fetch_add(bytes, Ordering::AcqRel);
        self.frames[side as usize].fetch_add(1, Ordering::AcqRel);
        Arc::new(Charge { budget: self.clone(), side, bytes: AtomicU64::new(bytes) })
    }

    /// What the frames of both sides hold.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Acquire)
    }

    /// How many frames of that side are held.
    pub(super) fn frames(&self, side: Side) -> usize {
        self.frames[side as usize].load(Ordering::Acquire)
    }
}

/// One frame's part of the budget. It may be dropped on any thread and under any lock.
pub(super) struct Charge {
    budget: Arc<Budget>,
    side: Side,
    bytes: AtomicU64,
}

impl Charge {
    /// The frame holds so much from now on.
    pub(super) fn set(&self, bytes: u64) {
        let before = self.bytes.swap(bytes, Ordering::AcqRel);
        self.budget.bytes.fetch_add(bytes.wrapping_sub(before), Ordering::AcqRel);
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        self.budget.bytes.fetch_sub(self.bytes.load(Ordering::Acquire), Ordering::AcqRel);
        self.budget.frames[self.side as usize].fetch_sub(1, Ordering::AcqRel);
        self.budget.room.tell();
    }
}

/// A frame in the comparer's hands.
pub(super) struct CountedFrame {
    // In this order: the memory outlives the lease, and goes before it is counted as gone.
    lease: Option<Lease>,
    frame: MappedFrame,
    _charge: Arc<Charge>,
}

impl CountedFrame {
    pub(super) fn new(frame: MappedFrame, lease: Option<Lease>, charge: Arc<Charge>) -> Self {
        // Of an unpacked picture the memory does not say how it was unpacked.
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
