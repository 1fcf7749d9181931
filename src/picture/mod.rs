// SPDX-License-Identifier: MPL-2.0

//! A borrowed frame in memory: planes, strides, depth, matrix, range.
//!
//! A [`Picture`] is read in place, in one of the formats of [`PixelFormat`], so that scoring a frame needs no
//! conversion and no copy, and nothing is lost to 8 bits on the way. Formats that store several samples per word, or
//! big-endian words, are unpacked once by [`PackedFormat`] into a new frame. Alpha is ignored.
//!
//! Formats are those of GStreamer's `GstVideoFormat`. Matrices and ranges follow ITU-T H.273. All memory is checked
//! once, when the picture is created; no `unsafe` code reads it.
//!
//! [`Frame`] is an owner of a picture that can be sent to another thread, such as [`OwnedFrame`].

mod colorimetry;
mod convert;
mod crop;
mod error;
mod format;
mod frame;
mod packed;
mod rect;
mod writable;

pub use colorimetry::{ChromaSite, Colorimetry, Matrix, Range};
pub use convert::y_cb_cr;
pub use error::PictureError;
pub use format::{Component, Family, PixelFormat, UnknownFormat};
pub use frame::{Frame, OwnedFrame};
pub use packed::PackedFormat;
pub use rect::Rect;
pub use writable::{FrameInfo, FrameMut, PlaneMut};

/// The possible lengths of a picture's sides, in pixels.
const SIDES: std::ops::RangeInclusive<u32> = 1..=1 << 16;

/// One plane of a picture.
#[derive(Debug, Clone, Copy, Default)]
pub struct Plane<'a> {
    /// Starting at the first row.
    pub data: &'a [u8],
    /// Bytes from one row to the next.
    pub stride: usize,
}

/// A borrowed frame whose memory was checked against its description.
#[derive(Debug, Clone, Copy)]
pub struct Picture<'a> {
    format: PixelFormat,
    width: u32,
    height: u32,
    colorimetry: Colorimetry,
    planes: [Plane<'a>; 4],
}

impl<'a> Picture<'a> {
    /// Borrows `planes` as a picture of `width` × `height` pixels.
    ///
    /// The last row of a plane needs no padding.
    ///
    /// # Errors
    /// When the planes do not hold such a picture. Every later access relies on this check.
    pub fn new(
        format: PixelFormat,
        width: u32,
        height: u32,
        planes: &[Plane<'a>],
        colorimetry: Colorimetry,
    ) -> Result<Self, PictureError> {
        if !SIDES.contains(&width) || !SIDES.contains(&height) {
            return Err(PictureError::Size { width, height });
        }
        if planes.len() < format.planes() {
            return Err(PictureError::Planes {
                format: format.name(),
                expected: format.planes(),
                actual: planes.len(),
            });
        }
        let mut kept = [Plane::default(); 4];
        kept[..format.planes()].copy_from_slice(&planes[..format.planes()]);
        for component in format.components() {
            let index = usize::from(component.plane);
            component.check(format, index, [width, height], kept[index])?;
        }
        Ok(Self { format, width, height, colorimetry, planes: kept })
    }

    /// The memory layout.
    pub fn format(&self) -> PixelFormat {
        self.format
    }

    /// In pixels.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// In pixels.
    pub fn height(&self) -> u32 {
        self.height
    }

    /// Matrix, range and siting.
    pub fn colorimetry(&self) -> Colorimetry {
        self.colorimetry
    }

    /// The planes that the format has.
    pub fn planes(&self) -> &[Plane<'a>] {
        &self.planes[..self.format.planes()]
    }

    /// Bytes of a plane up to the picture's last sample in it; 0 if the format has no such plane.
    fn plane_bytes(&self, plane: usize) -> usize {
        let components = self.format.components().iter().filter(|component| usize::from(component.plane) == plane);
        let bytes = |c: &Component| c.plane_bytes(self.width, self.height, self.planes[plane].stride);
        components.map(bytes).max().unwrap_or(0)
    }

    /// Row `y` of a component's plane, from the component's first sample to the end of its last.
    ///
    /// # Panics
    /// When the format has no such component, or the component no such row.
    pub fn row(&self, component: usize, y: u32) -> &'a [u8] {
        let component = &self.format.components()[component];
        assert!(y < component.height(self.height), "row {y} of {} rows", component.height(self.height));
        let plane = &self.planes[usize::from(component.plane)];
        let start = y as usize * plane.stride + usize::from(component.offset);
        let length = (component.width(self.width) as usize - 1) * usize::from(component.step) + component.bytes();
        &plane.data[start..start + length]
    }
}
