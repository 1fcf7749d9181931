// SPDX-License-Identifier: MPL-2.0

//! The memory of a picture.

use super::colorimetry::Colorimetry;
use super::error::PictureError;
use super::format::PixelFormat;
use super::{Picture, Plane};
use crate::sharing::Lease;

/// A frame that can be moved to another thread and read there.
pub trait Frame: Send {
    /// The picture in the frame.
    ///
    /// # Errors
    /// When the frame's memory cannot be read or does not hold a picture.
    fn picture(&self) -> Result<Picture<'_>, PictureError>;

    /// A lease on the memory that contains the picture, if others may have one too: what is computed from the frame
    /// alone is then shared with them.
    fn lease(&self) -> Option<&Lease> {
        None
    }
}

/// A frame that owns its memory.
///
/// [`rgb`](Self::rgb) and [`new`](Self::new) check that the memory holds the picture. The fields are public; changes
/// are checked again by [`picture`](Frame::picture).
#[derive(Debug, Clone)]
pub struct OwnedFrame {
    /// The memory layout.
    pub format: PixelFormat,
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
    /// Matrix, range and siting.
    pub colorimetry: Colorimetry,
    /// Each plane's bytes and stride.
    pub planes: Vec<(Vec<u8>, usize)>,
}

impl OwnedFrame {
    /// A frame of `width` × `height` pixels; each plane is given by its bytes and stride.
    ///
    /// # Errors
    /// When the planes do not hold such a picture; see [`Picture::new`].
    pub fn new(
        format: PixelFormat,
        width: u32,
        height: u32,
        planes: Vec<(Vec<u8>, usize)>,
        colorimetry: Colorimetry,
    ) -> Result<Self, PictureError> {
        let frame = Self { format, width, height, colorimetry, planes };
        frame.picture()?;
        Ok(frame)
    }

    /// An 8-bit R'G'B' picture with three bytes per pixel and rows without padding, as image files are decoded to.
    ///
    /// # Errors
    /// When a side is 0 or above 2¹⁶, or `pixels` is not `width` · `height` · 3 bytes long.
    pub fn rgb(width: u32, height: u32, pixels: Vec<u8>) -> Result<Self, PictureError> {
        let format = PixelFormat::Rgb;
        let stride = (width as usize).saturating_mul(3);
        let (expected, actual) = (stride.saturating_mul(height as usize), pixels.len());
        if expected != actual {
            return Err(PictureError::Length { format, width, height, expected, actual });
        }
        Self::new(format, width, height, vec![(pixels, stride)], Colorimetry::SRGB)
    }

    /// Bytes that the planes hold.
    pub fn bytes(&self) -> u64 {
        self.planes.iter().map(|(data, _)| data.len() as u64).sum()
    }
}

impl From<&Picture<'_>> for OwnedFrame {
    /// A copy of the picture, strides included; for a part of a picture, only of the memory that the part covers.
    fn from(picture: &Picture<'_>) -> Self {
        let plane =
            |(index, plane): (usize, &Plane<'_>)| (plane.data[..picture.plane_bytes(index)].to_vec(), plane.stride);
        Self {
            format: picture.format(),
            width: picture.width(),
            height: picture.height(),
            colorimetry: picture.colorimetry(),
            planes: picture.planes().iter().enumerate().map(plane).collect(),
        }
    }
}

impl Frame for OwnedFrame {
    fn picture(&self) -> Result<Picture<'_>, PictureError> {
        let planes: Vec<_> = self.planes.iter().map(|(data, stride)| Plane { data, stride: *stride }).collect();
        Picture::new(self.format, self.width, self.height, &planes, self.colorimetry)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::Rect;

    #[test]
    fn an_rgb_picture_has_three_bytes_a_pixel() {
        assert_eq!(OwnedFrame::rgb(4, 3, vec![0; 36]).unwrap().bytes(), 36);
        for length in [0, 35, 37] {
            let error = OwnedFrame::rgb(4, 3, vec![0; length]).unwrap_err();
            assert_eq!(
                error,
                PictureError::Length { format: PixelFormat::Rgb, width: 4, height: 3, expected: 36, actual: length }
            );
        }
        assert_eq!(OwnedFrame::rgb(0, 3, Vec::new()).unwrap_err(), PictureError::Size { width: 0, height: 3 });
    }

    #[test]
    fn a_copy_holds_what_the_part_covers() {
        let frame = OwnedFrame::rgb(8, 4, (0..96).collect()).unwrap();
        let part = frame.picture().unwrap().crop(Rect { x: 2, y: 1, width: 3, height: 2 }).unwrap();
        let copy = OwnedFrame::from(&part);
        // One whole row of the original, and three pixels of the next.
        assert_eq!(copy.bytes(), 24 + 9);
        let picture = copy.picture().unwrap();
        assert_eq!([0, 1].map(|y| picture.row(0, y)), [0, 1].map(|y| part.row(0, y)));
    }
}
