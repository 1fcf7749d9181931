// SPDX-License-Identifier: MPL-2.0

//! Finding a model's file: by path, or by the name of a bundled model.

use std::path::{Path, PathBuf};

use super::provider::Provider;

/// Where to search for models and the runtime.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Search {
    /// Folders of bundled models, in order. In a folder D, the model `metaiqa` is `D/metaiqa.onnx` or
    /// `D/metaiqa/model.onnx`. If that file computes in 8-bit integers, the same network in float may be beside it, as
    /// `D/metaiqa.float.onnx` or `D/metaiqa/model.float.onnx`; it is not listed as a model of its own.
    pub models: Vec<PathBuf>,
    /// Folders that may contain `libonnxruntime.so.1`, in order, searched before the loader's own path.
    pub runtime: Vec<PathBuf>,
}

impl Search {
    /// The folders in `ONNX_IQA_MODEL_PATH` (separated by colons), then `onnxiqa-models` in the folder `beside`, which
    /// is also searched for the runtime.
    pub fn from_env(beside: Option<&Path>) -> Self {
        Self::in_folders(beside.map(Path::to_owned).into_iter().collect())
    }

    /// For code that is linked into a program: the same with the folder of the running program's file, then
    /// `../lib/onnxiqa` and `../share/onnx-iqa` relative to it. Links to the program are resolved first.
    pub fn for_program() -> Self {
        let program = std::env::current_exe().ok();
        Self::in_folders(program.as_deref().and_then(Path::parent).map_or_else(Vec::new, program_folders))
    }

    /// The folders in `ONNX_IQA_MODEL_PATH`, then `onnxiqa-models` in each of these, which are also searched for the
    /// runtime.
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
                path.extension().is_some_and(|extension| extension == "onnx") && !is_float_twin(&path)
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

    /// The file for `name_or_path`: a path if it contains `/` or ends in `.onnx`, otherwise a bundled model.
    pub(super) fn find(&self, name_or_path: &str) -> Option<PathBuf> {
        if is_path(name_or_path) {
            return Some(PathBuf::from(name_or_path));
        }
        if name_or_path.is_empty() || name_or_path.starts_with('.') {
            return None;
        }
        let places = self.models.iter().flat_map(|folder| {
            [folder.join(format!("{name_or_path}.onnx")), folder.join(name_or_path).join("model.onnx")]
        });
        places.into_iter().find(|path| path.is_file() && !is_float_twin(path))
    }

    /// The file that `provider` should run for the model found at `found`: a path is used unchanged; of a bundled
    /// model, the float version if there is one and the provider is faster with it.
    pub(super) fn fitting(name_or_path: &str, found: &Path, provider: Provider) -> PathBuf {
        let float = found.with_extension("float.onnx");
        let in_float = !is_path(name_or_path) && !provider.is_fast_in_integers() && float.is_file();
        if in_float { float } else { found.to_owned() }
    }

    /// The end of an error message.
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

/// Whether a model is given by its file, not by its name.
fn is_path(name_or_path: &str) -> bool {
    name_or_path.contains('/') || name_or_path.ends_with(".onnx")
}

/// Whether the file is the float version of the one beside it.
fn is_float_twin(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str());
    let own = name.and_then(|name| name.strip_suffix(".float.onnx"));
    own.is_some_and(|own| path.with_file_name(format!("{own}.onnx")).is_file())
}

/// Where the files of a program in the folder `bin` are: beside it, as after a build, or where it is installed.
fn program_folders(bin: &Path) -> Vec<PathBuf> {
    // `..` is resolved by name, so that errors show the intended path.
    let installed = bin.parent().map(|prefix| [prefix.join("lib/onnxiqa"), prefix.join("share/onnx-iqa")]);
    std::iter::once(bin.to_owned()).chain(installed.into_iter().flatten()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_float_twin_is_taken_by_the_providers_that_are_better_with_it_and_is_no_model_of_its_own() {
        let folder = onnx_iqa_testkit::TempDir::new();
        let at = |name: &str| folder.path().join(name);
        std::fs::create_dir(at("b")).expect("a folder");
        for name in ["a.onnx", "a.float.onnx", "b/model.onnx", "b/model.float.onnx", "c.onnx", "d.float.onnx"] {
            std::fs::write(at(name), "").expect("a file");
        }
        let search = Search { models: vec![folder.path().to_owned()], ..Search::default() };
        assert_eq!(search.bundled(), ["a", "b", "c", "d.float"], "d.float stands alone");
        assert_eq!(search.find("a.float"), None);

        let chosen = |name: &str, provider| Search::fitting(name, &search.find(name).expect("found"), provider);
        for provider in [Provider::Cuda, Provider::TensorRt] {
            assert_eq!(chosen("a", provider), at("a.float.onnx"));
            assert_eq!(chosen("b", provider), at("b/model.float.onnx"));
            assert_eq!(chosen("c", provider), at("c.onnx"), "there is no other");
            let path = at("a.onnx").display().to_string();
            assert_eq!(chosen(&path, provider), at("a.onnx"), "a path means that file");
        }
        let cpu = if cfg!(target_arch = "x86_64") {
            ["a.onnx", "b/model.onnx"]
        } else {
            ["a.float.onnx", "b/model.float.onnx"]
        };
        assert_eq!(["a", "b"].map(|name| chosen(name, Provider::Cpu)), cpu.map(at));
    }

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
