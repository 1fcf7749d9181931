// SPDX-License-Identifier: MPL-2.0

//! A GStreamer video frame mapped for drawing.

use super::{Format, Stream};
use gst_video::prelude::*;
use onnx_iqa::picture::{FrameInfo, FrameMut, PictureError, PixelFormat, PlaneMut, Rect};

/// A buffer mapped for writing; unmapped on drop.
pub struct WritableFrame<'a> {
    frame: gst_video::VideoFrameRef<&'a mut gst::BufferRef>,
    info: FrameInfo,
    visible: Rect,
}

/// Rectangle of a `GstVideoCropMeta`, if the buffer has one.
pub fn crop(buffer: &gst::BufferRef) -> Option<Rect> {
    let (x, y, width, height) = buffer.meta::<gst_video::VideoCropMeta>()?.rect();
    Some(Rect { x, y, width, height })
}

impl Stream {
    /// Pixel format if frames can be drawn on in place; `None` if they would have to be unpacked.
    pub fn format_in_place(&self) -> Option<PixelFormat> {
        match self.format {
            Format::InPlace(format) => Some(format),
            Format::Unpacked(_) => None,
        }
    }

    /// Maps the buffer for writing. Shared memory is copied first.
    ///
    /// # Errors
    /// If the memory cannot be mapped as a frame of this format, or the format cannot be drawn on in place.
    pub fn map_writable<'a>(&self, buffer: &'a mut gst::BufferRef) -> Result<WritableFrame<'a>, PictureError> {
        let name = self.info.name();
        let Some(format) = self.format_in_place() else {
            return Err(PictureError::Unreadable(format!("cannot draw on {name} frames in place")));
        };
        let (crop, size) = (crop(buffer), buffer.size());
        let frame = gst_video::VideoFrameRef::from_buffer_ref_writable(buffer, &self.info).map_err(|_| {
            let (width, height) = (self.info.width(), self.info.height());
            PictureError::Unreadable(format!(
                "a buffer of {size} bytes cannot be mapped for writing as {name} of {width}x{height}"
            ))
        })?;
        // As for reading: the size in a GstVideoMeta may include decoder padding.
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
        let stride =
            usize::try_from(stride).map_err(|_| unreadable("has a negative stride, which is not supported"))?;
        // SAFETY: the pointer refers to the frame itself.
        let raw = unsafe { &*self.frame.as_ptr() };
        let (Some(&start), Some(own)) = (raw.data.get(plane), raw.map.get(plane)) else {
            return Err(unreadable("does not exist"));
        };
        // With a GstVideoMeta each plane is mapped separately; without one the first mapping covers all planes.
        let map = if raw.meta.is_null() { &raw.map[0] } else { own };
        let (begin, data) = (map.data as usize, start as usize);
        let length = begin.checked_add(map.size).and_then(|end| end.checked_sub(data)).filter(|_| data >= begin);
        let Some(length) = length.filter(|_| data != 0) else {
            return Err(unreadable("starts outside the buffer's memory"));
        };
        // SAFETY: `data..data + length` lies within the writable mapping, which lives as long as the frame. The frame
        // stays borrowed as long as the plane, so no other plane, which may share the memory, exists at the same time.
        let data = unsafe { std::slice::from_raw_parts_mut(start.cast::<u8>(), length) };
        Ok(PlaneMut { data, stride })
    }
}
