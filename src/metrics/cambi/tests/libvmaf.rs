// SPDX-License-Identifier: MPL-2.0

//! Clips that ffmpeg makes, measured here and by the libvmaf within ffmpeg, with its default options and with those of
//! Netflix's models of version 1. Needs `ONNX_IQA_FFMPEG`, the path of an ffmpeg 9 (`scripts/ffmpeg.sh` prints one), and
//! `ONNX_IQA_CLIPS`.

use std::path::PathBuf;
use std::process::Command;

use onnx_iqa_testkit::{TempDir, skipped};
use serde_json::Value;

use super::{cambi, of_models};
use crate::metrics::cambi::CambiOptions;
use crate::metrics::workers::Workers;
use crate::picture::{Colorimetry, OwnedFrame, PixelFormat};

/// The clip is its own reference.
const GRAPH: &str = "[0]split[a][b];[a][b]libvmaf=log_fmt=json:log_path=log.json:n_threads=2:feature='name=cambi\
                     |name=cambi\\:cambi_high_res_speedup=1080\\:cambi_vis_lum_threshold=0.06\\:cambi_max_val=17.0'";
/// What libvmaf calls the two.
const NAMES: [&str; 2] = ["cambi", "cambi_hrs_1080_cmxv_17_vlt_0.06"];

const SLOPE: &str = "gradients=s=640x360:c0=black:c1=gray:n=2:seed=3:speed=0.02";
const DARK: &str = "gradients=s=1920x1080:c0=black:c1=navy:n=2:seed=5:speed=0.02";

/// A name, a file of `ONNX_IQA_CLIPS` or what a lavfi source gives, a filter, a size, bits of a sample, and how many frames.
type Clip = (&'static str, &'static str, &'static str, [u32; 2], u32, usize);

const CLIPS: [Clip; 18] = [
    ("natural", "bikes.mp4", "null", [640, 272], 8, 6),
    ("posterized", "bikes.mp4", "lutyuv=y=trunc(val/6)*6", [640, 272], 8, 6),
    ("cartoon", "bigbuckbunny.mp4", "null", [1280, 720], 8, 4),
    ("screen", "testsrc2=s=854x480", "null", [854, 480], 8, 4),
    ("slope", SLOPE, "null", [640, 360], 8, 4),
    ("slope in steps", SLOPE, "lutyuv=y=trunc(val/4)*4", [640, 360], 8, 4),
    ("slope, dithered", SLOPE, "noise=alls=4:allf=t:all_seed=2", [640, 360], 8, 4),
    ("black", "color=black:s=352x288", "null", [352, 288], 8, 2),
    ("odd", "bikes.mp4", "lutyuv=y=trunc(val/3)*3", [333, 251], 8, 4),
    ("smallest", "bikes.mp4", "null", [216, 22], 8, 4),
    ("upright", "bikes.mp4", "null", [24, 216], 8, 4),
    ("1080p", "bigbuckbunny.mp4", "null", [1920, 1080], 8, 2),
    ("1080p, dark", DARK, "null", [1920, 1080], 8, 2),
    ("2160p", "bigbuckbunny.mp4", "null", [3840, 2160], 8, 1),
    ("10 bits", "bikes.mp4", "null", [640, 272], 10, 4),
    ("10 bits, slope", SLOPE, "null", [640, 360], 10, 4),
    ("10 bits, 1080p, dark", DARK, "null", [1920, 1080], 10, 2),
    ("12 bits, slope", SLOPE, "null", [640, 360], 12, 4),
];

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

    fn run(&self, arguments: &[&str]) {
        let mut command = Command::new(&self.program);
        let done = command.args(["-v", "error", "-nostdin", "-y"]).args(arguments).current_dir(self.folder.path());
        let done = done.output().unwrap();
        assert!(done.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
    }

    /// A clip's frames, and what libvmaf says of them.
    fn measure(&self, &(_, source, filter, [width, height], depth, frames): &Clip) -> (Vec<OwnedFrame>, Vec<Value>) {
        let file = self.clips.join(source).display().to_string();
        let from = if source.ends_with(".mp4") { vec!["-i", &file] } else { vec!["-f", "lavfi", "-i", source] };
        let suffix = if depth > 8 { format!("{depth}le") } else { String::new() };
        let color = format!("yuv420p{suffix}");
        let (size, count) = (format!("{width}x{height}"), frames.to_string());
        // The filters that do damage do not all take more than 8 bits.
        let graph = format!("{filter},scale={width}:{height},format={color}");
        self.run(&[&from[..], &["-lavfi", &graph, "-frames:v", &count, "-f", "rawvideo", "clip"]].concat());
        let clip = ["-f", "rawvideo", "-pix_fmt", &color, "-s", &size, "-i", "clip"];
        self.run(&[&clip[..], &["-lavfi", GRAPH, "-f", "null", "-"]].concat());
        let log = std::fs::read(self.folder.path().join("log.json")).unwrap();
        let log: Value = serde_json::from_slice(&log).unwrap();
        let found: Vec<_> = log["frames"].as_array().unwrap().iter().map(|frame| frame["metrics"].clone()).collect();
        let clip = std::fs::read(self.folder.path().join("clip")).unwrap();
        (clip.chunks_exact(clip.len() / frames).map(|data| frame(data, [width, height], depth)).collect(), found)
    }
}

/// A frame of a raw file, as ours.
fn frame(mut data: &[u8], [width, height]: [u32; 2], depth: u32) -> OwnedFrame {
    let format = match depth {
        8 => PixelFormat::I420,
        10 => PixelFormat::I420p10,
        12 => PixelFormat::I420p12,
        other => panic!("{other}"),
    };
    let mut planes = Vec::new();
    for component in format.components() {
        let stride = component.width(width) as usize * usize::from(component.step);
        let (plane, rest) = data.split_at(stride * component.height(height) as usize);
        planes.push((plane.to_vec(), stride));
        data = rest;
    }
    OwnedFrame { format, width, height, colorimetry: Colorimetry::SRGB, planes }
}

/// To the digits that libvmaf prints.
#[test]
fn agrees_with_libvmaf_on_every_frame() {
    let Some(lab) = Lab::new() else {
        return skipped("CAMBI against libvmaf: ONNX_IQA_FFMPEG or ONNX_IQA_CLIPS is not set");
    };
    println!("| clip | frames | CAMBI | largest difference | with the models' options |\n|---|--:|--:|--:|--:|");
    let chosen = std::env::var("ONNX_IQA_CLIP").ok();
    let workers = Workers::new(2);
    for clip in CLIPS.iter().filter(|clip| chosen.as_ref().is_none_or(|chosen| clip.0 == chosen)) {
        let (frames, expected) = lab.measure(clip);
        assert_eq!((expected.len(), frames.len()), (clip.5, clip.5), "{}", clip.0);
        let found = [CambiOptions::default(), of_models()].map(|options| cambi(&workers, options, &frames));
        let mut worst = [0.0f64; 2];
        for ((worst, name), found) in worst.iter_mut().zip(NAMES).zip(&found) {
            for (number, (ours, theirs)) in found.iter().zip(&expected).enumerate() {
                let theirs = theirs[name].as_f64().unwrap_or_else(|| panic!("{name} is not in {theirs}"));
                let difference = (ours - theirs).abs();
                assert!(difference <= 1e-6, "{}, frame {number}: {name} is {ours}, not {theirs}", clip.0);
                *worst = worst.max(difference);
            }
        }
        let mean = found[0].iter().sum::<f64>() / clip.5 as f64;
        println!("| {} | {} | {mean:.3} | {:.1e} | {:.1e} |", clip.0, clip.5, worst[0], worst[1]);
    }
}
