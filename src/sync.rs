// SPDX-License-Identifier: MPL-2.0

//! The primitives of the files that `loom/` runs in every order of their threads. There, this module is another one.

pub(crate) use std::sync::{Condvar, LazyLock, Mutex, MutexGuard, PoisonError, atomic};
pub(crate) use std::time::Instant;
