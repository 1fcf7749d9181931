// SPDX-License-Identifier: MPL-2.0

//! Change notification that is independent of the lock of what changes.

use crate::lock;
use crate::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

#[derive(Default)]
struct Inner {
    generation: u64,
    waiting: usize,
}

/// Notifies waiting threads of a change.
///
/// A thread reads the [`generation`](Self::generation), checks the state and [waits](Self::wait) until the generation
/// differs, so no change is missed. [`tell`](Self::tell) takes only the internal lock, which is held for nothing else,
/// and can therefore be called from any thread and under any lock.
#[derive(Default)]
pub(super) struct Wakeup {
    inner: Mutex<Inner>,
    changed: Condvar,
}

impl Wakeup {
    /// Current generation, to be read before checking the state.
    pub(super) fn generation(&self) -> u64 {
        lock(&self.inner).generation
    }

    /// Notifies of a change.
    pub(super) fn tell(&self) {
        let mut inner = lock(&self.inner);
        inner.generation += 1;
        let waiting = inner.waiting > 0;
        drop(inner);
        if waiting {
            self.changed.notify_all();
        }
    }

    /// Waits for a change since `seen`, or until `limit` has passed.
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
