// SPDX-License-Identifier: MPL-2.0

//! State between READY→PAUSED and PAUSED→READY: the model, if any, and the measures.

use super::category::CAT;
use super::settings::Settings;
use crate::scoring::{Fields, ModelInfo, NO_MODEL, Session};
use onnx_iqa::metrics::NoReferenceMeasures;
use onnx_iqa::model::contract::Kind;
use onnx_iqa::scorer::NoReferenceScorer;

/// The open model and the measures.
pub struct Opened {
    model: Option<Session>,
    measures: NoReferenceMeasures,
}

impl Opened {
    /// Opens what the settings require.
    ///
    /// # Errors
    /// If neither a model nor a measure is set, or the model cannot be opened. The text is shown to the user.
    pub fn new(element: &gst::Element, settings: &Settings) -> Result<Self, gst::ErrorMessage> {
        let measures = NoReferenceMeasures::from(settings.measures);
        let model = match settings.model.has_model() {
            true => Some(Session::open(*CAT, element, &settings.model, Kind::NoReference)?),
            false if measures.any() => None,
            false => {
                return Err(gst::error_msg!(
                    gst::LibraryError::Settings,
                    ("nothing to score: model is none and measures is empty; set model or measures")
                ));
            }
        };
        Ok(Self { model, measures })
    }

    /// Creates the scorer that frames are submitted to.
    ///
    /// # Errors
    /// If no thread can be started. The text is shown to the user.
    pub fn scorer(&self, settings: &Settings) -> Result<NoReferenceScorer, gst::ErrorMessage> {
        let scorer = self.model.as_ref().map(|model| model.scorer(settings.batch_size as usize));
        let threads = settings.model.threads as usize;
        NoReferenceScorer::new(scorer, self.measures, threads, settings.model.queue_size as usize).map_err(|error| {
            gst::error_msg!(gst::ResourceError::Failed, ("cannot start the thread for measures: {error}"))
        })
    }

    /// Provider that runs the model, if there is one.
    pub fn active_provider(&self) -> Option<String> {
        self.model.as_ref().map(Session::active_provider)
    }

    /// Describes the model for records and messages.
    pub fn model_info(&self) -> ModelInfo {
        let none = || ModelInfo { model: NO_MODEL.into(), kind: Kind::NoReference };
        self.model.as_ref().map_or_else(none, Session::model_info)
    }

    /// Fields that scored frames carry.
    pub fn fields(&self) -> Fields {
        let mut fields = self.model.as_ref().map(Session::fields).unwrap_or_default();
        fields.known.extend(self.measures.fields().map(|field| field.name.to_owned()));
        fields
    }
}
