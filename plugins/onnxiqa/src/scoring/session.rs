// SPDX-License-Identifier: MPL-2.0

//! The model that an element has open from READY to PAUSED and back.

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
    /// Opens the model that the settings name, or shares the one that another element has open.
    ///
    /// # Errors
    /// When there is no such model, no runtime, the provider cannot be used, or the model takes a reference and those of
    /// this `kind` do not, or the other way round. The text is for users.
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
            (false, true) => "compares a picture with its reference; iqascore has none, iqacompare has",
            (true, false) => "judges a picture by itself; iqacompare compares two, iqascore scores one",
            _ => {
                gst::info!(cat, obj = element, "{name} runs on {}", model.active_provider());
                return Ok(Self { model, queue_size: settings.queue_size as usize });
            }
        };
        Err(gst::error_msg!(gst::LibraryError::Settings, ("the model {name} {refusal}")))
    }

    /// A user of the model, with a queue of its own.
    pub fn scorer(&self, batch_size: usize) -> Scorer {
        Scorer::with_queue(self.model.clone(), self.queue_size, batch_size)
    }

    /// The provider that really runs the model: the property `active-provider`.
    pub fn active_provider(&self) -> String {
        self.model.active_provider().to_string()
    }

    /// Which model scores, for what frames and messages say.
    pub fn model_info(&self) -> ModelInfo {
        let contract = self.model.contract();
        ModelInfo { model: contract.name.clone(), kind: contract.kind }
    }

    /// What the model says of a frame.
    pub fn fields(&self) -> Fields {
        let output = &self.model.contract().output;
        let attributes = output.attributes.iter().flat_map(|attributes| attributes.names.iter().cloned());
        let known = ["score", "raw"].map(str::to_owned).into_iter().chain(attributes).collect();
        let model_hash = Some(self.model.hash().to_owned());
        Fields { known, raw_range: Some(output.curve.raw_range()), model_hash, ..Fields::default() }
    }
}

/// Opens a model of VMAF, which is looked for where models are.
///
/// # Errors
/// When there is no such model, or it needs features that are not there. The text is for users.
pub fn open_vmaf(element: &gst::Element, name: &str) -> Result<VmafModel, gst::ErrorMessage> {
    let search = search(element);
    VmafModel::open(name, &search.models)
        .map_err(|error| gst::error_msg!(gst::ResourceError::OpenRead, ("{}", describe(&error))))
}

/// Where models and the runtime are looked for: beside the plugin's file, or, if the plugin is linked into a program,
/// where that has its files.
fn search(element: &gst::Element) -> Search {
    plugin_folder(element).map_or_else(Search::for_program, |folder| Search::from_env(Some(&folder)))
}

/// The folder of the plugin's file; none if the plugin is linked into a program.
fn plugin_folder(element: &gst::Element) -> Option<PathBuf> {
    let file = element.factory()?.plugin()?.filename()?;
    Some(file.parent().map_or_else(|| PathBuf::from("."), Path::to_path_buf))
}
