// SPDX-License-Identifier: MPL-2.0

//! Which files of models a comparison uses, by their hashes.

use super::settings::Settings;
use onnx_iqa::metrics::VmafModel;
use onnx_iqa::model::{Description, Search};

/// What tells the models from others; none: it is not used.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Hashes {
    /// Of the model that scores: its file's hash, and its contract, which may lie in a file beside it.
    pub score: Option<String>,
    /// The hash of VMAF's model.
    pub vmaf: Option<String>,
}

impl Hashes {
    /// Reads the files.
    ///
    /// # Errors
    /// When one cannot be read.
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
