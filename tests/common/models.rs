// SPDX-License-Identifier: MPL-2.0

//! Models for tests.

use std::path::Path;
use std::sync::Arc;

use onnx_iqa::model::{Model, ModelError, Provider};
use onnx_iqa::scorer::Scorer;
use onnx_iqa_testkit as kit;

/// The model at `path` on the CPU. Without ONNX Runtime, the test fails with instructions.
#[track_caller]
pub fn open(path: &Path) -> Arc<Model> {
    open_with(path, 1)
}

/// [`open`] with this number of threads.
#[track_caller]
pub fn open_with(path: &Path, threads: usize) -> Arc<Model> {
    try_open(path, threads).unwrap_or_else(|error| panic!("{}", kit::chain(&error)))
}

/// The model at `path` on the CPU, or the error.
pub fn try_open(path: &Path, threads: usize) -> Result<Arc<Model>, ModelError> {
    Model::builder(path.to_string_lossy()).provider(Provider::Cpu).threads(threads).open()
}

/// A scorer with its own queue for the model at `path`.
#[track_caller]
pub fn scorer(path: &Path) -> Scorer {
    Scorer::with_queue(open(path), 4, 1)
}
