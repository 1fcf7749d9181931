// SPDX-License-Identifier: MPL-2.0

//! A GStreamer video frame that is drawn on.

use super::{Format, Stream};
use gst_video::prelude::*;
use onnx_iqa::picture::{FrameInfo, FrameMut, PictureError, PixelFormat, PlaneMut, Rect};

/// A buffer's memory, mapped for writing until this is dropped.
pub struct WritableFrame<'a> {
    frame: gst_video::VideoFrameRef<&'a mut gst::BufferRef>,
    info: FrameInfo,
    visible: Rect,
}

/// What a `GstVideoCropMeta` leaves of the buffer's picture, if it has one.
pub fn crop(buffer: &gst::BufferRef) -> Option<Rect> {
    let (x, y, width, height) = buffer.meta::<gst_video::VideoCropMeta>()?.rect();
    Some(Rect { x, y, width, height })
}

impl Stream {
    /// The format of frames that can be drawn on where they lie; none if they would have to be unpacked.
    pub fn format_in_place(&self) -> Option<PixelFormat> {
        match self.format {
            Format::InPlace(format) => Some(format),
            Format::Unpacked(_) => None,
        }
    }

    /// Maps the buffer for writing. Memory that others hold too is copied.
    ///
    /// # Errors
    /// When its memory cannot be mapped as such a frame, or its format is none that can be drawn on where it lies.
    pub fn map_writable<'a>(&self, buffer: &'a mut gst::BufferRef) -> Result<WritableFrame<'a>, PictureError> {
        let name = self.info.name();
        let Some(format) = self.format_in_place() else {
            return Err(PictureError::Unreadable(format!("{name} cannot be drawn on where it lies")));
        };
        let (crop, size) = (crop(buffer), buffer.size());
        let frame = gst_video::VideoFrameRef::from_buffer_ref_writable(buffer, &self.info).map_err(|_| {
            let (width, height) = (self.info.width(), self.info.height());
            PictureError::Unreadable(format!(
                "a buffer of {size} bytes cannot be mapped for writing as {name} of {width}x{height}"
            ))
        })?;
        // As for reading: a GstVideoMeta may count a decoder's padding in.
        let (width, height) = match crop {
            Some(_) => (frame.width(), frame.height()),
            None => (self.info.width(), self.info.height()),
        };
        let visible = crop.unwrap_or(Rect::whole(width, height));
        let info = FrameInfo { format, width, height, colorimetry: self.colorimetry };
        Ok(WritableFrame { frame, info, visible })
    }
}

impl FrameMut for WritableFrame<'_> {
    fn info(&self) -> FrameInfo {
        self.info
    }

    fn visible(&self) -> Rect {
        self.visible
    }

    fn plane_mut(&mut self, plane: usize) -> Result<PlaneMut<'_>, PictureError> {
        let stride = self.frame.plane_stride().get(plane).copied().unwrap_or_default();
        let unreadable = |what: &str| PictureError::Unreadable(format!("plane {plane} {what}"));
        let stride = usize::try_from(stride).map_err(|_| unreadable("has a negative stride; rows must go down"))?;
        // SAFETY: the pointer is to the frame itself.
        let raw = unsafe { &*self.frame.as_ptr() };
        let (Some(&start), Some(own)) = (raw.data.get(plane), raw.map.get(plane)) else {
            return Err(unreadable("does not exist"));
        };
        // With a GstVideoMeta each plane is mapped by itself, without one the first mapping holds them all.
        let map = if raw.meta.is_null() { &raw.map[0] } else { own };
        let (begin, data) = (map.data as usize, start as usize);
        let length = begin.checked_add(map.size).and_then(|end| end.checked_sub(data)).filter(|_| data >= begin);
        let Some(length) = length.filter(|_| data != 0) else {
            return Err(unreadable("starts outside the buffer's memory"));
        };
        // SAFETY: `data..data + length` lies within the mapping, which is for writing and lives as long as the frame.
        // The frame is borrowed as long as the plane, so that no other plane, which may share the memory, is there
        // meanwhile.
        let data = unsafe { std::slice::from_raw_parts_mut(start.cast::<u8>(), length) };
        Ok(PlaneMut { data, stride })
    }
}
