// SPDX-License-Identifier: MPL-2.0

//! GStreamer elements that measure picture quality.
//!
//! The plugin connects GStreamer to the engine [`onnx_iqa`]: it handles caps, pads, clocks, metadata and messages, and
//! leaves all computation to the engine.

#![deny(unsafe_code)]
#![allow(unused_doc_comments, reason = "GStreamer's documentation tool reads comments on properties and signals")]
#![allow(missing_docs, reason = "plugin_define! makes public items without documentation")]

/**
 * plugin-onnxiqa:
 *
 * Since: plugins-onnxiqa-0.1.0
 */
use gst::glib;
use gst::prelude::*;
use std::sync::{Mutex, MutexGuard, PoisonError};

#[allow(unsafe_code, reason = "calls a library that is loaded at run time")]
mod analytics;
pub mod bundled;
mod iqacompare;
mod iqalog;
mod iqaoverlay;
mod iqascore;
mod log;
pub mod messages;
pub mod meta;
mod scheduling;
mod scoring;
mod sync;
#[allow(unsafe_code, reason = "maps frames, whose planes GStreamer gives as pointers")]
pub mod video_frame;

/// Author in the metadata of every element.
const AUTHOR: &str = "The onnx-iqa authors";

/// Locks a mutex, ignoring poisoning: the guarded state is consistent after every statement.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Interval between events at this rate; `None` for 0/1, which means "unknown" or "unlimited".
fn period(rate: gst::Fraction) -> Option<gst::ClockTime> {
    let numer = u64::try_from(rate.numer()).ok().filter(|&numer| numer > 0)?;
    gst::ClockTime::SECOND.mul_div_round(u64::try_from(rate.denom()).ok()?, numer)
}

/// Formats an error and its causes for the user.
fn describe(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

fn plugin_init(plugin: &gst::Plugin) -> Result<(), glib::BoolError> {
    #[cfg(feature = "doc")]
    for shared in [scoring::Provider::static_type(), scoring::OnError::static_type()] {
        shared.mark_as_plugin_api(gst::PluginAPIFlags::empty());
    }
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
    env!("CARGO_PKG_LICENSE"),
    env!("CARGO_PKG_NAME"),
    env!("CARGO_PKG_NAME"),
    env!("CARGO_PKG_REPOSITORY"),
    env!("BUILD_REL_DATE")
);
