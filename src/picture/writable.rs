// SPDX-License-Identifier: MPL-2.0

//! Frames whose samples can be modified in place.

use super::colorimetry::Colorimetry;
use super::error::PictureError;
use super::format::{Component, PixelFormat};
use super::frame::OwnedFrame;
use super::rect::Rect;
use super::{Plane, SIDES};

/// The content of a frame's memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FrameInfo {
    /// The memory layout.
    pub format: PixelFormat,
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
    /// Matrix, range and siting.
    pub colorimetry: Colorimetry,
}

/// A writable plane of a frame.
#[derive(Debug)]
pub struct PlaneMut<'a> {
    /// Starting at the first row.
    pub data: &'a mut [u8],
    /// Bytes from one row to the next.
    pub stride: usize,
}

impl PlaneMut<'_> {
    /// The plane from the component's sample in column `x` of row `y` on; columns and rows count the component's own
    /// samples. Empty beyond the plane.
    pub fn from_sample(&mut self, component: &Component, x: u32, y: u32) -> &mut [u8] {
        let column = (x as usize).saturating_mul(usize::from(component.step)) + usize::from(component.offset);
        let start = (y as usize).saturating_mul(self.stride).saturating_add(column);
        self.data.get_mut(start..).unwrap_or_default()
    }
}

/// A frame whose samples can be modified in place.
pub trait FrameMut {
    /// The content of the memory.
    fn info(&self) -> FrameInfo;

    /// The visible part of the picture: all of it, unless something crops it.
    fn visible(&self) -> Rect {
        let info = self.info();
        Rect::whole(info.width, info.height)
    }

    /// One plane. Only one is borrowed at a time, because a plane's rows may lie in the gaps between another's.
    ///
    /// # Errors
    /// When the frame has no such plane, or its memory cannot be written to.
    fn plane_mut(&mut self, plane: usize) -> Result<PlaneMut<'_>, PictureError>;

    /// Checks that the planes hold the picture.
    ///
    /// # Errors
    /// When they do not.
    fn check(&mut self) -> Result<(), PictureError> {
        let FrameInfo { format, width, height, .. } = self.info();
        if !SIDES.contains(&width) || !SIDES.contains(&height) {
            return Err(PictureError::Size { width, height });
        }
        for component in format.components() {
            let index = usize::from(component.plane);
            let plane = self.plane_mut(index)?;
            component.check(format, index, [width, height], Plane { data: plane.data, stride: plane.stride })?;
        }
        Ok(())
    }
}

impl FrameMut for OwnedFrame {
    fn info(&self) -> FrameInfo {
        let Self { format, width, height, colorimetry, .. } = *self;
        FrameInfo { format, width, height, colorimetry }
    }

    fn plane_mut(&mut self, plane: usize) -> Result<PlaneMut<'_>, PictureError> {
        let (format, actual) = (self.format, self.planes.len());
        let (data, stride) = self.planes.get_mut(plane).ok_or(PictureError::Planes {
            format: format.name(),
            expected: format.planes(),
            actual,
        })?;
        Ok(PlaneMut { data, stride: *stride })
    }
}
