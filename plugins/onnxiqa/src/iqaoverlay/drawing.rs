// SPDX-License-Identifier: MPL-2.0

//! Turns the entries on a buffer into the drawing.

use super::composition::Rectangles;
use crate::video_frame::{self, Stream};
use crate::{messages, meta};
use onnx_iqa::overlay::{Overlay, Settings};
use onnx_iqa::picture::{FrameMut, Rect};
use onnx_iqa::scorer::Map;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Maximum number of remembered elements.
const MOST: usize = 64;

/// State of the stream and its drawing.
#[derive(Default)]
pub struct Drawing {
    stream: Option<Stream>,
    segment: Option<gst::FormattedSegment<gst::ClockTime>>,
    /// Whether downstream blends the composition.
    composites: bool,
    overlay: Overlay,
    rectangles: Rectangles,
    /// The newest quality map of each element, as received and as drawn.
    maps: Vec<(String, gst::Sample, Arc<Map>)>,
    told: bool,
    /// Number of frames, and the elements with entries.
    frames: u64,
    elements: BTreeSet<String>,
}

impl Drawing {
    /// Handles new caps.
    ///
    /// # Errors
    /// If the engine does not support the format.
    pub fn set_caps(&mut self, caps: &gst::CapsRef) -> Result<(), String> {
        self.stream = Some(Stream::from_caps(caps)?);
        // A warning about a previous format does not apply to this one.
        self.told = false;
        Ok(())
    }

    /// Handles a new segment; with formats other than time there is no running time.
    pub fn set_segment(&mut self, segment: &gst::Segment) {
        self.segment = segment.downcast_ref::<gst::ClockTime>().cloned();
    }

    /// Sets whether downstream blends the composition.
    pub fn set_composites(&mut self, composites: bool) {
        self.composites = composites;
    }

    /// Resets the time-dependent state after a flush.
    pub fn flush(&mut self) {
        self.segment = None;
        self.overlay.clear();
        self.maps.clear();
    }

    /// Draws on the buffer, or attaches the composition. Returns a warning, once.
    pub fn draw(&mut self, buffer: &mut gst::Buffer, settings: Settings) -> Option<String> {
        if *self.overlay.settings() != settings {
            self.overlay.set_settings(settings);
        }
        self.observe(buffer);
        let result = self.put(buffer);
        result.err().filter(|_| !std::mem::replace(&mut self.told, true))
    }

    /// Warning at the end of a stream on which nothing was drawn because it carried no scores.
    pub fn nothing_drawn(&self) -> Option<String> {
        let chosen = &self.overlay.settings().elements;
        let is_drawn = |name: &String| chosen.is_empty() || chosen.contains(name);
        if self.frames == 0 || self.elements.iter().any(is_drawn) {
            return None;
        }
        Some(match self.elements.is_empty() {
            true => "nothing was drawn: no frame carries scores; put iqascore or iqacompare upstream".to_owned(),
            false => format!(
                "nothing was drawn: no frame carries scores of {}; set elements to one or more of {}, or leave it \
                 empty",
                chosen.join(", "),
                self.elements.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
            ),
        })
    }

    /// Reads the entries of the buffer.
    fn observe(&mut self, buffer: &gst::BufferRef) {
        let time = self.segment.as_ref().and_then(|segment| segment.to_running_time(buffer.pts()));
        self.frames += 1;
        let mut records = Vec::new();
        for (element, entry) in meta::entries(buffer) {
            let mut record = messages::frame_record(&entry, false);
            if self.overlay.settings().show.map {
                record.map = entry.get("map").ok().and_then(|sample| self.map(&element, sample));
            }
            if !self.elements.contains(&element) && self.elements.len() < MOST {
                self.elements.insert(element.clone());
            }
            records.push((element, record));
        }
        let records = records.iter().map(|(element, record)| (element.as_str(), record));
        self.overlay.observe(time.map(gst::ClockTime::nseconds), records);
    }

    /// The map of a sample. Frames that carry the same score share the sample, so it is copied once.
    fn map(&mut self, element: &str, sample: gst::Sample) -> Option<Arc<Map>> {
        let known = self.maps.iter().position(|(name, ..)| name == element);
        if let Some((_, before, map)) = known.and_then(|index| self.maps.get(index))
            && before.as_ptr() == sample.as_ptr()
        {
            return Some(map.clone());
        }
        let map = Arc::new(messages::map(&sample)?);
        if let Some(index) = known {
            self.maps.swap_remove(index);
        }
        self.maps.push((element.to_owned(), sample, map.clone()));
        Some(map)
    }

    fn put(&mut self, buffer: &mut gst::Buffer) -> Result<(), String> {
        let Some(stream) = &self.stream else { return Ok(()) };
        let (width, height) = (stream.info.width(), stream.info.height());
        let shown = video_frame::crop(buffer).unwrap_or(Rect::whole(width, height));
        let alignment = match stream.format_in_place() {
            Some(format) if !self.composites => format.alignment(),
            _ => [1, 1],
        };
        let layers = self.overlay.layers([shown.width, shown.height], alignment);
        if layers.is_empty() {
            return Ok(());
        }
        if self.composites {
            let attached = self.rectangles.attach(buffer.make_mut(), layers, [shown.x, shown.y]);
            return attached.map_err(|error| format!("cannot attach the overlay composition to the frames: {error}"));
        }
        if stream.format_in_place().is_none() {
            return Err(format!(
                "cannot draw on {} frames in place, and downstream does not support \
                 GstVideoOverlayCompositionMeta: frames pass unchanged; put `videoconvert ! \
                 video/x-raw,format=I420` upstream",
                stream.info.name()
            ));
        }
        let mut frame = stream.map_writable(buffer.make_mut()).map_err(|error| error.to_string())?;
        self.overlay.draw(&mut frame as &mut dyn FrameMut).map_err(|error| format!("cannot draw on a frame: {error}"))
    }
}
