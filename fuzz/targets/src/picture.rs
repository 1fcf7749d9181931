// SPDX-License-Identifier: MPL-2.0

//! Pictures of every format with any sizes, strides and offsets, and what reads them.
//!
//! Each plane is an allocation that is as long as the picture needs, or a byte too short: with AddressSanitizer every
//! read behind it is found.

use crate::bytes::Bytes;
use onnx_iqa::align::space::{Letterbox, Registration, Scale, SpatialAligner};
use onnx_iqa::align::time::Signature;
use onnx_iqa::evidence::{show, ssim_map};
use onnx_iqa::metrics::{Measures, Meter, NoReferenceMeasures, NoReferenceMeter};
use onnx_iqa::model::contract::{
    Channels, Crops, Filter, Input, Layout, Letterbox as Box, LetterboxAt, Resize, Rounding, Sampling, Small,
};
use onnx_iqa::overlay::{Overlay, Settings};
use onnx_iqa::picture::{
    ChromaSite, Colorimetry, Matrix, OwnedFrame, PackedFormat, Picture, PictureError, PixelFormat, Plane, Range, Rect,
    y_cb_cr,
};
use onnx_iqa::preprocess::Plan;
use onnx_iqa::record::FrameRecord;

const MATRICES: [Matrix; 5] = [Matrix::Bt601, Matrix::Bt709, Matrix::Bt2020, Matrix::Smpte240m, Matrix::Fcc];
const SITES: [ChromaSite; 3] = [ChromaSite::CENTER, ChromaSite::LEFT, ChromaSite::TOP_LEFT];
const FILTERS: [Filter; 6] =
    [Filter::Nearest, Filter::Bilinear, Filter::Bicubic, Filter::BicubicOpencv, Filter::Area, Filter::Lanczos];
/// Larger pictures are described, but not made.
const MOST: usize = 96;

/// The memory of a picture: the planes begin behind `skipped` bytes.
struct Memory {
    planes: Vec<(std::boxed::Box<[u8]>, usize)>,
    skipped: usize,
}

impl Memory {
    fn planes(&self) -> Vec<Plane<'_>> {
        let plane = |(data, stride): &(std::boxed::Box<[u8]>, usize)| (data.len(), *stride);
        let lengths: Vec<_> = self.planes.iter().map(plane).collect();
        let planes = self.planes.iter().zip(lengths);
        planes.map(|((data, _), (length, stride))| Plane { data: &data[self.skipped.min(length)..], stride }).collect()
    }
}

/// Makes two pictures and reads them in all ways.
pub fn run(data: &[u8]) {
    let mut bytes = Bytes(data);
    let [width, height] = size(&mut bytes);
    let (memory, format) = any(&mut bytes, [width, height]);
    let planes = memory.planes();
    let unpacked;
    let made = match format {
        Ok(format) => Picture::new(format, width, height, &planes, colorimetry(&mut bytes)),
        Err(packed) => {
            let frame = packed.unpack(width, height, &planes, colorimetry(&mut bytes));
            unpacked = frame.map_err(|error| said(&error));
            let Ok(frame) = &unpacked else { return };
            onnx_iqa::picture::Frame::picture(frame)
        }
    };
    let whole = match made {
        Ok(picture) => picture,
        Err(error) => return said(&error),
    };
    rows(&whole);
    let Some(picture) = part(&mut bytes, whole) else { return };
    alone(&mut bytes, &picture);
    let size = if bytes.rare(4) { size(&mut bytes) } else { [picture.width(), picture.height()] };
    let (memory, format) = any(&mut bytes, size);
    let (Ok(format), planes) = (format, memory.planes()) else { return };
    let Ok(other) = Picture::new(format, size[0], size[1], &planes, colorimetry(&mut bytes)) else { return };
    together(&mut bytes, &picture, &other);
}

fn said(error: &PictureError) {
    assert!(!error.to_string().is_empty());
}

fn size(bytes: &mut Bytes<'_>) -> [u32; 2] {
    [0, 1].map(|_| match bytes.byte() {
        255 => bytes.one(&[0, 65536, 65537, u32::MAX]),
        other => 1 + u32::from(other) % MOST as u32,
    })
}

fn colorimetry(bytes: &mut Bytes<'_>) -> Colorimetry {
    let range = if bytes.flag() { Range::Full } else { Range::Limited };
    Colorimetry { matrix: bytes.one(&MATRICES), range, chroma_site: bytes.one(&SITES) }
}

/// Memory of any format for a picture of this size: mostly what it needs.
fn any(bytes: &mut Bytes<'_>, size: [u32; 2]) -> (Memory, Result<PixelFormat, PackedFormat>) {
    let formats = PixelFormat::ALL.len() + PackedFormat::ALL.len();
    let index = bytes.below(formats);
    let packed = || PackedFormat::ALL[index - PixelFormat::ALL.len()];
    let format = PixelFormat::ALL.get(index).copied().ok_or_else(packed);
    let (count, layout) = match format {
        Ok(format) => (format.planes(), format),
        Err(packed) => (packed.planes(), packed.unpacked()),
    };
    let [width, height] = size.map(|side| side.clamp(1, MOST as u32));
    let skipped = if bytes.flag() { bytes.below(64) } else { 0 };
    let seed = bytes.word();
    let planes = (0..count).map(|plane| {
        let here = layout.components().iter().filter(|c| usize::from(c.plane) == plane || format.is_err());
        let row = here.clone().map(|c| {
            let last = (c.width(width) as usize - 1) * usize::from(c.step);
            usize::from(c.offset) + last + c.bytes()
        });
        // Packed words take at most as much as the samples that they hold.
        let row = row.max().unwrap_or(1) * if format.is_err() { 3 } else { 1 };
        let rows = here.map(|c| c.height(height) as usize).max().unwrap_or(1);
        let stride = match bytes.byte() % 8 {
            0..4 => row,
            4..6 => row + bytes.below(40),
            6 => bytes.below(row + 1),
            _ => bytes.one(&[usize::MAX, usize::MAX / 2, 0, 1 << 32]),
        };
        let needed =
            stride.checked_mul(rows - 1).and_then(|bytes| bytes.checked_add(row)).filter(|&bytes| bytes < 1 << 18);
        let length = needed.unwrap_or(row) + skipped;
        let length = if bytes.rare(16) { length - 1 } else { length };
        (noise(length, seed, bytes.byte()), stride)
    });
    (Memory { planes: planes.collect(), skipped }, format)
}

/// Samples: even, or noise.
fn noise(length: usize, seed: u16, kind: u8) -> std::boxed::Box<[u8]> {
    let mut state = u32::from(seed) | 1 << 16;
    let next = |_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        match kind % 4 {
            0 => kind,
            1 => (state >> 24) as u8 & 3 | 128,
            _ => (state >> 24) as u8,
        }
    };
    (0..length).map(next).collect()
}

/// Every byte that a row is made of.
fn rows(picture: &Picture<'_>) {
    let mut sum = 0u64;
    for (index, component) in picture.format().components().iter().enumerate() {
        for y in 0..component.height(picture.height()) {
            sum += picture.row(index, y).iter().map(|&byte| u64::from(byte)).sum::<u64>();
        }
    }
    std::hint::black_box(sum);
}

/// All of it, or a part.
fn part<'a>(bytes: &mut Bytes<'_>, whole: Picture<'a>) -> Option<Picture<'a>> {
    if !bytes.rare(4) {
        return Some(whole);
    }
    let mut side = || match bytes.byte() {
        255 => u32::MAX,
        other => u32::from(other) % 64,
    };
    let rect = Rect { x: side(), y: side(), width: side(), height: side() };
    whole.crop(rect).map_err(|error| said(&error)).ok()
}

/// What reads one picture.
fn alone(bytes: &mut Bytes<'_>, picture: &Picture<'_>) {
    let size = [picture.width(), picture.height()];
    match bytes.byte() % 8 {
        0..3 => prepare(bytes, picture),
        3 => {
            let mut meter = NoReferenceMeter::new(NoReferenceMeasures::ALL, 1);
            let first = meter.measure(picture);
            assert!(first.get("motion").is_none());
            meter.measure(picture);
        }
        4 => {
            let mut letterbox = Letterbox::new();
            let seen = letterbox.update(picture);
            assert!(seen.right() <= size[0] && seen.bottom() <= size[1], "{seen} of {size:?}");
            let signatures = [Signature::of(picture), Signature::sampled(picture), Signature::skimmed(picture)];
            assert!(signatures[0].similarity(&signatures[1]).is_finite());
        }
        5 => {
            let depth = bytes.one(&[8, 10, 12, 16]);
            let converted = y_cb_cr(picture, colorimetry(bytes), depth);
            converted.iter().for_each(|frame| rows(&onnx_iqa::picture::Frame::picture(frame).expect("a picture")));
        }
        6 => {
            let shown = show(picture, [1 + bytes.below(64) as u32, 1 + bytes.below(64) as u32]);
            assert!(shown.is_ok_and(|shown| shown.pixels.len() == (shown.width * shown.height * 3) as usize));
        }
        _ => draw(bytes, picture),
    }
}

/// A tensor of any geometry.
fn prepare(bytes: &mut Bytes<'_>, picture: &Picture<'_>) {
    let channels = bytes.one(&[Channels::Rgb, Channels::Bgr, Channels::Luma, Channels::Gray601]);
    let mut input = Input::new("x", channels);
    input.layout = bytes.one(&[Layout::Nchw, Layout::Nhwc]);
    let mut sides = || [1 + bytes.below(80) as u32, 1 + bytes.below(80) as u32];
    let (to, crop) = (sides(), sides());
    let at = bytes.one(&[LetterboxAt::Center, LetterboxAt::TopLeft]);
    let geometry = &mut input.geometry;
    geometry.scale = match bytes.byte() % 7 {
        0 => None,
        1 => Some(Resize::ShortSide(to[0])),
        2 => Some(Resize::LongSide(to[0])),
        3 => Some(Resize::Letterbox(Box { size: to, color: [0.5; 3], at })),
        4 => Some(Resize::Factor(f64::from(to[0]) / 32.0)),
        _ => Some(Resize::Size(to)),
    };
    geometry.rounding = bytes.one(&[Rounding::Nearest, Rounding::Down]);
    geometry.filter = bytes.one(&FILTERS);
    (geometry.antialias, geometry.round) = (bytes.flag(), bytes.rare(4));
    geometry.small = bytes.one(&[Small::Upscale, Small::Mirror]);
    match bytes.byte() % 4 {
        0 => geometry.multiple_of = 1 + bytes.below(40) as u32,
        1 => {
            geometry.crop = Some(crop);
            geometry.crops = Crops::Count(1 + bytes.below(30) as u32);
            geometry.sampling = bytes.one(&[Sampling::Grid, Sampling::Steps, Sampling::Center]);
        }
        2 => {
            geometry.crop = Some(crop);
            geometry.crops = Crops::All { stride: [8 + bytes.below(40) as u32, 8 + bytes.below(40) as u32] };
        }
        _ => {}
    }
    let (format, colorimetry) = (picture.format(), picture.colorimetry());
    let Ok(mut plan) = Plan::new(&input, format, picture.width(), picture.height(), colorimetry) else { return };
    let scaled = plan.layout().scaled;
    if plan.layout().len() > 1 << 18 || scaled[0] as usize * scaled[1] as usize > 1 << 16 {
        return;
    }
    let mut tensor = vec![f32::NAN; plan.layout().len()];
    plan.run(picture, &mut tensor).expect("the plan is for this picture");
    assert!(tensor.iter().all(|number| !number.is_nan()), "{input:?}: a number was not written");
}

/// Scores on the picture itself. Bytes that belong to none of its samples stay as they are.
fn draw(bytes: &mut Bytes<'_>, picture: &Picture<'_>) {
    let mut frame = OwnedFrame::from(picture);
    let mut overlay = Overlay::new(Settings::default());
    let mut record = FrameRecord::default();
    (record.score, record.alarm) = (Some(f64::from(bytes.byte())), Some(bytes.flag()));
    overlay.observe(Some(0), [("iqascore0", &record)]);
    overlay.draw(&mut frame).expect("the frame is a picture");
}

/// What reads two pictures.
fn together(bytes: &mut Bytes<'_>, reference: &Picture<'_>, distorted: &Picture<'_>) {
    match bytes.byte() % 4 {
        0 => {
            let registration = bytes.one(&[Registration::None, Registration::Crop, Registration::Shift]);
            let scale = bytes.one(&[Scale::None, Scale::ToReference, Scale::ToDistorted]);
            let mut aligner = SpatialAligner::new(scale, registration);
            for _ in 0..2 {
                let Ok(aligned) = aligner.align(reference, distorted) else { return };
                rows(&aligned.reference);
                rows(&aligned.distorted);
            }
        }
        1 => drop(ssim_map(reference, distorted)),
        _ => {
            let measures = Measures::from_bits_truncate(u32::from(bytes.word()));
            let mut meter = Meter::new(measures, 1);
            for _ in 0..2 {
                let Ok(_) = meter.measure(reference, distorted) else { return };
            }
            let _ = meter.late();
            let _ = meter.finish();
        }
    }
}
