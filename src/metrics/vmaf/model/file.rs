// SPDX-License-Identifier: MPL-2.0

//! A model's file, in libvmaf's JSON format.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::super::error::ModelErrorKind;
use super::super::svm::Svm;
use super::features::{Feature, features};
use super::transform::TransformDict;
use super::{Correction, Line, VmafModel};

/// A model's file.
#[derive(Deserialize)]
pub struct File {
    pub model_dict: ModelDict,
}

#[derive(Deserialize)]
pub struct ModelDict {
    model_type: String,
    norm_type: String,
    model: String,
    feature_names: Vec<String>,
    #[serde(default)]
    feature_opts_dicts: Vec<BTreeMap<String, Value>>,
    #[serde(default)]
    slopes: Vec<f64>,
    #[serde(default)]
    intercepts: Vec<f64>,
    #[serde(default)]
    score_transform: Option<TransformDict>,
    #[serde(default)]
    score_clip: Option<[f64; 2]>,
    #[serde(default)]
    chroma_correction_parameter: Option<f64>,
}

impl ModelDict {
    pub fn model(self, name: &str, hash: String) -> Result<VmafModel, ModelErrorKind> {
        let wrong = |what: String| Err(ModelErrorKind::Inconsistent(what));
        if self.model_type != "LIBSVMNUSVR" {
            return wrong(format!("model_type is `{}`: only LIBSVMNUSVR is known", self.model_type));
        }
        let (features, wanted) =
            features(&self.feature_names, &self.feature_opts_dicts).map_err(ModelErrorKind::Features)?;
        let count = features.len();
        if count == 0 {
            return wrong("feature_names is empty".to_owned());
        }
        let lines = match self.norm_type.as_str() {
            "none" => vec![Line { slope: 1.0, intercept: 0.0 }; count + 1],
            "linear_rescale" if self.slopes.len() == count + 1 && self.intercepts.len() == count + 1 => {
                let lines = self.slopes.iter().zip(&self.intercepts);
                lines.map(|(&slope, &intercept)| Line { slope, intercept }).collect()
            }
            "linear_rescale" => {
                return wrong(format!("slopes and intercepts must have {} numbers for {count} features", count + 1));
            }
            other => return wrong(format!("norm_type is `{other}`: only linear_rescale and none are known")),
        };
        let svm = Svm::parse(&self.model, count)?;
        let correction = self.correction(&features)?;
        let transform = self.score_transform.map(TransformDict::transform).transpose()?.flatten();
        let (output, inputs) = (lines[0], features.into_iter().zip(lines[1..].iter().copied()).collect());
        let (name, clip) = (name.to_owned(), self.score_clip);
        Ok(VmafModel { name, hash, inputs, output, wanted, svm, correction, transform, clip })
    }

    /// The correction of chroma, if the model has one.
    fn correction(&self, features: &[Feature]) -> Result<Option<Correction>, ModelErrorKind> {
        let Some(parameter) = self.chroma_correction_parameter else { return Ok(None) };
        let place = |wanted: Feature| features.iter().position(|&feature| feature == wanted);
        match (place(Feature::Adm3), place(Feature::SpeedChroma)) {
            (Some(adm), Some(chroma)) => Ok(Some(Correction { parameter, adm, chroma })),
            _ => Err(ModelErrorKind::Inconsistent(
                "chroma_correction_parameter is there without the features adm3 and speed_chroma_uv".to_owned(),
            )),
        }
    }
}
