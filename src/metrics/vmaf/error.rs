// SPDX-License-Identifier: MPL-2.0

//! Why a VMAF model cannot be used.

use std::path::PathBuf;

/// A VMAF model cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the VMAF model {name}")]
#[non_exhaustive]
pub struct VmafModelError {
    /// The model's name or path.
    pub name: String,
    /// What is wrong with it.
    #[source]
    pub kind: ModelErrorKind,
}

/// What is wrong with a VMAF model.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ModelErrorKind {
    /// There is no model of that name.
    #[error("is not known; {0}")]
    Unknown(String),
    /// The file cannot be read.
    #[error("cannot be read from {}", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        error: std::io::Error,
    },
    /// The file is larger than any model.
    #[error("is larger than the {0} MiB that a model may have: it is something else")]
    TooLarge(u64),
    /// The file is not valid JSON, or lacks something.
    #[error("is no model in libvmaf's JSON format")]
    Json(#[source] serde_json::Error),
    /// A value is inconsistent with the others.
    #[error("is not consistent: {0}")]
    Inconsistent(String),
    /// The regression cannot be read.
    #[error("has a regression that cannot be read: {0}")]
    Svm(String),
    /// The model needs features, or options of features, that do not exist here.
    #[error("needs features that this version does not have: {}", .0.join(", "))]
    Features(Vec<String>),
}
