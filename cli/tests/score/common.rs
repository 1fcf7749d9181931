// SPDX-License-Identifier: MPL-2.0

//! Running the command, and pictures with known scores.

pub use crate::shared::{Ran, clip};
use onnx_iqa_testkit as kit;
use serde_json::Value;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// The command with these arguments, in that folder.
pub fn iqa(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_iqa"));
    command.current_dir(folder).args(arguments).stdin(Stdio::null());
    command
}

#[track_caller]
pub fn near(value: &Value, expected: f64, tolerance: f64) {
    let found = value.as_f64().unwrap_or_else(|| panic!("{value} is no number"));
    assert!((found - expected).abs() <= tolerance, "{found} is not {expected}");
}

/// A folder with a model whose score is the mean of R', G' and B', 0 to 100.
pub struct Bench {
    pub folder: TempDir,
    model: PathBuf,
}

impl Bench {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let model = kit::mean_model(folder.path(), "mean");
        Self { folder, model }
    }

    /// With attributes of these names, which are the means of R', G' and B', 0 to 100.
    pub fn with_attributes(names: [&str; 3]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let table = format!("attributes = {{ tensor = \"channels\", names = {names:?}, worst = 0.0, best = 1.0 }}\n");
        let contract = kit::NR_CONTRACT.to_owned() + &table;
        let model = kit::outputs_graph().contract(&contract).write(folder.path(), "channels");
        Self { folder, model }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a picture of one gray level, in the format of the name's extension.
    pub fn picture(&self, name: &str, size: (u32, u32), gray: u8) {
        self.color(name, size, [gray; 3]);
    }

    /// The same of one color.
    pub fn color(&self, name: &str, (width, height): (u32, u32), color: [u8; 3]) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        image::RgbImage::from_pixel(width, height, image::Rgb(color)).save(path).expect("a picture");
    }

    /// `iqa score` with that model.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let model = self.model.to_str().expect("UTF-8");
        let mut command = iqa(self.folder.path(), &["score", "--model", model, "--provider", "cpu", "--threads", "1"]);
        command.args(arguments);
        command
    }

    pub fn score(&self, arguments: &[&str]) -> Ran {
        Ran::of(&mut self.command(arguments))
    }

    /// The same with these lines on standard input.
    pub fn score_of_list(&self, arguments: &[&str], list: &str) -> Ran {
        let mut command = self.command(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("iqa runs");
        child.stdin.take().expect("a pipe").write_all(list.as_bytes()).expect("a reader");
        Ran::end_of(child)
    }
}
