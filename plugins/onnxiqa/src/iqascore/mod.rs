// SPDX-License-Identifier: MPL-2.0

//! SECTION:element-iqascore
//!
//! Scores video frames by a no-reference quality model and passes them on untouched, each with its score as metadata
//! (`IqaMeta`) and, if asked, messages on the bus.
//!
//! A score goes from 0 (worst) to 100 (best). Which frames are scored is said by `interval` and `max-rate`; what
//! happens to a frame while it is scored by `mode`: with `every-frame` it waits for its own score and back-pressure
//! holds upstream, with `live` it is never held and carries the newest score that is finished.
//!
//! ## Example pipelines
//!
//! Every frame of a file, to a log:
//! ```bash
//! gst-launch-1.0 filesrc location=clip.mp4 ! decodebin ! videoconvert ! iqascore ! \
//!     iqalog location=scores.jsonl ! fakesink
//! ```
//!
//! A camera that must not be held up, with an alarm on the bus when the picture is bad for two seconds:
//! ```bash
//! gst-launch-1.0 -m v4l2src ! videoconvert ! \
//!     iqascore mode=live max-rate=5/1 window=2000000000 alarm-below=40 ! autovideosink
//! ```

use gst::glib;
use gst::prelude::*;

mod category;
mod events;
mod frame;
mod imp;
mod input;
mod jobs;
mod output;
mod pace;
mod queries;
mod queue;
mod rate_limiter;
mod scores;
mod settings;

pub use settings::Mode;

glib::wrapper! {
    /// The element `iqascore`.
    pub struct IqaScore(ObjectSubclass<imp::IqaScore>) @extends gst::Element, gst::Object;
}

/// Registers the element.
///
/// # Errors
/// When the name is taken.
pub fn register(plugin: &gst::Plugin) -> Result<(), glib::BoolError> {
    Mode::static_type().mark_as_plugin_api(gst::PluginAPIFlags::empty());
    crate::scoring::Provider::static_type().mark_as_plugin_api(gst::PluginAPIFlags::empty());
    crate::scoring::OnError::static_type().mark_as_plugin_api(gst::PluginAPIFlags::empty());
    gst::Element::register(Some(plugin), "iqascore", gst::Rank::NONE, IqaScore::static_type())
}
