// SPDX-License-Identifier: MPL-2.0

//! A frame as it lies in memory, borrowed: planes, strides, depth, matrix, range.

mod colorimetry;
mod format;
mod rect;

pub use colorimetry::{ChromaSite, Colorimetry, Matrix, Range};
pub use format::{Component, Family, PixelFormat, UnknownFormat};
pub use rect::Rect;

/// A picture's memory does not hold what its description says.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PictureError {
    /// A width or height of 0, or above 2¹⁶.
    #[error("a picture of {width}x{height} pixels; both sides must be from 1 to 65536")]
    Size {
        /// Pixels.
        width: u32,
        /// Pixels.
        height: u32,
    },
    /// Too few planes for the format.
    #[error("{format} has {expected} planes, {actual} were given")]
    Planes {
        /// Of the picture.
        format: PixelFormat,
        /// Planes that it has.
        expected: usize,
        /// Planes that there were.
        actual: usize,
    },
    /// Rows that overlap.
    #[error("plane {plane} has a stride of {stride} bytes, a row of {format} at this width has {row}")]
    Stride {
        /// Of the picture.
        format: PixelFormat,
        /// From 0.
        plane: usize,
        /// In bytes.
        stride: usize,
        /// Bytes in a row.
        row: usize,
    },
    /// Memory that ends before the last row.
    #[error("plane {plane} has {actual} bytes, {expected} are needed")]
    Short {
        /// From 0.
        plane: usize,
        /// Bytes that would do.
        expected: usize,
        /// Bytes that there are.
        actual: usize,
    },
    /// A part that reaches beyond the picture.
    #[error("a part of {rect} reaches beyond a picture of {width}x{height} pixels")]
    Outside {
        /// The part.
        rect: Rect,
        /// Of the picture.
        width: u32,
        /// Of the picture.
        height: u32,
    },
    /// A part that begins between two samples of a component.
    #[error("a part of {rect}: in {format} it must begin at multiples of {}x{} pixels", alignment[0], alignment[1])]
    Begin {
        /// The part.
        rect: Rect,
        /// Of the picture.
        format: PixelFormat,
        /// Across and down.
        alignment: [u32; 2],
    },
    /// The memory of a frame could not be had at all.
    #[error("the frame cannot be read: {0}")]
    Unreadable(String),
}

/// One plane of a picture.
#[derive(Debug, Clone, Copy, Default)]
pub struct Plane<'a> {
    /// From the first row on.
    pub data: &'a [u8],
    /// Bytes from one row to the next.
    pub stride: usize,
}

/// A borrowed frame whose memory has been checked against its description.
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
    /// When the planes do not hold such a picture: every later access relies on this check.
    pub fn new(
        format: PixelFormat,
        width: u32,
        height: u32,
        planes: &[Plane<'a>],
        colorimetry: Colorimetry,
    ) -> Result<Self, PictureError> {
        const SIDES: std::ops::RangeInclusive<u32> = 1..=1 << 16;
        if !SIDES.contains(&width) || !SIDES.contains(&height) {
            return Err(PictureError::Size { width, height });
        }
        if planes.len() < format.planes() {
            return Err(PictureError::Planes { format, expected: format.planes(), actual: planes.len() });
        }
        let mut kept = [Plane::default(); 4];
        kept[..format.planes()].copy_from_slice(&planes[..format.planes()]);
        for component in format.components() {
            let index = usize::from(component.plane);
            let plane = kept[index];
            let (columns, rows) = (component.width(width) as usize, component.height(height) as usize);
            let row = usize::from(component.offset) + (columns - 1) * usize::from(component.step) + component.bytes();
            if rows > 1 && plane.stride < row {
                return Err(PictureError::Stride { format, plane: index, stride: plane.stride, row });
            }
            let expected = (rows - 1).saturating_mul(plane.stride).saturating_add(row);
            if plane.data.len() < expected {
                return Err(PictureError::Short { plane: index, expected, actual: plane.data.len() });
            }
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

    /// The row `y` of a component's plane, from the component's first sample to the end of its last.
    ///
    /// # Panics
    /// When the format has no such component or the component no such row.
    pub fn row(&self, component: usize, y: u32) -> &'a [u8] {
        let component = &self.format.components()[component];
        assert!(y < component.height(self.height), "row {y} of {} rows", component.height(self.height));
        let plane = &self.planes[usize::from(component.plane)];
        let start = y as usize * plane.stride + usize::from(component.offset);
        let length = (component.width(self.width) as usize - 1) * usize::from(component.step) + component.bytes();
        &plane.data[start..start + length]
    }
}

/// A frame that can be handed to another thread and read there.
pub trait Frame: Send {
    /// The picture in it.
    ///
    /// # Errors
    /// When the frame's memory cannot be read or does not hold a picture.
    fn picture(&self) -> Result<Picture<'_>, PictureError>;
}

/// A frame that owns its memory, with its planes one after another.
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
    /// An R'G'B' picture of 8 bits, rows without padding, as image files are decoded to.
    pub fn rgb(width: u32, height: u32, pixels: Vec<u8>) -> Self {
        Self {
            format: PixelFormat::Rgb,
            width,
            height,
            colorimetry: Colorimetry::SRGB,
            planes: vec![(pixels, width as usize * 3)],
        }
    }
}

impl Frame for OwnedFrame {
    fn picture(&self) -> Result<Picture<'_>, PictureError> {
        let planes: Vec<_> = self.planes.iter().map(|(data, stride)| Plane { data, stride: *stride }).collect();
        Picture::new(self.format, self.width, self.height, &planes, self.colorimetry)
    }
}
