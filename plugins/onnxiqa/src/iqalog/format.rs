// SPDX-License-Identifier: MPL-2.0

//! The `format` property.

use gst::glib;
use onnx_iqa::record::log::LogFormat;

/// File format of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, glib::Enum)]
#[enum_type(name = "GstIqaLogFormat")]
pub enum Format {
    /// One JSON object per line.
    #[default]
    #[enum_value(name = "One JSON object per line, pooled statistics in the last line", nick = "json-lines")]
    JsonLines,
    /// A table.
    #[enum_value(name = "One row per frame, pooled statistics in <location>.pool.csv", nick = "csv")]
    Csv,
    /// libvmaf's JSON log.
    #[enum_value(name = "One JSON document in libvmaf's format", nick = "vmaf-json")]
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
