//! Scoring on small models with known arithmetic.

use std::path::Path;
use std::sync::Arc;

use onnx_iqa::model::{Model, ModelError, Options, Provider, Search};
use onnx_iqa::picture::OwnedFrame;
use onnx_iqa::scorer::{Score, ScoreError, Scorer};
use onnx_iqa_testkit as kit;

fn open(path: &Path) -> Arc<Model> {
    try_open(path).unwrap_or_else(|error| panic!("{error}"))
}

fn try_open(path: &Path) -> Result<Arc<Model>, ModelError> {
    let options = Options { provider: Provider::Cpu, device_id: 0, threads: 1 };
    Model::open(&path.to_string_lossy(), &Search::from_env(None), &options)
}

/// A picture of one colour.
fn flat(width: u32, height: u32, rgb: [u8; 3]) -> Box<OwnedFrame> {
    Box::new(OwnedFrame::rgb(width, height, rgb.repeat((width * height) as usize)))
}

#[track_caller]
fn near(actual: f64, expected: f64) {
    assert!((actual - expected).abs() < 1e-3, "{actual} is not {expected}");
}

#[test]
fn mean_of_a_flat_picture() {
    let dir = kit::TempDir::new();
    let model = open(&kit::mean_model(dir.path(), "mean"));
    let scorer = Scorer::new(model, 4, 1);
    let score = scorer.score(flat(16, 9, [51, 102, 153]), None).unwrap();
    near(score.raw, 0.4);
    near(score.score, 40.0);
}
