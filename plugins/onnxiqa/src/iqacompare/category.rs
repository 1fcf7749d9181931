// SPDX-License-Identifier: MPL-2.0

//! Debug category of the element.

use std::sync::LazyLock;

pub(super) static CAT: LazyLock<gst::DebugCategory> = LazyLock::new(|| {
    gst::DebugCategory::new("iqacompare", gst::DebugColorFlags::empty(), Some("Full-reference picture quality"))
});
