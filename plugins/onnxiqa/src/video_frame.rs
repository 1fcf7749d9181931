// SPDX-License-Identifier: MPL-2.0

//! A GStreamer video frame as the engine sees one.

use gst_video::prelude::*;
use onnx_iqa::picture::{
    ChromaSite, Colorimetry, Frame, Matrix, OwnedFrame, PackedFormat, Picture, PictureError, PixelFormat, Plane, Range,
    Rect,
};
use onnx_iqa::record::{Cure, Finding};
use onnx_iqa::sharing::Lease;
use std::sync::OnceLock;

mod writable;

pub use writable::crop;

/// What the engine has to know of a stream's frames beside their memory, out of the caps.
#[derive(Debug, Clone)]
pub struct Stream {
    /// As negotiated.
    pub info: gst_video::VideoInfo,
    format: Format,
    colorimetry: Colorimetry,
    stated: Stated,
    /// What the caps left out, and what was taken instead; for the log.
    pub assumed: Option<String>,
}

/// How frames are read.
#[derive(Debug, Clone, Copy)]
enum Format {
    /// Where they lie.
    InPlace(PixelFormat),
    /// Unpacked, once, into memory of their own.
    Unpacked(PackedFormat),
}

impl Format {
    fn named(name: &str) -> Result<Self, String> {
        let packed = || name.parse::<PackedFormat>().map(Self::Unpacked);
        name.parse::<PixelFormat>().map(Self::InPlace).or_else(|_| packed()).map_err(|error| error.to_string())
    }

    fn planes(self) -> usize {
        match self {
            Self::InPlace(format) => format.planes(),
            Self::Unpacked(format) => format.planes(),
        }
    }
}

/// The caps' template: every format that the engine reads, in system memory, at any frame rate.
pub fn template_caps() -> gst::Caps {
    let names = PixelFormat::ALL.iter().map(|f| f.name()).chain(PackedFormat::ALL.iter().map(|f| f.name()));
    // A name that this GStreamer does not know yet is left out.
    let formats = names.map(gst_video::VideoFormat::from_string).filter(|f| *f != gst_video::VideoFormat::Unknown);
    gst_video::VideoCapsBuilder::new().format_list(formats).build()
}

/// Templates of pads that are always there, all with these caps.
///
/// # Panics
/// When a name is none for a pad.
pub fn pad_templates<const N: usize>(caps: &gst::Caps, pads: [(&str, gst::PadDirection); N]) -> Vec<gst::PadTemplate> {
    pads.map(|(name, direction)| {
        gst::PadTemplate::new(name, direction, gst::PadPresence::Always, caps)
            .expect("name, direction and caps are valid")
    })
    .into()
}

impl Stream {
    /// Reads negotiated caps. What they leave out is taken to be GStreamer's default for such a video.
    ///
    /// # Errors
    /// When they are no raw video in a format that the engine reads.
    pub fn from_caps(caps: &gst::CapsRef) -> Result<Self, String> {
        Self::new(caps, None)
    }

    /// The same, but the default is that for another stream's size: a rung of a ladder is not to be taken for another
    /// colorimetry than its source because it is smaller.
    ///
    /// # Errors
    /// When they are no raw video in a format that the engine reads.
    pub fn sized_as(caps: &gst::CapsRef, other: &Self) -> Result<Self, String> {
        Self::new(caps, Some((other.info.width(), other.info.height())))
    }

    fn new(caps: &gst::CapsRef, size: Option<(u32, u32)>) -> Result<Self, String> {
        let info = gst_video::VideoInfo::from_caps(caps).map_err(|_| format!("not raw video: {caps}"))?;
        let stated = Stated::of(caps);
        let format = Format::named(if stated.rgb { as_rgb(info.name()) } else { info.name() })?;
        let (width, height) = size.unwrap_or((info.width(), info.height()));
        let default = gst_video::VideoInfo::builder(info.format(), width, height)
            .build()
            .map_err(|error| format!("no video of {width}x{height}: {error}"))?;
        let usual = default.colorimetry();
        let mut assumed = Vec::new();

        let matrix = stated.matrix.unwrap_or_else(|| {
            let taken = matrix(usual.matrix()).unwrap_or(Matrix::Bt709);
            // R'G'B' has no matrix to leave out.
            if info.is_yuv() && !stated.rgb {
                assumed.push(format!("matrix {taken:?}"));
            }
            taken
        });
        let range = stated.range.unwrap_or_else(|| {
            let taken = range(usual.range()).unwrap_or(Range::Limited);
            assumed.push(format!("range {taken:?}"));
            taken
        });
        let site = stated.chroma_site.unwrap_or(default.chroma_site());
        let chroma_site = ChromaSite {
            cosited_x: site.contains(gst_video::VideoChromaSite::H_COSITED),
            cosited_y: site.contains(gst_video::VideoChromaSite::V_COSITED),
        };
        let mut assumed = (!assumed.is_empty()).then(|| assumed.join(", "));
        if let (Some(taken), Some(text)) = (&mut assumed, &stated.unknown) {
            taken.push_str(&format!(" (the caps say \"{text}\", which GStreamer does not know)"));
        }
        Ok(Self { info, format, colorimetry: Colorimetry { matrix, range, chroma_site }, stated, assumed })
    }

    /// Where two streams state that their samples mean different things, if they do. Measures compare samples as they
    /// are.
    pub fn contradiction(&self, other: &Self) -> Option<String> {
        if !self.info.is_yuv() || !other.info.is_yuv() {
            return None;
        }
        let mut parts = Vec::new();
        if let (Some(one), Some(two)) = (self.stated.matrix, other.stated.matrix)
            && one != two
        {
            parts.push(format!("the matrices {one:?} and {two:?}"));
        }
        if let (Some(one), Some(two)) = (self.stated.range, other.stated.range)
            && one != two
        {
            parts.push(format!("the ranges {one:?} and {two:?}"));
        }
        (!parts.is_empty()).then(|| parts.join(" and "))
    }

    /// Why scores of this stream are to be taken with care, if so: interlaced pictures, and where there is a model, a
    /// transfer that no model saw.
    pub fn caution(&self, model: bool) -> Option<Finding> {
        use gst_video::{VideoInterlaceMode, VideoTransferFunction as Transfer};
        let mut reasons = Vec::new();
        // Of mixed video each frame says what it is.
        let interlaced =
            !matches!(self.info.interlace_mode(), VideoInterlaceMode::Progressive | VideoInterlaceMode::Mixed);
        if interlaced {
            reasons.push(self.interlaced());
        }
        let transfer = self.stated.transfer;
        let usual = [
            Transfer::Unknown,
            Transfer::Bt709,
            Transfer::Bt601,
            Transfer::Srgb,
            Transfer::Smpte240m,
            Transfer::Bt202010,
            Transfer::Bt202012,
            Transfer::Gamma22,
        ];
        if model && !usual.contains(&transfer) {
            reasons
                .push(format!("models are trained on standard dynamic range, the transfer function is {transfer:?}"));
        }
        let cure = interlaced.then_some(Cure::Deinterlace);
        (!reasons.is_empty()).then(|| Finding::new("caution", reasons.join("; "), cure))
    }

    fn interlaced(&self) -> String {
        format!("the video is interlaced ({}): combing counts as a distortion", self.info.interlace_mode().to_str())
    }

    /// What is to be said of an interlaced frame if the caps leave it to each frame to be one.
    pub fn interlaced_among_others(&self, buffer: &gst::BufferRef) -> Option<Finding> {
        let mixed = self.info.interlace_mode() == gst_video::VideoInterlaceMode::Mixed;
        // SAFETY: reads a field of a buffer that is there. The flags of video are not among those that `flags()` knows.
        let flags = unsafe { (*buffer.as_ptr()).mini_object.flags };
        let flags = gst_video::VideoBufferFlags::from_bits_truncate(flags);
        let found = mixed && flags.contains(gst_video::VideoBufferFlags::INTERLACED);
        found.then(|| Finding::new("interlaced", self.interlaced(), Cure::Deinterlace))
    }

    /// The width of the picture as it is shown, for a height of 1.
    pub fn display_aspect(&self) -> f64 {
        let (pixels, info) = (self.info.par(), &self.info);
        f64::from(info.width()) * f64::from(pixels.numer().max(1))
            / (f64::from(info.height().max(1)) * f64::from(pixels.denom().max(1)))
    }

    /// The transfer function's name, if it is one of high dynamic range.
    pub fn high_dynamic_range(&self) -> Option<&'static str> {
        use gst_video::VideoTransferFunction as Transfer;
        match self.stated.transfer {
            Transfer::Smpte2084 => Some("PQ (SMPTE ST 2084)"),
            Transfer::AribStdB67 => Some("HLG (ARIB STD-B67)"),
            _ => None,
        }
    }

    /// Bits of a sample.
    pub fn depth(&self) -> u32 {
        self.info.format_info().depth().iter().copied().max().unwrap_or(8)
    }

    /// How long a frame lasts, by the caps.
    pub fn frame_duration(&self) -> Option<gst::ClockTime> {
        crate::period(self.info.fps())
    }

    /// Maps the buffer for reading, on whatever thread.
    ///
    /// # Errors
    /// When its memory cannot be mapped as such a frame.
    pub fn map(&self, buffer: gst::Buffer) -> Result<MappedFrame, PictureError> {
        let crop = crop(&buffer);
        let frame = gst_video::VideoFrame::from_buffer_readable(buffer, &self.info).map_err(|buffer| {
            PictureError::Unreadable(format!(
                "a buffer of {} bytes cannot be mapped as {} of {}x{}",
                buffer.size(),
                self.info.name(),
                self.info.width(),
                self.info.height()
            ))
        })?;
        // A GstVideoMeta may count a decoder's padding in; with a GstVideoCropMeta its size is what is cropped.
        let size = match crop {
            Some(_) => (frame.width(), frame.height()),
            None => (self.info.width(), self.info.height()),
        };
        let (format, colorimetry) = (self.format, self.colorimetry);
        Ok(MappedFrame { frame, format, size, crop, colorimetry, unpacked: OnceLock::new() })
    }

    /// What a buffer takes while it is measured: its own memory, and that of the unpacked picture where there is one.
    pub fn bytes(&self, buffer: &gst::BufferRef) -> u64 {
        let size = buffer.meta::<gst_video::VideoMeta>().map(|meta| (meta.width(), meta.height()));
        let (width, height) = size.unwrap_or((self.info.width(), self.info.height()));
        let unpacked = match self.format {
            Format::InPlace(_) => 0,
            Format::Unpacked(format) => format.unpacked_bytes(width, height),
        };
        buffer.size() as u64 + unpacked
    }
}

/// What the caps' own colorimetry and chroma site say, component by component.
///
/// `GstVideoInfo` replaces all of it by the default if one component is missing where it wants one: `1:0:0:0`, full range
/// with an unknown matrix, which decoders give for streams that state no matrix, would become limited range. That of
/// 1.22.0 also forgets the chroma site where caps state no colorimetry, as decoders' caps of most files.
#[derive(Debug, Clone)]
struct Stated {
    /// The samples are R'G'B'.
    rgb: bool,
    matrix: Option<Matrix>,
    range: Option<Range>,
    transfer: gst_video::VideoTransferFunction,
    chroma_site: Option<gst_video::VideoChromaSite>,
    /// A text that is no colorimetry.
    unknown: Option<String>,
}

impl Stated {
    fn of(caps: &gst::CapsRef) -> Self {
        let field = |name: &str| caps.structure(0).and_then(|fields| fields.get::<String>(name).ok());
        let text = field("colorimetry");
        let site = field("chroma-site").and_then(|text| text.parse::<gst_video::VideoChromaSite>().ok());
        let read = text.as_ref().and_then(|text| text.parse::<gst_video::VideoColorimetry>().ok());
        Self {
            rgb: read.as_ref().is_some_and(|read| read.matrix() == gst_video::VideoColorMatrix::Rgb),
            matrix: read.as_ref().and_then(|read| matrix(read.matrix())),
            range: read.as_ref().and_then(|read| range(read.range())),
            transfer: read.as_ref().map_or(gst_video::VideoTransferFunction::Unknown, |read| read.transfer()),
            chroma_site: site.filter(|site| !site.is_empty()),
            unknown: text.filter(|_| read.is_none()),
        }
    }
}

/// The format in which the planes of one with an RGB matrix are what they hold: GStreamer 1.28's and older `av1dec` give
/// AV1's G'B'R' as `Y444` with such a matrix.
fn as_rgb(name: &str) -> &str {
    match name {
        "Y444" => "GBR",
        "Y444_10LE" => "GBR_10LE",
        "Y444_12LE" => "GBR_12LE",
        other => other,
    }
}

fn matrix(matrix: gst_video::VideoColorMatrix) -> Option<Matrix> {
    use gst_video::VideoColorMatrix;
    match matrix {
        VideoColorMatrix::Bt601 => Some(Matrix::Bt601),
        VideoColorMatrix::Bt709 => Some(Matrix::Bt709),
        VideoColorMatrix::Bt2020 => Some(Matrix::Bt2020),
        VideoColorMatrix::Smpte240m => Some(Matrix::Smpte240m),
        VideoColorMatrix::Fcc => Some(Matrix::Fcc),
        _ => None,
    }
}

fn range(range: gst_video::VideoColorRange) -> Option<Range> {
    match range {
        gst_video::VideoColorRange::Range0_255 => Some(Range::Full),
        gst_video::VideoColorRange::Range16_235 => Some(Range::Limited),
        _ => None,
    }
}

/// A buffer's memory, mapped for reading until this is dropped.
pub struct MappedFrame {
    frame: gst_video::VideoFrame<gst_video::video_frame::Readable>,
    format: Format,
    /// Of the picture, before it is cropped.
    size: (u32, u32),
    /// What a `GstVideoCropMeta` leaves of it.
    crop: Option<Rect>,
    colorimetry: Colorimetry,
    /// Made by the first who reads the picture.
    unpacked: OnceLock<Result<OwnedFrame, PictureError>>,
}

impl MappedFrame {
    /// The plane's memory up to where the mapping ends.
    ///
    /// `VideoFrame::plane_data` takes stride times height for granted. A last row without padding, and a `GstVideoMeta`
    /// that says more than the memory holds, would be read past its end.
    fn plane(&self, index: usize) -> Result<Plane<'_>, PictureError> {
        let stride = self.frame.plane_stride().get(index).copied().unwrap_or_default();
        let stride = usize::try_from(stride).map_err(|_| {
            PictureError::Unreadable(format!("plane {index} has a negative stride ({stride}); rows must go down"))
        })?;
        // SAFETY: the pointer is to the frame itself.
        let raw = unsafe { &*self.frame.as_ptr() };
        // With a GstVideoMeta each plane is mapped by itself. Without one the first mapping holds them all, and the
        // others are not even initialized.
        let map = if raw.meta.is_null() { &raw.map[0] } else { &raw.map[index] };
        let (start, data) = (map.data as usize, raw.data[index] as usize);
        let length = start.checked_add(map.size).and_then(|end| end.checked_sub(data)).filter(|_| data >= start);
        let Some(length) = length.filter(|_| data != 0) else {
            return Err(PictureError::Unreadable(format!("plane {index} starts outside the buffer's memory")));
        };
        // SAFETY: `data..data + length` lies within the mapping, which lives as long as the frame.
        let data = unsafe { std::slice::from_raw_parts(raw.data[index] as *const u8, length) };
        Ok(Plane { data, stride })
    }
}

impl MappedFrame {
    /// Whether the picture is read where it lies.
    pub fn is_in_place(&self) -> bool {
        matches!(self.format, Format::InPlace(_))
    }

    /// The whole picture.
    fn whole(&self) -> Result<Picture<'_>, PictureError> {
        let mut planes = [Plane::default(); 4];
        let count = self.format.planes();
        for (index, plane) in planes.iter_mut().enumerate().take(count) {
            *plane = self.plane(index)?;
        }
        let (planes, (width, height)) = (&planes[..count], self.size);
        match self.format {
            Format::InPlace(format) => Picture::new(format, width, height, planes, self.colorimetry),
            Format::Unpacked(format) => {
                let unpack = || format.unpack(width, height, planes, self.colorimetry);
                self.unpacked.get_or_init(unpack).as_ref().map_err(Clone::clone)?.picture()
            }
        }
    }
}

impl Frame for MappedFrame {
    fn picture(&self) -> Result<Picture<'_>, PictureError> {
        let whole = self.whole()?;
        let Some(rect) = self.crop else { return Ok(whole) };
        whole.crop(rect).map_err(|error| {
            PictureError::Unreadable(format!(
                "GstVideoCropMeta: {error}; a videocrop or videoconvert before cuts in memory"
            ))
        })
    }
}

/// A lease on the memory that a buffer's picture lies in, by which others that hold it are found.
///
/// A buffer locks its memory: nobody can write to what two buffers have, and a pool does not take it back.
pub fn lease(buffer: &gst::BufferRef) -> Lease {
    let mut words = Vec::with_capacity(32);
    for memory in buffer.iter_memories() {
        words.extend([memory.as_ptr() as usize, memory.offset(), memory.size()]);
    }
    if let Some(meta) = buffer.meta::<gst_video::VideoMeta>() {
        words.extend([meta.width() as usize, meta.height() as usize]);
        words.extend(meta.offset());
        words.extend(meta.stride().iter().map(|&stride| stride as usize));
    }
    if let Some(rect) = crop(buffer) {
        words.extend([rect.x, rect.y, rect.width, rect.height].map(|side| side as usize));
    }
    Lease::new(&words)
}

/// A frame that could not be mapped, and why.
pub struct Unreadable(pub PictureError);

impl Frame for Unreadable {
    fn picture(&self) -> Result<Picture<'_>, PictureError> {
        Err(self.0.clone())
    }
}

/// How many buffers the buffer's pool may have; none if it has no pool, or that has no limit.
pub fn pool_limit(buffer: &gst::BufferRef) -> Option<usize> {
    // SAFETY: a buffer holds its pool as long as it is out of it.
    let pool: Option<gst::BufferPool> = unsafe { gst::glib::translate::from_glib_none((*buffer.as_ptr()).pool) };
    let (_, _, _, limit) = pool?.config().params()?;
    usize::try_from(limit).ok().filter(|&limit| limit > 0)
}

#[cfg(test)]
mod tests;
