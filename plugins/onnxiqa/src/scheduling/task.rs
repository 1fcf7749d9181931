// SPDX-License-Identifier: MPL-2.0

//! The task on the source pad, which takes what waits and pushes it downstream.

use gst::prelude::*;
use std::sync::MutexGuard;

/// Starts the task, or lets a paused one go on. `round` runs again and again. It holds its element weakly: the pad owns
/// the task, and the element the pad.
///
/// # Errors
/// When the pad's task cannot be started.
pub fn start(pad: &gst::Pad, round: impl FnMut() + Send + 'static) -> Result<(), gst::LoggableError> {
    pad.start_task(round).map_err(Into::into)
}

/// Pauses the task from its own round.
///
/// Under the lock: the thread that lets data flow again does so under this lock and starts the task afterwards, and
/// that must not be undone.
pub fn pause<T>(pad: &gst::Pad, _locked: &MutexGuard<'_, T>) {
    // It fails only for a pad without task, which is what was wanted.
    let _ = pad.pause_task();
}

/// Pauses the task from another thread, after what it waits for has been woken: this waits for the end of its round, so
/// no lock may be held that the round takes.
pub fn pause_and_wait(pad: &gst::Pad) {
    let _ = pad.pause_task();
}
