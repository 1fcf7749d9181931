// SPDX-License-Identifier: MPL-2.0

//! A state that threads share, and waiting until it has changed.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// A mutex with the condition variable that belongs to it.
///
/// There is one condition, "something has changed": the waits are few, and each checks for itself what it waits for.
/// A thread that changes the state calls [`wake`](Self::wake), above all when a flush or a shutdown makes waiting
/// pointless.
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

    /// Waits until `ready` says so, and goes on under the lock.
    ///
    /// # Errors
    /// The first that `ready` gives: nothing is to be waited for any more.
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

    /// The state has changed: all waits look at it again.
    pub fn wake(&self) {
        self.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_wait_ends_when_the_state_is_ready() {
        let monitor = Monitor::<u32>::default();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for _ in 0..3 {
                    std::thread::sleep(Duration::from_millis(5));
                    *monitor.lock() += 1;
                    monitor.wake();
                }
            });
            let state = monitor.wait_until(monitor.lock(), |&state| Ok::<_, ()>(state >= 3));
            assert_eq!(state.map(|state| *state), Ok(3));
        });
    }

    #[test]
    fn a_wait_ends_with_the_first_error() {
        let monitor = Monitor::<u32>::default();
        let state = monitor.wait_until(monitor.lock(), |_| Err("over"));
        assert_eq!(state.map(|state| *state), Err("over"));
    }
}
