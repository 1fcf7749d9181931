// SPDX-License-Identifier: MPL-2.0

//! Debug category of the element.

use std::sync::LazyLock;

/// Debug category `iqascore`.
pub static CAT: LazyLock<gst::DebugCategory> = LazyLock::new(|| {
    gst::DebugCategory::new("iqascore", gst::DebugColorFlags::empty(), Some("No-reference picture quality"))
});
