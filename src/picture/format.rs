// SPDX-License-Identifier: MPL-2.0

//! Pixel formats, described component by component.
//!
//! Names, memory layouts and component order are GStreamer's (`GstVideoFormat`), so that frames are read in place. A
//! new format is a row in the table below and nothing else. Formats whose samples are not separate bytes or
//! little-endian words are in the table of [`PackedFormat`](super::PackedFormat).

use super::Plane;
use super::error::PictureError;

/// The meaning of a format's components.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Family {
    /// Y', Cb, Cr, in this order.
    Yuv,
    /// R', G', B', in this order; alpha, if any, is the fourth and never read.
    Rgb,
    /// Y' alone.
    Gray,
}

/// Where one component of a pixel is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Component {
    /// The plane that holds it.
    pub plane: u8,
    /// Bytes from the start of a row to the first sample.
    pub offset: u8,
    /// Bytes from one sample to the next.
    pub step: u8,
    /// log2 of the horizontal subsampling.
    pub sub_x: u8,
    /// log2 of the vertical subsampling.
    pub sub_y: u8,
    /// Bits to shift a stored word right by to get the sample.
    pub shift: u8,
    /// Bits in a sample. Above 8, a sample is a little-endian 16-bit word.
    pub depth: u8,
}

impl Component {
    /// Samples in a row of a picture that is `width` pixels wide.
    pub const fn width(&self, width: u32) -> u32 {
        width.div_ceil(1 << self.sub_x)
    }

    /// Rows in a picture that is `height` pixels high.
    pub const fn height(&self, height: u32) -> u32 {
        height.div_ceil(1 << self.sub_y)
    }

    /// Bytes that hold one sample.
    pub const fn bytes(&self) -> usize {
        if self.depth > 8 { 2 } else { 1 }
    }

    /// Bytes from the start of a row of the plane to the end of the last sample, in a picture that is `width` pixels
    /// wide.
    pub(super) const fn row_bytes(&self, width: u32) -> usize {
        self.offset as usize + (self.width(width) as usize - 1) * self.step as usize + self.bytes()
    }

    /// Bytes from the start of the plane to the end of the last sample.
    pub(super) const fn plane_bytes(&self, width: u32, height: u32, stride: usize) -> usize {
        (self.height(height) as usize - 1).saturating_mul(stride).saturating_add(self.row_bytes(width))
    }

    /// Checks that the plane with this index holds the component of a picture with these sides.
    pub(super) fn check(
        &self,
        format: PixelFormat,
        index: usize,
        [width, height]: [u32; 2],
        plane: Plane<'_>,
    ) -> Result<(), PictureError> {
        let row = self.row_bytes(width);
        if self.height(height) > 1 && plane.stride < row {
            return Err(PictureError::Stride { format: format.name(), plane: index, stride: plane.stride, row });
        }
        let expected = self.plane_bytes(width, height, plane.stride);
        if plane.data.len() < expected {
            return Err(PictureError::Short { plane: index, expected, actual: plane.data.len() });
        }
        Ok(())
    }

    /// The largest value a sample can have.
    pub const fn max(&self) -> u32 {
        (1 << self.depth) - 1
    }
}

const fn c(plane: u8, offset: u8, step: u8, sub_x: u8, sub_y: u8, shift: u8, depth: u8) -> Component {
    Component { plane, offset, step, sub_x, sub_y, shift, depth }
}

/// One 8-bit sample per pixel, in a plane of its own.
const fn planar8(plane: u8, sub_x: u8, sub_y: u8) -> Component {
    c(plane, 0, 1, sub_x, sub_y, 0, 8)
}

/// One sample of `depth` bits per pixel, in the low bits of a little-endian word.
const fn planar16(plane: u8, sub_x: u8, sub_y: u8, depth: u8) -> Component {
    c(plane, 0, 2, sub_x, sub_y, 0, depth)
}

/// An 8-bit component of a packed pixel without subsampling.
const fn packed(offset: u8, step: u8) -> Component {
    c(0, offset, step, 0, 0, 0, 8)
}

/// A 16-bit component of a packed pixel without subsampling.
const fn packed16(offset: u8, step: u8) -> Component {
    c(0, offset, step, 0, 0, 0, 16)
}

macro_rules! formats {
    ($($variant:ident $name:literal $family:ident $planes:literal [$($component:expr),+ $(,)?];)+) => {
        /// A memory layout for pictures. The names are GStreamer's.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum PixelFormat {
            $(#[doc = concat!("`", $name, "`")] $variant,)+
        }

        impl PixelFormat {
            /// Every format in which pictures can be read.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// GStreamer's name of the format.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// The meaning of the components.
            pub const fn family(self) -> Family {
                match self { $(Self::$variant => Family::$family,)+ }
            }

            /// The number of planes that are read. A plane that holds only alpha, behind the others, is not counted.
            pub const fn planes(self) -> usize {
                match self { $(Self::$variant => $planes,)+ }
            }

            /// The components: Y', Cb, Cr, or R', G', B', or Y'. Alpha is omitted.
            pub const fn components(self) -> &'static [Component] {
                match self { $(Self::$variant => const { &[$($component),+] },)+ }
            }
        }
    };
}

formats! {
    I420 "I420" Yuv 3 [planar8(0, 0, 0), planar8(1, 1, 1), planar8(2, 1, 1)];
    Yv12 "YV12" Yuv 3 [planar8(0, 0, 0), planar8(2, 1, 1), planar8(1, 1, 1)];
    Nv12 "NV12" Yuv 2 [planar8(0, 0, 0), c(1, 0, 2, 1, 1, 0, 8), c(1, 1, 2, 1, 1, 0, 8)];
    Nv21 "NV21" Yuv 2 [planar8(0, 0, 0), c(1, 1, 2, 1, 1, 0, 8), c(1, 0, 2, 1, 1, 0, 8)];
    Y41b "Y41B" Yuv 3 [planar8(0, 0, 0), planar8(1, 2, 0), planar8(2, 2, 0)];
    Y42b "Y42B" Yuv 3 [planar8(0, 0, 0), planar8(1, 1, 0), planar8(2, 1, 0)];
    Y444 "Y444" Yuv 3 [planar8(0, 0, 0), planar8(1, 0, 0), planar8(2, 0, 0)];
    Nv16 "NV16" Yuv 2 [planar8(0, 0, 0), c(1, 0, 2, 1, 0, 0, 8), c(1, 1, 2, 1, 0, 0, 8)];
    Nv61 "NV61" Yuv 2 [planar8(0, 0, 0), c(1, 1, 2, 1, 0, 0, 8), c(1, 0, 2, 1, 0, 0, 8)];
    Nv24 "NV24" Yuv 2 [planar8(0, 0, 0), c(1, 0, 2, 0, 0, 0, 8), c(1, 1, 2, 0, 0, 0, 8)];
    Yuy2 "YUY2" Yuv 1 [c(0, 0, 2, 0, 0, 0, 8), c(0, 1, 4, 1, 0, 0, 8), c(0, 3, 4, 1, 0, 0, 8)];
    Yvyu "YVYU" Yuv 1 [c(0, 0, 2, 0, 0, 0, 8), c(0, 3, 4, 1, 0, 0, 8), c(0, 1, 4, 1, 0, 0, 8)];
    Uyvy "UYVY" Yuv 1 [c(0, 1, 2, 0, 0, 0, 8), c(0, 0, 4, 1, 0, 0, 8), c(0, 2, 4, 1, 0, 0, 8)];
    Vyuy "VYUY" Yuv 1 [c(0, 1, 2, 0, 0, 0, 8), c(0, 2, 4, 1, 0, 0, 8), c(0, 0, 4, 1, 0, 0, 8)];
    Ayuv "AYUV" Yuv 1 [packed(1, 4), packed(2, 4), packed(3, 4)];
    Vuya "VUYA" Yuv 1 [packed(2, 4), packed(1, 4), packed(0, 4)];
    A420 "A420" Yuv 3 [planar8(0, 0, 0), planar8(1, 1, 1), planar8(2, 1, 1)];
    Av12 "AV12" Yuv 2 [planar8(0, 0, 0), c(1, 0, 2, 1, 1, 0, 8), c(1, 1, 2, 1, 1, 0, 8)];
    I420p10 "I420_10LE" Yuv 3 [planar16(0, 0, 0, 10), planar16(1, 1, 1, 10), planar16(2, 1, 1, 10)];
    I420p12 "I420_12LE" Yuv 3 [planar16(0, 0, 0, 12), planar16(1, 1, 1, 12), planar16(2, 1, 1, 12)];
    I422p10 "I422_10LE" Yuv 3 [planar16(0, 0, 0, 10), planar16(1, 1, 0, 10), planar16(2, 1, 0, 10)];
    I422p12 "I422_12LE" Yuv 3 [planar16(0, 0, 0, 12), planar16(1, 1, 0, 12), planar16(2, 1, 0, 12)];
    Y444p10 "Y444_10LE" Yuv 3 [planar16(0, 0, 0, 10), planar16(1, 0, 0, 10), planar16(2, 0, 0, 10)];
    Y444p12 "Y444_12LE" Yuv 3 [planar16(0, 0, 0, 12), planar16(1, 0, 0, 12), planar16(2, 0, 0, 12)];
    Y444p16 "Y444_16LE" Yuv 3 [planar16(0, 0, 0, 16), planar16(1, 0, 0, 16), planar16(2, 0, 0, 16)];
    P010 "P010_10LE" Yuv 2 [c(0, 0, 2, 0, 0, 6, 10), c(1, 0, 4, 1, 1, 6, 10), c(1, 2, 4, 1, 1, 6, 10)];
    P012 "P012_LE" Yuv 2 [c(0, 0, 2, 0, 0, 4, 12), c(1, 0, 4, 1, 1, 4, 12), c(1, 2, 4, 1, 1, 4, 12)];
    P016 "P016_LE" Yuv 2 [c(0, 0, 2, 0, 0, 0, 16), c(1, 0, 4, 1, 1, 0, 16), c(1, 2, 4, 1, 1, 0, 16)];
    A420p10 "A420_10LE" Yuv 3 [planar16(0, 0, 0, 10), planar16(1, 1, 1, 10), planar16(2, 1, 1, 10)];
    A422p10 "A422_10LE" Yuv 3 [planar16(0, 0, 0, 10), planar16(1, 1, 0, 10), planar16(2, 1, 0, 10)];
    A444p10 "A444_10LE" Yuv 3 [planar16(0, 0, 0, 10), planar16(1, 0, 0, 10), planar16(2, 0, 0, 10)];
    Y210 "Y210" Yuv 1 [c(0, 0, 4, 0, 0, 6, 10), c(0, 2, 8, 1, 0, 6, 10), c(0, 6, 8, 1, 0, 6, 10)];
    Y212 "Y212_LE" Yuv 1 [c(0, 0, 4, 0, 0, 4, 12), c(0, 2, 8, 1, 0, 4, 12), c(0, 6, 8, 1, 0, 4, 12)];
    V216 "v216" Yuv 1 [c(0, 2, 4, 0, 0, 0, 16), c(0, 0, 8, 1, 0, 0, 16), c(0, 4, 8, 1, 0, 0, 16)];
    Y412 "Y412_LE" Yuv 1 [c(0, 2, 8, 0, 0, 4, 12), c(0, 0, 8, 0, 0, 4, 12), c(0, 4, 8, 0, 0, 4, 12)];
    Ayuv64 "AYUV64" Yuv 1 [packed16(2, 8), packed16(4, 8), packed16(6, 8)];
    Gray8 "GRAY8" Gray 1 [planar8(0, 0, 0)];
    Gray10 "GRAY10_LE16" Gray 1 [planar16(0, 0, 0, 10)];
    Gray16 "GRAY16_LE" Gray 1 [planar16(0, 0, 0, 16)];
    Rgb "RGB" Rgb 1 [packed(0, 3), packed(1, 3), packed(2, 3)];
    Bgr "BGR" Rgb 1 [packed(2, 3), packed(1, 3), packed(0, 3)];
    Rgba "RGBA" Rgb 1 [packed(0, 4), packed(1, 4), packed(2, 4)];
    Bgra "BGRA" Rgb 1 [packed(2, 4), packed(1, 4), packed(0, 4)];
    Argb "ARGB" Rgb 1 [packed(1, 4), packed(2, 4), packed(3, 4)];
    Abgr "ABGR" Rgb 1 [packed(3, 4), packed(2, 4), packed(1, 4)];
    Rgbx "RGBx" Rgb 1 [packed(0, 4), packed(1, 4), packed(2, 4)];
    Bgrx "BGRx" Rgb 1 [packed(2, 4), packed(1, 4), packed(0, 4)];
    Xrgb "xRGB" Rgb 1 [packed(1, 4), packed(2, 4), packed(3, 4)];
    Xbgr "xBGR" Rgb 1 [packed(3, 4), packed(2, 4), packed(1, 4)];
    // GStreamer stores GBR's planes as G, B, R.
    Gbr "GBR" Rgb 3 [planar8(2, 0, 0), planar8(0, 0, 0), planar8(1, 0, 0)];
    Gbr10 "GBR_10LE" Rgb 3 [planar16(2, 0, 0, 10), planar16(0, 0, 0, 10), planar16(1, 0, 0, 10)];
    Gbr12 "GBR_12LE" Rgb 3 [planar16(2, 0, 0, 12), planar16(0, 0, 0, 12), planar16(1, 0, 0, 12)];
    Rgbp "RGBP" Rgb 3 [planar8(0, 0, 0), planar8(1, 0, 0), planar8(2, 0, 0)];
    Bgrp "BGRP" Rgb 3 [planar8(2, 0, 0), planar8(1, 0, 0), planar8(0, 0, 0)];
    Gbra "GBRA" Rgb 3 [planar8(2, 0, 0), planar8(0, 0, 0), planar8(1, 0, 0)];
    Gbra10 "GBRA_10LE" Rgb 3 [planar16(2, 0, 0, 10), planar16(0, 0, 0, 10), planar16(1, 0, 0, 10)];
    Gbra12 "GBRA_12LE" Rgb 3 [planar16(2, 0, 0, 12), planar16(0, 0, 0, 12), planar16(1, 0, 0, 12)];
    Argb64 "ARGB64_LE" Rgb 1 [packed16(2, 8), packed16(4, 8), packed16(6, 8)];
    Rgba64 "RGBA64_LE" Rgb 1 [packed16(0, 8), packed16(2, 8), packed16(4, 8)];
    Bgra64 "BGRA64_LE" Rgb 1 [packed16(4, 8), packed16(2, 8), packed16(0, 8)];
    Abgr64 "ABGR64_LE" Rgb 1 [packed16(6, 8), packed16(4, 8), packed16(2, 8)];
    // In the machine's byte order in GStreamer.
    Argb64Native "ARGB64" Rgb 1 [packed16(2, 8), packed16(4, 8), packed16(6, 8)];
}

// Samples are read as little-endian words; ARGB64 and AYUV64 would have to be unpacked on other machines.
#[cfg(not(target_endian = "little"))]
compile_error!("onnx-iqa reads samples on little-endian machines only");

impl std::fmt::Display for PixelFormat {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// The name is not one of [`PixelFormat::ALL`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("pictures in the format {0} cannot be read")]
pub struct UnknownFormat(pub String);

impl std::str::FromStr for PixelFormat {
    type Err = UnknownFormat;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL.iter().copied().find(|f| f.name() == name).ok_or_else(|| UnknownFormat(name.to_owned()))
    }
}
