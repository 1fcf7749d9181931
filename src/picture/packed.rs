// SPDX-License-Identifier: MPL-2.0

//! Formats whose samples cannot be read in place, and what they are unpacked to.
//!
//! A new one is a row in the table below, if it is packed in one of the known ways.

use super::colorimetry::Colorimetry;
use super::error::PictureError;
use super::format::{Component, PixelFormat, UnknownFormat};
use super::frame::OwnedFrame;
use super::{Plane, SIDES};

/// How samples are packed.
#[derive(Debug, Clone, Copy)]
enum Packing {
    /// As in the format it is unpacked to, but words are big-endian.
    BigEndian,
    /// One pixel per 32-bit little-endian word; for each component the lowest of its 10 bits.
    Pixel([u8; 3]),
    /// The same, big-endian.
    BigEndianPixel([u8; 3]),
    /// Three samples of 10 bits in each 32-bit little-endian word, from the lowest bit up.
    Triples(&'static [Run]),
}

/// The position of a component among the samples of a plane's row.
#[derive(Debug, Clone, Copy)]
struct Run {
    plane: usize,
    first: usize,
    step: usize,
}

const fn run(plane: usize, first: usize, step: usize) -> Run {
    Run { plane, first, step }
}

macro_rules! packed_formats {
    ($($variant:ident $name:literal $planes:literal $unpacked:ident $packing:expr;)+) => {
        /// A memory layout that is unpacked before pictures are read. The names are GStreamer's.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum PackedFormat {
            $(#[doc = concat!("`", $name, "`")] $variant,)+
        }

        impl PackedFormat {
            /// Every format that can be unpacked.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// GStreamer's name of the format.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// The number of planes that are read.
            pub const fn planes(self) -> usize {
                match self { $(Self::$variant => $planes,)+ }
            }

            /// The format it is unpacked to, with the same samples.
            pub const fn unpacked(self) -> PixelFormat {
                match self { $(Self::$variant => PixelFormat::$unpacked,)+ }
            }

            const fn packing(self) -> Packing {
                match self { $(Self::$variant => const { $packing },)+ }
            }
        }
    };
}

packed_formats! {
    V210 "v210" 1 I422p10 Packing::Triples(&[run(0, 1, 2), run(0, 0, 4), run(0, 2, 4)]);
    Gray10Le32 "GRAY10_LE32" 1 Gray10 Packing::Triples(&[run(0, 0, 1)]);
    Y410 "Y410" 1 Y444p10 Packing::Pixel([10, 0, 20]);
    Rgb10a2 "RGB10A2_LE" 1 Gbr10 Packing::Pixel([0, 10, 20]);
    Bgr10a2 "BGR10A2_LE" 1 Gbr10 Packing::Pixel([20, 10, 0]);
    R210 "r210" 1 Gbr10 Packing::BigEndianPixel([20, 10, 0]);
    I420p10Be "I420_10BE" 3 I420p10 Packing::BigEndian;
    I420p12Be "I420_12BE" 3 I420p12 Packing::BigEndian;
    I422p10Be "I422_10BE" 3 I422p10 Packing::BigEndian;
    I422p12Be "I422_12BE" 3 I422p12 Packing::BigEndian;
    Y444p10Be "Y444_10BE" 3 Y444p10 Packing::BigEndian;
    Y444p12Be "Y444_12BE" 3 Y444p12 Packing::BigEndian;
    Y444p16Be "Y444_16BE" 3 Y444p16 Packing::BigEndian;
    P010Be "P010_10BE" 2 P010 Packing::BigEndian;
    P012Be "P012_BE" 2 P012 Packing::BigEndian;
    P016Be "P016_BE" 2 P016 Packing::BigEndian;
    A420p10Be "A420_10BE" 3 A420p10 Packing::BigEndian;
    A422p10Be "A422_10BE" 3 A422p10 Packing::BigEndian;
    A444p10Be "A444_10BE" 3 A444p10 Packing::BigEndian;
    Y212Be "Y212_BE" 1 Y212 Packing::BigEndian;
    Y412Be "Y412_BE" 1 Y412 Packing::BigEndian;
    Gray16Be "GRAY16_BE" 1 Gray16 Packing::BigEndian;
    Gbr10Be "GBR_10BE" 3 Gbr10 Packing::BigEndian;
    Gbr12Be "GBR_12BE" 3 Gbr12 Packing::BigEndian;
    Gbra10Be "GBRA_10BE" 3 Gbra10 Packing::BigEndian;
    Gbra12Be "GBRA_12BE" 3 Gbra12 Packing::BigEndian;
    Argb64Be "ARGB64_BE" 1 Argb64 Packing::BigEndian;
    Rgba64Be "RGBA64_BE" 1 Rgba64 Packing::BigEndian;
    Bgra64Be "BGRA64_BE" 1 Bgra64 Packing::BigEndian;
    Abgr64Be "ABGR64_BE" 1 Abgr64 Packing::BigEndian;
}

impl std::fmt::Display for PackedFormat {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl std::str::FromStr for PackedFormat {
    type Err = UnknownFormat;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL.iter().copied().find(|f| f.name() == name).ok_or_else(|| UnknownFormat(name.to_owned()))
    }
}

impl PackedFormat {
    /// Bytes of an unpacked picture of `width` × `height` pixels.
    pub fn unpacked_bytes(self, width: u32, height: u32) -> u64 {
        let layout = layout(self.unpacked(), width.max(1), height.max(1));
        layout.iter().map(|&(stride, rows)| stride as u64 * rows as u64).sum()
    }

    /// Unpacks the picture of `width` × `height` pixels in `planes`; the samples are unchanged.
    ///
    /// # Errors
    /// When the planes do not hold such a picture.
    pub fn unpack(
        self,
        width: u32,
        height: u32,
        planes: &[Plane<'_>],
        colorimetry: Colorimetry,
    ) -> Result<OwnedFrame, PictureError> {
        if !SIDES.contains(&width) || !SIDES.contains(&height) {
            return Err(PictureError::Size { width, height });
        }
        if planes.len() < self.planes() {
            let (format, expected, actual) = (self.name(), self.planes(), planes.len());
            return Err(PictureError::Planes { format, expected, actual });
        }
        self.check(width, height, planes)?;
        let format = self.unpacked();
        let blank = |&(stride, rows): &(usize, usize)| (vec![0; stride * rows], stride);
        let mut made = layout(format, width, height).iter().map(blank).collect::<Vec<_>>();
        match self.packing() {
            Packing::BigEndian => swap(planes, &mut made),
            Packing::Pixel(bits) => pixels(planes, width, bits, u32::from_le_bytes, format, &mut made),
            Packing::BigEndianPixel(bits) => pixels(planes, width, bits, u32::from_be_bytes, format, &mut made),
            Packing::Triples(runs) => triples(planes, [width, height], runs, format, &mut made),
        }
        OwnedFrame::new(format, width, height, made, colorimetry)
    }

    /// Bytes from the start of a row to the end of what is read of it.
    fn row_bytes(self, plane: usize, width: u32) -> usize {
        let components = self.unpacked().components();
        match self.packing() {
            Packing::BigEndian => row_bytes(self.unpacked(), plane, width),
            Packing::Pixel(_) | Packing::BigEndianPixel(_) => width as usize * 4,
            Packing::Triples(runs) => {
                let last = |(run, component): (&Run, &Component)| run.last(component.width(width) as usize);
                let here = runs.iter().zip(components).filter(|(run, _)| run.plane == plane);
                here.map(last).max().map_or(0, |last| (last / 3 + 1) * 4)
            }
        }
    }

    /// Rows of a plane that are read.
    fn rows(self, plane: usize, height: u32) -> usize {
        let of = |(run, component): (&Run, &Component)| (run.plane == plane).then_some(component.height(height));
        match self.packing() {
            Packing::Triples(runs) => runs.iter().zip(self.unpacked().components()).filter_map(of).max().unwrap_or(0),
            _ => layout(self.unpacked(), 1, height).get(plane).map_or(0, |&(_, rows)| rows as u32),
        }
        .try_into()
        .unwrap_or(usize::MAX)
    }

    fn check(self, width: u32, height: u32, planes: &[Plane<'_>]) -> Result<(), PictureError> {
        for (index, plane) in planes.iter().enumerate().take(self.planes()) {
            let (row, rows) = (self.row_bytes(index, width), self.rows(index, height));
            if rows > 1 && plane.stride < row {
                return Err(PictureError::Stride { format: self.name(), plane: index, stride: plane.stride, row });
            }
            let expected = rows.saturating_sub(1).saturating_mul(plane.stride).saturating_add(row);
            if plane.data.len() < expected {
                return Err(PictureError::Short { plane: index, expected, actual: plane.data.len() });
            }
        }
        Ok(())
    }
}

impl Run {
    /// The index of the last of this many samples.
    fn last(&self, samples: usize) -> usize {
        self.first + samples.saturating_sub(1) * self.step
    }
}

/// Bytes from the start of a row of the plane to the end of its last sample.
fn row_bytes(format: PixelFormat, plane: usize, width: u32) -> usize {
    let here = format.components().iter().filter(|component| usize::from(component.plane) == plane);
    here.map(|component| component.row_bytes(width)).max().unwrap_or(0)
}

/// Stride and rows of each plane of an unpacked picture.
fn layout(format: PixelFormat, width: u32, height: u32) -> Vec<(usize, usize)> {
    let rows = |plane: usize| {
        let here = format.components().iter().filter(|component| usize::from(component.plane) == plane);
        here.map(|component| component.height(height) as usize).max().unwrap_or(0)
    };
    (0..format.planes()).map(|plane| (row_bytes(format, plane, width).next_multiple_of(64), rows(plane))).collect()
}

/// Reverses the words of each row; bytes behind the last whole word stay 0.
fn swap(planes: &[Plane<'_>], made: &mut [(Vec<u8>, usize)]) {
    for (plane, (out, stride)) in planes.iter().zip(made) {
        for (row, out) in out.chunks_exact_mut(*stride).enumerate() {
            let row = plane.data.get(row * plane.stride..).unwrap_or_default();
            let words = row.as_chunks::<2>().0.iter().zip(out.as_chunks_mut::<2>().0);
            words.for_each(|(&[high, low], out)| *out = [low, high]);
        }
    }
}

/// One word per pixel, to three planes.
fn pixels(
    planes: &[Plane<'_>],
    width: u32,
    bits: [u8; 3],
    word: impl Fn([u8; 4]) -> u32 + Copy,
    format: PixelFormat,
    made: &mut [(Vec<u8>, usize)],
) {
    let Some(source) = planes.first() else { return };
    for (component, bit) in format.components().iter().zip(bits) {
        let Some((out, stride)) = made.get_mut(usize::from(component.plane)) else { continue };
        for (row, out) in out.chunks_exact_mut(*stride).enumerate() {
            let row = source.data.get(row * source.stride..).unwrap_or_default();
            let words = row.as_chunks::<4>().0.iter().take(width as usize);
            for (&bytes, out) in words.zip(out.as_chunks_mut::<2>().0) {
                *out = ((word(bytes) >> bit) as u16 & TEN_BITS).to_le_bytes();
            }
        }
    }
}

const TEN_BITS: u16 = 0x3ff;

/// Three samples per word, to separate planes.
fn triples(
    planes: &[Plane<'_>],
    [width, height]: [u32; 2],
    runs: &[Run],
    format: PixelFormat,
    made: &mut [(Vec<u8>, usize)],
) {
    let mut samples: Vec<u16> = Vec::new();
    for (index, plane) in planes.iter().enumerate() {
        let here = runs.iter().zip(format.components()).filter(|(run, _)| run.plane == index);
        let here: Vec<_> = here.collect();
        let rows = here.iter().map(|(_, component)| component.height(height) as usize).max().unwrap_or(0);
        let count = here.iter().map(|(run, c)| run.last(c.width(width) as usize) + 1).max().unwrap_or(0);
        for row in 0..rows {
            let words = plane.data.get(row * plane.stride..).unwrap_or_default().as_chunks::<4>().0;
            samples.clear();
            for &bytes in words.iter().take(count.div_ceil(3)) {
                let word = u32::from_le_bytes(bytes);
                samples.extend([0, 10, 20].map(|bit| (word >> bit) as u16 & TEN_BITS));
            }
            for (run, component) in &here {
                let Some((out, stride)) = made.get_mut(usize::from(component.plane)) else { continue };
                let out = out.get_mut(row * *stride..).unwrap_or_default().as_chunks_mut::<2>().0;
                let taken = samples.iter().skip(run.first).step_by(run.step).take(component.width(width) as usize);
                taken.zip(out).for_each(|(sample, out)| *out = sample.to_le_bytes());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::Frame;

    fn unpack(format: PackedFormat, width: u32, height: u32, planes: &[(&[u8], usize)]) -> OwnedFrame {
        let planes: Vec<_> = planes.iter().map(|&(data, stride)| Plane { data, stride }).collect();
        format.unpack(width, height, &planes, Colorimetry::SRGB).unwrap()
    }

    /// The samples of a row of a component.
    fn row(frame: &OwnedFrame, component: usize, y: u32) -> Vec<u16> {
        let picture = frame.picture().unwrap();
        let (bytes, c) = (picture.row(component, y), picture.format().components()[component]);
        bytes.chunks(usize::from(c.step)).map(|s| u16::from_le_bytes([s[0], s[1]]) >> c.shift).collect()
    }

    fn words(words: &[u32]) -> Vec<u8> {
        words.iter().flat_map(|word| word.to_le_bytes()).collect()
    }

    fn word(low: u32, middle: u32, high: u32) -> u32 {
        low | middle << 10 | high << 20 | 3 << 30
    }

    #[test]
    fn v210_has_six_pixels_in_four_words() {
        // Apple's TN2162: Cb0 Y0 Cr0, Y1 Cb1 Y2, Cr1 Y3 Cb2, Y4 Cr2 Y5; the seventh pixel begins a new group.
        let group = [word(512, 1, 513), word(2, 514, 3), word(515, 4, 516), word(5, 517, 6)];
        let line = words(&[&group[..], &[word(518, 7, 519)]].concat());
        let frame = unpack(PackedFormat::V210, 7, 1, &[(&line, 0)]);
        assert_eq!(frame.format, PixelFormat::I422p10);
        assert_eq!(row(&frame, 0, 0), [1, 2, 3, 4, 5, 6, 7]);
        assert_eq!(row(&frame, 1, 0), [512, 514, 516, 518]);
        assert_eq!(row(&frame, 2, 0), [513, 515, 517, 519]);
    }

    #[test]
    fn pixels_of_one_word_are_taken_apart() {
        // Microsoft's Y410: U in the lowest bits, then Y, then V.
        let line = words(&[word(1, 2, 3), word(1023, 0, 512)]);
        let frame = unpack(PackedFormat::Y410, 2, 1, &[(&line, 8)]);
        assert_eq!([0, 1, 2].map(|c| row(&frame, c, 0)), [[2, 0], [1, 1023], [3, 512]]);
        // QuickTime's r210: two zero bits, R', G', B' from the highest bit of a big-endian word down.
        let line = [word(3, 2, 1), word(512, 0, 1023)].map(u32::to_be_bytes).concat();
        let frame = unpack(PackedFormat::R210, 2, 1, &[(&line, 8)]);
        assert_eq!([0, 1, 2].map(|c| row(&frame, c, 0)), [[1, 1023], [2, 0], [3, 512]]);
    }

    #[test]
    fn planes_may_have_any_stride_and_big_endian_words_are_turned() {
        let gray = [0x01, 0x02, 0x03, 0x04, 0xaa, 0x05, 0x06, 0x07, 0x08];
        let frame = unpack(PackedFormat::Gray16Be, 2, 2, &[(&gray, 5)]);
        assert_eq!([0, 1].map(|y| row(&frame, 0, y)), [[0x0102, 0x0304], [0x0506, 0x0708]]);
        assert_eq!(frame.bytes(), PackedFormat::Gray16Be.unpacked_bytes(2, 2));
    }

    #[test]
    fn planes_that_are_too_small_are_named() {
        let unpack = |format: PackedFormat, width, height, bytes: usize, stride| {
            let data = vec![0; bytes];
            format.unpack(width, height, &[Plane { data: &data, stride }], Colorimetry::SRGB).map(drop)
        };
        // 7 pixels of v210 end in the fifth word.
        assert_eq!(unpack(PackedFormat::V210, 7, 2, 40, 20), Ok(()));
        let short = PictureError::Short { plane: 0, expected: 40, actual: 39 };
        assert_eq!(unpack(PackedFormat::V210, 7, 2, 39, 20), Err(short));
        let stride = PictureError::Stride { format: "v210", plane: 0, stride: 19, row: 20 };
        assert_eq!(unpack(PackedFormat::V210, 7, 2, 99, 19), Err(stride));
        let planes = PictureError::Planes { format: "I420_10BE", expected: 3, actual: 1 };
        assert_eq!(unpack(PackedFormat::I420p10Be, 2, 2, 99, 4), Err(planes));
        let size = PictureError::Size { width: 0, height: 2 };
        assert_eq!(unpack(PackedFormat::Y410, 0, 2, 99, 4), Err(size));
    }

    #[test]
    fn names_are_of_one_format_only() {
        for format in PackedFormat::ALL {
            assert_eq!(format.name().parse(), Ok(*format));
            assert!(format.name().parse::<PixelFormat>().is_err(), "{format}");
            assert_eq!(format.planes().min(format.unpacked().planes()), format.planes(), "{format}");
        }
    }
}
