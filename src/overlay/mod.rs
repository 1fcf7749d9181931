// SPDX-License-Identifier: MPL-2.0

//! Scores drawn on the picture, for viewing.
//!
//! An [`Overlay`] receives the records of each frame ([`Overlay::observe`]) and draws them on the frame in place
//! ([`Overlay::draw`]), or returns them as [`Layer`]s for callers that composite themselves: a box with the latest
//! score, its history and other values, a map of where the picture is bad, and a striped border while an alarm is
//! raised.
//!
//! Everything outside the layers keeps its bits, in every format, and so does alpha. Layers begin and end where the
//! format has chroma samples. Colors are converted with the frame's own matrix and range; the transfer function is not
//! changed. Nothing is redrawn until something has changed, and the cost per frame is proportional to the area that is
//! covered.
//!
//! Text is set in Roboto (© 2011 Google Inc., Apache License 2.0), which is in the binary.

mod alarm;
mod canvas;
mod codes;
mod colors;
mod curve;
mod history;
mod layer;
mod panel;
mod row;
mod settings;
mod text;
mod track;

pub use canvas::{Canvas, Rgba};
pub use layer::Layer;
pub use settings::{Colormap, Position, Settings, Show};

use crate::picture::{FrameMut, PictureError, Rect};
use crate::record::FrameRecord;
use crate::scorer::Map;
use layer::{Prepared, aligned};
use row::Row;
use std::sync::Arc;
use text::Text;
use track::Track;

/// Most elements whose scores are kept, since names come from outside.
const TRACKS: usize = 16;
/// Running time that goes back by less is a frame out of order, in nanoseconds.
const DISORDER: u64 = 1_000_000_000;

/// The input that the layers were drawn for.
#[derive(Debug, Clone, PartialEq, Default)]
struct Drawn {
    size: [u32; 2],
    alignment: [u32; 2],
    rows: Vec<Row>,
    place: Option<(Position, f64)>,
    alarm: bool,
    map: Option<(MapKey, Colormap, u8)>,
}

/// A map, identified by its address.
#[derive(Debug, Clone)]
struct MapKey(Arc<Map>);

impl PartialEq for MapKey {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

/// Draws scores on the frames of one stream.
#[derive(Debug, Default)]
pub struct Overlay {
    settings: Settings,
    tracks: Vec<Track>,
    /// Running time of the newest frame, in nanoseconds.
    time: Option<u64>,
    text: Text,
    drawn: Drawn,
    /// The map, the strips of an alarm and the box, in stacking order.
    map: Option<Layer>,
    strips: Vec<Layer>,
    panel: Option<Layer>,
    serial: u64,
    layers: Vec<Layer>,
    prepared: Vec<Prepared>,
}

impl Overlay {
    /// Nothing is known yet.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self { settings, ..Self::default() }
    }

    /// What is drawn, and where.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Changes what is drawn from now on.
    pub fn set_settings(&mut self, settings: Settings) {
        self.settings = settings;
    }

    /// Forgets all scores, because time starts again.
    pub fn clear(&mut self) {
        self.tracks.clear();
        self.time = None;
    }

    /// Adds a frame shown at running time `time` (in nanoseconds, if known), with the records of elements for it. An
    /// element without a record is drawn with its previous one and that one's age.
    pub fn observe<'a>(&mut self, time: Option<u64>, records: impl IntoIterator<Item = (&'a str, &'a FrameRecord)>) {
        if let (Some(now), Some(before)) = (time, self.time)
            && now.saturating_add(DISORDER) < before
        {
            self.tracks.iter_mut().for_each(|track| track.jump_back(now));
        }
        self.time = time;
        for (name, record) in records {
            let index = self.tracks.iter().position(|track| track.name == name).or_else(|| {
                let has_room = self.tracks.len() < TRACKS;
                has_room.then(|| {
                    self.tracks.push(Track::new(name));
                    self.tracks.len() - 1
                })
            });
            if let Some(track) = index.and_then(|index| self.tracks.get_mut(index)) {
                track.observe(time, record);
            }
        }
    }

    /// What should be drawn over a visible picture of `size` (width and height in pixels), the lowest layer first, each
    /// beginning and ending at multiples of `alignment` pixels or with the picture. Redrawn if anything has changed.
    pub fn layers(&mut self, size: [u32; 2], alignment: [u32; 2]) -> &[Layer] {
        let chosen = |track: &&Track| self.settings.elements.is_empty() || self.settings.elements.contains(&track.name);
        let tracks: Vec<_> = self.tracks.iter().filter(chosen).collect();
        let show = self.settings.show;
        let map = tracks.iter().find_map(|track| track.map.clone()).filter(|_| show.map);
        let opacity = (self.settings.map_opacity.clamp(0.0, 1.0) * 255.0).round() as u8;
        let wanted = Drawn {
            size,
            alignment: alignment.map(|step| step.max(1)),
            rows: panel::rows(&tracks, self.time, &self.settings),
            place: Some((self.settings.position, self.settings.scale)),
            alarm: show.alarm && tracks.iter().any(|track| track.alarm),
            map: map.filter(|_| opacity > 0).map(|map| (MapKey(map), self.settings.map_colormap, opacity)),
        };
        if wanted == self.drawn {
            return &self.layers;
        }
        let alignment = wanted.alignment;
        let resized = (size, alignment) != (self.drawn.size, self.drawn.alignment);
        let serial = &mut self.serial;
        let mut new = |(rect, canvas): (Rect, Canvas)| {
            *serial += 1;
            Layer { rect, canvas: Arc::new(canvas), serial: *serial }
        };
        if resized || wanted.map != self.drawn.map {
            let drawn = wanted.map.as_ref().and_then(|(map, colormap, opacity)| colored(&map.0, *colormap, *opacity));
            self.map = drawn.map(|canvas| new((Rect::whole(size[0], size[1]), canvas)));
        }
        if resized || wanted.alarm != self.drawn.alarm {
            let thickness = (size[0].min(size[1]) / 90).max(2);
            let strips = if wanted.alarm { alarm::strips(size, thickness, alignment) } else { Vec::new() };
            self.strips = strips.into_iter().map(&mut new).collect();
        }
        if resized || wanted.rows != self.drawn.rows || wanted.place != self.drawn.place {
            let place = (self.settings.position, self.settings.scale);
            let drawn =
                panel::draw(&wanted.rows, &tracks, size, place, &mut self.text, |r| aligned(r, alignment, size));
            self.panel = drawn.map(new);
        }
        self.drawn = wanted;
        self.layers = self.map.iter().chain(&self.strips).chain(&self.panel).cloned().collect();
        &self.layers
    }

    /// Draws on the frame.
    ///
    /// # Errors
    /// When the frame's memory does not hold the picture, or cannot be written to.
    pub fn draw(&mut self, frame: &mut dyn FrameMut) -> Result<(), PictureError> {
        frame.check()?;
        let info = frame.info();
        let alignment = info.format.alignment();
        let (visible, whole) = (frame.visible(), [info.width, info.height]);
        if visible.right() > info.width || visible.bottom() > info.height {
            return Err(PictureError::Outside { rect: visible, width: info.width, height: info.height });
        }
        let Some(part) = inner(visible, alignment, whole) else { return Ok(()) };
        self.layers([part.width, part.height], alignment);
        let mut before = std::mem::take(&mut self.prepared);
        for layer in &self.layers {
            let known = before.iter().position(|prepared| prepared.is(layer, info));
            let prepared = known.map_or_else(|| Prepared::new(layer, info), |index| before.swap_remove(index));
            self.prepared.push(prepared);
        }
        for plane in 0..info.format.planes() {
            for prepared in &self.prepared {
                prepared.blend(plane, frame.plane_mut(plane)?, [part.x, part.y])?;
            }
        }
        Ok(())
    }
}

/// The part of a rectangle that begins at multiples of `alignment`, and ends there or with the picture.
fn inner(rect: Rect, alignment: [u32; 2], whole: [u32; 2]) -> Option<Rect> {
    let shrink = |from: u32, to: u32, step: u32, length: u32| {
        let from = from.checked_next_multiple_of(step)?;
        let to = if to == length { to } else { to / step * step };
        to.checked_sub(from).filter(|&length| length > 0).map(|length| (from, length))
    };
    let (x, width) = shrink(rect.x, rect.right(), alignment[0], whole[0])?;
    let (y, height) = shrink(rect.y, rect.bottom(), alignment[1], whole[1])?;
    Some(Rect { x, y, width, height })
}

/// A map in its colors; `None` if its memory does not match its size.
fn colored(map: &Map, colormap: Colormap, opacity: u8) -> Option<Canvas> {
    let colors: Vec<Rgba> = (0..=255)
        .map(|value| {
            let [r, g, b, a] = colors::of_map(colormap, value);
            [r, g, b, ((u16::from(a) * u16::from(opacity) + 127) / 255) as u8]
        })
        .collect();
    let pixels = map.data.iter().filter_map(|&value| colors.get(usize::from(value)).copied()).collect();
    Canvas::from_pixels(map.width, map.height, pixels).filter(|canvas| !canvas.pixels().is_empty())
}

#[cfg(test)]
mod tests;
