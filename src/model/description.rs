// SPDX-License-Identifier: MPL-2.0

//! What can be found out about a model without running it, and without ONNX Runtime.

use std::path::PathBuf;

use super::contract::{Contract, ContractError};
use super::error::ModelError;
use super::file::File;
use super::search::Search;
use crate::hash;

/// Information about a model's file.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Description {
    /// The absolute path of the file.
    pub path: PathBuf,
    /// Its size in bytes, without tensors in files of their own.
    pub size: u64,
    /// The first 12 hexadecimal digits of its SHA-256.
    pub hash: String,
    /// The text of its contract; `None` if it has none.
    pub contract: Option<String>,
}

impl Description {
    /// Reads the file of a bundled model, by its name, or of a path (that contains `/`, or ends in `.onnx`).
    ///
    /// # Errors
    /// When there is no such file, or it cannot be read.
    pub fn read(name_or_path: &str, search: &Search) -> Result<Self, ModelError> {
        let Some(path) = search.find(name_or_path) else {
            return Err(ModelError::Unknown { name: name_or_path.to_owned(), bundled: search.bundled_text() });
        };
        let file = File::read(&path, search)?;
        let contract = file.contract();
        Ok(Self { size: file.len(), hash: hash::short(&file.hash), contract, path: file.path })
    }

    /// The contract. Whether it fits the graph is checked when the model is opened.
    ///
    /// # Errors
    /// When it is invalid. `None` if there is no contract.
    pub fn parsed(&self) -> Option<Result<Contract, ContractError>> {
        self.contract.as_deref().map(Contract::parse)
    }

    /// The model's card, in Markdown: `card.md` beside `model.onnx`, or `<name>.md` beside `<name>.onnx`. A float
    /// version (`model.float.onnx`, `<name>.float.onnx`) shares the same card.
    pub fn card(&self) -> Option<PathBuf> {
        let stem = self.path.file_stem()?.to_str()?;
        let name = stem.strip_suffix(".float").unwrap_or(stem);
        let place = self.path.with_file_name(if name == "model" { "card.md".to_owned() } else { format!("{name}.md") });
        Some(place).filter(|path| path.is_file())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn search() -> Search {
        Search { models: vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("models")], ..Search::default() }
    }

    #[test]
    fn bundled_models_say_what_they_are() {
        let search = search();
        let names = search.bundled();
        assert!(!names.is_empty());
        for name in names {
            let model = Description::read(&name, &search).expect("a model");
            let contract = model.parsed().expect("a contract").expect("a valid one");
            assert_eq!(contract.name, name);
            assert!(contract.license.is_some(), "{name}");
            let card = std::fs::read_to_string(model.card().expect("a card")).expect("text");
            assert!(card.starts_with(&format!("# {name}")), "{name}");
            assert_eq!(model.size, std::fs::metadata(&model.path).expect("a file").len());
        }
    }

    #[test]
    fn the_hash_is_the_files() {
        let folder = onnx_iqa_testkit::TempDir::new();
        let path = folder.path().join("x.onnx");
        std::fs::write(&path, "abc").expect("a file");
        let model = Description::read(path.to_str().expect("UTF-8"), &Search::default()).expect("a file");
        // FIPS 180-2: ba7816bf 8f01cfea 414140de …
        assert_eq!((model.hash.as_str(), model.size, model.contract), ("ba7816bf8f01", 3, None));
        let error = Description::read("nosuch", &search()).expect_err("no model");
        assert!(error.to_string().contains("metaiqa"), "{error}");
    }
}
