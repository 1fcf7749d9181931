// SPDX-License-Identifier: MPL-2.0

//! Errors in a picture's memory.

use super::format::PixelFormat;
use super::rect::Rect;

/// A picture's memory does not match its description.
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
        /// The format's name.
        format: &'static str,
        /// The number of planes that it has.
        expected: usize,
        /// The number of planes given.
        actual: usize,
    },
    /// Rows that overlap.
    #[error("plane {plane} has a stride of {stride} bytes, a row of {format} at this width has {row}")]
    Stride {
        /// The format's name.
        format: &'static str,
        /// From 0.
        plane: usize,
        /// In bytes.
        stride: usize,
        /// Bytes in a row.
        row: usize,
    },
    /// The number of pixels does not match the sides.
    #[error("{width}x{height} pixels of {format} are {expected} bytes, {actual} were given")]
    Length {
        /// Of the picture.
        format: PixelFormat,
        /// In pixels.
        width: u32,
        /// In pixels.
        height: u32,
        /// Bytes of such a picture.
        expected: usize,
        /// Bytes that there are.
        actual: usize,
    },
    /// Memory that ends before the last row.
    #[error("plane {plane} has {actual} bytes, {expected} are needed")]
    Short {
        /// From 0.
        plane: usize,
        /// Bytes that are needed.
        expected: usize,
        /// Bytes that there are.
        actual: usize,
    },
    /// A part that extends beyond the picture.
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
    /// The frame's memory could not be accessed.
    #[error("the frame cannot be read: {0}")]
    Unreadable(String),
}
