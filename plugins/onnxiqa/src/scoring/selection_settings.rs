// SPDX-License-Identifier: MPL-2.0

//! The properties that say what a model scores: `interval` and `max-rate`; shared by the elements that score.

use gst::glib;
use gst::prelude::*;
use onnx_iqa::scorer::Selection;

/// The properties, with their defaults.
#[derive(Debug, Clone, Copy)]
pub struct SelectionSettings {
    /// One in so many is scored.
    pub interval: u32,
    /// At most so many scores a second; 0/1 = no limit.
    pub max_rate: gst::Fraction,
}

impl Default for SelectionSettings {
    fn default() -> Self {
        Self { interval: 1, max_rate: gst::Fraction::new(0, 1) }
    }
}

impl SelectionSettings {
    /// The specifications of the properties that [`set`](Self::set) and [`get`](Self::get) know. `interval` and
    /// `max_rate` are what these mean to the element.
    pub fn properties(interval: &str, max_rate: &str) -> [glib::ParamSpec; 2] {
        let default = Self::default();
        [
            glib::ParamSpecUInt::builder("interval")
                .nick("Interval")
                .blurb(interval)
                .minimum(1)
                .default_value(default.interval)
                .mutable_playing()
                .build(),
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

    /// Sets a property; false if it is none of these.
    pub fn set(&mut self, name: &str, value: &glib::Value) -> bool {
        // GObject has checked the value against its specification.
        match name {
            "interval" => self.interval = value.get().unwrap_or(self.interval),
            "max-rate" => self.max_rate = value.get().unwrap_or(self.max_rate),
            _ => return false,
        }
        true
    }

    /// A property's value; none if it is none of these.
    pub fn get(&self, name: &str) -> Option<glib::Value> {
        Some(match name {
            "interval" => self.interval.to_value(),
            "max-rate" => self.max_rate.to_value(),
            _ => return None,
        })
    }

    /// Whether users have asked for no more than so many scores a second.
    pub fn has_rate(&self) -> bool {
        self.max_rate.numer() > 0
    }

    /// What the engine is to score.
    pub fn selection(&self) -> Selection {
        Selection::new(self.interval, crate::period(self.max_rate).map(gst::ClockTime::nseconds))
    }
}
