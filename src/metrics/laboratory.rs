// SPDX-License-Identifier: MPL-2.0

//! For tests: runs the ffmpeg whose libvmaf gives the expected values.
//!
//! Needs `ONNX_IQA_FFMPEG`, the path of an ffmpeg 9 (`scripts/ffmpeg.sh` prints one), and `ONNX_IQA_CLIPS`.

use std::path::PathBuf;
use std::process::Command;

use onnx_iqa_testkit::TempDir;
use serde_json::Value;

use crate::picture::{Colorimetry, OwnedFrame, PixelFormat};

/// ffmpeg and a temporary folder.
pub struct Laboratory {
    program: PathBuf,
    clips: PathBuf,
    folder: TempDir,
}

impl Laboratory {
    /// `None` without ffmpeg or clips.
    pub fn open() -> Option<Self> {
        let path = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.exists());
        Some(Self { program: path("ONNX_IQA_FFMPEG")?, clips: path("ONNX_IQA_CLIPS")?, folder: TempDir::new() })
    }

    /// Runs ffmpeg in the folder.
    pub fn run(&self, arguments: &[&str]) {
        let mut command = Command::new(&self.program);
        let done = command.args(["-v", "error", "-nostdin", "-y"]).args(arguments).current_dir(self.folder.path());
        let done = done.output().unwrap();
        assert!(done.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
    }

    /// Writes the given number of frames of a source, filtered, to a raw file. A source is a file in `ONNX_IQA_CLIPS`
    /// or a lavfi graph.
    pub fn write(&self, source: &str, graph: &str, frames: usize, name: &str) {
        let file = self.clips.join(source).display().to_string();
        let from = if source.ends_with(".mp4") { vec!["-i", &file] } else { vec!["-f", "lavfi", "-i", source] };
        let frames = frames.to_string();
        self.run(&[&from[..], &["-lavfi", graph, "-frames:v", &frames, "-f", "rawvideo", name]].concat());
    }

    /// The frames of a raw file. `pix_fmt` is ffmpeg's name of the format.
    pub fn read(&self, name: &str, pix_fmt: &str, [width, height]: [u32; 2]) -> Vec<OwnedFrame> {
        let format = match pix_fmt {
            "yuv420p" => PixelFormat::I420,
            "yuv420p10le" => PixelFormat::I420p10,
            "yuv420p12le" => PixelFormat::I420p12,
            "yuv444p10le" => PixelFormat::Y444p10,
            other => panic!("{other}"),
        };
        let data = std::fs::read(self.folder.path().join(name)).unwrap();
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

    /// Runs raw files of one size and format through a graph with libvmaf; returns its log of each frame.
    pub fn measure(&self, names: &[&str], pix_fmt: &str, [width, height]: [u32; 2], graph: &str) -> Vec<Value> {
        let size = format!("{width}x{height}");
        let mut arguments = Vec::new();
        for name in names {
            arguments.extend(["-f", "rawvideo", "-pix_fmt", pix_fmt, "-s", &size, "-i", name]);
        }
        let graph = graph.replace("libvmaf=", "libvmaf=log_fmt=json:log_path=log.json:n_threads=2:");
        arguments.extend(["-lavfi", &graph, "-f", "null", "-"]);
        self.run(&arguments);
        let log = std::fs::read(self.folder.path().join("log.json")).unwrap();
        let log: Value = serde_json::from_slice(&log).unwrap();
        log["frames"].as_array().unwrap().iter().map(|frame| frame["metrics"].clone()).collect()
    }
}
