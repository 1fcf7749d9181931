// SPDX-License-Identifier: MPL-2.0

//! Shared state with change notification.

use crate::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// A mutex and its condition variable.
///
/// There is a single condition, "the state has changed": waits are few, and each checks its own predicate. A thread
/// that changes the state calls [`wake`](Self::wake), in particular when a flush or a shutdown ends all waits.
#[derive(Debug, Default)]
pub struct Monitor<T> {
    state: Mutex<T>,
    changed: Condvar,
}

impl<T> Monitor<T> {
    /// Locks the state.
    pub fn lock(&self) -> MutexGuard<'_, T> {
        crate::lock(&self.state)
    }

    /// Waits until the state may have changed.
    pub fn wait<'a>(&self, state: MutexGuard<'a, T>) -> MutexGuard<'a, T> {
        self.changed.wait(state).unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until `ready` returns true, and returns with the lock held.
    ///
    /// # Errors
    /// The first error returned by `ready`.
    pub fn wait_until<'a, E>(
        &self,
        mut state: MutexGuard<'a, T>,
        mut ready: impl FnMut(&T) -> Result<bool, E>,
    ) -> Result<MutexGuard<'a, T>, E> {
        while !ready(&state)? {
            state = self.wait(state);
        }
        Ok(state)
    }

    /// Wakes all waiting threads.
    pub fn wake(&self) {
        self.changed.notify_all();
    }
}
