// SPDX-License-Identifier: MPL-2.0

//! Pad activation in push mode, with waits ended before deactivation.

use super::task;
use gst::prelude::*;

/// Rejects pull mode.
///
/// # Errors
/// In pull mode.
fn push_only(cat: gst::DebugCategory, mode: gst::PadMode) -> Result<(), gst::LoggableError> {
    if mode == gst::PadMode::Pull {
        return Err(gst::loggable_error!(cat, "frames are pushed, not pulled"));
    }
    Ok(())
}

/// Activates or deactivates a sink pad. `deactivated` must end every wait in the pad's streaming thread, because
/// GStreamer joins that thread next. Data flow is started by the source pad.
///
/// # Errors
/// In pull mode.
pub fn sink(
    cat: gst::DebugCategory,
    mode: gst::PadMode,
    active: bool,
    deactivated: impl FnOnce(),
) -> Result<(), gst::LoggableError> {
    push_only(cat, mode)?;
    if !active {
        deactivated();
    }
    Ok(())
}

/// Activates or deactivates a source pad and its task. `set_active` enables data flow, or disables it and ends every
/// wait, before the task is started or stopped.
///
/// # Errors
/// In pull mode, or if the task cannot be started or stopped.
pub fn source(
    cat: gst::DebugCategory,
    pad: &gst::Pad,
    mode: gst::PadMode,
    active: bool,
    set_active: impl FnOnce(bool),
    round: impl FnMut() + Send + 'static,
) -> Result<(), gst::LoggableError> {
    push_only(cat, mode)?;
    set_active(active);
    if active { task::start(pad, round) } else { pad.stop_task().map_err(Into::into) }
}
