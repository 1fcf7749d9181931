// SPDX-License-Identifier: MPL-2.0

//! The same samples in other layouts, depths and ranges; pictures that are too small or do not match.

use onnx_iqa::metrics::{Measurements, Measures, Meter, MetricsError};
use onnx_iqa::picture::{Colorimetry, Family, Frame as _, OwnedFrame, PixelFormat, Range};

use super::pictures::{COLORIMETRY, Case, Planar, cases};
use super::{close, measure, measure_with};

/// A small case of the given sampling and depth, with odd sides.
fn case(layout: &str, depth: u32) -> [Planar; 2] {
    let more = Case { layout: layout.into(), depth, width: 187, height: 179, ..cases().remove(0) };
    more.draw_unchecked()
}

fn frames(pictures: &[Planar; 2], formats: [PixelFormat; 2]) -> [OwnedFrame; 2] {
    [0, 1].map(|side| pictures[side].frame(formats[side], COLORIMETRY, side * 3))
}

fn same(ours: &Measurements, expected: &Measurements, what: &str) {
    close(ours.psnr_y(), expected.psnr_y(), 1e-9, what);
    close(ours.psnr_cb(), expected.psnr_cb(), 1e-9, what);
    close(ours.psnr_cr(), expected.psnr_cr(), 1e-9, what);
    close(ours.psnr(), expected.psnr(), 1e-9, what);
    close(ours.ssim(), expected.ssim(), 1e-6, what);
    close(ours.ms_ssim(), expected.ms_ssim(), 1e-6, what);
    close(ours.float_ssim(), expected.float_ssim(), 1e-6, what);
    close(ours.luma_fit().map(|fit| fit.gain), expected.luma_fit().map(|fit| fit.gain), 1e-6, what);
    close(ours.luma_fit().map(|fit| fit.bias), expected.luma_fit().map(|fit| fit.bias), 1e-4, what);
}

/// Every Y'CbCr format compared with the planar one of the same sampling and depth, as reference and as distorted
/// picture.
#[test]
fn the_layout_makes_no_difference() {
    let mut tested = 0;
    for format in PixelFormat::ALL.iter().copied().filter(|format| format.family() == Family::Yuv) {
        let chroma = format.components()[1];
        let layout = match (chroma.sub_x, chroma.sub_y) {
            (1, 1) => "yuv420",
            (1, 0) => "yuv422",
            (0, 0) => "yuv444",
            _ => continue,
        };
        let pictures = case(layout, u32::from(chroma.depth));
        let Some(planar) = pictures[0].planar() else { continue };
        let [a, b] = frames(&pictures, [planar, planar]);
        let expected = measure(&a, &b);
        assert!(expected.psnr().is_some() && expected.ms_ssim().is_some());
        for formats in [[format, format], [planar, format], [format, planar]] {
            let [a, b] = frames(&pictures, formats);
            same(&measure(&a, &b), &expected, &format!("{formats:?}"));
        }
        tested += 1;
    }
    assert!(tested >= 20, "{tested}");
}

#[test]
fn depths_are_compared_at_the_larger_one() {
    let eight = case("yuv420", 8);
    let expected = frames(&eight, [PixelFormat::I420; 2]);
    let expected = measure(&expected[0], &expected[1]);
    let deeper = eight.clone().map(|picture| picture.deepened(10));
    let both = frames(&deeper, [PixelFormat::P010; 2]);
    // The peak is that of 10 bits: 1023 instead of 4 · 255.
    let peak = 20.0 * (1023.0f64 / 1020.0).log10();
    let deeper_expected = measure(&both[0], &both[1]);
    close(deeper_expected.psnr_y(), expected.psnr_y().map(|value| value + peak), 1e-9, "P010");
    close(deeper_expected.ssim(), expected.ssim(), 5e-4, "P010");
    close(deeper_expected.ms_ssim(), expected.ms_ssim(), 1e-5, "P010");
    for formats in [[PixelFormat::I420, PixelFormat::P010], [PixelFormat::I420p10, PixelFormat::Nv12]] {
        let pictures =
            [0, 1].map(|side| if formats[side].components()[0].depth == 8 { &eight } else { &deeper }[side].clone());
        let [a, b] = frames(&pictures, formats);
        let mixed = measure(&a, &b);
        close(mixed.psnr_y(), deeper_expected.psnr_y(), 1e-6, "8 against 10 bits");
        close(mixed.psnr(), deeper_expected.psnr(), 1e-6, "8 against 10 bits");
        close(mixed.psnr_cb(), deeper_expected.psnr_cb(), 1e-6, "8 against 10 bits");
        close(mixed.psnr_cr(), deeper_expected.psnr_cr(), 1e-6, "8 against 10 bits");
        close(mixed.float_ssim(), deeper_expected.float_ssim(), 1e-6, "8 against 10 bits");
        assert_eq!((mixed.depth(), expected.depth()), (Some(10), Some(8)));
        close(mixed.ssim(), deeper_expected.ssim(), 1e-6, "8 against 10 bits");
        close(
            mixed.luma_fit().map(|fit| fit.bias),
            deeper_expected.luma_fit().map(|fit| fit.bias),
            1e-4,
            "8 against 10 bits",
        );
    }
}

#[test]
fn ranges_are_compared_at_that_of_the_reference() {
    // Samples of limited range that are integers in full range too: 16 + 73 k is 85 k.
    let limited = Planar::gray(64, 48, |x, y| 16 + 73 * ((x / 3 + y / 5) % 4) as u16);
    let full = Planar::gray(64, 48, |x, y| 85 * ((x / 3 + y / 5) % 4) as u16);
    let colorimetry = |range| Colorimetry { range, ..COLORIMETRY };
    let limited = limited.frame(PixelFormat::Gray8, colorimetry(Range::Limited), 0);
    let full = full.frame(PixelFormat::Gray8, colorimetry(Range::Full), 0);
    for pair in [[&limited, &full], [&full, &limited]] {
        let found = measure(pair[0], pair[1]);
        close(found.psnr_y(), Some(100.0), 0.0, "psnr-y");
        close(found.psnr(), Some(100.0), 0.0, "psnr");
        close(found.ssim(), Some(1.0), 1e-6, "ssim");
        close(found.luma_fit().map(|fit| fit.gain), Some(1.0), 1e-6, "gain");
        close(found.luma_fit().map(|fit| fit.bias), Some(0.0), 1e-4, "bias");
    }
    let mut mislabeled = full.clone();
    mislabeled.colorimetry.range = Range::Limited;
    assert!(measure(&limited, &mislabeled).psnr_y().unwrap() < 30.0);
}

#[test]
fn rgb_is_compared_by_channel_and_by_luma() {
    let pictures = case("yuv444", 8);
    let expected = frames(&pictures, [PixelFormat::Gbr; 2]);
    let expected = measure(&expected[0], &expected[1]);
    assert_eq!([expected.psnr_y(), expected.psnr_cb(), expected.psnr_cr()], [None; 3]);
    // The mean over the three channels.
    let channels = [0, 1, 2].map(|plane| {
        let gray =
            pictures.each_ref().map(|picture| picture.plane_alone(plane).frame(PixelFormat::Gray8, COLORIMETRY, 0));
        measure(&gray[0], &gray[1]).psnr_y().unwrap()
    });
    close(expected.psnr(), Some(channels.iter().sum::<f64>() / 3.0), 1e-9, "mean of channels");
    for format in PixelFormat::ALL.iter().copied().filter(|format| format.family() == Family::Rgb) {
        if format.components()[0].depth == 8 {
            let [a, b] = frames(&pictures, [format, PixelFormat::Gbr]);
            same(&measure(&a, &b), &expected, format.name());
        }
    }
    // With R' = G' = B', luma has the same value.
    let gray = pictures.each_ref().map(|picture| picture.plane_alone(0));
    let rgb = gray.each_ref().map(|picture| picture.tripled().frame(PixelFormat::Bgrx, COLORIMETRY, 0));
    let gray = gray.each_ref().map(|picture| picture.frame(PixelFormat::Gray8, COLORIMETRY, 0));
    let (rgb, gray) = (measure(&rgb[0], &rgb[1]), measure(&gray[0], &gray[1]));
    assert_eq!([gray.psnr_cb(), gray.psnr_cr()], [None; 2], "gray has no chroma");
    close(rgb.float_ssim(), gray.float_ssim(), 1e-6, "float-ssim of grey in R'G'B'");
    close(rgb.psnr(), gray.psnr_y(), 1e-9, "psnr of grey in R'G'B'");
    close(rgb.ssim(), gray.ssim(), 1e-6, "ssim of grey in R'G'B'");
    close(rgb.ms_ssim(), gray.ms_ssim(), 1e-6, "ms-ssim of grey in R'G'B'");
}

#[test]
fn equal_pictures_have_the_greatest_values() {
    let mut sizes = vec![(1, 1), (7, 3), (10, 10), (11, 11), (12, 175), (176, 176), (353, 201), (1282, 722)];
    sizes.push((65, 4000));
    for (width, height) in sizes {
        for (layout, depth, format) in [("yuv420", 8, PixelFormat::Nv12), ("yuv444", 16, PixelFormat::Y444p16)] {
            let case = Case { layout: layout.into(), depth, width, height, ..cases().remove(0) };
            let frame = case.draw_unchecked()[0].frame(format, COLORIMETRY, 1);
            let found = measure(&frame, &frame);
            assert_eq!((found.psnr_y(), found.psnr()), (Some(100.0), Some(100.0)), "{width}x{height}");
            let least = width.min(height);
            assert_eq!(found.ssim(), (least >= 11).then_some(1.0), "{width}x{height}");
            assert_eq!(found.ms_ssim(), (least >= 176).then_some(1.0), "{width}x{height}");
            close(found.luma_fit().map(|fit| fit.gain), (width > 1).then_some(1.0), 1e-9, "gain");
        }
    }
}

#[test]
fn the_number_of_threads_makes_no_difference() {
    for case in cases().into_iter().filter(|case| case.width * case.height > 1 << 16) {
        let [a, b] = case.draw().map(|picture| picture.frame(picture.planar().unwrap(), COLORIMETRY, 0));
        for measures in [Measures::all(), Measures::default()] {
            let [one, two, three] = [1, 2, 3].map(|threads| measure_with(&mut Meter::new(measures, threads), &a, &b));
            assert_eq!(one, two);
            assert_eq!(one, three);
        }
    }
}

#[test]
fn only_requested_measures_are_computed() {
    let [a, b] = frames(&case("yuv420", 8), [PixelFormat::I420; 2]);
    for bits in 0..8 {
        let measures = Measures::from_bits_truncate(bits);
        let found = measure_with(&mut Meter::new(measures, 0), &a, &b);
        assert_eq!(found.psnr_y().is_some(), measures.contains(Measures::PSNR));
        assert_eq!(found.psnr().is_some(), measures.contains(Measures::PSNR));
        assert_eq!(found.ssim().is_some(), measures.contains(Measures::SSIM));
        assert_eq!(found.ms_ssim().is_some(), measures.contains(Measures::MS_SSIM));
        assert_eq!(found.luma_fit().is_some(), measures.any());
    }
}

#[test]
fn with_chroma_of_other_sizes_only_luma_is_measured() {
    let luma = case("yuv420", 8);
    let expected = frames(&luma, [PixelFormat::I420; 2]);
    let expected = measure(&expected[0], &expected[1]);
    for format in [PixelFormat::Y444, PixelFormat::Gray8] {
        let other = case("yuv444", 8)[1].frame(format, COLORIMETRY, 0);
        let found = measure(&luma[0].frame(PixelFormat::I420, COLORIMETRY, 0), &other);
        assert_eq!(
            (found.psnr_y(), found.psnr(), found.ssim()),
            (expected.psnr_y(), None, expected.ssim()),
            "{format}"
        );
        assert_eq!([found.psnr_cb(), found.psnr_cr()], [None; 2], "{format}");
    }
}

#[test]
fn mismatched_pictures_are_errors_that_name_the_difference() {
    let frame = |width, height, format| Planar::gray(width, height, |_, _| 9).tripled().frame(format, COLORIMETRY, 0);
    let mut meter = Meter::new(Measures::default(), 1);
    let mut error =
        |a: OwnedFrame, b: OwnedFrame| meter.measure(&a.picture().unwrap(), &b.picture().unwrap()).unwrap_err();
    let found = error(frame(20, 10, PixelFormat::Y444), frame(10, 20, PixelFormat::Y444));
    assert_eq!(found, MetricsError::Size { reference: [20, 10], distorted: [10, 20] });
    assert!(found.to_string().contains("20x10") && found.to_string().contains("10x20"), "{found}");
    let found = error(frame(8, 8, PixelFormat::Rgb), frame(8, 8, PixelFormat::Y444));
    assert_eq!(found, MetricsError::Family { reference: PixelFormat::Rgb, distorted: PixelFormat::Y444 });
    assert!(found.to_string().contains("Y444"), "{found}");
}

#[test]
fn one_call_gives_what_a_meter_gives() {
    let [a, b] = frames(&case("yuv420", 8), [PixelFormat::I420; 2]);
    let expected = measure(&a, &b);
    let [a, b] = [a.picture().unwrap(), b.picture().unwrap()];
    let psnr = onnx_iqa::psnr(&a, &b).unwrap();
    assert_eq!((psnr.y, psnr.all), (expected.psnr_y(), expected.psnr()));
    assert_eq!(onnx_iqa::ssim(&a, &b).unwrap(), expected.ssim().unwrap());
    let small = Planar::gray(40, 10, |x, _| x as u16).frame(PixelFormat::Gray8, COLORIMETRY, 0);
    let small = small.picture().unwrap();
    assert_eq!(onnx_iqa::psnr(&small, &small).unwrap().y, Some(100.0));
    let error = onnx_iqa::ssim(&small, &small).unwrap_err();
    assert_eq!(error, MetricsError::TooSmall { measure: "SSIM", size: [40, 10], least: 11 });
    assert!(error.to_string().contains("11x11") && error.to_string().contains("40x10"), "{error}");
    assert!(matches!(onnx_iqa::ssim(&small, &a), Err(MetricsError::Size { .. })));
}
