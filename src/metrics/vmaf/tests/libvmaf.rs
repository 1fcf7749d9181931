// SPDX-License-Identifier: MPL-2.0

//! Clips that ffmpeg makes, measured here and by the libvmaf within ffmpeg. Needs `ONNX_IQA_FFMPEG`, the path of an
//! ffmpeg 9 (`scripts/ffmpeg.sh` prints one), and `ONNX_IQA_CLIPS`.

use std::path::{Path, PathBuf};
use std::process::Command;

use onnx_iqa_testkit::{TempDir, skipped};
use serde_json::Value;

use crate::metrics::vmaf::{VmafModel, extract::Extractor, model::Features};
use crate::metrics::{pair::Pair, workers::Workers};
use crate::picture::{Colorimetry, Frame as _, OwnedFrame, PixelFormat};

/// What ffmpeg calls the models' results.
const MODELS: [&str; 3] = ["vmaf_v0.6.1", "vmaf_v0.6.1neg", "vmaf_4k_v0.6.1"];
const GRAPH: &str = "[1][0]libvmaf=log_fmt=json:log_path=log.json:n_threads=2:model='version=vmaf_v0.6.1\\:name=m0\
                     |version=vmaf_v0.6.1neg\\:name=m1|version=vmaf_4k_v0.6.1\\:name=m2'";

/// A clip and what is done to it.
struct Clip {
    name: &'static str,
    /// A file of `ONNX_IQA_CLIPS`, or what a lavfi source gives.
    source: &'static str,
    size: [u32; 2],
    format: &'static str,
    frames: u32,
    /// A filter on both; one on the distorted clip alone.
    both: &'static str,
    damage: &'static str,
}

const fn clip(name: &'static str, source: &'static str, size: [u32; 2], frames: u32, damage: &'static str) -> Clip {
    Clip { name, source, size, format: "yuv420p", frames, both: "null", damage }
}

/// Scaled down and up again: soft, without a codec that would need a file.
const SOFT: &str = "scale=iw/3:ih/3:flags=bilinear,scale=iw*3:ih*3:flags=bicubic";

fn clips() -> Vec<Clip> {
    vec![
        clip("natural", "bikes.mp4", [640, 272], 12, "avgblur=2,noise=alls=6:allf=t:all_seed=1"),
        clip("cartoon", "bigbuckbunny.mp4", [1280, 720], 6, "noise=alls=12:allf=t:all_seed=2"),
        clip("176x144", "carphone_pristine.mp4", [176, 144], 12, "smartblur=2:1"),
        clip("screen", "testsrc2=s=854x480", [854, 480], 8, "avgblur=1"),
        clip("screen, moved", "testsrc2=s=640x360", [640, 360], 8, "crop=iw-4:ih-4:4:4,scale=640:360"),
        clip("noise", "color=gray:s=512x288", [512, 288], 6, "noise=alls=60:allf=t:all_seed=3"),
        Clip {
            both: "noise=alls=100:allf=t:all_seed=4",
            ..clip("noise, soft", "color=gray:s=320x180", [320, 180], 6, "avgblur=1")
        },
        clip("black", "color=black:s=352x288", [352, 288], 4, "null"),
        clip("black, lifted", "color=black:s=352x288", [352, 288], 4, "lutyuv=y=val+9"),
        Clip { both: "trim=end_frame=1,loop=7:1", ..clip("static", "bikes.mp4", [640, 272], 8, "avgblur=1") },
        Clip { both: "scale=333:251", ..clip("odd", "bikes.mp4", [333, 251], 8, "avgblur=2") },
        Clip { both: "scale=33:35", ..clip("smallest", "bikes.mp4", [33, 35], 8, "noise=alls=20:allf=t:all_seed=5") },
        clip("sharpened", "bikes.mp4", [640, 272], 8, "unsharp=5:5:1.5"),
        Clip {
            format: "yuv420p10le",
            ..clip("10 bits", "bikes.mp4", [640, 272], 8, "noise=alls=20:allf=t:all_seed=6")
        },
        Clip { format: "yuv420p12le", ..clip("12 bits", "bikes.mp4", [640, 272], 6, "avgblur=1") },
        Clip {
            format: "yuv444p10le",
            both: "scale=517:389",
            ..clip("10 bits, odd", "bikes.mp4", [517, 389], 6, "avgblur=1")
        },
        Clip { both: "scale=3840:2160", ..clip("2160p", "bigbuckbunny.mp4", [3840, 2160], 3, SOFT) },
    ]
}

/// ffmpeg and a folder to work in.
struct Lab {
    program: PathBuf,
    clips: PathBuf,
    folder: TempDir,
}

impl Lab {
    fn new() -> Option<Self> {
        let path = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.exists());
        Some(Self { program: path("ONNX_IQA_FFMPEG")?, clips: path("ONNX_IQA_CLIPS")?, folder: TempDir::new() })
    }

    fn run(&self, arguments: &[String]) {
        let mut command = Command::new(&self.program);
        let done = command.args(["-v", "error", "-nostdin", "-y"]).args(arguments).current_dir(self.folder.path());
        let done = done.output().unwrap();
        assert!(done.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
    }

    /// Writes both clips, and gives what libvmaf says of their frames.
    fn measure(&self, clip: &Clip) -> Vec<Value> {
        let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let mut from = match clip.source.ends_with(".mp4") {
            true => vec!["-i".to_owned(), self.clips.join(clip.source).display().to_string()],
            false => vec!["-f".to_owned(), "lavfi".to_owned(), "-i".to_owned(), clip.source.to_owned()],
        };
        from.push("-lavfi".to_owned());
        let [width, height] = clip.size;
        for (name, damage) in [("r.yuv", "null"), ("d.yuv", clip.damage)] {
            // Filters of more than 8 bits do not all exist: damage is done before.
            let graph = format!("{},{damage},scale={width}:{height},format={}", clip.both, clip.format);
            let mut arguments = from.clone();
            arguments.push(graph);
            arguments.extend(words(&format!("-frames:v {} -f rawvideo {name}", clip.frames)));
            self.run(&arguments);
        }
        let raw = |name: &str| words(&format!("-f rawvideo -pix_fmt {} -s {width}x{height} -i {name}", clip.format));
        let arguments = [raw("r.yuv"), raw("d.yuv"), words("-lavfi"), vec![GRAPH.to_owned()], words("-f null -")];
        self.run(&arguments.concat());
        let log = std::fs::read(self.folder.path().join("log.json")).unwrap();
        let log: Value = serde_json::from_slice(&log).unwrap();
        log["frames"].as_array().unwrap().iter().map(|frame| frame["metrics"].clone()).collect()
    }
}

/// The frames of a raw file, as ours.
fn frames(path: &Path, clip: &Clip) -> Vec<OwnedFrame> {
    let format = match clip.format {
        "yuv420p" => PixelFormat::I420,
        "yuv420p10le" => PixelFormat::I420p10,
        "yuv420p12le" => PixelFormat::I420p12,
        "yuv444p10le" => PixelFormat::Y444p10,
        other => panic!("{other}"),
    };
    let [width, height] = clip.size;
    let data = std::fs::read(path).unwrap();
    let mut rest = &data[..];
    let mut frames = Vec::new();
    while !rest.is_empty() {
        let mut planes = Vec::new();
        for component in format.components() {
            let stride = component.width(width) as usize * usize::from(component.step);
            let (plane, after) = rest.split_at(stride * component.height(height) as usize);
            planes.push((plane.to_vec(), stride));
            rest = after;
        }
        frames.push(OwnedFrame { format, width, height, colorimetry: Colorimetry::SRGB, planes });
    }
    frames
}

/// Every frame's features under a model's limits, motion included.
fn features(model: &VmafModel, reference: &[OwnedFrame], distorted: &[OwnedFrame]) -> Vec<Features> {
    let workers = Workers::new(2);
    let mut extractor = Extractor::default();
    let extracted: Vec<_> = reference
        .iter()
        .zip(distorted)
        .map(|(reference, distorted)| {
            let (reference, distorted) = (reference.picture().unwrap(), distorted.picture().unwrap());
            let pair = Pair::new(&reference, &distorted).unwrap();
            let luma = pair.components().next().unwrap();
            extractor.extract(&workers, &luma, pair.depth(), model.limits(), None)
        })
        .collect();
    let differences: Vec<_> = extracted.iter().map(|extracted| extracted.difference).collect();
    let motion2 = |n: usize| match (differences[n], differences.get(n + 1).copied().flatten()) {
        (None, _) => 0.0,
        (Some(own), None) => own,
        (Some(own), Some(next)) => own.min(next),
    };
    extracted.iter().enumerate().map(|(n, found)| Features { motion2: motion2(n), ..found.features }).collect()
}

/// The largest differences between two lists of features and scores.
#[derive(Debug, Default)]
struct Worst {
    feature: f64,
    score: f64,
}

fn compare(clip: &Clip, model: usize, expected: &[Value], reference: &[OwnedFrame], distorted: &[OwnedFrame]) -> Worst {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/models");
    let opened = VmafModel::open(MODELS[model], &[folder.into()]).unwrap();
    let mut worst = Worst::default();
    for (number, (found, expected)) in features(&opened, reference, distorted).iter().zip(expected).enumerate() {
        let suffix = if model == 1 { "_egl_1" } else { "" };
        let value = |name: &str| expected[name].as_f64().unwrap_or_else(|| panic!("{name} is not in {expected}"));
        let mut pairs = vec![("adm2", found.adm2, value(&format!("integer_adm2{suffix}")))];
        pairs.push(("motion2", found.motion2, value("integer_motion2")));
        for (scale, vif) in found.vif.iter().enumerate() {
            pairs.push(("vif", *vif, value(&format!("integer_vif_scale{scale}{suffix}"))));
        }
        for (name, ours, theirs) in pairs {
            let difference = (ours - theirs).abs();
            assert!(difference <= 1e-4, "{}, frame {number}: {name} is {ours}, not {theirs}", clip.name);
            worst.feature = worst.feature.max(difference);
        }
        let (ours, theirs) = (opened.score(found), value(&format!("m{model}")));
        assert!((ours - theirs).abs() <= 0.005, "{}, frame {number}: {ours}, not {theirs}", clip.name);
        worst.score = worst.score.max((ours - theirs).abs());
    }
    worst
}

/// Each feature to 1e-4, each score to 0.005; what was found is printed, and is far less.
#[test]
fn agrees_with_libvmaf_on_every_frame() {
    let Some(lab) = Lab::new() else {
        return skipped("VMAF against libvmaf: ONNX_IQA_FFMPEG or ONNX_IQA_CLIPS is not set");
    };
    println!(
        "| clip | frames | VMAF | largest difference of a feature | of VMAF | neg | 4K |\n|---|--:|--:|--:|--:|--:|--:|"
    );
    let chosen = std::env::var("ONNX_IQA_CLIP").ok();
    for clip in clips().iter().filter(|clip| chosen.as_ref().is_none_or(|chosen| clip.name == chosen)) {
        let expected = lab.measure(clip);
        let [reference, distorted] = ["r.yuv", "d.yuv"].map(|name| frames(&lab.folder.path().join(name), clip));
        assert_eq!(
            (expected.len(), reference.len(), distorted.len()),
            (clip.frames as usize, expected.len(), expected.len())
        );
        let worst = [0, 1, 2].map(|model| compare(clip, model, &expected, &reference, &distorted));
        let mean = expected.iter().filter_map(|frame| frame["m0"].as_f64()).sum::<f64>() / expected.len() as f64;
        let feature = worst.iter().map(|worst| worst.feature).fold(0.0, f64::max);
        let [a, b, c] = worst.map(|worst| worst.score);
        println!("| {} | {} | {mean:.2} | {feature:.1e} | {a:.1e} | {b:.1e} | {c:.1e} |", clip.name, clip.frames);
    }
}
