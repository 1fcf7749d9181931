// SPDX-License-Identifier: MPL-2.0

//! The model that an element holds open from READY→PAUSED to PAUSED→READY.

use super::{Fields, ModelInfo, ModelSettings};
use crate::describe;
use gst::prelude::*;
use onnx_iqa::metrics::VmafModel;
use onnx_iqa::model::contract::Kind;
use onnx_iqa::model::{Model, Search};
use onnx_iqa::scorer::Scorer;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// An open model, for elements of one kind.
#[derive(Debug, Clone)]
pub struct Session {
    model: Arc<Model>,
    queue_size: usize,
}

impl Session {
    /// Opens the configured model, or shares it with another element that has opened it.
    ///
    /// # Errors
    /// If the model does not exist, ONNX Runtime or the provider is unavailable, or the model's kind does not match
    /// `kind`. The text is shown to the user.
    pub fn open(
        cat: gst::DebugCategory,
        element: &gst::Element,
        settings: &ModelSettings,
        kind: Kind,
    ) -> Result<Self, gst::ErrorMessage> {
        let name = &settings.model;
        let search = search(element);
        let model = settings
            .builder()
            .search(search)
            .open()
            .map_err(|error| gst::error_msg!(gst::ResourceError::OpenRead, ("{}", describe(&error))))?;
        let refusal = match (kind.compares(), model.contract().kind.compares()) {
            (false, true) => "needs a reference, which iqascore does not have: use iqacompare",
            (true, false) => "scores frames without a reference: use iqascore instead of iqacompare",
            _ => {
                gst::info!(cat, obj = element, "{name} runs on {}", model.active_provider());
                return Ok(Self { model, queue_size: settings.queue_size as usize });
            }
        };
        Err(gst::error_msg!(gst::LibraryError::Settings, ("the model {name} {refusal}")))
    }

    /// Creates a scorer with its own queue on the model.
    pub fn scorer(&self, batch_size: usize) -> Scorer {
        Scorer::with_queue(self.model.clone(), self.queue_size, batch_size)
    }

    /// Provider that runs the model, for the `active-provider` property.
    pub fn active_provider(&self) -> String {
        self.model.active_provider().to_string()
    }

    /// Describes the model for records and messages.
    pub fn model_info(&self) -> ModelInfo {
        let contract = self.model.contract();
        ModelInfo { model: contract.name.clone(), kind: contract.kind }
    }

    /// Fields that frames scored by the model carry.
    pub fn fields(&self) -> Fields {
        let output = &self.model.contract().output;
        let known = ["score", "raw"].into_iter().chain(output.attribute_names()).map(str::to_owned).collect();
        let model_hash = Some(self.model.hash().to_owned());
        Fields { known, raw_range: Some(output.curve.raw_range()), model_hash, ..Fields::default() }
    }
}

/// Opens a VMAF model from the model search path.
///
/// # Errors
/// If the model does not exist or needs unsupported features. The text is shown to the user.
pub fn open_vmaf(element: &gst::Element, name: &str) -> Result<VmafModel, gst::ErrorMessage> {
    let search = search(element);
    VmafModel::open(name, &search.models)
        .map_err(|error| gst::error_msg!(gst::ResourceError::OpenRead, ("{}", describe(&error))))
}

/// Search path for models and ONNX Runtime: the plugin's folder, or the program's folders if the plugin is linked
/// statically.
fn search(element: &gst::Element) -> Search {
    plugin_folder(element).map_or_else(Search::for_program, |folder| Search::from_env(Some(&folder)))
}

/// Folder of the plugin file; `None` if the plugin is linked statically.
fn plugin_folder(element: &gst::Element) -> Option<PathBuf> {
    let file = element.factory()?.plugin()?.filename()?;
    Some(file.parent().map_or_else(|| PathBuf::from("."), Path::to_path_buf))
}
