// SPDX-License-Identifier: MPL-2.0

//! Adapter from GStreamer video frames to the engine's pictures.

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

/// Per-stream information from the caps that is needed to read frames.
#[derive(Debug, Clone)]
pub struct Stream {
    /// Negotiated video info.
    pub info: gst_video::VideoInfo,
    format: Format,
    colorimetry: Colorimetry,
    stated: Stated,
    /// Colorimetry missing from the caps and the defaults used instead, for the log.
    pub assumed: Option<String>,
}

/// How frames are read.
#[derive(Debug, Clone, Copy)]
enum Format {
    /// Directly from the buffer's memory.
    InPlace(PixelFormat),
    /// Unpacked once into memory owned by the frame.
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

/// Template caps: every format the engine reads, in system memory, at any frame rate.
pub fn template_caps() -> gst::Caps {
    let names = PixelFormat::ALL.iter().map(|f| f.name()).chain(PackedFormat::ALL.iter().map(|f| f.name()));
    // Formats unknown to the running GStreamer version are skipped.
    let formats = names.map(gst_video::VideoFormat::from_string).filter(|f| *f != gst_video::VideoFormat::Unknown);
    gst_video::VideoCapsBuilder::new().format_list(formats).build()
}

/// Creates always pad templates that share the same caps.
///
/// # Panics
/// If a name is not a valid template name.
pub fn pad_templates<const N: usize>(caps: &gst::Caps, pads: [(&str, gst::PadDirection); N]) -> Vec<gst::PadTemplate> {
    pads.map(|(name, direction)| {
        gst::PadTemplate::new(name, direction, gst::PadPresence::Always, caps)
            .expect("name, direction and caps are valid")
    })
    .into()
}

impl Stream {
    /// Parses negotiated caps. Missing colorimetry takes GStreamer's default for the frame size.
    ///
    /// # Errors
    /// If the caps are not raw video in a supported format.
    pub fn from_caps(caps: &gst::CapsRef) -> Result<Self, String> {
        Self::new(caps, None)
    }

    /// Parses negotiated caps, taking the default colorimetry of another stream's frame size: a smaller rendition must
    /// not get a different default colorimetry from its source.
    ///
    /// # Errors
    /// If the caps are not raw video in a supported format.
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
            // R'G'B' has no matrix.
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
            taken.push_str(&format!(" (GStreamer cannot parse \"{text}\" in the caps)"));
        }
        Ok(Self { info, format, colorimetry: Colorimetry { matrix, range, chroma_site }, stated, assumed })
    }

    /// Describes how the matrix or range stated by the two streams contradict each other, if they do. Measures compare
    /// the samples as stored.
    pub fn contradiction(&self, other: &Self) -> Option<String> {
        if !self.info.is_yuv() || !other.info.is_yuv() {
            return None;
        }
        let mut parts = Vec::new();
        if let (Some(one), Some(two)) = (self.stated.matrix, other.stated.matrix)
            && one != two
        {
            parts.push(format!("matrix {one:?} and {two:?}"));
        }
        if let (Some(one), Some(two)) = (self.stated.range, other.stated.range)
            && one != two
        {
            parts.push(format!("range {one:?} and {two:?}"));
        }
        (!parts.is_empty()).then(|| parts.join(", "))
    }

    /// Returns a finding if scores of this stream are of limited significance: interlaced pictures and, with a model, a
    /// transfer function the model was not trained on.
    pub fn caution(&self, model: bool) -> Option<Finding> {
        use gst_video::{VideoInterlaceMode, VideoTransferFunction as Transfer};
        let mut reasons = Vec::new();
        // With mixed interlacing each buffer carries its own flag.
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
            reasons.push(format!(
                "the transfer function is {transfer:?}, but models are trained on standard dynamic range"
            ));
        }
        let cure = interlaced.then_some(Cure::Deinterlace);
        (!reasons.is_empty()).then(|| Finding::new("caution", reasons.join("; "), cure))
    }

    fn interlaced(&self) -> String {
        format!("the video is interlaced ({}): combing counts as distortion", self.info.interlace_mode().to_str())
    }

    /// Returns a finding if this buffer is interlaced and the caps leave interlacing to each buffer.
    pub fn interlaced_among_others(&self, buffer: &gst::BufferRef) -> Option<Finding> {
        let mixed = self.info.interlace_mode() == gst_video::VideoInterlaceMode::Mixed;
        // SAFETY: reads a field of a valid buffer. The video flags are not part of `gst::BufferFlags`.
        let flags = unsafe { (*buffer.as_ptr()).mini_object.flags };
        let flags = gst_video::VideoBufferFlags::from_bits_truncate(flags);
        let found = mixed && flags.contains(gst_video::VideoBufferFlags::INTERLACED);
        found.then(|| Finding::new("interlaced", self.interlaced(), Cure::Deinterlace))
    }

    /// Display aspect ratio.
    pub fn display_aspect(&self) -> f64 {
        let (pixels, info) = (self.info.par(), &self.info);
        f64::from(info.width()) * f64::from(pixels.numer().max(1))
            / (f64::from(info.height().max(1)) * f64::from(pixels.denom().max(1)))
    }

    /// Name of the transfer function if it is a high dynamic range one.
    pub fn high_dynamic_range(&self) -> Option<&'static str> {
        use gst_video::VideoTransferFunction as Transfer;
        match self.stated.transfer {
            Transfer::Smpte2084 => Some("PQ (SMPTE ST 2084)"),
            Transfer::AribStdB67 => Some("HLG (ARIB STD-B67)"),
            _ => None,
        }
    }

    /// Bit depth.
    pub fn depth(&self) -> u32 {
        self.info.format_info().depth().iter().copied().max().unwrap_or(8)
    }

    /// Frame duration according to the caps.
    pub fn frame_duration(&self) -> Option<gst::ClockTime> {
        crate::period(self.info.fps())
    }

    /// Maps the buffer for reading. May be called from any thread.
    ///
    /// # Errors
    /// If the memory cannot be mapped as a frame of this format.
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
        // The size in a GstVideoMeta may include decoder padding; with a GstVideoCropMeta it is the uncropped size.
        let size = match crop {
            Some(_) => (frame.width(), frame.height()),
            None => (self.info.width(), self.info.height()),
        };
        let (format, colorimetry) = (self.format, self.colorimetry);
        Ok(MappedFrame { frame, format, size, crop, colorimetry, unpacked: OnceLock::new() })
    }

    /// Memory a buffer takes while it is measured: its own and that of the unpacked picture, if one is needed.
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

/// Colorimetry and chroma site as stated in the caps, per component.
///
/// `GstVideoInfo` replaces the whole colorimetry with the default if one required component is missing: `1:0:0:0` (full
/// range, unknown matrix), which decoders output for streams without a matrix, would become limited range. GStreamer
/// 1.22.0 also drops the chroma site if the caps have no colorimetry, which is the case for most files.
#[derive(Debug, Clone)]
struct Stated {
    /// Whether the samples are R'G'B'.
    rgb: bool,
    matrix: Option<Matrix>,
    range: Option<Range>,
    transfer: gst_video::VideoTransferFunction,
    chroma_site: Option<gst_video::VideoChromaSite>,
    /// A colorimetry string GStreamer cannot parse.
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

/// Format that describes the planes of a Y'CbCr format with an RGB matrix: `av1dec` up to 1.28 outputs AV1's G'B'R' as
/// `Y444` with such a matrix.
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

/// A buffer mapped for reading; unmapped on drop.
pub struct MappedFrame {
    frame: gst_video::VideoFrame<gst_video::video_frame::Readable>,
    format: Format,
    /// The uncropped picture.
    size: (u32, u32),
    /// Rectangle left by a `GstVideoCropMeta`.
    crop: Option<Rect>,
    colorimetry: Colorimetry,
    /// Unpacked on first use.
    unpacked: OnceLock<Result<OwnedFrame, PictureError>>,
}

impl MappedFrame {
    /// Returns the plane's memory up to the end of the mapping.
    ///
    /// `VideoFrame::plane_data` assumes stride × height bytes. With an unpadded last row, or a `GstVideoMeta` that
    /// describes more than the memory holds, it would read past the end.
    fn plane(&self, index: usize) -> Result<Plane<'_>, PictureError> {
        let stride = self.frame.plane_stride().get(index).copied().unwrap_or_default();
        let stride = usize::try_from(stride).map_err(|_| {
            PictureError::Unreadable(format!("plane {index} has a negative stride ({stride}), which is not supported"))
        })?;
        // SAFETY: the pointer refers to the frame itself.
        let raw = unsafe { &*self.frame.as_ptr() };
        // With a GstVideoMeta each plane is mapped separately. Without one the first mapping covers all planes and the
        // others are not initialized.
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
    /// Whether the picture is read directly from the buffer.
    pub fn is_in_place(&self) -> bool {
        matches!(self.format, Format::InPlace(_))
    }

    /// Returns the uncropped picture.
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
                "GstVideoCropMeta: {error}; put videocrop or videoconvert upstream to crop in memory"
            ))
        })
    }
}

/// Returns a lease on the buffer's memory, by which other elements that hold the same memory are found.
///
/// Holding the buffer locks its memory: memory shared by two buffers is not writable, and the pool does not reuse it.
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

/// A frame that could not be mapped, with the reason.
pub struct Unreadable(pub PictureError);

impl Frame for Unreadable {
    fn picture(&self) -> Result<Picture<'_>, PictureError> {
        Err(self.0.clone())
    }
}

/// Maximum number of buffers in the buffer's pool; `None` if it has no pool or the pool is unlimited.
pub fn pool_limit(buffer: &gst::BufferRef) -> Option<usize> {
    // SAFETY: a buffer holds a reference to its pool until it is returned to it.
    let pool: Option<gst::BufferPool> = unsafe { gst::glib::translate::from_glib_none((*buffer.as_ptr()).pool) };
    let (_, _, _, limit) = pool?.config().params()?;
    usize::try_from(limit).ok().filter(|&limit| limit > 0)
}

#[cfg(test)]
mod tests;
