// SPDX-License-Identifier: MPL-2.0

//! Identifies the models used by a comparison by their hashes.

use super::settings::Settings;
use onnx_iqa::metrics::VmafModel;
use onnx_iqa::model::{Description, Search};
use serde::{Deserialize, Serialize};

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
            vmaf: vmaf.transpose()?.map(|model| model.hash().to_owned()),
        })
    }
}
