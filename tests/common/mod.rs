// SPDX-License-Identifier: MPL-2.0

//! What several test files need.
#![allow(dead_code, reason = "not every test file needs all of it")]

use std::path::Path;
use std::sync::Arc;

use onnx_iqa::model::{Model, ModelError, Options, Provider, Search};
use onnx_iqa::picture::OwnedFrame;
use onnx_iqa::scorer::Scorer;

/// The model at `path` on the CPU; without ONNX Runtime the test fails with what to do.
#[track_caller]
pub fn open(path: &Path) -> Arc<Model> {
    open_with(path, 1)
}

/// [`open`] with so many threads.
#[track_caller]
pub fn open_with(path: &Path, threads: usize) -> Arc<Model> {
    try_open(path, threads).unwrap_or_else(|error| panic!("{error}"))
}

/// The model at `path` on the CPU, or why not.
pub fn try_open(path: &Path, threads: usize) -> Result<Arc<Model>, ModelError> {
    let options = Options { provider: Provider::Cpu, device_id: 0, threads };
    Model::open(&path.to_string_lossy(), &Search::from_env(None), &options)
}

/// A scorer of its own for the model at `path`.
#[track_caller]
pub fn scorer(path: &Path) -> Scorer {
    Scorer::new(open(path), 4, 1)
}

/// A picture of one color.
pub fn flat(width: u32, height: u32, rgb: [u8; 3]) -> Box<OwnedFrame> {
    Box::new(OwnedFrame::rgb(width, height, rgb.repeat((width * height) as usize)))
}

/// Equal to within single precision.
#[track_caller]
pub fn near(actual: f64, expected: f64) {
    assert!((actual - expected).abs() < 1e-4 * expected.abs().max(1.0), "{actual} is not {expected}");
}
