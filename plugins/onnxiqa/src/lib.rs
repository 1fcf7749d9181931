//! GStreamer elements that measure picture quality.
//!
//! The plugin is the border between GStreamer and the engine [`onnx_iqa`]: caps, pads, clocks, metadata and messages
//! are here, all arithmetic is there.

#![allow(missing_docs, reason = "plugin_define! makes public items without documentation")]

use gst::glib;
use std::sync::{Mutex, MutexGuard, PoisonError};

mod frame;
mod iqascore;
mod log;
pub mod meta;
mod model;
mod report;

/// Locks, also after a thread has panicked: what the elements guard is whole at every step.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An error with its causes, for users.
fn describe(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        // Some errors repeat their cause's words in their own.
        if !text.contains(&more) {
            text.push_str(": ");
            text.push_str(&more);
        }
        cause = error.source();
    }
    text
}

fn plugin_init(plugin: &gst::Plugin) -> Result<(), glib::BoolError> {
    log::install();
    meta::register();
    iqascore::register(plugin)
}

gst::plugin_define!(
    onnxiqa,
    env!("CARGO_PKG_DESCRIPTION"),
    plugin_init,
    concat!(env!("CARGO_PKG_VERSION"), "-", env!("COMMIT_ID")),
    "MPL-2.0",
    env!("CARGO_PKG_NAME"),
    env!("CARGO_PKG_NAME"),
    env!("CARGO_PKG_REPOSITORY"),
    env!("BUILD_REL_DATE")
);
