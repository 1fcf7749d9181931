// SPDX-License-Identifier: MPL-2.0

//! Running the command, and creating its inputs.

pub use crate::shared::Ran;
use crate::shared::clip;
use serde_json::Value;
use std::path::PathBuf;
use std::process::Command;
use tempfile::TempDir;

/// The folder of clips.
pub fn clips() -> Option<PathBuf> {
    Some(clip("bikes.mp4")?.parent()?.to_owned())
}

/// The ffmpeg of the tests, which has libx264.
fn ffmpeg() -> Option<PathBuf> {
    let path = std::env::var_os("ONNX_IQA_FFMPEG").map(PathBuf::from)?;
    path.is_file().then_some(path)
}

/// A folder for one test, with clips and an ffmpeg. If these are missing, `None`, and a line reports it.
pub struct Bench {
    pub folder: TempDir,
    pub clips: PathBuf,
    ffmpeg: PathBuf,
}

impl Bench {
    pub fn new(test: &str) -> Option<Self> {
        let (Some(clips), Some(ffmpeg)) = (clips(), ffmpeg()) else {
            onnx_iqa_testkit::skipped(&format!("{test}: there are no clips, or ONNX_IQA_FFMPEG names no ffmpeg"));
            return None;
        };
        Some(Self { folder: tempfile::tempdir().expect("a folder"), clips, ffmpeg })
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn text(&self, name: &str) -> String {
        self.path(name).to_str().expect("text").to_owned()
    }

    /// Runs ffmpeg in the folder; returns its output.
    #[track_caller]
    pub fn ffmpeg(&self, arguments: &[&str]) -> String {
        let mut command = Command::new(&self.ffmpeg);
        let command = command.current_dir(&self.folder).args(["-nostdin", "-y", "-v", "info"]).args(arguments);
        let output = command.output().expect("ffmpeg runs");
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{arguments:?}: {text}");
        text
    }

    /// The first seconds of a clip, as `source.mp4`, without sound.
    #[track_caller]
    pub fn source(&self, clip: &str, seconds: &str) -> String {
        let clip = self.clips.join(clip);
        let lossless = ["-an", "-c:v", "libx264", "-preset", "ultrafast", "-qp", "0", "source.mp4"];
        self.ffmpeg(&[&["-i", clip.to_str().expect("text"), "-t", seconds], &lossless[..]].concat());
        self.text("source.mp4")
    }

    /// A rendition of the source by x264.
    #[track_caller]
    pub fn rendition(&self, name: &str, crf: &str, more: &[&str]) -> String {
        let coded = ["-an", "-c:v", "libx264", "-preset", "veryfast", "-crf", crf];
        self.ffmpeg(&[&["-i", "source.mp4"], &coded[..], more, &[name]].concat());
        self.text(name)
    }

    /// `iqa compare` with these arguments and its own cache.
    #[track_caller]
    pub fn iqa(&self, arguments: &[&str]) -> Ran {
        Ran::of(&mut self.command(arguments))
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_iqa"));
        command.current_dir(&self.folder).env("XDG_CACHE_HOME", self.path("cache"));
        command.arg("compare").args(arguments);
        command
    }
}

/// The rendition of that name in a report.
#[track_caller]
pub fn rendition<'a>(report: &'a Value, name: &str) -> &'a Value {
    let renditions = report["renditions"].as_array().expect("an array");
    renditions.iter().find(|one| one["name"] == name).unwrap_or_else(|| panic!("no {name} in {report:#}"))
}

/// A number at a path of keys.
#[track_caller]
pub fn number(value: &Value, path: &[&str]) -> f64 {
    let found = path.iter().fold(value, |value, key| &value[*key]);
    found.as_f64().unwrap_or_else(|| panic!("{path:?} is {found} in {value:#}"))
}

/// All reasons of a rendition.
pub fn reasons(rendition: &Value) -> String {
    let reasons = rendition["reasons"].as_array().cloned().unwrap_or_default();
    reasons.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("\n")
}
