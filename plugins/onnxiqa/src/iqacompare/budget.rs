// SPDX-License-Identifier: MPL-2.0

//! Memory accounting for the frames of both sides, for as long as any part of the element holds them.

use super::wakeup::Wakeup;
use crate::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use onnx_iqa::comparer::Side;
use std::sync::Arc;

/// Counts bytes and frames. A frame held in several places counts once.
pub(super) struct Budget {
    bytes: AtomicU64,
    frames: [AtomicUsize; 2],
    /// Notified when a frame is released.
    room: Arc<Wakeup>,
}

impl Budget {
    pub(super) fn new(room: Arc<Wakeup>) -> Arc<Self> {
        Arc::new(Self { bytes: AtomicU64::default(), frames: Default::default(), room })
    }

    /// Counts a frame until all clones of the charge are dropped.
    pub(super) fn charge(self: &Arc<Self>, side: Side, bytes: u64) -> Arc<Charge> {
        self.bytes.fetch_add(bytes, Ordering::AcqRel);
        self.frames[side as usize].fetch_add(1, Ordering::AcqRel);
        Arc::new(Charge { budget: self.clone(), side, bytes: AtomicU64::new(bytes) })
    }

    /// Memory held by the frames of both sides.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Acquire)
    }

    /// Number of frames of a side.
    pub(super) fn frames(&self, side: Side) -> usize {
        self.frames[side as usize].load(Ordering::Acquire)
    }
}

/// A frame's share of the budget. May be dropped on any thread and under any lock.
pub(super) struct Charge {
    budget: Arc<Budget>,
    side: Side,
    bytes: AtomicU64,
}

impl Charge {
    /// Updates the memory held by the frame.
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
