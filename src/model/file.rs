// SPDX-License-Identifier: MPL-2.0

//! A model's file: its hash, and the contract in it or beside it.

use std::path::{Path, PathBuf};

use prost::Message;

use super::error::ModelError;
use super::search::Search;
use crate::hash;

/// The metadata key of a contract.
pub(super) const METADATA: &str = "iqa.contract";

/// A model's file and the contract beside it.
pub(super) struct File {
    pub path: PathBuf,
    pub sidecar: Option<(PathBuf, String)>,
    /// The file's SHA-256.
    pub hash: [u8; 32],
    /// Whether the graph may keep tensors in other files.
    pub external: bool,
    bytes: Vec<u8>,
}

impl File {
    pub fn read(path: &Path, search: &Search) -> Result<Self, ModelError> {
        let unreadable = |path: &Path, cause: String| ModelError::Read {
            path: path.to_owned(),
            cause,
            bundled: search.bundled_text(),
        };
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let bytes = std::fs::read(&path).map_err(|error| unreadable(&path, error.to_string()))?;
        if bytes.is_empty() {
            return Err(unreadable(&path, "it is empty".to_owned()));
        }
        let mut sidecar = None;
        for place in sidecars(&path) {
            match std::fs::read_to_string(&place) {
                Ok(text) => {
                    sidecar = Some((place, text));
                    break;
                }
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => return Err(unreadable(&place, error.to_string())),
            }
        }
        // TensorProto.external_data is a list of keys, of which "location" is always one.
        let external = bytes.windows(8).any(|window| window == b"location");
        Ok(Self { path, sidecar, hash: hash::sha256(&bytes), external, bytes })
    }

    /// Whether its graph rounds intermediate results to 8 bits.
    pub fn is_quantized(&self) -> bool {
        self.bytes.windows(14).any(|window| window == b"QuantizeLinear")
    }

    /// Its length in bytes.
    pub fn len(&self) -> u64 {
        self.bytes.len() as u64
    }

    /// The contract beside the file, which takes precedence, or the one in it.
    pub fn contract(&self) -> Option<String> {
        let beside = self.sidecar.as_ref().map(|(_, text)| text.clone());
        beside.or_else(|| {
            let metadata = Metadata::decode(self.bytes.as_slice()).ok()?.entries;
            metadata.into_iter().find(|entry| entry.key == METADATA).map(|entry| entry.value)
        })
    }
}

/// Where a contract may be, relative to a model, in order.
fn sidecars(path: &Path) -> [PathBuf; 2] {
    let mut appended = path.as_os_str().to_owned();
    appended.push(".toml");
    [path.with_extension("toml"), PathBuf::from(appended)]
}

/// The part of ONNX's ModelProto that holds the metadata. Everything else is skipped.
#[derive(Message)]
struct Metadata {
    #[prost(message, repeated, tag = "14")]
    entries: Vec<Entry>,
}

/// ONNX's StringStringEntryProto.
#[derive(Message)]
struct Entry {
    #[prost(string, tag = "1")]
    key: String,
    #[prost(string, tag = "2")]
    value: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantized_graph_is_told_from_its_twin_in_float() -> Result<(), ModelError> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/metaiqa");
        for (name, quantized) in [("model.onnx", true), ("model.float.onnx", false)] {
            assert_eq!(File::read(&folder.join(name), &Search::default())?.is_quantized(), quantized, "{name}");
        }
        Ok(())
    }
}
