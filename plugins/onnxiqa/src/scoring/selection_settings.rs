// SPDX-License-Identifier: MPL-2.0

//! Frame selection properties shared by the scoring elements: `interval` and `max-rate`.

use gst::glib;
use gst::prelude::*;
use onnx_iqa::scorer::Selection;

/// Frame selection properties and their values.
#[derive(Debug, Clone, Copy)]
pub struct SelectionSettings {
    /// Score every Nth frame.
    pub interval: u32,
    /// Maximum number of scores per second; 0/1 = unlimited.
    pub max_rate: gst::Fraction,
}

impl Default for SelectionSettings {
    fn default() -> Self {
        Self { interval: 1, max_rate: gst::Fraction::new(0, 1) }
    }
}

impl SelectionSettings {
    /// Property specifications handled by [`set`](Self::set) and [`get`](Self::get). `interval` and `max_rate` are the
    /// element's blurbs for these properties.
    pub fn properties(interval: &str, max_rate: &str) -> [glib::ParamSpec; 2] {
        let default = Self::default();
        [
            /**
             * GstIqaCompare:interval:
             *
             * Since: plugins-onnxiqa-0.2.0
             */
            glib::ParamSpecUInt::builder("interval")
                .nick("Interval")
                .blurb(interval)
                .minimum(1)
                .default_value(default.interval)
                .mutable_playing()
                .build(),
            /**
             * GstIqaCompare:max-rate:
             *
             * Since: plugins-onnxiqa-0.2.0
             */
            gst::ParamSpecFraction::builder("max-rate")
                .nick("Maximum rate")
                .blurb(max_rate)
                .minimum(gst::Fraction::new(0, 1))
                .maximum(gst::Fraction::new(i32::MAX, 1))
                .default_value(default.max_rate)
                .mutable_playing()
                .build(),
        ]
    }

    /// Sets a property; returns false for unknown names.
    pub fn set(&mut self, name: &str, value: &glib::Value) -> bool {
        // GObject has validated the value.
        match name {
            "interval" => self.interval = value.get().unwrap_or(self.interval),
            "max-rate" => self.max_rate = value.get().unwrap_or(self.max_rate),
            _ => return false,
        }
        true
    }

    /// Returns a property value; `None` for unknown names.
    pub fn get(&self, name: &str) -> Option<glib::Value> {
        Some(match name {
            "interval" => self.interval.to_value(),
            "max-rate" => self.max_rate.to_value(),
            _ => return None,
        })
    }

    /// Whether `max-rate` is set.
    pub fn has_rate(&self) -> bool {
        self.max_rate.numer() > 0
    }

    /// Selection for the engine.
    pub fn selection(&self) -> Selection {
        Selection::new(self.interval, crate::period(self.max_rate).map(gst::ClockTime::nseconds))
    }
}
