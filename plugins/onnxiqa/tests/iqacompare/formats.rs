// SPDX-License-Identifier: MPL-2.0

//! Deep and packed formats and cropped pictures compared with planar ones of the same samples.

use crate::common::*;

const SIZE: (u32, u32) = (24, 16);

/// A 10-bit pattern in a format, packed by GStreamer; `change` is added to each luma sample.
fn pattern(format: &str, change: u16) -> (String, gst::Buffer) {
    init();
    let format = format.parse::<gst_video::VideoFormat>().unwrap();
    let (description, (width, height)) = (gst_video::VideoFormatInfo::from_format(format), SIZE);
    let colorimetry = "bt709".parse::<gst_video::VideoColorimetry>().unwrap();
    let info = gst_video::VideoInfo::builder(format, width, height).colorimetry(&colorimetry).build().unwrap();
    // Alpha, Y', Cb, Cr. Chroma changes with every second pixel, so that subsampling loses nothing.
    let pixel = |x: u32, y: u32| {
        let luma = 100 + (x * 29 + y * 41) as u16 % 700 + change;
        [1023, luma, 300 + (x / 2 * 37 % 400) as u16, 700 - (x / 2 * 53 % 400) as u16].map(|sample: u16| sample << 6)
    };
    let mut planes: Vec<Vec<u8>> = (0..description.n_planes())
        .map(|plane| vec![0; info.stride()[plane as usize] as usize * (height as usize + 1)])
        .collect();
    for y in 0..height {
        let line: Vec<u8> = (0..width).flat_map(|x| pixel(x, y)).flat_map(u16::to_ne_bytes).collect();
        let mut planes: Vec<&mut [u8]> = planes.iter_mut().map(Vec::as_mut_slice).collect();
        let (flags, site) = (gst_video::VideoPackFlags::TRUNCATE_RANGE, gst_video::VideoChromaSite::NONE);
        let (stride, strides) = (line.len() as i32, info.stride());
        description.pack(flags, &line, stride, &mut planes, strides, site, y as i32, width as i32);
    }
    let mut bytes = vec![0; info.size()];
    for (plane, data) in planes.iter().enumerate() {
        let (start, rows) = (info.offset()[plane], data.len() - info.stride()[plane] as usize);
        let end = (start + rows).min(bytes.len());
        bytes[start..end].copy_from_slice(&data[..end - start]);
    }
    let mut buffer = gst::Buffer::from_mut_slice(bytes);
    buffer.get_mut().unwrap().set_pts(gst::ClockTime::ZERO);
    (info.to_caps().unwrap().to_string(), buffer)
}

/// `psnr-y` and `psnr` of one frame each.
fn measured(reference: (String, gst::Buffer), distorted: (String, gst::Buffer)) -> (f64, Option<f64>) {
    let harness = Compare::new(iqacompare().build().unwrap());
    harness.reference.start(&reference.0);
    harness.start(&distorted.0);
    harness.feed([reference.1], [distorted.1]);
    let frames = harness.finish_both();
    let entry = entry(&frames[0]);
    (entry.get("psnr-y").unwrap(), entry.get("psnr").ok())
}

#[test]
fn equal_samples_are_equal_pictures_in_every_deep_format() {
    for (formats, planar) in [
        (&["A444_10LE", "A444_10BE", "Y410", "Y444_10BE"][..], "Y444_10LE"),
        (&["v210", "Y210", "A422_10LE", "A422_10BE", "I422_10BE"], "I422_10LE"),
        (&["A420_10LE", "A420_10BE", "I420_10BE", "P010_10LE", "P010_10BE"], "I420_10LE"),
    ] {
        for format in formats {
            let equal = (100.0, Some(100.0));
            assert_eq!(measured(pattern(planar, 0), pattern(format, 0)), equal, "{format}");
            assert_eq!(measured(pattern(format, 0), pattern(format, 0)), equal, "{format}");
            // One step of 10 bits, which 8 bits would not show.
            let (psnr_y, _) = measured(pattern(format, 0), pattern(planar, 1));
            near(psnr_y, 20.0 * 1023.0_f64.log10(), 1e-6);
        }
    }
    assert_eq!(measured(pattern("GRAY10_LE32", 0), pattern("GRAY10_LE32", 0)).0, 100.0);
    near(measured(pattern("GRAY10_LE32", 0), pattern("GRAY10_LE32", 1)).0, 20.0 * 1023.0_f64.log10(), 1e-6);
}

/// A gray frame of 32×32 pixels with `value` in a rectangle of 16×16 and other values around it, cropped to the
/// rectangle.
fn framed(value: u8, crop: (u32, u32)) -> gst::Buffer {
    let inside = |at: u32, start: u32| (start..start + 16).contains(&at);
    let pixel = |x: u32, y: u32| if inside(x, crop.0) && inside(y, crop.1) { value } else { (x * 7 + y) as u8 };
    let bytes: Vec<u8> = (0..32 * 32).map(|i| pixel(i % 32, i / 32)).collect();
    let mut buffer = gst::Buffer::from_mut_slice(bytes);
    let fields = buffer.get_mut().unwrap();
    fields.set_pts(gst::ClockTime::ZERO);
    let flags = gst_video::VideoFrameFlags::empty();
    gst_video::VideoMeta::add(fields, flags, gst_video::VideoFormat::Gray8, 32, 32).unwrap();
    gst_video::VideoCropMeta::add(fields, (crop.0, crop.1, 16, 16));
    buffer
}

#[test]
fn a_crop_meta_is_the_picture_on_either_pad() {
    let flat_sample = |value| (FLAT.to_owned(), flat(0, value));
    let framed_sample = |value, crop| (FLAT.to_owned(), framed(value, crop));
    near(measured(flat_sample(100), framed_sample(105, (8, 3))).0, psnr(5), 1e-6);
    near(measured(framed_sample(100, (1, 16)), flat_sample(103)).0, psnr(3), 1e-6);
    near(measured(framed_sample(100, (0, 0)), framed_sample(104, (16, 9))).0, psnr(4), 1e-6);
}
