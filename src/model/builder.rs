// SPDX-License-Identifier: MPL-2.0

//! Opening a model, option by option.

use std::sync::Arc;

use super::error::ModelError;
use super::loader::Model;
use super::provider::{Options, Provider};
use super::search::Search;

/// The model to open and its options; see [`Model::builder`].
#[derive(Debug, Clone)]
#[must_use = "nothing is opened before `open`"]
pub struct ModelBuilder {
    name_or_path: String,
    options: Options,
    search: Option<Search>,
}

impl Model {
    /// Starts opening a bundled model by its name, or a model file by its path (a name that contains `/` or ends in
    /// `.onnx`).
    ///
    /// By default the model runs on [`Provider::Auto`] with one thread per core, and is searched for where the
    /// environment says ([`Search::from_env`]).
    ///
    /// ```no_run
    /// use onnx_iqa::model::{Model, Provider};
    ///
    /// let model = Model::builder("metaiqa").provider(Provider::Cpu).threads(2).open()?;
    /// # Ok::<(), onnx_iqa::model::ModelError>(())
    /// ```
    pub fn builder(name_or_path: impl Into<String>) -> ModelBuilder {
        ModelBuilder { name_or_path: name_or_path.into(), options: Options::default(), search: None }
    }
}

impl ModelBuilder {
    /// The execution provider. One that cannot be used is an error of [`open`](Self::open), never a silent fallback.
    pub fn provider(mut self, provider: Provider) -> Self {
        self.options.provider = provider;
        self
    }

    /// The GPU to use, from 0.
    pub fn device_id(mut self, device_id: u32) -> Self {
        self.options.device_id = device_id;
        self
    }

    /// ONNX Runtime's intra-op threads; 0 = one per core.
    pub fn threads(mut self, threads: usize) -> Self {
        self.options.threads = threads;
        self
    }

    /// Where to search for bundled models and the runtime.
    pub fn search(mut self, search: Search) -> Self {
        self.search = Some(search);
        self
    }

    /// Opens the model, or shares the one that this process has already opened with the same options.
    ///
    /// # Errors
    /// Those of [`Model::open`].
    pub fn open(self) -> Result<Arc<Model>, ModelError> {
        let search = self.search.unwrap_or_else(|| Search::from_env(None));
        Model::open(&self.name_or_path, &search, &self.options)
    }
}
