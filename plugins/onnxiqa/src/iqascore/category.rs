// SPDX-License-Identifier: MPL-2.0

//! The element's category in GStreamer's debug log.

use std::sync::LazyLock;

/// `iqascore`.
pub static CAT: LazyLock<gst::DebugCategory> = LazyLock::new(|| {
    gst::DebugCategory::new("iqascore", gst::DebugColorFlags::empty(), Some("No-reference picture quality"))
});
