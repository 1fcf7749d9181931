// SPDX-License-Identifier: MPL-2.0

//! From what users type to a model's file: a path, or the name of a bundled model.

use std::path::{Path, PathBuf};

/// Where models and the runtime are looked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Search {
    /// Folders of bundled models, in order. In a folder D the model `metaiqa` is `D/metaiqa.onnx` or
    /// `D/metaiqa/model.onnx`.
    pub models: Vec<PathBuf>,
    /// The folder where `libonnxruntime.so.1` may be, asked before the loader's own path.
    pub runtime: Option<PathBuf>,
}

impl Search {
    /// The folders in `ONNX_IQA_MODEL_PATH` (colons between them), then `onnxiqa-models` in the folder `beside`, where
    /// the runtime is looked for too.
    pub fn from_env(beside: Option<&Path>) -> Self {
        let variable = std::env::var_os("ONNX_IQA_MODEL_PATH").unwrap_or_default();
        let models = std::env::split_paths(&variable).filter(|folder| !folder.as_os_str().is_empty());
        let models = models.chain(beside.map(|folder| folder.join("onnxiqa-models"))).collect();
        Self { models, runtime: beside.map(Path::to_owned) }
    }

    /// The names of the bundled models, sorted.
    pub fn bundled(&self) -> Vec<String> {
        let mut names = Vec::new();
        for entry in self.models.iter().filter_map(|folder| std::fs::read_dir(folder).ok()).flatten().flatten() {
            let path = entry.path();
            let is_model = if path.is_dir() {
                path.join("model.onnx").is_file()
            } else {
                path.extension().is_some_and(|extension| extension == "onnx")
            };
            let stem = if path.is_dir() { path.file_name() } else { path.file_stem() };
            if let (true, Some(name)) = (is_model, stem.and_then(|stem| stem.to_str())) {
                names.push(name.to_owned());
            }
        }
        names.sort_unstable();
        names.dedup();
        names
    }

    /// The file that `name_or_path` means: a path if it has a `/` or ends in `.onnx`, otherwise a bundled model.
    pub(super) fn find(&self, name_or_path: &str) -> Option<PathBuf> {
        if name_or_path.contains('/') || name_or_path.ends_with(".onnx") {
            return Some(PathBuf::from(name_or_path));
        }
        if name_or_path.is_empty() || name_or_path.starts_with('.') {
            return None;
        }
        let places = self.models.iter().flat_map(|folder| {
            [folder.join(format!("{name_or_path}.onnx")), folder.join(name_or_path).join("model.onnx")]
        });
        places.into_iter().find(|path| path.is_file())
    }

    /// The end of an error's sentence.
    pub(super) fn bundled_text(&self) -> String {
        let names = self.bundled();
        let folders: Vec<_> = self.models.iter().map(|folder| folder.display().to_string()).collect();
        match (names.is_empty(), folders.is_empty()) {
            (false, _) => format!("bundled models: {}", names.join(", ")),
            (true, false) => format!("no bundled models in {}", folders.join(", ")),
            (true, true) => "no bundled models: ONNX_IQA_MODEL_PATH is not set".to_owned(),
        }
    }
}
