// SPDX-License-Identifier: MPL-2.0

//! Memory layouts of frames, and incorrect descriptions of them.

use crate::common::*;
use onnx_iqa_testkit as kit;

/// A picture of noise in a format, without padding and in the layout of `GstVideoInfo`.
fn noise(info: &gst_video::VideoInfo) -> Vec<u8> {
    (0..info.size() as u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect()
}

/// The same picture with `pad` more bytes per row, planes `gap` bytes apart, and garbage in between; no padding after
/// the very last row.
fn padded(info: &gst_video::VideoInfo, data: &[u8], pad: usize, gap: usize) -> gst::Buffer {
    let (mut bytes, mut offsets, mut strides) = (Vec::new(), [0; 4], [0; 4]);
    let planes = info.n_planes() as usize;
    for plane in 0..planes {
        bytes.resize(bytes.len() + gap, 0xAA);
        offsets[plane] = bytes.len();
        let stride = info.stride()[plane] as usize;
        strides[plane] = i32::try_from(stride + pad).unwrap();
        let end = if plane + 1 < planes { info.offset()[plane + 1] } else { info.size() };
        let rows: Vec<_> = data[info.offset()[plane]..end].chunks(stride).collect();
        for (index, row) in rows.iter().enumerate() {
            bytes.extend_from_slice(row);
            if plane + 1 < planes || index + 1 < rows.len() {
                bytes.resize(bytes.len() + pad, 0xAA);
            }
        }
    }
    with_meta(bytes, info, &offsets, &strides)
}

/// A buffer with exactly this `GstVideoMeta`, correct or not.
fn with_meta(bytes: Vec<u8>, info: &gst_video::VideoInfo, offsets: &[usize; 4], strides: &[i32; 4]) -> gst::Buffer {
    use gst::glib::translate::IntoGlib;
    let mut buffer = gst::Buffer::from_mut_slice(bytes);
    let buffer_ref = buffer.get_mut().unwrap();
    buffer_ref.set_pts(gst::ClockTime::ZERO);
    // SAFETY: the buffer is not shared; the safe function rejects what these tests need.
    let meta = unsafe {
        gst_video::ffi::gst_buffer_add_video_meta_full(
            buffer_ref.as_mut_ptr(),
            0,
            info.format().into_glib(),
            info.width(),
            info.height(),
            info.n_planes(),
            offsets,
            strides,
        )
    };
    assert!(!meta.is_null());
    buffer
}

fn info(format: &str, width: u32, height: u32) -> gst_video::VideoInfo {
    let format = format.parse::<gst_video::VideoFormat>().unwrap();
    gst_video::VideoInfo::builder(format, width, height).build().unwrap()
}

fn score(buffer: &gst::BufferRef) -> f64 {
    let entry = entry(buffer);
    assert_eq!(entry.get::<&str>("state"), Ok("scored"), "{entry}");
    entry.get("score").unwrap()
}

#[test]
fn strides_and_offsets_change_nothing() {
    let dir = kit::TempDir::new();
    let harness = ElementHarness::new(iqascore(&mean_model(&dir)).build().unwrap());
    assert!(harness.event(gst::event::StreamStart::new("test")));
    let mut started = false;
    for format in ["RGB", "BGRx", "I420", "NV12", "Y42B", "YUY2", "GRAY8", "GRAY16_LE", "P010_10LE", "GBR"] {
        for (width, height) in [(16, 6), (7, 5)] {
            let info = info(format, width, height);
            let data = noise(&info);
            harness.caps(&info.to_caps().unwrap().to_string());
            if !std::mem::replace(&mut started, true) {
                harness.event(gst::event::Segment::new(&gst::FormattedSegment::<gst::ClockTime>::new()));
            }
            harness.clear();
            let tight = gst::Buffer::from_slice(data.clone());
            harness.push(tight).unwrap();
            for (pad, gap) in [(0, 0), (4, 0), (52, 36), (3, 1), (0, 64)] {
                harness.push(padded(&info, &data, pad & !1, gap & !1)).unwrap();
            }
            let frames = harness.frames(6);
            let expected = score(&frames[0]);
            for frame in &frames {
                assert_eq!(score(frame), expected, "{format} {width}x{height}");
            }
        }
    }
}

#[test]
fn planes_may_have_separate_memories() {
    let dir = kit::TempDir::new();
    let info = info("I420", 16, 6);
    let harness =
        ElementHarness::started(iqascore(&mean_model(&dir)).build().unwrap(), &info.to_caps().unwrap().to_string());
    let data = noise(&info);
    harness.push(gst::Buffer::from_slice(data.clone())).unwrap();
    for meta in [false, true] {
        let mut buffer = gst::Buffer::new();
        let fields = buffer.get_mut().unwrap();
        let ends = [info.offset()[1], info.offset()[2], info.size()];
        for (start, end) in info.offset().iter().zip(ends) {
            fields.append_memory(gst::Memory::from_slice(data[*start..end].to_vec()));
        }
        if meta {
            gst_video::VideoMeta::add_full(
                fields,
                gst_video::VideoFrameFlags::empty(),
                info.format(),
                info.width(),
                info.height(),
                info.offset(),
                info.stride(),
            )
            .unwrap();
        }
        harness.push(buffer).unwrap();
    }
    let frames = harness.finish();
    assert_eq!((score(&frames[1]), score(&frames[2])), (score(&frames[0]), score(&frames[0])));
}

/// Buffers that do not contain the picture that they describe.
fn lies() -> Vec<(&'static str, gst_video::VideoInfo, gst::Buffer)> {
    let rgb = info("RGB", 16, 4);
    let i420 = info("I420", 16, 4);
    let nothing = [0; 4];
    let bytes = |info: &gst_video::VideoInfo| vec![7u8; info.size()];
    let small = |info: &gst_video::VideoInfo, size: usize| gst::Buffer::from_mut_slice(vec![7u8; info.size() - size]);
    vec![
        ("a buffer that is too small", rgb.clone(), small(&rgb, 1)),
        ("an empty buffer", rgb.clone(), gst::Buffer::new()),
        ("a plane that is not there", i420.clone(), small(&i420, 20)),
        ("a stride of zero", rgb.clone(), with_meta(bytes(&rgb), &rgb, &nothing, &[0; 4])),
        ("a negative stride", rgb.clone(), with_meta(bytes(&rgb), &rgb, &[48 * 3, 0, 0, 0], &[-48, 0, 0, 0])),
        ("a stride shorter than a row", rgb.clone(), with_meta(bytes(&rgb), &rgb, &nothing, &[44, 0, 0, 0])),
        ("rows past the memory", rgb.clone(), with_meta(bytes(&rgb), &rgb, &nothing, &[64, 0, 0, 0])),
        ("rows far past the memory", rgb.clone(), with_meta(bytes(&rgb), &rgb, &nothing, &[i32::MAX, 0, 0, 0])),
        ("a plane past the memory", i420.clone(), with_meta(bytes(&i420), &i420, &[0, 64, 1 << 40, 0], &[16, 8, 8, 0])),
        ("a plane at the end", i420.clone(), with_meta(bytes(&i420), &i420, &[0, 64, 95, 0], &[16, 8, 8, 0])),
        ("chroma of zero stride", i420.clone(), with_meta(bytes(&i420), &i420, &[0, 64, 80, 0], &[16, 0, 0, 0])),
    ]
}

#[test]
fn a_wrong_layout_fails_a_frame() {
    let dir = kit::TempDir::new();
    let element = iqascore(&mean_model(&dir)).property_from_str("on-error", "continue").build();
    let harness = ElementHarness::new(element.unwrap());
    for (what, info, buffer) in lies() {
        harness.clear();
        harness.start(&info.to_caps().unwrap().to_string());
        harness.push(buffer).unwrap();
        harness.push(gst::Buffer::from_slice(noise(&info))).unwrap();
        let frames = harness.frames(2);
        let failed = entry(&frames[0]);
        assert_eq!(failed.get::<&str>("state"), Ok("failed"), "{what}: {failed}");
        assert_eq!(fields(&failed), ["kind", "model", "state"], "{what}");
        score(&frames[1]);
        assert_eq!(harness.count(gst::MessageType::Warning), 1, "{what}");
    }
}

#[test]
fn a_wrong_layout_is_an_error() {
    let dir = kit::TempDir::new();
    let model = mean_model(&dir);
    for (what, info, buffer) in lies() {
        let harness = ElementHarness::started(iqascore(&model).build().unwrap(), &info.to_caps().unwrap().to_string());
        let flow = harness.push(buffer).err();
        let text = error_text(&harness.bus);
        assert!(text.contains("stride") || text.contains("bytes") || text.contains("memory"), "{what}: {text}");
        let flow = flow.or_else(|| (0..1000).find_map(|_| harness.push(gst::Buffer::from_slice(noise(&info))).err()));
        assert_eq!(flow, Some(gst::FlowError::Error), "{what}");
    }
}

#[test]
fn a_wrong_layout_does_no_harm_in_live_mode() {
    let dir = kit::TempDir::new();
    let element =
        iqascore(&mean_model(&dir)).property_from_str("mode", "live").property_from_str("on-error", "continue").build();
    let harness = ElementHarness::new(element.unwrap());
    let lies = lies();
    let count = lies.len() as u64;
    for (_, info, buffer) in lies {
        harness.start(&info.to_caps().unwrap().to_string());
        harness.push(buffer).unwrap();
    }
    harness.finish();
    assert_eq!(harness.stat("frames"), count);
    assert!(harness.stat("failed") > 0);
    assert_eq!(harness.stat("failed") + harness.stat("skipped"), count, "{}", harness.stats());
}

/// Decoders pad frames, include the padding in the meta, and the caps have the actual size.
#[test]
fn padding_included_in_the_meta_is_not_scored() {
    let dir = kit::TempDir::new();
    let (shown, coded) = (info("I420", 14, 6), info("I420", 16, 8));
    let harness =
        ElementHarness::started(iqascore(&mean_model(&dir)).build().unwrap(), &shown.to_caps().unwrap().to_string());
    let mut data = vec![128u8; coded.size()];
    for row in 0..8 {
        // Black in the padding, white in the picture.
        let shade = |column| if row < 6 && column < 14 { 235 } else { 16 };
        (0..16).for_each(|column| data[row * 16 + column] = shade(column));
    }
    let offsets = [coded.offset()[0], coded.offset()[1], coded.offset()[2], 0];
    let strides = [coded.stride()[0], coded.stride()[1], coded.stride()[2], 0];
    harness.push(with_meta(data, &coded, &offsets, &strides)).unwrap();
    near(score(&harness.frames(1)[0]), 100.0, 0.5);
}
