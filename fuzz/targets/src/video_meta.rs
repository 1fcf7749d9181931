// SPDX-License-Identifier: MPL-2.0

//! GStreamer's buffers with a `GstVideoMeta` that says anything, as the elements map them.

use crate::bytes::Bytes;
use gstonnxiqa::video_frame::Stream;
use onnx_iqa::overlay::{Overlay, Settings};
use onnx_iqa::picture::{Frame as _, Picture};
use onnx_iqa::record::FrameRecord;
use std::sync::Once;

/// What offsets and strides are, where they are not what the format has.
const OFFSETS: [usize; 8] = [0, 1, 4096, usize::MAX, usize::MAX / 2, 1 << 32, 1 << 16, 100];
const STRIDES: [i32; 8] = [0, 1, -1, 64, i32::MIN, i32::MAX, -320, 16];

/// Makes a buffer, maps it for reading and for drawing.
pub fn run(data: &[u8]) {
    static READY: Once = Once::new();
    READY.call_once(|| {
        gst::init().expect("GStreamer starts");
        // It complains of every wrong value.
        gst::log::remove_default_log_function();
        gst::glib::log_set_default_handler(|_, _, _| {});
    });
    let mut bytes = Bytes(data);
    let formats = gstonnxiqa::video_frame::template_caps();
    let formats = formats.structure(0).and_then(|structure| structure.get::<gst::List>("format").ok());
    let formats: Vec<_> =
        formats.iter().flat_map(|list| list.iter()).filter_map(|name| name.get::<String>().ok()).collect();
    let name = &formats[bytes.below(formats.len())];
    let [width, height] = [1 + bytes.below(48) as i32, 1 + bytes.below(48) as i32];
    let caps = gst::Caps::builder("video/x-raw").field("format", name).field("width", width).field("height", height);
    let Ok(stream) = Stream::from_caps(&caps.field("framerate", gst::Fraction::new(25, 1)).build()) else { return };
    let mut buffer = buffer(&mut bytes, &stream.info);
    if bytes.flag() {
        draw(&stream, &mut buffer);
    }
    match stream.map(buffer) {
        Ok(frame) => match frame.picture() {
            Ok(picture) => rows(&picture),
            Err(error) => assert!(!error.to_string().is_empty()),
        },
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// A buffer of one or more memories, mostly as long as the format needs.
fn buffer(bytes: &mut Bytes<'_>, info: &gst_video::VideoInfo) -> gst::Buffer {
    let length = match bytes.byte() % 8 {
        0 => bytes.below(4096),
        1 => info.size().saturating_sub(1),
        2 => info.size() + bytes.below(256),
        _ => info.size(),
    };
    let mut buffer = gst::Buffer::new();
    let own = buffer.get_mut().expect("the buffer is new");
    let memories = 1 + bytes.below(8).saturating_sub(4);
    let each = length.div_ceil(memories).max(1);
    for from in (0..length).step_by(each) {
        own.append_memory(gst::Memory::from_mut_slice(vec![bytes.byte(); each.min(length - from)]));
    }
    if !bytes.rare(4) {
        meta(bytes, info, own);
    }
    if bytes.rare(4) {
        let mut side = || match bytes.byte() {
            255 => u32::MAX,
            other => u32::from(other) % 64,
        };
        gst_video::VideoCropMeta::add(own, (side(), side(), side(), side()));
    }
    buffer
}

#[allow(unsafe_code, reason = "the safe function refuses what no element should have made")]
fn meta(bytes: &mut Bytes<'_>, info: &gst_video::VideoInfo, buffer: &mut gst::BufferRef) {
    let format = if bytes.rare(16) { gst_video::VideoFormat::Nv12 } else { info.format() };
    let mut side = |own: u32| match bytes.byte() % 8 {
        6 => own + u32::from(bytes.byte()),
        7 => bytes.one(&[0, 1, 65536, u32::MAX, i32::MAX as u32]),
        _ => own,
    };
    let (width, height) = (side(info.width()), side(info.height()));
    let (mut offsets, mut strides) = ([0usize; 4], [0i32; 4]);
    let usual = info.offset().iter().zip(info.stride());
    for ((offset, stride), (usual_offset, usual_stride)) in offsets.iter_mut().zip(&mut strides).zip(usual) {
        *offset = match bytes.byte() % 4 {
            0 => bytes.one(&OFFSETS),
            1 => usual_offset + bytes.below(64),
            _ => *usual_offset,
        };
        *stride = match bytes.byte() % 4 {
            0 => bytes.one(&STRIDES),
            1 => usual_stride + bytes.below(64) as i32,
            _ => *usual_stride,
        };
    }
    let planes = if bytes.rare(8) { bytes.below(5) as u32 } else { info.n_planes() };
    // SAFETY: the buffer is ours alone, and the arrays have four places, which is what GStreamer copies.
    unsafe {
        gst_video::ffi::gst_buffer_add_video_meta_full(
            buffer.as_mut_ptr(),
            gst_video::ffi::GST_VIDEO_FRAME_FLAG_NONE,
            gst::glib::translate::IntoGlib::into_glib(format),
            width,
            height,
            planes,
            &offsets,
            &strides,
        );
    }
}

fn draw(stream: &Stream, buffer: &mut gst::Buffer) {
    let Ok(mut frame) = stream.map_writable(buffer.make_mut()) else { return };
    let mut overlay = Overlay::new(Settings::default());
    let mut record = FrameRecord::default();
    record.score = Some(50.0);
    overlay.observe(Some(0), [("iqascore0", &record)]);
    if let Err(error) = overlay.draw(&mut frame) {
        assert!(!error.to_string().is_empty());
    }
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
