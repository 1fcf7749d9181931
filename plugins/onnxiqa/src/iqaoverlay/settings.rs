// SPDX-License-Identifier: MPL-2.0

//! What users set.

use gst::glib;
use gst::prelude::*;
use onnx_iqa::overlay;

/// Where the box with the scores is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, glib::Enum)]
#[enum_type(name = "GstIqaOverlayPosition")]
#[allow(missing_docs, reason = "the names say it")]
pub enum Position {
    #[default]
    #[enum_value(name = "In the upper left corner", nick = "top-left")]
    TopLeft,
    #[enum_value(name = "At the upper edge", nick = "top")]
    Top,
    #[enum_value(name = "In the upper right corner", nick = "top-right")]
    TopRight,
    #[enum_value(name = "At the left edge", nick = "left")]
    Left,
    #[enum_value(name = "In the middle", nick = "center")]
    Center,
    #[enum_value(name = "At the right edge", nick = "right")]
    Right,
    #[enum_value(name = "In the lower left corner", nick = "bottom-left")]
    BottomLeft,
    #[enum_value(name = "At the lower edge", nick = "bottom")]
    Bottom,
    #[enum_value(name = "In the lower right corner", nick = "bottom-right")]
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

/// How the map of quality is colored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, glib::Enum)]
#[enum_type(name = "GstIqaOverlayColormap")]
pub enum Colormap {
    /// Light where the picture is bad.
    #[default]
    #[enum_value(name = "Clear where the picture is good, through red to light yellow where it is bad", nick = "heat")]
    Heat,
    /// Dark where the picture is bad.
    #[enum_value(name = "White where the picture is good, black where it is bad", nick = "grey")]
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

/// Which parts are drawn.
#[glib::flags(name = "GstIqaOverlayShow")]
pub enum Show {
    /// Number, word and bar.
    #[flags_value(name = "The newest score: number, word, place on the scale, age", nick = "score")]
    SCORE = 1 << 0,
    /// The curve.
    #[flags_value(name = "Its history over the last 30 seconds", nick = "history")]
    HISTORY = 1 << 1,
    /// The map of quality.
    #[flags_value(name = "The model's map of where the picture is bad, over the picture", nick = "map")]
    MAP = 1 << 2,
    /// Other values.
    #[flags_value(name = "What else is known: measures against a reference, attributes", nick = "values")]
    VALUES = 1 << 3,
    /// The alarm.
    #[flags_value(name = "A striped frame and a word while the element's alarm is raised", nick = "alarm")]
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

/// The properties of `iqaoverlay`, with their defaults.
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
    /// The specifications of the properties that [`set`](Self::set) and [`get`](Self::get) know.
    pub fn properties() -> Vec<glib::ParamSpec> {
        let default = Self::default();
        vec![
            glib::ParamSpecString::builder("elements")
                .nick("Elements")
                .blurb(
                    "Names of the elements whose scores are drawn, separated by commas; empty = all that have scored \
                     the frames",
                )
                .mutable_playing()
                .build(),
            glib::ParamSpecEnum::builder_with_default("position", default.position)
                .nick("Position")
                .blurb("Where the box with the scores is")
                .mutable_playing()
                .build(),
            glib::ParamSpecDouble::builder("scale")
                .nick("Scale")
                .blurb("Size of the box; 1 goes with the picture's size. It is made smaller where it has no room")
                .minimum(0.1)
                .maximum(10.0)
                .default_value(default.scale)
                .mutable_playing()
                .build(),
            glib::ParamSpecFlags::builder::<Show>("show")
                .nick("Show")
                .blurb("Which parts are drawn")
                .default_value(default.show)
                .mutable_playing()
                .build(),
            glib::ParamSpecDouble::builder("map-opacity")
                .nick("Map opacity")
                .blurb("How opaque the map of quality is, heat only where the picture is bad; 0 = not drawn")
                .minimum(0.0)
                .maximum(1.0)
                .default_value(default.map_opacity)
                .mutable_playing()
                .build(),
            glib::ParamSpecEnum::builder_with_default("map-colormap", default.map_colormap)
                .nick("Map colors")
                .blurb("How the map of quality is colored")
                .mutable_playing()
                .build(),
            glib::ParamSpecUInt64::builder("stale-after")
                .nick("Stale after")
                .blurb("A score older than this is marked as stale, in nanoseconds of running time")
                .default_value(default.stale_after)
                .mutable_playing()
                .build(),
        ]
    }

    /// Sets a property; false if it is none of these.
    pub fn set(&mut self, name: &str, value: &glib::Value) -> bool {
        // GObject has checked the value against its specification.
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

    /// A property's value; none if it is none of these.
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

    /// As the engine has them.
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
