// SPDX-License-Identifier: MPL-2.0

//! Waiting for the comparer on the aggregating thread, and being called off.

use crate::lock;
use std::sync::{Condvar, Mutex, PoisonError};

#[derive(Default)]
struct Inner {
    generation: u64,
    halted: bool,
}

/// Tells whoever waits for the comparer that it has something new, or that the flow is being stopped.
#[derive(Default)]
pub(super) struct Signal {
    inner: Mutex<Inner>,
    changed: Condvar,
}

impl Signal {
    /// What [`wait`](Self::wait) takes: to be asked before looking at what may change.
    pub(super) fn generation(&self) -> u64 {
        lock(&self.inner).generation
    }

    /// Something has changed.
    pub(super) fn tell(&self) {
        lock(&self.inner).generation += 1;
        self.changed.notify_all();
    }

    /// Nobody may wait any more, or may again.
    pub(super) fn halt(&self, halted: bool) {
        lock(&self.inner).halted = halted;
        self.changed.notify_all();
    }

    /// Waits until something has changed since then; false if the flow is being stopped.
    pub(super) fn wait(&self, seen: u64) -> bool {
        let waiting = self.changed.wait_while(lock(&self.inner), |inner| !inner.halted && inner.generation == seen);
        !waiting.unwrap_or_else(PoisonError::into_inner).halted
    }
}
