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
    /// Folders where `libonnxruntime.so.1` may be, in order, asked before the loader's own path.
    pub runtime: Vec<PathBuf>,
}

impl Search {
    /// The folders in `ONNX_IQA_MODEL_PATH` (colons between them), then `onnxiqa-models` in the folder `beside`, where
    /// the runtime is looked for too.
    pub fn from_env(beside: Option<&Path>) -> Self {
        Self::in_folders(beside.map(Path::to_owned).into_iter().collect())
    }

    /// For what is linked into a program: the same with the folder of the running program's file, then `../lib/onnxiqa`
    /// and `../share/onnx-iqa` from there. A link to the program is followed first.
    pub fn for_program() -> Self {
        let program = std::env::current_exe().ok();
        Self::in_folders(program.as_deref().and_then(Path::parent).map_or_else(Vec::new, program_folders))
    }

    /// The folders in `ONNX_IQA_MODEL_PATH`, then `onnxiqa-models` in each of these, where the runtime is looked for too.
    fn in_folders(folders: Vec<PathBuf>) -> Self {
        let variable = std::env::var_os("ONNX_IQA_MODEL_PATH").unwrap_or_default();
        let models = std::env::split_paths(&variable).filter(|folder| !folder.as_os_str().is_empty());
        let models = models.chain(folders.iter().map(|folder| folder.join("onnxiqa-models"))).collect();
        Self { models, runtime: folders }
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

/// Where the files of a program in the folder `bin` lie: beside it, as after a build, or where it is installed.
fn program_folders(bin: &Path) -> Vec<PathBuf> {
    // `..` is resolved by name, so that errors show the path that is meant.
    let installed = bin.parent().map(|prefix| [prefix.join("lib/onnxiqa"), prefix.join("share/onnx-iqa")]);
    std::iter::once(bin.to_owned()).chain(installed.into_iter().flatten()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_has_its_files_beside_it_or_where_it_is_installed() {
        let folders = ["/opt/iqa/bin", "/opt/iqa/lib/onnxiqa", "/opt/iqa/share/onnx-iqa"];
        assert_eq!(program_folders(Path::new("/opt/iqa/bin")), folders.map(PathBuf::from));
        assert_eq!(program_folders(Path::new("/")), [PathBuf::from("/")]);
        let search = Search::for_program();
        let bin = std::env::current_exe().expect("a path").parent().expect("a folder").to_owned();
        assert_eq!(search.runtime.first(), Some(&bin));
        assert!(search.models.contains(&bin.join("onnxiqa-models")));
    }
}
