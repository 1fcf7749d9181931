// SPDX-License-Identifier: MPL-2.0

//! Inputs of any kind as decoded frames: `inputs` finds out what is meant, `decode` decodes a [`part`] of it, `watch` says
//! how its pipeline ends.

pub mod decode;
pub mod inputs;
pub mod part;
mod pictures;
pub mod watch;

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks, also after a thread has panicked: what is guarded is whole at every step.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
