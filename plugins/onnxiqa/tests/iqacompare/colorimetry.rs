// SPDX-License-Identifier: MPL-2.0

//! Streams with a stated range but no matrix, as decoders produce for streams without a matrix in their headers.

use crate::common::*;

/// A flat picture of 16×16 pixels; chroma, if any, is neutral.
fn flat_as(format: &str, n: u64, luma: u8) -> gst::Buffer {
    let mut bytes = vec![luma; 16 * 16];
    if format == "I420" {
        bytes.extend([128; 16 * 8]);
    }
    let mut buffer = gst::Buffer::from_mut_slice(bytes);
    buffer.get_mut().unwrap().set_pts(n * FRAME);
    buffer
}

/// `psnr-y` of two flat streams, each with its colorimetry and luma.
fn psnr_y(format: &str, reference: (&str, u8), distorted: (&str, u8)) -> f64 {
    let caps = |colorimetry: &str| {
        format!("video/x-raw,format={format},width=16,height=16,framerate=25/1,colorimetry=(string){colorimetry}")
    };
    let harness = Compare::new(iqacompare().build().unwrap());
    harness.reference.start(&caps(reference.0));
    harness.start(&caps(distorted.0));
    harness.feed((0..2).map(|n| flat_as(format, n, reference.1)), (0..2).map(|n| flat_as(format, n, distorted.1)));
    let frames = harness.finish_both();
    assert_eq!(frames.len(), 2);
    entry(&frames[1]).get("psnr-y").unwrap()
}

#[test]
fn a_stated_range_without_a_matrix_is_used() {
    for format in ["I420", "GRAY8"] {
        // A third of the way from black to white: 16 + 219 / 3 = 89 in limited range, 255 / 3 = 85 in full range.
        let (limited, full) = (("2:0:0:0", 89), ("1:0:0:0", 85));
        for (reference, distorted) in [(limited, full), (full, limited), (full, full), (limited, limited)] {
            assert_eq!(psnr_y(format, reference, distorted), 100.0, "{format} {reference:?} {distorted:?}");
        }
        // Also with the matrix stated on one side only.
        for (reference, distorted) in [(("2:4:0:0", 89), full), (("1:4:0:0", 85), limited), (full, ("2:3:5:1", 89))] {
            assert_eq!(psnr_y(format, reference, distorted), 100.0, "{format} {reference:?} {distorted:?}");
        }
        // If both had the same range, they would differ by 4 levels.
        near(psnr_y(format, ("1:0:0:0", 89), full), psnr(4), 1e-6);
        near(psnr_y(format, ("2:0:0:0", 89), ("2:0:0:0", 85)), psnr(4), 1e-6);
    }
}

#[test]
fn an_invalid_colorimetry_means_the_default() {
    // Limited range for Y'CbCr.
    assert_eq!(psnr_y("I420", ("nonsense", 89), ("1:0:0:0", 85)), 100.0);
    assert_eq!(psnr_y("I420", ("0:0:0:0", 89), ("1:0:0:0", 85)), 100.0);
}

/// AV1 stores R'G'B' as G'B'R' planes with an identity matrix, which decoders output as `Y444`.
#[test]
fn planes_with_an_rgb_matrix_are_read_as_rgb() {
    let caps = |format: &str| {
        format!("video/x-raw,format={format},width=16,height=16,framerate=25/1,colorimetry=(string)1:1:0:0")
    };
    let picture = |n: u64, [g, b, r]: [u8; 3]| {
        let mut buffer = gst::Buffer::from_mut_slice([[g; 256], [b; 256], [r; 256]].concat());
        buffer.get_mut().unwrap().set_pts(n * FRAME);
        buffer
    };
    let harness = Compare::new(iqacompare().build().unwrap());
    harness.reference.start(&caps("GBR"));
    harness.start(&caps("Y444"));
    let frames = || (0..2).map(|n| picture(n, [200, 20, 90]));
    harness.feed(frames(), frames());
    let frames = harness.finish_both();
    assert_eq!(entry(&frames[1]).get::<f64>("psnr"), Ok(100.0));
}
