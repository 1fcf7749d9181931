// SPDX-License-Identifier: MPL-2.0

//! From what a buffer carries to what is drawn on it.

use super::composition::Rectangles;
use crate::video_frame::{self, Stream};
use crate::{messages, meta};
use onnx_iqa::overlay::{Overlay, Settings};
use onnx_iqa::picture::{FrameMut, Rect};
use onnx_iqa::scorer::Map;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Elements that are kept in mind, at most.
const MOST: usize = 64;

/// What is known of the stream, and what is drawn on it.
#[derive(Default)]
pub struct Drawing {
    stream: Option<Stream>,
    segment: Option<gst::FormattedSegment<gst::ClockTime>>,
    /// Downstream composites.
    composites: bool,
    overlay: Overlay,
    rectangles: Rectangles,
    /// The newest map of each element, as it came and as it is drawn.
    maps: Vec<(String, gst::Sample, Arc<Map>)>,
    told: bool,
    /// Frames so far, and the elements of which one said something.
    frames: u64,
    elements: BTreeSet<String>,
}

impl Drawing {
    /// New caps.
    ///
    /// # Errors
    /// When they are no video that the engine knows.
    pub fn set_caps(&mut self, caps: &gst::CapsRef) -> Result<(), String> {
        self.stream = Some(Stream::from_caps(caps)?);
        // A format that cannot be drawn on is another one than before.
        self.told = false;
        Ok(())
    }

    /// A new segment; in another format than time nothing has a running time.
    pub fn set_segment(&mut self, segment: &gst::Segment) {
        self.segment = segment.downcast_ref::<gst::ClockTime>().cloned();
    }

    /// Whether downstream composites.
    pub fn set_composites(&mut self, composites: bool) {
        self.composites = composites;
    }

    /// After a flush: time starts anew.
    pub fn flush(&mut self) {
        self.segment = None;
        self.overlay.clear();
        self.maps.clear();
    }

    /// Draws on the buffer, or attaches what is drawn. Gives what users are to be told, once.
    pub fn draw(&mut self, buffer: &mut gst::Buffer, settings: Settings) -> Option<String> {
        if *self.overlay.settings() != settings {
            self.overlay.set_settings(settings);
        }
        self.observe(buffer);
        let result = self.put(buffer);
        result.err().filter(|_| !std::mem::replace(&mut self.told, true))
    }

    /// What users are to be told at the end of a stream on which nothing was drawn, because it carried no scores.
    pub fn nothing_drawn(&self) -> Option<String> {
        let chosen = &self.overlay.settings().elements;
        let is_drawn = |name: &String| chosen.is_empty() || chosen.contains(name);
        if self.frames == 0 || self.elements.iter().any(is_drawn) {
            return None;
        }
        Some(match self.elements.is_empty() {
            true => {
                "no frame carried scores, so none were drawn: put iqascore or iqacompare before this element".to_owned()
            }
            false => format!(
                "no frame carried scores of {}, so none were drawn: set elements to names of these, or leave it empty: {}",
                chosen.join(", "),
                self.elements.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
            ),
        })
    }

    /// Takes note of what the buffer carries.
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

    /// The map in a sample, which frames share that carry the same score: it is copied once.
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
            return attached.map_err(|error| format!("the scores cannot be attached to the frames: {error}"));
        }
        if stream.format_in_place().is_none() {
            return Err(format!(
                "scores cannot be drawn on {} where it lies, and downstream does not composite \
                 (GstVideoOverlayCompositionMeta): the frames pass as they are; put `videoconvert ! \
                 video/x-raw,format=I420` before",
                stream.info.name()
            ));
        }
        let mut frame = stream.map_writable(buffer.make_mut()).map_err(|error| error.to_string())?;
        self.overlay.draw(&mut frame as &mut dyn FrameMut).map_err(|error| format!("a frame is not drawn on: {error}"))
    }
}
