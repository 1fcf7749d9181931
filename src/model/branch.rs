// SPDX-License-Identifier: MPL-2.0

//! The reference branch of a full-reference model: a graph of its own, which runs once for a reference that several
//! pictures are compared with.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use ort::session::Session;

use super::contract::{Contract, ContractError};
use super::error::ModelError;
use super::file::File;
use super::graph::GraphInfo;
use super::provider::{Options, Provider};
use super::runtime::Runtime;
use super::search::Search;
use super::session;

/// The branch's file.
pub(super) struct BranchFile {
    file: File,
}

impl BranchFile {
    /// The file that the contract of the model at `path` names, if any. Errors in the contract are reported when it is
    /// read in full.
    pub fn read(path: &Path, contract: Option<&str>, search: &Search) -> Result<Option<Self>, ModelError> {
        let contract = contract.and_then(|text| Contract::parse(text).ok());
        let Some(name) = contract.and_then(|contract| contract.reference_model) else { return Ok(None) };
        let file = File::read(&beside(path, &name), search)?;
        Ok(Some(Self { file }))
    }

    /// The hash that identifies both files together.
    pub fn hash_with(&self, hash: &[u8; 32]) -> [u8; 32] {
        crate::hash::sha256(&[&hash[..], &self.file.hash[..]].concat())
    }

    /// Whether the graph may keep tensors in other files.
    pub fn external(&self) -> bool {
        self.file.external
    }
}

fn beside(path: &Path, name: &str) -> PathBuf {
    path.with_file_name(name)
}

/// An open reference branch.
pub(crate) struct Branch {
    /// Distinguishes it from all others opened in this process.
    number: u64,
    graph: GraphInfo,
    session: Mutex<Session>,
}

impl Branch {
    pub(super) fn open(
        file: &BranchFile,
        runtime: &Runtime,
        provider: Provider,
        options: &Options,
        search: &Search,
    ) -> Result<Self, ModelError> {
        static NUMBERS: AtomicU64 = AtomicU64::new(0);
        let path = &file.file.path;
        let session =
            session::open(runtime, path, provider, options).map_err(|error| error.of_model(path, provider, search))?;
        let graph = GraphInfo::new(session.inputs(), session.outputs());
        let number = NUMBERS.fetch_add(1, Ordering::Relaxed);
        Ok(Self { number, graph, session: Mutex::new(session) })
    }

    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    pub(crate) fn graph(&self) -> &GraphInfo {
        &self.graph
    }

    /// The outputs that are inputs of the model, in the model's order.
    pub(crate) fn features<'a>(&'a self, model: &'a GraphInfo) -> impl Iterator<Item = &'a str> {
        let names = model.inputs.iter().map(|input| input.name.as_str());
        names.filter(|name| self.graph.output(name).is_some())
    }

    /// The session, locked: one inference runs at a time.
    pub(crate) fn session(&self) -> MutexGuard<'_, Session> {
        self.session.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads and checks a contract against the model's graph and, if there is one, the branch's.
pub(super) fn contract(text: &str, graph: &GraphInfo, branch: Option<&Branch>) -> Result<Contract, ContractError> {
    Contract::for_graphs(text, graph, branch.map(Branch::graph))
}
