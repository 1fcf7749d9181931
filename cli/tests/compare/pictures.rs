// SPDX-License-Identifier: MPL-2.0

//! Pictures and folders of pictures.

use crate::common::{Bench, number, reasons, rendition};

#[test]
fn pictures_are_compared_as_they_are() {
    let Some(bench) = Bench::new("pictures_are_compared_as_they_are") else { return };
    bench.source("bikes.mp4", "1");
    for (folder, filter) in [("a", "null"), ("b", "noise=alls=12:allf=t")] {
        std::fs::create_dir(bench.path(folder)).unwrap();
        let name = format!("{folder}/%d.png");
        bench.ffmpeg(&["-i", "source.mp4", "-frames:v", "12", "-vf", &format!("{filter},format=rgb24"), &name]);
    }
    let report = bench.iqa(&["a", "b", "--json", "--measures", "psnr"]).ended(0).json();
    let one = rendition(&report, "b");
    assert_eq!(number(one, &["counts", "matched"]), 12.0, "{one:#}");
    let folders = number(one, &["measures", "psnr", "mean"]);
    let report = bench.iqa(&["a/3.png", "b/3.png", "--json", "--measures", "psnr"]).ended(0).json();
    let single = number(rendition(&report, "3"), &["measures", "psnr", "mean"]);
    assert!((25.0..40.0).contains(&single) && (single - folders).abs() < 1.0, "{single} {folders}");
}

#[test]
fn a_damaged_picture_is_not_skipped() {
    let Some(bench) = Bench::new("a_damaged_picture_is_not_skipped") else { return };
    bench.source("bikes.mp4", "1");
    for folder in ["a", "b"] {
        std::fs::create_dir(bench.path(folder)).unwrap();
        bench.ffmpeg(&["-i", "source.mp4", "-frames:v", "5", "-vf", "format=rgb24", &format!("{folder}/%d.png")]);
    }
    let whole = std::fs::read(bench.path("b/3.png")).unwrap();
    std::fs::write(bench.path("b/3.png"), &whole[..whole.len() / 3]).unwrap();
    let report = bench.iqa(&["a", "b", "--json", "--measures", "psnr"]).ended(2).json();
    let one = rendition(&report, "b");
    assert_eq!(one["verdict"], "failed", "{one:#}");
    assert!(reasons(one).contains("5 pictures") || reasons(one).contains("3.png"), "{one:#}");
}

#[test]
fn r_g_b_is_converted_to_y_cb_cr_for_comparison() {
    let Some(bench) = Bench::new("r_g_b_is_converted_to_y_cb_cr_for_comparison") else { return };
    bench.source("bikes.mp4", "1");
    std::fs::create_dir(bench.path("rgb")).unwrap();
    // 4:4:4, so that R'G'B' and Y'CbCr have the same colors except for rounding.
    let matrix = "scale=out_color_matrix=bt709:out_range=limited,format=yuv444p";
    let tags = ["-colorspace", "bt709", "-color_range", "tv", "-color_primaries", "bt709", "-color_trc", "bt709"];
    let lossless = ["-frames:v", "12", "-c:v", "libx264", "-qp", "0", "yuv.mp4"];
    bench.ffmpeg(&[&["-i", "source.mp4", "-vf", matrix][..], &tags, &lossless].concat());
    let back = "scale=in_color_matrix=bt709:in_range=limited:flags=accurate_rnd+full_chroma_int,format=rgb24";
    bench.ffmpeg(&["-i", "yuv.mp4", "-vf", back, "rgb/%d.png"]);
    for pair in [["rgb", "yuv.mp4"], ["yuv.mp4", "rgb"]] {
        let ran = bench.iqa(&[&pair[..], &["--json", "--measures", "psnr,ssim", "--no-cache"]].concat()).ended(0);
        let report = ran.json();
        let one = &report["renditions"][0];
        let (luma, cb) = (number(one, &["measures", "psnr-y", "mean"]), number(one, &["measures", "psnr-cb", "mean"]));
        // Rounding to R'G'B' and back costs at most about one code value.
        assert!(luma > 48.0 && cb > 45.0, "{luma} {cb}");
        assert!(reasons(one).contains("converted to the other's Y'CbCr (BT.709, limited range)"), "{one:#}");
    }
}

#[test]
fn a_jpeg_keeps_all_its_chroma() {
    let Some(bench) = Bench::new("a_jpeg_keeps_all_its_chroma") else { return };
    bench.source("bikes.mp4", "1");
    for folder in ["png", "jpg"] {
        std::fs::create_dir(bench.path(folder)).unwrap();
    }
    bench.ffmpeg(&["-i", "source.mp4", "-frames:v", "1", "-vf", "format=yuvj444p", "-q:v", "2", "jpg/1.jpg"]);
    let report = bench.iqa(&["jpg", "jpg", "--json", "--measures", "psnr"]).ended(0).json();
    assert_eq!(report["source"]["format"], "Y444", "{report:#}");
}
