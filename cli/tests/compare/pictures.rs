// SPDX-License-Identifier: MPL-2.0

//! Pictures and folders of pictures.

use crate::common::{Bench, number, rendition};

#[test]
fn pictures_are_compared_as_they_are() {
    let Some(bench) = Bench::new("pictures_are_compared_as_they_are") else { return };
    let source = bench.source("bikes.mp4", "1");
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
    // R'G'B' is not compared with Y'CbCr, and that is said.
    let ran = bench.iqa(&["a", &source, "--json", "--measures", "psnr"]).ended(3);
    let text = ran.json().to_string();
    assert!(text.contains("R'G'B'"), "{text}");
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
