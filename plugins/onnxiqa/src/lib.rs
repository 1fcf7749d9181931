// SPDX-License-Identifier: MPL-2.0

//! GStreamer elements that measure picture quality.
//!
//! The plugin is the border between GStreamer and the engine [`onnx_iqa`]: caps, pads, clocks, metadata and messages
//! are here, all arithmetic is there.

#![allow(missing_docs, reason = "plugin_define! makes public items without documentation")]

use gst::glib;
use gst::prelude::MulDiv;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, MutexGuard, PoisonError};

mod bundled;
mod iqacompare;
mod iqalog;
mod iqascore;
mod log;
pub mod meta;
mod model;
mod report;
mod scoring;
mod video_frame;

/// Locks, also after a thread has panicked: what the elements guard is whole at every step.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The time from one to the next at so many a second; none for 0/1, which stands for "unknown" and "no limit".
fn period(rate: gst::Fraction) -> Option<gst::ClockTime> {
    let numer = u64::try_from(rate.numer()).ok().filter(|&numer| numer > 0)?;
    gst::ClockTime::SECOND.mul_div_round(u64::try_from(rate.denom()).ok()?, numer)
}

/// Runs `f` for C code, which a panic must not unwind into: it gives `fallback`, and `failed` hears what the panic says.
///
/// Unlike gstreamer-rs's own guards this leaves the element usable, above all stoppable: a pad whose deactivation is refused
/// keeps its task, and the program never ends.
fn guarded<T>(fallback: T, failed: impl FnOnce(&str), f: impl FnOnce() -> T) -> T {
    catch_unwind(AssertUnwindSafe(f)).unwrap_or_else(|panic| {
        failed(&onnx_iqa::panic_text(&*panic));
        fallback
    })
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
    iqascore::register(plugin)?;
    iqacompare::register(plugin)?;
    iqalog::register(plugin)
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
