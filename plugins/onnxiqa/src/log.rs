// SPDX-License-Identifier: MPL-2.0

//! Forwards the engine's log to GStreamer's debug log, category `onnxiqa`.

use std::sync::LazyLock;

static CAT: LazyLock<gst::DebugCategory> = LazyLock::new(|| {
    gst::DebugCategory::new("onnxiqa", gst::DebugColorFlags::empty(), Some("Models, ONNX Runtime and the scorer"))
});

struct Bridge;

fn level(level: log::Level) -> gst::DebugLevel {
    match level {
        log::Level::Error => gst::DebugLevel::Error,
        log::Level::Warn => gst::DebugLevel::Warning,
        log::Level::Info => gst::DebugLevel::Info,
        log::Level::Debug => gst::DebugLevel::Debug,
        log::Level::Trace => gst::DebugLevel::Trace,
    }
}

impl log::Log for Bridge {
    fn enabled(&self, metadata: &log::Metadata<'_>) -> bool {
        level(metadata.level()) <= CAT.threshold()
    }

    fn log(&self, record: &log::Record<'_>) {
        match record.level() {
            log::Level::Error => gst::error!(CAT, "{}: {}", record.target(), record.args()),
            log::Level::Warn => gst::warning!(CAT, "{}: {}", record.target(), record.args()),
            log::Level::Info => gst::info!(CAT, "{}: {}", record.target(), record.args()),
            log::Level::Debug => gst::debug!(CAT, "{}: {}", record.target(), record.args()),
            log::Level::Trace => gst::trace!(CAT, "{}: {}", record.target(), record.args()),
        }
    }

    fn flush(&self) {}
}

/// Installs the log bridge. A program that links the plugin and has its own logger keeps it.
pub fn install() {
    if log::set_logger(&Bridge).is_ok() {
        log::set_max_level(log::LevelFilter::Trace);
    }
}
