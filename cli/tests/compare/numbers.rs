// SPDX-License-Identifier: MPL-2.0

//! The pooled figures of a ladder compared with other programs: PSNR and MS-SSIM of libvmaf, SSIM of scikit-image, each
//! on the aligned frames. Frames of smaller rungs are scaled with our filter and written to a file.

use crate::common::{Bench, number, rendition};
use onnx_iqa::align::space::{Registration, Scale, SpatialAligner};
use onnx_iqa::picture::{ChromaSite, Colorimetry, Frame as _, Matrix, OwnedFrame, PixelFormat, Range};
use serde_json::Value;
use std::process::Command;

const SIZE: [u32; 2] = [1280, 720];
/// Frame rate of the source, per second.
const RATE: f64 = 25.0;
const COLORIMETRY: Colorimetry =
    Colorimetry { matrix: Matrix::Bt709, range: Range::Limited, chroma_site: ChromaSite::LEFT };

/// The mean of Wang's SSIM over the frames of two raw files.
const SSIM: &str = r#"
import sys
import numpy as np
from skimage.metrics import structural_similarity
width, height = 1280, 720
frames = [np.fromfile(name, np.uint8).reshape(-1, width * height * 3 // 2) for name in sys.argv[1:]]
luma = lambda frame: frame[: width * height].reshape(height, width).astype(np.float64)
of = lambda a, b: structural_similarity(
    luma(a), luma(b), gaussian_weights=True, sigma=1.5, use_sample_covariance=False, data_range=255)
print(np.mean([of(a, b) for a, b in zip(*frames, strict=True)]))
"#;

/// The decoded frames of a file, without conversion.
fn decoded(bench: &Bench, name: &str, [width, height]: [u32; 2]) -> Vec<OwnedFrame> {
    let raw = format!("{name}.yuv");
    bench.ffmpeg(&["-i", name, "-fps_mode", "passthrough", "-f", "rawvideo", "-pix_fmt", "yuv420p", &raw]);
    let bytes = std::fs::read(bench.path(&raw)).unwrap();
    std::fs::remove_file(bench.path(&raw)).unwrap();
    let (luma, chroma) = ((width * height) as usize, (width * height / 4) as usize);
    let frames = bytes.chunks_exact(luma + 2 * chroma).map(|frame| {
        let planes = [(0, luma, width), (luma, chroma, width / 2), (luma + chroma, chroma, width / 2)]
            .map(|(at, length, stride)| (frame[at..at + length].to_vec(), stride as usize));
        OwnedFrame { format: PixelFormat::I420, width, height, colorimetry: COLORIMETRY, planes: planes.to_vec() }
    });
    frames.collect()
}

/// Appends a picture's planes to a raw file.
fn append(out: &mut Vec<u8>, picture: &onnx_iqa::picture::Picture<'_>) {
    for component in 0..3 {
        let rows = if component == 0 { picture.height() } else { picture.height() / 2 };
        (0..rows).for_each(|row| out.extend_from_slice(picture.row(component, row)));
    }
}

/// The pairs of a rung from the report's table: frame numbers of the rung and of the source.
fn pairs(bench: &Bench, rung: &str) -> Vec<(usize, usize)> {
    let table = std::fs::read_to_string(bench.path("out/frames.csv")).unwrap();
    let rows = table.lines().filter_map(|line| {
        let cells: Vec<_> = line.split(',').collect();
        let source: f64 = cells[3].parse().ok().filter(|_| cells[0] == rung)?;
        // The late rung starts with repeated frames, which are measured too.
        assert!(["matched", "duplicate"].contains(&cells[5]), "{line}");
        Some((cells[1].parse().unwrap(), (source * RATE).round() as usize))
    });
    rows.collect()
}

/// libvmaf's pools of PSNR and MS-SSIM.
fn libvmaf(bench: &Bench, arguments: &[&str], graph: &str) -> Value {
    let graph = format!("{graph}libvmaf=feature=name=psnr|name=float_ms_ssim:log_fmt=json:log_path=vmaf.json");
    bench.ffmpeg(&[arguments, &["-lavfi", &graph, "-f", "null", "-"]].concat());
    let log = std::fs::read_to_string(bench.path("vmaf.json")).unwrap();
    serde_json::from_str::<Value>(&log).unwrap()["pooled_metrics"].take()
}

fn ssim(bench: &Bench, python: &str) -> f64 {
    let output = Command::new(python).current_dir(&bench.folder).args(["-c", SSIM, "a.yuv", "b.yuv"]).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.trim().parse().unwrap_or_else(|_| panic!("{text}{}", String::from_utf8_lossy(&output.stderr)))
}

#[test]
fn pooled_figures_are_those_of_libvmaf_and_scikit_image() {
    let Some(bench) = Bench::new("pooled_figures_are_those_of_libvmaf_and_scikit_image") else { return };
    let python = std::env::var("ONNX_IQA_SKIMAGE").ok().filter(|python| !python.is_empty());
    if python.is_none() {
        onnx_iqa_testkit::skipped(
            "SSIM of a ladder against scikit-image: ONNX_IQA_SKIMAGE names no python that has it",
        );
    }
    let source = bench.source("bigbuckbunny.mp4", "0.6");
    let rungs: [(&str, [u32; 2], &[&str]); 4] = [
        ("full", SIZE, &[]),
        ("small", [640, 360], &["-vf", "scale=640:360"]),
        ("half", [854, 480], &["-vf", "scale=854:480,fps=12.5"]),
        ("late", [640, 360], &["-vf", "tpad=start=2:start_mode=clone,scale=640:360"]),
    ];
    let files = rungs.map(|(name, _, more)| bench.rendition(&format!("{name}.mp4"), "30", more));
    let mut arguments = vec![source.as_str()];
    arguments.extend(files.iter().map(String::as_str));
    arguments.extend(["-o", "out", "--json", "--measures", "psnr,ssim,ms-ssim"]);
    let report = bench.iqa(&arguments).ended(0).json();
    let frames = decoded(&bench, "source.mp4", SIZE);
    for (name, size, _) in rungs {
        let own = decoded(&bench, &format!("{name}.mp4"), size);
        let pairs = pairs(&bench, name);
        assert!(pairs.len() >= frames.len() / 2 - 1 && pairs.len() <= own.len(), "{name}: {pairs:?}");
        let mut aligner = SpatialAligner::new(Scale::ToReference, Registration::None);
        let (mut reference, mut distorted) = (Vec::new(), Vec::new());
        for &(number, partner) in &pairs {
            let (one, two) = (frames[partner].picture().unwrap(), own[number].picture().unwrap());
            let aligned = aligner.align(&one, &two).unwrap();
            append(&mut reference, &aligned.reference);
            append(&mut distorted, &aligned.distorted);
        }
        std::fs::write(bench.path("a.yuv"), reference).unwrap();
        std::fs::write(bench.path("b.yuv"), distorted).unwrap();
        let raw = ["-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", "1280x720"];
        let raw = [&raw[..], &["-i", "b.yuv"], &raw[..], &["-i", "a.yuv"]].concat();
        let theirs = libvmaf(&bench, &raw, "[0][1]");
        let ours = |field: &str| number(rendition(&report, name), &["measures", field, "mean"]);
        // libvmaf prints six digits; the tolerances of SSIM and MS-SSIM are those of single pictures (tests/metrics).
        for (field, feature, allowed) in [("psnr-y", "psnr_y", 2e-6), ("ms-ssim", "float_ms_ssim", 2e-4)] {
            let expected = number(&theirs, &[feature, "mean"]);
            assert!((ours(field) - expected).abs() <= allowed, "{name}, {field}: {}, not {expected}", ours(field));
        }
        if let Some(python) = &python {
            let expected = ssim(&bench, python);
            assert!((ours("ssim") - expected).abs() <= 5e-5, "{name}, ssim: {}, not {expected}", ours("ssim"));
        }
        if name == "small" {
            let files = ["-i", "small.mp4", "-i", "source.mp4"];
            let scaled = libvmaf(&bench, &files, "[0]scale=1280:720:flags=bicubic[s];[s][1]");
            let by = |field, feature: &str| ours(field) - number(&scaled, &[feature, "mean"]);
            println!(
                "640x360 scaled by our filter, less scaled by ffmpeg's bicubic: psnr-y {:+.3} dB, ms-ssim {:+.5}",
                by("psnr-y", "psnr_y"),
                by("ms-ssim", "float_ms_ssim")
            );
        }
    }
}
