// SPDX-License-Identifier: MPL-2.0

//! Element properties.

use gst::glib;
use gst::prelude::*;
use onnx_iqa::overlay;

/// Position of the score box.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, glib::Enum)]
#[enum_type(name = "GstIqaOverlayPosition")]
#[allow(missing_docs, reason = "self-explanatory names")]
pub enum Position {
    #[default]
    #[enum_value(name = "Top left corner", nick = "top-left")]
    TopLeft,
    #[enum_value(name = "Top edge", nick = "top")]
    Top,
    #[enum_value(name = "Top right corner", nick = "top-right")]
    TopRight,
    #[enum_value(name = "Left edge", nick = "left")]
    Left,
    #[enum_value(name = "Center", nick = "center")]
    Center,
    #[enum_value(name = "Right edge", nick = "right")]
    Right,
    #[enum_value(name = "Bottom left corner", nick = "bottom-left")]
    BottomLeft,
    #[enum_value(name = "Bottom edge", nick = "bottom")]
    Bottom,
    #[enum_value(name = "Bottom right corner", nick = "bottom-right")]
    BottomRight,
}

impl From<Position> for overlay::Position {
    fn from(position: Position) -> Self {
        match position {
            Position::TopLeft => Self::TopLeft,
            Position::Top => Self::Top,
            Position::TopRight => Self::TopRight,
            Position::Left => Self::Left,
            Position::Center => Self::Center,
            Position::Right => Self::Right,
            Position::BottomLeft => Self::BottomLeft,
            Position::Bottom => Self::Bottom,
            Position::BottomRight => Self::BottomRight,
        }
    }
}

/// Colors of the quality map.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, glib::Enum)]
#[enum_type(name = "GstIqaOverlayColormap")]
pub enum Colormap {
    /// Bright where quality is low.
    #[default]
    #[enum_value(name = "Transparent where quality is high, red to bright yellow where it is low", nick = "heat")]
    Heat,
    /// Dark where quality is low.
    #[enum_value(name = "White where quality is high, black where it is low", nick = "grey")]
    Gray,
}

impl From<Colormap> for overlay::Colormap {
    fn from(colormap: Colormap) -> Self {
        match colormap {
            Colormap::Heat => Self::Heat,
            Colormap::Gray => Self::Gray,
        }
    }
}

/// Parts of the overlay.
#[glib::flags(name = "GstIqaOverlayShow")]
pub enum Show {
    /// Number, rating and bar.
    #[flags_value(name = "Newest score: number, rating, bar and age", nick = "score")]
    SCORE = 1 << 0,
    /// History graph.
    #[flags_value(name = "Graph of the score over the last 30 seconds", nick = "history")]
    HISTORY = 1 << 1,
    /// Quality map.
    #[flags_value(name = "Quality map of the model, over the whole picture", nick = "map")]
    MAP = 1 << 2,
    /// Other values.
    #[flags_value(name = "Other values: measures and model attributes", nick = "values")]
    VALUES = 1 << 3,
    /// Alarm.
    #[flags_value(name = "Striped border and label while the scoring element's alarm is raised", nick = "alarm")]
    ALARM = 1 << 4,
}

impl From<Show> for overlay::Show {
    fn from(show: Show) -> Self {
        Self {
            score: show.contains(Show::SCORE),
            history: show.contains(Show::HISTORY),
            map: show.contains(Show::MAP),
            values: show.contains(Show::VALUES),
            alarm: show.contains(Show::ALARM),
        }
    }
}

/// Element properties and their values.
#[derive(Debug, Clone)]
pub struct Settings {
    elements: Option<String>,
    position: Position,
    scale: f64,
    show: Show,
    map_opacity: f64,
    map_colormap: Colormap,
    stale_after: u64,
}

impl Default for Settings {
    fn default() -> Self {
        let engine = overlay::Settings::default();
        Self {
            elements: None,
            position: Position::default(),
            scale: engine.scale,
            show: Show::all(),
            map_opacity: engine.map_opacity,
            map_colormap: Colormap::default(),
            stale_after: engine.stale_after,
        }
    }
}

impl Settings {
    /// Property specifications handled by [`set`](Self::set) and [`get`](Self::get).
    pub fn properties() -> Vec<glib::ParamSpec> {
        let default = Self::default();
        vec![
            glib::ParamSpecString::builder("elements")
                .nick("Elements")
                .blurb("Comma-separated names of the elements whose scores are drawn; empty = all")
                .mutable_playing()
                .build(),
            glib::ParamSpecEnum::builder_with_default("position", default.position)
                .nick("Position")
                .blurb("Position of the score box")
                .mutable_playing()
                .build(),
            glib::ParamSpecDouble::builder("scale")
                .nick("Scale")
                .blurb("Size of the score box relative to the picture; reduced automatically if the box does not fit")
                .minimum(0.1)
                .maximum(10.0)
                .default_value(default.scale)
                .mutable_playing()
                .build(),
            glib::ParamSpecFlags::builder::<Show>("show")
                .nick("Show")
                .blurb("Parts of the overlay to draw")
                .default_value(default.show)
                .mutable_playing()
                .build(),
            glib::ParamSpecDouble::builder("map-opacity")
                .nick("Map opacity")
                .blurb("Opacity of the quality map; with map-colormap=heat only where quality is low; 0 = no map")
                .minimum(0.0)
                .maximum(1.0)
                .default_value(default.map_opacity)
                .mutable_playing()
                .build(),
            glib::ParamSpecEnum::builder_with_default("map-colormap", default.map_colormap)
                .nick("Map colors")
                .blurb("Colors of the quality map")
                .mutable_playing()
                .build(),
            glib::ParamSpecUInt64::builder("stale-after")
                .nick("Stale after")
                .blurb("Mark a score as stale when it is older than this, in nanoseconds of running time")
                .default_value(default.stale_after)
                .mutable_playing()
                .build(),
        ]
    }

    /// Sets a property; returns false for unknown names.
    pub fn set(&mut self, name: &str, value: &glib::Value) -> bool {
        // GObject has validated the value.
        match name {
            "elements" => self.elements = value.get().unwrap_or_default(),
            "position" => self.position = value.get().unwrap_or(self.position),
            "scale" => self.scale = value.get().unwrap_or(self.scale),
            "show" => self.show = value.get().unwrap_or(self.show),
            "map-opacity" => self.map_opacity = value.get().unwrap_or(self.map_opacity),
            "map-colormap" => self.map_colormap = value.get().unwrap_or(self.map_colormap),
            "stale-after" => self.stale_after = value.get().unwrap_or(self.stale_after),
            _ => return false,
        }
        true
    }

    /// Returns a property value; `None` for unknown names.
    pub fn get(&self, name: &str) -> Option<glib::Value> {
        Some(match name {
            "elements" => self.elements.to_value(),
            "position" => self.position.to_value(),
            "scale" => self.scale.to_value(),
            "show" => self.show.to_value(),
            "map-opacity" => self.map_opacity.to_value(),
            "map-colormap" => self.map_colormap.to_value(),
            "stale-after" => self.stale_after.to_value(),
            _ => return None,
        })
    }

    /// Settings for the engine's overlay.
    pub fn engine(&self) -> overlay::Settings {
        let names = self.elements.as_deref().unwrap_or_default().split(',').map(str::trim);
        let mut settings = overlay::Settings::default();
        settings.elements = names.filter(|name| !name.is_empty()).map(str::to_owned).collect();
        settings.position = self.position.into();
        settings.scale = self.scale;
        settings.show = self.show.into();
        settings.map_opacity = self.map_opacity;
        settings.map_colormap = self.map_colormap.into();
        settings.stale_after = self.stale_after;
        settings
    }
}
