// SPDX-License-Identifier: MPL-2.0

//! GStreamer elements that measure picture quality.
//!
//! The plugin is the border between GStreamer and the engine [`onnx_iqa`]: caps, pads, clocks, metadata and messages
//! are here, all arithmetic is there.

#![deny(unsafe_code)]
#![allow(missing_docs, reason = "plugin_define! makes public items without documentation")]

use gst::glib;
use gst::prelude::MulDiv;
use std::sync::{Mutex, MutexGuard, PoisonError};

#[allow(unsafe_code, reason = "calls a library that is opened at run time")]
mod analytics;
pub mod bundled;
#[allow(unsafe_code, reason = "sets a property of the parent class; goes when the element has no such parent")]
mod iqacompare;
mod iqalog;
mod iqaoverlay;
mod iqascore;
mod log;
pub mod messages;
pub mod meta;
mod scheduling;
mod scoring;
#[allow(unsafe_code, reason = "maps frames, whose planes GStreamer gives as pointers")]
pub mod video_frame;

/// Locks, also after a thread has panicked: what the elements guard is whole at every step.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The time from one event to the next at that rate per second; none for 0/1, which stands for "unknown" and "no
/// limit".
fn period(rate: gst::Fraction) -> Option<gst::ClockTime> {
    let numer = u64::try_from(rate.numer()).ok().filter(|&numer| numer > 0)?;
    gst::ClockTime::SECOND.mul_div_round(u64::try_from(rate.denom()).ok()?, numer)
}

/// An error with its causes, for users.
fn describe(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

fn plugin_init(plugin: &gst::Plugin) -> Result<(), glib::BoolError> {
    log::install();
    meta::register();
    iqascore::register(plugin)?;
    iqacompare::register(plugin)?;
    iqalog::register(plugin)?;
    iqaoverlay::register(plugin)
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
