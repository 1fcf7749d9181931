// SPDX-License-Identifier: MPL-2.0

//! Samples as GStreamer's own functions read them.

use super::*;
use gst_video::{VideoFormatInfo, VideoPackFlags};

const WIDTH: u32 = 37;
const HEIGHT: u32 = 11;

/// Bytes that repeat nowhere in a row.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x2545_f491_u32;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        (state >> 8) as u8
    };
    (0..length).map(|_| next()).collect()
}

fn caps(format: &str) -> gst::Caps {
    let format = format.parse::<gst_video::VideoFormat>().expect("a format of the template");
    let info = gst_video::VideoInfo::builder(format, WIDTH, HEIGHT).build().expect("a description");
    info.to_caps().expect("caps")
}

fn formats() -> Vec<String> {
    gst::init().expect("GStreamer");
    let caps = template_caps();
    let formats = caps.structure(0).expect("one structure").get::<gst::List>("format").expect("a list of formats");
    formats.iter().map(|format| format.get::<String>().expect("a name")).collect()
}

/// What GStreamer's own unpacking makes of row `y`: the components of each pixel, at the depth of the result.
fn unpacked(info: &VideoFormatInfo, frame: &MappedFrame, y: u32) -> (Vec<[u32; 3]>, u8) {
    // gstreamer-rs wants memory for row y of every plane, also where a plane has fewer rows than the picture.
    let plane = |plane: u32| {
        let mut data = frame.frame.plane_data(plane).expect("a plane").to_vec();
        data.resize(data.len() * 2, 0);
        data
    };
    let planes: Vec<_> = (0..info.n_planes()).map(plane).collect();
    let planes: Vec<_> = planes.iter().map(Vec::as_slice).collect();
    let to = VideoFormatInfo::from_format(info.unpack_format());
    let pixel = to.pixel_stride()[0] as usize;
    // Some unpack functions write whole groups of pixels.
    let mut line = vec![0; pixel * (WIDTH as usize + 16)];
    let flags = VideoPackFlags::TRUNCATE_RANGE;
    info.unpack(flags, &mut line, &planes, frame.frame.plane_stride(), 0, y as i32, WIDTH as i32);
    let depth = to.depth()[0] as u8;
    let component = |pixel: &[u8], index: usize| match depth {
        8 => u32::from(pixel[index]),
        _ => u32::from(u16::from_ne_bytes([pixel[2 * index], pixel[2 * index + 1]])),
    };
    let pixels = line.chunks(pixel).take(WIDTH as usize);
    // Alpha is the first component.
    (pixels.map(|pixel| [1, 2, 3].map(|index| component(pixel, index))).collect(), depth)
}

/// A sample of the engine's picture.
fn sample(picture: &Picture<'_>, component: usize, x: u32, y: u32) -> u32 {
    let c = picture.format().components()[component];
    let row = picture.row(component, y >> c.sub_y);
    let at = (x >> c.sub_x) as usize * usize::from(c.step);
    match c.bytes() {
        1 => u32::from(row[at]),
        _ => u32::from(u16::from_le_bytes([row[at], row[at + 1]]) >> c.shift),
    }
}

/// Where the engine and GStreamer read another sample.
fn differences(name: &str) -> Vec<String> {
    let stream = Stream::from_caps(&caps(name)).expect("a stream");
    let info = stream.info.format_info();
    let frame = stream.map(gst::Buffer::from_mut_slice(noise(stream.info.size()))).expect("a frame");
    let picture = frame.picture().expect("a picture");
    let components = picture.format().components();
    let mut differences = Vec::new();
    for y in 0..HEIGHT {
        let (pixels, depth) = unpacked(&info, &frame, y);
        for (x, expected) in (0..).zip(pixels) {
            // GStreamer 1.22 exchanges Cb and Cr in the last pixel of an odd row.
            if name == "VYUY" && x == WIDTH - 1 {
                continue;
            }
            for (index, (component, expected)) in components.iter().zip(expected).enumerate() {
                // Bits above and below a sample are noise as well; who masks them differs.
                let ours = sample(&picture, index, x, y) & component.max();
                let expected = expected >> (depth - component.depth);
                if ours != expected {
                    differences.push(format!("{name}, component {index} at {x},{y}: {ours}, not {expected}"));
                }
            }
        }
    }
    differences
}

#[test]
fn every_format_is_read_as_gstreamer_reads_it() {
    let formats = formats();
    assert!(formats.len() >= 80, "{formats:?}");
    let differences: Vec<_> = formats.iter().filter_map(|name| differences(name).into_iter().next()).collect();
    assert!(differences.is_empty(), "{differences:#?}");
}

#[test]
fn what_is_unpacked_counts_as_memory() {
    gst::init().expect("GStreamer");
    let stream = |format| Stream::from_caps(&caps(format)).expect("a stream");
    let buffer = gst::Buffer::from_mut_slice(vec![0; 100]);
    assert_eq!(stream("I420").bytes(&buffer), 100);
    // Three planes of 16-bit words in rows of whole 64 bytes.
    assert_eq!(stream("Y410").bytes(&buffer), 100 + 3 * 128 * u64::from(HEIGHT));
}

/// A frame of 16×8 pixels whose luma counts up, as a part of a larger frame.
fn cropped(format: &str, size: (u32, u32), rect: (u32, u32, u32, u32)) -> Result<Vec<u32>, PictureError> {
    gst::init().expect("GStreamer");
    let format = format.parse::<gst_video::VideoFormat>().expect("a format");
    let whole = gst_video::VideoInfo::builder(format, 16, 8).build().expect("a description");
    let mut buffer = gst::Buffer::from_mut_slice((0..whole.size()).map(|i| i as u8).collect::<Vec<_>>());
    let fields = buffer.get_mut().expect("a buffer of our own");
    gst_video::VideoMeta::add(fields, gst_video::VideoFrameFlags::empty(), format, 16, 8).expect("a meta");
    gst_video::VideoCropMeta::add(fields, rect);
    let caps = gst_video::VideoInfo::builder(format, size.0, size.1).build().expect("a description").to_caps();
    let frame = Stream::from_caps(&caps.expect("caps")).expect("a stream").map(buffer)?;
    let picture = frame.picture()?;
    assert_eq!((picture.width(), picture.height()), (rect.2, rect.3));
    Ok((0..rect.3).flat_map(|y| (0..rect.2).map(move |x| (x, y))).map(|(x, y)| sample(&picture, 0, x, y)).collect())
}

#[test]
fn the_picture_is_what_a_crop_meta_leaves() {
    let expected = vec![16 * 2 + 4, 16 * 2 + 5, 16 * 3 + 4, 16 * 3 + 5];
    // Whether the caps have the size of the part, as those of videocrop and hardware decoders, or that of the whole.
    for size in [(2, 2), (16, 8)] {
        for format in ["I420", "NV12", "GRAY8"] {
            assert_eq!(cropped(format, size, (4, 2, 2, 2)), Ok(expected.clone()), "{format} {size:?}");
        }
    }
    // Chroma has no sample that begins there; without subsampling any place will do.
    assert_eq!(cropped("GRAY8", (1, 1), (3, 1, 1, 1)), Ok(vec![19]));
    assert_eq!(cropped("Y444", (1, 1), (3, 1, 1, 1)), Ok(vec![19]));
    let odd = cropped("I420", (2, 2), (3, 2, 2, 2)).unwrap_err().to_string();
    assert!(odd.contains("GstVideoCropMeta") && odd.contains("2x2 at 3,2") && odd.contains("videocrop"), "{odd}");
    let outside = cropped("I420", (8, 8), (12, 0, 8, 8)).unwrap_err().to_string();
    assert!(outside.contains("reaches beyond"), "{outside}");
}

#[test]
fn the_chroma_site_is_the_caps_own_also_without_a_colorimetry() {
    gst::init().expect("GStreamer");
    for rest in ["", ",colorimetry=bt709"] {
        for (site, expected) in [("mpeg2", [true, false]), ("jpeg", [false, false]), ("cosited", [true, true])] {
            let caps = format!("video/x-raw,format=I420,width=64,height=48,framerate=25/1,chroma-site={site}{rest}");
            let caps = caps.parse::<gst::Caps>().expect("caps");
            let found = Stream::from_caps(&caps).expect("video").colorimetry.chroma_site;
            assert_eq!([found.cosited_x, found.cosited_y], expected, "{caps}");
        }
    }
}
