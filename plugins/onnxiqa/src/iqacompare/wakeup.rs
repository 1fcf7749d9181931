// SPDX-License-Identifier: MPL-2.0

//! Waiting until something has changed, without a lock of what changes.

use crate::lock;
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

#[derive(Default)]
struct Inner {
    generation: u64,
    waiting: usize,
}

/// Tells waiting threads that something has changed.
///
/// A thread asks for the [`generation`](Self::generation), looks at what may change, and [waits](Self::wait) until the
/// generation is another one. So no change is missed, and [`tell`](Self::tell) needs no lock but the one in here, which
/// is held for nothing else: it can be called from any thread and under any lock.
#[derive(Default)]
pub(super) struct Wakeup {
    inner: Mutex<Inner>,
    changed: Condvar,
}

impl Wakeup {
    /// What [`wait`](Self::wait) takes: to be asked before looking at what may change.
    pub(super) fn generation(&self) -> u64 {
        lock(&self.inner).generation
    }

    /// Something has changed.
    pub(super) fn tell(&self) {
        let mut inner = lock(&self.inner);
        inner.generation += 1;
        let waiting = inner.waiting > 0;
        drop(inner);
        if waiting {
            self.changed.notify_all();
        }
    }

    /// Waits until something has changed since then, or, with a `limit`, so long at most.
    pub(super) fn wait(&self, seen: u64, limit: Option<Duration>) {
        let mut inner = lock(&self.inner);
        inner.waiting += 1;
        let same = |inner: &mut Inner| inner.generation == seen;
        let mut inner = match limit {
            None => self.changed.wait_while(inner, same).unwrap_or_else(PoisonError::into_inner),
            Some(limit) => {
                self.changed.wait_timeout_while(inner, limit, same).unwrap_or_else(PoisonError::into_inner).0
            }
        };
        inner.waiting -= 1;
    }
}
