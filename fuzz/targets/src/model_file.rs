// SPDX-License-Identifier: MPL-2.0

//! ONNX files as far as they are read without ONNX Runtime: size, hash, the contract in the metadata.

use onnx_iqa::model::{Description, Search};
use std::sync::LazyLock;
use tempfile::TempDir;

static FOLDER: LazyLock<TempDir> = LazyLock::new(crate::scratch::folder);

/// Reads the bytes as a model's file.
pub fn run(data: &[u8]) {
    let path = FOLDER.path().join("model.onnx");
    std::fs::write(&path, data).expect("the file can be written");
    let path = path.to_str().expect("a path in UTF-8");
    if let Ok(description) = Description::read(path, &Search::default()) {
        assert_eq!(description.size, data.len() as u64);
        if let Some(Ok(contract)) = description.parsed() {
            contract.inputs.iter().for_each(crate::contract::prepare);
        }
    }
}
