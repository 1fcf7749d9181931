// SPDX-License-Identifier: MPL-2.0

//! The property `format`.

use gst::glib;
use onnx_iqa::record::log::LogFormat;

/// How a log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, glib::Enum)]
#[enum_type(name = "GstIqaLogFormat")]
pub enum Format {
    /// One JSON object a line.
    #[default]
    #[enum_value(name = "One JSON object a line, the pool in the last", nick = "json-lines")]
    JsonLines,
    /// A table.
    #[enum_value(name = "A row for each frame, the pool in a file of its own", nick = "csv")]
    Csv,
    /// What tools for VMAF read.
    #[enum_value(name = "One JSON document, as libvmaf writes it", nick = "vmaf-json")]
    VmafJson,
}

impl From<Format> for LogFormat {
    fn from(format: Format) -> Self {
        match format {
            Format::JsonLines => Self::JsonLines,
            Format::Csv => Self::Csv,
            Format::VmafJson => Self::VmafJson,
        }
    }
}
