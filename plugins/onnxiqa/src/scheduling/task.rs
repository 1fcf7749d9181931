// SPDX-License-Identifier: MPL-2.0

//! The source pad task, which pushes queued items downstream.

use gst::prelude::*;
use std::sync::MutexGuard;

/// Starts the task, or resumes a paused one. `round` is called repeatedly. It must hold its element weakly: the element
/// owns the pad, and the pad owns the task.
///
/// # Errors
/// If the pad's task cannot be started.
pub fn start(pad: &gst::Pad, round: impl FnMut() + Send + 'static) -> Result<(), gst::LoggableError> {
    pad.start_task(round).map_err(Into::into)
}

/// Pauses the task from within its own round.
///
/// Must be called under the lock: a thread that re-enables data flow does so under this lock and starts the task
/// afterwards, which must not be undone.
pub fn pause<T>(pad: &gst::Pad, _locked: &MutexGuard<'_, T>) {
    // Fails only for a pad without a task, in which case there is nothing to pause.
    let _ = pad.pause_task();
}

/// Pauses the task from another thread, after its waits have been woken. This waits for the current round to end, so
/// the caller must not hold a lock that the round takes.
pub fn pause_and_wait(pad: &gst::Pad) {
    let _ = pad.pause_task();
}
