// SPDX-License-Identifier: MPL-2.0

//! Opening models, and sharing open ones.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError, Weak};

use ort::session::Session;

use super::branch::{self, Branch, BranchFile};
use super::constant::ConstantTensor;
use super::contract::Contract;
use super::error::ModelError;
use super::file::{File, METADATA};
use super::graph::{GraphInfo, TensorInfo};
use super::provider::{Options, Provider};
use super::runtime::{Runtime, runtime};
use super::search::Search;
use super::session;

/// Models with equal keys are shared.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Key {
    /// The hash of the file.
    hash: [u8; 32],
    /// Its contract, if that is beside it.
    sidecar: Option<String>,
    /// Only for models with data in separate files, which the hash does not cover.
    path: Option<PathBuf>,
    provider: Provider,
    device_id: u32,
    threads: usize,
}

type Slot = Arc<Mutex<Weak<Model>>>;
static MODELS: LazyLock<Mutex<HashMap<Key, Slot>>> = LazyLock::new(Mutex::default);

/// An open model: its contract, and a session that runs it.
///
/// Shared within the process by all users that open the same model with the same provider, device and threads.
pub struct Model {
    path: PathBuf,
    hash: String,
    contract: Contract,
    graph: GraphInfo,
    branch: Option<Branch>,
    provider: Provider,
    session: Mutex<Session>,
    constants: Vec<ConstantTensor>,
}

impl std::fmt::Debug for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Model").field("path", &self.path).field("provider", &self.provider).finish_non_exhaustive()
    }
}

impl Model {
    /// Opens a bundled model by its name, or a model file by its path (a name that contains `/` or ends in `.onnx`).
    ///
    /// If a bundled model computes in 8-bit integers, providers that are faster in float run the float version beside
    /// it ([`path`](Self::path) and [`hash`](Self::hash) tell which one it is).
    ///
    /// # Errors
    /// When the file cannot be found, read or loaded, when its contract is missing, wrong or does not fit the graph,
    /// when the named provider cannot be used, or when ONNX Runtime is missing.
    pub fn open(name_or_path: &str, search: &Search, options: &Options) -> Result<Arc<Self>, ModelError> {
        let Some(path) = search.find(name_or_path) else {
            return Err(ModelError::Unknown { name: name_or_path.to_owned(), bundled: search.bundled_text() });
        };
        let file = File::read(&path, search)?;
        let runtime = runtime(&search.runtime)?;
        let mut last = None;
        for &provider in options.provider.candidates() {
            let named = options.provider == provider;
            if !named && !session::is_built_in(provider) {
                continue;
            }
            let fitting = Search::fitting(name_or_path, &path, provider);
            let other = (fitting != path).then(|| File::read(&fitting, search)).transpose()?;
            let chosen = other.as_ref().unwrap_or(&file);
            match open_shared(chosen, &runtime, provider, options, search) {
                Ok(model) => {
                    if !provider.has_integer_kernels() && chosen.is_quantized() {
                        log::warn!(
                            "{}: computes in 8-bit integers, for which {provider} has no kernels; it runs in float between \
                             roundings, and the CPU may take a part of it",
                            chosen.path.display()
                        );
                    }
                    if !named {
                        log::info!("{}: provider {provider}", path.display());
                    }
                    return Ok(model);
                }
                Err(error @ ModelError::Provider { .. }) if !named => {
                    log::info!("{}: {error}", path.display());
                    last = Some(error);
                }
                Err(error) => return Err(error),
            }
        }
        Err(last.unwrap_or(ModelError::Provider {
            provider: options.provider,
            reason: "the loaded ONNX Runtime has none to choose from".to_owned(),
        }))
    }

    /// What the model takes and gives.
    pub fn contract(&self) -> &Contract {
        &self.contract
    }

    /// The inputs and outputs of its graph.
    pub fn graph(&self) -> &GraphInfo {
        &self.graph
    }

    /// The graph that the reference's pictures go through first, if there is one.
    pub(crate) fn branch(&self) -> Option<&Branch> {
        self.branch.as_ref()
    }

    /// The input of that name that takes a picture, in the graph or in that of the reference branch.
    pub(crate) fn picture_input(&self, name: &str) -> Option<&TensorInfo> {
        let of_branch = || self.branch.as_ref()?.graph().input(name);
        self.graph.input(name).or_else(of_branch)
    }

    /// Its file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What identifies its file in summaries, logs and reports: the first 12 hexadecimal digits of its SHA-256; with a
    /// reference branch, of the SHA-256 of both files' hashes, one after the other.
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// The provider that actually runs it; never `Auto`.
    pub fn active_provider(&self) -> Provider {
        self.provider
    }

    /// How many pictures (crops, or frames of crops with `crops-axis = 1`) the graph takes at once, if that is fixed.
    ///
    /// A graph whose output has room for a single picture counts as fixed to 1.
    pub fn fixed_batch(&self) -> Option<usize> {
        let first = |tensor: &TensorInfo| tensor.dims.as_ref()?.first()?.fixed();
        let inputs = self.contract.inputs.iter().filter_map(|input| self.graph.input(&input.tensor));
        let outputs = self.output_names().into_iter().filter_map(|name| self.graph.output(name));
        inputs.filter_map(first).next().or_else(|| outputs.filter_map(first).find(|&size| size == 1))
    }

    /// The contract's constants, as tensors that are fed in addition to the pictures.
    pub fn constants(&self) -> &[ConstantTensor] {
        &self.constants
    }

    /// The outputs that the contract refers to, each once: the score's, then the others.
    pub fn output_names(&self) -> Vec<&str> {
        self.contract.output.tensors()
    }

    /// The session, locked: one inference runs at a time.
    pub(crate) fn session(&self) -> MutexGuard<'_, Session> {
        self.session.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn open_shared(
    file: &File,
    runtime: &Runtime,
    provider: Provider,
    options: &Options,
    search: &Search,
) -> Result<Arc<Model>, ModelError> {
    let branch = BranchFile::read(&file.path, file.contract().as_deref(), search)?;
    let external = file.external || branch.as_ref().is_some_and(BranchFile::external);
    let key = Key {
        hash: branch.as_ref().map_or(file.hash, |branch| branch.hash_with(&file.hash)),
        sidecar: file.sidecar.as_ref().map(|(_, text)| text.clone()),
        path: external.then(|| file.path.clone()),
        provider,
        device_id: if provider == Provider::Cpu { 0 } else { options.device_id },
        threads: options.threads,
    };
    let slot = {
        let mut models = MODELS.lock().unwrap_or_else(PoisonError::into_inner);
        // A slot that another thread is waiting for is kept alive by that thread.
        models.retain(|_, slot| Arc::strong_count(slot) > 1 || slot.try_lock().is_ok_and(|m| m.strong_count() > 0));
        models.entry(key).or_default().clone()
    };
    // Held while the model loads, so that a second user of the same model waits, and no one else does.
    let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(model) = slot.upgrade() {
        return Ok(model);
    }
    let opened = catch_unwind(AssertUnwindSafe(|| load(file, branch.as_ref(), runtime, provider, options, search)));
    let model = opened.unwrap_or_else(|panic| {
        Err(ModelError::Internal { path: file.path.clone(), cause: crate::panic::panic_text(&*panic) })
    })?;
    let model = Arc::new(model);
    *slot = Arc::downgrade(&model);
    Ok(model)
}

fn load(
    file: &File,
    branch_file: Option<&BranchFile>,
    runtime: &Runtime,
    provider: Provider,
    options: &Options,
    search: &Search,
) -> Result<Model, ModelError> {
    let path = &file.path;
    let session =
        session::open(runtime, path, provider, options).map_err(|error| error.of_model(path, provider, search))?;
    let graph = GraphInfo::new(session.inputs(), session.outputs());
    let (place, text) = match &file.sidecar {
        Some((place, text)) => (place.display().to_string(), text.clone()),
        None => match session.metadata().ok().and_then(|metadata| metadata.custom(METADATA)) {
            Some(text) => ("the ONNX metadata (iqa.contract)".to_owned(), text),
            None => {
                return Err(ModelError::NoContract {
                    path: path.clone(),
                    sidecar: path.with_extension("toml"),
                    inputs: super::graph::names(&graph.inputs),
                    outputs: super::graph::names(&graph.outputs),
                });
            }
        },
    };
    let branch = branch_file.map(|file| Branch::open(file, runtime, provider, options, search)).transpose()?;
    let contract = branch::contract(&text, &graph, branch.as_ref()).map_err(|source| ModelError::Contract {
        path: path.clone(),
        place,
        source: Box::new(source),
    })?;
    // The check has established that each of them fits.
    let constants = contract.constants.iter().filter_map(|constant| ConstantTensor::new(&contract, &graph, constant));
    let constants = constants.collect();
    let hash = crate::hash::short(&branch_file.map_or(file.hash, |branch| branch.hash_with(&file.hash)));
    let (path, session) = (path.clone(), Mutex::new(session));
    Ok(Model { path, hash, contract, graph, branch, provider, session, constants })
}
