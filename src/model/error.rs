// SPDX-License-Identifier: MPL-2.0

//! Errors of opening a model.

use std::path::PathBuf;

use super::contract::ContractError;
use super::provider::Provider;
use super::runtime::RuntimeError;

/// Why a model cannot be opened.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum ModelError {
    /// No bundled model has that name.
    #[error("there is no model \"{name}\" ({bundled}); a name with a / or ending in .onnx is a path")]
    Unknown {
        /// What was asked for.
        name: String,
        /// The list of bundled models.
        bundled: String,
    },
    /// The file cannot be read.
    #[error("the model {} cannot be read: {cause} ({bundled})", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's message.
        cause: String,
        /// The list of bundled models.
        bundled: String,
    },
    /// ONNX Runtime does not load the file.
    #[error("ONNX Runtime cannot load the model {}: {cause} ({bundled})", path.display())]
    Load {
        /// The file.
        path: PathBuf,
        /// ONNX Runtime's message.
        cause: String,
        /// The list of bundled models.
        bundled: String,
    },
    /// The model has no contract.
    #[error(
        "the model {} has no contract: write one to {} (TOML: contract = 1, name, kind, an [[input]] for each of the \
         graph's inputs {inputs} that takes a picture, an [output] for one of its outputs {outputs}), or put its text \
         into the ONNX metadata under `iqa.contract`",
        path.display(), sidecar.display()
    )]
    NoContract {
        /// The model's file.
        path: PathBuf,
        /// Where a contract would be found.
        sidecar: PathBuf,
        /// The graph's inputs.
        inputs: String,
        /// The graph's outputs.
        outputs: String,
    },
    /// The contract is wrong.
    #[error("the contract of the model {} in {place}", path.display())]
    Contract {
        /// The model's file.
        path: PathBuf,
        /// The path of the file beside it, or the ONNX metadata.
        place: String,
        /// The error.
        source: Box<ContractError>,
    },
    /// The provider is missing or does not work.
    #[error("the provider \"{provider}\" cannot be used: {reason}")]
    Provider {
        /// The one that was asked for.
        provider: Provider,
        /// Why it cannot be used.
        reason: String,
    },
    /// ONNX Runtime is missing.
    #[error(transparent)]
    Runtime(#[from] RuntimeError),
    /// Something that should not happen.
    #[error("opening the model {} failed: {cause}", path.display())]
    Internal {
        /// The model's file.
        path: PathBuf,
        /// What happened.
        cause: String,
    },
}
