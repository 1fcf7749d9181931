// SPDX-License-Identifier: MPL-2.0

//! The properties that say what is reported; shared by the elements that score.

use gst::glib;
use gst::prelude::*;
use onnx_iqa::record::ReporterSettings;

/// Windows, alarms and messages.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Span of the sliding statistics.
    pub window: gst::ClockTime,
    /// Alarm when the window's mean falls below; negative = off.
    pub alarm_below: f64,
    /// Alarm when the window's mean rises above; negative = off.
    pub alarm_above: f64,
    /// What windows and alarms look at, if users said so.
    alarm_field: Option<String>,
    /// What they look at otherwise: the element's main figure.
    pub main_field: &'static str,
    /// How far above `alarm_below`, or below `alarm_above`, the alarm clears.
    pub alarm_hysteresis: f64,
    /// Post a message for each score.
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
    /// The defaults of an element whose main figure is this field.
    pub fn new(main_field: &'static str) -> Self {
        Self { main_field, ..Self::default() }
    }

    /// What windows and alarms look at.
    pub fn alarm_field(&self) -> &str {
        self.alarm_field.as_deref().unwrap_or(self.main_field)
    }

    /// Whether users have asked for windows or alarms, which go by time.
    pub fn looks_at_time(&self) -> bool {
        self.alarm_below >= 0.0 || self.alarm_above >= 0.0 || self.window != Self::default().window
    }

    /// What the engine's reporter is to look at.
    pub fn reporter(&self) -> ReporterSettings {
        let mut reporter = ReporterSettings::default();
        self.apply(&mut reporter);
        reporter
    }

    /// Brings the reporter's settings to what users want now.
    pub fn apply(&self, reporter: &mut ReporterSettings) {
        reporter.window = self.window.nseconds();
        reporter.alarm_below = (self.alarm_below >= 0.0).then_some(self.alarm_below);
        reporter.alarm_above = (self.alarm_above >= 0.0).then_some(self.alarm_above);
        reporter.alarm_hysteresis = self.alarm_hysteresis;
        // For every frame: text is copied only when it changes.
        for (to, from) in [(&mut reporter.main_field, self.main_field), (&mut reporter.field, self.alarm_field())] {
            if to != from {
                from.clone_into(to);
            }
        }
    }

    /// The specifications of the properties that [`set`](Self::set) and [`get`](Self::get) know. `fields` says what
    /// `alarm-field` may be.
    pub fn properties(&self, fields: &str) -> Vec<glib::ParamSpec> {
        let default = self;
        vec![
            glib::ParamSpecUInt64::builder("window")
                .nick("Window")
                .blurb(
                    "Span of the sliding statistics, in nanoseconds of running time; an `iqa-window` message is \
                     posted once per window. Frames without a time stamp are counted by their durations, at 25 a \
                     second where caps say no rate; where running time jumps back, another window begins",
                )
                .minimum(1)
                .default_value(default.window.nseconds())
                .mutable_playing()
                .build(),
            glib::ParamSpecDouble::builder("alarm-below")
                .nick("Alarm below")
                .blurb("Post `iqa-alarm` when the window's mean falls below; -1 = off")
                .minimum(-1.0)
                .maximum(f64::MAX)
                .default_value(default.alarm_below)
                .mutable_playing()
                .build(),
            glib::ParamSpecDouble::builder("alarm-above")
                .nick("Alarm above")
                .blurb("Post `iqa-alarm` when the window's mean rises above, where more is worse; -1 = off")
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
                .blurb(
                    "The alarm clears this far above alarm-below, or below alarm-above; a clear level outside the \
                     field's range is warned of",
                )
                .minimum(0.0)
                .maximum(f64::MAX)
                .default_value(default.alarm_hysteresis)
                .mutable_playing()
                .build(),
            glib::ParamSpecBoolean::builder("frame-messages")
                .nick("Frame messages")
                .blurb("Post `iqa-score` for every score")
                .default_value(default.frame_messages)
                .mutable_playing()
                .build(),
        ]
    }

    /// Sets a property; false if it is none of these.
    pub fn set(&mut self, name: &str, value: &glib::Value) -> bool {
        // GObject has checked the value against its specification.
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

    /// A property's value; none if it is none of these.
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
