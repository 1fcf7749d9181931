// SPDX-License-Identifier: MPL-2.0

//! The elements of this program: the plugin is linked into it.

use anyhow::{Context as _, Result};

/// Starts GStreamer, and registers the elements that are linked in.
///
/// # Errors
/// When GStreamer does not start.
pub fn init() -> Result<()> {
    gst::init().context("GStreamer does not start")?;
    gstonnxiqa::plugin_register_static().context("the elements that are linked in cannot be registered")
}
