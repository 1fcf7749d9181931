// SPDX-License-Identifier: MPL-2.0

//! `iqa models`.

use crate::common::{Ran, iqa};
use serde_json::Value;
use std::path::{Path, PathBuf};

fn models() -> PathBuf {
    std::env::var_os("ONNX_IQA_MODEL_PATH").map(PathBuf::from).expect("make test sets it")
}

fn run(arguments: &[&str], code: i32) -> Ran {
    let folder = tempfile::tempdir().expect("a folder");
    // This must not need ONNX Runtime.
    let mut command = iqa(folder.path(), &["models"]);
    Ran::of(command.args(arguments).env("ORT_DYLIB_PATH", "/nowhere")).ended(code)
}

#[test]
fn all_models_are_listed_with_their_properties() {
    let listed = run(&["--json"], 0).json();
    let find = |name: &str| {
        let listed = listed.as_array().expect("an array");
        listed.iter().find(|model| model["name"] == name).unwrap_or_else(|| panic!("no {name}: {listed:#?}"))
    };
    for (name, kind) in [
        ("metaiqa", "no-reference"),
        ("mt-irn", "no-reference"),
        ("bpclip-nr", "no-reference"),
        ("bpclip-fr", "full-reference"),
    ] {
        let model = find(name);
        assert_eq!(model["kind"], kind, "{model}");
        let path = Path::new(model["path"].as_str().expect("a path"));
        assert_eq!(path, models().join(name).join("model.onnx"));
        assert_eq!(model["size"].as_u64(), std::fs::metadata(path).ok().map(|about| about.len()));
        assert!(model["licence"].is_string() && model["card"].is_string() && model["contract"].is_string(), "{name}");
        assert_eq!(model["model-hash"].as_str().map(str::len), Some(12));
    }
    let vmaf = find("vmaf_v0.6.1");
    assert_eq!((&vmaf["kind"], &vmaf["licence"]), (&Value::from("vmaf"), &Value::from("BSD-2-Clause-Patent")));
    let table = run(&[], 0).stdout;
    for word in
        ["name", "licence", "model-hash", "metaiqa", "bpclip-fr", "vmaf_v0.6.1neg", "12.4 MB", "vmaf_v1.0.16_3d0h"]
    {
        assert!(table.contains(word), "{word} is not in {table}");
    }
    assert!(!table.contains("cannot be used"), "{table}");
}

#[test]
fn an_unusable_model_is_listed_as_such() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(folder.path().join("vmaf")).expect("a folder in it");
    let known = std::fs::read_to_string(models().join("vmaf/vmaf_v0.6.1.json")).expect("a known model");
    let other = known.replace("feature_motion2_score", "feature_motion9_score");
    std::fs::write(folder.path().join("vmaf/other.json"), other).expect("another model");
    let mut command = iqa(folder.path(), &["models"]);
    let table = Ran::of(command.env("ONNX_IQA_MODEL_PATH", folder.path())).ended(0).stdout;
    assert!(table.contains("other") && table.contains("cannot be used: see `iqa models other`"), "{table}");
    let mut command = iqa(folder.path(), &["models", "other"]);
    let said = Ran::of(command.env("ONNX_IQA_MODEL_PATH", folder.path()));
    assert!(format!("{}{}", said.stdout, said.stderr).contains("motion9"), "{} {}", said.stdout, said.stderr);
}

#[test]
fn one_model_shows_its_contract_and_its_card() {
    let text = run(&["metaiqa"], 0).stdout;
    for word in ["--- contract ---", "kind = \"no-reference\"", "--- card ---", "# metaiqa", "model-hash: "] {
        assert!(text.contains(word), "{word} is not in {text}");
    }
    let path = models().join("metaiqa/model.onnx");
    assert_eq!(run(&[path.to_str().expect("UTF-8"), "--json"], 0).json()["name"], "metaiqa");
}

#[test]
fn an_unknown_name_lists_the_known_ones() {
    let said = run(&["metaiqq"], 2).stderr;
    for word in ["metaiqq", "metaiqa", "bpclip-fr", "vmaf_v0.6.1"] {
        assert!(said.contains(word), "{word} is not in {said}");
    }
}
