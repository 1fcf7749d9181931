// SPDX-License-Identifier: MPL-2.0

//! Pads that push, and are woken before they are deactivated.

use super::task;
use gst::prelude::*;

/// For pads that cannot be pulled from.
///
/// # Errors
/// In pull mode.
fn push_only(cat: gst::DebugCategory, mode: gst::PadMode) -> Result<(), gst::LoggableError> {
    if mode == gst::PadMode::Pull {
        return Err(gst::loggable_error!(cat, "frames are pushed, not pulled"));
    }
    Ok(())
}

/// Activates or deactivates a sink pad. `deactivated` has to end every wait of the pad's streaming thread, for which
/// GStreamer waits next. A sink pad alone lets nothing flow: that the source pad does.
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

/// Activates or deactivates a source pad with its task. `set_active` lets data flow, or stops that and ends every wait,
/// before the task is started or stopped.
///
/// # Errors
/// In pull mode, or when the task cannot be started or stopped.
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
