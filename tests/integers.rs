// SPDX-License-Identifier: MPL-2.0

//! Bundled models in 8-bit integers: they run in integers, and have the same contract as those in float.

use anyhow::{Context, Result, anyhow, ensure};
use onnx_iqa::model::{Description, Model, Provider, Search, environment};
use onnx_iqa_testkit as kit;
use ort::session::Session;
use std::path::{Path, PathBuf};

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("models").join(name)
}

/// The number of each operator in the graph that ONNX Runtime optimizes `model` to on this processor.
fn running(model: &Path) -> Result<impl Fn(&str) -> usize + use<>> {
    let folder = kit::TempDir::new();
    let optimized = folder.path().join("optimized.onnx");
    Session::builder(&environment(None)?)?
        .with_optimized_model_path(&optimized)
        .map_err(|error| anyhow!("{error}"))?
        .commit_from_file(model)?;
    let operators = kit::operators(&optimized);
    ensure!(!operators.is_empty(), "{}: an empty graph", model.display());
    Ok(move |name: &str| operators.iter().filter(|operator| *operator == name).count())
}

#[test]
fn the_convolutions_of_metaiqa_run_in_integers() -> Result<()> {
    let count = running(&folder("metaiqa").join("model.onnx"))?;
    // All but the first, which has three input channels.
    assert_eq!((count("QLinearConv"), count("Conv"), count("FusedConv")), (19, 1, 0));
    assert_eq!(count("QLinearAdd"), 8);
    assert_eq!((count("QuantizeLinear"), count("DequantizeLinear")), (1, 1), "no conversion to float in between");

    let count = running(&folder("metaiqa").join("model.float.onnx"))?;
    assert_eq!((count("QLinearConv") + count("ConvInteger"), count("Conv") + count("FusedConv")), (0, 20));
    Ok(())
}

#[test]
fn a_model_and_its_twin_in_float_have_one_contract() -> Result<()> {
    let said = |file: &str| -> Result<String> {
        let path = folder("metaiqa").join(file).display().to_string();
        Description::read(&path, &Search::default())?.contract.with_context(|| format!("{path}: no contract"))
    };
    assert_eq!(said("model.onnx")?, said("model.float.onnx")?);
    Ok(())
}

#[test]
fn the_name_opens_the_file_for_the_processor() -> Result<()> {
    let mut search = Search::from_env(None);
    search.models = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("models")];
    let model = Model::builder("metaiqa").search(search).provider(Provider::Cpu).threads(1).open()?;
    let file = if cfg!(target_arch = "x86_64") { "model.onnx" } else { "model.float.onnx" };
    assert_eq!(model.path(), folder("metaiqa").join(file));
    Ok(())
}
