// SPDX-License-Identifier: MPL-2.0

//! Opening models: names, paths, bad files, providers.

mod common;

use std::path::Path;
use std::sync::Arc;

use common::{open, try_open};
use onnx_iqa::model::{Model, ModelError, Provider, Search};
use onnx_iqa_testkit as kit;

/// The model at `path`, run by `provider`.
fn open_on(path: &Path, provider: Provider) -> Result<Arc<Model>, ModelError> {
    Model::builder(path.to_string_lossy()).provider(provider).threads(1).open()
}

#[track_caller]
fn error(result: Result<Arc<Model>, ModelError>, words: &[&str]) -> ModelError {
    let error = match result {
        Ok(model) => panic!("opened: {model:?}"),
        Err(error) => error,
    };
    let text = kit::chain(&error);
    for word in words {
        assert!(text.contains(word), "no {word:?} in {text:?}");
    }
    assert!(!text.contains('\n'), "{text:?}");
    error
}

#[test]
fn bundled_models_by_name() {
    let (first, second) = (kit::TempDir::new(), kit::TempDir::new());
    kit::mean_model_with(first.path(), "alpha", &kit::NR_CONTRACT.replace("\"mean\"", "\"first\""));
    kit::mean_model(second.path(), "alpha");
    std::fs::create_dir(second.path().join("beta")).unwrap();
    kit::mean_model(&second.path().join("beta"), "model");
    std::fs::create_dir(second.path().join("training")).unwrap();
    let mut search = Search::from_env(None);
    search.models = vec![first.path().into(), second.path().into(), "/nonexistent".into()];
    assert_eq!(search.bundled(), ["alpha", "beta"]);
    let open = |name: &str| Model::builder(name).search(search.clone()).provider(Provider::Cpu).threads(1).open();
    assert_eq!(open("alpha").unwrap().contract().name, "first");
    assert!(open("beta").unwrap().path().ends_with("beta/model.onnx"));
    for name in ["gamma", "", "training", "..", "alpha.toml"] {
        let error = error(open(name), &["bundled models: alpha, beta"]);
        assert!(matches!(error, ModelError::Unknown { .. }), "{name}: {error}");
    }
}

#[test]
fn folders_that_are_searched_for_models() {
    let search = Search::from_env(Some(Path::new("/usr/lib/gst")));
    assert_eq!(search.models.last().unwrap(), Path::new("/usr/lib/gst/onnxiqa-models"));
    assert_eq!(search.runtime, [Path::new("/usr/lib/gst")]);
}

#[test]
fn files_that_are_not_models() {
    let dir = kit::TempDir::new();
    let at = |name: &str| dir.path().join(name);
    kit::mean_model(dir.path(), "good");
    let good = std::fs::read(at("good.onnx")).unwrap();
    std::fs::write(at("empty.onnx"), []).unwrap();
    std::fs::write(at("text.onnx"), "this is no model").unwrap();
    std::fs::write(at("cut.onnx"), &good[..good.len() / 2]).unwrap();
    std::fs::create_dir(at("folder.onnx")).unwrap();

    let missing = error(try_open(&at("missing.onnx"), 1), &["missing.onnx", "No such file", "bundled"]);
    assert!(matches!(missing, ModelError::Read { .. }));
    error(try_open(&at("folder.onnx"), 1), &["folder.onnx", "directory"]);
    error(try_open(&at("empty.onnx"), 1), &["empty.onnx", "empty"]);
    for name in ["text.onnx", "cut.onnx"] {
        let error = error(try_open(&at(name), 1), &[name, "ONNX Runtime cannot load", "bundled"]);
        assert!(matches!(error, ModelError::Load { .. }));
        // `auto` reports the model as the cause, not a provider.
        let auto = open_on(&at(name), Provider::Auto);
        assert!(matches!(auto, Err(ModelError::Load { .. })), "{auto:?}");
    }
}

#[test]
fn the_error_of_a_missing_contract_explains_how_to_write_one() {
    let dir = kit::TempDir::new();
    let path = kit::mean_graph(kit::Element::Float, "N 3 H W").write(dir.path(), "bare");
    let words = ["bare.onnx", "no contract", "bare.toml", "iqa.contract", "\"x\"", "\"y\""];
    assert!(matches!(error(try_open(&path, 1), &words), ModelError::NoContract { .. }));
    // A model from elsewhere needs nothing more.
    std::fs::write(dir.path().join("bare.toml"), kit::NR_CONTRACT).unwrap();
    assert_eq!(open(&path).contract().name, "mean");
}

#[test]
fn a_wrong_sidecar_is_named() {
    let dir = kit::TempDir::new();
    let path = kit::mean_model(dir.path(), "model");
    std::fs::write(dir.path().join("model.toml"), "contract = 1\nkind = 3\n").unwrap();
    error(try_open(&path, 1), &["model.onnx", "model.toml", "line 2"]);
    std::fs::write(dir.path().join("model.toml"), [0xff, 0xfe]).unwrap();
    error(try_open(&path, 1), &["model.toml", "UTF-8"]);
}

/// Without a GPU, or with a runtime without CUDA, this is an error; there is no fallback.
#[test]
fn a_named_provider_works_or_is_an_error() {
    let dir = kit::TempDir::new();
    let path = kit::mean_model(dir.path(), "model");
    open(&path);
    for provider in [Provider::Cuda, Provider::TensorRt, Provider::OpenVino] {
        match open_on(&path, provider) {
            Ok(model) => assert_eq!(model.active_provider(), provider),
            Err(ModelError::Provider { provider: named, reason }) => {
                assert_eq!(named, provider);
                assert!(!reason.is_empty());
                assert_eq!(reason.contains("compiled without it"), !provider.is_compiled_in(), "{reason}");
                kit::skipped(&format!("a model on the provider {provider}: {reason}"));
            }
            Err(error) => panic!("{}", kit::chain(&error)),
        }
    }
    let auto = open_on(&path, Provider::Auto).unwrap();
    assert!(matches!(auto.active_provider(), Provider::Cuda | Provider::OpenVino | Provider::Cpu));
}

#[test]
fn names_of_providers() {
    for provider in Provider::ALL {
        assert_eq!(provider.to_string().parse(), Ok(provider));
    }
    let error = "gpu".parse::<Provider>().unwrap_err().to_string();
    assert!(error.contains("\"gpu\"") && error.contains("openvino"), "{error}");
}
