// SPDX-License-Identifier: MPL-2.0

//! What `alignment=still` makes of the other properties.

use super::settings::{Registration, Scale, Settings};
use crate::scoring::ModelInfo;
use onnx_iqa::model::contract::Kind;
use onnx_iqa::record::{Cure, Finding};

/// What of the settings does nothing, or makes scores doubtful, where references stand for frames whatever they show.
/// `model` is the one that scores, if there is one.
pub(super) fn doubts(settings: &Settings, model: Option<&ModelInfo>) -> Vec<Finding> {
    if !settings.is_still() {
        return Vec::new();
    }
    let finding = |kind: &str, cause: String, cure: &str| Finding::new(kind, cause, Cure::Advice(cure.to_owned()));
    let mut doubts = Vec::new();
    match model {
        None => doubts.push(finding(
            "still-without-model",
            "alignment=still takes no measures, and there is no model: nothing is scored".to_owned(),
            "set model to a reduced-reference one",
        )),
        Some(ModelInfo { model, kind: Kind::FullReference }) => doubts.push(finding(
            "still-full-reference",
            format!(
                "the model {model} compares a picture with its own original; with alignment=still the reference may \
                 show something else"
            ),
            "use a reduced-reference model, or make sure that the reference shows what each frame shows",
        )),
        Some(_) => {}
    }
    let unused = [
        ("measures", settings.measures.is_some_and(|measures| measures.0.any())),
        ("registration", settings.registration != Registration::None),
        ("scale", settings.scale != Scale::default()),
    ];
    let unused: Vec<_> = unused.into_iter().filter(|(_, is_set)| *is_set).map(|(name, _)| name).collect();
    if !unused.is_empty() {
        doubts.push(finding(
            "still-unused",
            format!(
                "alignment=still measures, scales and registers nothing, as the two pictures may show different things: \
                 {} does nothing",
                unused.join(", ")
            ),
            "leave it out, or set alignment=auto if both show the same",
        ));
    }
    doubts
}
