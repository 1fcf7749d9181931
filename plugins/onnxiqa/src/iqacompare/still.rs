// SPDX-License-Identifier: MPL-2.0

//! Effects of `alignment=still` on other properties.

use super::settings::{Registration, Scale, Settings};
use crate::scoring::ModelInfo;
use onnx_iqa::model::contract::Kind;
use onnx_iqa::record::{Cure, Finding};

/// Settings that have no effect or limit the significance of scores with `alignment=still`. `model`: the scoring model,
/// if any.
pub(super) fn doubts(settings: &Settings, model: Option<&ModelInfo>) -> Vec<Finding> {
    if !settings.is_still() {
        return Vec::new();
    }
    let finding = |kind: &str, cause: String, cure: &str| Finding::new(kind, cause, Cure::Advice(cure.to_owned()));
    let mut doubts = Vec::new();
    match model {
        None => doubts.push(finding(
            "still-without-model",
            "alignment=still disables the measures and no model is set: nothing is scored".to_owned(),
            "set model to a reduced-reference model",
        )),
        Some(ModelInfo { model, kind: Kind::FullReference }) => doubts.push(finding(
            "still-full-reference",
            format!(
                "the full-reference model {model} expects the original picture as reference, but with alignment=still \
                 the reference may show something else"
            ),
            "use a reduced-reference model, or make sure that the reference shows the same as each frame",
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
                "alignment=still disables measures, scaling and registration, because the pictures may show different \
                 things; properties without effect: {}",
                unused.join(", ")
            ),
            "leave them out, or set alignment=auto if both streams show the same",
        ));
    }
    doubts
}
