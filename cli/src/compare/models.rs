// SPDX-License-Identifier: MPL-2.0

//! Identifies the models used by a comparison by their hashes.

use super::settings::Settings;
use onnx_iqa::metrics::{VmafModel, VmafModelError, VmafModelErrorKind};
use onnx_iqa::model::{Description, Search};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// Hashes of the models; `None` if not used.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Hashes {
    /// Hash of the scoring model's file, and its contract, which may be in a separate file.
    pub score: Option<String>,
    /// Hash of the VMAF model.
    pub vmaf: Option<String>,
}

impl Hashes {
    /// Hashes the model files.
    ///
    /// # Errors
    /// If a file cannot be read.
    pub fn of(settings: &Settings) -> anyhow::Result<Self> {
        let search = Search::for_program();
        let score = settings.model.as_deref().map(|name| Description::read(name, &search));
        let uses_vmaf = settings.measures.names().any(|name| name == "vmaf");
        let vmaf = uses_vmaf.then(|| VmafModel::open(&settings.vmaf_model, &search.models));
        Ok(Self {
            score: score.transpose()?.map(|model| format!("{} {:?}", model.hash, model.contract)),
            vmaf: vmaf.transpose().map_err(named_once)?.map(|model| model.hash().to_owned()),
        })
    }
}

/// An error of a VMAF model. One that is given by its path is not named twice.
fn named_once(error: VmafModelError) -> anyhow::Error {
    match &error.kind {
        VmafModelErrorKind::Io { path, error: cause } if path == Path::new(&error.name) => {
            anyhow::anyhow!("the VMAF model {} cannot be read: {cause}", error.name)
        }
        _ => error.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_is_named_once() {
        let search = Search::for_program();
        let error = |name: &str| format!("{:#}", named_once(VmafModel::open(name, &search.models).unwrap_err()));
        let text = error("/nowhere/x.json");
        assert!(text.starts_with("the VMAF model /nowhere/x.json cannot be read: No such file"), "{text}");
        assert!(error("x").starts_with("the VMAF model x: is not known"), "{}", error("x"));
    }
}
