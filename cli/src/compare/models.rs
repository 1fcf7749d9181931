// SPDX-License-Identifier: MPL-2.0

//! Which files of models a comparison uses, and their hashes.

use super::settings::Settings;
use onnx_iqa::model::Search;
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};

/// Hashes of the models, as hexadecimal digits; none: it is not used, or built in.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Hashes {
    /// Of the model that scores.
    pub score: Option<String>,
    /// Of VMAF's model.
    pub vmaf: Option<String>,
}

impl Hashes {
    /// Reads the files.
    pub fn of(settings: &Settings) -> Self {
        let folders = Search::for_program().models;
        let find = |name: &str, extension: &str, places: [PathBuf; 2]| {
            let is_path = name.contains('/') || name.ends_with(extension);
            let in_folders = || folders.iter().flat_map(|folder| places.each_ref().map(|place| folder.join(place)));
            let file = if is_path { Some(PathBuf::from(name)) } else { in_folders().find(|path| path.is_file()) };
            hash(&file?)
        };
        let onnx = |name: &str| [PathBuf::from(format!("{name}.onnx")), Path::new(name).join("model.onnx")];
        let json = |name: &str| {
            let file = format!("{name}.json");
            [Path::new("vmaf").join(&file), PathBuf::from(file)]
        };
        let vmaf = settings.measures.names().any(|name| name == "vmaf").then_some(settings.vmaf_model.as_str());
        Self {
            score: settings.model.as_deref().and_then(|name| find(name, ".onnx", onnx(name))),
            vmaf: vmaf.and_then(|name| find(name, ".json", json(name))),
        }
    }
}

/// The SHA-256 of a file, in hexadecimal digits.
fn hash(file: &Path) -> Option<String> {
    let bytes = std::fs::read(file).ok()?;
    Some(Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect())
}

/// What reports tell a model's file by.
pub fn short(hash: &str) -> String {
    hash.chars().take(12).collect()
}
