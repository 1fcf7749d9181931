// SPDX-License-Identifier: MPL-2.0

//! Report properties shared by the scoring elements.

use gst::glib;
use gst::prelude::*;
use onnx_iqa::record::ReporterSettings;

/// Properties of windows, alarms and messages.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Duration of a statistics window.
    pub window: gst::ClockTime,
    /// Raise the alarm if the window's mean falls below this value; negative = off.
    pub alarm_below: f64,
    /// Raise the alarm if the window's mean rises above this value; negative = off.
    pub alarm_above: f64,
    /// Field evaluated by windows and alarms, if set.
    alarm_field: Option<String>,
    /// Field evaluated by default.
    pub main_field: &'static str,
    /// Distance from the threshold at which the alarm clears.
    pub alarm_hysteresis: f64,
    /// Whether a message is posted for every score.
    pub frame_messages: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            window: gst::ClockTime::SECOND,
            alarm_below: -1.0,
            alarm_above: -1.0,
            alarm_field: None,
            main_field: "score",
            alarm_hysteresis: 5.0,
            frame_messages: false,
        }
    }
}

impl Settings {
    /// Creates the default settings for an element with this default field.
    pub fn new(main_field: &'static str) -> Self {
        Self { main_field, ..Self::default() }
    }

    /// Field evaluated by windows and alarms.
    pub fn alarm_field(&self) -> &str {
        self.alarm_field.as_deref().unwrap_or(self.main_field)
    }

    /// Whether windows or alarms, which depend on timestamps, are in use.
    pub fn looks_at_time(&self) -> bool {
        self.alarm_below >= 0.0 || self.alarm_above >= 0.0 || self.window != Self::default().window
    }

    /// Settings for the engine's reporter.
    pub fn reporter(&self) -> ReporterSettings {
        let mut reporter = ReporterSettings::default();
        self.apply(&mut reporter);
        reporter
    }

    /// Updates the reporter's settings.
    pub fn apply(&self, reporter: &mut ReporterSettings) {
        reporter.window = self.window.nseconds();
        reporter.alarm_below = (self.alarm_below >= 0.0).then_some(self.alarm_below);
        reporter.alarm_above = (self.alarm_above >= 0.0).then_some(self.alarm_above);
        reporter.alarm_hysteresis = self.alarm_hysteresis;
        // Called for every frame, so strings are copied only when they change.
        for (to, from) in [(&mut reporter.main_field, self.main_field), (&mut reporter.field, self.alarm_field())] {
            if to != from {
                from.clone_into(to);
            }
        }
    }

    /// Property specifications handled by [`set`](Self::set) and [`get`](Self::get). `fields` is the blurb of
    /// `alarm-field`.
    pub fn properties(&self, fields: &str) -> Vec<glib::ParamSpec> {
        let default = self;
        vec![
            glib::ParamSpecUInt64::builder("window")
                .nick("Window")
                .blurb("Duration of a window in nanoseconds of running time; iqa-window is posted at its end")
                .minimum(1)
                .default_value(default.window.nseconds())
                .mutable_playing()
                .build(),
            glib::ParamSpecDouble::builder("alarm-below")
                .nick("Alarm below")
                .blurb("Post iqa-alarm when the mean of a window falls below this value; -1 = off")
                .minimum(-1.0)
                .maximum(f64::MAX)
                .default_value(default.alarm_below)
                .mutable_playing()
                .build(),
            /**
             * GstIqaScore:alarm-above:
             *
             * Since: plugins-onnxiqa-0.2.0
             */
            /**
             * GstIqaCompare:alarm-above:
             *
             * Since: plugins-onnxiqa-0.2.0
             */
            glib::ParamSpecDouble::builder("alarm-above")
                .nick("Alarm above")
                .blurb(
                    "Post iqa-alarm when the mean of a window rises above this value, for fields where higher is \
                     worse; -1 = off",
                )
                .minimum(-1.0)
                .maximum(f64::MAX)
                .default_value(default.alarm_above)
                .mutable_playing()
                .build(),
            glib::ParamSpecString::builder("alarm-field")
                .nick("Alarm field")
                .blurb(fields)
                .default_value(Some(default.main_field))
                .mutable_playing()
                .build(),
            glib::ParamSpecDouble::builder("alarm-hysteresis")
                .nick("Alarm hysteresis")
                .blurb("Distance above alarm-below, or below alarm-above, at which the alarm clears")
                .minimum(0.0)
                .maximum(f64::MAX)
                .default_value(default.alarm_hysteresis)
                .mutable_playing()
                .build(),
            glib::ParamSpecBoolean::builder("frame-messages")
                .nick("Frame messages")
                .blurb("Post an iqa-score message for every score")
                .default_value(default.frame_messages)
                .mutable_playing()
                .build(),
        ]
    }

    /// Sets a property; returns false for unknown names.
    pub fn set(&mut self, name: &str, value: &glib::Value) -> bool {
        // GObject has validated the value.
        match name {
            "window" => self.window = gst::ClockTime::from_nseconds(value.get().unwrap_or(self.window.nseconds())),
            "alarm-below" => self.alarm_below = value.get().unwrap_or(self.alarm_below),
            "alarm-above" => self.alarm_above = value.get().unwrap_or(self.alarm_above),
            "alarm-field" => self.alarm_field = value.get().ok().flatten(),
            "alarm-hysteresis" => self.alarm_hysteresis = value.get().unwrap_or(self.alarm_hysteresis),
            "frame-messages" => self.frame_messages = value.get().unwrap_or(self.frame_messages),
            _ => return false,
        }
        true
    }

    /// Returns a property value; `None` for unknown names.
    pub fn get(&self, name: &str) -> Option<glib::Value> {
        Some(match name {
            "window" => self.window.nseconds().to_value(),
            "alarm-below" => self.alarm_below.to_value(),
            "alarm-above" => self.alarm_above.to_value(),
            "alarm-field" => self.alarm_field().to_value(),
            "alarm-hysteresis" => self.alarm_hysteresis.to_value(),
            "frame-messages" => self.frame_messages.to_value(),
            _ => return None,
        })
    }
}
